package scanner

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
)

func could(am *appMatcher, a *connectors.Account, m Match) (ids, facts []string) {
	for _, p := range am.rivals(a, m) {
		ids = append(ids, string(p.ID))
	}
	for _, f := range cutFacts(nil, am.evidence(nil, a, m)) {
		if strings.HasSuffix(f.Name, "could be") {
			facts = append(facts, f.Value)
		}
	}
	return ids, facts
}

// An ambiguous match names everybody it lies between, those still employed first, and a long list is cut with its length told.
func TestRivals(t *testing.T) {
	recs := []connectors.Person{rec("E0010009", "Ida", "Quell", "ida.quell", "2011-01-10", "2020-01-31")}
	for i := range 7 {
		recs = append(recs, rec(fmt.Sprintf("E001001%d", i), "Ida", "Quell", fmt.Sprintf("ida.quell%d", i+2), fmt.Sprintf("201%d-02-01", i), ""))
	}
	m := newMatcher(joinPeople(recs, nil, matchDay), matchSettings{Domains: []string{"heron.test"}, AsOf: matchDay})
	am := m.app("app")
	a := connectors.Account{ID: "a1", DisplayName: "Ida Quell", Created: day("2019-06-01")}
	got, done := am.sure(&a)
	am.learned()
	if !done {
		got = am.rest(&a)
	}
	if got.Grade != Ambiguous {
		t.Fatal(says(got))
	}
	ids, facts := could(am, &a, got)
	want := []string{"E0010010", "E0010011", "E0010012", "E0010013", "E0010014", "E0010015", "E0010016", "E0010009"}
	if !slices.Equal(ids, want) {
		t.Errorf("rivals %v, want %v", ids, want)
	}
	if len(facts) != 6 || !strings.Contains(facts[0], "Ida Quell (E0010010)") || !strings.Contains(facts[0], "still employed") || facts[5] != "and 3 more" {
		t.Errorf("facts %q", facts)
	}
}

// One address of two people: both are named, and whether they are still there.
func TestRivalsByAddress(t *testing.T) {
	m := hardMatcher(hardRoster())
	am := m.app("app")
	a := connectors.Account{ID: "a1", Email: "tom.ashgrove@heron.test", DisplayName: "Tom Ashgrove", Created: day("2017-01-01")}
	got, _ := am.sure(&a)
	ids, facts := could(am, &a, got)
	if !slices.Equal(ids, []string{"E0010381", "E0010380"}) || len(facts) != 2 || !strings.Contains(facts[1], "has left") {
		t.Errorf("rivals %v, facts %q", ids, facts)
	}
	if len(am.open.of) != 0 {
		t.Error("asking again counted the account again")
	}
	if p := am.rivals(&a, Match{Owner: m.people.All[0], Grade: Exact}); p != nil {
		t.Error("a sure match has rivals:", p)
	}
}
