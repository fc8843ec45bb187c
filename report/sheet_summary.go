package report

import (
	"fmt"
	"strings"

	"rollcall/scanner"
)

// summary is what is read first, and by many alone. Its tables hold words and counts only, so that their columns stay
// narrow; sentences run over the empty cells beside them.
func (b *book) summary() {
	r, sum := b.r, b.sum
	p := b.page("Summary", b.title(), layout{paper: a4, wide: 1})
	style := b.st.heading
	if len(sum.Incomplete) > 0 {
		style = b.st.alarm
	}
	p.text(style, sum.Verdict)
	p.incomplete()
	p.text(b.st.note, fmt.Sprintf("Started %s, ended %s (UTC); run by %s with %s.", stamp(r.Started), stamp(r.Ended), r.ranBy(), r.madeBy()))
	p.few()
	p.table("Figures", "Figures", "", []string{"Figure", "Value", "Meaning"}, eachRow(sum.Figures, func(f *Figure) []any {
		return []any{f.Name, f.Value, over(f.Means)}
	}))
	counts := []string{"All", "Critical", "High", "Medium", "Low", "Info", "New or back", "Backlog"}
	p.table("ByKind", "Findings by kind and severity", "Nothing was found.", append([]string{"Kind", "Reason"}, counts...),
		eachRow(sum.Kinds, func(c *Count) []any { return append([]any{string(c.Kind), c.Reason}, c.cells()...) }))
	titles := map[string]string{}
	for _, s := range r.Result.Sources {
		titles[s.Name] = s.Title
	}
	p.table("ByApp", "Findings by app and severity", "Nothing was found.", append([]string{"App", "Title"}, counts...),
		eachRow(sum.Apps, func(c *Count) []any { return append([]any{string(c.App), titles[string(c.App)]}, c.cells()...) }))
	p.done()
}

// few are the findings that are to be dealt with today, each in a few lines: whose access, why, and what to do.
func (p *page) few() {
	const shown = 20
	r, few, st := p.b.r, p.b.sum.Few, &p.b.st
	p.gap()
	p.text(st.heading, fmt.Sprintf("The few that matter: leavers' enabled accounts and all that is critical (%s)", firstOf(shown, len(few))))
	if len(few) == 0 {
		p.text(st.note, "None.")
	}
	for _, f := range few[:min(len(few), shown)] {
		top := p.row + 1
		p.textAt(2, st.strong, joinNonEmpty(" · ", r.subject(f), kindWords(string(f.Kind), f.Reason)))
		p.textAt(2, st.plain, f.Why)
		if also := p.b.sum.Also[f.ID]; len(also) > 0 {
			p.textAt(2, st.plain, "Also: "+strings.Join(also, "; "))
		}
		if step := r.nextStep(f); step != "" {
			p.textAt(2, st.note, "Do: "+step)
		}
		p.beside(top, f.Severity.String(), st.severity(f.Severity))
		p.beside(top+1, string(f.ID), st.note)
	}
	if more := len(few) - shown; more > 0 {
		p.text(st.note, fmt.Sprintf("%s more are on the sheet Findings, most severe first.", thousands(more)))
	}
}

func (c *Count) cells() []any {
	n := &c.Severities
	return []any{c.Total, n[scanner.Critical], n[scanner.High], n[scanner.Medium], n[scanner.Low], n[scanner.Info], c.New, c.Backlog}
}
