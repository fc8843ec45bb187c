package scannertest

import (
	"slices"

	"rollcall/connectors"
	"rollcall/scanner"
)

// Truth is what is so of one account, and the findings that follow.
type Truth struct {
	App        connectors.AppID      `json:"app"`
	Account    connectors.AccountID  `json:"account_id"`
	Class      string                `json:"class"`
	Owner      connectors.PersonID   `json:"owner"` // of a non-human account: who answers for it; empty = nobody on the roster
	OtherIDs   []connectors.PersonID `json:"owner_other_ids"`
	Scenario   string                `json:"scenario"`
	Enabled    bool                  `json:"enabled"`
	Difficulty string                `json:"difficulty"`
	Resolvable bool                  `json:"resolvable"`        // some key of the row names the owner, or it has none
	Doubt      bool                  `json:"doubt,omitempty"`   // HR's own records leave open whether the owner is one human or two: to be asked, not found
	Present    bool                  `json:"present,omitempty"` // the owner works here
	Findings   []Implied             `json:"findings"`
}

// Implied is a finding that follows from the truth.
type Implied struct {
	Kind         scanner.Kind `json:"kind"`
	Reason       string       `json:"reason,omitempty"`
	Entitlements []string     `json:"entitlements,omitempty"`
}

// Name is the kind, or the reason of an orphaned account.
func (i Implied) Name() string {
	if i.Kind == scanner.OrphanedAccount {
		return i.Reason
	}
	return string(i.Kind)
}

func (g *maker) truth(k *keys, l *login, a *connectors.Account, app connectors.AppID) Truth {
	t := Truth{App: app, Account: a.ID, Class: l.class.String(), Scenario: l.scenario, Enabled: l.enabled, OtherIDs: []connectors.PersonID{}}
	t.Difficulty, t.Resolvable = k.difficulty(l, a)
	if h := l.owner; h != nil {
		t.Owner, t.Doubt, t.Present = h.now().ID, h.doubt, !h.left(g.AsOf)
		for _, p := range h.jobs[:len(h.jobs)-1] {
			t.OtherIDs = append(t.OtherIDs, p.ID)
		}
	}
	t.Findings = g.implied(l)
	return t
}

// implied applies the rules to what is so. Only enabled accounts have findings.
func (g *maker) implied(l *login) []Implied {
	out := []Implied{}
	if !l.enabled {
		return out
	}
	if l.class == connectors.Human {
		out = append(out, g.ofOwner(l)...)
	} else if l.owner == nil || l.owner.left(g.AsOf) {
		out = append(out, Implied{Kind: scanner.OwnerlessAccount})
	}
	if l.class == connectors.Shared || l.class == connectors.BreakGlass {
		return out
	}
	if l.sys.signIns && g.unused(l.signIn, l.created) {
		return append(out, Implied{Kind: scanner.StaleAccount})
	}
	if !l.sys.use {
		return out
	}
	var idle []string
	for _, e := range l.rights {
		if g.unused(e.LastUsed, e.Granted) {
			idle = append(idle, string(e.ID))
		}
	}
	if idle != nil {
		out = append(out, Implied{Kind: scanner.StalePrivilege, Entitlements: idle})
	}
	return out
}

// unused counts from the last use, or from the beginning when there was none.
func (g *maker) unused(last, since connectors.Date) bool {
	if last == 0 {
		last = since
	}
	return g.AsOf-last > StaleDays
}

func (g *maker) ofOwner(l *login) []Implied {
	h := l.owner
	switch {
	case h == nil:
		return []Implied{{Kind: scanner.OrphanedAccount, Reason: scanner.ReasonNoOwner}}
	case h.left(g.AsOf):
		reason := scanner.ReasonLeaver
		if h.now().Employment == connectors.Contractor {
			reason = scanner.ReasonContractEnded
		}
		out := []Implied{{Kind: scanner.OrphanedAccount, Reason: reason}}
		return append(out, h.conflict(l)...)
	}
	var out []Implied
	if h.away && h.now().LeaveStart <= g.AsOf-LeaveGrace && l.sys.suspend {
		out = append(out, Implied{Kind: scanner.LeaveNotSuspended})
	}
	if old := g.leftOver(l); old != nil {
		out = append(out, Implied{Kind: scanner.MoverStacking, Entitlements: old})
	}
	return append(out, h.conflict(l)...)
}

// leftOver are the entitlements that only an earlier role explains.
func (g *maker) leftOver(l *login) []string {
	var roles []connectors.RolePeriod
	for _, p := range l.owner.jobs {
		for _, r := range p.Roles {
			if r.From <= g.AsOf && (len(roles) == 0 || roles[len(roles)-1].Role != r.Role) {
				roles = append(roles, r)
			}
		}
	}
	if len(roles) < 2 || roles[len(roles)-1].From > g.AsOf-MoverGrace {
		return nil
	}
	now, before := roles[len(roles)-1], roles[:len(roles)-1]
	var out []string
	for _, e := range l.rights {
		explained := slices.ContainsFunc(before, func(r connectors.RolePeriod) bool { return l.sys.allows(r.Role, string(e.ID)) })
		if e.Granted < now.From && explained && !l.sys.allows(now.Role, string(e.ID)) {
			out = append(out, string(e.ID))
		}
	}
	return out
}

// conflict tells whether the account holds a side of a rule of which the person's enabled accounts hold both.
func (h *human) conflict(l *login) []Implied {
	holds := func(l *login, app, right string) bool { return l.enabled && l.sys.id == app && l.holds(right) }
	anywhere := func(app, right string) bool {
		return slices.ContainsFunc(h.logins, func(o *login) bool { return holds(o, app, right) })
	}
	for _, c := range conflicts {
		if anywhere(c.appA, c.a) && anywhere(c.appB, c.b) && (holds(l, c.appA, c.a) || holds(l, c.appB, c.b)) {
			return []Implied{{Kind: scanner.SoDConflict}}
		}
	}
	return nil
}
