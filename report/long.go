package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// maxRows is how many rows a sheet can hold.
const maxRows = 1048576

// headRow is the row of a long sheet's header: a title and a note of two lines stand above it.
const (
	headRow   = 4
	noteLines = 2
	noteWidth = 165 // of a line, in characters: as much as fits on the first page
)

// column is one column of a long sheet.
type column struct {
	name  string
	width float64
}

// longSheet is a sheet whose rows are not known beforehand and may be too many to hold, or for one sheet. What does not
// fit goes on in "Name (2)".
type longSheet struct {
	name    string // also, without its blanks, of its table
	title   string
	note    string
	frozen  int // columns that stay in sight
	columns []column
	limit   int // rows of one sheet, header and all
	rows    func(*longWriter) error

	counts []int // data rows written, by sheet; what the final workbook is built with
}

// sheetName is the name of the i-th sheet it takes, tableName that of its table.
func (l *longSheet) sheetName(i int) string {
	if i == 0 {
		return l.name
	}
	return fmt.Sprintf("%s (%d)", l.name, i+1)
}

func (l *longSheet) tableName(i int) string {
	name := strings.ReplaceAll(l.name, " ", "")
	if i > 0 {
		name += "_" + strconv.Itoa(i+1)
	}
	return name
}

// skeleton makes the i-th sheet with all but its rows: panes, widths, print setup, and the table over the rows that were
// counted. Only the header is there, because excelize names the table's columns by it.
func (b *book) skeleton(l *longSheet, i int) {
	name := l.sheetName(i)
	b.add(name, layout{paper: a3, wide: 2, head: headRow, cols: l.frozen})
	for c, col := range l.columns {
		at, err := excelize.CoordinatesToCellName(c+1, headRow)
		b.do(err)
		b.do(b.f.SetCellStr(name, at, col.name))
		letter := colName(c)
		b.do(b.f.SetColWidth(name, letter, letter, col.width))
	}
	count := 0
	if i < len(l.counts) {
		count = l.counts[i]
	}
	last := colName(len(l.columns) - 1)
	data := func(rows int) string { return fmt.Sprintf("A%d:%s%d", headRow, last, headRow+max(rows, 1)) }
	b.do(b.f.AddTable(name, &excelize.Table{Range: data(count), Name: l.tableName(i), StyleName: "TableStyleLight1"}))
	b.do(b.f.AddIgnoredErrors(name, data(maxRows-headRow), excelize.IgnoredErrorsNumberStoredAsText))
	corner := fmt.Sprintf("%s%d", colName(l.frozen), headRow+1)
	b.do(b.f.SetPanes(name, &excelize.Panes{Freeze: true, XSplit: l.frozen, YSplit: headRow, TopLeftCell: corner, ActivePane: "bottomRight",
		Selection: []excelize.Selection{{SQRef: corner, ActiveCell: corner, Pane: "bottomRight"}}}))
	// The true extent is known only when the rows are gone; a wrong one ("A1") makes some readers see one row.
	b.do(b.f.SetSheetDimension(name, ""))
}

func colName(c int) string {
	name, err := excelize.ColumnNumberToName(c + 1)
	if err != nil {
		panic(err) // the sheets here have a few dozen columns
	}
	return name
}

// frame is a sheet part around its rows, as excelize wrote it.
type frame struct{ head, tail []byte }

func frameOf(part []byte) (frame, error) {
	from, to := bytes.Index(part, []byte("<sheetData>")), bytes.LastIndex(part, []byte("</sheetData>"))
	if from < 0 || to < from {
		return frame{}, errors.New("workbook: a sheet without sheetData: this version of excelize writes sheets in another way")
	}
	return frame{part[:from+len("<sheetData>")], part[to:]}, nil
}

func (f frame) equal(g frame) bool { return bytes.Equal(f.head, g.head) && bytes.Equal(f.tail, g.tail) }

// longWriter writes a long sheet's rows, sheet after sheet.
type longWriter struct {
	rowWriter
	sheet  *longSheet
	frame  frame
	create func(i int) (io.Writer, error) // the part of the i-th sheet
}

// write streams all rows of the sheet.
func (l *longSheet) write(f frame, st *styles, create func(int) (io.Writer, error)) error {
	w := &longWriter{sheet: l, frame: f, create: create}
	w.st = st
	for c, col := range l.columns {
		w.cols, w.widths = append(w.cols, colName(c)), append(w.widths, col.width)
	}
	if lines := len(wrapped(l.note, noteWidth)); lines > noteLines {
		return fmt.Errorf("its note takes %d lines, and there is room for %d", lines, noteLines)
	}
	l.counts = nil
	if err := w.open(); err != nil {
		return err
	}
	if err := l.rows(w); err != nil {
		return err
	}
	w.close()
	return w.err
}

// next begins a data row, on a further sheet when this one is full.
func (w *longWriter) next() error {
	if w.row >= w.sheet.limit {
		w.close()
		if err := w.open(); err != nil {
			return err
		}
	}
	w.begin(w.row + 1)
	w.sheet.counts[len(w.sheet.counts)-1]++
	return w.err
}

// open starts a sheet: title, note and header.
func (w *longWriter) open() error {
	i := len(w.sheet.counts)
	out, err := w.create(i)
	if err != nil {
		return err
	}
	w.out = out
	w.sheet.counts = append(w.sheet.counts, 0)
	w.buf = append(w.buf[:0], w.frame.head...)
	title := w.sheet.title
	if i > 0 {
		title += fmt.Sprintf(", continued (%d)", i+1)
	}
	w.begin(1)
	w.words(title, w.st.title)
	w.end()
	for n, line := range wrapped(w.sheet.note, noteWidth) {
		w.begin(2 + n)
		w.words(line, w.st.note)
		w.end()
	}
	w.begin(headRow)
	for _, c := range w.sheet.columns {
		w.lines = max(w.lines, linesIn(c.name, c.width))
		w.words(c.name, w.st.head)
	}
	w.end()
	return w.err
}

func (w *longWriter) close() {
	w.buf = append(w.buf, w.frame.tail...)
	w.flush()
}
