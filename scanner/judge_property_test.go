package scanner

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
)

var (
	drawnApps  = []string{"crm", "erp", "mail"}
	drawnRoles = []string{"ENG", "SUP", "FIN", ""}
)

// drawDay is a day near the thresholds, or far off, or unknown.
func drawDay(t *rapid.T, name string) connectors.Date {
	return rapid.SampledFrom([]connectors.Date{0, testDay - 400, testDay - 91, testDay - 90, testDay - 60, testDay - 30, testDay - 14,
		testDay - 1, testDay, testDay + 1, testDay + 40}).Draw(t, name)
}

func drawPerson(t *rapid.T, id string) connectors.Person {
	p := worker(id, rapid.SampledFrom(drawnRoles).Draw(t, "role"))
	if rapid.Bool().Draw(t, "coming or going") {
		p.Start, p.End = drawDay(t, "start"), drawDay(t, "end")
	}
	p.Status = connectors.WorkStatus(rapid.IntRange(0, 4).Draw(t, "status"))
	p.Employment = connectors.Employment(rapid.IntRange(0, 3).Draw(t, "employment"))
	p.LeaveStart, p.LeaveEnd = drawDay(t, "leave"), drawDay(t, "leave end")
	p.HistorySince = rapid.SampledFrom([]connectors.Date{0, date("2019-01-01"), testDay - 60}).Draw(t, "since")
	if p.HistorySince == 0 {
		p.Roles = nil
	} else if rapid.Bool().Draw(t, "moved") {
		p.Roles = []connectors.RolePeriod{{From: date("2019-01-01"), Role: rapid.SampledFrom(drawnRoles).Draw(t, "former")}, {From: testDay - 45, Role: p.Role}}
	}
	return p
}

func drawSeat(t *rapid.T, id string, people []string) seat {
	s := human(rapid.SampledFrom(drawnApps).Draw(t, "app"), id, "")
	s.class = connectors.Class(max(1, rapid.IntRange(-3, 5).Draw(t, "class")))
	owner := rapid.SampledFrom(people).Draw(t, "owner")
	if s.grade = Grade(min(4, rapid.IntRange(0, 8).Draw(t, "grade"))); s.grade >= Proposed {
		s.owner = connectors.PersonID(owner)
	}
	if s.class != connectors.Human {
		s.grade, s.owner, s.duty = None, "", rapid.SampledFrom([]string{"", "E404", owner}).Draw(t, "duty")
	}
	a := &s.acc
	a.Enabled, a.MFA = connectors.Tri(rapid.IntRange(0, 2).Draw(t, "enabled")), connectors.Tri(rapid.IntRange(0, 2).Draw(t, "mfa"))
	a.Created, a.LastSignIn = drawDay(t, "created"), drawDay(t, "sign-in")
	for _, e := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"USER", "CODE", "TICKETS", "PAY", "ORDER", "ADMIN"}), 0, 4, rapid.ID[string]).Draw(t, "entitlements") {
		a.Entitlements = append(a.Entitlements, connectors.Entitlement{ID: connectors.EntitlementID(e), Granted: drawDay(t, "granted"), LastUsed: drawDay(t, "used"), Until: drawDay(t, "until")})
	}
	if rapid.Bool().Draw(t, "key") {
		a.Credentials = []connectors.Credential{{ID: "k", Created: drawDay(t, "key made")}}
	}
	return s
}

// drawCompany is any small company.
func drawCompany(t *rapid.T) *company {
	c := &company{}
	var ids []string
	for i := range rapid.IntRange(1, 4).Draw(t, "people") {
		ids = append(ids, fmt.Sprintf("E%d", i))
		c.people = append(c.people, drawPerson(t, ids[i]))
	}
	for _, a := range drawnApps {
		c.apps = append(c.apps, app(a))
		c.policy.Allow("ENG", connectors.AppID(a), "CODE")
		c.policy.Allow("SUP", connectors.AppID(a), "TICK*")
		c.policy.Allow("FIN", connectors.AppID(a), "PAY")
	}
	c.apps[0].Privileged = []string{"admin"}
	c.removals = []Removal{{App: "erp", Account: "a1", Entitlement: "PAY", On: testDay - 3, Case: "c-1"}, {App: "crm", Account: "a2", On: testDay - 3, Case: "c-2"}}
	c.policy.Birthright.Must = map[connectors.AppID][]string{"mail": {"USER"}}
	c.policy.Rules = map[Kind]Rule{WeakSignIn: {RequireMFA: ptr(true)}}
	c.policy.AddSoD(SoDRule{ID: "S1", A: SoDSide{"erp", "PAY"}, B: SoDSide{"crm", "ORDER"}})
	c.policy.AddSoD(SoDRule{ID: "S2", A: SoDSide{"erp", "PAY"}, B: SoDSide{"erp", "*"}})
	for i := range rapid.IntRange(0, 12).Draw(t, "accounts") {
		c.accounts = append(c.accounts, drawSeat(t, fmt.Sprintf("a%d", i), ids))
	}
	return c
}

