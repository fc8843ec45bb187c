package report

import (
	"cmp"
	"fmt"
	"slices"
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
	if r.Filter != "" {
		p.text(b.st.strong, "Only what was asked for is shown: "+r.Filter+".")
	}
	if r.Pseudonymous != "" {
		p.text(b.st.strong, r.Pseudonymous)
	}
	if r.timesOff() {
		p.text(b.st.strong, "SIGN-IN TIMES ARE SWITCHED OFF by the company: none was read or kept. "+r.timeGaps())
	}
	p.signedOff()
	p.chartRoom()
	p.few()
	p.table("Figures", "Figures", "", []string{"Figure", "Value", "Meaning"}, eachRow(slices.Concat(sum.Figures, b.targetFigures(), b.revokeFigures()), func(f *Figure) []any {
		return []any{f.Name, f.Value, over(f.Means)}
	}))
	p.trend()
	p.counts()
	p.gap()
	p.text(b.st.note, "To check this report: Sources & hashes has the SHA-256 of what was read and of the run's manifest; Scope & completeness accounts for every row; Read me explains every word, and what is not proven.")
	p.done()
}

// chartRoom leaves room for the charts of counts.
func (p *page) chartRoom() {
	n := 0
	if p.b.sum.Total > 0 {
		n = 3
	}
	if p.b.exitRows() != nil {
		n++
	}
	p.room(n)
}

// counts are the findings counted in several ways, each with its chart.
func (p *page) counts() {
	r, sum := p.b.r, p.b.sum
	severities := []string{"All", "Critical", "High", "Medium", "Low", "Info"}
	all := append(slices.Clone(severities), "New or back", "Backlog")
	kinds := p.table("ByKind", "Findings by kind and severity", "Nothing was found.", append([]string{"Kind"}, all...),
		eachRow(sum.Kinds, func(c *Count) []any { return append([]any{kindWords(string(c.Kind), c.Reason)}, c.cells()...) }))
	titles := map[string]string{}
	for _, s := range r.Result.Sources {
		titles[s.Name] = s.Title
	}
	most := slices.Clone(sum.Apps)
	slices.SortStableFunc(most, func(a, b Count) int { return cmp.Compare(b.Total, a.Total) })
	apps := p.table("ByApp", "Findings by app and severity, most first", "Nothing was found.", append(append([]string{"App"}, all...), "Title"),
		eachRow(most, func(c *Count) []any {
			return append(append([]any{string(c.App)}, c.cells()...), over(titles[string(c.App)]))
		}))
	ages := p.table("Ageing", "Findings by days since they were first found, and severity", "Nothing was found.", append([]string{"First found"}, severities...), p.b.ageRows())
	exits := p.table("LeaversByDays", "Leavers' accounts: open ones by days since the last day, gone ones by days from the last day until they were gone",
		"No leaver's account is open, and none went in "+r.span()+".", []string{"Days", "Open", "Gone"}, p.b.exitRows())
	p.charts(
		bars{title: "Findings by kind", area: kinds, values: []int{1}, most: 20, alt: "how many findings there are of each kind; the table \"Findings by kind and severity\" has the same numbers"},
		bars{title: "Findings by app", area: apps, values: []int{1}, most: 12, alt: "how many findings there are in each app, most first; the table \"Findings by app and severity\" has the same numbers"},
		bars{title: "Findings by age", area: ages, values: []int{1}, alt: "how long ago the open findings were first found; the table \"Findings by days since they were first found\" has the same numbers"},
		bars{title: "Leavers' accounts by days", area: exits, values: []int{1, 2}, alt: "leavers' accounts, open and gone, by days since the last day; the table \"Leavers' accounts\" has the same numbers"})
}

// signedOff says who acknowledged the review, or in words that nobody did.
func (p *page) signedOff() {
	r, st := p.b.r, &p.b.st
	s := r.SignOff
	p.gap()
	switch {
	case s == nil:
		p.text(st.alarm, "NOT SIGNED OFF: nobody in management has acknowledged this review.")
		return
	case r.Manifest == "" || s.Manifest != r.Manifest:
		p.text(st.alarm, "SIGNED OFF, BUT NOT AS IT IS NOW: the sign-off is for another manifest than this run's.")
	}
	p.text(st.strong, "Signed off by "+joinNonEmpty(", ", s.Name, s.Role)+", on "+stamp(s.At)+" (UTC), for the manifest "+orWord(s.Manifest, "(none)"))
	p.text(st.plain, s.Statement)
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
