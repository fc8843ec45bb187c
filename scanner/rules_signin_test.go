package scanner

import (
	"testing"

	"rollcall/connectors"
)

func TestWeakSignIn(t *testing.T) {
	for _, tc := range []struct {
		name       string
		mfa, local connectors.Tri
		want, sso  bool
		given      bool
	}{
		{"no MFA, wanted", connectors.No, connectors.No, true, false, true},
		{"MFA unknown", connectors.Unknown, connectors.Unknown, false, true, true},
		{"local login beside single sign-on", connectors.Yes, connectors.Yes, true, true, true},
		{"local login is all there is", connectors.Yes, connectors.Yes, false, false, true},
		{"signal narrowed away", connectors.No, connectors.Yes, false, true, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := &company{people: []connectors.Person{worker("E1", "ENG")}, apps: []App{app("crm")}, accounts: []seat{human("crm", "a1", "E1")}}
			c.apps[0].SingleSignOn = tc.sso
			s := allSignals
			s.MFA.Given = tc.given
			c.apps[0].Source = judgedApp{connectors.Info{Signals: s}}
			c.policy.Rules = map[Kind]Rule{WeakSignIn: {RequireMFA: ptr(true)}}
			c.accounts[0].acc.MFA, c.accounts[0].acc.LocalSignIn = tc.mfa, tc.local
			var want []string
			if tc.want {
				want = []string{"weak_sign_in crm a1"}
			}
			expect(t, c.run().Findings, want...)
			c.policy.Rules = nil
			c.accounts[0].acc.LocalSignIn = connectors.No
			expect(t, c.run().Findings) // no MFA is no finding where the policy does not ask for it
		})
	}
}

func TestReappeared(t *testing.T) {
	c := &company{people: []connectors.Person{worker("E1", "ENG")}, apps: []App{app("crm")}, accounts: []seat{human("crm", "a1", "E1").holding("X"), human("crm", "a2", "E1").with(func(s *seat) { s.acc.Enabled = connectors.No })},
		removals: []Removal{{App: "crm", Account: "a1", Entitlement: "X", On: testDay - 5, Case: "c-1"}, {App: "crm", Account: "a1", Entitlement: "Y", On: testDay - 5, Case: "c-2"},
			{App: "crm", Account: "a2", On: testDay - 5, Case: "c-3"}, {App: "erp", Account: "a1", On: testDay - 5, Case: "c-4"}}}
	expect(t, c.run().Findings, "reappeared_access crm a1 X")
	c.accounts[1].acc.Enabled = connectors.Yes
	c.policy.Rules = map[Kind]Rule{DuplicateAccount: {Enabled: ptr(false)}}
	expect(t, c.run().Findings, "reappeared_access crm a1 X", "reappeared_access crm a2")
}
