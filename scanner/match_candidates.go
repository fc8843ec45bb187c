package scanner

// candidate is a person an account's name may mean.
type candidate struct {
	person *Person // filled by narrow, for those it leaves: a look at each costs a tenth of the second pass
	index  int32   // the person's
	entry  int32   // one of their names
	fit    fit
	loose  bool
	user   bool // the username follows the app's convention for this person
	own    bool // the local part of the account's address is that of an address of theirs
	date   dateFit
}

// by is ByConvention only with the username's help.
func (c *candidate) by() By {
	if c.user {
		return ByConvention
	}
	return ByName
}

// candidates finds the people whom the account's name may mean: by the whole name, else by a given and a family name, else
// by an initial.
func (am *appMatcher) candidates() {
	an := &am.name
	if am.bearers(); len(am.cands) > 0 || an.n == 0 {
		return
	}
	part := func(e *nameEntry) (fit, bool) { return am.m.partFit(an, e), false }
	for i, t := range an.tokens[:an.n] {
		for _, o := range an.tokens[i+1 : an.n] {
			if len(t) > 1 && len(o) > 1 {
				am.lookUp(keyPair, hashKind(keyPair, hashToken(t)+hashToken(o)), part)
			}
		}
	}
	if len(am.cands) > 0 {
		return
	}
	am.byInitial(part)
}

// bearers finds the people who bear the account's whole name: the candidates of fitFull. Who asks about no others spares
// the lookups by parts of the name, which are a twentieth of the first pass.
func (am *appMatcher) bearers() {
	am.cands = am.cands[:0]
	an := &am.name
	if an.n == 0 {
		return
	}
	am.lookUp(keyName, hashKind(keyName, hashToken(an.letters)), func(e *nameEntry) (fit, bool) {
		if ok, loose := am.m.fullFit(an, e); ok {
			return fitFull, loose
		}
		return fitNone, false
	})
}

// byInitial looks up "SMITH J", "J. van Berg", "O BRIEN J": the words run together, with the other single letters and
// without them, or else each for itself.
func (am *appMatcher) byInitial(part func(*nameEntry) (fit, bool)) {
	an := &am.name
	var buf, all [256]byte
	words := buf[:0]
	for _, t := range an.tokens[:an.n] {
		if len(t) > 1 {
			words = append(words, t...)
		}
	}
	if len(words) == 0 {
		return
	}
	for i, t := range an.tokens[:an.n] {
		if len(t) != 1 {
			continue
		}
		am.byFamily(words, t[0])
		rest := all[:0]
		for k, o := range an.tokens[:an.n] {
			if k != i {
				rest = append(rest, o...)
			}
		}
		if len(rest) > len(words) {
			am.byFamily(rest, t[0])
		}
		for _, w := range an.tokens[:an.n] {
			if len(w) > 1 && len(w) < len(words) {
				am.lookUp(keyInitial, hashKind(keyInitial, hashToken(w)+uint64(t[0])), part)
			}
		}
	}
}

// byFamily looks up a family name, or its first or last word, and an initial.
func (am *appMatcher) byFamily(words []byte, initial byte) {
	am.lookUp(keyInitial, hashKind(keyInitial, hashToken(words)+uint64(initial)), func(e *nameEntry) (fit, bool) {
		f := e.family(am.m.arena)
		if sameToken(words, f) || sameToken(words, lastToken(f, e.familyStarts)) || sameToken(words, firstToken(f, e.familyStarts)) {
			return fitInitial, false
		}
		return fitNone, false
	})
}

// lookUp adds the people whom a key names and fits confirms; a germanic spelling stands beside the plain one.
func (am *appMatcher) lookUp(kind int, h uint64, fits func(*nameEntry) (fit, bool)) {
	before := len(am.cands)
	for _, s := range am.m.idx[kind].bucket(h) {
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
			am.addCandidate(candidate{index: e.person, entry: int32(v), fit: f, loose: loose}, before)
		}
	}
}

// addCandidate adds a person, once. before is how many there were before the lookup: within one, a person's names stand
// side by side. Common names have hundreds of candidates.
func (am *appMatcher) addCandidate(c candidate, before int) {
	for i := range am.cands {
		if i >= before {
			i = len(am.cands) - 1
		}
		if o := &am.cands[i]; o.index == c.index {
			if c.fit > o.fit || c.fit == o.fit && !c.loose {
				o.fit, o.loose = c.fit, c.loose
			}
			return
		} else if i >= before {
			break
		}
	}
	am.cands = append(am.cands, c)
}
