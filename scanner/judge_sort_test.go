package scanner

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
)

func TestSortFindingsKeepsTheOrder(t *testing.T) {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("ab\x00é")), 0, 10, -1)
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Finding {
			f := Finding{Kind: rapid.SampledFrom(Kinds[:3]).Draw(t, "kind"), Severity: Severity(rapid.IntRange(0, 4).Draw(t, "severity")),
				Reason: rapid.SampledFrom([]string{"", "leaver", "leave"}).Draw(t, "reason"), Person: connectors.PersonID(text.Draw(t, "person")),
				App: connectors.AppID(text.Draw(t, "app")), Account: connectors.AccountID(text.Draw(t, "account"))}
			return sealed(f, string(f.Person)+f.Reason+f.Severity.String())
		})).Draw(t, "findings")
		want := slices.Clone(all)
		slices.SortFunc(want, func(a, b Finding) int { return compareFindings(&a, &b) })
		want = slices.CompactFunc(want, func(a, b Finding) bool { return a.ID == b.ID })
		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		if got := mergeFindings([][]Finding{sortFindings(slices.Clone(all[:cut])), sortFindings(slices.Clone(all[cut:]))}); len(got) < len(want) ||
			!slices.IsSortedFunc(got, func(a, b Finding) int { return compareFindings(&a, &b) }) {
			t.Fatalf("merged: %q", lines(got))
		}
		got := sortFindings(all)
		if !slices.EqualFunc(got, want, func(a, b Finding) bool { return a.ID == b.ID }) {
			t.Fatalf("got %q\nwant %q", lines(got), lines(want))
		}
	})
}
