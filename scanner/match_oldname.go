package scanner

import "rollcall/connectors"

// byOldName is the last resort for an account whose name, as it stands, is nobody's: after a change of name an app may keep
// the old one, and HR still has it in an address. It proposes the only person an address of whom has the local part of the
// account's address or the account's username, who bears one of its names and was there when it was made. m is what the
// names alone came to.
func (am *appMatcher) byOldName(a *connectors.Account, m Match) Match {
	if am.name.n == 0 {
		return m
	}
	am.found = am.found[:0]
	by := ByAlias
	if f, at := foldAddress(am.buf[:0], a.Email); at >= 0 && am.m.domains[string(f[at+1:])] {
		am.addPersonalLocal(f[:at])
	}
	if len(am.found) == 0 {
		by = ByUsername
		local := trimName(am.userBuf[:0], localOf(a.Username))
		am.findLocal(local)
		am.addPersonalLocal(local)
	}
	var p *Person
	for _, f := range am.found {
		if am.excluded(a, f.person) || am.m.agreement(&am.name, f.glance) < agrees || am.m.outside(f.glance, a.Created) {
			continue
		}
		if p != nil {
			return m
		}
		p = f.person
	}
	if p == nil || am.against(a, p, fitFull) {
		return m
	}
	out := am.match(p, Proposed, by)
	if out.RunnerUp == nil && m.RunnerUp != p {
		out.RunnerUp = m.RunnerUp
	}
	return out
}

// addPersonalLocal adds the people with a personal address of that local part to found.
func (am *appMatcher) addPersonalLocal(local []byte) {
	h := hashBytes(local)
	for _, s := range am.m.idx[keyPersonal].bucket(h) {
		if s.tag != uint32(h) {
			continue
		}
		if rec := &am.m.records[s.val]; am.hasPersonalLocal(rec.person, local) {
			am.add(rec, ByAlias)
		}
	}
}
