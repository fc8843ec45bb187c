package scanner

import (
	"bytes"
	"strings"
	"sync"

	"rollcall/connectors"
)

// idShape is what employee ids look like on this roster: enough to know a foreign one when an app shows it.
type idShape struct {
	letters          string // in front of most ids
	minBody, maxBody int
}

// newRoster makes the indexes of the records and those of the names side by side.
func newRoster(ps *People, domains []string) *roster {
	r := &roster{people: ps, records: make([]recordOf, len(ps.sorted)), domains: companyDomains(ps.sorted, domains),
		glances: make([]glance, len(ps.All))}
	var keys keyLists
	for kind, each := range [keyKinds]float64{keyID: 1, keyAddress: 2, keyLocal: 1.1, keyPersonal: 1, keyName: 2.2, keyPair: 1.5, keyInitial: 1.5} {
		keys[kind] = make([]indexKey, 0, int(each*float64(len(r.records))))
	}
	index := func(kinds ...int) {
		for _, kind := range kinds {
			r.idx[kind] = newIndex(keys[kind])
			keys[kind] = nil
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		r.recordKeys(&keys)
		index(keyID, keyAddress, keyLocal, keyPersonal)
		r.glanceDates()
	})
	r.names()
	r.nameKeys(&keys)
	index(keyName, keyPair, keyInitial)
	wg.Wait()
	for i := range r.records {
		of := ps.of[i]
		r.records[i].person, r.records[i].glance = ps.All[of], r.glances[of]
	}
	return r
}

// names fills the entries, and the glances' names.
func (r *roster) names() {
	r.entries = make([]nameEntry, 0, len(r.records)+len(r.records)/8)
	r.arena = make([]byte, 0, 18*len(r.records))
	r.own = make([]uint32, len(r.people.All)+1)
	for i, p := range r.people.All {
		r.own[i] = uint32(len(r.entries))
		for _, rec := range p.Records {
			r.addNames(int32(i), rec)
		}
	}
	r.own[len(r.people.All)] = uint32(len(r.entries))
	for i := range r.glances {
		r.glances[i].name = r.glanceName(i)
	}
}

// companyDomains are those of the settings; without settings, those that at least a twentieth of the work addresses have.
func companyDomains(recs []*connectors.Person, set []string) map[string]bool {
	out := map[string]bool{}
	for _, d := range set {
		out[strings.ToLower(strings.TrimPrefix(strings.TrimSpace(d), "@"))] = true
	}
	if len(out) > 0 {
		return out
	}
	count, n := map[string]*int{}, 0
	var buf [128]byte
	for _, r := range recs {
		if a, at := foldAddress(buf[:0], r.WorkEmail); at >= 0 {
			c := count[string(a[at+1:])] // looked up as bytes: to count in the map itself would make a string each time
			if c == nil {
				c = new(int)
				count[string(a[at+1:])] = c
			}
			*c++
			n++
		}
	}
	for d, c := range count {
		if *c*20 >= n {
			out[d] = true
		}
	}
	return out
}

// recordKeys adds ids and addresses.
func (r *roster) recordKeys(keys *keyLists) {
	var buf [128]byte
	letters := map[string]*int{}
	r.ids = idShape{minBody: 1 << 30}
	for i, rec := range r.people.sorted {
		o, k := &r.records[i], foldID(buf[:0], string(rec.ID))
		o.idLen, o.letter = 255, uint8(min(k.letter, 255))
		if len(k.full) <= len(o.id) {
			o.idLen = uint8(copy(o.id[:], k.full))
		}
		if len(k.body) > 0 {
			keys.add(keyID, hashBytes(k.body), uint32(i))
			if n := letters[string(k.full[:k.letter])]; n != nil {
				*n++
			} else {
				one := 1
				letters[string(k.full[:k.letter])] = &one
			}
			r.ids.minBody, r.ids.maxBody = min(r.ids.minBody, len(k.body)), max(r.ids.maxBody, len(k.body))
		}
		for a, personal := range recordAddresses(rec) {
			f, at := foldAddress(buf[:0], a)
			if at < 0 {
				continue
			}
			h := hashBytes(f)
			keys.add(keyAddress, h, uint32(i))
			work, local := !personal && a == rec.WorkEmail, hashBytes(f[:at])
			if work {
				o.work = h
			}
			switch {
			case personal:
				keys.add(keyPersonal, local, uint32(i))
			case r.domains[string(f[at+1:])]:
				keys.add(keyLocal, local, uint32(i))
				if work {
					o.local = local
				}
			}
		}
	}
	most := 0
	for l, n := range letters {
		if *n > most || *n == most && l < r.ids.letters {
			most, r.ids.letters = *n, l
		}
	}
}

