package remediate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

// scene is what a plan is made from, as a test sets it.
type scene struct {
	findings []scanner.Finding
	policy   *scanner.Policy
	subjects map[string]*remediate.Subject
	can      map[connectors.AppID]connectors.Abilities
}

func (s *scene) Subject(app connectors.AppID, id connectors.AccountID) (*remediate.Subject, bool) {
	sub, found := s.subjects[string(app)+"/"+string(id)]
	return sub, found
}
func (s *scene) Abilities(app connectors.AppID) connectors.Abilities { return s.can[app] }
func (*scene) InShadow(remediate.RuleIn) string                      { return "" }
func (s *scene) plan() *remediate.Plan                               { return remediate.MakePlan(s.findings, s.policy, s) }

// drawScene draws findings of every kind, on accounts of every class, in apps of every ability, under any policy.
func drawScene(t *rapid.T) *scene {
	s := &scene{policy: &scanner.Policy{Rules: map[scanner.Kind]scanner.Rule{}, App: map[connectors.AppID]scanner.AppPolicy{}}, subjects: map[string]*remediate.Subject{}, can: map[connectors.AppID]connectors.Abilities{}}
	mode := rapid.SampledFrom([]scanner.Mode{scanner.ModeReport, scanner.ModeAsk, scanner.ModeAuto, scanner.ModeAuto})
	for _, k := range scanner.Kinds {
		if m := mode.Draw(t, "mode"); rapid.IntRange(0, 4).Draw(t, "set") > 0 {
			s.policy.Rules[k] = scanner.Rule{Mode: &m}
		}
	}
	own := mode.Draw(t, "own mode")
	s.policy.App["crm"] = scanner.AppPolicy{Rules: map[scanner.Kind]scanner.Rule{scanner.OrphanedAccount: {Mode: &own}}}
	for _, app := range []connectors.AppID{"crm", "erp", "dir"} {
		s.can[app] = connectors.Abilities(rapid.IntRange(0, 63).Draw(t, "abilities"))
		for i := range 3 {
			a := account(fmt.Sprint("a", i), fmt.Sprint("E", i), "reader", "owner")
			a.Enabled = rapid.SampledFrom([]connectors.Tri{connectors.Yes, connectors.Yes, connectors.Unknown, connectors.No}).Draw(t, "enabled")
			a.LastSignIn = connectors.Date(rapid.IntRange(0, 20000).Draw(t, "last sign-in"))
			if rapid.Bool().Draw(t, "key") {
				a = withKey(a, "k")
			}
			if rapid.Bool().Draw(t, "inherited") {
				a.Entitlements[1].Inherited = "group"
			}
			class := rapid.SampledFrom([]connectors.Class{connectors.Human, connectors.Human, connectors.Service, connectors.BreakGlass, connectors.Guest}).Draw(t, "class")
			if rapid.IntRange(0, 9).Draw(t, "read") > 0 {
				s.subjects[string(app)+"/"+string(a.ID)] = &remediate.Subject{Account: a, Class: class, Admin: rapid.Bool().Draw(t, "admin")}
			}
		}
	}
	for n := range rapid.IntRange(0, 8).Draw(t, "findings") {
		s.findings = append(s.findings, drawFinding(t, n))
	}
	return s
}

func drawFinding(t *rapid.T, n int) scanner.Finding {
	i := rapid.IntRange(0, 2).Draw(t, "account")
	f := scanner.Finding{ID: scanner.FindingID(fmt.Sprint("f-", n)), Kind: rapid.SampledFrom(append(slices.Repeat([]scanner.Kind{scanner.OrphanedAccount}, 8), scanner.Kinds...)).Draw(t, "kind"),
		Severity: scanner.Severity(rapid.IntRange(0, 4).Draw(t, "severity")), App: rapid.SampledFrom([]connectors.AppID{"crm", "erp", "dir"}).Draw(t, "app"),
		Account: connectors.AccountID(fmt.Sprint("a", i)), Person: connectors.PersonID(fmt.Sprint("E", i)), Grade: rapid.SampledFrom([]scanner.Grade{scanner.Exact, scanner.Exact, scanner.Strong, scanner.None}).Draw(t, "grade"),
		Why: "because"}
	f.Group = string(f.ID)
	switch f.Kind {
	case scanner.OrphanedAccount:
		f.Reason = rapid.SampledFrom([]string{scanner.ReasonLeaver, scanner.ReasonLeaver, scanner.ReasonContractEnded, scanner.ReasonNoOwner}).Draw(t, "reason")
		f.Evidence = []scanner.Fact{{Name: "hr status", Value: rapid.SampledFrom([]string{"terminated", "terminated", "active on E1: the end date alone says so"}).Draw(t, "hr")}}
		f.Group = "leaver:" + string(f.Person)
	case scanner.MoverStacking, scanner.ExcessAccess, scanner.StalePrivilege, scanner.ExpiredGrant:
		f.Entitlement = rapid.SampledFrom([]connectors.EntitlementID{"reader", "owner"}).Draw(t, "entitlement")
		f.Reason = rapid.SampledFrom([]string{"", scanner.ReasonHistoryUnknown}).Draw(t, "reason")
	case scanner.DormantCredential:
		f.Evidence = []scanner.Fact{{Name: scanner.FactCredential, Value: "k"}}
	}
	return f
}

func TestAPlanDependsOnNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		a := s.plan()
		s.findings = rapid.Permutation(s.findings).Draw(t, "order")
		b := s.plan()
		if a.Hash != b.Hash || fmt.Sprintf("%+v", a) != fmt.Sprintf("%+v", b) {
			t.Fatalf("in another order the plan is\n%+v\nwas\n%+v", b, a)
		}
	})
}

// Law 6 and Law 2: what is automatic is exact, a human's, can be taken back, and a leaver is one by HR's own word.
func TestWhatIsAutomatic(t *testing.T) {
	automatic := 0
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		for _, it := range s.plan().Items {
			if it.Mode != scanner.ModeAuto {
				continue
			}
			automatic++
			for _, x := range it.Targets {
				if !x.Exact || x.Class != "human" {
					t.Fatalf("%+v is automatic on %+v", it, x)
				}
			}
			for _, a := range it.Actions {
				disables := slices.ContainsFunc(it.Actions, func(b remediate.Action) bool {
					return b.Verb == remediate.Disable && b.App == a.App && b.Account == a.Account
				})
				// Ending sessions is the one that does not come back exactly: with a disabled account, it takes nothing else.
				if a.Verb != remediate.Ticket && a.Undo != remediate.Exact && !(a.Verb == remediate.EndSessions && disables) {
					t.Fatalf("%+v is automatic", a)
				}
			}
			for _, f := range s.findings {
				if !slices.Contains(it.Findings, f.ID) {
					continue
				}
				if s.policy.Mode(f.App, f.Kind) != scanner.ModeAuto || !f.MayBeAutomatic() {
					t.Fatalf("%+v is automatic, the policy says %s", f, s.policy.Mode(f.App, f.Kind))
				}
				if f.Kind == scanner.OrphanedAccount && (f.Reason == scanner.ReasonNoOwner || f.Evidence[0].Value != "terminated") {
					t.Fatalf("a leaver by an end date, or nobody's account, is automatic: %+v", f)
				}
			}
		}
	})
	if automatic == 0 {
		t.Error("nothing is ever automatic")
	}
}

// What an app cannot do is a ticket, and nothing that is to be done is silent.
func TestWhatCannotBeDoneIsATicket(t *testing.T) {
	needs := map[remediate.Verb]connectors.Ability{remediate.Disable: connectors.CanDisable, remediate.EndSessions: connectors.CanRevokeSessions,
		remediate.RemoveEntitlement: connectors.CanRemoveEntitlement, remediate.RevokeCredential: connectors.CanRevokeCredential}
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		planned := map[scanner.FindingID]remediate.Item{}
		for _, it := range s.plan().Items {
			for _, f := range it.Findings {
				planned[f] = it
			}
			for _, a := range it.Actions {
				if a.Verb == remediate.Ticket && (a.Task == "" || a.Undo != remediate.None) {
					t.Fatalf("a ticket says nothing: %+v", a)
				}
				if a.Verb != remediate.Ticket && !s.can[a.App].Has(needs[a.Verb]) {
					t.Fatalf("%s cannot %s", a.App, a.Verb)
				}
				sub := s.subjects[string(a.App)+"/"+string(a.Account)]
				if a.Verb == remediate.RemoveEntitlement && slices.ContainsFunc(sub.Account.Entitlements, func(e connectors.Entitlement) bool { return e.ID == a.Entitlement && e.Inherited != "" }) {
					t.Fatalf("%s is inherited: taking it away does not help", a.Entitlement)
				}
			}
		}
		for _, f := range s.findings {
			sub := s.subjects[string(f.App)+"/"+string(f.Account)]
			it, is := planned[f.ID]
			switch f.Kind {
			case scanner.OrphanedAccount, scanner.StaleAccount, scanner.LeaveNotSuspended, scanner.EarlyAccess:
				if sub != nil && sub.Account.Enabled == connectors.No {
					continue
				}
				if !is || !slices.ContainsFunc(it.Actions, func(a remediate.Action) bool {
					return a.App == f.App && a.Account == f.Account && (a.Verb == remediate.Disable || a.Verb == remediate.Ticket)
				}) {
					t.Fatalf("nothing follows from %+v", f)
				}
			case scanner.MoverStacking, scanner.ExcessAccess, scanner.StalePrivilege, scanner.ExpiredGrant, scanner.OwnerlessAccount:
				if !is {
					t.Fatalf("nothing follows from %+v", f)
				}
			}
		}
	})
}

