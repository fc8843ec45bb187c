package scanner

import (
	"testing"

	"rollcall/connectors"
)

func TestLeaveNotSuspended(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(c *company, p *connectors.Person)
		want   bool
		gap    bool
	}{
		{"14 days", func(c *company, p *connectors.Person) { p.LeaveStart = testDay - 14 }, true, false},
		{"13 days", func(c *company, p *connectors.Person) { p.LeaveStart = testDay - 13 }, false, false},
		{"ends today", func(c *company, p *connectors.Person) { p.LeaveStart, p.LeaveEnd = testDay-60, testDay }, true, false},
		{"ended yesterday", func(c *company, p *connectors.Person) { p.LeaveStart, p.LeaveEnd = testDay-60, testDay-1 }, false, false},
		{"HR is late with the status", func(c *company, p *connectors.Person) { p.LeaveStart, p.Status = testDay-60, connectors.Active }, true, false},
		{"status without a date", func(c *company, p *connectors.Person) {}, false, true},
		{"an app not to be suspended", func(c *company, p *connectors.Person) { p.LeaveStart = testDay - 60; c.apps[0].SuspendOnLeave = false }, false, false},
		{"policy says no grace", func(c *company, p *connectors.Person) {
			p.LeaveStart = testDay
			c.policy.Rules = map[Kind]Rule{LeaveNotSuspended: {Grace: ptr(Days(0))}}
		}, true, false},
		{"has left since", func(c *company, p *connectors.Person) {
			p.LeaveStart, p.End = testDay-60, testDay-2
			c.accounts[0].acc.LastSignIn = testDay - 60
			c.policy.Rules = map[Kind]Rule{OrphanedAccount: {Enabled: ptr(false)}}
		}, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := worker("E1", "ENG")
			p.Status = connectors.OnLeave
			c := &company{apps: []App{app("crm")}, accounts: []seat{human("crm", "a1", "E1")}}
			tc.change(c, &p)
			c.people = []connectors.Person{p}
			v := c.run()
			var want []string
			if tc.want {
				want = []string{"leave_not_suspended crm a1"}
			}
			expect(t, v.Findings, want...)
			if got := notJudged(v, LeaveNotSuspended) == 1; got != tc.gap {
				t.Errorf("not judged: %v", v.NotJudged)
			}
		})
	}
}

func TestEarlyAccess(t *testing.T) {
	for _, tc := range []struct {
		name  string
		start connectors.Date
		grace *Days
		want  bool
	}{
		{"starts today", testDay, nil, false},
		{"starts tomorrow", testDay + 1, nil, true},
		{"start unknown", 0, nil, false},
		{"within the grace", testDay + 14, ptr(Days(14)), false},
		{"past the grace", testDay + 15, ptr(Days(14)), true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := worker("E1", "ENG")
			p.Start, p.Status, p.Roles, p.HistorySince = tc.start, connectors.Preboarding, nil, 0
			c := &company{people: []connectors.Person{p}, apps: []App{app("crm")}, accounts: []seat{human("crm", "a1", "E1")}}
			c.policy.App = map[connectors.AppID]AppPolicy{"crm": {Rules: map[Kind]Rule{EarlyAccess: {Grace: tc.grace}}}}
			var want []string
			if tc.want {
				want = []string{"early_access crm a1"}
			}
			expect(t, c.run().Findings, want...)
		})
	}
}

func TestExpiredGrant(t *testing.T) {
	c := &company{people: []connectors.Person{worker("E1", "ENG")}, apps: []App{app("crm")}, accounts: []seat{human("crm", "a1", "E1").holding("TODAY", "YESTERDAY", "OPEN")}}
	c.accounts[0].acc.Entitlements[0].Until = testDay
	c.accounts[0].acc.Entitlements[1].Until = testDay - 1
	expect(t, c.run().Findings, "expired_grant crm a1 YESTERDAY")
	c.untrusted = true // it rests on the app alone
	expect(t, c.run().Findings, "expired_grant crm a1 YESTERDAY")
}
