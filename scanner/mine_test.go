package scanner

import (
	"context"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rollcall/connectors"
)

// mine reads tables off the company.
func (c *company) mine(m Mining) *Mined {
	j := c.judge()
	j.mining = true
	var apps []*appJudge
	for i := range c.apps {
		aj := j.app(&c.apps[i], noGrants{})
		for _, s := range c.accounts {
			if s.app == c.apps[i].ID {
				acc := s.acc.Clone()
				aj.account(subject{acc: &acc, class: s.class, match: Match{Owner: j.People.ByID(s.owner), Grade: s.grade, By: ByEmployeeID}}, func(w written) written { return w })
			}
		}
		aj.end(true)
		apps = append(apps, aj)
	}
	return j.mined(apps, m)
}

// tables are the lines of a mined table as tests compare them; doubtful ones behind a question mark.
func (m *Mined) tables() []string {
	var out []string
	for _, r := range m.Roles {
		for k, list := range [][]MinedGrant{r.Allow, r.Doubt} {
			for _, g := range list {
				s := fmt.Sprintf("%s%s %s %d/%d", []string{"", "? "}[k], r.Name, g.Entitlement, g.Holders, g.Of)
				if g.Earlier > 0 {
					s += fmt.Sprintf(" +%d", g.Earlier)
				}
				if g.Group != "" {
					s += " " + g.Group
				}
				out = append(out, s)
			}
		}
	}
	slices.Sort(out)
	return out
}

func TestMined(t *testing.T) {
	in := func(dept, title string, people []connectors.Person) {
		for i := range people {
			people[i].Department, people[i].Title = dept, title
		}
	}
	for _, tc := range []struct {
		name string
		make func(*company)
		want []string
	}{
		{"half of the role, and two of them", func(c *company) {
			c.staff("crm", "ENG", 2, "CODE")
			c.staff("crm", "ENG", 2, "X")
			c.staff("crm", "FIN", 4, "PAY")
		}, []string{"ENG CODE 2/4", "ENG X 2/4", "FIN PAY 4/4"}},
		{"an outlier", func(c *company) {
			c.staff("crm", "ENG", 5, "CODE")
			c.staff("crm", "FIN", 5, "PAY")
			c.grant("ENG", 1, "PAY")
		}, []string{"ENG CODE 5/5", "FIN PAY 5/5"}},
		{"some, for a person to look at", func(c *company) {
			c.staff("crm", "ENG", 6, "CODE")
			c.staff("crm", "FIN", 6, "PAY")
			c.grant("ENG", 2, "PAY")
		}, []string{"? ENG PAY 2/6", "ENG CODE 6/6", "FIN PAY 6/6"}},
		{"what movers brought along", func(c *company) {
			c.staff("crm", "ENG", 3, "CODE", "PAY")
			c.staff("crm", "ENG", 2, "CODE")
			for i := range 3 {
				c.people[i].Roles = []connectors.RolePeriod{{From: date("2019-01-01"), Role: "FIN"}, {From: testDay - 200, Role: "ENG"}}
				c.accounts[i].acc.Entitlements[0].Granted = testDay - 200
			}
			c.staff("crm", "FIN", 5, "PAY")
		}, []string{"ENG CODE 5/5", "FIN PAY 5/5"}},
		{"leavers, disabled accounts, likely owners", func(c *company) {
			c.staff("crm", "ENG", 6, "CODE")
			c.people[0].End = testDay - 1
			c.accounts[1].acc.Enabled, c.accounts[2].grade = connectors.No, Proposed
			c.staff("crm", "FIN", 6, "PAY")
		}, []string{"ENG CODE 3/3", "FIN PAY 6/6"}},
		{"two accounts are one person", func(c *company) {
			c.staff("crm", "ENG", 2, "CODE")
			c.accounts = append(c.accounts, human("crm", "b", "E1001").holding("X", "CODE"), human("crm", "c", "E1001").holding("X"))
			c.staff("crm", "FIN", 3, "PAY")
		}, []string{"ENG CODE 2/2", "FIN PAY 3/3"}},
		{"a role of one, with its department", func(c *company) {
			c.staff("crm", "ENG", 8, "CODE")
			c.staff("crm", "LEAD", 1, "CODE", "SIGN")
			in("Engineering", "Engineer", c.people)
			c.staff("crm", "FIN", 8, "PAY")
		}, []string{"? LEAD SIGN 1/1", "ENG CODE 8/8", "FIN PAY 8/8", "LEAD CODE 1/1 Engineer: 9 of 9"}},
		{"grades of one job", func(c *company) {
			c.staff("crm", "", 4, "HIRE")
			in("HR", "Recruiter", c.people)
			c.staff("crm", "", 1, "HIRE")
			in("HR", "Senior Recruiter", c.people[4:])
			c.staff("crm", "", 9, "PAYROLL")
			in("HR", "Payroll Clerk", c.people[5:])
			for i := range c.people {
				c.people[i].Roles, c.people[i].HistorySince = nil, 0
			}
		}, []string{"HR / Payroll Clerk PAYROLL 9/9", "HR / Recruiter HIRE 4/4", "HR / Senior Recruiter HIRE 1/1 Recruiter: 5 of 5"}},
		{"everybody", func(c *company) {
			c.staff("crm", "ENG", 6, "USER", "CODE")
			c.staff("crm", "FIN", 6, "USER", "PAY")
			c.staff("crm", "CEO", 1, "USER")
		}, []string{"* USER 13/13", "ENG CODE 6/6", "FIN PAY 6/6"}},
		{"all of those with an account are not everybody", func(c *company) {
			c.staff("crm", "ENG", 6, "CODE")
			c.idle("FIN", 6)
		}, []string{"ENG CODE 6/6"}},
		{"a role that hardly has accounts", func(c *company) {
			c.staff("crm", "ENG", 40, "CODE")
			c.staff("crm", "FIN", 3, "CODE")
			c.idle("FIN", 40)
		}, []string{"? FIN CODE 3/3", "ENG CODE 40/40"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := &company{apps: []App{app("crm")}}
			tc.make(c)
			want := slices.Sorted(slices.Values(tc.want))
			if got := c.mine(DefaultMining).tables(); !slices.Equal(got, want) {
				t.Errorf("mined:\n got %q\nwant %q", got, want)
			}
		})
	}
}

func TestMiningIsTheSameForAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawStaff(t)
		before := c.mine(DefaultMining)
		c.accounts = rapid.Permutation(c.accounts).Draw(t, "order")
		c.people = rapid.Permutation(c.people).Draw(t, "people order")
		if after := c.mine(DefaultMining); !reflect.DeepEqual(after, before) {
			t.Fatalf("another order:\n got %q\nwant %q", after.tables(), before.tables())
		}
	})
}

// explains is what each role may have by a mined table, "*" included.
func (m *Mined) explains() map[string]bool {
	out := map[string]bool{}
	for _, r := range m.Roles {
		for _, all := range m.Roles {
			if all.Name == r.Name || all.Name == everybody {
				for _, g := range all.Allow {
					out[r.Name+" "+string(g.App)+" "+string(g.Entitlement)] = true
				}
			}
		}
	}
	return out
}

func TestAskingMoreNeverAllowsMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawStaff(t)
		m := Mining{rapid.IntRange(1, 4).Draw(t, "support"), rapid.IntRange(1, 90).Draw(t, "share")}
		loose := c.mine(m).explains()
		m.Share += rapid.IntRange(0, 10).Draw(t, "more")
		for line := range c.mine(m).explains() {
			if !loose[line] && !strings.HasPrefix(line, everybody) {
				t.Fatalf("%s is allowed at %d%%, and not below", line, m.Share)
			}
		}
	})
}

// Somebody who left, whatever they held, changes nothing in the table.
func TestLeaversDoNotShapeThePolicy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawStaff(t)
		before := c.mine(DefaultMining)
		gone := worker("E999", "ENG")
		gone.End = testDay - 5
		c.people = append(c.people, gone)
		c.accounts = append(c.accounts, human("crm", "zz", "E999").holding("PAY", "CODE", "OTHER"))
		if after := c.mine(DefaultMining); !reflect.DeepEqual(after, before) {
			t.Fatalf("a leaver changed it:\n got %q\nwant %q", after.tables(), before.tables())
		}
	})
}

// listed is a source that gives what it was given.
type listed struct {
	people   []connectors.Person
	accounts []connectors.Account
	fails    error
}

func (l listed) Info() connectors.Info {
	return connectors.Info{Kind: "test", Location: "test", Repeatable: true, Signals: allSignals}
}

func (l listed) People(context.Context, connectors.Trace) iter.Seq2[connectors.Person, error] {
	return func(yield func(connectors.Person, error) bool) {
		for _, p := range l.people {
			if !yield(p, nil) {
				return
			}
		}
	}
}

func (l listed) Accounts(context.Context, connectors.Trace) iter.Seq2[connectors.Account, error] {
	return func(yield func(connectors.Account, error) bool) {
		for _, a := range l.accounts {
			if !yield(a, nil) {
				return
			}
		}
		if l.fails != nil {
			yield(connectors.Account{}, l.fails)
		}
	}
}

// input makes sources of the company, the accounts tied to their owners by employee id.
func (c *company) input() Input {
	in := Input{Roster: listed{people: c.people}, Policy: &c.policy, History: NoHistory{}, AsOf: testDay, Guard: DefaultRosterGuard, Workers: 1,
		Clock: func() time.Time { return time.Unix(0, 0) }}
	for _, a := range c.apps {
		var l listed
		for _, s := range c.accounts {
			if s.app == a.ID {
				acc := s.acc.Clone()
				acc.EmployeeID, acc.Class = string(s.owner), connectors.Human
				l.accounts = append(l.accounts, acc)
			}
		}
		a.Source = l
		in.Apps = append(in.Apps, a)
	}
	return in
}

func TestMineReadsSources(t *testing.T) {
	c := &company{apps: []App{app("crm"), app("erp"), app("wiki")}}
	c.staff("crm", "ENG", 12, "CODE")
	c.staff("erp", "FIN", 12, "PAY")
	in := c.input()
	in.Apps[2].Source = listed{fails: connectors.ErrTransient}
	one, err := Mine(t.Context(), in, DefaultMining)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := one.tables(), []string{"ENG CODE 12/12", "FIN PAY 12/12"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(one.LeftOut) != 1 || one.LeftOut[0].App != "wiki" || one.Apps != 2 || one.People != 24 {
		t.Errorf("left out %v, %d apps, %d people", one.LeftOut, one.Apps, one.People)
	}
	in.Workers = 8
	if many, err := Mine(t.Context(), in, DefaultMining); err != nil || !reflect.DeepEqual(many, one) {
		t.Errorf("with more workers: %v, %v", many, err)
	}
	for i := range c.people {
		c.people[i].Role, c.people[i].Roles = "", nil
	}
	if _, err := Mine(t.Context(), c.input(), DefaultMining); err == nil || !strings.Contains(err.Error(), "gives nobody") {
		t.Errorf("no roles at all: %v", err)
	}
}
