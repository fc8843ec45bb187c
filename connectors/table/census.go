package table

import (
	"context"
	"errors"
	"fmt"
	"io"

	"rollcall/connectors"
)

// census knows which ids, in lower case, stand in a file more than once. It is taken before the file is read for good,
// so that of those few ids alone the rows need be held back until all of them are seen.
type census struct {
	ids   keySet
	twice keySet // may hold ids that are there once: nothing is lost when their rows are held back
	seen  int
	bytes int64
}

// take reads a file for its ids alone.
func (c *census) take(ctx context.Context, s spec, id int, h *hasher) error {
	r, err := s.openBy(s.file.Skim, ctx, silent{})
	if err != nil {
		return err
	}
	defer r.close()
	at := r.columns[id].at
	for ; ; c.seen++ {
		cell, err := r.in.NextCell(at)
		if err == io.EOF {
			c.bytes = r.in.Page().Bytes
			return nil
		}
		if err != nil {
			if bad := (*BadRecord)(nil); !errors.As(err, &bad) {
				return fmt.Errorf("%s: %w", r.file.Name(), err)
			}
		}
		if cell = trim(cell); len(cell) > 0 {
			if key := h.folded(cell); !c.ids.add(key) {
				c.twice.add(key)
			}
		}
		if c.seen%512 == 0 {
			if err := r.cancelled(); err != nil {
				return err
			}
		}
	}
}

// repeated tells whether more than one row may have the folded id.
func (c *census) repeated(fold uint64) bool { return c.twice.has(fold) }

// check is called when the file was read for good, and says whether it was still the same.
func (c *census) check(r *rows) error {
	if n := r.in.Page().Bytes; r.seen != c.seen || n != c.bytes {
		return fmt.Errorf("%s: the file changed while it was read (%d rows and %d bytes at first, then %d and %d): try again when it is written",
			r.file.Name(), c.seen, c.bytes, r.seen, n)
	}
	return nil
}

func (c *census) reset() {
	c.ids.reset()
	c.twice.reset()
	c.seen, c.bytes = 0, 0
}

// silent is the trace of a first look: the reading that counts says it all.
type silent struct{}

func (silent) Page(connectors.Collection, connectors.Page)           {}
func (silent) Reject(connectors.Collection, connectors.Where, error) {}
func (silent) Total(connectors.Collection, int)                      {}
func (silent) End(connectors.Collection)                             {}
func (silent) Note(connectors.Collection, string)                    {}
