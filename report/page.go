package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"rollcall/connectors"
)

// page is a sheet of a few tables under one another, all of whose cells excelize keeps. Long ones are longSheets.
type page struct {
	b      *book
	name   string
	row    int // last one written
	widths []float64

	tables []tableRows // for the height of their rows, which depends on the final widths
	drawn  []drawing   // for the same reason
}

// tableRows are the rows of a table below its header in row top.
type tableRows struct {
	top  int
	rows [][]any
}

// linesIn is how many lines a text takes in a column: rather one too many than one too few.
func linesIn(s string, width float64) int {
	n := 0
	for line := range strings.SplitSeq(s, "\n") {
		if float64(len(line)) <= width-2 {
			n++
		} else {
			n += len(wrapped(line, max(int(width)-3, 4)))
		}
	}
	return n
}

// rowHeight is the height of a row of n lines, in points; Excel has no row higher than 409.
func rowHeight(n int) float64 { return min(15*float64(n), 409) }

// Widths of columns, in characters. What needs more is wrapped.
const (
	minWidth  = 9
	pageWidth = 50 // of the widest column of a page
	textWidth = 130
)

// said is a word with the look that underlines it.
type said struct {
	word  string
	style int
}

// over is a text in a table's last column that may run over the empty cells beside it, and so needs no width.
type over string

func (b *book) page(name, title string, l layout) *page {
	l.head = 1
	b.add(name, l)
	p := &page{b: b, name: name}
	p.text(b.st.title, title)
	return p
}

func (p *page) cell(col, row int) string {
	name, err := excelize.CoordinatesToCellName(col, row)
	p.b.do(err)
	return name
}

// text writes a text over as many rows as it needs; it runs over the empty cells to its right.
func (p *page) text(style int, text string) { p.textAt(1, style, text) }

// textAt is text from a column on. What stands in the first one beside the text's first line is the caller's to put.
func (p *page) textAt(col, style int, text string) {
	for _, line := range wrapped(cellText(text), textWidth-12*(col-1)) {
		p.row++
		p.put(col, line, style)
	}
}

// beside puts a word into the first column of a row already written.
func (p *page) beside(row int, word string, style int) {
	last := p.row
	p.row = row
	p.put(1, word, style)
	p.row = last
	p.widen(0, cells.StringWidth(word)+2)
}

// gap leaves a row empty between two tables.
func (p *page) gap() { p.row++ }

func (p *page) put(col int, value any, style int) {
	f, at := p.b.f, p.cell(col, p.row)
	switch v := value.(type) {
	case string:
		p.b.do(f.SetCellStr(p.name, at, literalCodes(cellText(v))))
	case int:
		p.b.do(f.SetCellInt(p.name, at, int64(v)))
	case int64:
		p.b.do(f.SetCellInt(p.name, at, v))
	case float64:
		p.b.do(f.SetCellFloat(p.name, at, v, -1, 64))
	case time.Time:
		if !v.IsZero() {
			p.b.do(f.SetCellValue(p.name, at, v.UTC()))
		}
	case connectors.Date:
		if v.Known() {
			p.b.do(f.SetCellValue(p.name, at, v.Time()))
		}
	default:
		p.b.do(fmt.Errorf("sheet %s, cell %s: no way to write a %T", p.name, at, value))
	}
	p.b.do(f.SetCellStyle(p.name, at, at, style))
}

// area is where a table's rows are.
type area struct{ first, last int }

// table writes a heading and an Excel table, and tells where its rows are. With no rows it says why instead, under the
// same heading.
func (p *page) table(name, heading, none string, cols []string, rows [][]any) area {
	p.gap()
	p.text(p.b.st.heading, heading)
	if len(rows) == 0 {
		p.text(p.b.st.note, none)
		return area{}
	}
	p.row++
	top := p.row
	for i, c := range cols {
		style := p.b.st.head
		if _, number := rows[0][i].(int); number {
			style = p.b.st.headNumber
		}
		p.put(i+1, c, style)
		p.widen(i, cells.StringWidth(c)+4) // room for the filter's button
	}
	for _, row := range rows {
		p.row++
		for i, v := range row {
			value, style, width := p.look(v)
			p.put(i+1, value, style)
			p.widen(i, width+2)
		}
	}
	p.tables = append(p.tables, tableRows{top, rows})
	whole := p.cell(1, top) + ":" + p.cell(len(cols), p.row)
	p.b.do(p.b.f.AddTable(p.name, &excelize.Table{Range: whole, Name: name, StyleName: "TableStyleLight1"}))
	p.b.do(p.b.f.AddIgnoredErrors(p.name, whole, excelize.IgnoredErrorsNumberStoredAsText))
	return area{top + 1, p.row}
}

// look gives a value its style and the width it takes.
func (p *page) look(v any) (value any, style, width int) {
	st := &p.b.st
	switch v := v.(type) {
	case said:
		return v.word, v.style, cells.StringWidth(v.word)
	case over:
		return string(v), st.text, 0
	case int:
		return v, st.number, len(thousands(v))
	case int64:
		return v, st.number, len(thousands(int(v)))
	case float64: // a share
		return v, st.share, len("100.0%")
	case time.Time:
		return v, st.stamp, len("2006-01-02 15:04:05")
	case connectors.Date:
		return v, st.date, len("2006-01-02")
	case string:
		return v, st.wrap, cells.StringWidth(v)
	}
	return v, st.text, 0
}

func (p *page) widen(col, width int) {
	for len(p.widths) <= col {
		p.widths = append(p.widths, minWidth)
	}
	p.widths[col] = max(p.widths[col], min(float64(width), pageWidth))
}

// height makes room for the lines of the row's longest text. Left to themselves, not all programs do.
func (p *page) height(row int, values []any) {
	n := 1
	for i, v := range values {
		if s, ok := v.(string); ok {
			n = max(n, linesIn(s, p.widths[i]))
		}
	}
	if n > 1 {
		p.b.do(p.b.f.SetRowHeight(p.name, row, rowHeight(n)))
	}
}

// done sets what depends on all that was written.
func (p *page) done() {
	for i, w := range p.widths {
		name, err := excelize.ColumnNumberToName(i + 1)
		p.b.do(err)
		p.b.do(p.b.f.SetColWidth(p.name, name, name, w))
	}
	for _, t := range p.tables {
		for i, row := range t.rows {
			p.height(t.top+1+i, row)
		}
	}
	for i := range p.drawn {
		p.draw(&p.drawn[i])
	}
	p.b.do(p.b.f.SetSheetDimension(p.name, "A1:"+p.cell(max(len(p.widths), 1), p.row)))
	p.b.do(p.b.f.SetPanes(p.name, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft",
		Selection: []excelize.Selection{{SQRef: "A2", ActiveCell: "A2", Pane: "bottomLeft"}}}))
}
