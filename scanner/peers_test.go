package scanner

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
)

// staff adds n people of a role with an account each that holds ents.
func (c *company) staff(app, role string, n int, ents ...string) {
	for range n {
		id := fmt.Sprintf("E%d", 1001+len(c.people))
		c.people = append(c.people, worker(id, role))
		c.accounts = append(c.accounts, human(app, "a"+id, id).holding(ents...))
	}
}

// idle adds n people of a role without an account.
func (c *company) idle(role string, n int) {
	for range n {
		c.people = append(c.people, worker(fmt.Sprintf("E%d", 1001+len(c.people)), role))
	}
}

// moved is a company without a role table, and one person who went from support to engineering and kept TICKETS.
func moved(sup, eng int) *company {
	c := matrix(testDay - 60)
	c.policy = Policy{}
	c.people = c.people[:1]
	c.accounts[0].acc.Entitlements[1].Granted = testDay - 60 // CODE came with the move
	c.staff("crm", "SUP", sup, "CRM.USER", "CRM.TICKETS")
	c.staff("crm", "ENG", eng, "CRM.USER", "CRM.CODE")
	return c
}

func TestMoverByPeers(t *testing.T) {
	found := []string{"mover_stacking crm a1 CRM.TICKETS"}
	for _, tc := range []struct {
		name     string
		sup, eng int
		change   func(*company)
		want     []string
		gaps     int
	}{
		{"peers of both roles", 6, 6, nil, found, 0},
		{"as few as will do", 2, 3, nil, found, 0},
		{"too few of the earlier role", 1, 6, nil, nil, 1},
		{"too few of the present role", 6, 2, nil, nil, 1},
		{"most of the present role hold it", 6, 6, func(c *company) { c.grant("ENG", 4, "CRM.TICKETS") }, nil, 0},
		{"one of six of the present role holds it", 6, 6, func(c *company) { c.grant("ENG", 1, "CRM.TICKETS") }, nil, 0},
		{"one of ten of the present role holds it", 6, 10, func(c *company) { c.grant("ENG", 1, "CRM.TICKETS") }, found, 0},
		{"few of the earlier role hold it", 6, 6, func(c *company) { c.revoke("SUP", 4, "CRM.TICKETS") }, nil, 0},
		{"the present role has no accounts", 6, 0, func(c *company) {
			c.idle("ENG", 8)
			c.accounts[0].acc.Entitlements = c.accounts[0].acc.Entitlements[2:]
		}, found, 0},
		{"the present role has few people and no accounts", 6, 0, func(c *company) {
			c.idle("ENG", 4)
			c.accounts[0].acc.Entitlements = c.accounts[0].acc.Entitlements[2:]
		}, nil, 1},
		{"granted after the move", 6, 8, func(c *company) { c.accounts[0].acc.Entitlements[2].Granted = testDay - 59 }, nil, 0},
		{"grant unknown", 6, 6, func(c *company) { c.accounts[0].acc.Entitlements[2].Granted = 0 }, nil, 1},
		{"grant unknown, seen before", 6, 6, func(c *company) {
			c.accounts[0].acc.Entitlements[2].Granted, c.grants = 0, firstSeen{testDay - 90, testDay - 90}
		}, found, 0},
		{"moved lately", 6, 6, func(c *company) { c.people[0].Roles[1].From = testDay - 29 }, nil, 0},
		{"peers who left do not count", 2, 6, func(c *company) { c.leave("SUP", 1) }, nil, 1},
		{"nor those yet to come", 2, 6, func(c *company) { c.people[1].Start = testDay + 1 }, nil, 2},
		{"nor what they kept themselves", 6, 3, func(c *company) {
			for i := range 6 {
				c.people[1+i].Roles = []connectors.RolePeriod{{From: date("2019-01-01"), Role: "FIN"}, {From: date("2021-01-01"), Role: "SUP"}}
			}
		}, nil, 7}, // of those six nothing can be said either
		{"the rule is off", 6, 6, func(c *company) { c.policy.Rules = map[Kind]Rule{MoverStacking: {Enabled: ptr(false)}} }, nil, 0},
		{"everybody may by policy", 6, 6, func(c *company) { c.policy.Allow("*", "crm", "CRM.*") }, nil, 0},
		{"the policy knows the earlier role only", 0, 6, func(c *company) { c.policy.Allow("SUP", "crm", "CRM.TICKETS") }, found, 0},
		{"the policy denies it to the earlier role", 6, 8, func(c *company) { c.policy.Allow("SUP", "crm", "CRM.USER") }, []string{"excess_access crm a1 CRM.TICKETS"}, 0},
		{"the list is incomplete", 6, 6, func(c *company) { c.incomplete = map[connectors.AppID]bool{"crm": true} }, nil, 13},
		{"the roster is not trusted", 6, 6, func(c *company) { c.untrusted = true }, nil, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := moved(tc.sup, tc.eng)
			if tc.change != nil {
				tc.change(c)
			}
			v := c.run()
			mine := without(v.Findings, func(f Finding) bool { return f.Account != "a1" || f.Kind != MoverStacking && f.Kind != ExcessAccess })
			expect(t, mine, tc.want...)
			if got := notJudged(v, MoverStacking); got != tc.gaps {
				t.Errorf("not judged %d, want %d: %v", got, tc.gaps, v.NotJudged)
			}
			for _, f := range mine {
				if fact(f, FactBasis) != BasisPeers || f.Severity != Low || !strings.Contains(f.Why, "a person decides") {
					t.Errorf("%s by %q: %s", f.Severity, fact(f, FactBasis), f.Why)
				}
			}
		})
	}
}

