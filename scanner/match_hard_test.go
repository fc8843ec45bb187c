package scanner

import (
	"testing"

	"rollcall/connectors"
)

// After a change of name the app may keep the old one: what HR has of it proposes the owner. Strangers stay strangers.
func TestOldNames(t *testing.T) {
	m := hardMatcher([]connectors.Person{
		with(rec("E0010500", "Karla", "Neuhaus", "karla.neuhaus", "2019-02-04", ""), func(p *connectors.Person) { p.Aliases = []string{"karla.winter@heron.test"} }),
		with(rec("E0010501", "Freya", "Holmqvist", "freya.holmqvist", "2021-07-01", ""), func(p *connectors.Person) { p.PersonalEmail = "freya.ek@post.test" }),
		rec("E0010502", "Freya", "Ek", "freya.ek2", "2023-08-01", ""),
	})
	type acc = connectors.Account
	for _, c := range []struct {
		name string
		a    acc
		want string
	}{
		{"the username is an alias's local part", acc{Username: "karla.winter", DisplayName: "Karla Winter", Created: day("2019-02-05")}, "proposed E0010500 by username"},
		{"of somebody not yet there", acc{Username: "karla.winter", DisplayName: "Karla Winter", Created: day("2012-02-05")}, "none"},
		{"of another given name", acc{Username: "karla.winter", DisplayName: "Kurt Winterfeld", Created: day("2019-02-05")}, "none"},
		{"the address is like a personal one, the name another's who came later", acc{Email: "freya.ek@heron.test", DisplayName: "Freya Ek", Created: day("2021-07-02")},
			"proposed E0010501 by alias, not E0010502"},
	} {
		if got := says(one(m, c.a)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// Names cut to an initial, in an app whose usernames are four letters of the family name and two of the given name.
func TestInitials(t *testing.T) {
	recs := []connectors.Person{rec("E0010500", "Rory", "O'Carabrady", "rory.ocarabrady", "2013-11-25", ""), rec("E0010501", "Gareth", "Bradenman", "gareth.bradenman", "2025-12-15", "")}
	for i, n := range [][2]string{{"Anna", "Lindholt"}, {"Bert", "Morgenau"}, {"Cora", "Nystedt"}, {"Dora", "Opalka"}, {"Egon", "Pirner"}, {"Fina", "Quastel"}} {
		recs = append(recs, rec("E002000"+string(rune('0'+i)), n[0], n[1], "", "2012-01-02", ""))
	}
	am := hardMatcher(recs).app("app")
	for _, r := range recs[2:] {
		am.sure(&connectors.Account{ID: connectors.AccountID(r.ID), EmployeeID: string(r.ID), Username: r.LastName[:4] + r.FirstName[:2]})
	}
	am.learned()
	type acc = connectors.Account
	for _, c := range []struct {
		name string
		a    acc
		want string
	}{
		{"an apostrophe made a blank", acc{DisplayName: "O CARABRADY R", Username: "OCARRO", Created: day("2013-11-27")}, "strong E0010500 by convention"},
		{"a username of an earlier family name", acc{DisplayName: "BRADENMAN G", Username: "MIDIGA", Created: day("2025-12-16")}, "proposed E0010501 by name"},
		{"a stranger's username", acc{DisplayName: "BRADENMAN G", Username: "BRADGI", Created: day("2025-12-16")}, "none, not E0010501"},
	} {
		if got := says(am.rest(&c.a)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// A role's mailbox is nobody's in particular, even where HR has it as somebody's; and where a leaver and somebody employed
// have an address and no date tells them apart, it is not surely the leaver's.
func TestNeverSurelyTheWrongOne(t *testing.T) {
	m := hardMatcher([]connectors.Person{
		rec("E0010500", "Maria", "Aldous", "sales", "2019-02-04", ""),
		with(rec("E0010510", "Uwe", "Tilgner", "uwe.tilgner", "2011-01-03", "2020-12-31"), func(p *connectors.Person) { p.PersonalEmail = "uwe@post.test" }),
		with(rec("E0010511", "Uwe", "Tilgner", "uwe.tilgner2", "2022-01-03", ""), func(p *connectors.Person) {
			p.Aliases, p.PersonalEmail = []string{"uwe.tilgner@heron.test"}, "tilgner.u@post.test"
		}),
		rec("E0010520", "Đan Hương", "Vollmar", "dan.vollmar", "2018-01-08", ""),
		with(rec("E0010521", "Ngọc Hương", "Vollmar", "ngoc.vollmar", "2018-01-08", ""), func(p *connectors.Person) { p.Aliases = []string{"huong.vollmar@heron.test"} }),
	})
	type acc = connectors.Account
	for _, c := range []struct {
		name string
		a    acc
		want string
	}{
		{"a mailbox", acc{Email: "sales@heron.test"}, "proposed E0010500 by address"},
		{"a mailbox at another domain", acc{Email: "sales@heron-group.test"}, "proposed E0010500 by alt_domain"},
		{"a mailbox with a stranger's name", acc{Email: "sales@heron.test", DisplayName: "Bernd Unruh"}, "proposed E0010500 by address"},
		{"a mailbox and its owner's name", acc{Email: "sales@heron.test", DisplayName: "Maria Aldous"}, "exact E0010500 by address"},
		{"a leaver's address that is a living person's alias, no date", acc{Email: "uwe.tilgner@heron.test", DisplayName: "Uwe Tilgner"}, "proposed E0010510 by address, not E0010511"},
		{"made when the leaver came", acc{Email: "uwe.tilgner@heron.test", DisplayName: "Uwe Tilgner", Created: day("2011-01-04")}, "strong E0010510 by address, not E0010511"},
		{"made when the other came", acc{Email: "uwe.tilgner@heron.test", DisplayName: "Uwe Tilgner", Created: day("2022-01-04")}, "strong E0010511 by alias, not E0010510"},
		{"an alias of one, the full name of another", acc{Email: "huong.vollmar@heron.test", DisplayName: "Đan Hương Vollmar", Created: day("2018-01-09")},
			"proposed E0010521 by alias, not E0010520"},
	} {
		if got := says(one(m, c.a)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	a := acc{Username: "sales", Email: "sales@heron.test", DisplayName: "Sales"}
	if class, _ := m.classify("app", &a, 0); class != connectors.Shared {
		t.Errorf("a mailbox that HR has as somebody's address is %v, want shared", class)
	}
}
