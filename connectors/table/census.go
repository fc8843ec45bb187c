package table

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"rollcall/connectors"
)

// census knows of each record of a file the number of its id, in lower case, and whether the id stands there more than
// once. It is taken before the file is read for good, so that of those few ids alone the rows need be held back until all
// of them are seen, and so that what an account holds is looked up once.
type census struct {
	records []sighting
	first   []uint32 // the record in which each number was seen first, counted from 1
	bytes   int64
	keys    []uint64 // of the ids of the next records
	looked  uint32   // keeps the looks ahead from being optimised away
}

// sighting is one record: the number of its id, 0 = it has none.
type sighting struct {
	number uint32
	mark   uint32 // of the id: the row that is read for good must have the same one
}

const (
	repeats  = 1 << 31     // beside a number: other records have this id too
	idsAtAll = repeats - 1 // the most there can be
)

// id is the number alone.
func (s sighting) id() uint32 { return s.number &^ repeats }

func markOf(fold uint64) uint32 { return uint32(fold >> 32) }

// take reads a file for its ids alone, and numbers them.
func (c *census) take(ctx context.Context, s spec, id int, h *hasher, ids *index) error {
	r, err := s.openBy(s.file.Skim, ctx, silent{})
	if err != nil {
		return err
	}
	defer r.close()
	at := r.columns[id].at
	c.records, c.first = slices.Grow(c.records, ids.used), slices.Grow(c.first, ids.used) // most accounts hold something
	for {
		cell, err := r.in.NextCell(at)
		if err == io.EOF {
			c.bytes = r.in.Page().Bytes
			return c.number(r, ids)
		}
		if err != nil {
			if bad := (*BadRecord)(nil); !errors.As(err, &bad) {
				return fmt.Errorf("%s: %w", r.file.Name(), err)
			}
		}
		if cell = trim(cell); len(cell) > 0 {
			if c.keys = append(c.keys, h.folded(cell)); len(c.keys) < atOnce {
				continue
			}
		}
		if err := cmp.Or(c.number(r, ids), r.cancelled()); err != nil {
			return err
		}
		if len(cell) == 0 {
			c.records = append(c.records, sighting{})
		}
	}
}

// number notes the ids at hand.
func (c *census) number(r *rows, ids *index) error {
	c.looked += ids.warm(c.keys)
	for _, key := range c.keys {
		if !c.see(key, ids) {
			return fmt.Errorf("%s: more than %d ids: split the file", r.file.Name(), idsAtAll)
		}
	}
	c.keys = c.keys[:0]
	return nil
}

// see notes the id of the next record.
func (c *census) see(fold uint64, ids *index) bool {
	n := ids.number(fold)
	if n > idsAtAll || len(c.records) >= idsAtAll {
		return false
	}
	c.records = append(c.records, sighting{n, markOf(fold)})
	c.first = upTo(c.first, n)
	if first := &c.first[n-1]; *first == 0 {
		*first = uint32(len(c.records))
	} else {
		c.records[*first-1].number |= repeats
		c.records[len(c.records)-1].number |= repeats
	}
	return true
}

// upTo makes a list that is kept by number long enough for one.
func upTo(list []uint32, number uint32) []uint32 {
	for uint32(len(list)) < number {
		list = append(list, 0)
	}
	return list
}

// at is what was seen of the present record, which has the folded id. It is an error if it was another one at first,
// unless the record is broken: the first look need not see its id.
func (c *census) at(r *rows, fold uint64, ids *index) (number uint32, repeated bool, err error) {
	if r.seen <= len(c.records) {
		if s := c.records[r.seen-1]; s.number != 0 && s.mark == markOf(fold) {
			return s.id(), s.number&repeats != 0, nil
		}
	}
	if r.fault == nil {
		return 0, false, fmt.Errorf("%s: the file changed while it was read (line %d was another one at first): try again when it is written",
			r.file.Name(), r.record.Line)
	}
	n := ids.find(fold)
	if n == 0 || n > uint32(len(c.first)) || c.first[n-1] == 0 {
		return n, false, nil
	}
	return n, c.records[c.first[n-1]-1].number&repeats != 0, nil
}

// check is called when the file was read for good, and says whether it was still the same.
func (c *census) check(r *rows) error {
	if n := r.in.Page().Bytes; r.seen != len(c.records) || n != c.bytes {
		return fmt.Errorf("%s: the file changed while it was read (%d rows and %d bytes at first, then %d and %d): try again when it is written",
			r.file.Name(), len(c.records), c.bytes, r.seen, n)
	}
	return nil
}

func (c *census) reset() {
	c.records, c.first, c.keys, c.bytes = c.records[:0], c.first[:0], c.keys[:0], 0
}

// silent is the trace of a first look: the reading that counts says it all.
type silent struct{}

func (silent) Page(connectors.Collection, connectors.Page)           {}
func (silent) Reject(connectors.Collection, connectors.Where, error) {}
func (silent) Total(connectors.Collection, int)                      {}
func (silent) End(connectors.Collection)                             {}
func (silent) Note(connectors.Collection, string)                    {}
