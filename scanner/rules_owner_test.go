package scanner

import (
	"strings"
	"testing"

	"rollcall/connectors"
)

// leaverOn makes one person with one account, who left on the day given.
func leaverOn(last connectors.Date, status connectors.WorkStatus) *company {
	p := worker("E1", "ENG")
	p.End, p.Status = last, status
	return &company{people: []connectors.Person{p, worker("E2", "ENG")}, apps: []App{app("crm")}, accounts: []seat{human("crm", "a1", "E1").with(func(s *seat) {
		s.acc.LastSignIn = min(last, testDay-1)
	})}}
}

func TestLeaver(t *testing.T) {
	for _, tc := range []struct {
		name   string
		last   connectors.Date
		status connectors.WorkStatus
		change func(*company)
		want   []string
	}{
		{"last day today is a working day", testDay, connectors.Terminated, nil, nil},
		{"last day tomorrow", testDay + 1, connectors.Terminated, nil, nil},
		{"last day yesterday", testDay - 1, connectors.Terminated, nil, []string{"orphaned_account/leaver crm a1"}},
		{"end date alone", testDay - 1, connectors.Active, nil, []string{"orphaned_account/leaver crm a1"}},
		{"terminated without a date", 0, connectors.Terminated, func(c *company) { c.accounts[0].acc.LastSignIn = testDay - 1 }, []string{"orphaned_account/leaver crm a1"}},
		{"contractor", testDay - 1, connectors.Active, func(c *company) { c.people[0].Employment = connectors.Contractor }, []string{"orphaned_account/contract_ended crm a1"}},
		{"intern", testDay - 1, connectors.Terminated, func(c *company) { c.people[0].Employment = connectors.Intern }, []string{"orphaned_account/leaver crm a1"}},
		{"disabled account", testDay - 1, connectors.Terminated, func(c *company) { c.accounts[0].acc.Enabled = connectors.No }, nil},
		{"enabled unknown", testDay - 1, connectors.Terminated, func(c *company) { c.accounts[0].acc.Enabled = connectors.Unknown }, []string{"orphaned_account/leaver crm a1"}},
		{"strong is sure", testDay - 1, connectors.Terminated, func(c *company) { c.accounts[0].grade = Strong }, []string{"orphaned_account/leaver crm a1"}},
		{"proposed is asked", testDay - 1, connectors.Terminated, func(c *company) { c.accounts[0].grade = Proposed }, []string{"unconfirmed_owner crm a1"}},
		{"ambiguous is asked", testDay - 1, connectors.Terminated, func(c *company) { c.accounts[0].grade, c.accounts[0].owner = Ambiguous, "" }, []string{"unconfirmed_owner crm a1"}},
		{"possible re-hire is asked", testDay - 1, connectors.Terminated, func(c *company) { c.maybeSame = [][2]connectors.PersonID{{"E1", "E2"}} }, []string{"unconfirmed_owner crm a1"}},
		{"a possible twin who left as well", testDay - 1, connectors.Terminated, func(c *company) {
			c.people[1].End, c.people[1].Status = testDay-30, connectors.Terminated
			c.maybeSame = [][2]connectors.PersonID{{"E1", "E2"}}
		}, []string{"orphaned_account/leaver crm a1"}},
		{"nobody", testDay - 1, connectors.Terminated, func(c *company) { c.accounts[0].grade, c.accounts[0].owner = None, "" }, []string{"orphaned_account/no_owner crm a1"}},
		{"roster not trusted", testDay - 1, connectors.Terminated, func(c *company) { c.untrusted = true }, nil},
		{"pull incomplete", testDay - 1, connectors.Terminated, func(c *company) { c.incomplete = map[connectors.AppID]bool{"crm": true} }, nil},
		{"rule off", testDay - 1, connectors.Terminated, func(c *company) { c.policy.Rules = map[Kind]Rule{OrphanedAccount: {Enabled: ptr(false)}} }, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := leaverOn(tc.last, tc.status)
			if tc.change != nil {
				tc.change(c)
			}
			expect(t, c.run().Findings, tc.want...)
		})
	}
}

func TestLeaverSaysWhatItRestsOn(t *testing.T) {
	f := find(t, leaverOn(testDay-1, connectors.Active).run().Findings, "orphaned_account/leaver crm a1")
	if s := fact(f, "hr status"); !strings.Contains(s, "end date alone") {
		t.Errorf("hr_status = %q: an end date alone is to be asked", s)
	}
	if f.Group != "leaver:E1" || f.Person != "E1" || f.Severity != High {
		t.Errorf("%+v", f)
	}
	f = find(t, leaverOn(testDay-62, connectors.Terminated).run().Findings, "orphaned_account/leaver crm a1")
	for _, part := range []string{"E1", "2026-08-31 (62 days ago)", "still works", "last used on 2026-08-31"} {
		if !strings.Contains(f.Why, part) {
			t.Errorf("why %q lacks %q", f.Why, part)
		}
	}
	if fact(f, FactLogin) != "a1" || fact(f, "matched_by") != "test" || !strings.Contains(fact(f, "hr says"), "terminated") {
		t.Errorf("the chain from account to record is broken: %v", f.Evidence)
	}
	c := leaverOn(testDay-1, connectors.Terminated)
	c.accounts[0].acc.Enabled = connectors.Unknown
	if s := fact(c.run().Findings[0], "status"); !strings.Contains(s, "judged as enabled") {
		t.Errorf("status = %q", s)
	}
	c = leaverOn(testDay-1, connectors.Terminated)
	c.maybeSame = [][2]connectors.PersonID{{"E1", "E2"}}
	if f := c.run().Findings[0]; !strings.Contains(f.Why, "E1") || !strings.Contains(f.Why, "E2") {
		t.Errorf("why %q must name both", f.Why)
	}
}

