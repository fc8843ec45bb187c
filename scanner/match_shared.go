package scanner

import (
	"cmp"
	"slices"

	"rollcall/connectors"
)

// checkName doubts an alias, or a local part at another domain, where somebody else bears the account's name: two people
// have had the address then, perhaps one of them before a change of name.
func (am *appMatcher) checkName(a *connectors.Account, m Match) (Match, bool) {
	am.bearers()
	own, other, date := false, (*Person)(nil), dateOutside
	for i := range am.cands {
		c := &am.cands[i]
		p := am.m.people.All[c.index]
		if p == m.Owner {
			own = true
			continue
		}
		if d := am.m.dates(&am.m.glances[c.index], a.Created); other == nil || d > date || d == date && prefer(p, other, am.m.asOf) {
			other, date = p, d
		}
	}
	switch {
	case other == nil || maybeSame(other, m.Owner):
	case !own && (m.By == ByAlias || am.against(a, other, fitFull)):
		m.Grade, m.RunnerUp = Proposed, other // the name is another's, the address is not
	case !own:
		return Match{}, false // the name is another's alone: rest judges by it
	case m.By == ByAltDomain && date > am.m.dates(am.glance(m.Owner), a.Created):
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
		return am.single(a, &am.found[0])
	}
	return am.shared(a)
}

// single grades the only person with the account's address. False leaves it open.
func (am *appMatcher) single(a *connectors.Account, f *found) (Match, bool) {
	name, outside := am.m.agreement(&am.name, f.glance), am.m.outside(f.glance, a.Created)
	g := Strong
	switch {
	case f.how == ByAltDomain && am.older(f, a):
		return Match{}, false // the local part was somebody else's: the name may tell whose
	case f.how == ByAddress && name != contradicts && (!outside || name >= agrees && !am.older(f, a)):
		g = Exact
	case f.how == ByAddress && outside, f.how != ByAddress && name == contradicts, f.how == ByAltDomain && outside:
		g = Proposed
	}
	return am.matchFound(f, g, f.how), true
}

// older tells whether an account is so much older than the first day of who was found that the address may have been somebody else's
// when it was made.
func (am *appMatcher) older(f *found, a *connectors.Account) bool {
	first := f.glance.start
	if !f.glance.plain {
		first = f.person.Records[0].Start
	}
	return first.Known() && a.Created.Known() && a.Created < first-provisionedEarly
}

// shared decides among several people with the account's address: an address is given to a newcomer, or back to one who
// returned under a new id. Several people always cost the grade exact.
func (am *appMatcher) shared(a *connectors.Account) (Match, bool) {
	for i := range am.found {
		f := &am.found[i]
		f.name, f.date = am.m.agreement(&am.name, f.glance), am.m.dates(f.glance, a.Created)
	}
	slices.SortFunc(am.found, func(x, y found) int {
		return cmp.Or(compareFound(&y, &x), comparePeople(x.person, y.person, am.m.asOf))
	})
	best, second, n := &am.found[0], am.found[1].person, 1 // n: as good as the best
	for n < len(am.found) && compareFound(&am.found[n], best) == 0 {
		n++
	}
	m := Match{Owner: best.person, Grade: Strong, By: best.how, RunnerUp: second}
	switch {
	case best.name == contradicts:
		m.Grade = Proposed
	case n == 2 && maybeSame(best.person, second):
	case n > 1 && best.how == ByAltDomain:
		return Match{}, false // the name or the username may tell
	case n > 1:
		am.tied = am.tied[:0]
		for _, f := range am.found[:n] {
			am.tied = append(am.tied, f.person)
		}
		return Match{Grade: Ambiguous, By: best.how, RunnerUp: best.person}, true
	case best.date == dateOutside, best.how == ByAltDomain && !am.hiredThen(best), best.date == dateUnknown && am.livingOther(best):
		m.Grade = Proposed
	}
	return m, true
}

// hiredThen tells whether the account was made when best, who bears its name, was hired or moved, and nobody else of its
// local part worked here.
func (am *appMatcher) hiredThen(best *found) bool {
	return best.name >= agrees && best.date == dateNear &&
		!slices.ContainsFunc(am.found, func(f found) bool { return f.person != best.person && f.date != dateOutside })
}

// livingOther tells whether best has left while somebody of the address and as good a name has not: only dates tell these apart.
func (am *appMatcher) livingOther(best *found) bool {
	if !best.person.Ended(am.m.asOf) {
		return false
	}
	for i := range am.found {
		if f := &am.found[i]; f.person != best.person && f.name == best.name && !f.person.Ended(am.m.asOf) {
			return true
		}
	}
	return false
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

// prefer says which of two equally good people stands first: one who is still there, then who came first. Ids, which say
// nothing, come last.
func prefer(a, b *Person, asOf connectors.Date) bool { return comparePeople(a, b, asOf) < 0 }

func comparePeople(a, b *Person, asOf connectors.Date) int {
	if x, y := a.Ended(asOf), b.Ended(asOf); x != y {
		if y {
			return -1
		}
		return 1
	}
	if c := cmp.Compare(a.Records[0].Start, b.Records[0].Start); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.Name(), b.Name()), cmp.Compare(a.ID, b.ID))
}

func maybeSame(a, b *Person) bool {
	for _, p := range a.MaybeSame {
		if p == b {
			return true
		}
	}
	return false
}