// addNames adds a record's names as entries, each once.
func (r *roster) addNames(person int32, rec *connectors.Person) {
	if rec.LastName == "" || rec.FirstName == "" {
		given, family := splitDisplay(rec.DisplayName + rec.FirstName + rec.LastName)
		r.addName(person, given, family, false)
		return
	}
	r.addName(person, rec.FirstName, rec.LastName, false)
	if rec.FormerLastName != "" {
		r.addName(person, rec.FirstName, rec.FormerLastName, true)
	}
	if rec.PreferredName != "" {
		r.addName(person, rec.PreferredName, rec.LastName, true)
	}
}

// splitDisplay parts a name that HR keeps in one column: "Family, Given" or "Given Family".
func splitDisplay(s string) (given, family string) {
	if l, f, ok := strings.Cut(s, ","); ok {
		return f, l
	}
	s = strings.TrimSpace(s)
	i := strings.LastIndexByte(s, ' ')
	return s[:max(i, 0)], s[i+1:]
}

func (r *roster) addName(person int32, given, family string, former bool) {
	plain := r.append(person, given, family, former, false)
	if !plain {
		return
	}
	if !isASCII(given) || !isASCII(family) {
		r.append(person, given, family, former, true)
	}
}

// append adds an entry unless the person has it.
func (r *roster) append(person int32, given, family string, former, germanic bool) bool {
	off := len(r.arena)
	e := nameEntry{person: person, off: uint32(off), former: former, germanic: germanic}
	r.arena = foldName(r.arena, given, germanic)
	letters, starts := runTogether(r.arena[off:])
	e.first, e.firstStarts = uint8(len(letters)), starts
	r.arena = r.arena[:off+len(letters)]
	mid := len(r.arena)
	r.arena = foldName(r.arena, family, germanic)
	letters, starts = runTogether(r.arena[mid:])
	e.last, e.familyStarts = uint8(len(letters)), starts
	r.arena = r.arena[:mid+len(letters)]
	if len(r.arena) == off {
		return false
	}
	for i := r.own[person]; i < uint32(len(r.entries)); i++ {
		o := &r.entries[i]
		if bytes.Equal(o.given(r.arena), e.given(r.arena)) && bytes.Equal(o.family(r.arena), e.family(r.arena)) {
			r.arena = r.arena[:off]
			return false
		}
	}
	r.entries = append(r.entries, e)
	return true
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// nameKeys adds the keys of the entries. A germanic entry hashes as the one before it.
func (r *roster) nameKeys(keys *keyLists) {
	var buf [512]byte
	for i := range r.entries {
		e, v := &r.entries[i], uint32(i)
		if e.germanic {
			continue
		}
		f, l := e.given(r.arena), e.family(r.arena)
		keys.add(keyName, hashKind(keyName, hashToken(r.arena[e.off:e.off+uint32(e.first)+uint32(e.last)])), v)
		if len(f) == 0 || len(l) == 0 {
			continue
		}
		keys.add(keyName, hashKind(keyName, hashToken(append(append(buf[:0], l...), f...))), v)
		one, other := firstToken(f, e.firstStarts), lastToken(f, e.firstStarts)
		many := len(firstToken(l, e.familyStarts)) < len(l)
		add := func(g []byte) {
			hg := hashToken(g)
			family := func(t []byte) bool {
				ht := hashToken(t)
				keys.add(keyPair, hashKind(keyPair, hg+ht), v)
				keys.add(keyInitial, hashKind(keyInitial, ht+uint64(g[0])), v)
				return true
			}
			family(l)
			if many {
				eachToken(l, e.familyStarts, family)
			}
		}
		add(one)
		if len(one) < len(f) {
			add(other)
		}
	}
}

func hashKind(kind, h uint64) uint64 { return mix(h ^ kind*0x9e3779b97f4a7c15) }
