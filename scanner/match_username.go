package scanner

// An account may show nothing but a username. Where the app's convention is known, that names the people of whose names the
// convention makes it. The index of these usernames is made for an app on first need, with 8 bytes a name.

// byUsernameAlone makes candidates of the people whom the username means by the app's convention.
func (am *appMatcher) byUsernameAlone(user []byte) {
	if !am.learnt.known || len(user) == 0 {
		return
	}
	if am.byForm == nil {
		x := am.learnt.by.index(am.m.roster)
		am.byForm = &x
	}
	h := hashBytes(user)
	for _, s := range am.byForm.bucket(h) {
		if e := &am.m.entries[s.val]; s.tag == uint32(h) && am.learnt.by.follows(user, am.m.roster, e) {
			am.addCandidate(candidate{index: e.person, entry: int32(s.val), fit: fitUsername}, 0)
		}
	}
	am.keep(func(c *candidate) bool { return am.m.agreement(&am.name, &am.m.glances[c.index]) >= agrees })
}

// index maps the usernames that a convention makes to the names it makes them of.
func (c convention) index(r *roster) index {
	keys := make([]indexKey, 0, len(r.entries)+len(r.entries)/4)
	var buf [512]byte
	for i := range r.entries {
		c.forms(buf[:0], r, &r.entries[i], func(form []byte) {
			keys = append(keys, indexKey{hashBytes(form), uint32(i)})
		})
	}
	return newIndex(keys)
}

// forms calls f with each username that follows the convention for a name.
func (c convention) forms(buf []byte, r *roster, e *nameEntry, f func([]byte)) {
	given, family := e.given(r.arena), e.family(r.arena)
	form := func(given []byte) {
		if c.given > 0 && len(given) == 0 || c.family > 0 && len(family) == 0 {
			return
		}
		g, l := given[:min(int(c.given), len(given))], family[:min(int(c.family), len(family))]
		if c.familyFirst {
			g, l = l, g
		}
		f(append(append(buf[:0], g...), l...))
	}
	form(given)
	if e.firstStarts&^1 != 0 {
		form(firstToken(given, e.firstStarts))
		form(lastToken(given, e.firstStarts))
	}
}
