package scanner

import (
	"fmt"
	"slices"
	"testing"

	"rollcall/connectors"
)

func TestDuplicates(t *testing.T) {
	base := func() *company {
		return &company{people: []connectors.Person{worker("E1", "ENG"), worker("E2", "ENG")}, apps: []App{app("crm"), app("erp")},
			accounts: []seat{human("crm", "a1", "E1"), human("crm", "a2", "E1"), human("crm", "a3", "E2"), human("erp", "a1", "E1")}}
	}
	c := base()
	c.accounts[0].acc.LastSignIn = testDay - 20
	v := c.run()
	expect(t, v.Findings, "duplicate_account crm a1") // a2 is the one in use
	if f := v.Findings[0]; f.Group != "duplicate:crm:E1" || len(f.Related) != 1 || f.Related[0].Account != "a2" {
		t.Errorf("%+v", f)
	}
	for name, change := range map[string]func(*seat){
		"disabled":       func(s *seat) { s.acc.Enabled = connectors.No },
		"another class":  func(s *seat) { s.class, s.owner, s.duty = connectors.Service, "", "E1" },
		"another person": func(s *seat) { s.owner = "E2"; s.app = "erp" },
	} {
		c := base()
		change(&c.accounts[1])
		if got := lines(c.run().Findings); len(got) != 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
	c = base()
	c.accounts[1].grade = Proposed
	expect(t, c.run().Findings, "unconfirmed_owner crm a2")
}

// conflict is a person who can both order and pay, in two apps.
func conflict() *company {
	c := &company{people: []connectors.Person{worker("E1", "ENG"), worker("E2", "ENG")}, apps: []App{app("crm"), app("erp")},
		accounts: []seat{human("crm", "a1", "E1").holding("CRM.ORDER"), human("erp", "b1", "E1").holding("ERP.PAY"), human("erp", "b2", "E2").holding("ERP.PAY")}}
	c.policy.AddSoD(SoDRule{ID: "S1", Name: "order and pay", A: SoDSide{"crm", "crm.order"}, B: SoDSide{"erp", "ERP.P*"}})
	return c
}

func TestSoD(t *testing.T) {
	both := []string{"sod_conflict crm a1 CRM.ORDER", "sod_conflict erp b1 ERP.PAY"}
	for _, tc := range []struct {
		name   string
		change func(*company)
		want   []string
	}{
		{"two apps", nil, both},
		{"one side disabled", func(c *company) { c.accounts[0].acc.Enabled = connectors.No }, nil},
		{"one side not surely theirs", func(c *company) { c.accounts[0].grade = Proposed }, []string{"unconfirmed_owner crm a1"}},
		{"both on one account", func(c *company) {
			c.policy.SoD[0].A.App = "erp"
			c.accounts = []seat{human("erp", "b1", "E1").holding("ERP.PAY", "CRM.ORDER")}
		}, []string{"sod_conflict erp b1 CRM.ORDER"}},
		{"rule off in one app", func(c *company) {
			c.policy.App = map[connectors.AppID]AppPolicy{"crm": {Rules: map[Kind]Rule{SoDConflict: {Enabled: ptr(false)}}}}
		}, nil},
		{"two people", func(c *company) { c.accounts[0].owner = "E2"; c.accounts[2].owner = "E1" }, nil},
		{"roster not trusted", func(c *company) { c.untrusted = true }, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := conflict()
			c.policy.Rules = map[Kind]Rule{DuplicateAccount: {Enabled: ptr(false)}}
			if tc.change != nil {
				tc.change(c)
			}
			expect(t, c.run().Findings, tc.want...)
		})
	}
}

func TestSoDIsOneCase(t *testing.T) {
	c := conflict()
	c.accounts = append(c.accounts, human("erp", "b3", "E1").holding("ERP.PAY", "ERP.PLAN"))
	c.policy.SoD[0].Severity = ptr(Low)
	c.policy.Rules = map[Kind]Rule{DuplicateAccount: {Enabled: ptr(false)}}
	fs := c.run().Findings
	expect(t, fs, "sod_conflict crm a1 CRM.ORDER", "sod_conflict erp b1 ERP.PAY", "sod_conflict erp b3 ERP.PAY")
	if s := fact(fs[0], "side") + " and " + fact(fs[0], "other side"); s != "crm CRM.ORDER and erp ERP.PAY" {
		t.Errorf("the sides are %s", s)
	}
	for _, f := range fs {
		if f.Group != "sod:S1:E1" || f.Severity != Low || len(f.Related) != 3 {
			t.Errorf("%s: group %s, severity %s, related %v", line(f), f.Group, f.Severity, f.Related)
		}
		if slices.Contains(f.Related, Related{f.App, f.Account, f.Entitlement}) {
			t.Errorf("%s is related to itself", line(f))
		}
	}
}

// More people, entitlements and roles than fit in one chunk, word or table.
func TestManyOfEverything(t *testing.T) {
	c := &company{apps: []App{app("crm")}}
	const n = 2*slotChunk + 7
	for i := range n {
		id, role, ent := fmt.Sprintf("E%d", i), fmt.Sprintf("R%d", i%90), fmt.Sprintf("X%d", i%90)
		c.people = append(c.people, worker(id, role))
		c.policy.Allow(role, "crm", ent)
		c.accounts = append(c.accounts, human("crm", "a"+id, id).holding(ent))
	}
	expect(t, c.run().Findings)
	c.accounts[n-2] = c.accounts[n-2].holding("X1") // R(n-2)%90 does not explain it
	c.accounts = append(c.accounts, human("crm", "b", "E600"))
	expect(t, c.run().Findings, fmt.Sprintf("excess_access crm aE%d X1", n-2), "duplicate_account crm b")
}