func same(t *rapid.T, what string, got, want []Finding) {
	if len(got) == 0 && len(want) == 0 || reflect.DeepEqual(got, want) {
		return
	}
	t.Fatalf("%s changed other findings:\n got %q\nwant %q", what, lines(got), lines(want))
}

func without(fs []Finding, drop func(Finding) bool) []Finding {
	return slices.DeleteFunc(slices.Clone(fs), drop)
}

func TestOrderOfAccountsAndAppsIsIrrelevant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCompany(t)
		before := c.run()
		c.accounts = rapid.Permutation(c.accounts).Draw(t, "order")
		c.apps = rapid.Permutation(c.apps).Draw(t, "apps")
		after := c.run()
		same(t, "another order", after.Findings, before.Findings)
		if !reflect.DeepEqual(after.NotJudged, before.NotJudged) {
			t.Fatalf("not judged: %v, before %v", after.NotJudged, before.NotJudged)
		}
	})
}

func TestUnrelatedPersonAndAppChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCompany(t)
		before := c.run().Findings
		c.people = append([]connectors.Person{drawPerson(t, "E00")}, c.people...)
		c.apps = append(c.apps, app("wiki"))
		for i := range 3 {
			s := drawSeat(t, fmt.Sprintf("w%d", i), []string{"E00"})
			s.app = "wiki"
			c.accounts = append(c.accounts, s)
		}
		after := without(c.run().Findings, func(f Finding) bool { return f.App == "wiki" || f.Person == "E00" })
		same(t, "an unrelated person and app", after, before)
	})
}

// What rests on somebody's end goes with the end date, and nothing else does. What such a person holds is then judged as
// anybody's who works here.
func TestEndDateTakesItsFindingsWithIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCompany(t)
		p := &c.people[rapid.IntRange(0, len(c.people)-1).Draw(t, "who")]
		p.Status, p.End = connectors.Active, testDay-rapid.SampledFrom([]connectors.Date{1, 30, 200}).Draw(t, "left")
		id := p.ID
		before := c.run().Findings
		p.End = 0
		after := c.run().Findings
		rests := func(f Finding) bool {
			return f.Person == id && (f.Reason == ReasonLeaver || f.Reason == ReasonContractEnded || f.Kind == SignInAfterExit || f.Kind == OwnerlessAccount)
		}
		for _, f := range after {
			if rests(f) {
				t.Fatalf("%s rests on an end that is not there", line(f))
			}
		}
		// What says something of the person quotes the HR record, and so reads otherwise: compare that by its id.
		about := func(f Finding) bool { return f.Person == id }
		same(t, "an end date", without(after, about), without(before, about))
		employed := []Kind{MoverStacking, ExcessAccess, LeaveNotSuspended, EarlyAccess, MissingAccess}
		had := map[FindingID]bool{}
		for _, f := range before {
			had[f.ID] = true
		}
		has := map[FindingID]bool{}
		for _, f := range after {
			has[f.ID] = true
			if about(f) && !had[f.ID] && !slices.Contains(employed, f.Kind) {
				t.Fatalf("%s came up when %s had an end no more", line(f), id)
			}
		}
		for _, f := range before {
			if about(f) && !rests(f) && !has[f.ID] {
				t.Fatalf("%s is gone, and does not rest on the end date", line(f))
			}
		}
	})
}

// The properties say something only of kinds that the drawn companies show: these are the same companies every time.
func TestDrawnCompaniesShowEveryKind(t *testing.T) {
	kinds := map[Kind]int{}
	companies := rapid.Custom(drawCompany)
	for seed := range 400 {
		v := companies.Example(seed).run()
		if !slices.IsSortedFunc(v.Findings, func(a, b Finding) int { return CompareFindings(&a, &b) }) {
			t.Fatalf("not sorted: %q", lines(v.Findings))
		}
		ids := map[FindingID]bool{}
		for _, f := range v.Findings {
			wellFormed(t, f)
			kinds[f.Kind]++
			if ids[f.ID] {
				t.Fatalf("two findings have the id %s", f.ID)
			}
			ids[f.ID] = true
		}
	}
	for _, k := range Kinds {
		if kinds[k] == 0 {
			t.Errorf("no drawn company shows %s", k)
		}
	}
}
