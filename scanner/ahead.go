package scanner

import (
	"slices"

	"rollcall/connectors"
)

// batch is how many accounts are looked at together.
const batch = 16

// aheadList keeps copies of a few accounts, whose source overwrites them, so that what the matcher and the judge will look up
// for them is fetched into the processor's caches for all at once. The trips to memory of one account wait for one
// another, those of many do not: a sixteenth of a scan's time, with the copies.
type aheadList struct {
	of      [batch]connectors.Account
	held    [batch][]connectors.Entitlement
	aliases [batch][]string
	keys    [batch][]connectors.Credential
	n       int
	next    [batch]lookup
	touched uint32 // keeps the looks from being optimised away
}

// lookup is what of a roster's index an account will ask for first.
type lookup struct {
	index *index
	h     uint64
	rec   uint32
	found bool
}

func (l *aheadList) add(a *connectors.Account) {
	n := l.n
	l.n++
	c := &l.of[n]
	*c = *a
	l.held[n] = append(l.held[n][:0], a.Entitlements...)
	c.Entitlements = l.held[n]
	if len(a.Aliases) > 0 {
		l.aliases[n] = append(l.aliases[n][:0], a.Aliases...)
		c.Aliases = l.aliases[n]
	}
	if len(a.Credentials) > 0 {
		l.keys[n] = append(l.keys[n][:0], a.Credentials...)
		c.Credentials = l.keys[n]
	}
	c.State = slices.Clone(a.State)
}

// warm fetches for each account the record its employee id or else its address leads to, and what the judge knows of that
// person. It decides nothing.
func (l *aheadList) warm(m *matcher, aj *appJudge) {
	var buf [192]byte
	for i := range l.of[:l.n] {
		x := &l.next[i]
		*x = lookup{}
		a := &l.of[i]
		if a.EmployeeID != "" {
			if k := foldID(buf[:0], a.EmployeeID); len(k.body) > 0 {
				x.index, x.h = &m.idx[keyID], hashBytes(k.body)
			}
		} else if f, at := foldAddress(buf[:0], a.Email); at >= 0 {
			x.index, x.h = &m.idx[keyAddress], hashBytes(f)
		}
		if x.index != nil {
			l.touched += x.index.dir[x.h>>x.index.shift]
		}
	}
	for i := range l.next[:l.n] {
		x := &l.next[i]
		if x.index == nil {
			continue
		}
		for _, s := range x.index.bucket(x.h) {
			if s.tag == uint32(x.h) {
				x.rec, x.found = s.val, true
				break
			}
		}
	}
	for i := range l.next[:l.n] {
		if x := &l.next[i]; x.found {
			x.rec = uint32(m.records[x.rec].glance.person)
		}
	}
	for i := range l.next[:l.n] {
		if x := &l.next[i]; x.found {
			l.touched += uint32(aj.persons[x.rec].role) + uint32(aj.slots.of[x.rec])
		}
	}
}
