package scanner

import (
	"bytes"

	"rollcall/connectors"
)

func hasAddress(a *connectors.Account) bool {
	var buf [192]byte
	_, at := foldAddress(buf[:0], a.Email)
	return at >= 0
}

// against tells whether the account's keys show that it is somebody else's: an employee id that is nobody's, or a company
// address that is nobody's and is spelled like the candidate's own. (An address of another spelling may be an old one.)
func (am *appMatcher) against(a *connectors.Account, p *Person, fits fit) bool {
	if a.EmployeeID != "" {
		k := foldID(am.buf[:0], a.EmployeeID)
		if !k.placeholder() {
			am.findID(k)
			if len(am.found) == 0 && am.m.ids.wellFormed(k) {
				return true
			}
		}
	}
	f, at := foldAddress(am.buf[:0], a.Email)
	if at < 0 || !am.m.domains[string(f[at+1:])] || am.hasLocal(p, f[:at], false) {
		return false
	}
	if base := bytes.TrimRight(f[:at], "0123456789"); am.hasLocal(p, base, true) {
		return true
	}
	var an accountName
	an.read(string(f[:at]))
	return fits < fitFull && !am.hasPersonalLocal(p, f[:at]) && !am.spells(&an, p) && !am.learnt.follows(an.letters, am.m.roster, p.Index)
}

// spells tells whether every word of a local part is one of the person's names or the initial of one.
func (am *appMatcher) spells(local *accountName, p *Person) bool {
	for i := am.m.own[p.Index]; i < am.m.own[p.Index+1]; i++ {
		e := &am.m.entries[i]
		if ok, _ := am.m.fullFit(local, e); ok || am.m.partFit(local, e) != fitNone {
			return true
		}
	}
	return false
}

// hasLocal tells whether HR knows a company address of the person with that local part; base: but for a number behind.
func (am *appMatcher) hasLocal(p *Person, local []byte, base bool) bool {
	var buf [192]byte
	for _, r := range p.Records {
		for addr, personal := range recordAddresses(r) {
			f, at := foldAddress(buf[:0], addr)
			if at < 0 || personal {
				continue
			}
			own := f[:at]
			if base {
				own = bytes.TrimRight(own, "0123456789")
			}
			if bytes.Equal(own, local) {
				return true
			}
		}
	}
	return false
}

func (am *appMatcher) hasPersonalLocal(p *Person, local []byte) bool {
	var buf [192]byte
	for _, r := range p.Records {
		if f, at := foldAddress(buf[:0], r.PersonalEmail); at >= 0 && bytes.Equal(f[:at], local) {
			return true
		}
	}
	return false
}

// otherPersonal tells whether the account has a foreign address while HR knows another personal one of the person.
func (am *appMatcher) otherPersonal(a *connectors.Account, p *Person) bool {
	f, at := foldAddress(am.buf[:0], a.Email)
	if at < 0 || am.m.domains[string(f[at+1:])] {
		return false
	}
	for _, r := range p.Records {
		if r.PersonalEmail != "" {
			return true
		}
	}
	return false
}
