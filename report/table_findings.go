package report

import (
	"io"
	"strings"

	"rollcall/scanner"
)

// WriteFindingsTable shows findings alone, all of them, with their whole ids.
func WriteFindingsTable(w io.Writer, findings []scanner.Finding, o TableOptions) error {
	r := &Review{Result: &scanner.Result{Findings: findings}, NextStep: scanner.NextStep}
	t := &table{screen: newScreen(w, o.Width, o.Colour), r: r, perGroup: len(findings)}
	for i := range findings {
		t.idLen = max(t.idLen, len(findings[i].ID))
	}
	t.line(bold, "%s", plural(len(findings), "finding"))
	t.bySeverity(allGroups(findings))
	return t.out.Flush()
}

// findings shows the open findings by severity, and counts those that exceptions cover.
func (t *table) findings() {
	t.accepted()
	if t.sum.Total == 0 {
		t.heading("FINDINGS: none")
		return
	}
	title := "FINDINGS by severity"
	switch {
	case t.r.Filter != "":
		title += ", only " + t.r.Filter
	case t.r.Baseline:
		title = "BACKLOG: what the first run found, by severity; it shrinks as you work on it"
	}
	t.heading("%s", title)
	t.bySeverity(t.digest.sorted())
}

// accepted counts what is not listed, by what keeps it out.
func (t *table) accepted() {
	if len(t.r.Result.Accepted) == 0 {
		return
	}
	what, covered, wrong := "ACCEPTED", "", ""
	if t.r.Filter != "" {
		what += " in all"
	}
	switch n := t.sum.Covered; {
	case n == 1:
		covered = "1 covered by an exception"
	case n > 1:
		covered = thousands(n) + " covered by exceptions"
	}
	switch n := t.sum.RuledWrong; {
	case n == 1:
		wrong = "1 set aside as wrong until it is looked at again"
	case n > 1:
		wrong = thousands(n) + " set aside as wrong until they are looked at again"
	}
	t.heading("%s: %s", what, joinNonEmpty("; ", covered, wrong))
}

// allGroups are the groups of findings that stand in the order of every output, with all of them to be shown.
func allGroups(findings []scanner.Finding) []*digestGroup {
	var groups []*digestGroup
	for i := range findings {
		f := &findings[i]
		if n := len(groups); n == 0 || groups[n-1].severity != f.Severity || groups[n-1].kind != f.Kind || groups[n-1].reason != f.Reason {
			groups = append(groups, &digestGroup{severity: f.Severity, kind: f.Kind, reason: f.Reason})
		}
		g := groups[len(groups)-1]
		g.total++
		g.first = append(g.first, f)
	}
	return groups
}

// bySeverity shows groups of findings, which stand in the order of every output.
func (t *table) bySeverity(groups []*digestGroup) {
	for from := 0; from < len(groups); {
		to, total := from, 0
		for to < len(groups) && groups[to].severity == groups[from].severity {
			total += groups[to].total
			to++
		}
		t.severity(groups[from].severity, total)
		for _, g := range groups[from:to] {
			t.kind(g)
		}
		from = to
	}
}

func (t *table) severity(sev scanner.Severity, total int) {
	colour := plainText
	switch sev {
	case scanner.Critical, scanner.High:
		colour = red
	case scanner.Medium:
		colour = yellow
	}
	t.blank()
	t.line(colour, "%s (%s)", strings.ToUpper(sev.String()), plural(total, "finding"))
}

// kind shows findings of one kind and reason: what to do is said once, then each with its subject and why.
func (t *table) kind(g *digestGroup) {
	first := g.first[0]
	t.blank()
	t.line(bold, "  %s (%s)", kindWords(string(first.Kind), first.Reason), thousands(g.total))
	if step := t.r.nextStep(first); step != "" {
		t.wrap(plainText, "  do: ", step)
	}
	shown := min(len(g.first), t.perGroup)
	if g.total == shown+1 && len(g.first) == g.total { // a line that says "1 more" helps nobody
		shown++
	}
	for _, f := range g.first[:shown] {
		t.wrap(plainText, "  "+t.shortID(f.ID)+"  ", t.r.subject(f)+t.mark(f))
		t.wrap(dim, strings.Repeat(" ", t.idLen+4), f.Why)
	}
	if more := g.total - shown; more > 0 {
		t.more(more, first.Kind)
	}
}

// more says where those are that were not shown.
func (t *table) more(n int, kind scanner.Kind) {
	only := t.r.Filter
	if !strings.Contains(only, "--kind ") {
		only = joinNonEmpty(" ", "--kind "+string(kind), only)
	}
	what := "… " + thousands(n) + " more"
	if t.r.Paths.Workbook != "" {
		what += ", in the workbook and here"
	}
	t.command(what, t.r.command("findings list", only))
}

// mark says what is known of a finding's past.
func (t *table) mark(f *scanner.Finding) string {
	switch {
	case t.r.Baseline:
		return ""
	case t.news[f.ID] != "":
		return " [" + t.news[f.ID] + "]"
	case t.r.backlog(f.ID) && !t.markOld:
		return ""
	case t.r.backlog(f.ID):
		return " [backlog since " + f.FirstSeen.String() + "]"
	case f.FirstSeen.Known():
		return " [since " + f.FirstSeen.String() + "]"
	}
	return ""
}

func (t *table) shortID(id scanner.FindingID) string {
	return pad(clean(string(id[:min(len(id), t.idLen)])), t.idLen)
}
