package scanner

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
)

func day(s string) connectors.Date {
	if s == "" {
		return 0
	}
	d, err := connectors.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

var matchDay = day("2026-06-30")

// rec is a record of the made-up company's roster: id, given name, family name, local part of the address, first and last day.
func rec(id, given, family, local, start, end string) connectors.Person {
	p := connectors.Person{ID: connectors.PersonID(id), FirstName: given, LastName: family, Start: day(start), End: day(end), Status: connectors.Active,
		Role: "clerk", Department: "Office"}
	if local != "" {
		p.WorkEmail = local + "@heron.test"
	}
	if end != "" && p.End < matchDay {
		p.Status = connectors.Terminated
	}
	return p
}

func with(p connectors.Person, f func(*connectors.Person)) connectors.Person { f(&p); return p }

// hardRoster has one of each hard case.
func hardRoster() []connectors.Person {
	return []connectors.Person{
		rec("E0010247", "Änne", "Mühlbrück", "aenne.muehlbrueck", "2020-03-02", ""),
		rec("E0010300", "Łukasz", "Śliwczak", "lukasz.sliwczak", "2021-05-03", ""),
		rec("E0010310", "Thị Mai", "Nguyễn", "mai.nguyen", "2019-09-02", ""),
		rec("E0010320", "Séamus", "O'Fennelly", "seamus.ofennelly", "2018-01-08", ""),
		rec("E0010330", "Işıl", "Kırdağ", "isil.kirdag", "2022-02-01", ""),
		rec("E0010340", "Zoë", "Harrow-Finch", "zoe.harrow-finch", "2020-10-01", ""),
		rec("E0010350", "Pieter", "van der Molen", "pieter.vandermolen", "2017-04-03", ""),
		rec("E0010360", "Rosalía", "Peñalba Ortuño", "rosalia.penalbaortuno", "2021-11-02", ""),
		with(rec("E0010370", "Clara", "Westerfeld", "clara.westerfeld", "2016-06-01", ""), func(p *connectors.Person) {
			p.FormerLastName, p.Aliases, p.PersonalEmail = "Brandholt", []string{"clara.brandholt@heron.test"}, "clarab@post.test"
		}),
		rec("E0010380", "Tom", "Ashgrove", "tom.ashgrove", "2015-01-12", "2019-05-31"), // two of one name, and of one address
		rec("E0010381", "Tom", "Ashgrove", "tom.ashgrove", "2016-01-12", ""),
		rec("E0010390", "Nina", "Falkendal", "nina.falkendal", "2015-02-02", "2021-08-31"), // the address was given to somebody else
		rec("E0010391", "Nils", "Falkendal", "nina.falkendal", "2023-01-16", ""),
		with(rec("E0010400", "Iris", "Thornbeck", "iris.thornbeck", "2018-03-01", "2022-03-31"), func(p *connectors.Person) { p.PersonalEmail = "iris@post.test" }),
		with(rec("E0010401", "Iris", "Thornbeck", "iris.thornbeck2", "2024-09-02", ""), func(p *connectors.Person) { p.PersonalEmail = "Iris@Post.test " }),
		rec("E0010410", "Omar", "Reyhaven", "omar.reyhaven", "2018-03-01", "2022-03-31"), // perhaps the same as the next
		rec("E0010411", "Omar", "Reyhaven", "omar.reyhaven2", "2024-09-02", ""),
		with(rec("E0010420", "Ada", "Lindmoor", "ada.lindmoor", "2020-01-01", "2024-12-31"), func(p *connectors.Person) { p.Employment = connectors.Contractor }),
		with(rec("E0010421", "Ada", "Lindmoor", "ada.lindmoor3", "2025-01-01", ""), func(p *connectors.Person) { p.Previous = "E0010420" }),
		rec("E0010430", "Jo", "Kestwick", "jo.kestwick", "2021-01-04", ""),
		rec("E0010440", "Max", "Überlohe", "max.ueberlohe", "2014-01-06", "2023-06-30"),
	}
}

func hardMatcher(recs []connectors.Person, links ...Link) *matcher {
	return newMatcher(joinPeople(recs, nil, matchDay), matchSettings{Domains: []string{"heron.test", "heron-group.test"}, AsOf: matchDay, Links: links})
}

// one matches a single account of an app in which nothing was learned.
func one(m *matcher, a connectors.Account) Match {
	am := m.app("app")
	got, done := am.sure(&a)
	am.learned()
	if !done {
		got = am.rest(&a)
	}
	return got
}

func says(m Match) string {
	s := m.Grade.String()
	if m.Owner != nil {
		s += " " + string(m.Owner.ID) + " by " + m.By.String()
	}
	if m.RunnerUp != nil {
		s += ", not " + string(m.RunnerUp.ID)
	}
	return s
}

func TestMatch(t *testing.T) {
	type acc = connectors.Account
	m := hardMatcher(hardRoster())
	for _, c := range []struct {
		name string
		a    acc
		want string
	}{
		{"id", acc{EmployeeID: "E0010247"}, "exact E0010247 by employee_id"},
		{"id in lower case with a blank", acc{EmployeeID: "e0010247 ", DisplayName: "Änne Mühlbrück"}, "exact E0010247 by employee_id"},
		{"id without letters and zeros", acc{EmployeeID: "10247", DisplayName: "Muehlbrueck, Aenne"}, "exact E0010247 by employee_id"},
		{"short id and nothing to confirm it", acc{EmployeeID: "10247"}, "strong E0010247 by employee_id"},
		{"id of one, name and address of another", acc{EmployeeID: "E0010247", DisplayName: "Jo Kestwick", Email: "jo.kestwick@heron.test"}, "proposed E0010247 by employee_id, not E0010430"},
		{"short id, another name", acc{EmployeeID: "10247", DisplayName: "Jo Kestwick"}, "proposed E0010247 by employee_id"},
		{"unknown id, known name", acc{EmployeeID: "E0010999", DisplayName: "Jo Kestwick", Created: day("2021-01-05")}, "none, not E0010430"},
		{"placeholder id", acc{EmployeeID: "0000000", Email: "jo.kestwick@heron.test"}, "exact E0010430 by address"},
		{"earlier id of a linked re-hire", acc{EmployeeID: "E0010420"}, "exact E0010421 by employee_id"},
		{"address, tagged, in capitals", acc{Email: " JO.Kestwick+crm@HERON.test "}, "exact E0010430 by address"},
		{"alias", acc{Email: "clara.brandholt@heron.test"}, "strong E0010370 by alias"},
		{"personal address", acc{Email: "clarab@post.test", DisplayName: "Clara B."}, "strong E0010370 by alias"},
		{"other company domain", acc{Email: "jo.kestwick@heron-group.test"}, "strong E0010430 by alt_domain"},
		{"same local part, foreign domain", acc{Email: "jo.kestwick@elsewhere.test"}, "none"},
		{"recycled address, the first owner", acc{Email: "nina.falkendal@heron.test", Created: day("2015-02-04")}, "strong E0010390 by address, not E0010391"},
		{"recycled address, the newcomer", acc{Email: "nina.falkendal@heron.test", Created: day("2023-01-16")}, "strong E0010391 by address, not E0010390"},
		{"recycled address, the name tells", acc{Email: "nina.falkendal@heron.test", DisplayName: "Nils F. Falkendal"}, "strong E0010391 by address, not E0010390"},
		{"one address, one name, both employed", acc{Email: "tom.ashgrove@heron.test", DisplayName: "Tom Ashgrove", Created: day("2017-01-01")}, "ambiguous, not E0010381"},
		{"one address, one name, one employed", acc{Email: "tom.ashgrove@heron.test", DisplayName: "Tom Ashgrove", Created: day("2020-01-01")}, "strong E0010381 by address, not E0010380"},
		{"re-hire known by a personal address", acc{Email: "iris.thornbeck@heron.test"}, "exact E0010401 by address"},
		{"re-hire that nothing proves", acc{Email: "omar.reyhaven@heron.test", Created: day("2018-03-02")}, "exact E0010410 by address, not E0010411"},
		{"username is an address", acc{Username: "jo.kestwick@heron.test"}, "strong E0010430 by username"},
		{"username is an id", acc{Username: "e0010430", DisplayName: "Kestwick, Jo"}, "exact E0010430 by username"},

		{"umlauts written out", acc{DisplayName: "Aenne Muehlbrueck", Created: day("2020-03-03")}, "strong E0010247 by name"},
		{"umlauts dropped, family name first", acc{DisplayName: "MUHLBRUCK, ANNE", Created: day("2020-03-03")}, "strong E0010247 by name"},
		{"decomposed", acc{DisplayName: "A\u0308nne Mu\u0308hlbru\u0308ck", Created: day("2020-03-03")}, "strong E0010247 by name"},
		{"Polish letters", acc{DisplayName: "Lukasz Sliwczak", Created: day("2021-05-03")}, "strong E0010300 by name"},
		{"Vietnamese, family name first", acc{DisplayName: "Nguyen Thi Mai", Created: day("2019-09-03")}, "strong E0010310 by name"},
		{"Vietnamese, short", acc{DisplayName: "Mai Nguyễn", Created: day("2019-09-03")}, "strong E0010310 by name"},
		{"apostrophe lost", acc{DisplayName: "Seamus OFennelly", Created: day("2018-01-08")}, "strong E0010320 by name"},
		{"apostrophe made a blank", acc{DisplayName: "Séamus O Fennelly", Created: day("2018-01-08")}, "strong E0010320 by name"},
		{"Turkish dotless i", acc{DisplayName: "ISIL KIRDAG", Created: day("2022-02-01")}, "strong E0010330 by name"},
		{"half a double name", acc{DisplayName: "Zoe Harrow", Created: day("2020-10-01")}, "strong E0010340 by name"},
		{"particles run together", acc{DisplayName: "Pieter Vandermolen", Created: day("2017-04-03")}, "strong E0010350 by name"},
		{"one of two family names", acc{DisplayName: "Penalba, Rosalia", Created: day("2021-11-02")}, "strong E0010360 by name"},
		{"former name", acc{DisplayName: "Clara Brandholt", Created: day("2016-06-02")}, "strong E0010370 by name"},
		{"initial", acc{DisplayName: "VAN DER MOLEN P", Created: day("2017-04-03")}, "proposed E0010350 by name"},
		{"title", acc{DisplayName: "Dr. Jo Kestwick (Contractor)", Created: day("2021-01-04")}, "strong E0010430 by name"},
		{"name alone, at no telling time", acc{DisplayName: "Jo Kestwick", Created: day("2024-01-04")}, "proposed E0010430 by name"},
		{"name alone, in use", acc{DisplayName: "Jo Kestwick", Created: day("2024-01-04"), LastSignIn: day("2026-06-29")}, "strong E0010430 by name"},
		{"name alone, no dates", acc{DisplayName: "Jo Kestwick"}, "proposed E0010430 by name"},
		{"name of a leaver, later account", acc{DisplayName: "Max Ueberlohe", Created: day("2025-01-01")}, "proposed E0010440 by name"},
		{"name, and an address that is somebody else's of that name", acc{DisplayName: "Jo Kestwick", Email: "jo.kestwick2@heron.test", Created: day("2021-01-04")}, "none, not E0010430"},
		{"homonyms both employed", acc{DisplayName: "Tom Ashgrove", Created: day("2017-02-02")}, "ambiguous, not E0010381"},
		{"homonyms, one employed", acc{DisplayName: "Tom Ashgrove", Created: day("2021-02-02")}, "proposed E0010381 by name, not E0010380"},
		{"nobody", acc{DisplayName: "Vera Holmquell", Email: "vera.holmquell@heron.test"}, "none"},
		{"nothing", acc{}, "none"},
	} {
		if got := says(one(m, c.a)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestLinksWin(t *testing.T) {
	a := connectors.Account{ID: "a1", EmployeeID: "E0010430", DisplayName: "Jo Kestwick"}
	m := hardMatcher(hardRoster(), Link{App: "app", Account: "a1", Person: "E0010300"})
	if got := says(one(m, a)); got != "exact E0010300 by link" {
		t.Error(got)
	}
	m = hardMatcher(hardRoster(), Link{App: "app", Account: "a1", Person: "E0010430", Not: true})
	if got := one(m, a); got.Owner != nil {
		t.Error("an excluded person owns it:", says(got))
	}
}

// The order of accounts and records makes no difference; ids are only names.
func TestMatchNeedsNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		recs := hardRoster()
		var accs []connectors.Account
		for i, r := range recs {
			u := strings.ToLower(string(foldName(nil, r.FirstName[:1]+r.LastName, false)))
			a := connectors.Account{ID: connectors.AccountID(fmt.Sprint(i)), Username: strings.ReplaceAll(u, " ", ""), DisplayName: r.FirstName + " " + r.LastName, Created: r.Start}
			if rapid.Bool().Draw(t, "id") {
				a.EmployeeID = string(r.ID)
			}
			if rapid.Bool().Draw(t, "address") {
				a.Email = r.WorkEmail
			}
			accs = append(accs, a)
		}
		run := func(recs []connectors.Person, accs []connectors.Account) map[connectors.AccountID]string {
			am := hardMatcher(recs).app("app")
			out, open := map[connectors.AccountID]string{}, []connectors.Account(nil)
			for _, a := range accs {
				if got, done := am.sure(&a); done {
					out[a.ID] = says(got)
				} else {
					open = append(open, a)
				}
			}
			am.learned()
			for _, a := range open {
				out[a.ID] = says(am.rest(&a))
			}
			return out
		}
		want := run(recs, accs)
		got := run(rapid.Permutation(recs).Draw(t, "records"), rapid.Permutation(accs).Draw(t, "accounts"))
		for id, w := range want {
			if got[id] != w {
				t.Errorf("account %s: %s, in another order %s", id, w, got[id])
			}
		}
	})
}

func TestJoinPeopleNeedsNoOrder(t *testing.T) {
	show := func(ps *People) (s []string) {
		for _, p := range ps.All {
			line := string(p.ID)
			for _, r := range p.Records {
				line += " " + string(r.ID)
			}
			for _, q := range p.MaybeSame {
				line += " ?" + string(q.ID)
			}
			s = append(s, line)
		}
		return s
	}
	want := show(joinPeople(hardRoster(), nil, matchDay))
	for _, w := range []string{"E0010401 E0010400 E0010401", "E0010421 E0010420 E0010421", "E0010410 E0010410 ?E0010411", "E0010380 E0010380", "E0010390 E0010390"} {
		if !slices.Contains(want, w) {
			t.Fatalf("no %q in %q", w, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		got := show(joinPeople(rapid.Permutation(hardRoster()).Draw(t, "records"), nil, matchDay))
		if !slices.Equal(got, want) {
			t.Errorf("%q, in another order %q", want, got)
		}
	})
}

func TestRef(t *testing.T) {
	m := hardMatcher(hardRoster())
	for ref, want := range map[string]connectors.PersonID{"E0010300": "E0010300", " e10300": "E0010300", "Jo.Kestwick@heron.test": "E0010430",
		"jo.kestwick@heron-group.test": "E0010430", "tom.ashgrove@heron.test": "E0010381", "E0099999": "", "": "", "-": ""} {
		got := connectors.PersonID("")
		if p := m.ref(ref); p != nil {
			got = p.ID
		}
		if got != want {
			t.Errorf("ref(%q) = %q, want %q", ref, got, want)
		}
	}
}
