package scanner

import (
	"bytes"

	"rollcall/connectors"
)

// found is a person whom a key named.
type found struct {
	person *Person
	glance *glance
	how    By // ByAddress for the work address, else ByAlias
	name   agreement
	date   dateFit
}

// findID finds the people who may have an id. full: it is written as on the roster, but for case and blanks.
func (am *appMatcher) findID(k idKey) (full bool) {
	am.found = am.found[:0]
	var buf [128]byte
	h := hashBytes(k.body)
	for _, s := range am.m.idx[keyID].bucket(h) {
		if s.tag != uint32(h) {
			continue
		}
		rec := &am.m.records[s.val]
		if o := am.m.key(buf[:0], s.val); bytes.Equal(k.full, o.full) {
			if !full {
				full, am.found = true, am.found[:0]
			}
			am.add(rec, ByEmployeeID)
		} else if !full && k.fits(o) {
			am.add(rec, ByEmployeeID)
		}
	}
	return full
}

// add adds a record's person to found, once.
func (am *appMatcher) add(rec *recordOf, how By) {
	for i := range am.found {
		if am.found[i].person == rec.person {
			am.found[i].how = min(am.found[i].how, how)
			return
		}
	}
	am.found = append(am.found, found{person: rec.person, glance: &rec.glance, how: how})
}

// findAddress finds the people who have a folded address.
func (am *appMatcher) findAddress(f []byte) {
	am.found = am.found[:0]
	var buf [128]byte
	h := hashBytes(f)
	for _, s := range am.m.idx[keyAddress].bucket(h) {
		if s.tag != uint32(h) {
			continue
		}
		o := &am.m.records[s.val]
		if o.work == h { // 64 bits: the chance that two addresses share them is nil
			am.add(o, ByAddress)
			continue
		}
		for addr := range recordAddresses(am.m.people.sorted[s.val]) {
			if folded, at := foldAddress(buf[:0], addr); at >= 0 && bytes.Equal(folded, f) {
				am.add(o, ByAlias)
				break
			}
		}
	}
}

// findLocal finds the people with a company address of that local part.
func (am *appMatcher) findLocal(local []byte) {
	am.found = am.found[:0]
	var buf [128]byte
	h := hashBytes(local)
	for _, s := range am.m.idx[keyLocal].bucket(h) {
		if s.tag != uint32(h) {
			continue
		}
		o := &am.m.records[s.val]
		if o.local == h { // as with work
			am.add(o, ByAltDomain)
			continue
		}
		for addr, personal := range recordAddresses(am.m.people.sorted[s.val]) {
			if f, at := foldAddress(buf[:0], addr); at >= 0 && !personal && bytes.Equal(f[:at], local) {
				am.add(o, ByAltDomain)
			}
		}
	}
}

// ref resolves an owner reference: an employee id, as HR writes it or nearly so, or an address; nil when it names nobody,
// or several people.
func (m *matcher) ref(s string) *Person {
	if s == "" {
		return nil
	}
	if p := m.people.ByID(connectors.PersonID(s)); p != nil {
		return p
	}
	am := appMatcher{m: m}
	if f, at := foldAddress(am.buf[:0], s); at >= 0 {
		am.findAddress(f)
		if len(am.found) == 0 && m.domains[string(f[at+1:])] {
			am.findLocal(f[:at])
		}
	} else if k := foldID(am.buf[:0], s); !k.placeholder() {
		am.findID(k)
	}
	switch len(am.found) {
	case 0:
		return nil
	case 1:
		return am.found[0].person
	}
	return m.oneLiving(am.found)
}

// oneLiving is the only one of several people who has not left.
func (m *matcher) oneLiving(fs []found) *Person {
	var out *Person
	for _, f := range fs {
		if !f.person.Ended(m.asOf) {
			if out != nil {
				return nil
			}
			out = f.person
		}
	}
	return out
}
