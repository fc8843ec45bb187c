package scanner

import (
	"strings"
	"testing"

	"rollcall/connectors"
)

// matrix is a company with three roles, and one person who moved from support to engineering.
func matrix(moved connectors.Date) *company {
	p := worker("E1", "ENG")
	p.Roles = []connectors.RolePeriod{{From: date("2020-01-01"), Role: "SUP"}, {From: moved, Role: "ENG"}}
	c := &company{people: []connectors.Person{p, worker("E2", "ENG")}, apps: []App{app("crm")}, accounts: []seat{human("crm", "a1", "E1").holding("CRM.USER", "CRM.CODE", "CRM.TICKETS")}}
	c.policy.Allow("SUP", "crm", "crm.tick*")
	c.policy.Allow("ENG", "crm", "CRM.CODE")
	c.policy.Allow("FIN", "crm", "CRM.PAY")
	c.policy.Allow("*", "crm", "CRM.USER")
	return c
}

func TestMoverStacking(t *testing.T) {
	moved := []string{"mover_stacking crm a1 CRM.TICKETS"}
	ent := func(c *company) *connectors.Entitlement { return &c.accounts[0].acc.Entitlements[2] }
	for _, tc := range []struct {
		name   string
		since  connectors.Date
		change func(*company)
		want   []string
		gaps   int
	}{
		{"30 days", testDay - 30, nil, moved, 0},
		{"29 days", testDay - 29, nil, nil, 0},
		{"granted the day before the move", testDay - 60, func(c *company) { ent(c).Granted = testDay - 61 }, moved, 0},
		{"granted on the day of the move", testDay - 60, func(c *company) { ent(c).Granted = testDay - 60 }, nil, 0},
		{"grant unknown", testDay - 60, func(c *company) { ent(c).Granted = 0 }, nil, 1},
		{"grant unknown, seen before the move", testDay - 60, func(c *company) { ent(c).Granted = 0; c.grants = firstSeen{testDay - 90, testDay - 90} }, moved, 0},
		{"grant unknown, seen after it only", testDay - 60, func(c *company) { ent(c).Granted = 0; c.grants = firstSeen{testDay - 90, testDay - 40} }, nil, 0},
		{"grant unknown, not read before the move", testDay - 60, func(c *company) { ent(c).Granted = 0; c.grants = firstSeen{testDay - 40, testDay - 40} }, nil, 1},
		{"grant unknown, read on the day of the move", testDay - 60, func(c *company) { ent(c).Granted = 0; c.grants = firstSeen{testDay - 60, testDay - 40} }, nil, 1},
		{"everybody may", testDay - 60, func(c *company) { c.policy.Allow("*", "crm", "CRM.TICKETS") }, nil, 0},
		{"birthright", testDay - 60, func(c *company) {
			c.policy.Birthright.Allow = map[connectors.AppID][]string{"crm": {"crm.tickets"}}
		}, nil, 0},
		{"must implies may", testDay - 60, func(c *company) {
			c.policy.Roles["ENG"] = RolePolicy{Allow: c.policy.Roles["ENG"].Allow, Must: map[connectors.AppID][]string{"crm": {"CRM.TICKETS"}}}
			c.people = c.people[:1]
		}, nil, 0},
		{"promotion keeps the role", testDay - 60, func(c *company) { c.people[0].Roles[0].Role = "eng" }, []string{"excess_access crm a1 CRM.TICKETS"}, 0},
		{"back in the former role", testDay - 60, func(c *company) {
			c.people[0].Role = "SUP"
			c.people[0].Roles = append(c.people[0].Roles, connectors.RolePeriod{From: testDay - 40, Role: "SUP"})
		}, []string{"mover_stacking crm a1 CRM.CODE"}, 0},
		{"a move to come", testDay - 60, func(c *company) {
			c.people[0].Roles = append(c.people[0].Roles, connectors.RolePeriod{From: testDay + 1, Role: "SUP"})
		}, moved, 0},
		{"no history", testDay - 60, func(c *company) {
			c.people[0].Roles, c.people[0].HistorySince = nil, 0
		}, []string{"excess_access/history_unknown crm a1 CRM.TICKETS"}, 1},
		{"history too short", testDay - 60, func(c *company) {
			c.people[0].Roles, c.people[0].HistorySince = c.people[0].Roles[1:], testDay-60
		}, []string{"excess_access/history_unknown crm a1 CRM.TICKETS"}, 0},
		{"granted when history was known", testDay - 60, func(c *company) {
			c.people[0].Roles, c.people[0].HistorySince = c.people[0].Roles[1:], testDay-60
			ent(c).Granted = testDay - 60
		}, []string{"excess_access crm a1 CRM.TICKETS"}, 0},
		{"no role ever", testDay - 60, func(c *company) { ent(c).ID = "CRM.PAY" }, []string{"excess_access crm a1 CRM.PAY"}, 0},
		{"the policy does not know the present role", testDay - 60, func(c *company) { delete(c.policy.Roles, "ENG") }, nil, 1},
		{"the policy does not know the earlier role", testDay - 60, func(c *company) { delete(c.policy.Roles, "SUP") }, nil, 0},
		{"no policy", testDay - 60, func(c *company) { c.policy = Policy{} }, nil, 1},
		{"has left", testDay - 60, func(c *company) {
			c.people[0].End = testDay - 1
			c.policy.Rules = map[Kind]Rule{OrphanedAccount: {Enabled: ptr(false)}}
		}, nil, 0},
		{"policy: no grace in this app", testDay, func(c *company) {
			c.policy.App = map[connectors.AppID]AppPolicy{"crm": {Rules: map[Kind]Rule{MoverStacking: {Grace: ptr(Days(0))}}}}
		}, moved, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := matrix(tc.since)
			c.accounts[0].acc.LastSignIn = testDay - 1
			if tc.change != nil {
				tc.change(c)
			}
			if c.people[0].End.Known() {
				c.accounts[0].acc.LastSignIn = c.people[0].End
			}
			v := c.run()
			expect(t, v.Findings, tc.want...)
			if got := notJudged(v, MoverStacking); got != tc.gaps {
				t.Errorf("not judged %d, want %d: %v", got, tc.gaps, v.NotJudged)
			}
		})
	}
}

