package main

import (
	"iter"
	"sync"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/scanner"
)

// planner gathers, while a run judges, what a plan is made from: the findings that something may follow from, and the
// accounts they are about. It holds the accounts of an app until that app's findings are known.
type planner struct {
	policy *scanner.Policy
	all    bool // keep what is only reported as well, for those who want to see what would be done
	can    map[connectors.AppID]connectors.Abilities
	shadow func(remediate.RuleIn) string

	mu       sync.Mutex
	apps     map[connectors.AppID]map[connectors.AccountID]*remediate.Subject
	admins   map[connectors.AppID]int
	kept     map[scanner.Related]*remediate.Subject
	findings []scanner.Finding
	serves   map[connectors.PersonID][]string // accounts that somebody answers for who does not work here any more, in words
	ahead    []*gatherer                      // of people whose exit was approved ahead
}

// newPlanner makes the planner of a run; nil where the policy lets nothing follow from any finding, and nobody's exit was
// approved ahead.
func newPlanner(c *config, led *ledger.Ledger, all bool) (*planner, error) {
	ahead, err := c.gatherAhead(led)
	if err != nil {
		return nil, err
	}
	if !all && !acts(c.Policy) && len(ahead) == 0 {
		return nil, nil
	}
	shadow, err := c.inShadow(led)
	if err != nil {
		return nil, err
	}
	return &planner{policy: c.Policy, all: all, can: c.Abilities, shadow: shadow, apps: map[connectors.AppID]map[connectors.AccountID]*remediate.Subject{},
		admins: map[connectors.AppID]int{}, kept: map[scanner.Related]*remediate.Subject{}, serves: map[connectors.PersonID][]string{}, ahead: ahead}, nil
}

// inShadow tells of a rule in an app whether it is still in shadow, by what people decided so far.
func (c *config) inShadow(led *ledger.Ledger) (func(remediate.RuleIn) string, error) {
	cases, err := led.ShadowCases()
	if err != nil {
		return nil, err
	}
	records := remediate.Shadow(cases)
	return func(r remediate.RuleIn) string { return remediate.InShadow(records, r, c.Remediate.Shadow) }, nil
}

// acts tells whether a policy lets anything follow from any finding but its report.
func acts(p *scanner.Policy) bool {
	any := func(rules map[scanner.Kind]scanner.Rule) bool {
		for _, r := range rules {
			if r.Mode != nil && *r.Mode != scanner.ModeReport {
				return true
			}
		}
		return false
	}
	if any(p.Rules) {
		return true
	}
	for _, a := range p.App {
		if any(a.Rules) {
			return true
		}
	}
	return false
}

// beside has the planner hear of all that a run's sink and its taker of findings hear of.
func (p *planner) beside(sink func(connectors.AppID) func(*scanner.AccountLine) error, take func(connectors.AppID, iter.Seq[*scanner.Found]) error) (
	func(connectors.AppID) func(*scanner.AccountLine) error, func(connectors.AppID, iter.Seq[*scanner.Found]) error) {
	return func(app connectors.AppID) func(*scanner.AccountLine) error {
			mine, other := p.sink(app), sink(app)
			return func(l *scanner.AccountLine) error {
				if other != nil {
					if err := other(l); err != nil {
						return err
					}
				}
				return mine(l)
			}
		}, func(app connectors.AppID, found iter.Seq[*scanner.Found]) error {
			return take(app, p.found(app, found))
		}
}

// sink takes the accounts of one app.
func (p *planner) sink(app connectors.AppID) func(*scanner.AccountLine) error {
	here := map[connectors.AccountID]*remediate.Subject{}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.apps[app] = here
	var theirs []func(*scanner.AccountLine) error
	for _, g := range p.ahead {
		theirs = append(theirs, g.sink(app))
	}
	return func(l *scanner.AccountLine) error {
		for _, take := range theirs {
			if err := take(l); err != nil {
				return err
			}
		}
		here[l.Account.ID] = &remediate.Subject{Account: l.Account.Clone(), Class: l.Class, Admin: l.Power}
		return nil
	}
}

// found passes findings on and keeps those that something may follow from, with their accounts.
func (p *planner) found(app connectors.AppID, in iter.Seq[*scanner.Found]) iter.Seq[*scanner.Found] {
	return func(yield func(*scanner.Found) bool) {
		var keep []scanner.Finding
		served := map[connectors.PersonID][]string{}
		for f := range in {
			if f.Kind == scanner.OwnerlessAccount && f.Person != "" {
				served[f.Person] = append(served[f.Person], p.served(f.Finding(scanner.FactLogin)))
			}
			if p.all || p.policy.Mode(f.App, f.Kind) != scanner.ModeReport {
				keep = append(keep, *f.Finding())
			}
			if !yield(f) {
				return
			}
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		for i := range keep {
			f := &keep[i]
			if s := p.apps[f.App][f.Account]; s != nil {
				p.kept[scanner.Related{App: f.App, Account: f.Account}] = s
			}
		}
		p.findings = append(p.findings, keep...)
		for id, list := range served {
			p.serves[id] = append(p.serves[id], list...)
		}
		for _, s := range p.apps[app] {
			if s.Admin {
				p.admins[app]++
			}
		}
		delete(p.apps, app)
	}
}

// served says what account it is that somebody who left answered for.
func (p *planner) served(f *scanner.Finding) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	class := connectors.ClassUnknown
	if s := p.apps[f.App][f.Account]; s != nil {
		class = s.Class
	}
	return served(class, f.Login(), f.App)
}

// plan makes the plan once the run is over.
func (p *planner) plan() *remediate.Plan { return remediate.MakePlan(p.findings, p.policy, p) }

// Subject implements remediate.Sources.
func (p *planner) Subject(app connectors.AppID, account connectors.AccountID) (*remediate.Subject, bool) {
	s, ok := p.kept[scanner.Related{App: app, Account: account}]
	return s, ok
}

// Abilities implements remediate.Sources.
func (p *planner) Abilities(app connectors.AppID) connectors.Abilities { return p.can[app] }

// InShadow implements remediate.Sources.
func (p *planner) InShadow(r remediate.RuleIn) string { return p.shadow(r) }

// drain takes findings and keeps none.
func drain(_ connectors.AppID, found iter.Seq[*scanner.Found]) error {
	for range found {
	}
	return nil
}
