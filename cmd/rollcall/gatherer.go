package main

import (
	"sync"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

// gatherer takes one person's accounts out of a run, those that are theirs for sure.
type gatherer struct {
	can map[connectors.AppID]connectors.Abilities
	id  connectors.PersonID

	mu       sync.Mutex
	subjects map[scanner.Related]*remediate.Subject
	admins   map[connectors.AppID]int
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
		if l.Match.Owner == nil || !l.Match.Sure() || !g.theirs(l.Match.Owner) {
			return nil
		}
		g.subjects[scanner.Related{App: app, Account: l.Account.ID}] = &remediate.Subject{Account: l.Account.Clone(), Class: l.Class, Admin: l.Power, Exact: l.Match.Grade == scanner.Exact}
		return nil
	}
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
