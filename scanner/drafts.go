package scanner

import (
	"bytes"
	"cmp"
	"iter"
	"math/bits"
	"slices"
	"sync"

	"rollcall/connectors"
)

// drafts are the findings of one app until it is read to its end: only then is it known which of them stand, and in what
// order. A company of 100,000 people has half a million findings of a kilobyte each; as drafts, those of one app take 64
// bytes each beside their texts, and the collector of garbage looks into neither.
type drafts struct {
	people  []*Person // whom they are about
	list    []draft
	related [][]Related
	reasons []string
	texts   arena
	keys    []uint64 // see order
	buf     []byte
	warmed  byte // keeps touch from being optimised away
}

// draft is one finding. Its texts are its account, entitlement, group (none where that is its id) and why, and then its own
// facts. Why and facts are in the form of JSON: see written.
type draft struct {
	id       uint64
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
	mu     sync.Mutex
	free   []drafts
	chunks spareChunks
}

func (s *spareDrafts) take() drafts {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := drafts{}
	if n := len(s.free); n > 0 {
		d, s.free = s.free[n-1], s.free[:n-1]
	}
	d.texts.spare = &s.chunks
	return d
}

func (s *spareDrafts) give(d drafts) {
	s.chunks.give(append(d.texts.full, d.texts.now)...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, drafts{list: d.list[:0], keys: d.keys[:0], buf: d.buf[:0]})
}

// draft makes one of a finding whose facts are shared, then those in f.Evidence, then own. why, which it escapes where it
// stands, is for f.Why, person for f.Person, id for f.ID.
func (d *drafts) draft(f *Finding, id uint64, why []byte, person int32, shared span, own []Fact) draft {
	b := d.buf[:0]
	for _, s := range [...]string{string(f.Account), string(f.Entitlement), f.Group} {
		b = appendText(b, s)
	}
	why = connectors.EscapeJSON(why, 0)
	b = append(appendLength(b, len(why)), why...)
	b = written(b).facts(f.Evidence...).facts(own...)
	d.buf = b
	x := draft{id: id, texts: d.texts.put(b), shared: shared, person: person, reason: d.reason(f.Reason), kind: kindPlace[f.Kind],
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

// found shows a draft as what a scan hands on.
func (d *drafts) found(x *draft, app connectors.AppID, f *Found) {
	rest := d.texts.get(x.texts)
	*f = Found{Number: x.id, Kind: Kinds[x.kind], Reason: d.reasons[x.reason], Severity: x.severity, App: app, Grade: x.grade, By: x.by}
	f.Account, rest = cutText(rest)
	f.Entitlement, rest = cutText(rest)
	f.Group, rest = cutText(rest)
	f.Why, rest = cutText(rest)
	f.Facts = [2][]byte{d.texts.get(x.shared), rest}
	if x.person != noPerson {
		f.Person = d.people[x.person].ID
	}
	if x.related > 0 {
		f.Related = d.related[x.related-1]
	}
}

// sorted yields the findings in the order of CompareFindings, each once.
func (d *drafts) sorted(app connectors.AppID) iter.Seq[*Found] {
	return func(yield func(*Found) bool) {
		var f Found
		last, some := uint64(0), false
		place := d.order()
		for n, k := range d.keys {
			d.warm(d.keys[min(n+warmAhead, len(d.keys)-1)] & place)
			x := &d.list[k&place]
			if some && x.id == last {
				continue
			}
			last, some = x.id, true
			d.found(x, app, &f)
			if !yield(&f) {
				return
			}
		}
	}
}

// warmAhead is how many findings before its turn the texts of one are fetched into the cache: they lie all over the app's
// memory, and to wait for each in turn took a third of the time of writing findings out.
const warmAhead = 6

func (d *drafts) warm(i uint64) {
	x := &d.list[i]
	d.warmed += touch(d.texts.get(x.texts)) + touch(d.texts.get(x.shared))
}

// touch reads a byte of each line of the cache.
func touch(b []byte) (sum byte) {
	for at := 0; at < len(b); at += 64 {
		sum += b[at]
	}
	return sum
}

// order sorts keys that decide most comparisons without touching the drafts, in a tenth of the time that sorting the findings
// themselves takes: severity, kind and reason, then the person (people stand in the order of their ids), and last the draft's
// place. It returns the bits of the place.
func (d *drafts) order() (place uint64) {
	rank := make([]uint64, len(d.reasons))
	for i, r := range d.reasons {
		for _, other := range d.reasons {
			if other < r {
				rank[i]++
			}
		}
	}
	placeBits, personBits := bits.Len(uint(len(d.list))), bits.Len(uint(len(d.people)+1))
	d.keys = slices.Grow(d.keys[:0], len(d.list))[:len(d.list)]
	for i := range d.list {
		x := &d.list[i]
		group := (uint64(Critical-x.severity)<<5|uint64(x.kind))<<8 | rank[x.reason]
		d.keys[i] = (group<<personBits|uint64(x.person+1))<<placeBits | uint64(i)
	}
	slices.Sort(d.keys)
	place = 1<<placeBits - 1
	for from := 0; from < len(d.keys); {
		to := from + 1
		for to < len(d.keys) && d.keys[to]>>placeBits == d.keys[from]>>placeBits {
			to++
		}
		if to > from+1 {
			slices.SortFunc(d.keys[from:to], func(a, b uint64) int { return d.compareAnchors(&d.list[a&place], &d.list[b&place]) })
		}
		from = to
	}
	return place
}

// compareAnchors is that of the findings, of one app and person.
func (d *drafts) compareAnchors(a, b *draft) int {
	restA, restB := d.texts.get(a.texts), d.texts.get(b.texts)
	for range 2 { // account, then entitlement
		var textA, textB []byte
		textA, restA = cutText(restA)
		textB, restB = cutText(restB)
		if c := bytes.Compare(textA, textB); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.id, b.id)
}

// kindPlace is the place of each kind in Kinds.
var kindPlace = func() map[Kind]uint8 {
	m := make(map[Kind]uint8, len(Kinds))
	for i, k := range Kinds {
		m[k] = uint8(i)
	}
	return m
}()
