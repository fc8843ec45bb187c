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
	am.at, am.tied = a, am.tied[:0]
	am.name.read(a.DisplayName)
	user, admin := baseName(am.userBuf[:0], a.Username)
	open, done := am.byLearned(a)
	if done {
		return open
	}
	am.candidates()
	if len(am.cands) == 0 && am.name.n < 2 {
		am.byUsernameAlone(user)
	}
	if len(am.m.not) > 0 {
		am.cands = slices.DeleteFunc(am.cands, func(c candidate) bool { return am.excluded(a, am.m.people.All[c.index]) })
	}
	var m Match
	if len(am.cands) > 0 {
		am.narrow(a, user)
		m = am.decide(a, user, admin)
	}
	if m.Grade == None {
		m = am.byOldName(a, m)
	}
	if m.Grade == None && open.Grade > None {
		return open
	}
	return m
}

// byLearned goes by usernames that are employee ids or local parts, where the app has been seen to use these. Where it does
// not settle the account, the match is what the username leaves open.
func (am *appMatcher) byLearned(a *connectors.Account) (Match, bool) {
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
	if m.Owner != nil && (am.agreement(m.Owner) == contradicts || am.against(a, m.Owner, fitFull)) {
		return Match{}, false
	}
	if m.By == ByAltDomain && m.Sure() {
		m, done = am.checkName(a, m)
	}
	if m.Grade > None {
		m.By = ByUsername
	}
	return m, done && m.Sure()
}

// narrow keeps the candidates that fit best: by name, then by the account's address, then by username, then exact letters
// before transliterated ones. Each step asks only those that the one before left: common names have hundreds.
func (am *appMatcher) narrow(a *connectors.Account, user []byte) {
	best := fitNone
	for _, c := range am.cands {
		best = max(best, c.fit)
	}
	am.keep(func(c *candidate) bool { return c.fit == best })
	if f, at := foldAddress(am.buf[:0], a.Email); at >= 0 && am.m.domains[string(f[at+1:])] {
		for i := range am.cands {
			c := &am.cands[i]
			c.own = am.hasLocal(am.m.people.All[c.index], f[:at], false) && !am.m.outside(&am.m.glances[c.index], a.Created)
		}
		am.keep(func(c *candidate) bool { return c.own })
	}
	if am.learnt.known {
		for i := range am.cands {
			c := &am.cands[i]
			c.user = am.learnt.followsOne(user, am.m.roster, c.entry)
		}
	}
	am.keep(func(c *candidate) bool { return c.user })
	am.keep(func(c *candidate) bool { return !c.loose })
	if best == fitFull && len(am.cands) > 1 && !isASCII(a.DisplayName) {
		am.keep(func(c *candidate) bool {
			p := am.m.people.All[c.index]
			return spelledAlike(a.DisplayName, p) || plainlySpelled(p)
		})
	}
	for i := range am.cands {
		c := &am.cands[i]
		c.person, c.date = am.m.people.All[c.index], am.m.dates(&am.m.glances[c.index], a.Created)
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
			am.cands[n] = am.cands[i]
			n++
		}
	}
	if n > 0 {
		am.cands = am.cands[:n]
	}
}

// decide grades what narrow left.
func (am *appMatcher) decide(a *connectors.Account, user []byte, admin bool) Match {
	c, second, same := am.best()
	mismatch := am.learnt.known && !c.user && len(user) > 0
	if second != nil && !same {
		m := am.severalBear(a, c, second)
		if m.Owner != nil && c.date == dateNear && am.strong(a, c, mismatch, admin) {
			m.Grade = Strong // made when that one was hired or moved, and none of the others worked here
		}
		return m
	}
	if am.against(a, c.person, c.fit) {
		return Match{RunnerUp: c.person}
	}
	m := am.match(c.person, Proposed, c.by())
	if second != nil {
		m.RunnerUp = second.person
	}
	switch {
	case c.date == dateOutside && (c.fit < fitFull || hasAddress(a)), c.fit == fitInitial && mismatch && !am.learnt.givenFits(user, am.m.roster, c.person.Index):
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
		return Match{Owner: c.person, Grade: Proposed, By: c.by(), RunnerUp: second.person}
	}
	am.tied = am.tied[:0]
	for i := range am.cands {
		if o := &am.cands[i]; !am.against(a, o.person, o.fit) {
			am.tied = append(am.tied, o.person)
		}
	}
	if len(am.tied) == 0 {
		return Match{RunnerUp: c.person}
	}
	return Match{Grade: Ambiguous, By: c.by(), RunnerUp: c.person}
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
		return (!mismatch || c.fit >= fitPartial) && (c.fit != fitUsername || am.learnt.by.tells())
	case dateInside:
		until := lastAtWork(c.person, am.m.asOf)
		used := a.LastSignIn.Known() && a.LastSignIn > until-inUse && a.LastSignIn <= until && a.Enabled != connectors.No
		return c.fit == fitFull && !c.loose && !mismatch && (used || admin && !c.person.Ended(am.m.asOf))
	}
	return false
}

// inUse is how recent a sign-in must be, in days, to show that an account is in use.
const inUse = 90

// lastAtWork is the last day on which a person was at work: an account in use until then, and not since, is likely theirs.
func lastAtWork(p *Person, asOf connectors.Date) connectors.Date {
	r := p.Now
	switch {
	case p.Ended(asOf):
		return r.End
	case r.LeaveStart.Known() && r.LeaveStart <= asOf && (!r.LeaveEnd.Known() || r.LeaveEnd >= asOf):
		return r.LeaveStart
	}
	return asOf
}
