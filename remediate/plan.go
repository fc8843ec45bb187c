package remediate

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"rollcall/connectors"
	"rollcall/scanner"
)

// Plan is what a run proposes to do: one item for each group of findings, since those are decided together.
type Plan struct {
	Items []Item `json:"items"`
	Hash  string `json:"hash"` // over exactly what would be done to what; see HashItems
}

// Item is what is decided as one.
type Item struct {
	Group      string              `json:"group"`
	Mode       scanner.Mode        `json:"mode"`
	Held       string              `json:"held,omitempty"`   // why it is asked although the policy says auto
	Shadow     []RuleIn            `json:"shadow,omitempty"` // rules that would have acted unasked, and are in shadow yet
	Person     connectors.PersonID `json:"person,omitempty"`
	Findings   []scanner.FindingID `json:"findings"`
	Kinds      []scanner.Kind      `json:"kinds"`
	Severity   scanner.Severity    `json:"severity"`
	Why        string              `json:"why"` // of its first finding
	Targets    []Target            `json:"targets"`
	Actions    []Action            `json:"actions"`
	Stops      []string            `json:"stops,omitempty"`    // what stops working besides the account
	Residual   []string            `json:"residual,omitempty"` // what goes on working although the account is disabled
	Privileged bool                `json:"privileged,omitempty"`
	TwoPeople  bool                `json:"two_people,omitempty"` // it takes two to remove: what cannot be taken back
	// What follows is for people to know. It is in no hash: a decision is about what is done, and does not wait because
	// somebody's manager changed.
	TakesOver []string `json:"takes_over,omitempty"` // who answers for what stops
	LegalHold string   `json:"legal_hold,omitempty"` // what of it may be disabled, not deleted; see Limits.OnHold
	// LastDay is, of a plan approved ahead, the person's last day as HR had it: it is carried out only while HR has that or an
	// earlier one.
	LastDay connectors.Date `json:"last_day,omitempty"`
}

// Target is an account an item acts upon, as it was when it was planned.
type Target struct {
	App         connectors.AppID     `json:"app"`
	Account     connectors.AccountID `json:"account_id"`
	Login       string               `json:"login"`
	Fingerprint string               `json:"fingerprint"`
	Class       string               `json:"class"`
	Exact       bool                 `json:"exact"`           // its owner is known by an exact tie
	Admin       bool                 `json:"admin,omitempty"` // enabled, and holds something privileged
}

// Subject is what a plan needs to know of an account beside its findings.
type Subject struct {
	Account connectors.Account
	Class   connectors.Class
	Admin   bool // it holds something that its app or the configuration calls privileged
	Exact   bool // its owner is known by an exact tie; of one that a finding is about, the finding says it
}

// Sources tell a plan about accounts and apps.
type Sources interface {
	// Subject gives an account as the run read it; false when the run has no such account.
	Subject(app connectors.AppID, account connectors.AccountID) (*Subject, bool)
	// Abilities are what may be done in an app: none where the configuration lets rollcall only read.
	Abilities(app connectors.AppID) connectors.Abilities
	// InShadow says why a rule is asked about in an app although the policy calls it automatic; empty: it may be.
	InShadow(RuleIn) string
}

// MakePlan derives a plan from findings. It depends on nothing else: the same findings, accounts, abilities and policy
// give the same plan, whatever their order.
func MakePlan(findings []scanner.Finding, policy *scanner.Policy, src Sources) *Plan {
	groups := map[string][]*scanner.Finding{}
	for i := range findings {
		if f := &findings[i]; planned(f) {
			groups[f.Group] = append(groups[f.Group], f)
		}
	}
	p := &Plan{}
	for _, list := range groups {
		slices.SortFunc(list, scanner.CompareFindings)
		if it, ok := makeItem(list, policy, src); ok {
			p.Items = append(p.Items, it)
		}
	}
	slices.SortFunc(p.Items, func(a, b Item) int {
		return cmp.Or(-cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Group, b.Group))
	})
	p.Hash = HashItems(p.Items)
	return p
}

// planned tells whether anything can follow from a finding by itself. The others need somebody to find something out or to
// give something: who an account belongs to, which of two accounts stays, what a person lacks.
func planned(f *scanner.Finding) bool {
	switch f.Kind {
	case scanner.OrphanedAccount, scanner.LeaveNotSuspended, scanner.EarlyAccess, scanner.StaleAccount, scanner.OwnerlessAccount,
		scanner.MoverStacking, scanner.ExcessAccess, scanner.StalePrivilege, scanner.ExpiredGrant, scanner.DormantCredential,
		scanner.ReappearedAccess:
		return f.Account != ""
	}
	return false
}

// maker makes one item.
type maker struct {
	Item
	src     Sources
	targets map[Target]bool
	done    map[Action]bool
}

