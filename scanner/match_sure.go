package scanner

import (
	"slices"

	"rollcall/connectors"
)

// sure is the first pass: it goes by a recorded link, the employee id, addresses, and a username that is one of these.
// False means that the account is left to rest.
func (am *appMatcher) sure(a *connectors.Account) (Match, bool) {
	am.at, am.tied = a, am.tied[:0]
	if len(am.m.links) > 0 {
		if l, ok := am.m.links[accountKey{am.app, a.ID}]; ok {
			if p := am.m.ref(string(l.Person)); p != nil {
				m := am.match(p, Exact, ByLink)
				am.name.read(a.DisplayName)
				am.note(a, m)
				return m, true
			}
		}
	}
	am.name.read(a.DisplayName)
	m, done := am.byKeys(a)
	if done {
		am.note(a, m)
	} else if !am.settled {
		am.open.add(a, nil)
	}
	return m, done
}

func (am *appMatcher) byKeys(a *connectors.Account) (Match, bool) {
	foreign := false
	if a.EmployeeID != "" {
		m, state := am.byID(a, a.EmployeeID)
		if state == idKnown {
			return m, true
		}
		foreign = state == idForeign
	}
	if a.Email != "" {
		if m, done := am.byAddress(a, a.Email, foreign); done {
			return m, true
		}
	}
	for _, alias := range a.Aliases {
		if m, done := am.byAddress(a, alias, foreign); done {
			return m, true
		}
	}
	if !foreign && a.Username != "" {
		return am.byUsername(a)
	}
	return Match{}, false
}

// idState is what an app's employee id is to the roster.
type idState uint8

const (
	idAbsent idState = iota // none, a placeholder, or not to be told apart
	idKnown
	idForeign // looks like an id of this company, and nobody has it
)

func (am *appMatcher) byID(a *connectors.Account, id string) (Match, idState) {
	k := foldID(am.buf[:0], id)
	if len(k.body) == 0 {
		return Match{}, idAbsent
	}
	full := am.findID(k)
	if k.placeholder() && (len(am.found) != 1 || am.m.agreement(&am.name, am.found[0].glance) < agrees) {
		return Match{}, idAbsent // 1111111 is somebody's id only if that somebody bears the name
	}
	switch {
	case len(am.found) == 0 && am.m.ids.wellFormed(k):
		return Match{}, idForeign
	case len(am.found) != 1 || am.excluded(a, am.found[0].person):
		return Match{}, idAbsent
	}
	f := &am.found[0]
	switch name := am.m.agreement(&am.name, f.glance); {
	case name >= agrees || full && name == silentName:
		return am.matchFound(f, Exact, ByEmployeeID), idKnown
	case name == silentName:
		return am.matchFound(f, Strong, ByEmployeeID), idKnown
	default:
		return am.doubtedID(a, f.person, full)
	}
}

// doubtedID grades an id whose person does not bear the account's name: the address decides.
func (am *appMatcher) doubtedID(a *connectors.Account, p *Person, full bool) (Match, idState) {
	m := am.match(p, Proposed, ByEmployeeID)
	f, at := foldAddress(am.buf[:0], a.Email)
	if at < 0 {
		if full {
			m.Grade = Strong
		}
		return m, idKnown
	}
	am.findAddress(f)
	for _, o := range am.found {
		if o.person == p {
			m.Grade = Exact
			if !full {
				m.Grade = Strong
			}
			return m, idKnown
		}
	}
	if len(am.found) > 0 {
		m.RunnerUp = slices.MinFunc(am.found, func(x, y found) int { return comparePeople(x.person, y.person, am.m.asOf) }).person
	}
	return m, idKnown
}

// wellFormed tells whether an id looks like those of the roster.
func (s *idShape) wellFormed(k idKey) bool {
	if !isDigit(k.body[len(k.body)-1]) {
		return false
	}
	if k.letter > 0 {
		return string(k.full[:k.letter]) == s.letters && len(k.body) >= s.minBody-1 && len(k.body) <= s.maxBody+1
	}
	return len(k.body) >= s.minBody && len(k.body) <= s.maxBody
}

// byAddress goes by one address of the account. foreign: its employee id is nobody's.
func (am *appMatcher) byAddress(a *connectors.Account, address string, foreign bool) (Match, bool) {
	f, at := foldAddress(am.buf[:0], address)
	if at < 0 {
		return Match{}, false
	}
	m, done := am.atAddress(a, f, at)
	if foreign && m.Grade > Proposed { // an unknown id beside a known address
		m.Grade = Strong
		if m.By != ByAddress || am.agreement(m.Owner) == contradicts || am.m.outside(am.glance(m.Owner), a.Created) {
			m.Grade = Proposed
		}
	}
	return m, done
}

// atAddress ties the account to whom a folded address names.
func (am *appMatcher) atAddress(a *connectors.Account, f []byte, at int) (Match, bool) {
	am.findAddress(f)
	if len(am.found) == 0 && am.m.domains[string(f[at+1:])] {
		am.findLocal(f[:at])
	}
	if len(am.found) == 0 {
		return Match{}, false
	}
	m, done := am.choose(a)
	switch {
	case !m.Sure():
	case am.agreement(m.Owner) < agrees && roleMailbox(f[:at]):
		m.Grade = Proposed // a role's mailbox is nobody's in particular, unless the name says so
	case m.By != ByAddress:
		return am.checkName(a, m)
	}
	return m, done
}

// byUsername takes a username that is an address, or an employee id with its letters.
func (am *appMatcher) byUsername(a *connectors.Account) (Match, bool) {
	if f, at := foldAddress(am.buf[:0], a.Username); at >= 0 {
		m, done := am.atAddress(a, f, at)
		if m.Owner != nil {
			m.By, m.Grade = ByUsername, min(m.Grade, Strong)
		}
		return m, done
	}
	k := foldID(am.buf[:0], a.Username)
	if k.letter == 0 || len(k.body) == 0 || string(k.full[:k.letter]) != am.m.ids.letters {
		return Match{}, false
	}
	if !am.findID(k) || len(am.found) != 1 || am.excluded(a, am.found[0].person) {
		return Match{}, false
	}
	f := &am.found[0]
	switch am.m.agreement(&am.name, f.glance) {
	case agrees, agreesFully:
		return am.matchFound(f, Exact, ByUsername), true
	case silentName:
		return am.matchFound(f, Strong, ByUsername), true
	}
	return am.matchFound(f, Proposed, ByUsername), true
}
