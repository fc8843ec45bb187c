// Package table turns tables with named columns into people and accounts. It holds what every tabular source shares:
// the mapping of columns, vocabularies, date layouts, the rejection of rows, duplicate ids, the join with a second file.
// How rows are read is the caller's business: csvfile and xlsx hand it a File.
package table

import (
	"fmt"

	"rollcall/connectors"
)

// File is a table that can be read from its start any number of times.
type File interface {
	// Name is the path as configured; it stands in every message about the file.
	Name() string
	// Size is that of the file in bytes; 0 when it is not there.
	Size() int64
	Open() (Reader, error)
	// Skim opens it for a first look at one column. Its Reader may spare what proves nothing then: the SHA-256 of the
	// Page, the checks of a record's other cells.
	Skim() (Reader, error)
}

// Reader reads the records of a table. The first record is the header.
type Reader interface {
	// Next reads the next record. io.EOF says that the end was really reached, and that the file did not change
	// meanwhile. A *BadRecord is one record that cannot be used: the next one can be read. Any other error ends the pull.
	Next(*Record) error
	// NextCell reads the next record for one of its cells alone; nil if it has none. It goes through the same records as
	// Next, and need not notice what is wrong with one.
	NextCell(at int) ([]byte, error)
	// Dates tells how a number in a date column is to be read.
	Dates() DateSystem
	// Page is what was read; it is whole after io.EOF.
	Page() connectors.Page
	Close() error
}

// Record is one row. Its cells are valid until the next call of Next.
type Record struct {
	Line  int // physical line (or row of the sheet) on which it starts, from 1
	Cells [][]byte
}

// BadRecord is a record that was read and cannot be used.
type BadRecord struct {
	Line  int
	Why   error
	Cells [][]byte // where they can be told apart all the same: some may show whose the record is; as those of a Record
}

// Doubter is a Reader that can say why a wanted column may be missing in the header.
type Doubter interface {
	// Doubt is what is likely wrong with the header and what to do about it; empty when nothing is.
	Doubt(header [][]byte) string
}

func (b *BadRecord) Error() string { return fmt.Sprintf("line %d: %v", b.Line, b.Why) }
func (b *BadRecord) Unwrap() error { return b.Why }

// DateSystem is how a table writes days as plain numbers.
type DateSystem uint8

const (
	NoSerials   DateSystem = iota // it does not: a number is no date
	Serials1900                   // days since 1899-12-30, as spreadsheets do
	Serials1904                   // days since 1904-01-01, as old Mac spreadsheets do
)
