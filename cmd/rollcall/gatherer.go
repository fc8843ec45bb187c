package main

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

// gatherer takes one person's accounts out of a run, those that are theirs for sure.
type gatherer struct {
	can map[connectors.AppID]connectors.Abilities
	id  connectors.PersonID

	policy *scanner.Policy // of the run: its register says who answers for accounts

	mu       sync.Mutex
	subjects map[scanner.Related]*remediate.Subject
	admins   map[connectors.AppID]int
	duties   []duty
}

// duty is that somebody answers for an account that is no person's own.
type duty struct {
	of   string // an employee id or an address, as the app or the register names them
	says string
}

func newGatherer(c *config, id connectors.PersonID) *gatherer {
	return &gatherer{can: c.Abilities, id: id, subjects: map[scanner.Related]*remediate.Subject{}, admins: map[connectors.AppID]int{}}
}

func (g *gatherer) sink(app connectors.AppID) func(*scanner.AccountLine) error {
	return func(l *scanner.AccountLine) error {
		g.mu.Lock()
		defer g.mu.Unlock()
		if l.Power {
			g.admins[app]++
		}
		if of := g.answersFor(app, l); of != "" && l.Account.Enabled != connectors.No {
			g.duties = append(g.duties, duty{of, served(l.Class, cmp.Or(l.Account.Username, string(l.Account.ID)), app)})
		}
		if l.Match.Owner == nil || !l.Match.Sure() || !g.theirs(l.Match.Owner) {
			return nil
		}
		g.subjects[scanner.Related{App: app, Account: l.Account.ID}] = &remediate.Subject{Account: l.Account.Clone(), Class: l.Class, Admin: l.Power, Exact: l.Match.Grade == scanner.Exact}
		return nil
	}
}

// answersFor is whom the register or the app names as owner of an account that is no person's own.
func (g *gatherer) answersFor(app connectors.AppID, l *scanner.AccountLine) string {
	if l.Class == connectors.Human || l.Match.Owner != nil {
		return ""
	}
	if e := g.policy.Registered(app, l.Account.ID, l.Account.Username); e != nil && e.Owner != "" {
		return string(e.Owner)
	}
	return l.Account.OwnerRef
}

// serves are the accounts that a person answers for, in words.
func (g *gatherer) serves(p *scanner.Person) (out []string) {
	for _, d := range g.duties {
		if slices.ContainsFunc(p.Records, func(r *connectors.Person) bool {
			return strings.EqualFold(d.of, string(r.ID)) || r.WorkEmail != "" && strings.EqualFold(d.of, r.WorkEmail) ||
				slices.ContainsFunc(r.Aliases, func(a string) bool { return strings.EqualFold(d.of, a) })
		}) {
			out = append(out, d.says)
		}
	}
	return out
}

// theirs tells whether the id is one of a person's.
func (g *gatherer) theirs(p *scanner.Person) bool {
	for _, r := range p.Records {
		if r.ID == g.id {
			return true
		}
	}
	return p.ID == g.id
}

// Subject implements remediate.Sources.
func (g *gatherer) Subject(app connectors.AppID, account connectors.AccountID) (*remediate.Subject, bool) {
	s, ok := g.subjects[scanner.Related{App: app, Account: account}]
	return s, ok
}

// Abilities implements remediate.Sources.
func (g *gatherer) Abilities(app connectors.AppID) connectors.Abilities { return g.can[app] }

// InShadow implements remediate.Sources: whoever offboards somebody decides it themselves.
func (g *gatherer) InShadow(remediate.RuleIn) string { return "" }
