package scanner

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"rollcall/connectors"
)

// People are the human beings of a roster.
type People struct {
	All    []*Person            // sorted by ID
	sorted []*connectors.Person // all records, sorted by id; of[i] is the person of sorted[i]
	of     []int32
	ids    index // hash of an id as HR writes it → record
}

// ByID finds the person any of whose records has the id; nil if none has.
func (ps *People) ByID(id connectors.PersonID) *Person {
	h := maphash.String(hashSeed, string(id))
	for _, s := range ps.ids.bucket(h) {
		if s.tag == uint32(h) && ps.sorted[s.val].ID == id {
			return ps.All[ps.of[s.val]]
		}
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
	j := joiner{recs: recs, tellsRehires: tellsRehires(recs), parent: make([]int32, len(recs))}
	for i := range recs {
		j.parent[i] = int32(i)
		if i > 0 && recs[i-1].ID == recs[i].ID {
			j.union(int32(i-1), int32(i))
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
	if c := cmp.Compare(a.ID, b.ID); c != 0 {
		return c
	}
	return cmp.Or(
		cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.Status, b.Status),
		cmp.Compare(a.WorkEmail, b.WorkEmail), cmp.Compare(a.LastName, b.LastName), cmp.Compare(a.FirstName, b.FirstName),
		cmp.Compare(a.Role, b.Role), cmp.Compare(a.From.Line, b.From.Line),
	)
}

// joiner is a union-find over the records.
type joiner struct {
	recs         []*connectors.Person
	parent       []int32
	tellsRehires bool        // HR's history tells re-hires from first hires
	name         []recordKey // every name of every record, sorted
	mail         []recordKey // every address of every record, sorted
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
		if prev, ok := j.record(r.Previous); ok {
			j.union(prev, int32(i))
		} else if prev, ok := j.record(connectors.PersonID(strings.TrimSpace(string(r.Previous)))); ok {
			j.union(prev, int32(i))
		}
	}
}

// record finds the first record with an id.
func (j *joiner) record(id connectors.PersonID) (int32, bool) {
	i, ok := slices.BinarySearchFunc(j.recs, id, func(r *connectors.Person, id connectors.PersonID) int { return cmp.Compare(r.ID, id) })
	return int32(i), ok
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
	ps := &People{All: make([]*Person, 0, n), sorted: j.recs, of: make([]int32, len(j.recs))}
	persons, slots := make([]Person, n), make([]*connectors.Person, len(j.recs))
	made := make([]*Person, len(j.recs))
	free := persons
	for i, r := range j.recs {
		root := j.find(int32(i))
		p := made[root]
		if p == nil {
			p, free = &free[0], free[1:]
			p.Records, slots = slots[:0:count[root]], slots[count[root]:]
			made[root] = p
		}
		p.Records = append(p.Records, r)
	}
	settleAll(persons, seen, asOf)
	for i, r := range j.recs { // the records stand in the order of ids, so the people do as well
		if p := made[j.find(int32(i))]; p.Now == r {
			p.Index = len(ps.All)
			ps.All = append(ps.All, p)
		}
	}
	ids := make([]indexKey, 0, len(j.recs))
	for i, r := range j.recs {
		ps.of[i] = int32(made[j.find(int32(i))].Index)
		if i == 0 || j.recs[i-1].ID != r.ID { // records of one id are one person's
			ids = append(ids, indexKey{maphash.String(hashSeed, string(r.ID)), uint32(i)})
		}
	}
	ps.ids = newIndex(ids)
	return ps
}

// settleAll settles people, half of them beside the others.
func settleAll(persons []Person, seen map[connectors.PersonID][]SeenRole, asOf connectors.Date) {
	var wg sync.WaitGroup
	half := len(persons) / 2
	for _, some := range [][]Person{persons[:half], persons[half:]} {
		wg.Go(func() {
			for i := range some {
				settle(&some[i], seen, asOf)
			}
		})
	}
	wg.Wait()
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
