package scanner

import (
	"fmt"
	"slices"

	"rollcall/connectors"
)

// aside is what sets findings aside: exceptions in force, and rulings that say that they are wrong.
type aside struct {
	judge   *judge
	byKind  map[Kind][]*Exception
	rulings map[FindingID]Ruling // those that hold
}

func newAside(j *judge) aside {
	a := aside{judge: j, byKind: map[Kind][]*Exception{}, rulings: ruledWrong(j.Rulings, j.AsOf)}
	for i := range j.Policy.Exceptions {
		e := &j.Policy.Exceptions[i]
		a.byKind[e.Kind] = append(a.byKind[e.Kind], e)
	}
	return a
}

// mayCover tells whether anything sets a finding aside, or says of it why it does not any more.
func (a *aside) mayCover(f *Found) bool {
	for _, e := range a.byKind[f.Kind] {
		if e.names(string(f.App), string(f.Account), string(f.Entitlement), string(f.Person)) {
			return true
		}
	}
	if len(a.rulings) == 0 {
		return false
	}
	_, ok := a.rulings[f.ID()]
	return ok
}

// covers tells whether a finding is set aside, and says by what among its facts. An exception that does not hold any more
// stays with its finding, which says why.
func (a *aside) covers(f *Finding) bool {
	for _, e := range a.byKind[f.Kind] {
		if !e.covers(f) {
			continue
		}
		if why := a.judge.invalid(e, f); why != "" {
			f.Why += " The exception " + e.ID + " does not hold: " + why + "."
			f.Evidence = append(f.Evidence, Fact{"exception", e.ID + ": " + why})
			continue
		}
		f.Evidence = append(f.Evidence, Fact{"exception", fmt.Sprintf("%s: accepted by %s until %s: %s", e.ID, e.Owner, e.Expires, e.Reason)})
		return true
	}
	if len(a.rulings) == 0 {
		return false
	}
	r, ok := a.rulings[f.ID]
	if !ok || r.Evidence != EvidenceDigest(f) {
		return false
	}
	f.Evidence = append(f.Evidence, Fact{"ruled wrong", fmt.Sprintf("%s by %s on %s, until %s: %s", r.Because, r.Actor, r.On, r.On+RulingDays, r.Note)})
	return true
}

func (e *Exception) covers(f *Finding) bool {
	return e.names(string(f.App), string(f.Account), string(f.Entitlement), string(f.Person))
}

func (e *Exception) names(app, account, entitlement, person string) bool {
	for _, t := range [...]struct{ pattern, s string }{{e.App, app}, {e.Account, account}, {e.Entitlement, entitlement}, {e.Person, person}} {
		if t.pattern != "" && !fits(fold(t.pattern), fold(t.s)) {
			return false
		}
	}
	return true
}

// invalid says why an exception does not hold for a finding; empty when it does.
func (j *judge) invalid(e *Exception, f *Finding) string {
	owner := j.People.ByID(e.Owner)
	switch {
	case e.Expires.Date < j.AsOf:
		return "it expired on " + e.Expires.String()
	case owner == nil && slices.Contains(j.Blind, e.Owner):
		return "" // the owner's roster row was left out: that is no reason to take the exception back
	case owner == nil:
		return "its owner " + string(e.Owner) + " is not on the roster"
	case owner.Ended(j.AsOf):
		return "its owner " + who(owner) + " no longer works here"
	case f.Person != "" && j.People.ByID(f.Person) == owner:
		return "its owner " + who(owner) + " is the one it is about"
	}
	return ""
}

// policyNotes are things in the policy that a person should look at and that no finding shows.
func (j *judge) policyNotes() []string {
	var notes []string
	missing := func(what string, id connectors.PersonID) {
		switch {
		case id == "" || j.People.ByID(id) != nil:
		case slices.Contains(j.Blind, id):
			notes = append(notes, what+" names "+string(id)+", whose roster row was left out")
		default:
			notes = append(notes, what+" names "+string(id)+", who is not on the roster")
		}
	}
	for i := range j.Policy.ServiceAccounts {
		s := &j.Policy.ServiceAccounts[i]
		what := "the register entry for " + string(s.App) + " " + s.Account
		missing(what, s.Owner)
		if s.Review.Known() && s.Review.Date <= j.AsOf {
			notes = append(notes, what+" was to be reviewed on "+s.Review.String())
		}
	}
	for i := range j.Policy.Exceptions {
		e := &j.Policy.Exceptions[i]
		what := "the exception " + e.ID
		missing(what, e.Owner)
		if e.Expires.Date < j.AsOf {
			notes = append(notes, what+" expired on "+e.Expires.String()+": renew it or take it out")
		}
	}
	for i := range j.Apps {
		missing("the app "+string(j.Apps[i].ID)+" as its owner", j.Apps[i].Owner)
	}
	return notes
}
