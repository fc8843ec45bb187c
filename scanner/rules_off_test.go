package scanner

import (
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
)

// Where sign-in times are switched off, nothing is judged by them, nothing says them, and each judgement left out is counted.
func TestSignInTimesSwitchedOff(t *testing.T) {
	left := worker("E2", "ENG")
	left.Status, left.End = connectors.Terminated, testDay-30
	c := company{people: []connectors.Person{worker("E1", "ENG"), left}, apps: []App{{ID: "crm"}}, accounts: []seat{
		{app: "crm", class: connectors.Human, owner: "E1", grade: Exact, acc: connectors.Account{ID: "a1", Enabled: connectors.Yes, Created: testDay - 900, LastSignIn: testDay - 500, Credentials: []connectors.Credential{{ID: "k", Created: testDay - 800}}}},
		{app: "crm", class: connectors.Human, owner: "E2", grade: Exact, acc: connectors.Account{ID: "a2", Enabled: connectors.Yes, Created: testDay - 900, LastSignIn: testDay - 3}},
		{app: "crm", class: connectors.Human, owner: "E1", grade: Exact, acc: connectors.Account{ID: "a3", Enabled: connectors.Yes, Created: testDay - 900, LastSignIn: testDay - 1,
			Entitlements: []connectors.Entitlement{{ID: "r", LastUsed: testDay - 400, Granted: testDay - 800}}}},
	}}
	signals := allSignals
	c.apps[0].Source = judgedApp{connectors.Info{Signals: signals}}
	on := c.run()
	for _, k := range TimeKinds {
		if !slices.ContainsFunc(on.Findings, func(f Finding) bool { return f.Kind == k }) {
			t.Errorf("%s: the company has none, so that the test shows nothing", k)
		}
	}
	signals.SignIn, signals.Use, signals.Off = connectors.Signal{}, connectors.Signal{}, true
	c.apps[0].Source = judgedApp{connectors.Info{Signals: signals}}
	for i := range c.accounts {
		a := &c.accounts[i].acc
		a.LastSignIn = 0
		for j := range a.Entitlements {
			a.Entitlements[j].LastUsed = 0
		}
	}
	off := c.run()
	for _, f := range off.Findings {
		if slices.Contains(TimeKinds, f.Kind) {
			t.Errorf("%s was judged", line(f))
		}
		for _, s := range []string{"sign-in on", "never", "last used on", "no sign-in is on record", "does not report", "the one to keep"} {
			if strings.Contains(f.Why, s) {
				t.Errorf("%s says %q: %s", line(f), s, f.Why)
			}
		}
		if fact(f, "last sign-in") != "" || fact(f, "last used") != "" {
			t.Errorf("%s: %v", line(f), f.Evidence)
		}
	}
	if !slices.ContainsFunc(off.Findings, func(f Finding) bool { return f.Kind == OrphanedAccount }) || !slices.ContainsFunc(off.Findings, func(f Finding) bool { return f.Kind == DuplicateAccount }) {
		t.Error("what does not rest on them is still judged: ", lines(off.Findings))
	}
	for kind, want := range map[Kind]int{StaleAccount: 3, StalePrivilege: 1, SignInAfterExit: 1, DormantCredential: 1} {
		if n := notJudged(off, kind); n != want {
			t.Errorf("%s: %d judgements are counted as left out, want %d", kind, n, want)
		}
	}
}