func makeItem(list []*scanner.Finding, policy *scanner.Policy, src Sources) (Item, bool) {
	first := list[0]
	m := &maker{Item: Item{Group: first.Group, Mode: scanner.ModeAuto, Person: first.Person, Severity: first.Severity, Why: first.Why},
		src: src, targets: map[Target]bool{}, done: map[Action]bool{}}
	for _, f := range list {
		m.Findings = append(m.Findings, f.ID)
		if !slices.Contains(m.Kinds, f.Kind) {
			m.Kinds = append(m.Kinds, f.Kind)
		}
		m.allow(f, policy.Mode(f.App, f.Kind))
		m.act(f)
	}
	if len(m.Actions) == 0 {
		return Item{}, false
	}
	slices.Sort(m.Findings)
	slices.Sort(m.Kinds)
	m.onlyExact()
	m.order()
	return m.Item, true
}

// allow lowers the item's mode to the lowest that any of its findings has: a group is decided as one.
func (m *maker) allow(f *scanner.Finding, mode scanner.Mode) {
	if mode == scanner.ModeAuto && !f.MayBeAutomatic() {
		mode = scanner.ModeAsk
		m.hold(fmt.Sprintf("%s on %s in %s is not certain enough to act upon unasked", f.Kind, f.Login(), f.App))
	}
	if r := (RuleIn{f.Kind, f.App}); mode == scanner.ModeAuto {
		if why := m.src.InShadow(r); why != "" {
			mode = scanner.ModeAsk
			m.hold(why)
			if !slices.Contains(m.Shadow, r) {
				m.Shadow = append(m.Shadow, r)
			}
		}
	}
	m.Mode = min(m.Mode, mode)
}

func (m *maker) hold(why string) {
	if m.Held == "" {
		m.Held = why
	}
}

// onlyExact has items asked whose actions cannot all be taken back exactly, or that touch what only people may decide on.
// Ending sessions goes with disabling: who gets the account back signs in again and has lost nothing.
func (m *maker) onlyExact() {
	if m.Mode != scanner.ModeAuto {
		if m.Mode == scanner.ModeReport {
			m.Held = ""
		}
		return
	}
	for _, a := range m.Actions {
		if a.Undo != Exact && a.Verb != Ticket && !(a.Verb == EndSessions && m.disables(a)) {
			m.hold(fmt.Sprintf("%s on %s in %s cannot be taken back", a.Verb, a.Account, a.App))
		}
	}
	for _, t := range m.Targets {
		switch {
		case t.Class != connectors.Human.String():
			m.hold(fmt.Sprintf("%s in %s is a %s account", t.Login, t.App, t.Class))
		case !t.Exact:
			m.hold(fmt.Sprintf("whose %s in %s is was not settled by an exact tie", t.Login, t.App))
		}
	}
	if m.Held != "" {
		m.Mode = scanner.ModeAsk
	}
}

// disables tells whether the item disables the account of an action.
func (m *maker) disables(a Action) bool {
	return m.done[Action{Verb: Disable, App: a.App, Account: a.Account, Undo: Exact}]
}

// act adds what follows from one finding.
func (m *maker) act(f *scanner.Finding) {
	s, ok := m.src.Subject(f.App, f.Account)
	if !ok {
		m.hold(fmt.Sprintf("%s in %s was not read", f.Login(), f.App))
		m.add(Action{Verb: Ticket, App: f.App, Account: f.Account, Task: "look at the account " + f.Login() + " by hand: it was not read whole", Undo: None})
		return
	}
	t := Target{App: f.App, Account: f.Account, Login: f.Login(), Fingerprint: Fingerprint(&s.Account), Class: s.Class.String(),
		Exact: f.Grade == scanner.Exact, Admin: s.Admin && s.Account.Enabled != connectors.No}
	if !m.targets[t] {
		m.targets[t] = true
		m.Targets = append(m.Targets, t)
		m.Privileged = m.Privileged || t.Admin
	}
	can := m.src.Abilities(f.App)
	switch {
	case f.Kind == scanner.OwnerlessAccount: // switching a service off because nobody answers for it breaks what it serves
		m.add(Action{Verb: Ticket, App: f.App, Account: f.Account, Undo: None,
			Task: fmt.Sprintf("find out who answers for %s, and name them, or have it disabled", f.Login())})
	case f.Kind == scanner.DormantCredential:
		for _, c := range s.Account.Credentials {
			if c.ID == f.Credential() {
				m.credential(f, can, c)
			}
		}
	case f.Entitlement != "":
		m.entitlement(f, can, s)
	default:
		m.close(f, can, s)
	}
}

// close follows the leaver's checklist: disable, end the sessions that disabling leaves open, take away the keys that it
// leaves working.
func (m *maker) close(f *scanner.Finding, can connectors.Abilities, s *Subject) {
	if s.Account.Enabled == connectors.No {
		return
	}
	m.do(f, can, Action{Verb: Disable}, "disable the account "+f.Login())
	for _, c := range s.Account.Credentials {
		m.Stops = append(m.Stops, fmt.Sprintf("the %s %s of %s in %s", cmp.Or(c.Kind, "credential"), c.ID, f.Login(), f.App))
	}
	if f.Kind == scanner.LeaveNotSuspended {
		m.residual(can, s, f) // they come back: what they hold stays, and what goes on working is named
		return
	}
	if can.Has(connectors.CanRevokeSessions) {
		m.do(f, can, Action{Verb: EndSessions}, "")
	}
	for _, c := range s.Account.Credentials {
		if can.Has(connectors.CanRevokeCredential) {
			m.credential(f, can, c)
		}
	}
	m.residual(can, s, f)
}

