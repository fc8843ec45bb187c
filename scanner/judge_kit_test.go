package scanner

import (
	"context"
	"iter"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
)

// date is a day in tests; it panics on a slip in the test itself.
func date(s string) connectors.Date {
	d, err := connectors.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// testDay is the day on which the judge tests judge.
var testDay = date("2026-11-01")

// judgedApp is an app of which the judge only asks what it can tell.
type judgedApp struct{ info connectors.Info }

func (a judgedApp) Info() connectors.Info { return a.info }
func (a judgedApp) Accounts(context.Context, connectors.Trace) iter.Seq2[connectors.Account, error] {
	return func(func(connectors.Account, error) bool) {}
}

var allSignals = connectors.Signals{SignIn: connectors.Signal{Given: true}, Use: connectors.Signal{Given: true},
	GrantDate: connectors.Signal{Given: true}, MFA: connectors.Signal{Given: true}}

// company is a company small enough to read: what a test changes of it is what the test is about.
type company struct {
	people     []connectors.Person
	apps       []App
	accounts   []seat
	policy     Policy
	grants     GrantHistory
	removals   []Removal
	missing    map[connectors.PersonID]int
	maybeSame  [][2]connectors.PersonID // pairs of records that could be one human being
	untrusted  bool
	incomplete map[connectors.AppID]bool
}

// seat is an account with what class and match say of it.
type seat struct {
	app   connectors.AppID
	acc   connectors.Account
	class connectors.Class
	owner connectors.PersonID
	grade Grade
	duty  string
}

// worker is an employee of the made-up company.
func worker(id, role string) connectors.Person {
	name := strings.NewReplacer("0", "ba", "1", "ke", "2", "li", "3", "mo", "4", "nu", "5", "pa", "6", "re", "7", "si", "8", "to", "9", "vu").Replace(id)
	return connectors.Person{ID: connectors.PersonID(id), FirstName: "First" + name, LastName: "Last" + name, WorkEmail: id + "@made-up.example",
		Status: connectors.Active, Employment: connectors.Employee, Start: date("2020-01-01"), Role: role,
		Roles: []connectors.RolePeriod{{From: date("2020-01-01"), Role: role}}, HistorySince: date("2020-01-01"),
		From: connectors.Where{Source: "roster.csv", Line: 2}}
}

// human is an enabled account in good order, of a person.
func human(app, id, owner string) seat {
	return seat{app: connectors.AppID(app), class: connectors.Human, owner: connectors.PersonID(owner), grade: Exact,
		acc: connectors.Account{ID: connectors.AccountID(id), Username: id, Enabled: connectors.Yes, Created: date("2020-01-01"),
			LastSignIn: testDay - 1, From: connectors.Where{Source: app + ".csv", Line: 2}}}
}

// thing is an account of no person's own.
func thing(app, id string, class connectors.Class, duty string) seat {
	s := human(app, id, "")
	s.class, s.grade, s.duty = class, None, duty
	return s
}

func (s seat) with(change func(*seat)) seat {
	s.acc = s.acc.Clone()
	change(&s)
	return s
}

// holding adds entitlements granted long ago and used yesterday.
func (s seat) holding(ents ...string) seat {
	return s.with(func(s *seat) {
		for _, e := range ents {
			s.acc.Entitlements = append(s.acc.Entitlements, connectors.Entitlement{ID: connectors.EntitlementID(e), Granted: date("2020-01-01"), LastUsed: testDay - 1})
		}
	})
}

func app(id string) App {
	return App{ID: connectors.AppID(id), Title: id, SuspendOnLeave: true, Source: judgedApp{connectors.Info{Signals: allSignals}}}
}

func (c *company) judge() *judge {
	ps := joinPeople(slices.Clone(c.people), nil, testDay)
	for _, pair := range c.maybeSame {
		a, b := ps.ByID(pair[0]), ps.ByID(pair[1])
		a.MaybeSame, b.MaybeSame = append(a.MaybeSame, b), append(b.MaybeSame, a)
	}
	if err := c.policy.Prepare(); err != nil {
		panic(err)
	}
	return newJudge(judgeInput{AsOf: testDay, People: ps, Policy: &c.policy, Apps: c.apps, Trusted: !c.untrusted, Removals: c.removals, Missing: c.missing})
}

// run judges the company. Beside the accounts of the test, every app has one that shows that it reports sign-ins and use.
func (c *company) run() verdict {
	j := c.judge()
	var judges []*appJudge
	for i := range c.apps {
		grants := c.grants
		if grants == nil {
			grants = noGrants{}
		}
		aj := j.app(&c.apps[i], grants)
		for _, s := range c.accounts {
			if s.app != c.apps[i].ID {
				continue
			}
			acc := s.acc.Clone()
			sub := subject{acc: &acc, class: s.class, dutyRef: s.duty, duty: j.People.ByID(connectors.PersonID(s.duty))}
			if s.class == connectors.Human {
				sub.match = Match{Owner: j.People.ByID(s.owner), Grade: s.grade, By: ByEmployeeID}
			}
			aj.account(sub, func(w written) written { return w.fact("matched_by", "test") })
		}
		aj.end(!c.incomplete[c.apps[i].ID])
		judges = append(judges, aj)
	}
	return j.finish(judges)
}

// line is a finding as the tests compare it.
func line(f Finding) string {
	s := string(f.Kind)
	if f.Reason != "" {
		s += "/" + f.Reason
	}
	s += " " + string(f.App) + " " + string(f.Account)
	if f.Entitlement != "" {
		s += " " + string(f.Entitlement)
	}
	return s
}

func lines(fs []Finding) []string {
	var out []string
	for _, f := range fs {
		out = append(out, line(f))
	}
	slices.Sort(out)
	return out
}

// expect compares the findings with the lines, in any order.
func expect(t *testing.T, fs []Finding, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := lines(fs); !slices.Equal(got, want) {
		t.Errorf("findings:\n got %q\nwant %q", got, want)
	}
	for _, f := range fs {
		wellFormed(t, f)
	}
}

// wellFormed is what every finding must be.
func wellFormed(t *testing.T, f Finding) {
	t.Helper()
	names := map[string]bool{}
	for _, e := range f.Evidence {
		if names[e.Name] {
			t.Errorf("%s: the fact %q is there twice", line(f), e.Name)
		}
		names[e.Name] = true
	}
	switch {
	case f.Why == "" || f.Why[len(f.Why)-1] != '.':
		t.Errorf("%s: why is not a sentence: %q", line(f), f.Why)
	case len(f.Evidence) == 0 || len(f.Controls) == 0 || f.Group == "" || f.ID == "":
		t.Errorf("%s: incomplete: %+v", line(f), f)
	case NextStep(f.Kind, f.Reason) == "":
		t.Errorf("%s: no next step", line(f))
	}
}

func notJudged(v verdict, kind Kind) int {
	n := 0
	for _, g := range v.NotJudged {
		if g.Kind == kind {
			n += g.Count
		}
	}
	return n
}

func find(t *testing.T, fs []Finding, want string) Finding {
	t.Helper()
	i := slices.IndexFunc(fs, func(f Finding) bool { return line(f) == want })
	if i < 0 {
		t.Fatalf("no finding %q among %q", want, lines(fs))
	}
	return fs[i]
}

func fact(f Finding, name string) string {
	for _, e := range f.Evidence {
		if e.Name == name {
			return e.Value
		}
	}
	return ""
}

func ptr[T any](v T) *T { return &v }
