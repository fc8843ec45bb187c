package report

import (
	"fmt"
	"io"
	"strings"

	"rollcall/scanner"
)

// TableOptions say how a review is shown in a terminal.
type TableOptions struct {
	Width    int  // of the terminal, in cells; less than 80 counts as 80
	Colour   bool // only where the output is a terminal that wants it
	PerGroup int  // findings shown of one kind at one severity before the rest is counted; 0 = 10, and 3 on a first run
}

// WriteTable shows a review to the person who has to act on it: what was read, what matters most, every finding by
// severity with why and what to do, what changed, and where to go on.
func WriteTable(w io.Writer, r *Review, o TableOptions) error {
	if o.PerGroup <= 0 {
		o.PerGroup = 10
		if r.Baseline {
			o.PerGroup = 3
		}
	}
	t := &table{screen: newScreen(w, o.Width, o.Colour), r: r, sum: Summarize(r), perGroup: o.PerGroup, news: map[scanner.FindingID]string{}}
	t.idLen = shortIDs(r.Result.Findings)
	for _, id := range r.Change.New {
		t.news[id] = "new"
	}
	for _, id := range r.Change.Back {
		t.news[id] = "back again"
	}
	t.head()
	t.sources()
	t.few()
	t.findings()
	t.changed()
	t.notJudged()
	t.next()
	return t.out.Flush()
}

type table struct {
	*screen
	r        *Review
	sum      *Summary
	perGroup int
	idLen    int
	news     map[scanner.FindingID]string // what is said of a finding beside its id
}

func (t *table) heading(format string, args ...any) {
	t.blank()
	t.wrap(bold, "", fmt.Sprintf(format, args...))
}

// head comes first, and in it whatever makes the report less than the truth.
func (t *table) head() {
	r := t.r
	run := "rollcall"
	if r.Run != "" {
		run += " · run " + r.Run
	}
	t.line(dim, "%s · as of %s", run, r.Result.AsOf)
	t.blank()
	colour := bold
	if len(t.sum.Incomplete) > 0 {
		colour = red
	}
	t.wrap(colour, "", t.sum.Verdict)
	for _, inc := range t.sum.Incomplete {
		t.wrap(red, "  ", inc.Source+" is "+inc.What)
		for _, n := range inc.NotJudged {
			t.wrap(plainText, "    not judged: ", n)
		}
	}
	for _, n := range r.Result.Notes {
		t.wrap(plainText, "  note: ", n)
	}
}