// residual names what goes on working although the account is disabled.
func (m *maker) residual(can connectors.Abilities, s *Subject, f *scanner.Finding) {
	if !can.Has(connectors.CanRevokeSessions) || f.Kind == scanner.LeaveNotSuspended {
		m.Residual = append(m.Residual, fmt.Sprintf("sessions of %s in %s that are open now", f.Login(), f.App))
	}
	for _, c := range s.Account.Credentials {
		if !can.Has(connectors.CanRevokeCredential) || f.Kind == scanner.LeaveNotSuspended {
			m.Residual = append(m.Residual, fmt.Sprintf("the %s %s of %s in %s", cmp.Or(c.Kind, "credential"), c.ID, f.Login(), f.App))
		}
	}
}

func (m *maker) credential(f *scanner.Finding, can connectors.Abilities, c connectors.Credential) {
	m.do(f, can, Action{Verb: RevokeCredential, Credential: c.ID}, fmt.Sprintf("revoke the %s %s of %s", cmp.Or(c.Kind, "credential"), c.ID, f.Login()))
}

func (m *maker) entitlement(f *scanner.Finding, can connectors.Abilities, s *Subject) {
	for _, e := range s.Account.Entitlements {
		if e.ID == f.Entitlement && e.Inherited != "" {
			m.add(Action{Verb: Ticket, App: f.App, Account: f.Account, Entitlement: f.Entitlement, Undo: None,
				Task: fmt.Sprintf("%s holds %s through %s: take it out of that group, or that from the group", f.Login(), f.Entitlement, e.Inherited)})
			return
		}
	}
	m.do(f, can, Action{Verb: RemoveEntitlement, Entitlement: f.Entitlement}, fmt.Sprintf("remove %s from %s", f.Entitlement, f.Login()))
}

// do adds an action where the app can do it, and a ticket with the task where it cannot: never silence.
func (m *maker) do(f *scanner.Finding, can connectors.Abilities, a Action, task string) {
	a.App, a.Account, a.Undo = f.App, f.Account, a.Verb.undo()
	if !can.Has(a.Verb.needs()) {
		a = Action{Verb: Ticket, App: a.App, Account: a.Account, Entitlement: a.Entitlement, Credential: a.Credential, Task: task, Undo: None}
	}
	m.add(a)
}

func (m *maker) add(a Action) {
	if !m.done[a] {
		m.done[a] = true
		m.Actions = append(m.Actions, a)
	}
}

// verbOrder is the order in which actions on one account are done: access ends first.
var verbOrder = []Verb{Disable, EndSessions, RevokeCredential, RemoveEntitlement, Archive, Delete, Ticket}

// order makes equal items equal bytes.
func (m *maker) order() {
	slices.SortFunc(m.Targets, func(a, b Target) int { return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Account, b.Account)) })
	slices.SortFunc(m.Actions, func(a, b Action) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Account, b.Account), cmp.Compare(slices.Index(verbOrder, a.Verb), slices.Index(verbOrder, b.Verb)),
			cmp.Compare(a.Entitlement, b.Entitlement), cmp.Compare(a.Credential, b.Credential), strings.Compare(a.Task, b.Task))
	})
	slices.Sort(m.Stops)
	m.Stops = slices.Compact(m.Stops)
	slices.Sort(m.Residual)
	slices.SortFunc(m.Shadow, func(a, b RuleIn) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.App, b.App)) })
	m.Residual = slices.Compact(m.Residual)
}

// HashItems is the hash that an approval names: over what would be done, to what, to whom, in which mode and to which
// fingerprints.
// The day, the run and last sign-ins are in none of it, so that tonight's equal plan is the same plan.
func HashItems(items []Item) string {
	type bound struct {
		Group   string       `json:"group"`
		Person  string       `json:"person"` // whose access it is: who may decide depends on it
		Mode    scanner.Mode `json:"mode"`
		Targets []Target     `json:"targets"`
		Actions []Action     `json:"actions"`
		Two     bool         `json:"two_people,omitempty"`
	}
	h := sha256.New()
	e := json.NewEncoder(h)
	for i := range items {
		it := &items[i]
		if err := e.Encode(bound{it.Group, string(it.Person), it.Mode, it.Targets, it.Actions, it.TwoPeople}); err != nil {
			panic(err) // strings and numbers alone
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Hash is the hash of one item alone: a decision is bound to it.
func (it *Item) Hash() string { return HashItems([]Item{*it}) }
