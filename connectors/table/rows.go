package table

import (
	"context"
	"errors"
	"fmt"
	"io"

	"rollcall/connectors"
)

// spec is how one file is read.
type spec struct {
	file       File
	collection connectors.Collection
	section    string // of the configuration, where its columns stand
	wanted     []want
	dates      dates
	limit      Limit
}

// rows reads one file: it finds the columns, leaves out what cannot be used, and counts it.
type rows struct {
	spec
	ctx     context.Context
	trace   connectors.Trace
	in      Reader
	record  Record
	width   int // cells of the header
	columns []column
	fault   error // the first thing wrong with the present record
	seen    int   // records of the file below the header, blank ones too
	read    int   // those with something in them
	bad     int   // rejected rows that count toward the limit
	firstly error // the first of them
	length  int   // of the first rows
}

// open reads the header. The caller closes the rows.
func (s spec) open(ctx context.Context, t connectors.Trace) (*rows, error) {
	return s.openBy(s.file.Open, ctx, t)
}

func (s spec) openBy(open func() (Reader, error), ctx context.Context, t connectors.Trace) (*rows, error) {
	in, err := open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.file.Name(), err)
	}
	r := &rows{spec: s, ctx: ctx, trace: t, in: in}
	r.dates = s.dates.reader(in.Dates())
	err = r.cancelled()
	if err == nil {
		err = r.header()
	}
	if err != nil {
		in.Close()
		return nil, err
	}
	return r, nil
}

func (r *rows) header() error {
	err := r.in.Next(&r.record)
	if err == io.EOF {
		return fmt.Errorf("%s: the file is empty: not even a header row", r.file.Name())
	}
	if err != nil {
		return fmt.Errorf("%s: header: %w", r.file.Name(), err)
	}
	r.width = len(r.record.Cells)
	if r.columns, err = locate(r.section, r.wanted, r.record.Cells); err == nil {
		return nil
	}
	if d, ok := r.in.(Doubter); ok {
		if doubt := d.Doubt(r.record.Cells); doubt != "" {
			return fmt.Errorf("%s: %w; %s", r.file.Name(), err, doubt)
		}
	}
	return fmt.Errorf("%s: %w", r.file.Name(), err)
}

func (r *rows) close() { r.in.Close() }

// next goes to the next record in which the columns can be told; a broken one has its fault already. At the end, which it
// reports as false, the file is on the trace.
func (r *rows) next() (bool, error) {
	for {
		r.fault = nil
		if err := r.in.Next(&r.record); err != nil {
			if err == io.EOF {
				if err := r.cancelled(); err != nil {
					return false, err
				}
				r.trace.Page(r.collection, r.in.Page())
				return false, nil
			}
			bad := (*BadRecord)(nil)
			if !errors.As(err, &bad) {
				return false, fmt.Errorf("%s: %w", r.file.Name(), err)
			}
			r.seen++
			r.read++
			if len(bad.Cells) == r.width {
				r.record, r.fault = Record{bad.Line, bad.Cells}, bad.Why
				return true, nil
			}
			r.reject(bad.Line, bad.Why)
			continue
		}
		if r.seen++; blank(r.record.Cells) {
			continue
		}
		if r.read++; r.read%512 == 0 {
			if err := r.cancelled(); err != nil {
				return false, err
			}
		}
		if n := len(r.record.Cells); n != r.width {
			r.reject(r.record.Line, fmt.Errorf("%d cells, and the header has %d", n, r.width))
			continue
		}
		return true, nil
	}
}

const sample = 256 // rows

// forecast is called at each row; at one of the first, it tells how many the file will have about, for memory to be
// taken in one piece. Else it is 0.
func (r *rows) forecast() int {
	if r.read > sample {
		return 0
	}
	for _, c := range r.record.Cells {
		r.length += len(c) + 1
	}
	if r.read < sample {
		return 0
	}
	return int(r.file.Size()*sample/int64(r.length)) * 17 / 16
}

func (r *rows) cancelled() error {
	if err := r.ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", r.file.Name(), err)
	}
	return nil
}

// blank tells whether nothing is in a row: spreadsheets export such rows below their data.
func blank(cells [][]byte) bool {
	for _, c := range cells {
		if len(c) > 0 && (plain(c[0]) || len(trim(c)) > 0) {
			return false
		}
	}
	return true
}

// wrong notes the first fault of the present record.
func (r *rows) wrong(key int, err error) {
	if r.fault == nil {
		r.fault = fmt.Errorf("%s: %w", r.columns[key].header, err)
	}
}

func (r *rows) where() connectors.Where {
	return connectors.Where{Source: r.file.Name(), Line: r.record.Line}
}

// reject leaves a row out, and counts it toward the limit.
func (r *rows) reject(line int, why error) {
	if r.bad++; r.firstly == nil {
		r.firstly = &BadRecord{Line: line, Why: why}
	}
	r.leaveOut(line, why)
}

// leaveOut leaves out a row that takes nothing with it, as one that says again what another one said.
func (r *rows) leaveOut(line int, why error) {
	r.trace.Reject(r.collection, connectors.Where{Source: r.file.Name(), Line: line}, why)
}

// end is called when all rows are judged: it ends the collection, unless too many were rejected.
func (r *rows) end() error {
	if !r.limit.allows(r.bad, r.read) {
		return fmt.Errorf("%s: %d of %d rows were rejected, more than max_rejected = %q allows, so the pull is partial; the first: %w",
			r.file.Name(), r.bad, r.read, r.limit, r.firstly)
	}
	r.trace.End(r.collection)
	return nil
}
