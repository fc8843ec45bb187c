package csvfile

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"rollcall/connectors"
	"rollcall/connectors/table"
)

// file is a CSV file on disk; it implements table.File.
type file struct {
	name     string // as configured
	dir      string // where a relative name starts
	delim    byte
	encoding string
}

func (f *file) Name() string { return f.name }

func (f *file) Size() int64 { return table.SizeOnDisk(f.dir, f.name) }

func (f *file) Open() (table.Reader, error) { return f.open(sha256.New()) }

func (f *file) Skim() (table.Reader, error) { return f.open(nil) }

func (f *file) open(sum hash.Hash) (table.Reader, error) {
	disk, err := table.OpenDisk(f.dir, f.name)
	if err != nil {
		return nil, err
	}
	r := &reader{file: f, disk: disk, sum: sum}
	if err := r.start(); err != nil {
		disk.Close()
		return nil, err
	}
	return r, nil
}

// reader is one reading of a file; it implements table.Reader.
type reader struct {
	*file
	disk     *table.Disk
	sum      hash.Hash // nil: not asked for
	bytes    int64
	records  *records
	replaces bool // the decoder writes U+FFFD for what it cannot read
	header   bool // was read
}

// start looks at the first bytes for a byte order mark.
func (r *reader) start() error {
	head := make([]byte, 4)
	n, err := io.ReadFull(rawBytes{r}, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	text, replaces, err := decode(r.encoding, head[:n], rawBytes{r})
	if err != nil {
		return err
	}
	r.records, r.replaces = newRecords(text, r.delim, r.disk.Size()), replaces
	return nil
}

// rawBytes reads the file, and counts and hashes what it reads, as it stands on disk.
type rawBytes struct{ *reader }

func (r rawBytes) Read(p []byte) (int, error) {
	n, err := r.disk.Read(p)
	if r.sum != nil {
		r.sum.Write(p[:n])
	}
	r.bytes += int64(n)
	return n, err
}

var errReplaced = errors.New("the row has bytes that the declared encoding does not know: is the encoding right?")

func (r *reader) Next(rec *table.Record) error {
	err := r.records.next(rec)
	switch {
	case err == io.EOF:
		return r.disk.End(r.bytes)
	case err != nil && !r.header:
		return r.doubtful(err)
	case err != nil:
		return err
	case r.replaces && hasReplacement(rec.Cells):
		return &table.BadRecord{Line: rec.Line, Why: errReplaced, Cells: rec.Cells}
	}
	if !r.header {
		r.header = true
		return lineEnds(rec.Cells)
	}
	return nil
}

func (r *reader) NextCell(at int) ([]byte, error) {
	cell, err := r.records.nextCell(at)
	if err == io.EOF {
		return nil, r.disk.End(r.bytes)
	}
	return cell, err
}

// Doubt implements table.Doubter: a header in one piece was written with another delimiter.
func (r *reader) Doubt(header [][]byte) string {
	if len(header) != 1 {
		return ""
	}
	for _, delim := range []byte{';', '\t', '|', ','} {
		if delim != r.delim && bytes.IndexByte(header[0], delim) >= 0 {
			return separatedBy(delim)
		}
	}
	return ""
}

// doubtful adds to what is wrong with a header of quoted cells that another delimiter may be meant.
func (r *reader) doubtful(err error) error {
	if errors.Is(err, errAfterQuote) && strings.IndexByte(";\t|,", r.records.after) >= 0 {
		return fmt.Errorf("%w; %s", err, separatedBy(r.records.after))
	}
	return err
}

func separatedBy(delim byte) string {
	name := string(rune(delim))
	if delim == '\t' {
		return `the header looks separated by tabs: write delimiter = "tab"`
	}
	return fmt.Sprintf("the header looks separated by %q: write delimiter = %q", name, name)
}

// lineEnds refuses a file whose lines end in CR alone: it would read as one long header.
func lineEnds(header [][]byte) error {
	for _, c := range header {
		if bytes.IndexByte(c, '\r') >= 0 {
			return errors.New("lines end in CR alone, as on old Macs: have the file written with LF or CRLF")
		}
	}
	return nil
}

func (r *reader) Dates() table.DateSystem { return table.NoSerials }

func (r *reader) Page() connectors.Page {
	p := connectors.Page{Request: r.name, Bytes: r.bytes}
	if r.sum != nil {
		p.SHA256 = [32]byte(r.sum.Sum(nil))
	}
	return p
}

func (r *reader) Close() error {
	r.records.free()
	return r.disk.Close()
}

func hasReplacement(cells [][]byte) bool {
	for _, c := range cells {
		if bytes.Contains(c, []byte("\uFFFD")) {
			return true
		}
	}
	return false
}
