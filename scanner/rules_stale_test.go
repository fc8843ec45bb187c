package scanner

import (
	"testing"

	"rollcall/connectors"
)

// firstSeen is a GrantHistory in which everything was first seen on one day.
type firstSeen struct{ since, seen connectors.Date }

func (f firstSeen) Since() connectors.Date { return f.since }
func (f firstSeen) FirstSeen(connectors.AccountID, connectors.EntitlementID) connectors.Date {
	return f.seen
}

func TestStaleAccount(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(c *company, a *seat)
		want   bool
		gaps   int
	}{
		{"90 days", func(c *company, a *seat) { a.acc.LastSignIn = testDay - 90 }, false, 0},
		{"91 days", func(c *company, a *seat) { a.acc.LastSignIn = testDay - 91 }, true, 0},
		{"never, created 90 days ago", func(c *company, a *seat) { a.acc.LastSignIn, a.acc.Created = 0, testDay-90 }, false, 0},
		{"never, created 91 days ago", func(c *company, a *seat) { a.acc.LastSignIn, a.acc.Created = 0, testDay-91 }, true, 0},
		{"never, creation unknown", func(c *company, a *seat) { a.acc.LastSignIn, a.acc.Created = 0, 0 }, false, 1},
		{"never, of which the app knows nothing", func(c *company, a *seat) { a.acc.LastSignIn, a.acc.SignInUnknown, a.acc.Created = 0, true, testDay-900 }, false, 1},
		{"never, first seen 91 days ago", func(c *company, a *seat) {
			a.acc.LastSignIn, a.acc.Created = 0, 0
			c.grants = firstSeen{testDay - 91, testDay - 91}
		}, true, 0},
		{"late signal", func(c *company, a *seat) {
			a.acc.LastSignIn = testDay - 91
			s := allSignals
			s.SignIn.LagDays = 1
			c.apps[0].Source = judgedApp{connectors.Info{Signals: s}}
		}, false, 0},
		{"late signal, one day more", func(c *company, a *seat) {
			a.acc.LastSignIn = testDay - 92
			s := allSignals
			s.SignIn.LagDays = 1
			c.apps[0].Source = judgedApp{connectors.Info{Signals: s}}
		}, true, 0},
		{"an app that does not report sign-ins", func(c *company, a *seat) {
			a.acc.LastSignIn = testDay - 200
			c.apps[0].Source = judgedApp{}
		}, false, 2},
		{"service", func(c *company, a *seat) { a.acc.LastSignIn, a.class, a.duty = testDay-91, connectors.Service, "E1" }, true, 0},
		{"guest", func(c *company, a *seat) { a.acc.LastSignIn, a.class, a.duty = testDay-91, connectors.Guest, "E1" }, true, 0},
		{"shared mailboxes are not signed in to", func(c *company, a *seat) { a.acc.LastSignIn, a.class, a.duty = testDay-91, connectors.Shared, "E1" }, false, 0},
		{"break-glass is for bad days", func(c *company, a *seat) { a.acc.LastSignIn, a.class, a.duty = testDay-91, connectors.BreakGlass, "E1" }, false, 0},
		{"disabled", func(c *company, a *seat) { a.acc.LastSignIn, a.acc.Enabled = testDay-91, connectors.No }, false, 0},
		{"policy: more than 0 days", func(c *company, a *seat) {
			a.acc.LastSignIn = testDay
			c.policy.Rules = map[Kind]Rule{StaleAccount: {After: ptr(Days(0))}}
		}, false, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := &company{people: []connectors.Person{worker("E1", "ENG"), worker("E2", "ENG")}, apps: []App{app("crm")}, accounts: []seat{human("crm", "a1", "E1"), human("crm", "a2", "E2")}}
			c.accounts[1].acc.LastSignIn = testDay
			tc.change(c, &c.accounts[0])
			v := c.run()
			var want []string
			if tc.want {
				want = []string{"stale_account crm a1"}
			}
			expect(t, v.Findings, want...)
			if got := notJudged(v, StaleAccount); got != tc.gaps {
				t.Errorf("not judged %d, want %d: %v", got, tc.gaps, v.NotJudged)
			}
		})
	}
}

