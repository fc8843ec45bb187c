package scanner

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
)

func TestDays(t *testing.T) {
	for in, want := range map[string]Days{"90d": 90, "12w": 84, "0d": 0, "36525d": 36525} {
		var d Days
		if err := d.UnmarshalText([]byte(in)); err != nil || d != want {
			t.Errorf("%q = %d, %v; want %d", in, d, err, want)
		}
	}
	for _, in := range []string{"", "d", "90", "90 d", "-1d", "+1d", "1.5d", "90m", "90D", "99999d", "5218w", "99999999999999999999d"} {
		d := Days(7)
		if err := d.UnmarshalText([]byte(in)); err == nil || !strings.Contains(err.Error(), `"90d"`) || d != 7 {
			t.Errorf("%q = %d, %v; want an error that shows how to write it", in, d, err)
		}
	}
}

func TestDayTakesTOMLDates(t *testing.T) {
	for _, in := range []string{"2027-03-31", "2027-03-31T00:00:00+02:00"} {
		var d Day
		if err := d.UnmarshalText([]byte(in)); err != nil || d.Date != date("2027-03-31") {
			t.Errorf("%q = %s, %v", in, d, err)
		}
	}
	var d Day
	if err := d.UnmarshalText([]byte("31.3.2027")); err == nil {
		t.Error("31.3.2027 was taken")
	}
}

func TestFits(t *testing.T) {
	for _, tc := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "abc", true}, {"a*c", "abbc", true}, {"a*c", "abcb", false},
		{"*admin*", "global admin role", true}, {"a?c", "abc", true}, {"a?c", "ac", false}, {"?", "é", true}, {"??", "é", false},
		{"a*b*c", "aXbXbXc", true}, {"crm.view", "crm.view", true}, {"crm.view", "crm.views", false}, {"*.", "a.b.", true},
	} {
		if got := fits(tc.pattern, tc.s); got != tc.want {
			t.Errorf("fits(%q, %q) = %v", tc.pattern, tc.s, got)
		}
	}
}

// slowFits says what a pattern means in the plainest way.
func slowFits(p, s []rune) bool {
	switch {
	case len(p) == 0:
		return len(s) == 0
	case p[0] == '*':
		return slowFits(p[1:], s) || len(s) > 0 && slowFits(p, s[1:])
	}
	return len(s) > 0 && (p[0] == '?' || p[0] == s[0]) && slowFits(p[1:], s[1:])
}

func TestFitsMeansWhatItSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.StringOfN(rapid.RuneFrom([]rune("ab*?é")), 0, 8, -1).Draw(t, "pattern")
		s := rapid.StringOfN(rapid.RuneFrom([]rune("abé")), 0, 8, -1).Draw(t, "s")
		if got, want := fits(p, s), slowFits([]rune(p), []rune(s)); got != want {
			t.Fatalf("fits(%q, %q) = %v, want %v", p, s, got, want)
		}
	})
}

func TestStrictestThresholdWins(t *testing.T) {
	after := func(d Days) map[Kind]Rule { return map[Kind]Rule{StaleAccount: {After: &d}} }
	for _, tc := range []struct {
		name    string
		policy  Policy
		days    connectors.Date
		whereof string
	}{
		{"nothing said", Policy{}, 90, "default"},
		{"policy looser than the default", Policy{Rules: after(120)}, 120, "p.toml rules.stale_account"},
		{"preset stricter than the policy", Policy{Rules: after(120), Presets: []string{"soc2", "pci"}}, 90, "preset pci"},
		{"policy stricter than the preset", Policy{Rules: after(60), Presets: []string{"pci"}}, 60, "p.toml rules.stale_account"},
		{"two presets", Policy{Presets: []string{"fedramp-high", "pci"}}, 35, "preset fedramp-high"},
		{"two equal presets", Policy{Presets: []string{"pci", "fedramp-moderate"}}, 90, "preset fedramp-moderate"},
		{"preset without a number", Policy{Presets: []string{"iso27001"}}, 90, "default"},
		{"the app's own", Policy{Rules: after(60), App: map[connectors.AppID]AppPolicy{"crm": {Rules: after(75)}}}, 75, "p.toml app.crm.rules.stale_account"},
		{"another app's", Policy{Rules: after(60), App: map[connectors.AppID]AppPolicy{"erp": {Rules: after(75)}}}, 60, "p.toml rules.stale_account"},
		{"preset stricter than the app's own", Policy{App: map[connectors.AppID]AppPolicy{"crm": {Rules: after(75)}}, Presets: []string{"cis"}}, 45, "preset cis"},
		{"0d is not absent", Policy{Rules: after(0)}, 0, "p.toml rules.stale_account"},
	} {
		tc.policy.File = "p.toml"
		if r := tc.policy.rule("crm", StaleAccount); r.days != tc.days || r.from != tc.whereof || !strings.Contains(r.fact.Value, tc.whereof) {
			t.Errorf("%s: %d days from %q, %v", tc.name, r.days, r.from, r.fact)
		}
	}
}