// each calls f with the accounts of the first n people of a role, the one who moved left out.
func (c *company) each(role string, n int, f func(*connectors.Person, *connectors.Account)) {
	for i := 1; i < len(c.people); i++ {
		for k := range c.accounts {
			if n > 0 && c.people[i].Role == role && c.accounts[k].owner == c.people[i].ID {
				f(&c.people[i], &c.accounts[k].acc)
				n--
			}
		}
	}
}

func (c *company) grant(role string, n int, ent connectors.EntitlementID) {
	c.each(role, n, func(_ *connectors.Person, a *connectors.Account) {
		a.Entitlements = append(a.Entitlements, connectors.Entitlement{ID: ent, Granted: date("2021-01-01"), LastUsed: testDay - 1})
	})
}

func (c *company) revoke(role string, n int, ent connectors.EntitlementID) {
	c.each(role, n, func(_ *connectors.Person, a *connectors.Account) {
		a.Entitlements = slices.DeleteFunc(a.Entitlements, func(e connectors.Entitlement) bool { return e.ID == ent })
	})
}

func (c *company) leave(role string, n int) {
	c.each(role, n, func(p *connectors.Person, _ *connectors.Account) { p.End = testDay - 1 })
}

func TestPeersFacts(t *testing.T) {
	c := moved(3, 10)
	c.grant("ENG", 1, "CRM.TICKETS")
	c.apps[0].Privileged = []string{"*tickets"}
	c.accounts[0].acc.Entitlements[2].Inherited = "all-support"
	f := find(t, c.run().Findings, "mover_stacking crm a1 CRM.TICKETS")
	for name, want := range map[string]string{"peers in the present role": "1 of 10 ENG with an account here", "peers in the earlier role": "3 of 3 SUP with an account here",
		"granted": "2020-01-01", "roles": "2020-01-01 SUP; 2026-09-02 ENG", "inherited from": "all-support", "match": "exact by employee_id"} {
		if got := fact(f, name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if f.Severity != Medium || f.Group == "mover:E1" {
		t.Errorf("severity %s, group %s: a privileged one is medium, and a case of its own", f.Severity, f.Group)
	}
}

func TestExcessByPeers(t *testing.T) {
	for _, tc := range []struct {
		name    string
		holders int
		change  func(*company)
		want    []string
		gaps    int
	}{
		{"one of ten holds it", 1, nil, []string{"excess_access crm aE1001 CRM.ADMIN"}, 0},
		{"two of ten hold it", 2, nil, nil, 0},
		{"nobody's role is known", 1, func(c *company) {
			for i := range c.people {
				c.people[i].Role, c.people[i].Title, c.people[i].Roles = "", "", nil
			}
		}, nil, 10},
		{"history unknown", 1, func(c *company) { c.people[0].Roles, c.people[0].HistorySince = nil, 0 }, []string{"excess_access/history_unknown crm aE1001 CRM.ADMIN"}, 0},
		{"not yet begun", 1, func(c *company) { c.people[0].Start = testDay + 5 }, nil, 1},
		{"too few peers", 1, func(c *company) { c.people, c.accounts = c.people[:8], c.accounts[:8] }, nil, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := &company{apps: []App{app("crm")}}
			c.staff("crm", "ENG", tc.holders, "CRM.USER", "CRM.ADMIN")
			c.staff("crm", "ENG", 10-tc.holders, "CRM.USER")
			if tc.change != nil {
				tc.change(c)
			}
			v := c.run()
			expect(t, without(v.Findings, func(f Finding) bool { return f.Kind != ExcessAccess }), tc.want...)
			if got := notJudged(v, ExcessAccess); got != tc.gaps {
				t.Errorf("not judged %d, want %d: %v", got, tc.gaps, v.NotJudged)
			}
		})
	}
}

// Where the policy knows the app and everybody's role, nothing is kept.
func TestPeersCostNothingUnderAPolicy(t *testing.T) {
	c := matrix(testDay - 60)
	j := c.judge()
	if aj := j.app(&c.apps[0], noGrants{}); aj.holdings != nil {
		t.Error("holdings are kept although the policy knows every role")
	}
	c.people = append(c.people, worker("E3", "OPS"))
	if aj := c.judge().app(&c.apps[0], noGrants{}); aj.holdings == nil {
		t.Error("nothing is kept although the policy does not know OPS")
	}
}

// drawStaff is a company without a role table, large enough for peers to say something.
func drawStaff(t *rapid.T) *company {
	c := &company{apps: []App{app("crm"), app("erp")}}
	roles := []string{"ENG", "SUP", "FIN"}
	for i := range rapid.IntRange(4, 30).Draw(t, "people") {
		id := fmt.Sprintf("E%d", 1001+i)
		p := worker(id, rapid.SampledFrom(roles).Draw(t, "role"))
		if rapid.IntRange(0, 3).Draw(t, "moved") == 0 {
			p.Roles = []connectors.RolePeriod{{From: date("2020-01-01"), Role: rapid.SampledFrom(roles).Draw(t, "former")}, {From: testDay - 60, Role: p.Role}}
		}
		if rapid.IntRange(0, 9).Draw(t, "left") == 0 {
			p.End = testDay - 10
		}
		c.people = append(c.people, p)
		for k := range rapid.IntRange(0, 2).Draw(t, "accounts") {
			s := human(rapid.SampledFrom([]string{"crm", "erp"}).Draw(t, "app"), fmt.Sprintf("a%s%d", id, k), id)
			s = s.holding(map[string]string{"ENG": "CODE", "SUP": "TICKETS", "FIN": "PAY"}[p.Roles[0].Role]).with(func(s *seat) {
				for _, e := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"USER", "CODE", "TICKETS", "PAY"}), 0, 2, rapid.ID[string]).Draw(t, "entitlements") {
					s.acc.Entitlements = append(s.acc.Entitlements, connectors.Entitlement{ID: connectors.EntitlementID(e),
						Granted: rapid.SampledFrom([]connectors.Date{0, date("2020-01-01"), testDay - 30}).Draw(t, "granted")})
				}
			})
			c.accounts = append(c.accounts, s)
		}
	}
	return c
}

