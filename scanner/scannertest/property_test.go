package scannertest

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/inmem"
	"rollcall/scanner"
)

// found is what a scan of the input finds.
func found(t testing.TB, in scanner.Input) []scanner.Finding {
	t.Helper()
	res, err := scanner.Scan(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return res.Findings
}

// sample is a smaller company: properties are tried many times. Its policy speaks of every role, so that nobody is judged
// by peers, who may be anybody.
func sample(t testing.TB, seed uint64, noise int) *Company {
	t.Helper()
	c, err := New(Options{People: 120, Apps: 8, Seed: seed, Noise: noise})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rows are the input's rows, to be changed freely: the company's own stay as they are.
func rows(in *scanner.Input) (*inmem.Roster, []*inmem.App) {
	r := &inmem.Roster{Rows: slices.Clone(in.Roster.(*inmem.Roster).Rows)}
	in.Roster, in.Apps = r, slices.Clone(in.Apps)
	apps := make([]*inmem.App, len(in.Apps))
	for i := range in.Apps {
		a := *in.Apps[i].Source.(*inmem.App)
		a.Rows = slices.Clone(a.Rows)
		apps[i], in.Apps[i].Source = &a, &a
	}
	return r, apps
}

func shuffle[T any](r *rand.Rand, s []T) {
	r.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}

// Neither the order of any rows, nor that of the apps, nor the number of workers makes a difference.
func TestOrderMakesNoDifference(t *testing.T) {
	for noise := range 3 {
		c := sample(t, 11, noise)
		want := found(t, c.Input())
		for order := range uint64(12) {
			in := c.Input()
			roster, apps := rows(&in)
			r := rand.New(rand.NewPCG(order, 1))
			in.Workers = r.IntN(8)
			shuffle(r, roster.Rows)
			for _, a := range apps {
				shuffle(r, a.Rows)
				for i := range a.Rows {
					a.Rows[i] = a.Rows[i].Clone()
					shuffle(r, a.Rows[i].Entitlements)
				}
			}
			shuffle(r, in.Apps)
			if got := found(t, in); !reflect.DeepEqual(got, want) {
				t.Fatalf("noise %d, order %d: the findings differ: %v", noise, order, unlike(want, got))
			}
		}
	}
}

// unlike describes the first differences of two lists of findings.
func unlike(want, got []scanner.Finding) []string {
	if d := difference(ids(want), ids(got)); len(d) > 0 {
		return d
	}
	var out []string
	for i := range want {
		if !reflect.DeepEqual(want[i], got[i]) {
			out = append(out, fmt.Sprintf("want %+v\n got %+v", want[i], got[i]))
		}
	}
	return out[:min(2, len(out))]
}

// renamer gives every id another one of the same kind, the same for the same.
type renamer struct{ highest int }

// id swaps employee numbers about the middle, so that nobody keeps their place in the order.
func (r renamer) id(s string) string {
	i := strings.IndexAny(s, "123456789")
	if i < 0 || !strings.ContainsAny(s, "0123456789") || strings.Contains(s, "@") {
		return s
	}
	n := 0
	fmt.Sscanf(s[i:], "%d", &n)
	return strings.Replace(s, fmt.Sprint(n), fmt.Sprint(r.highest+10000-n), 1)
}

func (r renamer) account(id connectors.AccountID) connectors.AccountID { return "Q" + id + "x" }
func (r renamer) app(id connectors.AppID) connectors.AppID             { return "renamed-" + id }

// rename renames all ids of the input.
func (r renamer) rename(in *scanner.Input) {
	roster, apps := rows(in)
	for i := range roster.Rows {
		p := &roster.Rows[i]
		p.ID, p.Previous, p.Manager = connectors.PersonID(r.id(string(p.ID))), connectors.PersonID(r.id(string(p.Previous))), connectors.PersonID(r.id(string(p.Manager)))
	}
	policy := &scanner.Policy{Roles: map[string]scanner.RolePolicy{}}
	for role, rp := range in.Policy.Roles {
		for app, rights := range rp.Allow {
			for _, right := range rights {
				policy.Allow(role, r.app(app), right)
			}
		}
	}
	for _, s := range in.Policy.SoD {
		s.A.App, s.B.App = r.app(s.A.App), r.app(s.B.App)
		policy.AddSoD(s)
	}
	in.Policy = policy
	for i, a := range apps {
		byID := in.Apps[i].ID == "payroll"
		in.Apps[i].ID = r.app(in.Apps[i].ID)
		for k := range a.Rows {
			row := &a.Rows[k]
			row.ID, row.EmployeeID, row.OwnerRef = r.account(row.ID), r.id(row.EmployeeID), r.id(row.OwnerRef)
			if byID && strings.HasPrefix(row.Username, "E0") {
				row.Username = r.id(row.Username)
			}
		}
	}
}

// line is a finding, with its ids renamed; nil renames nothing.
func (r *renamer) line(f scanner.Finding) string {
	app, acc, person := f.App, f.Account, string(f.Person)
	if r != nil {
		app, acc, person = r.app(app), r.account(acc), r.id(person)
	}
	return fmt.Sprint(f.Kind, " ", f.Reason, " ", f.Severity, " ", app, " ", acc, " ", f.Entitlement, " ", person, " ", f.Grade, " ", f.By, " ", len(f.Related))
}

func (r *renamer) lines(findings []scanner.Finding) []string {
	var out []string
	for _, f := range findings {
		out = append(out, r.line(f))
	}
	slices.Sort(out)
	return out
}

func TestRenamedIDsFindTheSame(t *testing.T) {
	for noise := range 3 {
		for seed := range uint64(4) {
			c := sample(t, seed, noise)
			r := renamer{highest: 19999} // five digits before and after
			in := c.Input()
			r.rename(&in)
			if err := in.Policy.Prepare(); err != nil {
				t.Fatal(err)
			}
			want, got := r.lines(found(t, c.Input())), (*renamer)(nil).lines(found(t, in))
			if !slices.Equal(want, got) {
				t.Errorf("noise %d, seed %d: %d findings, %d with other ids: %q", noise, seed, len(want), len(got), difference(want, got))
			}
		}
	}
}

// newcomer is somebody who has nothing to do with anybody.
func newcomer(c *Company) connectors.Person {
	start := c.AsOf - 500
	role := connectors.RolePeriod{From: start, Role: "eng-data", Department: "Engineering", Title: "Data Analyst"}
	return connectors.Person{ID: "E0008888", FirstName: "Quorvex", LastName: "Zyxwhistle", WorkEmail: "quorvex.zyxwhistle@" + Domains[0], PersonalEmail: "qz1@inbox.example",
		Status: connectors.Active, Employment: connectors.Employee, Start: start, Role: role.Role, Department: role.Department, Title: role.Title,
		Roles: []connectors.RolePeriod{role}, HistorySince: start, Rehired: connectors.No}
}

func TestUnrelatedPersonAndAppChangeNothingElse(t *testing.T) {
	for noise := range 3 {
		for seed := range uint64(4) {
			c := sample(t, seed, noise)
			want := found(t, c.Input())
			in := c.Input()
			roster, _ := rows(&in)
			roster.Rows = append(roster.Rows, newcomer(c))
			if got := found(t, in); !reflect.DeepEqual(got, want) {
				t.Errorf("noise %d, seed %d: a newcomer without accounts changes findings: %v", noise, seed, unlike(want, got))
			}
			in.Apps = append([]scanner.App{{ID: "aside", Title: "Aside", Source: &inmem.App{Signals: connectors.Signals{SignIn: connectors.Signal{Given: true}},
				Rows: []connectors.Account{{ID: "1", EmployeeID: "E0008888", Username: "quorvex", Enabled: connectors.Yes, Created: c.AsOf - 400, LastSignIn: c.AsOf - 300},
					{ID: "2", Username: "svc-aside", Class: connectors.Service, Enabled: connectors.Yes, Created: c.AsOf - 10, LastSignIn: c.AsOf}}}}}, in.Apps...)
			got := found(t, in)
			others := slices.DeleteFunc(slices.Clone(got), func(f scanner.Finding) bool { return f.App == "aside" })
			if len(got)-len(others) != 2 || !reflect.DeepEqual(others, want) {
				t.Errorf("noise %d, seed %d: an app of its own has %d findings and changes others: %v", noise, seed, len(got)-len(others), unlike(want, others))
			}
		}
	}
}

// restsOnEnd tells whether a finding is made by somebody's last day: theirs, or that of an account they answer for.
func restsOnEnd(f scanner.Finding, p connectors.Person) bool {
	switch f.Kind {
	case scanner.OrphanedAccount:
		return f.Person == p.ID && f.Reason != scanner.ReasonNoOwner
	case scanner.SignInAfterExit:
		return f.Person == p.ID
	case scanner.OwnerlessAccount:
		return strings.Contains(f.Why, p.FirstName+" "+p.LastName)
	}
	return false
}

// What only people who work here can have may come in exchange.
func onlyOfPresent(f scanner.Finding, p connectors.Person) bool {
	switch f.Kind {
	case scanner.MoverStacking, scanner.ExcessAccess, scanner.MissingAccess, scanner.LeaveNotSuspended, scanner.DuplicateAccount:
		return f.Person == p.ID
	}
	return false
}

func TestWithoutEndDateItsFindingsGo(t *testing.T) {
	c := sample(t, 9, 0)
	want := found(t, c.Input())
	tried := 0
	for i, p := range c.Roster {
		alone := !slices.ContainsFunc(c.Roster, func(o connectors.Person) bool {
			return o.ID != p.ID && (o.Previous == p.ID || o.WorkEmail == p.WorkEmail || o.LastName == p.LastName && o.FirstName == p.FirstName)
		})
		if !p.End.Known() || p.End >= c.AsOf || p.Previous != "" || !alone {
			continue
		}
		in := c.Input()
		roster, _ := rows(&in)
		roster.Rows[i].End, roster.Rows[i].Status = 0, connectors.Active
		got := found(t, in)
		kept := slices.DeleteFunc(slices.Clone(want), func(f scanner.Finding) bool { return restsOnEnd(f, p) })
		got = slices.DeleteFunc(got, func(f scanner.Finding) bool { return onlyOfPresent(f, p) })
		if a, b := ids(kept), ids(got); !slices.Equal(a, b) {
			t.Errorf("%s %s without an end: %v", p.FirstName, p.LastName, difference(a, b))
		}
		if len(kept) < len(want) {
			tried++
		}
	}
	if tried < 3 {
		t.Errorf("only %d people had findings that rest on their last day", tried)
	}
}