func TestPrivilegedRaisesSeverity(t *testing.T) {
	c := leaverOn(testDay-1, connectors.Terminated)
	c.accounts[0] = c.accounts[0].holding("crm.Admin.All")
	if f := find(t, c.run().Findings, "orphaned_account/leaver crm a1"); f.Severity != High {
		t.Errorf("severity %s, want high", f.Severity)
	}
	c.apps[0].Privileged = []string{"*ADMIN*"}
	if f := find(t, c.run().Findings, "orphaned_account/leaver crm a1"); f.Severity != Critical {
		t.Errorf("severity %s, want critical", f.Severity)
	}
	c.policy.Rules = map[Kind]Rule{OrphanedAccount: {Severity: ptr(Info)}}
	if f := find(t, c.run().Findings, "orphaned_account/leaver crm a1"); f.Severity != Info {
		t.Errorf("severity %s: the policy says info", f.Severity)
	}
}

func TestMissingFromTheRosterIsNotTerminated(t *testing.T) {
	c := &company{people: []connectors.Person{worker("E2", "ENG")}, apps: []App{app("crm")}, missing: map[connectors.PersonID]int{"E1": 1},
		accounts: []seat{human("crm", "a1", "").with(func(s *seat) { s.grade, s.acc.EmployeeID = None, " e1" })}}
	v := c.run()
	expect(t, v.Findings)
	if notJudged(v, OrphanedAccount) != 1 {
		t.Errorf("not judged: %v", v.NotJudged)
	}
	c.missing["E1"] = 2
	f := find(t, c.run().Findings, "orphaned_account/no_owner crm a1")
	if !strings.Contains(f.Why, "ask HR") {
		t.Errorf("why = %q", f.Why)
	}
}

func TestSignInAfterExit(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*company)
		want   []string
	}{
		{"on the last day", func(c *company) { c.accounts[0].acc.LastSignIn = testDay - 10 }, nil},
		{"the day after", func(c *company) { c.accounts[0].acc.LastSignIn = testDay - 9 }, []string{"sign_in_after_exit crm a1"}},
		{"never", func(c *company) { c.accounts[0].acc.LastSignIn = 0 }, nil},
		{"an app that does not report sign-ins", func(c *company) {
			c.accounts[0].acc.LastSignIn = testDay - 9
			c.apps[0].Source = judgedApp{}
		}, nil},
		{"possible re-hire", func(c *company) {
			c.accounts[0].acc.LastSignIn = testDay - 9
			c.maybeSame = [][2]connectors.PersonID{{"E1", "E2"}}
		}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := leaverOn(testDay-10, connectors.Terminated)
			c.accounts[0].acc.Enabled = connectors.No // the harm may be done before an account is disabled
			tc.change(c)
			expect(t, c.run().Findings, tc.want...)
		})
	}
	c := leaverOn(0, connectors.Terminated)
	c.accounts[0].acc.Enabled, c.accounts[0].acc.LastSignIn = connectors.No, testDay-1
	if v := c.run(); len(v.Findings) != 0 || notJudged(v, SignInAfterExit) != 1 {
		t.Errorf("without a last day nothing can be later: %v %v", lines(v.Findings), v.NotJudged)
	}
}

func TestOwnerless(t *testing.T) {
	left := worker("E9", "ENG")
	left.End, left.Status = testDay-3, connectors.Terminated
	for _, tc := range []struct {
		name  string
		class connectors.Class
		duty  string
		want  bool
	}{
		{"service, owned", connectors.Service, "E1", false},
		{"service, nobody named", connectors.Service, "", true},
		{"shared, nobody named", connectors.Shared, "", true},
		{"break-glass, not on the roster", connectors.BreakGlass, "E404", true},
		{"guest, sponsor left", connectors.Guest, "E9", true},
		{"guest, sponsored", connectors.Guest, "E1", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := &company{people: []connectors.Person{worker("E1", "ENG"), left}, apps: []App{app("crm")}, accounts: []seat{thing("crm", "svc", tc.class, tc.duty)}}
			var want []string
			if tc.want {
				want = []string{"ownerless_account crm svc"}
			}
			expect(t, c.run().Findings, want...)
			c.accounts[0].acc.Enabled = connectors.No
			expect(t, c.run().Findings)
		})
	}
	c := &company{people: []connectors.Person{worker("E1", "ENG"), left}, apps: []App{app("crm")}, accounts: []seat{thing("crm", "svc", connectors.Service, "E9")},
		maybeSame: [][2]connectors.PersonID{{"E1", "E9"}}}
	expect(t, c.run().Findings, "unconfirmed_owner crm svc")
}