func TestOrderIsIrrelevantToPeers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawStaff(t)
		before := c.run()
		c.accounts = rapid.Permutation(c.accounts).Draw(t, "order")
		c.people = rapid.Permutation(c.people).Draw(t, "people order")
		after := c.run()
		same(t, "another order", after.Findings, before.Findings)
		if !reflect.DeepEqual(after.NotJudged, before.NotJudged) {
			t.Fatalf("not judged: %v, before %v", after.NotJudged, before.NotJudged)
		}
	})
}

// What a finding says of the peers is what one counts by hand, and the one it is about is not among them.
func TestPeersAreCountedRight(t *testing.T) {
	seen := 0
	companies := rapid.Custom(drawStaff)
	for seed := range 300 {
		c := companies.Example(seed)
		for _, f := range c.run().Findings {
			words := fact(f, "peers in the earlier role")
			if f.Kind != MoverStacking {
				continue
			}
			seen++
			role := words[strings.LastIndex(words[:strings.Index(words, " with")], " ")+1 : strings.Index(words, " with")]
			if want := c.byHand(role, f); words != want {
				t.Fatalf("seed %d: %s: %q, by hand %q", seed, line(f), words, want)
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d findings by peers: the companies drawn are too small to test anything", seen)
	}
}

// byHand counts, without any of the code under test, who of a role holds what a finding is about.
func (c *company) byHand(role string, f Finding) string {
	n, of := 0, 0
	for i := range c.people {
		p := &c.people[i]
		if p.Role != role || p.End.Known() || p.ID == f.Person {
			continue
		}
		account, own, kept := false, false, false
		for _, s := range c.accounts {
			if s.app != f.App || s.owner != p.ID {
				continue
			}
			account = true
			for _, e := range s.acc.Entitlements {
				since := p.Roles[len(p.Roles)-1].From
				stayed := len(p.Roles) == 1 || p.Roles[0].Role == p.Role
				if e.ID == f.Entitlement && (stayed || e.Granted.Known() && e.Granted >= since) {
					own = true
				} else if e.ID == f.Entitlement {
					kept = true
				}
			}
		}
		switch {
		case own:
			n, of = n+1, of+1
		case account && !kept:
			of++
		}
	}
	return fmt.Sprintf("%d of %d %s with an account here", n, of, role)
}
