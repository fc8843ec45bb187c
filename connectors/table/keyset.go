package table

// keySet is a set of keys in as little memory as can be, since it holds one for every account of an app.
type keySet struct {
	slots []uint64 // a power of two of them; 0 = free
	used  int
	spare []uint64 // memory for the next size
}

// add tells whether the key is new.
func (s *keySet) add(key uint64) bool {
	if s.used*4 >= len(s.slots)*3 {
		s.grow()
	}
	at := s.probe(key)
	if *at != 0 {
		return false
	}
	*at = max(key, 1)
	s.used++
	return true
}

func (s *keySet) has(key uint64) bool { return s.used > 0 && *s.probe(key) != 0 }

func (s *keySet) probe(key uint64) *uint64 {
	key = max(key, 1)
	mask := uint64(len(s.slots) - 1)
	for i := key & mask; ; i = (i + 1) & mask {
		if at := &s.slots[i]; *at == key || *at == 0 {
			return at
		}
	}
}

func (s *keySet) grow() {
	old := s.slots
	n := max(leastSlots, 2*len(old))
	if cap(s.spare) >= n {
		s.slots = s.spare[:n]
		clear(s.slots)
	} else {
		s.slots = make([]uint64, n)
	}
	s.spare = old
	for _, key := range old {
		if key != 0 {
			*s.probe(key) = key
		}
	}
}

// reset empties the set and keeps its memory.
func (s *keySet) reset() {
	if cap(s.slots) < cap(s.spare) {
		s.slots, s.spare = s.spare, s.slots
	}
	s.slots, s.used = s.slots[:min(leastSlots, cap(s.slots))], 0
	clear(s.slots)
}
