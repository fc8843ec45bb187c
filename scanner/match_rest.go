package scanner

import (
	"bytes"
	"slices"

	"rollcall/connectors"
)

// rest is the second pass: usernames by the app's learned convention and names. A name alone proposes; it becomes strong
// where the account was made when that person was hired or moved, or is in use by the only one who bears the name, and
// nothing speaks against it.
func (am *appMatcher) rest(a *connectors.Account) Match {
	am.name.read(a.DisplayName)
	user, admin := baseName(am.userBuf[:0], a.Username)
	if m, done := am.byLearned(a, user); done {
		return m
	}
	am.candidates()
	if len(am.m.not) > 0 {
		am.cands = slices.DeleteFunc(am.cands, func(c candidate) bool { return am.excluded(a, c.person) })
	}
	if len(am.cands) == 0 {
		return am.byPersonalLocal(a)
	}
	for i := range am.cands {
		c := &am.cands[i]
		c.user = am.learnt.follows(user, am.m.roster, c.person.Index)
		c.own = am.ownLocal(a, c.person)
		c.date = fitDates(c.person, a.Created, am.m.asOf)
	}
	am.narrow(a)
	return am.decide(a, user, admin)
}

// byLearned goes by usernames that are employee ids or local parts, where the app has been seen to use these.
func (am *appMatcher) byLearned(a *connectors.Account, user []byte) (Match, bool) {
	if am.learnt.id {
		if m, state := am.byID(a, a.Username); state == idKnown {
			m.By, m.Grade = ByUsername, min(m.Grade, Strong)
			return m, m.Sure()
		}
	}
	if !am.learnt.local {
		return Match{}, false
	}
	local := trimName(am.buf[:0], a.Username)
	am.findLocal(local)
	if len(am.found) == 0 {
		am.findLocal(bytes.TrimRight(local, "0123456789"))
	}
	if len(am.found) == 0 {
		return Match{}, false
	}
	m, done := am.choose(a)
	if !done || !m.Sure() || am.m.agreement(&am.name, m.Owner.Index) == contradicts || am.against(a, m.Owner, fitFull) {
		return Match{}, false
	}
	m.By = ByUsername
	return m, true
}

// narrow keeps the candidates that fit best: by name, then exact letters before transliterated ones, then by username.
func (am *appMatcher) narrow(a *connectors.Account) {
	best := fitNone
	for _, c := range am.cands {
		best = max(best, c.fit)
	}
	am.keep(func(c *candidate) bool { return c.fit == best })
	am.keep(func(c *candidate) bool { return c.own })
	am.keep(func(c *candidate) bool { return c.user })
	am.keep(func(c *candidate) bool { return !c.loose })
	if len(am.cands) > 1 && !isASCII(a.DisplayName) {
		am.keep(func(c *candidate) bool { return spelledAlike(a.DisplayName, c.person) })
	}
}

// keep drops the candidates that f does not hold for, unless it holds for none.
func (am *appMatcher) keep(f func(*candidate) bool) {
	if len(am.cands) < 2 {
		return
	}
	n := 0
	for i := range am.cands {
		if f(&am.cands[i]) {
			n++
		}
	}
	if n == 0 || n == len(am.cands) {
		return
	}
	kept := am.cands[:0]
	for i := range am.cands {
		if f(&am.cands[i]) {
			kept = append(kept, am.cands[i])
		}
	}
	am.cands = kept
}

// decide grades what narrow left.
func (am *appMatcher) decide(a *connectors.Account, user []byte, admin bool) Match {
	c, second, same := am.best()
	if second != nil && !same {
		return am.severalBear(a, c, second)
	}
	if am.against(a, c.person, c.fit) {
		return Match{RunnerUp: c.person}
	}
	m := am.match(c.person, Proposed, ByName)
	if c.user {
		m.By = ByConvention
	}
	if second != nil {
		m.RunnerUp = second.person
	}
	mismatch := am.learnt.known && !c.user && len(user) > 0
	switch {
	case c.date == dateOutside && (c.fit < fitFull || hasAddress(a)), c.fit == fitInitial && mismatch:
		return Match{RunnerUp: c.person}
	case am.strong(a, c, mismatch, admin):
		m.Grade = Strong
	}
	return m
}

