package scanner

import (
	"rollcall/connectors"
)

// checkAltDomain doubts a local part at another domain where somebody else bears the account's name: two people have it
// then, perhaps one of them before a change of name.
func (am *appMatcher) checkAltDomain(a *connectors.Account, m Match) (Match, bool) {
	am.candidates()
	own, other := false, (*Person)(nil)
	for i := range am.cands {
		switch c := &am.cands[i]; {
		case c.fit < fitFull:
		case c.person == m.Owner:
			own = true
		case other == nil || prefer(c.person, other, am.m.asOf):
			other = c.person
		}
	}
	switch {
	case other == nil || maybeSame(other, m.Owner):
	case !own:
		return Match{}, false // the name is another's alone: rest judges by it
	case fitDates(other, a.Created, am.m.asOf) > fitDates(m.Owner, a.Created, am.m.asOf):
		m.Grade, m.RunnerUp = Proposed, other
	}
	return m, true
}

// choose decides among found, who have the account's address, by name and then by date.
func (am *appMatcher) choose(a *connectors.Account) (Match, bool) {
	if len(am.m.not) > 0 {
		kept := am.found[:0]
		for _, f := range am.found {
			if !am.excluded(a, f.person) {
				kept = append(kept, f)
			}
		}
		am.found = kept
	}
	switch len(am.found) {
	case 0:
		return Match{}, false
	case 1:
		return am.single(a, am.found[0]), true
	}
	return am.shared(a)
}

// single grades the only person with the account's address.
func (am *appMatcher) single(a *connectors.Account, f found) Match {
	name, date := am.m.agreement(&am.name, f.person.Index), fitDates(f.person, a.Created, am.m.asOf)
	g := Strong
	switch {
	case f.how == ByAltDomain && am.older(f.person, a):
		return Match{RunnerUp: f.person} // the local part was somebody else's
	case f.how == ByAddress && name != contradicts && (date != dateOutside || name >= agrees && !am.older(f.person, a)):
		g = Exact
	case f.how == ByAddress && date == dateOutside, f.how != ByAddress && name == contradicts, f.how == ByAltDomain && date == dateOutside:
		g = Proposed
	}
	return am.match(f.person, g, f.how)
}

// older tells whether an account is so much older than a person's first day that the address may have been somebody else's
// when it was made.
func (am *appMatcher) older(p *Person, a *connectors.Account) bool {
	first := p.Records[0].Start
	return first.Known() && a.Created.Known() && a.Created < first-provisionedEarly
}

// shared decides among several people with the account's address: an address is given to a newcomer, or back to one who
// returned under a new id. Several people always cost the grade exact.
func (am *appMatcher) shared(a *connectors.Account) (Match, bool) {
	best := found{name: contradicts}
	var second *Person
	n := 0 // as good as the best
	for i := range am.found {
		f := &am.found[i]
		f.name, f.date = am.m.agreement(&am.name, f.person.Index), fitDates(f.person, a.Created, am.m.asOf)
		switch c := compareFound(f, &best); {
		case best.person == nil || c > 0:
			second, best, n = best.person, *f, 1
		case c == 0:
			second = f.person
			if prefer(f.person, best.person, am.m.asOf) {
				second, best = best.person, *f
			}
			n++
		default:
			second = f.person
		}
	}
	m := Match{Owner: best.person, Grade: Strong, By: best.how, RunnerUp: second}
	switch {
	case best.name == contradicts:
		m.Grade = Proposed
	case n == 2 && maybeSame(best.person, second):
	case n > 1 && best.how == ByAltDomain:
		return Match{}, false // the name or the username may tell
	case n > 1:
		return Match{Grade: Ambiguous, By: best.how, RunnerUp: best.person}, true
	case best.date == dateOutside, best.how == ByAltDomain:
		m.Grade = Proposed
	}
	return m, true
}

// compareFound orders people with one address: the name decides, then whether they were employed when the account was
// made, then how well HR knows the address as theirs.
func compareFound(a, b *found) int {
	if a.name != b.name {
		return int(a.name) - int(b.name)
	}
	if in, other := a.date >= dateInside, b.date >= dateInside; in != other {
		if in {
			return 1
		}
		return -1
	}
	if a.how != b.how {
		return int(b.how) - int(a.how)
	}
	return 0
}

// prefer says which of two equally good people stands first: one who is still there, then the lower id.
func prefer(a, b *Person, asOf connectors.Date) bool {
	if x, y := a.Ended(asOf), b.Ended(asOf); x != y {
		return y
	}
	return a.ID < b.ID
}

func maybeSame(a, b *Person) bool {
	for _, p := range a.MaybeSame {
		if p == b {
			return true
		}
	}
	return false
}
