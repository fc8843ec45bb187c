package scanner

import (
	"testing"

	"rollcall/connectors"
)

// TestRepdigitIDs: an id of one digit over and over is what people type when they have none, and yet it is somebody's when
// the roster has exactly that one and the account bears the name.
func TestRepdigitIDs(t *testing.T) {
	roster := []connectors.Person{
		{ID: "P110", FirstName: "Ana", LastName: "Alder", Status: connectors.Active},
		{ID: "P111", FirstName: "Lew", LastName: "Lang", Status: connectors.Active},
		{ID: "P112", FirstName: "Bea", LastName: "Birch", Status: connectors.Active},
	}
	day := connectors.Date(20000)
	m := newMatcher(joinPeople(roster, nil, day), matchSettings{AsOf: day})
	for _, c := range []struct {
		name, display string
		want          Grade
	}{{"bears the name", "Lew Lang", Exact}, {"bears another", "Bea Birch", Proposed}, {"bears none", "", None}} {
		t.Run(c.name, func(t *testing.T) {
			am := m.app("erp")
			a := connectors.Account{ID: "x", EmployeeID: "111", DisplayName: c.display}
			got, done := am.sure(&a)
			if !done {
				am.learned()
				got = am.rest(&a)
			}
			if got.Grade != c.want || got.Owner != nil && c.display == "Lew Lang" && got.Owner.ID != "P111" {
				t.Errorf("graded %v, want %v", got.Grade, c.want)
			}
		})
	}
}
