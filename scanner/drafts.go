package scanner

import (
	"cmp"
	"iter"
	"slices"
	"sync"

	"rollcall/connectors"
)

// drafts are the findings of one app until it is read to its end: only then is it known which of them stand, and in what
// order. A company of 100,000 people has half a million findings of a kilobyte each; as drafts, those of one app take 48
// bytes each beside their texts, and the collector of garbage looks into neither.
type drafts struct {
	people  []*Person // whom they are about
	list    []draft
	related [][]Related
	reasons []string
	texts   arena
	keys    []sortKey // see order
	buf     []byte
	warmed  byte // keeps touch from being optimised away
}

// draft is one finding. Its texts are its id, account, entitlement, group and why, and then its own facts.
type draft struct {
	texts    span
	shared   span  // the facts that all findings of its account have in common
	person   int32 // their Index; noPerson
	related  int32 // its place in the list, from 1; 0 = nothing is
	reason   uint8 // its place in the reasons
	kind     uint8 // its place in Kinds
	severity Severity
	grade    Grade
	by       By
}

const noPerson = -1

// spareDrafts are lists that an app has done with: the next one need not grow one of its own.
type spareDrafts struct {
	mu   sync.Mutex
	free []drafts
}

func (s *spareDrafts) take() drafts {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.free); n > 0 {
		d := s.free[n-1]
		s.free = s.free[:n-1]
		return d
	}
	return drafts{}
}

func (s *spareDrafts) give(d drafts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, drafts{list: d.list[:0], keys: d.keys[:0], buf: d.buf[:0]})
}

// draft makes one of a finding whose facts are shared, then those in f.Evidence, then own. why stands for f.Why, person for
// f.Person.
func (d *drafts) draft(f *Finding, why []byte, person int32, shared span, own []Fact) draft {
	b := d.buf[:0]
	for _, s := range [...]string{string(f.ID), string(f.Account), string(f.Entitlement), f.Group} {
		b = appendText(b, s)
	}
	b = append(appendLength(b, len(why)), why...)
	b = appendFacts(appendFacts(b, f.Evidence), own)
	d.buf = b
	x := draft{texts: d.texts.put(b), shared: shared, person: person, reason: d.reason(f.Reason), kind: kindPlace[f.Kind],
		severity: f.Severity, grade: f.Grade, by: f.By}
	if len(f.Related) > 0 {
		d.related = append(d.related, f.Related)
		x.related = int32(len(d.related))
	}
	return x
}

// reason numbers a reason; there are few.
func (d *drafts) reason(s string) uint8 {
	i := slices.Index(d.reasons, s)
	if i < 0 {
		i = len(d.reasons)
		d.reasons = append(d.reasons, s)
	}
	return uint8(i)
}

// finding writes a draft out into f, whose evidence is used again.
func (d *drafts) finding(x *draft, app connectors.AppID, f *Finding) {
	rest := d.texts.get(x.texts)
	id, rest := cutText(rest)
	acc, rest := cutText(rest)
	ent, rest := cutText(rest)
	group, rest := cutText(rest)
	why, rest := cutText(rest)
	kind := Kinds[x.kind]
	*f = Finding{ID: FindingID(id), Kind: kind, Reason: d.reasons[x.reason], Severity: x.severity, App: app, Account: connectors.AccountID(acc),
		Entitlement: connectors.EntitlementID(ent), Group: group, Grade: x.grade, By: x.by, Why: why,
		Evidence: cutFacts(cutFacts(f.Evidence[:0], d.texts.get(x.shared)), rest), Controls: controls[kind]}
	if x.person != noPerson {
		f.Person = d.people[x.person].ID
	}
	if x.related > 0 {
		f.Related = d.related[x.related-1]
	}
}

// sorted yields the findings in the order of CompareFindings, each once. What it yields is valid until the next one; its
// strings stay.
func (d *drafts) sorted(app connectors.AppID) iter.Seq[*Finding] {
	return func(yield func(*Finding) bool) {
		var f Finding
		last := FindingID("")
		d.order()
		for n, k := range d.keys {
			d.warm(d.keys[min(n+warmAhead, len(d.keys)-1)].at)
			d.finding(&d.list[k.at], app, &f)
			if f.ID == last {
				continue
			}
			last = f.ID
			if !yield(&f) {
				return
			}
		}
	}
}

// warmAhead is how many findings before its turn the texts of one are fetched into the cache: they lie all over the app's
// memory, and to wait for each in turn took a third of the time of writing findings out.
const warmAhead = 6

func (d *drafts) warm(i int32) {
	x := &d.list[i]
	d.warmed += touch(d.texts.get(x.texts)) + touch(d.texts.get(x.shared))
}

// touch reads a byte of each line of the cache.
func touch(s string) (sum byte) {
	for at := 0; at < len(s); at += 64 {
		sum += s[at]
	}
	return sum
}

// kept is a copy of what sorted yields, to be kept.
func kept(f *Finding) Finding {
	c := *f
	c.Evidence = slices.Clone(f.Evidence)
	return c
}

// sortKey decides most comparisons without touching the drafts: severity, kind and reason, then the person. People stand in
// the order of their ids.
type sortKey struct {
	rank uint64
	at   int32
}

// order sorts small keys, in a fifth of the time that sorting the findings themselves takes.
func (d *drafts) order() {
	rank := make([]uint64, len(d.reasons))
	for i, r := range d.reasons {
		for _, other := range d.reasons {
			if other < r {
				rank[i]++
			}
		}
	}
	d.keys = slices.Grow(d.keys[:0], len(d.list))[:len(d.list)]
	for i := range d.list {
		x := &d.list[i]
		d.keys[i] = sortKey{uint64(Critical-x.severity)<<56 | uint64(x.kind)<<48 | rank[x.reason]<<32 | uint64(x.person+1), int32(i)}
	}
	slices.SortFunc(d.keys, func(a, b sortKey) int {
		if a.rank != b.rank {
			return cmp.Compare(a.rank, b.rank)
		}
		return d.compareAnchors(&d.list[a.at], &d.list[b.at])
	})
}

// compareAnchors is that of the findings, of one app and person.
func (d *drafts) compareAnchors(a, b *draft) int {
	idA, restA := cutText(d.texts.get(a.texts))
	idB, restB := cutText(d.texts.get(b.texts))
	for range 2 { // account, then entitlement
		var textA, textB string
		textA, restA = cutText(restA)
		textB, restB = cutText(restB)
		if c := cmp.Compare(textA, textB); c != 0 {
			return c
		}
	}
	return cmp.Compare(idA, idB)
}

// kindPlace is the place of each kind in Kinds.
var kindPlace = func() map[Kind]uint8 {
	m := make(map[Kind]uint8, len(Kinds))
	for i, k := range Kinds {
		m[k] = uint8(i)
	}
	return m
}()
