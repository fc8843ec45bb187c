package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"rollcall/scanner"
)

// book is a workbook while it is made. excelize is the author of all of it but the rows of its long sheets. The first
// error sticks, so that a sheet reads as what it shows.
type book struct {
	f    *excelize.File
	r    *Review
	sum  *Summary
	know *overview
	st   styles
	err  error

	layouts map[string]layout // by sheet
}

// styles are the looks of cells. Colour never says anything alone: the words in the cell say it too.
type styles struct {
	title, heading, note, head, headNumber int
	strong, plain                          int // words that run over the cells beside them
	text, wrap, number, share, date, stamp int
	worst, bad, warn, good, alarm          int
}

func newBook(r *Review, sum *Summary) *book {
	b := &book{f: excelize.NewFile(), r: r, sum: sum, layouts: map[string]layout{}}
	b.st = b.styles()
	b.properties()
	return b
}

// do keeps the first error.
func (b *book) do(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *book) styles() styles {
	const asText, asCount = 49, 3
	day, moment, percent := "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "0.0%"
	left := &excelize.Alignment{Vertical: "top", Horizontal: "left"}
	right := &excelize.Alignment{Vertical: "top", Horizontal: "right", Indent: 1} // off the text beside it
	wrap := &excelize.Alignment{Vertical: "top", WrapText: true}
	font := func(size float64, bold bool, ink string) *excelize.Font {
		return &excelize.Font{Family: "Calibri", Size: size, Bold: bold, Color: ink}
	}
	on := func(ink, paper string, align *excelize.Alignment) int { // words in a colour that they say themselves
		return b.style(&excelize.Style{Font: font(11, true, ink), NumFmt: asText, Alignment: align,
			Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{paper}}})
	}
	return styles{
		title:      b.style(&excelize.Style{Font: font(16, true, "1F3864")}),
		heading:    b.style(&excelize.Style{Font: font(12, true, "1F3864")}),
		alarm:      b.style(&excelize.Style{Font: font(12, true, "B00000")}),
		strong:     b.style(&excelize.Style{Font: font(11, true, "000000")}),
		plain:      b.style(&excelize.Style{Font: font(11, false, "000000")}),
		note:       b.style(&excelize.Style{Font: font(11, false, "404040")}),
		head:       on("FFFFFF", "1F3864", wrap),
		headNumber: on("FFFFFF", "1F3864", &excelize.Alignment{Vertical: "top", Horizontal: "center", WrapText: true}), // its right end is under the filter's button
		text:       b.style(&excelize.Style{NumFmt: asText, Alignment: &excelize.Alignment{Vertical: "top"}}),
		wrap:       b.style(&excelize.Style{NumFmt: asText, Alignment: wrap}),
		number:     b.style(&excelize.Style{NumFmt: asCount, Alignment: right}),
		share:      b.style(&excelize.Style{CustomNumFmt: &percent, Alignment: right}),
		date:       b.style(&excelize.Style{CustomNumFmt: &day, Alignment: left}),
		stamp:      b.style(&excelize.Style{CustomNumFmt: &moment, Alignment: left}),
		worst:      on("FFFFFF", "9C0006", wrap),
		bad:        on("9C0006", "FFC7CE", wrap),
		warn:       on("6B5000", "FFEB9C", wrap),
		good:       on("006100", "C6EFCE", wrap),
	}
}

func (b *book) style(s *excelize.Style) int {
	id, err := b.f.NewStyle(s)
	b.do(err)
	return id
}

// properties says what the document is and of when, from the review: a clock would make equal reviews unequal files.
func (b *book) properties() {
	at := b.r.Ended.UTC().Format(time.RFC3339)
	b.do(b.f.SetDocProps(&excelize.DocProperties{Title: b.title(), Subject: "Access review", Creator: "rollcall",
		LastModifiedBy: "rollcall", Created: at, Modified: at, Description: b.sum.Verdict, Language: "en",
		Identifier: b.r.Run, Keywords: "access review; control totals; findings"}))
	b.do(b.f.SetAppProps(&excelize.AppProperties{Application: "rollcall"}))
}

func (b *book) title() string {
	title := strings.TrimSpace(fmt.Sprintf("Access review %s, as of %s", b.r.Run, b.r.Result.AsOf))
	if b.r.Pseudonymous != "" {
		title += " (pseudonymous)"
	}
	return title
}

// Paper, as Excel numbers it.
const (
	a3 = 8
	a4 = 9
)

// layout is how a sheet is printed: always in landscape.
type layout struct {
	paper int
	wide  int // pages beside one another
	head  int // the row repeated on every page
	cols  int // first columns, repeated on every page
}

// add makes a sheet.
func (b *book) add(name string, l layout) {
	if list := b.f.GetSheetList(); len(list) == 1 && list[0] == "Sheet1" {
		b.do(b.f.SetSheetName("Sheet1", name))
	} else {
		_, err := b.f.NewSheet(name)
		b.do(err)
	}
	b.layouts[name] = l
	landscape, any, yes := "landscape", 0, true
	b.do(b.f.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &yes}))
	b.do(b.f.SetPageLayout(name, &excelize.PageLayoutOptions{Size: &l.paper, Orientation: &landscape, FitToWidth: &l.wide, FitToHeight: &any}))
	side, edge, foot := 0.4, 0.6, 0.3
	b.do(b.f.SetPageMargins(name, &excelize.PageLayoutMarginsOptions{Left: &side, Right: &side, Top: &edge, Bottom: &edge, Header: &foot, Footer: &foot}))
	b.do(b.f.SetHeaderFooter(name, &excelize.HeaderFooterOptions{OddFooter: "&L" + b.footer() + "&C&A&RPage &P of &N"}))
}

// printTitles has the header and the first columns of each sheet repeated. They go by the order of the sheets, so they come last.
func (b *book) printTitles() {
	for _, name := range b.f.GetSheetList() {
		l := b.layouts[name]
		titles := fmt.Sprintf("'%s'!$%d:$%d", name, l.head, l.head)
		if l.cols > 0 {
			titles = fmt.Sprintf("'%s'!$A:$%s,%s", name, colName(l.cols-1), titles)
		}
		b.do(b.f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", Scope: name, RefersTo: titles}))
	}
}

// footer names the run on every printed page. An ampersand would be a code.
func (b *book) footer() string {
	words := "rollcall run " + b.r.Run
	if b.r.Pseudonymous != "" {
		words += " · pseudonymous"
	}
	if len(b.sum.Incomplete) > 0 {
		words = "INCOMPLETE · " + words
	}
	words = strings.ReplaceAll(cellText(words), "&", "&&")
	if r := []rune(words); len(r) > 120 { // of the 255 Excel allows
		words = strings.TrimRight(string(r[:120]), "&")
	}
	return words
}

// severityStyle colours a severity beside its word.
func (s *styles) severity(sev scanner.Severity) int {
	switch sev {
	case scanner.Critical:
		return s.worst
	case scanner.High:
		return s.bad
	case scanner.Medium:
		return s.warn
	}
	return s.text
}

func (s *styles) state(st scanner.SourceState) int {
	if st == scanner.SourceOK {
		return s.good
	}
	return s.bad
}
