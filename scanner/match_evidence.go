package scanner

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rollcall/connectors"
)

// evidence lays out, in plain words, why an account was tied as it was: what the account shows, what HR knows, and who
// else came near. It is made only when asked for.
func (am *appMatcher) evidence(w written, a *connectors.Account, m Match) written {
	am.name.read(a.DisplayName)
	w = w.fact("match", m.Grade.String(), " by ", m.By.String())
	if len(am.m.links) > 0 {
		if l, ok := am.m.links[accountKey{am.app, a.ID}]; ok {
			w = w.fact("link", fmt.Sprintf("recorded by %s on %s: %s", l.Actor, l.On, l.Evidence))
		}
	}
	w = am.idFact(w, a, m)
	w = am.addressFact(w, a, m)
	w = am.usernameFact(w, a, m)
	if a.DisplayName != "" {
		w = w.fact("account name", a.DisplayName, am.nameVerdict(m))
	}
	if m.Owner != nil {
		w = am.ownerFacts(w, a, m.Owner)
	}
	if m.Grade == Ambiguous {
		return am.rivalFacts(w, a, m)
	}
	if m.RunnerUp != nil {
		opened, at := w.open("next best")
		opened = append(appendPerson(opened, m.RunnerUp), "; account created "...)
		w = written(append(am.appendDateVerdict(opened, a, m.RunnerUp), am.whyNot(a, m)...)).close(at)
	}
	return w
}

func (am *appMatcher) ownerFacts(w written, a *connectors.Account, owner *Person) written {
	w, at := w.open("owner")
	w = written(appendPerson(w, owner)).close(at)
	w, at = w.open("account created")
	return written(am.appendDateVerdict(w, a, owner)).close(at)
}

func (am *appMatcher) idFact(w written, a *connectors.Account, m Match) written {
	if strings.TrimSpace(a.EmployeeID) == "" {
		return w
	}
	k := foldID(am.buf[:0], a.EmployeeID)
	says := " is on the roster for several people"
	var whose *Person
	switch {
	case k.placeholder() && m.By != ByEmployeeID:
		says = " is a placeholder"
	default:
		am.findID(k)
		switch {
		case len(am.found) == 0 && am.m.ids.wellFormed(k):
			says = " looks like one of the company's and nobody on the roster has it"
		case len(am.found) == 0:
			says = " is nobody's on the roster"
		case len(am.found) == 1 && am.found[0].person == m.Owner:
			says = " is the owner's"
		case len(am.found) == 1:
			says, whose = " is that of ", am.found[0].person
		}
	}
	w, at := w.open("employee id")
	w = append(strconv.AppendQuote(w, a.EmployeeID), says...)
	return written(appendPerson(w, whose)).close(at)
}

func (am *appMatcher) addressFact(w written, a *connectors.Account, m Match) written {
	f, at := foldAddress(am.buf[:0], a.Email)
	if at < 0 {
		return w
	}
	says, company := " is not known to HR", am.m.domains[string(f[at+1:])]
	var whose *Person
	am.findAddress(f)
	switch {
	case len(am.found) > 1:
		says = fmt.Sprintf(" is on the roster for %d people", len(am.found))
	case len(am.found) == 1 && am.found[0].person == m.Owner && am.found[0].how == ByAddress:
		says = " is the owner's work address"
	case len(am.found) == 1 && am.found[0].person == m.Owner:
		says = " is an address HR knows the owner by"
	case len(am.found) == 1:
		says, whose = " is that of ", am.found[0].person
	case company && m.Owner != nil && am.hasLocal(m.Owner, f[:at], false):
		says = " has the local part of the owner's, at another company domain"
	}
	w, from := w.open("address")
	w = append(append(w, a.Email...), says...)
	return written(appendPerson(w, whose)).close(from)
}

