package report

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/scanner"
)

// TestDigestOfParts: a digest put together from parts, in any order, says what one of the whole does.
func TestDigestOfParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOf(rapid.Custom(func(t *rapid.T) scanner.Finding {
			n := rapid.IntRange(0, 99).Draw(t, "id")
			f := scanner.Finding{ID: scanner.FindingID(fmt.Sprintf("f-%016x", uint64(n)*0x9E3779B97F4A7C15)), Kind: rapid.SampledFrom(scanner.Kinds[:4]).Draw(t, "kind"),
				Severity: scanner.Severity(rapid.IntRange(3, 4).Draw(t, "severity")), App: rapid.SampledFrom([]connectors.AppID{"a", "b"}).Draw(t, "app"),
				Account: connectors.AccountID(fmt.Sprint(n / 2)), Why: fmt.Sprint("why ", n), Evidence: []scanner.Fact{{Name: "x"}, {Name: scanner.FactLogin, Value: fmt.Sprint(n)}}}
			if n%10 == 0 {
				f.ID = scanner.FindingID(fmt.Sprint("odd ", n))
			}
			if f.Kind == scanner.OrphanedAccount {
				f.Reason = scanner.ReasonLeaver
			}
			return f
		})).Draw(t, "findings")
		slices.SortFunc(all, func(a, b scanner.Finding) int { return scanner.CompareFindings(&a, &b) })
		all = slices.CompactFunc(all, func(a, b scanner.Finding) bool { return a.ID == b.ID })
		parts := [3]Digest{}
		for i := range all {
			parts[rapid.IntRange(0, 2).Draw(t, "part")].Add(&all[i])
		}
		whole, merged := digestOf(all), &Digest{}
		for _, i := range rapid.Permutation([]int{0, 1, 2}).Draw(t, "order") {
			merged.Merge(&parts[i])
		}
		ids := func(d *Digest) (list []scanner.FindingID) {
			for run, numbers := range d.runs() {
				for _, n := range numbers {
					list = append(list, d.id(run, n))
				}
			}
			slices.Sort(list)
			return list
		}
		if !reflect.DeepEqual(merged.sorted(), whole.sorted()) || !slices.Equal(ids(merged), ids(whole)) || merged.shortIDs() != whole.shortIDs() {
			t.Fatalf("got %+v\nwant %+v", merged, whole)
		}
		for _, g := range whole.sorted() {
			if len(g.first) != min(g.total, digestShown) || g.first[0].Login() == "" || len(g.first[0].Evidence) != 1 {
				t.Fatalf("%s: %d of %d kept, first %+v", g.kind, len(g.first), g.total, g.first[0])
			}
		}
		gotFew, gotAlso := merged.fewest()
		few, also := whole.fewest()
		if !reflect.DeepEqual(gotFew, few) || len(gotAlso) != len(also) {
			t.Fatalf("few: got %v, want %v", gotFew, few)
		}
		want := Summarize(&Review{Result: &scanner.Result{Findings: all}})
		got := Summarize(&Review{Result: &scanner.Result{}, Digest: merged})
		if !reflect.DeepEqual(got.Kinds, want.Kinds) || !reflect.DeepEqual(got.Apps, want.Apps) || got.Headline != want.Headline {
			t.Fatalf("summary: got %+v\nwant %+v", got, want)
		}
	})
}
