package report

import (
	"fmt"
	"io"
	"strings"

	"rollcall/scanner"
)

// TableOptions say how a review is shown in a terminal.
type TableOptions struct {
	Width    int  // of the terminal, in cells; 0 = 80, and less than 60 counts as 60
	Colour   bool // only where the output is a terminal that wants it
	PerGroup int  // findings shown of one kind at one severity before the rest is counted; 0 = 10, and 3 on a first run; no more than 11
}

// WriteTable shows a review to the person who has to act on it: what was read, what matters most, every finding by
// severity with why and what to do, what changed, where to go on, and the verdict again.
func WriteTable(w io.Writer, r *Review, o TableOptions) error {
	if o.PerGroup <= 0 {
		o.PerGroup = 10
		if r.Baseline {
			o.PerGroup = 3
		}
	}
	sum := Summarize(r)
	t := &table{screen: newScreen(w, o.Width, o.Colour), r: r, sum: sum, perGroup: o.PerGroup, news: map[scanner.FindingID]string{},
		markOld: sum.Backlog < sum.Total, digest: r.digest()}
	t.idLen = t.digest.shortIDs()
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
	t.end()
	return t.out.Flush()
}

type table struct {
	*screen
	r        *Review
	sum      *Summary
	digest   *Digest
	perGroup int
	idLen    int
	news     map[scanner.FindingID]string // what is said of a finding beside its id
	markOld  bool                         // not all that is shown is backlog
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
	t.wrap(t.verdictColour(), "", t.sum.Verdict)
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

func (t *table) verdictColour() string {
	if len(t.sum.Incomplete) > 0 {
		return red
	}
	return bold
}

// few are the findings that are to be dealt with today.
func (t *table) few() {
	const shown = 10
	if len(t.sum.Few) == 0 {
		return
	}
	t.heading("THE FEW THAT MATTER: leavers' enabled accounts and all that is critical (%s)", firstOf(shown, len(t.sum.Few)))
	for i, f := range t.sum.Few[:min(len(t.sum.Few), shown)] {
		t.wrap(plainText, fmt.Sprintf("%3d. ", i+1), strings.ToUpper(f.Severity.String())+" · "+t.r.subject(f)+t.mark(f))
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

// changed tells the difference to the last run. That had no filter, so with one the numbers are those of all findings.
func (t *table) changed() {
	c := &t.r.Change
	if t.r.Baseline || c.LastRun == "" {
		t.heading("CHANGED: nothing to compare with yet; the next run will say what is new, still there and gone")
		return
	}
	inAll := ""
	if t.r.Filter != "" {
		inAll = "in all, "
	}
	t.heading("CHANGED since run %s: %s%s new, %s still there, %s gone, %s back again", c.LastRun, inAll, thousands(len(c.New)),
		thousands(c.Still), thousands(len(c.Gone)), thousands(len(c.Back)))
	if t.r.Filter != "" {
		return
	}
	if t.r.BacklogStart > 0 {
		t.line(plainText, "  backlog: %s that the first run found", t.r.backlogWords(t.sum))
	}
	t.list(c.Gone, "gone")
	t.list(c.Unjudged, "not compared")
}

// list names findings of the last run that are not in this one, as far as they are known.
func (t *table) list(findings []scanner.Finding, what string) {
	const shown = 5
	for i := range findings {
		if i == shown && len(findings) > shown+1 {
			t.line(dim, "  %s: … %s more", what, thousands(len(findings)-shown))
			return
		}
		f := &findings[i]
		told := string(f.ID)
		if f.Kind != "" {
			told = kindWords(string(f.Kind), f.Reason) + " · " + t.r.subject(f) + " · " + string(f.ID)
		}
		t.wrap(plainText, "  "+what+": ", told)
	}
}

func (t *table) notJudged() {
	const shown = 8
	if len(t.r.Result.NotJudged) == 0 {
		return
	}
	what := "NOT ASSESSABLE"
	if t.r.Filter != "" {
		what += " in all"
	}
	t.heading("%s: no rule could judge these; they are neither clean nor findings", what)
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
	if groups := t.digest.sorted(); len(groups) > 0 {
		first := groups[0].first[0]
		if len(t.sum.Few) > 0 {
			first = t.sum.Few[0]
		}
		t.command("the whole chain behind a finding", t.r.command("explain", string(first.ID)))
		t.command("when a finding is wrong, because of its owner, class, hr-data or policy",
			t.r.command("findings wrong", string(first.ID), `--because hr-data --note "why"`))
	}
	if p := t.r.Paths.Findings; p != "" {
		t.command("every finding, as JSON lines", p)
	}
	if p := t.r.Paths.Workbook; p != "" {
		t.command("the workbook", p)
	}
}

// end says the verdict again: the first line is out of sight by now.
func (t *table) end() {
	t.blank()
	t.wrap(t.verdictColour(), "", t.sum.Headline)
}

// command shows what to type, whole and on a line of its own: it is meant to be copied.
func (t *table) command(what, command string) {
	t.wrap(dim, "  ", what+":")
	t.out.WriteString("    " + clean(command) + "\n")
}
