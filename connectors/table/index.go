package table

import (
	"bytes"
	"hash/maphash"
)

// index finds what is known of an id by a 64-bit key: open addressing, since a Go map of the same size costs twice the
// time and memory on the hot way of a pull. Keys are keyed hashes, so that no input can make them collide; two ids among
// a million share one with a chance below 1 in 10 million.
type index struct {
	slots []slot // a power of two of them
	used  int
	spare []slot // memory for the next size
}

// slot is one id in lower case. What it leads to is numbered from 1; a slot that leads to nothing is free.
type slot struct {
	key   uint64
	group uint32 // what the second file has of it: the last run of grants, or the career
	login uint32 // what the main file has of it: the first login
}

func (s *slot) free() bool { return s.group|s.login == 0 }

// at is the slot of the key, made when there is none. It is valid until the next call.
func (x *index) at(key uint64) *slot {
	if x.used*4 >= len(x.slots)*3 {
		x.grow()
	}
	s := x.probe(key)
	if s.free() {
		s.key = key
		x.used++
	}
	return s
}

func (x *index) probe(key uint64) *slot {
	mask := uint64(len(x.slots) - 1)
	for i := key & mask; ; i = (i + 1) & mask {
		if s := &x.slots[i]; s.key == key || s.free() {
			return s
		}
	}
}

// grow starts small even where there is memory for more: a table that fits the cache is twice as fast.
func (x *index) grow() {
	old := x.slots
	n := max(leastSlots, 2*len(old))
	if cap(x.spare) >= n {
		x.slots = x.spare[:n]
		clear(x.slots)
	} else {
		x.slots = make([]slot, n)
	}
	x.spare, x.used = old, 0
	for _, s := range old {
		if !s.free() {
			*x.probe(s.key) = s
			x.used++
		}
	}
}

const leastSlots = 1024

// reset empties the index and keeps its memory.
func (x *index) reset() {
	if cap(x.slots) < cap(x.spare) {
		x.slots, x.spare = x.spare, x.slots
	}
	x.slots, x.used = x.slots[:min(leastSlots, cap(x.slots))], 0
	clear(x.slots)
}

// hasher makes keys of ids.
type hasher struct {
	seed maphash.Seed
	fold []byte
}

func newHasher() *hasher { return &hasher{seed: maphash.MakeSeed()} }

// keys are those of an id in lower case, which brings together what may be the same, and as it is written.
func (h *hasher) keys(id []byte) (fold, exact uint64) {
	exact = maphash.Bytes(h.seed, id)
	h.fold = appendFold(h.fold[:0], id)
	if bytes.Equal(h.fold, id) {
		return exact, exact
	}
	return maphash.Bytes(h.seed, h.fold), exact
}

// pair is the key of two words together, in lower case; 0 when both are empty.
func (h *hasher) pair(a, b []byte) uint64 {
	if len(a)+len(b) == 0 {
		return 0
	}
	h.fold = append(appendFold(h.fold[:0], a), 0)
	h.fold = append(h.fold, bytes.ToLower(b)...)
	return maphash.Bytes(h.seed, h.fold)
}
