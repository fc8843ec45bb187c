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
func (am *appMatcher) evidence(a *connectors.Account, m Match) []Fact {
	am.name.read(a.DisplayName)
	facts := append(make([]Fact, 0, 8), Fact{"match", m.Grade.String() + " by " + m.By.String()})
	if len(am.m.links) > 0 {
		if l, ok := am.m.links[accountKey{am.app, a.ID}]; ok {
			facts = append(facts, Fact{"link", fmt.Sprintf("recorded by %s on %s: %s", l.Actor, l.On, l.Evidence)})
		}
	}
	facts = am.idFact(facts, a, m)
	facts = am.addressFact(facts, a, m)
	facts = am.usernameFact(facts, a, m)
	if a.DisplayName != "" {
		facts = append(facts, Fact{"account name", a.DisplayName + am.nameVerdict(m)})
	}
	if m.Owner != nil {
		facts = append(facts, Fact{"owner", describe(m.Owner)}, Fact{"account created", am.dateVerdict(a, m.Owner)})
	}
	if m.Grade == Ambiguous {
		return append(facts, am.rivalFacts(a, m)...)
	}
	if m.RunnerUp != nil {
		facts = append(facts, Fact{"next best", describe(m.RunnerUp) + "; account created " + am.dateVerdict(a, m.RunnerUp) + am.whyNot(a, m)})
	}
	return facts
}

func (am *appMatcher) idFact(facts []Fact, a *connectors.Account, m Match) []Fact {
	if strings.TrimSpace(a.EmployeeID) == "" {
		return facts
	}
	k := foldID(am.buf[:0], a.EmployeeID)
	says := " is on the roster for several people"
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
			says = " is that of " + describe(am.found[0].person)
		}
	}
	var buf [192]byte
	return append(facts, Fact{"employee id", string(append(strconv.AppendQuote(buf[:0], a.EmployeeID), says...))})
}

func (am *appMatcher) addressFact(facts []Fact, a *connectors.Account, m Match) []Fact {
	f, at := foldAddress(am.buf[:0], a.Email)
	if at < 0 {
		return facts
	}
	says, company := " is not known to HR", am.m.domains[string(f[at+1:])]
	am.findAddress(f)
	switch {
	case len(am.found) > 1:
		says = fmt.Sprintf(" is on the roster for %d people", len(am.found))
	case len(am.found) == 1 && am.found[0].person == m.Owner && am.found[0].how == ByAddress:
		says = " is the owner's work address"
	case len(am.found) == 1 && am.found[0].person == m.Owner:
		says = " is an address HR knows the owner by"
	case len(am.found) == 1:
		says = " is that of " + describe(am.found[0].person)
	case company && m.Owner != nil && am.hasLocal(m.Owner, f[:at], false):
		says = " has the local part of the owner's, at another company domain"
	}
	return append(facts, Fact{"address", a.Email + says})
}

func (am *appMatcher) usernameFact(facts []Fact, a *connectors.Account, m Match) []Fact {
	if a.Username == "" || m.Owner == nil {
		return facts
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
	return append(facts, Fact{"username", a.Username + says})
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

// dateVerdict says how the account's creation lies to a person's employments.
func (am *appMatcher) dateVerdict(a *connectors.Account, p *Person) string {
	var buf [64]byte
	return string(append(appendDate(buf[:0], a.Created), [...]string{", while not employed", ", nothing to compare it with", ", while employed",
		", when hired or moved"}[am.m.dates(am.glance(p), a.Created)]...))
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

func describe(p *Person) string {
	var buf [192]byte
	b := append(append(append(buf[:0], p.Name()...), " ("...), p.ID...)
	b = appendDate(append(b, "), employed from "...), p.Records[0].Start)
	if p.Now.End.Known() {
		b = appendDate(append(b, " to "...), p.Now.End)
	}
	return string(b)
}

// appendDate appends what Date.String says, in a third of its time.
func appendDate(b []byte, d connectors.Date) []byte {
	year, month, day := d.Time().Date()
	if !d.Known() || year < 1000 || year > 9999 {
		return append(b, d.String()...)
	}
	b = strconv.AppendInt(b, int64(year), 10)
	return append(b, '-', '0'+byte(month/10), '0'+byte(month%10), '-', '0'+byte(day/10), '0'+byte(day%10))
}

// rivalsNamed is how many of the people an ambiguous match lies between the evidence names.
const rivalsNamed = 5

// rivalFacts name the people an ambiguous match lies between, and say which of them are still employed.
func (am *appMatcher) rivalFacts(a *connectors.Account, m Match) []Fact {
	var facts []Fact
	people := am.rivals(a, m)
	for i, p := range people[:min(len(people), rivalsNamed)] {
		says := ", still employed"
		if p.Ended(am.m.asOf) {
			says = ", has left"
		}
		facts = append(facts, Fact{ordinal(i+1) + "could be", describe(p) + says + "; account created " + am.dateVerdict(a, p)})
	}
	if more := len(people) - rivalsNamed; more > 0 {
		facts = append(facts, Fact{ordinal(rivalsNamed+1) + "could be", fmt.Sprintf("and %d more", more)})
	}
	return facts
}

// rivals are the people an ambiguous match lies between, those still employed first. It matches the account once more,
// which costs less than to keep them for all.
func (am *appMatcher) rivals(a *connectors.Account, m Match) []*Person {
	if m.Grade != Ambiguous {
		return nil
	}
	am.tied = am.tied[:0]
	am.name.read(a.DisplayName)
	if _, done := am.byKeys(a); !done {
		am.rest(a)
	}
	people := slices.Clone(am.tied)
	slices.SortFunc(people, func(p, q *Person) int { return comparePeople(p, q, am.m.asOf) })
	return people
}
