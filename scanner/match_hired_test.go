package scanner

import (
	"testing"

	"rollcall/connectors"
)

// TestMadeWhenOneNamesakeWasHired: of several people an account could be of, it is surely that one's who was hired, or
// moved, when it was made, if none of the others worked here then; where one of them did, or it was made on any other day,
// a human is asked.
func TestMadeWhenOneNamesakeWasHired(t *testing.T) {
	byName := []connectors.Person{ // two people of one name who were never here together, each with a private address
		with(rec("E0010510", "Vera", "Holmquill", "vera.holmquill", "2018-03-01", "2020-06-30"), func(p *connectors.Person) { p.PersonalEmail = "vera@post.test" }),
		with(rec("E0010511", "Vera", "Holmquill", "vera.holmquill2", "2022-09-05", ""), func(p *connectors.Person) { p.PersonalEmail = "vh@inbox.test" }),
	}
	together := append(byName[:1:1], with(byName[1], func(p *connectors.Person) { p.Start = day("2018-01-15") }))
	byLocal := []connectors.Person{ // one local part after the other
		with(rec("E0010520", "Minh Tam", "Duong", "tam.duong", "2018-03-01", "2020-06-30"), func(p *connectors.Person) { p.PersonalEmail = "tam@post.test" }),
		with(rec("E0010521", "Hoai Tam", "Duong", "tam.duong", "2022-09-05", ""), func(p *connectors.Person) { p.PersonalEmail = "td@inbox.test" }),
	}
	name := connectors.Account{ID: "a", DisplayName: "Vera Holmquill"}
	local := connectors.Account{ID: "a", DisplayName: "Hoai Tam Duong", Email: "tam.duong@heron-group.test"}
	for _, c := range []struct {
		what    string
		roster  []connectors.Person
		account connectors.Account
		created string
		want    string
	}{
		{"when the second was hired", byName, name, "2022-09-07", "strong E0010511 by name, not E0010510"},
		{"when the first was hired", byName, name, "2018-03-02", "strong E0010510 by name, not E0010511"},
		{"some other day", byName, name, "2024-02-01", "proposed E0010511 by name, not E0010510"},
		{"when neither was here", byName, name, "2021-06-01", "ambiguous, not E0010511"},
		{"while the other was here", together, name, "2018-03-02", "ambiguous, not E0010510"},
		{"the local part, when hired", byLocal, local, "2022-09-07", "strong E0010521 by alt_domain, not E0010520"},
		{"the local part, some other day", byLocal, local, "2024-02-01", "proposed E0010521 by alt_domain, not E0010520"},
	} {
		c.account.Created = day(c.created)
		if got := says(one(hardMatcher(c.roster), c.account)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
}
