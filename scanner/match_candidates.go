package scanner

// candidate is a person an account's name may mean.
type candidate struct {
	person *Person
	fit    fit
	loose  bool
	user   bool // the username follows the app's convention for this person
	own    bool // the local part of the account's address is that of an address of theirs
	date   dateFit
}

// candidates finds the people whom the account's name may mean: by the whole name, else by a given and a family name, else
// by an initial.
func (am *appMatcher) candidates() {
	am.cands = am.cands[:0]
	an := &am.name
	if an.n == 0 {
		return
	}
	am.lookUp(hashKind(keyName, hashToken(an.letters)), func(e *nameEntry) (fit, bool) {
		if ok, loose := am.m.fullFit(an, e); ok {
			return fitFull, loose
		}
		return fitNone, false
	})
	if len(am.cands) > 0 {
		return
	}
	part := func(e *nameEntry) (fit, bool) { return am.m.partFit(an, e), false }
	for i, t := range an.tokens[:an.n] {
		for _, o := range an.tokens[i+1 : an.n] {
			if len(t) > 1 && len(o) > 1 {
				am.lookUp(hashKind(keyPair, hashToken(t)+hashToken(o)), part)
			}
		}
	}
	if len(am.cands) > 0 {
		return
	}
	am.byInitial(part)
}

// byInitial looks up "SMITH J", "J. van Berg": the words run together, or else each for itself.
func (am *appMatcher) byInitial(part func(*nameEntry) (fit, bool)) {
	an := &am.name
	var buf [256]byte
	words := buf[:0]
	for _, t := range an.tokens[:an.n] {
		if len(t) > 1 {
			words = append(words, t...)
		}
	}
	for _, t := range an.tokens[:an.n] {
		if len(t) != 1 || len(words) == 0 {
			continue
		}
		am.lookUp(hashKind(keyInitial, hashToken(words)+uint64(t[0])), func(e *nameEntry) (fit, bool) {
			f := e.family(am.m.arena)
			if sameToken(words, f) || sameToken(words, lastToken(f, e.familyStarts)) || sameToken(words, firstToken(f, e.familyStarts)) {
				return fitInitial, false
			}
			return fitNone, false
		})
		for _, w := range an.tokens[:an.n] {
			if len(w) > 1 && len(w) < len(words) {
				am.lookUp(hashKind(keyInitial, hashToken(w)+uint64(t[0])), part)
			}
		}
	}
}

// lookUp adds the people whom a key names and fits confirms; a germanic spelling stands beside the plain one.
func (am *appMatcher) lookUp(h uint64, fits func(*nameEntry) (fit, bool)) {
	for _, s := range am.m.idx.bucket(h) {
		if s.tag != uint32(h) {
			continue
		}
		v := s.val
		e := &am.m.entries[v]
		f, loose := fits(e)
		if next := v + 1; (f == fitNone || loose) && int(next) < len(am.m.entries) && am.m.entries[next].germanic {
			if g, l := fits(&am.m.entries[next]); g > f || g == f && !l {
				f, loose = g, l
			}
		}
		if f != fitNone {
			am.addCandidate(candidate{person: am.m.people.All[e.person], fit: f, loose: loose})
		}
	}
}

func (am *appMatcher) addCandidate(c candidate) {
	for i := range am.cands {
		if o := &am.cands[i]; o.person == c.person {
			if c.fit > o.fit || c.fit == o.fit && !c.loose {
				o.fit, o.loose = c.fit, c.loose
			}
			return
		}
	}
	am.cands = append(am.cands, c)
}
