package scanner

import (
	"bytes"
	"math/bits"

	"rollcall/connectors"
)

// The kinds of key; each has an index of its own, so that what an app looks up stays in the processor's caches: a lookup
// costs little else than trips to memory. With the glances this halved the first pass (BenchmarkMatchSure).
const (
	keyID       = iota // body of an employee id → record
	keyAddress         // any address HR knows → record
	keyLocal           // local part of a company address → record
	keyPersonal        // local part of a personal address → record
	keyName            // letters of a full name, in either order → name
	keyPair            // a given and a family name → name
	keyInitial         // an initial and a family name → name
	keyKinds
	keyForm // a username by an app's convention → name; in an index of the app's own
)

// index is a read-only multimap from hashes to numbers, 8 bytes an entry: a directory by the hash's high bits, then a
// 32-bit tag to tell most strangers apart. Callers compare the real strings on a hit.
type index struct {
	shift uint
	dir   []uint32
	slots []slot
}

type slot struct{ tag, val uint32 }

type indexKey struct {
	h uint64
	v uint32
}

// keyLists gathers the keys of each kind.
type keyLists [keyKinds][]indexKey

func (k *keyLists) add(kind int, h uint64, v uint32) { k[kind] = append(k[kind], indexKey{h, v}) }

func newIndex(keys []indexKey) index {
	width := max(bits.Len(uint(len(keys)))-3, 1) // 4 to 8 a bucket: most of the directory stays in the second cache
	x := index{shift: uint(64 - width), dir: make([]uint32, 1<<width+1), slots: make([]slot, len(keys))}
	for _, k := range keys {
		x.dir[k.h>>x.shift]++
	}
	sum := uint32(0)
	for i, n := range x.dir {
		sum += n
		x.dir[i] = sum
	}
	for i := len(keys) - 1; i >= 0; i-- {
		b := keys[i].h >> x.shift
		x.dir[b]--
		x.slots[x.dir[b]] = slot{uint32(keys[i].h), keys[i].v}
	}
	return x
}

// bucket returns the slots among which those of h are: compare each tag with uint32(h).
func (x *index) bucket(h uint64) []slot {
	b := h >> x.shift
	return x.slots[x.dir[b]:x.dir[b+1]]
}

// nameEntry is one full name of one person, folded, its tokens run together in the arena: given names, then family names.
// A bit of starts is set where a token begins.
type nameEntry struct {
	person       int32
	off          uint32
	first, last  uint8 // lengths
	former       bool  // a name no longer borne, or a preferred one
	germanic     bool  // the entry before, with marks written out
	firstStarts  uint64
	familyStarts uint64
}

// recordOf is what the first pass asks of a record and whose it is, in one line of the processor's cache: its folded id,
// hashes of its work address, and its person's glance.
type recordOf struct {
	person *Person
	work   uint64 // hash of the folded work address; 0 = none
	local  uint64 // hash of that one's local part, where the domain is the company's; 0 = none
	glance
	idLen  uint8 // 255: too long to stand here
	letter uint8
	id     [14]byte
}

// key is a record's id, folded.
func (r *roster) key(buf []byte, rec uint32) idKey {
	o := &r.records[rec]
	if o.idLen == 255 {
		return foldID(buf, string(r.people.sorted[rec].ID))
	}
	k := idKey{full: o.id[:o.idLen], letter: int(o.letter)}
	k.body = k.full
	if k.hasDigit() {
		k.body = bytes.TrimLeft(k.full[k.letter:], "0")
	}
	return k
}

// roster is what the matcher knows of the people, ready to be looked up.
type roster struct {
	people  *People
	records []recordOf
	entries []nameEntry
	own     []uint32 // person → first of its entries; one more at the end
	arena   []byte
	idx     [keyKinds]index
	glances []glance
	moves   []connectors.Date // of the people with a plain glance, but for the hiring
	movesOf []uint32          // person → first of their moves; one more at the end
	ids     idShape
	domains map[string]bool
}

func (e *nameEntry) given(arena []byte) []byte { return arena[e.off : e.off+uint32(e.first)] }
func (e *nameEntry) family(arena []byte) []byte {
	lo := e.off + uint32(e.first)
	return arena[lo : lo+uint32(e.last)]
}

// eachToken calls f with every token of a run-together name until f says no.
func eachToken(letters []byte, starts uint64, f func([]byte) bool) {
	for from := 0; from < len(letters); {
		to := from + 1
		for to < len(letters) && (to > 63 || starts>>to&1 == 0) {
			to++
		}
		if !f(letters[from:to]) {
			return
		}
		from = to
	}
}

// firstToken and lastToken of a run-together name.
func firstToken(letters []byte, starts uint64) []byte {
	if next := bits.TrailingZeros64(starts &^ 1); next < len(letters) {
		return letters[:next]
	}
	return letters
}

func lastToken(letters []byte, starts uint64) []byte {
	if starts == 0 {
		return letters
	}
	return letters[63-bits.LeadingZeros64(starts):]
}

// runTogether takes the blanks out of a folded name in place.
func runTogether(folded []byte) (letters []byte, starts uint64) {
	letters, begin := folded[:0], true
	for _, c := range folded {
		if c == ' ' {
			begin = true
			continue
		}
		if len(letters) == 255 {
			break
		}
		if begin && len(letters) < 64 {
			starts |= 1 << len(letters)
		}
		begin = false
		letters = append(letters, c)
	}
	return letters, starts
}
