package csvfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"unicode/utf8"

	"rollcall/connectors/table"
)

// records cuts a stream of UTF-8 into records as RFC 4180 has them: quoted cells, doubled quotes, line ends of LF or CRLF
// inside and outside of quotes, a last line without an end. Empty lines are no records. A CR alone is part of its cell.
// It works on blocks and hands out parts of them: a file costs one buffer. encoding/csv takes four times as long.
type records struct {
	src   io.Reader
	delim byte
	buf   []byte
	pos   int // buf[pos:end] is read and not handed out
	end   int
	line  int // physical line at pos, from 1
	quote int // of the first quote from pos on; end when there is none
	err   error
	nul   bool         // a NUL byte was seen somewhere
	wide  bool         // the buffer has bytes beyond ASCII
	one   table.Record // of nextCell
	after byte         // what followed a closing quote instead of the delimiter
}

const (
	blockSize = 256 << 10
	// maxRecord bounds one record, and with it the memory a quote that is never closed can cost.
	maxRecord = 1 << 20
)

var (
	errBareQuote  = errors.New(`a quote (") stands inside an unquoted cell: quote the whole cell and double the quote`)
	errAfterQuote = errors.New(`text follows a closing quote ("): double a quote that is part of the cell`)
	errOpenQuote  = errors.New(`a quote (") is opened in the row that starts here and never closed: the file is cut short, or the quote is a stray one; have it exported again`)
	errNUL        = errors.New("the row holds a NUL byte: is the encoding right?")
	errUTF8       = errors.New("the row is no valid UTF-8: is the encoding right?")
)

func newRecords(src io.Reader, delim byte, size int64) *records {
	r := &records{src: src, delim: delim, line: 1}
	if size >= blockSize {
		r.buf = *blocks.Get().(*[]byte)
	} else {
		r.buf = make([]byte, max(size+1, 512))
	}
	return r
}

// blocks are the buffers of finished readings: memory that was touched before costs a tenth of new one, which is a
// twentieth of the time of reading a hundred files.
var blocks = sync.Pool{New: func() any {
	b := make([]byte, blockSize)
	return &b
}}

// free gives the buffer back. The cells handed out are void then.
func (r *records) free() {
	if buf := r.buf; len(buf) == blockSize {
		blocks.Put(&buf)
	}
	r.buf, r.pos, r.end, r.err = nil, 0, 0, io.EOF
}

// next reads the next record. io.EOF is the end; a *table.BadRecord is one record alone.
func (r *records) next(rec *table.Record) error {
	raw, line, quoted, err := r.raw()
	if err != nil {
		return err
	}
	rec.Line, rec.Cells = line, rec.Cells[:0]
	switch {
	case r.nul && bytes.IndexByte(raw, 0) >= 0:
		return r.broken(raw, rec, quoted, errNUL)
	case r.wide && !utf8.Valid(raw):
		return r.broken(raw, rec, quoted, errUTF8)
	}
	return r.split(raw, rec, quoted)
}

// broken is a record with bytes that are no text, with its cells if it has such.
func (r *records) broken(raw []byte, rec *table.Record, quoted bool, why error) error {
	if err := r.split(raw, rec, quoted); err != nil {
		rec.Cells = nil
	}
	return &table.BadRecord{Line: rec.Line, Why: why, Cells: rec.Cells}
}

func (r *records) split(raw []byte, rec *table.Record, quoted bool) error {
	if quoted {
		return r.quoted(raw, rec, math.MaxInt)
	}
	for {
		i := bytes.IndexByte(raw, r.delim)
		if i < 0 {
			rec.Cells = append(rec.Cells, raw)
			return nil
		}
		rec.Cells = append(rec.Cells, raw[:i])
		raw = raw[i+1:]
	}
}

// nextCell reads the next record for one cell, and looks at no other. What is wrong with a record, next says: here it has
// no cell.
func (r *records) nextCell(at int) ([]byte, error) {
	raw, line, quoted, err := r.raw()
	if err != nil {
		return nil, err
	}
	if quoted {
		rec := &r.one
		rec.Line, rec.Cells = line, rec.Cells[:0]
		if err := r.quoted(raw, rec, at+1); err != nil || at >= len(rec.Cells) {
			return nil, nil
		}
		return rec.Cells[at], nil
	}
	for ; at > 0; at-- {
		i := bytes.IndexByte(raw, r.delim)
		if i < 0 {
			return nil, nil
		}
		raw = raw[i+1:]
	}
	if i := bytes.IndexByte(raw, r.delim); i >= 0 {
		raw = raw[:i]
	}
	return raw, nil
}

// raw is the next record that is not empty, without its line end, and the line it starts on.
func (r *records) raw() (raw []byte, line int, quoted bool, err error) {
	for {
		raw, lines, quoted, err := r.cut()
		if err != nil {
			return nil, 0, false, err
		}
		line := r.line
		r.line += lines
		if raw = trimLineEnd(raw); len(raw) > 0 {
			return raw, line, quoted, nil
		}
	}
}