func TestValidate(t *testing.T) {
	good := SoDRule{ID: "S1", A: SoDSide{"crm", "X"}, B: SoDSide{"crm", "Y"}}
	exception := Exception{ID: "x1", Kind: StaleAccount, App: "c*", Reason: "why", Owner: "E1", Expires: Day{testDay}}
	exceptionBut := func(change func(*Exception)) Policy {
		e := exception
		change(&e)
		return Policy{Exceptions: []Exception{e}}
	}
	for name, tc := range map[string]struct {
		policy Policy
		want   []string // "path: part of the message"
	}{
		"good": {Policy{Presets: []string{"pci"}, SoD: []SoDRule{good}, Exceptions: []Exception{exception},
			ServiceAccounts: []ServiceAccount{{App: "crm", Account: "svc*", Owner: "E1", Class: "service"}},
			Rules:           map[Kind]Rule{StaleAccount: {After: ptr(Days(1))}, MoverStacking: {Grace: ptr(Days(1))}, WeakSignIn: {RequireMFA: ptr(true)}}}, nil},
		"preset":              {Policy{Presets: []string{"soc2", "sox"}}, []string{"presets[1]: pci"}},
		"rule":                {Policy{Rules: map[Kind]Rule{"stale": {}}}, []string{"rules.stale: stale_account"}},
		"after for grace":     {Policy{Rules: map[Kind]Rule{MoverStacking: {After: ptr(Days(1))}}}, []string{"rules.mover_stacking.after: called grace"}},
		"grace for after":     {Policy{App: map[connectors.AppID]AppPolicy{"crm": {Rules: map[Kind]Rule{StaleAccount: {Grace: ptr(Days(1))}}}}}, []string{"app.crm.rules.stale_account.grace: called after"}},
		"no threshold":        {Policy{Rules: map[Kind]Rule{SoDConflict: {After: ptr(Days(1))}}}, []string{"rules.sod_conflict.after: no threshold"}},
		"mfa":                 {Policy{Rules: map[Kind]Rule{StaleAccount: {RequireMFA: ptr(true)}}}, []string{"rules.stale_account.require_mfa: weak_sign_in"}},
		"app":                 {Policy{App: map[connectors.AppID]AppPolicy{"crn": {}}}, []string{"app.crn: crm, erp"}},
		"role's app":          {Policy{Roles: map[string]RolePolicy{"ENG": {Allow: map[connectors.AppID][]string{"crn": {"X"}}, Must: map[connectors.AppID][]string{"crm": {" "}}}}}, []string{"roles.ENG.allow.crn: no app", "roles.ENG.must.crm: empty"}},
		"sod sides":           {Policy{SoD: []SoDRule{{ID: "S1", A: SoDSide{"crn", "X"}, B: SoDSide{"crm", ""}}}}, []string{"sod[0].a: no app", "sod[0].b: entitlement is missing"}},
		"sod id":              {Policy{SoD: []SoDRule{good, good, {A: good.A, B: good.B}}}, []string{"sod[1].id: twice", "sod[2]: id is missing"}},
		"sod with itself":     {Policy{SoD: []SoDRule{{ID: "S1", A: SoDSide{"crm", "X"}, B: SoDSide{"crm", "x"}}}}, []string{"sod[0]: same"}},
		"register":            {Policy{ServiceAccounts: []ServiceAccount{{App: "crm", Class: "human"}}}, []string{"service_account[0]: account is missing", "service_account[0].class: break_glass"}},
		"exception kind":      {exceptionBut(func(e *Exception) { e.Kind = "x" }), []string{"exception[0].kind: no finding kind"}},
		"exception covers it": {exceptionBut(func(e *Exception) { e.App = "*" }), []string{"exception[0]: cover every"}},
		"exception app":       {exceptionBut(func(e *Exception) { e.App = "x*" }), []string{"exception[0].app: fits"}},
		"exception reason":    {exceptionBut(func(e *Exception) { e.Reason = "" }), []string{"exception[0]: reason is missing"}},
		"exception owner":     {exceptionBut(func(e *Exception) { e.Owner = "" }), []string{"exception[0]: owner is missing"}},
		"exception expires":   {exceptionBut(func(e *Exception) { e.Expires = Day{} }), []string{"exception[0]: expires is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := tc.policy.Validate([]connectors.AppID{"crm", "erp"})
			if len(got) != len(tc.want) {
				t.Fatalf("problems %q, want %q", got, tc.want)
			}
			for i, p := range got {
				path, part, _ := strings.Cut(tc.want[i], ": ")
				if p.Path != path || !strings.Contains(p.Message, part) {
					t.Errorf("%s: %s\nwant %s", p.Path, p.Message, tc.want[i])
				}
			}
		})
	}
}

