package report

import (
	"io"
	"slices"
	"strconv"
	"time"

	"rollcall/connectors"
)

// rowWriter writes the rows of a long sheet as XML, one cell after the other, without holding them: a sheet of a million
// rows costs what one row costs. Texts are inline strings, never formulas.
type rowWriter struct {
	out    io.Writer
	buf    []byte
	cols   []string  // A, B, …
	widths []float64 // of the columns, in characters
	st     *styles
	row    int // the one being written
	start  int // where in buf it starts
	lines  int // that its highest cell takes
	col    int
	err    error // the first of out's
}

// flushAt is how much XML is gathered before it is handed on.
const flushAt = 1 << 16

func (w *rowWriter) begin(row int) {
	w.row, w.col, w.start, w.lines = row, 0, len(w.buf), 1
	w.buf = append(w.buf, `<row r="`...)
	w.buf = strconv.AppendInt(w.buf, int64(row), 10)
	w.buf = append(w.buf, `">`...)
}

func (w *rowWriter) end() {
	if w.lines > 1 { // said in the row's tag, which is long written
		height := append([]byte(`ht="`), strconv.FormatFloat(rowHeight(w.lines), 'f', -1, 64)...)
		w.buf = slices.Insert(w.buf, w.start+len(`<row `), append(height, `" customHeight="1" `...)...)
	}
	w.buf = append(w.buf, `</row>`...)
	if len(w.buf) >= flushAt {
		w.flush()
	}
}

func (w *rowWriter) flush() {
	if w.err == nil {
		_, w.err = w.out.Write(w.buf)
	}
	w.buf = w.buf[:0]
}

// cell opens the next cell of the row up to its type.
func (w *rowWriter) cell(style int) {
	w.buf = append(w.buf, `<c r="`...)
	w.buf = append(w.buf, w.cols[w.col]...)
	w.buf = strconv.AppendInt(w.buf, int64(w.row), 10)
	w.buf = append(w.buf, `" s="`...)
	w.buf = strconv.AppendInt(w.buf, int64(style), 10)
	w.col++
}

// skip leaves a cell empty.
func (w *rowWriter) skip() { w.col++ }

// text writes a text, on several lines if its column is too narrow.
func (w *rowWriter) text(s string) {
	width := w.widths[w.col]
	if float64(len(s)) <= width-2 {
		w.words(s, w.st.text)
		return
	}
	w.lines = max(w.lines, linesIn(s, width))
	w.words(s, w.st.wrap)
}

// line writes a text on one line, however long: what does not fit is cut from sight by the cell beside it.
func (w *rowWriter) line(s string) { w.words(s, w.st.text) }

// words writes a text in a style.
func (w *rowWriter) words(s string, style int) {
	if s == "" {
		w.skip()
		return
	}
	s = literalCodes(cellText(s))
	w.cell(style)
	w.buf = append(w.buf, `" t="inlineStr"><is><t`...)
	if first, last := s[0], s[len(s)-1]; first <= ' ' || last <= ' ' {
		w.buf = append(w.buf, ` xml:space="preserve"`...)
	}
	w.buf = append(w.buf, '>')
	w.buf = appendXMLText(w.buf, s)
	w.buf = append(w.buf, `</t></is></c>`...)
}

func (w *rowWriter) number(n int) {
	w.cell(w.st.number)
	w.value(n)
}

// date writes a day; an unknown one is said in words.
func (w *rowWriter) date(d connectors.Date, unknown string) {
	const (
		epoch = 25569 // 1970-01-01 as Excel counts days
		first = 61    // 1900-03-01: before it, Excel's calendar has a day that never was
	)
	switch serial := int(d) + epoch; {
	case !d.Known():
		w.words(unknown, w.st.text)
	case serial < first:
		w.words(d.String(), w.st.text)
	default:
		w.cell(w.st.date)
		w.value(serial)
	}
}

// moment writes a point in time, in UTC and to the second; an unknown one is said in words.
func (w *rowWriter) moment(t time.Time, unknown string) {
	const (
		epoch = 25569
		first = 61 // see date
		day   = 24 * 60 * 60
	)
	days := float64(t.Unix())/day + epoch
	switch {
	case t.IsZero():
		w.words(unknown, w.st.text)
	case days < first:
		w.words(stamp(t), w.st.text)
	default:
		w.cell(w.st.stamp)
		w.buf = append(w.buf, `"><v>`...)
		w.buf = strconv.AppendFloat(w.buf, days, 'f', -1, 64)
		w.buf = append(w.buf, `</v></c>`...)
	}
}

func (w *rowWriter) value(n int) {
	w.buf = append(w.buf, `"><v>`...)
	w.buf = strconv.AppendInt(w.buf, int64(n), 10)
	w.buf = append(w.buf, `</v></c>`...)
}
