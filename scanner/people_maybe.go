package scanner

import (
	"bytes"
	"cmp"
	"slices"

	"rollcall/connectors"
)

// overlapAllowed is how many days two employments of one human may overlap: a contract that runs out beside a new one.
const overlapAllowed = 14

// overlap tells whether two employments ran side by side for longer than one human's would.
func overlap(a, b *connectors.Person) bool {
	end := func(r *connectors.Person) connectors.Date {
		switch {
		case r.End.Known():
			return r.End
		case r.Status == connectors.Terminated:
			return r.Start // it ended, nobody knows when: no overlap can be shown
		}
		return 1 << 30
	}
	if !a.Start.Known() || !b.Start.Known() {
		return false
	}
	return min(end(a), end(b))-max(a.Start, b.Start) > overlapAllowed
}

// differentPersonal tells whether HR knows a personal address of both and they differ.
func differentPersonal(a, b *connectors.Person) bool {
	var x, y [96]byte
	fa, at := foldAddress(x[:0], a.PersonalEmail)
	fb, bt := foldAddress(y[:0], b.PersonalEmail)
	return at >= 0 && bt >= 0 && string(fa) != string(fb)
}

// mailboxLimit is how many records may have an address in common before it says nothing of any of them: a team's mailbox.
const mailboxLimit = 16

// maybeSame fills Person.MaybeSame: an ended and a living person with a name or an address in common.
func (j *joiner) maybeSame(ps *People, asOf connectors.Date) {
	var ended, living []*Person
	pairs := func(g []recordKey) {
		ended, living = ended[:0], living[:0]
		for i, k := range g {
			if i > 0 && g[i-1].rec == k.rec {
				continue
			}
			if p := ps.All[ps.of[k.rec]]; p.Ended(asOf) {
				ended = append(ended, p)
			} else {
				living = append(living, p)
			}
		}
		for _, e := range ended {
			for _, l := range living {
				if !j.contradict(e, l) {
					addMaybe(e, l)
					addMaybe(l, e)
				}
			}
		}
	}
	groups(j.name, pairs)
	groups(j.mail, func(g []recordKey) {
		if len(g) <= mailboxLimit {
			pairs(g)
		}
	})
}

// tellsRehires tells whether HR's history calls any start of an employment a re-hire: then a first hire is one.
func tellsRehires(recs []*connectors.Person) bool {
	return slices.ContainsFunc(recs, func(r *connectors.Person) bool { return r.Rehired == connectors.Yes })
}

func addMaybe(p, q *Person) {
	i, found := slices.BinarySearchFunc(p.MaybeSame, q, func(a, b *Person) int { return cmp.Compare(a.ID, b.ID) })
	if !found {
		p.MaybeSame = slices.Insert(p.MaybeSame, i, q)
	}
}

// contradict tells whether two people with a name or an address in common are shown to be two: they worked side by side,
// or HR knows a personal address of both and they have none in common. Companies give a leaver's work address to the next
// namesake; where it is the same, HR's history must also call the later start a first hire, and tell first hires from
// re-hires elsewhere. That word alone shows nothing: a re-hire that HR did not notice is filed as a first hire. A work
// address in common says nothing where the first names are different ones: people who come back may have a new last name.
func (j *joiner) contradict(ended, living *Person) bool {
	firstHire, rehired, differ, same, shared, othersName := false, false, false, false, false, true
	for _, x := range ended.Records {
		for _, y := range living.Records {
			if overlap(x, y) {
				return true
			}
			rehired = rehired || y.Rehired == connectors.Yes && y.Start > x.Start
			firstHire = firstHire || j.tellsRehires && y.Rehired == connectors.No && y.Start > x.Start
			switch {
			case differentPersonal(x, y):
				differ = true
			case x.PersonalEmail != "" && y.PersonalEmail != "":
				same = true
			}
			shared = shared || shareAddress(x, y)
			othersName = othersName && differentFirstNames(x, y)
		}
	}
	switch {
	case same:
		return false
	case othersName:
		return true
	case rehired: // HR's history says that the living one was here before: people change their private addresses
		return false
	case shared:
		return firstHire && differ
	}
	return differ
}

// differentFirstNames tells whether both records have first names and none of the one stands anywhere in the other's name,
// also when it is cut short there, or given and family names are swapped.
func differentFirstNames(a, b *connectors.Person) bool {
	var buf [64]byte
	if a.FirstName == b.FirstName && len(foldName(buf[:0], a.FirstName, false)) > 0 {
		return false // as with most namesakes
	}
	return a.FirstName != "" && b.FirstName != "" && !namedIn(a.FirstName, b) && !namedIn(b.FirstName, a)
}

// namedIn tells whether a word of the name is, or begins, a word of the record's names, or the other way round.
func namedIn(name string, r *connectors.Person) bool {
	words := bytes.Fields(foldName(nil, r.FirstName+" "+r.PreferredName+" "+r.LastName, false))
	for _, s := range bytes.Fields(foldName(nil, name, false)) {
		for _, t := range words {
			if bytes.HasPrefix(s, t) || bytes.HasPrefix(t, s) || sameLoosely(s, t) {
				return true
			}
		}
	}
	return false
}

// shareAddress tells whether two records have an address in common.
func shareAddress(a, b *connectors.Person) bool {
	var x, y [128]byte
	for s := range recordAddresses(a) {
		f, at := foldAddress(x[:0], s)
		for t := range recordAddresses(b) {
			if g, bt := foldAddress(y[:0], t); at >= 0 && bt >= 0 && string(f) == string(g) {
				return true
			}
		}
	}
	return false
}
