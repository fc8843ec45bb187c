package scanner

import (
	"cmp"
	"slices"
	"strings"

	"rollcall/connectors"
)

// People are the human beings of a roster.
type People struct {
	All    []*Person // sorted by ID
	byID   map[connectors.PersonID]int32
	sorted []*connectors.Person // all records, sorted by id; of[i] is the person of sorted[i]
	of     []int32
}

// ByID finds the person any of whose records has the id; nil if none has.
func (ps *People) ByID(id connectors.PersonID) *Person {
	if i, ok := ps.byID[id]; ok {
		return ps.All[i]
	}
	return nil
}

// joinPeople joins HR records into human beings as of a day. Records are one human when HR links them, when they have the
// same id, or when they have the same name and a personal address in common, or a work address at different times. Where
// an ended and a living person could be one human but nothing proves it, each is in the other's MaybeSame. The order of
// the records makes no difference. seen is role history grown from earlier rosters, for records without their own.
func joinPeople(records []connectors.Person, seen map[connectors.PersonID][]SeenRole, asOf connectors.Date) *People {
	recs := make([]*connectors.Person, len(records))
	for i := range records {
		recs[i] = &records[i]
	}
	slices.SortFunc(recs, compareRecords)
	j := joiner{recs: recs, tellsRehires: tellsRehires(recs), parent: make([]int32, len(recs)), byID: make(map[connectors.PersonID]int32, len(recs))}
	for i := range recs {
		j.parent[i] = int32(i)
		if first, ok := j.byID[recs[i].ID]; ok {
			j.union(first, int32(i))
		} else {
			j.byID[recs[i].ID] = int32(i)
		}
	}
	j.joinLinked()
	j.keys()
	j.joinAddresses()
	ps := j.people(seen, asOf)
	j.maybeSame(ps, asOf)
	return ps
}

// compareRecords is an order that depends on the records' contents alone.
func compareRecords(a, b *connectors.Person) int {
	return cmp.Or(
		cmp.Compare(a.ID, b.ID), cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.Status, b.Status),
		cmp.Compare(a.WorkEmail, b.WorkEmail), cmp.Compare(a.LastName, b.LastName), cmp.Compare(a.FirstName, b.FirstName),
		cmp.Compare(a.Role, b.Role), cmp.Compare(a.From.Line, b.From.Line),
	)
}

// joiner is a union-find over the records.
type joiner struct {
	recs         []*connectors.Person
	parent       []int32
	tellsRehires bool // HR's history tells re-hires from first hires
	byID         map[connectors.PersonID]int32
	name         []recordKey // every name of every record, sorted
	addr         []recordKey // every address together with every name, sorted
	mail         []recordKey // every address, sorted
}

// recordKey is one thing by which a record may be another's.
type recordKey struct {
	h        uint64
	rec      int32
	personal bool // of an address
}

func (j *joiner) find(i int32) int32 {
	for j.parent[i] != i {
		j.parent[i] = j.parent[j.parent[i]]
		i = j.parent[i]
	}
	return i
}

func (j *joiner) union(a, b int32) {
	a, b = j.find(a), j.find(b)
	j.parent[max(a, b)] = min(a, b)
}

func (j *joiner) joinLinked() {
	for i, r := range j.recs {
		if r.Previous == "" {
			continue
		}
		if prev, ok := j.byID[r.Previous]; ok {
			j.union(prev, int32(i))
		} else if prev, ok := j.byID[connectors.PersonID(strings.TrimSpace(string(r.Previous)))]; ok {
			j.union(prev, int32(i))
		}
	}
}

// keys fills name and addr.
func (j *joiner) keys() {
	j.name = make([]recordKey, 0, len(j.recs)+len(j.recs)/8)
	j.addr = make([]recordKey, 0, 2*len(j.recs)+len(j.recs)/4)
	j.mail = make([]recordKey, 0, 2*len(j.recs))
	var buf [128]byte
	for i, r := range j.recs {
		first := len(j.name)
		for h := range recordNames(r) {
			j.name = append(j.name, recordKey{h: h, rec: int32(i)})
		}
		for a, personal := range recordAddresses(r) {
			folded, at := foldAddress(buf[:0], a)
			if at < 0 {
				continue
			}
			h := hashBytes(0, folded)
			j.mail = append(j.mail, recordKey{mix(h), int32(i), personal})
			for _, n := range j.name[first:] {
				j.addr = append(j.addr, recordKey{mix(h ^ n.h), int32(i), personal})
			}
		}
	}
	byKey := func(a, b recordKey) int { return cmp.Or(cmp.Compare(a.h, b.h), cmp.Compare(a.rec, b.rec)) }
	slices.SortFunc(j.name, byKey)
	slices.SortFunc(j.addr, byKey)
	slices.SortFunc(j.mail, byKey)
}