// A column that is blank on every row is a signal the app does not give, whatever it says of itself.
func TestBlankSignals(t *testing.T) {
	c := &company{people: []connectors.Person{worker("E1", "ENG"), worker("E2", "ENG")}, apps: []App{app("crm")},
		accounts: []seat{human("crm", "a1", "E1").holding("X"), human("crm", "a2", "E2").holding("X")}}
	for i := range c.accounts {
		c.accounts[i].acc.LastSignIn = 0
	}
	c.accounts[0].acc.Entitlements[0].LastUsed = testDay - 200
	v := c.run()
	expect(t, v.Findings, "stale_privilege crm a1 X") // it does not yield to a staleness that was taken back
	if notJudged(v, StaleAccount) != 2 {
		t.Errorf("not judged: %v", v.NotJudged)
	}
	c.accounts[1].acc.LastSignIn = testDay
	expect(t, c.run().Findings, "stale_account crm a1")
	c.accounts[0].acc.LastSignIn = testDay
	for i := range c.accounts {
		c.accounts[i].acc.Entitlements[0].LastUsed = 0
	}
	v = c.run()
	expect(t, v.Findings)
	if notJudged(v, StalePrivilege) != 2 {
		t.Errorf("not judged: %v", v.NotJudged)
	}
}

func TestStalePrivilege(t *testing.T) {
	ent := func(used, granted connectors.Date) connectors.Entitlement {
		return connectors.Entitlement{ID: "X", LastUsed: used, Granted: granted}
	}
	for _, tc := range []struct {
		name   string
		ent    connectors.Entitlement
		signIn connectors.Date
		want   []string
		gaps   int
	}{
		{"90 days", ent(testDay-90, 0), testDay, nil, 0},
		{"91 days", ent(testDay-91, 0), testDay, []string{"stale_privilege crm a1 X"}, 0},
		{"never, granted 90 days ago", ent(0, testDay-90), testDay, nil, 0},
		{"never, granted 91 days ago", ent(0, testDay-91), testDay, []string{"stale_privilege crm a1 X"}, 0},
		{"never, grant unknown", ent(0, 0), testDay, nil, 1},
		{"yields to stale_account", ent(testDay-200, 0), testDay - 200, []string{"stale_account crm a1"}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := &company{people: []connectors.Person{worker("E1", "ENG"), worker("E2", "ENG")}, apps: []App{app("crm")}, accounts: []seat{human("crm", "a1", "E1"), human("crm", "a2", "E2").holding("X")}}
			c.accounts[0].acc.Entitlements = []connectors.Entitlement{tc.ent}
			c.accounts[0].acc.LastSignIn = tc.signIn
			v := c.run()
			expect(t, v.Findings, tc.want...)
			if got := notJudged(v, StalePrivilege); got != tc.gaps {
				t.Errorf("not judged: %v", v.NotJudged)
			}
		})
	}
}

func TestDormantCredential(t *testing.T) {
	c := &company{people: []connectors.Person{worker("E1", "ENG")}, apps: []App{app("crm")}, accounts: []seat{human("crm", "a1", "E1")}}
	c.accounts[0].acc.Credentials = []connectors.Credential{
		{ID: "used", Kind: "api_key", Created: testDay - 400, LastUsed: testDay - 90},
		{ID: "rotated", Created: testDay - 90},
		{ID: "unknown"},
		{ID: "old", Kind: "api_key", Created: testDay - 400, LastUsed: testDay - 91},
		{ID: "older", Kind: "token", Created: testDay - 91},
	}
	v := c.run()
	expect(t, v.Findings, "dormant_credential crm a1", "dormant_credential crm a1")
	if a, b := v.Findings[0], v.Findings[1]; a.ID == b.ID {
		t.Errorf("two credentials, one id %s", a.ID)
	}
	if notJudged(v, DormantCredential) != 1 {
		t.Errorf("not judged: %v", v.NotJudged)
	}
}