func (am *appMatcher) usernameFact(w written, a *connectors.Account, m Match) written {
	if a.Username == "" || m.Owner == nil {
		return w
	}
	says := ""
	var buf [192]byte
	name, _ := baseName(buf[:0], a.Username)
	switch {
	case am.learnt.follows(name, am.m.roster, m.Owner.Index):
		says = " follows this app's convention for the owner's name"
	case am.learnt.known:
		says = " is not what this app's convention makes of the owner's name"
	}
	return w.fact("username", a.Username, says)
}

func (am *appMatcher) nameVerdict(m Match) string {
	if m.Owner == nil {
		return ""
	}
	for i := am.m.own[m.Owner.Index]; i < am.m.own[m.Owner.Index+1]; i++ {
		e := &am.m.entries[i]
		if ok, _ := am.m.fullFit(&am.name, e); ok {
			if e.former {
				return " is a former or preferred name of the owner"
			}
			return " is the owner's name"
		}
	}
	switch am.agreement(m.Owner) {
	case agrees, agreesFully:
		return " is part of the owner's name"
	case contradicts:
		return " is not the owner's name"
	}
	return ""
}

// appendDateVerdict says how the account's creation lies to a person's employments.
func (am *appMatcher) appendDateVerdict(b []byte, a *connectors.Account, p *Person) []byte {
	return append(appendDate(b, a.Created), [...]string{", while not employed", ", nothing to compare it with", ", while employed",
		", when hired or moved"}[am.m.dates(am.glance(p), a.Created)]...)
}

func (am *appMatcher) whyNot(a *connectors.Account, m Match) string {
	switch {
	case am.excluded(a, m.RunnerUp):
		return "; recorded as not the owner"
	case m.Owner != nil && maybeSame(m.Owner, m.RunnerUp):
		return "; could be the owner under another employee id"
	}
	return ""
}

// appendPerson describes a person, if any.
func appendPerson(b []byte, p *Person) []byte {
	if p == nil {
		return b
	}
	b = append(append(append(append(b, p.Name()...), " ("...), p.ID...), "), employed from "...)
	b = appendDate(b, p.Records[0].Start)
	if p.Now.End.Known() {
		b = appendDate(append(b, " to "...), p.Now.End)
	}
	return b
}

// appendDate appends what Date.String says.
func appendDate(b []byte, d connectors.Date) []byte {
	if !d.Known() {
		return append(b, d.String()...)
	}
	return d.AppendTo(b)
}

// rivalsNamed is how many of the people an ambiguous match lies between the evidence names.
const rivalsNamed = 5

// rivalFacts name the people an ambiguous match lies between, and say which of them are still employed.
func (am *appMatcher) rivalFacts(w written, a *connectors.Account, m Match) written {
	people := am.rivals(a, m)
	for i, p := range people[:min(len(people), rivalsNamed)] {
		says := ", still employed"
		if p.Ended(am.m.asOf) {
			says = ", has left"
		}
		opened, at := w.open(ordinal(i+1) + "could be")
		opened = append(append(appendPerson(opened, p), says...), "; account created "...)
		w = written(am.appendDateVerdict(opened, a, p)).close(at)
	}
	if more := len(people) - rivalsNamed; more > 0 {
		w = w.fact(ordinal(rivalsNamed+1)+"could be", fmt.Sprintf("and %d more", more))
	}
	return w
}

// rivals are the people an ambiguous match lies between, those still employed first. An account that is not the one matched
// last is matched once more, which costs less than to keep them for all.
func (am *appMatcher) rivals(a *connectors.Account, m Match) []*Person {
	if m.Grade != Ambiguous {
		return nil
	}
	if am.at != a || len(am.tied) == 0 {
		am.tied = am.tied[:0]
		am.name.read(a.DisplayName)
		if _, done := am.byKeys(a); !done {
			am.rest(a)
		}
	}
	people := slices.Clone(am.tied)
	slices.SortFunc(people, func(p, q *Person) int { return comparePeople(p, q, am.m.asOf) })
	return people
}