// sources shows that every row of every source is accounted for.
func (t *table) sources() {
	t.heading("SOURCES: every row accounted for (read = matched + unmatched + non-human + rejected)")
	name := 6
	for i := range t.r.Result.Sources {
		name = max(name, min(cells.StringWidth(clean(t.r.Result.Sources[i].Name)), t.width-70))
	}
	t.line(dim, "%s %s %s %s %s %s %s  %s", pad("source", name), pad("state", 10), padLeft("read", 9), padLeft("matched", 9),
		padLeft("unmatched", 9), padLeft("non-human", 9), padLeft("rejected", 8), "ties out")
	for i := range t.r.Result.Sources {
		s := &t.r.Result.Sources[i]
		ties, state := t.paint(green, "✓ yes"), pad(string(s.State), 10)
		if !s.TiesOut() {
			ties = t.paint(red, "✗ NO")
		}
		if s.State != scanner.SourceOK {
			state = t.paint(red, pad(strings.ToUpper(string(s.State)), 10))
		}
		fmt.Fprintf(t.out, "%s %s %s %s %s %s %s  %s\n", pad(clean(s.Name), name), state, padLeft(thousands(s.Read), 9),
			padLeft(thousands(s.Matched), 9), padLeft(thousands(s.Unmatched), 9), padLeft(thousands(s.NonHuman), 9),
			padLeft(thousands(s.Rejected), 8), ties)
		t.rejects(s)
	}
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

// few are the findings that are to be dealt with today.
func (t *table) few() {
	const shown = 10
	if len(t.sum.Few) == 0 {
		return
	}
	t.heading("THE FEW THAT MATTER: leavers' enabled accounts and all that is critical (%s)", thousands(len(t.sum.Few)))
	for i, f := range t.sum.Few {
		if i == shown {
			t.line(dim, "    … %s more below", thousands(len(t.sum.Few)-shown))
			break
		}
		t.wrap(plainText, fmt.Sprintf("%3d. ", i+1), strings.ToUpper(f.Severity.String())+" · "+t.subject(f)+t.mark(f))
		t.wrap(plainText, "     ", f.Why)
		if also := t.sum.Also[f.ID]; len(also) > 0 {
			t.wrap(plainText, "     also: ", strings.Join(also, "; "))
		}
		if step := t.r.nextStep(f); step != "" {
			t.wrap(bold, "     do: ", step)
		}
		t.line(dim, "     %s", t.shortID(f.ID))
	}
}

// subject says of which access a finding speaks, and whose it is.
func (t *table) subject(f *scanner.Finding) string {
	owner := t.r.name(f.Person)
	switch {
	case owner == "" && f.Kind == scanner.OwnerlessAccount:
		owner = "no owner named"
	case owner == "":
		owner = "owner unknown"
	case f.Kind == scanner.UnconfirmedOwner:
		owner = "perhaps " + owner
	}
	account := f.Login()
	if account == "" {
		account = "no account"
	}
	return joinNonEmpty(" · ", string(f.App), account, string(f.Entitlement), owner)
}

// changed tells the difference to the last run.
func (t *table) changed() {
	c := &t.r.Change
	if t.r.Baseline || c.LastRun == "" {
		t.heading("CHANGED: nothing to compare with yet; the next run will say what is new, still there and gone")
		return
	}
	t.heading("CHANGED since run %s: %s new, %s still there, %s gone, %s back again", c.LastRun, thousands(len(c.New)),
		thousands(len(c.Still)), thousands(len(c.Gone)), thousands(len(c.Back)))
	if t.r.BacklogStart > 0 {
		t.line(plainText, "  backlog: %s left of the %s the first run found", thousands(t.sum.Backlog), thousands(t.r.BacklogStart))
	}
	t.list(c.Gone, "gone")
	t.list(c.Unjudged, "not compared")
}

// list names findings of the last run that are not in this one.
func (t *table) list(findings []scanner.Finding, what string) {
	const shown = 5
	for i := range findings {
		if i == shown && len(findings) > shown+1 {
			t.line(dim, "  %s: … %s more", what, thousands(len(findings)-shown))
			return
		}
		f := &findings[i]
		t.wrap(plainText, "  "+what+": ", kindWords(string(f.Kind), f.Reason)+" · "+t.subject(f))
	}
}

func (t *table) notJudged() {
	const shown = 8
	if len(t.r.Result.NotJudged) == 0 {
		return
	}
	t.heading("NOT ASSESSABLE: no rule could judge these; they are neither clean nor findings")
	for i, n := range t.r.Result.NotJudged {
		if i == shown && len(t.r.Result.NotJudged) > shown+1 {
			t.wrap(dim, "  ", fmt.Sprintf("… %s more reasons%s", thousands(len(t.r.Result.NotJudged)-shown), t.inWorkbook()))
			break
		}
		t.wrap(plainText, "  ", joinNonEmpty(" · ", string(n.Kind), string(n.App), thousands(n.Count), n.Why))
	}
}

// next says how to go on.
func (t *table) next() {
	t.heading("NEXT")
	if len(t.r.Result.Findings) > 0 {
		first := &t.r.Result.Findings[0]
		if len(t.sum.Few) > 0 {
			first = t.sum.Few[0]
		}
		t.command("the whole chain behind a finding", "rollcall explain "+string(first.ID))
		t.command("when a finding is wrong", "rollcall findings wrong "+string(first.ID)+" --because owner|class|hr-data|policy")
	}
	if p := t.r.Paths.Workbook; p != "" {
		t.command("the workbook", p)
	}
	if p := t.r.Paths.Findings; p != "" {
		t.command("every finding, as JSON lines", p)
	}
}

// command shows what to type, whole and on a line of its own: it is meant to be copied.
func (t *table) command(what, command string) {
	t.line(dim, "  %s:", what)
	t.out.WriteString("    " + clean(command) + "\n")
}