func TestRegister(t *testing.T) {
	p := &Policy{ServiceAccounts: []ServiceAccount{
		{App: "crm", Account: "svc-*", Owner: "E1", Class: "service"},
		{App: "crm", Account: "SVC-mail", Owner: "E2", Class: "shared"},
	}}
	if err := p.Prepare(); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		app      connectors.AppID
		id, user string
		class    connectors.Class
		owner    connectors.PersonID
	}{
		{"crm", "1", "SVC-backup", connectors.Service, "E1"},
		{"crm", "svc-mail", "", connectors.Shared, "E2"}, // a plain name before a pattern
		{"crm", "1", "backup", connectors.ClassUnknown, ""},
		{"erp", "1", "svc-backup", connectors.ClassUnknown, ""},
	} {
		a := &connectors.Account{ID: connectors.AccountID(tc.id), Username: tc.user}
		if c, o := p.registered(tc.app, a), p.registeredOwner(tc.app, a); c != tc.class || o != tc.owner {
			t.Errorf("%s %s %s: %s of %q", tc.app, tc.id, tc.user, c, o)
		}
	}
}

func TestExceptions(t *testing.T) {
	const finding = "orphaned_account/leaver crm a1"
	for _, tc := range []struct {
		name     string
		change   func(*company, *Exception)
		accepted bool
		why      string
	}{
		{"covers", func(*company, *Exception) {}, true, ""},
		{"last day today", func(_ *company, e *Exception) { e.Expires = Day{testDay} }, true, ""},
		{"expired yesterday", func(_ *company, e *Exception) { e.Expires = Day{testDay - 1} }, false, "expired on"},
		{"owner left", func(c *company, _ *Exception) { c.people[1].End = testDay - 1 }, false, "no longer works here"},
		{"owner unknown", func(_ *company, e *Exception) { e.Owner = "E404" }, false, "not on the roster"},
		{"owner is the subject", func(c *company, e *Exception) { e.Owner = "E1" }, false, "no longer works here"},
		{"another kind", func(_ *company, e *Exception) { e.Kind = StaleAccount }, false, ""},
		{"another app", func(_ *company, e *Exception) { e.App = "erp" }, false, ""},
		{"another account", func(_ *company, e *Exception) { e.Account = "b*" }, false, ""},
		{"another person", func(_ *company, e *Exception) { e.Person = "E2" }, false, ""},
		{"an entitlement", func(_ *company, e *Exception) { e.Entitlement = "X" }, false, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := leaverOn(testDay-5, connectors.Terminated)
			e := Exception{ID: "x1", Kind: OrphanedAccount, Account: "A?", Reason: "litigation hold", Owner: "E2", Expires: Day{testDay + 30}}
			tc.change(c, &e)
			c.policy.Exceptions = []Exception{e}
			v := c.run()
			if tc.accepted {
				expect(t, v.Findings)
				expect(t, v.Accepted, finding)
				if s := fact(v.Accepted[0], "exception"); !strings.Contains(s, "x1") || !strings.Contains(s, "litigation hold") {
					t.Errorf("exception = %q", s)
				}
				return
			}
			expect(t, v.Findings, finding)
			expect(t, v.Accepted)
			if f := v.Findings[0]; !strings.Contains(f.Why, tc.why) || !strings.Contains(fact(f, "exception"), tc.why) {
				t.Errorf("why = %q, evidence %v", f.Why, f.Evidence)
			}
		})
	}
	c := &company{people: []connectors.Person{worker("E1", "ENG")}, apps: []App{app("crm")}, accounts: []seat{human("crm", "a1", "E1")}}
	c.accounts[0].acc.Credentials = []connectors.Credential{{ID: "k", Created: testDay - 200}}
	c.policy.Exceptions = []Exception{{ID: "x1", Kind: DormantCredential, App: "crm", Owner: "E1", Expires: Day{testDay}, Reason: "mine"}}
	if f := find(t, c.run().Findings, "dormant_credential crm a1"); !strings.Contains(f.Why, "is the one it is about") {
		t.Errorf("nobody accepts a risk of their own: %q", f.Why)
	}
}

func TestPolicyNotes(t *testing.T) {
	c := &company{people: []connectors.Person{worker("E1", "ENG")}, apps: []App{app("crm")}}
	c.apps[0].Owner = "E7"
	c.policy.ServiceAccounts = []ServiceAccount{{App: "crm", Account: "svc", Owner: "E8", Class: "service", Review: Day{testDay}}}
	c.policy.Exceptions = []Exception{{ID: "x1", Kind: StaleAccount, App: "crm", Owner: "E9", Expires: Day{testDay - 1}, Reason: "r"}}
	notes := c.run().Notes
	for _, part := range []string{"E7", "E8", "E9", "was to be reviewed on 2026-11-01", "x1 expired on 2026-10-31"} {
		if !slices.ContainsFunc(notes, func(s string) bool { return strings.Contains(s, part) }) {
			t.Errorf("notes %q lack %q", notes, part)
		}
	}
}

func TestEveryKindIsExplained(t *testing.T) {
	for _, k := range Kinds {
		if len(controls[k]) == 0 {
			t.Errorf("%s has no controls", k)
		}
		if _, ok := severities[k]; !ok {
			t.Errorf("%s has no severity", k)
		}
		if nextSteps[k] == "" {
			t.Errorf("%s has no next step", k)
		}
	}
	for g, text := range gapTexts {
		if text.kind == "" || text.why == "" {
			t.Errorf("gap %d has no text", g)
		}
	}
}
