package table

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"rollcall/connectors"
)

// cell is the present record's trimmed cell; empty where the column is not read.
func (r *rows) cell(key int) []byte {
	if r.columns[key].at < 0 { // of most tables most columns, so this much is done without a call
		return nil
	}
	return r.given(key)
}

func (r *rows) given(key int) []byte {
	c := r.record.Cells[r.columns[key].at]
	if n := len(c); n == 0 || c[0] > '#' && plain(c[0]) && plain(c[n-1]) { // as good as always
		return c
	}
	c = trim(c)
	if len(c) > 0 && formulaError(c) {
		r.wrong(key, fmt.Errorf("%q is the error of a spreadsheet formula: have the value exported", c))
	}
	return c
}

// idCell is a cell that names somebody or something.
func (r *rows) idCell(key int) []byte {
	c := r.cell(key)
	if rounded(c) {
		r.wrong(key, fmt.Errorf("%q is an id that a spreadsheet has rounded: have the column exported as text", c))
	}
	return c
}

func (r *rows) date(key int) connectors.Date {
	if r.columns[key].at < 0 {
		return 0
	}
	return r.day(key)
}

func (r *rows) day(key int) connectors.Date {
	c := r.given(key)
	if len(c) == 0 {
		return 0
	}
	d, err := r.dates.of(c)
	if err != nil {
		r.wrong(key, err)
	}
	return d
}

// wordCell reads a cell by a vocabulary.
func wordCell[T comparable](r *rows, key int, w *words[T]) T {
	c := r.cell(key)
	if len(c) == 0 {
		var unknown T
		return unknown
	}
	is, err := w.of(c)
	if err != nil {
		r.wrong(key, err)
	}
	return is
}

// legible tells whether the present record's cell says what was once written into it, whatever is wrong with others.
func (r *rows) legible(key int) bool {
	at := r.columns[key].at
	if at < 0 {
		return true
	}
	c := trim(r.record.Cells[at])
	return len(c) == 0 || utf8.Valid(c) && bytes.IndexByte(c, 0) < 0 && !bytes.Contains(c, []byte("\uFFFD")) &&
		!formulaError(c) && !rounded(c)
}

// contents is what is read of the present record, to compare rows by.
func (r *rows) contents() string {
	var buf [256]byte
	all := buf[:0]
	for key := range r.columns {
		all = append(append(all, r.cell(key)...), 0)
	}
	return string(all)
}