// best is the likeliest candidate and the next. same: the two may be one human, so that either is the owner.
func (am *appMatcher) best() (c, second *candidate, same bool) {
	for i := range am.cands {
		o := &am.cands[i]
		switch {
		case c == nil:
			c = o
		case o.date > c.date || o.date == c.date && prefer(o.person, c.person, am.m.asOf):
			c, second = o, c
		case second == nil || o.date > second.date || o.date == second.date && prefer(o.person, second.person, am.m.asOf):
			second = o
		}
	}
	if second == nil {
		return c, nil, false
	}
	for i := range am.cands {
		if o := &am.cands[i]; o != c && !maybeSame(c.person, o.person) {
			return c, second, false
		}
	}
	return c, second, true
}

// severalBear is the match where several people bear the name: ambiguous, unless only one of them was employed when the
// account was made.
func (am *appMatcher) severalBear(a *connectors.Account, c, second *candidate) Match {
	if c.date >= dateInside && second.date == dateOutside && !am.hasAccount(c.person) && !am.against(a, c.person, c.fit) {
		return Match{Owner: c.person, Grade: Proposed, By: ByName, RunnerUp: second.person}
	}
	for i := range am.cands {
		if !am.against(a, am.cands[i].person, am.cands[i].fit) {
			return Match{Grade: Ambiguous, By: ByName, RunnerUp: c.person}
		}
	}
	return Match{RunnerUp: c.person}
}

// strong tells whether something other than the name speaks for the candidate, and nothing against.
func (am *appMatcher) strong(a *connectors.Account, c *candidate, mismatch, admin bool) bool {
	if c.own && c.fit >= fitPartial && c.date >= dateUnknown {
		return true
	}
	rival := am.hasAccount(c.person) && !admin && len(c.person.Records) == 1
	if rival || am.otherPersonal(a, c.person) || c.fit == fitExtra && !c.user || c.fit == fitInitial && !c.user {
		return false
	}
	switch c.date {
	case dateNear:
		return !mismatch || c.fit >= fitPartial
	case dateInside:
		used := a.LastSignIn.Known() && a.LastSignIn > am.m.asOf-inUse && a.Enabled != connectors.No
		return c.fit == fitFull && !c.loose && !mismatch && (used || admin) && !c.person.Ended(am.m.asOf)
	}
	return false
}

// inUse is how recent a sign-in must be, in days, to show that an account is in use.
const inUse = 90

// byPersonalLocal is the last resort for a company address that HR does not know and a name that fits nobody: somebody
// whose personal address has the same local part and who bears one of the names, after a change of name.
func (am *appMatcher) byPersonalLocal(a *connectors.Account) Match {
	f, at := foldAddress(am.buf[:0], a.Email)
	if at < 0 || !am.m.domains[string(f[at+1:])] {
		return Match{}
	}
	am.found = am.found[:0]
	h := hashBytes(keyPersonal, f[:at])
	for _, s := range am.m.idx.bucket(h) {
		if s.tag != uint32(h) {
			continue
		}
		if p := am.m.records[s.val].person; am.hasPersonalLocal(p, f[:at]) && !am.excluded(a, p) {
			am.add(p, ByAlias)
		}
	}
	if len(am.found) != 1 {
		return Match{}
	}
	p := am.found[0].person
	if am.m.agreement(&am.name, p.Index) < agrees || fitDates(p, a.Created, am.m.asOf) == dateOutside || am.against(a, p, fitFull) {
		return Match{RunnerUp: p}
	}
	return am.match(p, Proposed, ByAlias)
}
