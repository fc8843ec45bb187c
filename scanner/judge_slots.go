package scanner

import (
	"sync"

	"rollcall/connectors"
)

// holder is what is kept of an account after its turn, for the rules that look at several at once.
type holder struct {
	id      connectors.AccountID
	login   string
	owner   *Person
	signIn  connectors.Date
	enabled connectors.Tri
	grade   Grade
	by      By
}

// slotChunk holders are kept together: growing one list instead would copy it again and again, a third of the loop's time.
const slotChunk = 512

// slots gives every person with an enabled account in the app a place, so that memory follows the app's own size.
type slots struct {
	of     []int32 // by Person.Index: slot number + 1
	n      int32
	chunks []*[slotChunk]holder
	more   map[int32][]holder // the further accounts of a slot
	words  int                // of have, for each slot
	have   []uint64           // the musts its accounts satisfy
	likely map[int32]bool     // by Person.Index: an account here is likely theirs
}

func newSlots(people int) slots {
	return slots{of: make([]int32, people), more: map[int32][]holder{}, likely: map[int32]bool{}}
}

// spareSlots are those of apps that have ended: made anew for each, they were a twentieth of all that a scan allocates.
type spareSlots struct {
	mu   sync.Mutex
	free []slots
}

func (s *spareSlots) take(people, musts int) slots {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := slots{}
	if n := len(s.free); n > 0 {
		t, s.free = s.free[n-1], s.free[:n-1]
	} else {
		t = newSlots(people)
	}
	t.words = (musts + 63) / 64
	return t
}

func (s *spareSlots) give(t slots) {
	clear(t.of)
	for _, c := range t.chunks[:(t.n+slotChunk-1)/slotChunk] {
		clear(c[:])
	}
	clear(t.more)
	clear(t.likely)
	t.n, t.have = 0, t.have[:0]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, t)
}

func (t *slots) first(slot int32) *holder { return &t.chunks[slot/slotChunk][slot%slotChunk] }

func holderOf(s *subject) holder {
	return holder{s.acc.ID, s.acc.Username, s.match.Owner, s.acc.LastSignIn, s.acc.Enabled, s.match.Grade, s.match.By}
}

// take gives the account at hand its place at its owner's slot.
func (t *slots) take(aj *appJudge) {
	of := &t.of[aj.s.match.index()]
	n := *of - 1
	if n < 0 {
		n = t.n
		t.n++
		*of = t.n
		if int(n/slotChunk) == len(t.chunks) {
			t.chunks = append(t.chunks, new([slotChunk]holder))
		}
		*t.first(n) = holderOf(&aj.s)
		for range t.words {
			t.have = append(t.have, 0)
		}
	} else {
		t.more[n] = append(t.more[n], holderOf(&aj.s))
	}
	if t.words == 0 {
		return
	}
	for _, ent := range aj.held {
		for _, m := range aj.ents.all[ent].musts {
			t.have[int(n)*t.words+int(m>>6)] |= 1 << (m & 63)
		}
	}
}

// maybe notes that an account is likely the person's, which keeps missing_access from being sure.
func (t *slots) maybe(p *Person) {
	if p != nil {
		t.likely[int32(p.Index)] = true
	}
}

func (t *slots) has(slot, m int32) bool { return t.have[int(slot)*t.words+int(m>>6)]>>(m&63)&1 != 0 }
