package scanner

import (
	"testing"

	"rollcall/connectors"
)

// TestMaybeSame: who could be the same human being hired again under a new id (Law 2), and what shows that they are two.
func TestMaybeSame(t *testing.T) {
	ended := connectors.Person{ID: "E1", FirstName: "Mira", LastName: "Holt", WorkEmail: "mira.holt@kiln.example", Status: connectors.Terminated,
		Start: day("2018-01-01"), End: day("2022-06-30"), Department: "Sales"}
	living := connectors.Person{ID: "E2", FirstName: "Mira", LastName: "Holt", WorkEmail: "mira.holt2@kiln.example", Status: connectors.Active,
		Start: day("2024-01-01"), Department: "Finance"}
	rehired := connectors.Person{ID: "E9", FirstName: "Olaf", LastName: "Quist", WorkEmail: "o@kiln.example", Start: day("2020-01-01"), Rehired: connectors.Yes}
	for _, c := range []struct {
		name   string
		change func(e, l *connectors.Person)
		maybe  bool
	}{
		{"one name, nothing against it", func(e, l *connectors.Person) {}, true},
		{"another way to write it", func(e, l *connectors.Person) { l.LastName = "HOLT " }, true},
		{"other names", func(e, l *connectors.Person) { l.FirstName, l.LastName = "Uma", "Berg" }, false},
		{"another last name, one address", func(e, l *connectors.Person) { l.LastName, l.WorkEmail = "Berg", e.WorkEmail }, true},
		{"another first name, one work address", func(e, l *connectors.Person) { l.FirstName, l.WorkEmail = "Uma", e.WorkEmail }, false},
		{"a short first name, one work address", func(e, l *connectors.Person) { l.FirstName, l.WorkEmail = "M.", e.WorkEmail }, true},
		{"given and family name swapped", func(e, l *connectors.Person) { l.FirstName, l.LastName, l.WorkEmail = "Holt", "Mira", e.WorkEmail }, true},
		{"another first name, one personal address", func(e, l *connectors.Person) {
			l.FirstName, e.PersonalEmail, l.PersonalEmail = "Uma", "holt@post.example", "holt@post.example"
		}, true},
		{"the address is an alias of the other", func(e, l *connectors.Person) { l.LastName, l.Aliases = "Berg", []string{"Mira.Holt@kiln.example"} }, true},
		{"they worked side by side", func(e, l *connectors.Person) { l.Start = day("2021-01-01") }, false},
		{"different personal addresses", func(e, l *connectors.Person) { e.PersonalEmail, l.PersonalEmail = "a@post.example", "b@post.example" }, false},
		{"HR calls it a first hire: it may not have noticed", func(e, l *connectors.Person) { l.Rehired = connectors.No }, true},
		{"HR says a re-hire, with a new personal address", func(e, l *connectors.Person) {
			l.Rehired, e.PersonalEmail, l.PersonalEmail = connectors.Yes, "a@post.example", "b@post.example"
		}, true},
		{"HR says a re-hire", func(e, l *connectors.Person) { l.Rehired = connectors.Yes }, true},
		{"a first hire with the same work address", func(e, l *connectors.Person) { l.Rehired, l.WorkEmail = connectors.No, e.WorkEmail }, true},
		{"a first hire, the same work address, another personal one", func(e, l *connectors.Person) {
			l.Rehired, l.WorkEmail, e.PersonalEmail, l.PersonalEmail = connectors.No, e.WorkEmail, "a@post.example", "b@post.example"
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, l := ended, living
			c.change(&e, &l)
			ps := joinPeople([]connectors.Person{rehired, e, l}, nil, day("2026-11-01"))
			p := ps.ByID("E1")
			if p == ps.ByID("E2") {
				if !c.maybe {
					t.Fatal("joined into one person")
				}
				return
			}
			if got := len(p.MaybeSame) > 0; got != c.maybe {
				t.Errorf("could be the same: %v, want %v", got, c.maybe)
			}
		})
	}
	t.Run("HR that never tells re-hires", func(t *testing.T) {
		l := living
		l.Rehired = connectors.No
		ps := joinPeople([]connectors.Person{ended, l}, nil, day("2026-11-01"))
		if len(ps.ByID("E1").MaybeSame) == 0 {
			t.Error("a word that HR uses for everybody shows nothing")
		}
	})
}