// cut takes the next record off the buffer, its line end included: up to the first line feed that an even number of
// quotes precede.
func (r *records) cut() (raw []byte, lines int, quoted bool, err error) {
	r.seekQuote()
	from, quotes := 0, 0
	for {
		i := bytes.IndexByte(r.buf[r.pos+from:r.end], '\n')
		if i < 0 {
			if r.err == nil {
				if err := r.fill(); err != nil {
					return nil, 0, false, err
				}
				continue
			}
			if r.err != io.EOF {
				return nil, 0, false, fmt.Errorf("line %d: %w", r.line, r.err)
			}
			if r.pos == r.end {
				return nil, 0, false, io.EOF
			}
			raw, r.pos = r.buf[r.pos:r.end], r.end
			return raw, lines, bytes.IndexByte(raw, '"') >= 0, nil
		}
		upTo := from + i + 1
		lines++
		if r.quote < r.pos+upTo {
			quotes += bytes.Count(r.buf[r.pos+from:r.pos+upTo], []byte{'"'})
		}
		if quotes%2 == 0 {
			raw = r.buf[r.pos : r.pos+upTo]
			r.pos += upTo
			return raw, lines, quotes > 0, nil
		}
		from = upTo
	}
}

// seekQuote finds the next quote once for all the records before it: most files have few.
func (r *records) seekQuote() {
	if r.quote >= r.pos {
		return
	}
	if i := bytes.IndexByte(r.buf[r.pos:r.end], '"'); i >= 0 {
		r.quote = r.pos + i
	} else {
		r.quote = r.end
	}
}

// fill reads more behind what is there.
func (r *records) fill() error {
	none := r.quote >= r.end
	r.quote -= r.pos
	r.end = copy(r.buf, r.buf[r.pos:r.end])
	r.pos = 0
	if r.end == len(r.buf) {
		if r.end >= maxRecord {
			return fmt.Errorf("line %d: the row that starts here is longer than 1 MiB: most likely a quote (\") is opened there and never closed; mend it, or have the file exported again", r.line)
		}
		r.buf = append(r.buf, make([]byte, len(r.buf))...)
	}
	n, err := r.src.Read(r.buf[r.end:])
	more := r.buf[r.end : r.end+n]
	r.nul = r.nul || bytes.IndexByte(more, 0) >= 0
	r.wide = r.wide && !ascii(r.buf[:r.end]) || !ascii(more)
	if none {
		r.quote = r.end + n
		if i := bytes.IndexByte(more, '"'); i >= 0 {
			r.quote = r.end + i
		}
	}
	r.end += n
	r.err = err
	return nil
}

// ascii tells whether all of b is. Asked once for a block, it spares most files the look at each row, which is a
// twentieth of the time of reading one.
func ascii(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func trimLineEnd(raw []byte) []byte {
	if n := len(raw); n > 0 && raw[n-1] == '\n' {
		raw = raw[:n-1]
	}
	if n := len(raw); n > 0 && raw[n-1] == '\r' {
		raw = raw[:n-1]
	}
	return raw
}

// quoted splits a record that has quotes in it, into so many cells at most. It writes into the record: cells only shrink.
func (r *records) quoted(raw []byte, rec *table.Record, most int) error {
	for {
		var cell []byte
		more := false
		if len(raw) > 0 && raw[0] == '"' {
			n, err := closing(raw)
			if err != nil {
				return fmt.Errorf("line %d: %w", rec.Line, err)
			}
			cell = unquote(raw[1:n])
			raw = raw[n+1:]
			if len(raw) > 0 && raw[0] != r.delim {
				r.after = raw[0]
				return fmt.Errorf("line %d: %w", rec.Line, errAfterQuote)
			}
			if more = len(raw) > 0; more {
				raw = raw[1:]
			}
		} else {
			i := bytes.IndexByte(raw, r.delim)
			if more = i >= 0; more {
				cell, raw = raw[:i], raw[i+1:]
			} else {
				cell = raw
			}
			if bytes.IndexByte(cell, '"') >= 0 {
				return fmt.Errorf("line %d: %w", rec.Line, errBareQuote)
			}
		}
		rec.Cells = append(rec.Cells, cell)
		if !more || len(rec.Cells) == most {
			return nil
		}
	}
}

// closing is the position of the quote that closes the one at the beginning.
func closing(raw []byte) (int, error) {
	for at := 1; ; {
		i := bytes.IndexByte(raw[at:], '"')
		if i < 0 {
			return 0, errOpenQuote
		}
		at += i
		if at+1 == len(raw) || raw[at+1] != '"' {
			return at, nil
		}
		at += 2
	}
}

// unquote makes one quote of two, and LF of CRLF, in place.
func unquote(cell []byte) []byte {
	if bytes.IndexByte(cell, '"') < 0 && bytes.IndexByte(cell, '\r') < 0 {
		return cell
	}
	w := 0
	for i := 0; i < len(cell); i++ {
		c := cell[i]
		if c == '"' || c == '\r' && i+1 < len(cell) && cell[i+1] == '\n' {
			i++
			c = cell[i]
		}
		cell[w] = c
		w++
	}
	return cell[:w]
}