func TestMoverFacts(t *testing.T) {
	c := matrix(testDay - 60)
	f := find(t, c.run().Findings, "mover_stacking crm a1 CRM.TICKETS")
	if f.Group != "mover:E1" || fact(f, "roles") != "2020-01-01 SUP; 2026-09-02 ENG" || fact(f, "policy") != "roles.SUP" || fact(f, "granted") != "2020-01-01" {
		t.Errorf("%s %v", f.Group, f.Evidence)
	}
	if fact(f, "threshold") != "grace 30 days (default)" {
		t.Errorf("threshold = %q", fact(f, "threshold"))
	}
}

// Without a role column, department and title are the role.
func TestRoleKey(t *testing.T) {
	for want, r := range map[string]connectors.RolePeriod{
		"ENG":            {Role: " ENG ", Department: "Engineering", Title: "Dev"},
		"Finance / Head": {Department: "Finance", Title: "Head "},
		"Finance":        {Department: "Finance"},
		"Head":           {Title: "Head"},
		"":               {Role: " "},
	} {
		if got := roleKey(r); got != want {
			t.Errorf("roleKey(%+v) = %q, want %q", r, got, want)
		}
	}
}

func TestMissingAccess(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*company)
		want   []string
		gaps   int
	}{
		{"has it", nil, nil, 0},
		{"lacks it", func(c *company) { c.accounts[0].acc.Entitlements = nil }, []string{"missing_access mail a1 MAIL.USER"}, 0},
		{"no account", func(c *company) { c.accounts = nil }, []string{"missing_access mail  MAIL.USER"}, 0},
		{"disabled account", func(c *company) { c.accounts[0].acc.Enabled = connectors.No }, []string{"missing_access mail  MAIL.USER"}, 0},
		{"on another account", func(c *company) {
			c.accounts[0].acc.Entitlements = nil
			c.accounts = append(c.accounts, human("mail", "a2", "E1").holding("mail.user"))
			c.policy.Rules = map[Kind]Rule{DuplicateAccount: {Enabled: ptr(false)}}
		}, nil, 0},
		{"role's own", func(c *company) {
			c.policy.Roles = map[string]RolePolicy{"ENG": {Must: map[connectors.AppID][]string{"mail": {"MAIL.DEV"}}}, "FIN": {Must: map[connectors.AppID][]string{"mail": {"MAIL.FIN"}}}}
		}, []string{"missing_access mail a1 MAIL.DEV"}, 0},
		{"has left", func(c *company) {
			c.people[0].End, c.people[0].Status = testDay-1, connectors.Terminated
			c.accounts = nil
		}, nil, 0},
		{"starts tomorrow", func(c *company) { c.people[0].Start = testDay + 1; c.accounts = nil }, nil, 0},
		{"on leave", func(c *company) { c.people[0].LeaveStart = testDay; c.accounts = nil }, nil, 0},
		{"pull incomplete", func(c *company) { c.accounts = nil; c.incomplete = map[connectors.AppID]bool{"mail": true} }, nil, 0},
		{"roster not trusted", func(c *company) { c.accounts = nil; c.untrusted = true }, nil, 0},
		{"an account is likely theirs", func(c *company) { c.accounts[0].grade = Proposed }, []string{"unconfirmed_owner mail a1"}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := &company{people: []connectors.Person{worker("E1", "ENG")}, apps: []App{app("mail")}, accounts: []seat{human("mail", "a1", "E1").holding("MAIL.USER")}}
			c.policy.Birthright.Must = map[connectors.AppID][]string{"mail": {"MAIL.USER"}}
			if tc.change != nil {
				tc.change(c)
			}
			v := c.run()
			var got []Finding
			for _, f := range v.Findings {
				if f.Kind != ExcessAccess {
					got = append(got, f)
				}
			}
			expect(t, got, tc.want...)
			if n := notJudged(v, MissingAccess); n != tc.gaps {
				t.Errorf("not judged: %v", v.NotJudged)
			}
		})
	}
}

func TestManyMusts(t *testing.T) {
	c := &company{people: []connectors.Person{worker("E1", "ENG")}, apps: []App{app("mail")}, accounts: []seat{human("mail", "a1", "E1")}}
	var all []string
	for i := range 150 {
		all = append(all, "M"+strings.Repeat("I", i))
	}
	c.policy.Birthright.Must = map[connectors.AppID][]string{"mail": all}
	c.accounts[0] = c.accounts[0].holding(all...)
	expect(t, c.run().Findings)
	c.accounts[0].acc.Entitlements = append(c.accounts[0].acc.Entitlements[:100], c.accounts[0].acc.Entitlements[101:]...)
	expect(t, c.run().Findings, "missing_access mail a1 "+all[100])
}
