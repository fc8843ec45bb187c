package table

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
	key  uint64
	last uint32 // the number of the id, or the career
}

func (s *slot) free() bool { return s.last == 0 }

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

// number is that of an id: the first gets 1, the next new one 2.
func (x *index) number(key uint64) uint32 {
	s := x.at(key)
	if s.free() {
		s.last = uint32(x.used)
	}
	return s.last
}

// atOnce is how many keys are looked up together: the trips to memory of one wait for one another, those of many do not.
const atOnce = 32

// warm fetches into the cache what number will need of so many keys. The sum is to be kept, or it would be optimised away.
func (x *index) warm(keys []uint64) (sum uint32) {
	if len(x.slots) == 0 {
		return 0
	}
	mask := uint64(len(x.slots) - 1)
	for _, k := range keys {
		sum += x.slots[k&mask].last
	}
	return sum
}

// find is what the key leads to; 0 = nothing.
func (x *index) find(key uint64) uint32 {
	if x.used == 0 {
		return 0
	}
	return x.probe(key).last
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
