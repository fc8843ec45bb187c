package report

import (
	"fmt"
	"strings"

	"rollcall/scanner"
)

// tableScreen is the width from which the sources fit into a table.
const tableScreen = 80

// sources shows that every row of every source is accounted for.
func (t *table) sources() {
	t.heading("SOURCES: every row accounted for (read = matched + unmatched + non-human + rejected)")
	if t.width < tableScreen {
		t.narrowSources()
		return
	}
	name := 6
	for i := range t.r.Result.Sources {
		name = max(name, min(cells.StringWidth(clean(t.r.Result.Sources[i].Name)), t.width-70))
	}
	t.line(dim, "%s %s %s %s %s %s %s  %s", pad("source", name), pad("state", 10), padLeft("read", 9), padLeft("matched", 9),
		padLeft("unmatched", 9), padLeft("non-human", 9), padLeft("rejected", 8), "ties out")
	for i := range t.r.Result.Sources {
		s := &t.r.Result.Sources[i]
		fmt.Fprintf(t.out, "%s %s %s %s %s %s %s  %s\n", pad(clean(s.Name), name), t.state(s), padLeft(thousands(s.Read), 9),
			padLeft(thousands(s.Matched), 9), padLeft(thousands(s.Unmatched), 9), padLeft(thousands(s.NonHuman), 9),
			padLeft(thousands(s.Rejected), 8), t.ties(s))
		t.rejects(s)
	}
}

// narrowSources says the same in sentences.
func (t *table) narrowSources() {
	for i := range t.r.Result.Sources {
		s := &t.r.Result.Sources[i]
		fmt.Fprintf(t.out, "%s %s ties out: %s\n", pad(clean(s.Name), min(t.width-40, 20)), t.state(s), t.ties(s))
		t.wrap(plainText, "    ", fmt.Sprintf("%s read = %s matched + %s unmatched + %s non-human + %s rejected", thousands(s.Read),
			thousands(s.Matched), thousands(s.Unmatched), thousands(s.NonHuman), thousands(s.Rejected)))
		t.rejects(s)
	}
}

func (t *table) state(s *scanner.SourceReport) string {
	if s.State != scanner.SourceOK {
		return t.paint(red, pad(strings.ToUpper(string(s.State)), 10))
	}
	return pad(string(s.State), 10)
}

func (t *table) ties(s *scanner.SourceReport) string {
	switch {
	case unread(s):
		return "–"
	case s.TiesOut():
		return t.paint(green, "✓ yes")
	}
	return t.paint(red, "✗ NO")
}

// rejects shows the first rows that were left out; the workbook has more.
func (t *table) rejects(s *scanner.SourceReport) {
	const shown = 2
	for _, rej := range s.Rejects[:min(len(s.Rejects), shown)] {
		t.wrap(yellow, "    left out: ", rej.Where.String()+": "+rej.Why)
	}
	if more := s.Rejected + s.SideRejected - min(len(s.Rejects), shown); more > 0 {
		t.wrap(yellow, "    left out: ", plural(more, "more row")+t.inWorkbook())
	}
}

// inWorkbook says where the rest of a list is, if there is a workbook.
func (t *table) inWorkbook() string {
	if t.r.Paths.Workbook == "" {
		return ""
	}
	return "; see Scope & completeness in the workbook"
}
