package table

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"rollcall/connectors"
)

// side holds the rows of a second file about accounts, packed, whatever their order: the rows themselves, and some 30
// bytes for each run of rows of one account. Files mostly keep an account's rows together.
type side[T any] struct {
	last []uint32 // by the number of an id: its last run, counted from 1; 0 = none
	runs []run
	ids  []byte // of the runs' accounts
	rows []T
	keys []uint64 // of the ids of the last runs, which are not numbered yet

	warmed T      // keeps warm from being optimised away
	looked uint32 // likewise
}

// run is adjacent lines of one account id. Its rows and its id end where those of the next run begin.
type run struct {
	id    uint32 // in ids
	first uint32 // in rows
	line  uint32 // of the first row
	prev  uint32 // the run before it with this id, or one that differs in letter case only; counted from 1, 0 = none
	fate  fate
}

// fate is what became of those whom rows of a second file are about.
type fate uint8

const (
	stranger fate = iota // the main file does not have them
	refused              // their own row was rejected
	joined
)

func (s *side[T]) reset() {
	s.last, s.runs, s.ids, s.rows, s.keys = s.last[:0], s.runs[:0], s.ids[:0], s.rows[:0], s.keys[:0]
}

// reserve makes room for so many rows, and for their runs and ids as the first rows have them: to grow to a million instead
// takes five times the memory and touches all of it.
func (s *side[T]) reserve(rows int) {
	if len(s.rows) == 0 {
		return
	}
	room := func(have int) int { return have*rows/len(s.rows) + have }
	runs := room(len(s.runs))
	s.runs, s.last, s.ids = slices.Grow(s.runs, runs), slices.Grow(s.last, runs), slices.Grow(s.ids, room(len(s.ids)))
	s.rows = slices.Grow(s.rows, rows)
}

func (s *side[T]) id(at int) []byte {
	if at+1 < len(s.runs) {
		return s.ids[s.runs[at].id:s.runs[at+1].id]
	}
	return s.ids[s.runs[at].id:]
}

func (s *side[T]) of(at int) []T {
	if at+1 < len(s.runs) {
		return s.rows[s.runs[at].first:s.runs[at+1].first]
	}
	return s.rows[s.runs[at].first:]
}

// add adds a row to the last run, or starts one.
func (s *side[T]) add(id []byte, line int, row T, h *hasher, ids *index) error {
	if len(s.rows) >= math.MaxInt32 || len(s.ids) >= math.MaxInt32 {
		return fmt.Errorf("more than %d rows: split the app", math.MaxInt32)
	}
	last := len(s.runs) - 1
	if last < 0 || int(s.runs[last].line)+len(s.rows)-int(s.runs[last].first) != line || !bytes.Equal(s.id(last), id) {
		s.runs = append(s.runs, run{id: uint32(len(s.ids)), first: uint32(len(s.rows)), line: uint32(line)})
		s.ids = append(s.ids, id...)
		if s.keys = append(s.keys, h.folded(id)); len(s.keys) == atOnce {
			s.number(ids)
		}
	}
	s.rows = append(s.rows, row)
	return nil
}

// number finds the accounts of the runs that were added last. It is called when all rows have been added.
func (s *side[T]) number(ids *index) {
	s.looked += ids.warm(s.keys)
	for i, key := range s.keys {
		n, at := ids.number(key), len(s.runs)-len(s.keys)+i
		s.last = upTo(s.last, n)
		s.runs[at].prev = s.last[n-1]
		s.last[n-1] = uint32(at + 1)
	}
	s.keys = s.keys[:0]
}

// lastOf is the last run of an id's number; 0 = none.
func (s *side[T]) lastOf(number uint32) uint32 {
	if number == 0 || number > uint32(len(s.last)) {
		return 0
	}
	return s.last[number-1]
}

// warm fetches into the cache what take will need of the accounts that come next. The misses of one account wait for one
// another, those of many do not: so the join takes half the time.
func (s *side[T]) warm(next []sighting) {
	var at [ahead]uint32
	for i, v := range next {
		at[i] = s.lastOf(v.id())
	}
	for i, run := range at[:len(next)] {
		if run != 0 {
			at[i] = s.runs[run-1].first
		}
	}
	for _, first := range at[:len(next)] {
		if int(first) < len(s.rows) {
			s.warmed = s.rows[first]
		}
	}
}

const ahead = 32 // accounts

// take hands out the rows of an account, of which mine tells by which ids it is named; nil stands for any that is the
// folded one.
func (s *side[T]) take(number uint32, mine func(id []byte) bool, use func([]T)) {
	for at := s.lastOf(number); at != 0; at = s.runs[at-1].prev {
		if mine == nil || mine(s.id(int(at-1))) {
			s.runs[at-1].fate = joined
			use(s.of(int(at - 1)))
		}
	}
}

// refuse notes that the row of the account itself was rejected.
func (s *side[T]) refuse(number uint32, id []byte) {
	for at := s.lastOf(number); at != 0; at = s.runs[at-1].prev {
		if of := &s.runs[at-1]; of.fate == stranger && bytes.Equal(s.id(int(at-1)), id) {
			of.fate = refused
		}
	}
}

// strangers rejects the rows of accounts that are not there.
func (s *side[T]) strangers(r *rows, main File) {
	for at, of := range s.runs {
		if of.fate == joined {
			continue
		}
		why := notThere("account", s.id(at), of.fate, main)
		for i := range s.of(at) {
			r.reject(int(of.line)+i, &connectors.RejectedRow{Err: why, Repeats: true})
		}
	}
}

// notThere is why rows of a second file were left out.
func notThere(what string, id []byte, f fate, main File) error {
	if f == refused {
		return fmt.Errorf("%s %q was itself rejected in %s", what, id, main.Name())
	}
	return fmt.Errorf("%s %q is not in %s", what, id, main.Name())
}