// Sessions and keys that stay are named.
func TestWhatGoesOnWorkingIsNamed(t *testing.T) {
	for _, x := range []struct {
		can      connectors.Ability
		kind     scanner.Kind
		residual []string
		stops    int
	}{
		{connectors.CanDisable, scanner.OrphanedAccount, []string{"sessions of ann in crm", "the api_key k1 of ann in crm"}, 1},
		{connectors.CanDisable | connectors.CanRevokeSessions, scanner.OrphanedAccount, []string{"the api_key k1"}, 1},
		{connectors.CanDisable | connectors.CanRevokeSessions | connectors.CanRevokeCredential, scanner.OrphanedAccount, nil, 1},
		{connectors.CanDisable | connectors.CanRevokeSessions | connectors.CanRevokeCredential, scanner.LeaveNotSuspended, []string{"sessions of ann", "the api_key k1"}, 1},
	} {
		f := leaver("E1", "crm", "ann")
		f.Kind = x.kind
		b := &bench{t: t, w: crm(), can: connectors.Abilities(x.can), mode: scanner.ModeAuto}
		it := b.plan(f).Items[0]
		text := strings.Join(it.Residual, "; ")
		says(t, text, x.residual...)
		if len(it.Residual) != len(x.residual) || len(it.Stops) != x.stops {
			t.Errorf("%v, %s: goes on %q, stops %q", x.can, x.kind, it.Residual, it.Stops)
		}
		if keys := slices.ContainsFunc(it.Actions, func(a remediate.Action) bool { return a.Verb == remediate.RevokeCredential }); keys && it.Mode == scanner.ModeAuto {
			t.Error("a key that does not come back is revoked unasked")
		}
	}
}

// Tonight's equal plan is the same plan: the hash leaves out the run, the time and sign-ins, and nothing that matters.
func TestWhatTheHashIsOver(t *testing.T) {
	made := func(change func(*scanner.Finding, *connectors.Account)) string {
		w, f := crm(), leaver("E1", "crm", "ann")
		a := w.Accounts["crm/ann"]
		change(&f, &a)
		w.Accounts["crm/ann"] = a
		return (&bench{t: t, w: w, can: everything, mode: scanner.ModeAsk}).plan(f).Hash
	}
	base := made(func(*scanner.Finding, *connectors.Account) {})
	for name, change := range map[string]func(*scanner.Finding, *connectors.Account){
		"last sign-in": func(_ *scanner.Finding, a *connectors.Account) { a.LastSignIn = 20513 },
		"where it stands": func(_ *scanner.Finding, a *connectors.Account) {
			a.From = connectors.Where{Source: "other.csv", Line: 7}
		},
		"the order of rights": func(_ *scanner.Finding, a *connectors.Account) { slices.Reverse(a.Entitlements) },
		"when it was found": func(f *scanner.Finding, _ *connectors.Account) {
			f.FirstSeen, f.TimesSeen, f.BackAgain = 20513, 4, true
		},
		"words and days": func(f *scanner.Finding, _ *connectors.Account) {
			f.Why, f.Severity = "left 9 days ago", scanner.Critical
		},
	} {
		if made(change) != base {
			t.Errorf("%s makes another plan", name)
		}
	}
	for name, change := range map[string]func(*scanner.Finding, *connectors.Account){
		"another right":  func(_ *scanner.Finding, a *connectors.Account) { a.Entitlements[0].ID = "owner" },
		"another person": func(f *scanner.Finding, _ *connectors.Account) { f.Person = "E2" },
		"another key":    func(_ *scanner.Finding, a *connectors.Account) { a.Credentials[0].ID = "k2" },
		"a new name":     func(_ *scanner.Finding, a *connectors.Account) { a.Username = "ann2" },
		"a weaker tie":   func(f *scanner.Finding, _ *connectors.Account) { f.Grade = scanner.Strong },
	} {
		if made(change) == base {
			t.Errorf("%s makes the same plan", name)
		}
	}
}

func TestModesOfRulesAndApps(t *testing.T) {
	report, ask, auto := scanner.ModeReport, scanner.ModeAsk, scanner.ModeAuto
	for _, x := range []struct {
		name      string
		rule, app *scanner.Mode
		grade     scanner.Grade
		want      scanner.Mode
	}{
		{"silence is report", nil, nil, scanner.Exact, report}, {"the rule's", &auto, nil, scanner.Exact, auto}, {"the app's own", &auto, &ask, scanner.Exact, ask},
		{"the app's, not the rule's", &report, &auto, scanner.Exact, auto}, {"report in one app", &auto, &report, scanner.Exact, report}, {"not exact", &auto, nil, scanner.Strong, ask},
	} {
		p := &scanner.Policy{Rules: map[scanner.Kind]scanner.Rule{scanner.OrphanedAccount: {Mode: x.rule}}, App: map[connectors.AppID]scanner.AppPolicy{"crm": {Rules: map[scanner.Kind]scanner.Rule{scanner.OrphanedAccount: {Mode: x.app}}}}}
		f := leaver("E1", "crm", "ann")
		f.Grade = x.grade
		it := remediate.MakePlan([]scanner.Finding{f}, p, &bench{t: t, w: crm(), can: connectors.Abilities(connectors.CanDisable)}).Items[0]
		if it.Mode != x.want || it.Mode == ask && x.grade != scanner.Exact && it.Held == "" {
			t.Errorf("%s: %s (%q), want %s", x.name, it.Mode, it.Held, x.want)
		}
	}
}
