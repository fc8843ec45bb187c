package scanner

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
)

// TestDraftsGiveTheFindingsBack: what goes in comes out, each once, in the order of every report.
func TestDraftsGiveTheFindingsBack(t *testing.T) {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("ab\x00é\"\\\u2028")), 0, 300, -1)
	facts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Fact { return Fact{"a name", text.Draw(t, "value")} }), 0, 4)
	rapid.Check(t, func(t *rapid.T) {
		type entry struct {
			f           Finding
			shared, own []Fact
		}
		all := rapid.SliceOf(rapid.Custom(func(t *rapid.T) entry {
			f := Finding{Kind: rapid.SampledFrom(Kinds[:3]).Draw(t, "kind"), Severity: Severity(rapid.IntRange(0, 4).Draw(t, "severity")), App: "app",
				Reason: rapid.SampledFrom([]string{"", "leaver", "leave"}).Draw(t, "reason"), Person: connectors.PersonID(text.Draw(t, "person")),
				Account: connectors.AccountID(text.Draw(t, "account")), Entitlement: connectors.EntitlementID(text.Draw(t, "entitlement")),
				Why: text.Draw(t, "why"), Grade: Strong, By: ByName, Related: []Related{{App: "other"}}, Evidence: facts.Draw(t, "evidence")}
			f.Group = rapid.SampledFrom([]string{"", "group"}).Draw(t, "group")
			seal(&f, string(f.Person)+f.Reason+f.Severity.String()+f.Why)
			return entry{f, facts.Draw(t, "shared"), facts.Draw(t, "own")}
		})).Draw(t, "findings")
		var ids []connectors.PersonID
		for _, e := range all {
			ids = append(ids, e.f.Person)
		}
		slices.Sort(ids)
		ids = slices.Compact(ids)
		d := &drafts{}
		for _, id := range ids {
			d.people = append(d.people, &Person{ID: id})
		}
		seen := map[FindingID]bool{}
		var want []Finding
		for _, e := range all {
			if seen[e.f.ID] {
				continue
			}
			seen[e.f.ID] = true
			for range 2 { // each is there twice, and to be told once
				person, _ := slices.BinarySearch(ids, e.f.Person)
				if e.f.Person == "" {
					person = noPerson
				}
				f := e.f
				number, _ := f.ID.Number()
				if f.Group == string(f.ID) {
					f.Group = ""
				}
				d.list = append(d.list, d.draft(&f, number, []byte(f.Why), int32(person), d.texts.put(written(nil).facts(e.shared...)), e.own))
			}
			e.f.Evidence = slices.Concat(e.shared, e.f.Evidence, e.own)
			want = append(want, e.f)
		}
		SortFindings(want)
		var got []Finding
		for f := range d.sorted("app") {
			got = append(got, *f.Finding())
		}
		if len(got) != len(want) {
			t.Fatalf("got %d, want %d", len(got), len(want))
		}
		for i := range got {
			if !reflect.DeepEqual(got[i], want[i]) {
				t.Fatalf("got  %+v\nwant %+v", got[i], want[i])
			}
		}
	})
}