// recordNames yields the hash of every full name a record goes by.
func recordNames(r *connectors.Person) func(func(uint64) bool) {
	return func(yield func(uint64) bool) {
		var buf [128]byte
		full := func(given, family string) bool {
			b := foldName(buf[:0], given, false)
			b, _ = runTogether(foldName(append(b, ' '), family, false))
			return len(b) < 3 || yield(hashToken(b))
		}
		if r.LastName == "" {
			full(r.FirstName, r.DisplayName)
			return
		}
		firsts, lasts := [2]string{r.FirstName, r.PreferredName}, [2]string{r.LastName, r.FormerLastName}
		for i, f := range firsts {
			for k, l := range lasts {
				if i > 0 && f == "" || k > 0 && l == "" {
					continue
				}
				if !full(f, l) {
					return
				}
			}
		}
	}
}

// recordAddresses yields the addresses of a record; true marks the personal one.
func recordAddresses(r *connectors.Person) func(func(string, bool) bool) {
	return func(yield func(string, bool) bool) {
		if r.WorkEmail != "" && !yield(r.WorkEmail, false) {
			return
		}
		if r.PersonalEmail != "" && !yield(r.PersonalEmail, true) {
			return
		}
		for _, a := range r.Aliases {
			if a != "" && !yield(a, false) {
				return
			}
		}
	}
}

// groups calls f with each run of two or more keys that are equal.
func groups(keys []recordKey, f func([]recordKey)) {
	for i := 0; i < len(keys); {
		k := i + 1
		for k < len(keys) && keys[k].h == keys[i].h {
			k++
		}
		if k-i > 1 {
			f(keys[i:k])
		}
		i = k
	}
}

// joinAddresses joins records of one name that share an address.
func (j *joiner) joinAddresses() {
	groups(j.addr, func(g []recordKey) {
		for i, a := range g {
			for _, b := range g[i+1:] {
				ra, rb := j.recs[a.rec], j.recs[b.rec]
				if a.rec == b.rec || j.find(a.rec) == j.find(b.rec) {
					continue
				}
				// A work address may have been given to a newcomer of the same name: what HR knows of one only leaves it open.
				sameKnown := (ra.PersonalEmail == "") == (rb.PersonalEmail == "")
				if a.personal && b.personal || sameKnown && !overlap(ra, rb) && !differentPersonal(ra, rb) {
					j.union(a.rec, b.rec)
				}
			}
		}
	})
}

// people makes one Person of each set of records.
func (j *joiner) people(seen map[connectors.PersonID][]SeenRole, asOf connectors.Date) *People {
	count := make([]int32, len(j.recs))
	n := 0
	for i := range j.recs {
		root := j.find(int32(i))
		if count[root] == 0 {
			n++
		}
		count[root]++
	}
	ps := &People{All: make([]*Person, 0, n), byID: make(map[connectors.PersonID]int32, len(j.recs)),
		sorted: j.recs, of: make([]int32, len(j.recs))}
	persons, slots := make([]Person, n), make([]*connectors.Person, len(j.recs))
	made := make([]*Person, len(j.recs))
	for i, r := range j.recs {
		root := j.find(int32(i))
		p := made[root]
		if p == nil {
			p = &persons[len(ps.All)]
			p.Records, slots = slots[:0:count[root]], slots[count[root]:]
			made[root] = p
			ps.All = append(ps.All, p)
		}
		p.Records = append(p.Records, r)
	}
	for _, p := range ps.All {
		settle(p, seen, asOf)
	}
	slices.SortFunc(ps.All, func(a, b *Person) int { return cmp.Compare(a.ID, b.ID) })
	for i, p := range ps.All {
		p.Index = i
	}
	for i, r := range j.recs {
		ps.of[i] = int32(made[j.find(int32(i))].Index)
		ps.byID[r.ID] = ps.of[i]
	}
	return ps
}

// settle orders a person's records and decides which one speaks for them.
func settle(p *Person, seen map[connectors.PersonID][]SeenRole, asOf connectors.Date) {
	slices.SortStableFunc(p.Records, func(a, b *connectors.Person) int { return cmp.Compare(a.Start, b.Start) })
	p.Now = p.Records[len(p.Records)-1]
	for _, r := range slices.Backward(p.Records) {
		if !recordEnded(r, asOf) && r.Start <= asOf {
			p.Now = r
			break
		}
	}
	p.ID = p.Now.ID
	p.Roles, p.Since = joinRoles(p.Records, seen, asOf)
}
