package scanner

import (
	"fmt"
	"slices"

	"rollcall/connectors"
)

// except parts the findings that a valid exception covers from the open ones. One that does not hold any more stays with
// its finding, which says why.
func (j *judge) except(all []Finding) (open, accepted []Finding) {
	byKind := map[Kind][]*Exception{}
	for i := range j.Policy.Exceptions {
		e := &j.Policy.Exceptions[i]
		byKind[e.Kind] = append(byKind[e.Kind], e)
	}
	if len(byKind) == 0 {
		return all, nil
	}
	for _, f := range all {
		covered := false
		for _, e := range byKind[f.Kind] {
			if !e.covers(&f) {
				continue
			}
			if why := j.invalid(e, &f); why != "" {
				f.Why += " The exception " + e.ID + " does not hold: " + why + "."
				f.Evidence = append(f.Evidence, Fact{"exception", e.ID + ": " + why})
				continue
			}
			covered = true
			f.Evidence = append(f.Evidence, Fact{"exception", fmt.Sprintf("%s: accepted by %s until %s: %s", e.ID, e.Owner, e.Expires, e.Reason)})
			break
		}
		if covered {
			accepted = append(accepted, f)
		} else {
			open = append(open, f)
		}
	}
	return open, accepted
}

func (e *Exception) covers(f *Finding) bool {
	for _, t := range [...]struct{ pattern, s string }{{e.App, string(f.App)}, {e.Account, string(f.Account)},
		{e.Entitlement, string(f.Entitlement)}, {e.Person, string(f.Person)}} {
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
