package report

import (
	"fmt"

	"rollcall/scanner"
)

// summary is what is read first, and by many alone.
func (b *book) summary() {
	r, sum := b.r, b.sum
	p := b.page("Summary", b.title(), a4)
	style := b.st.heading
	if len(sum.Incomplete) > 0 {
		style = b.st.alarm
	}
	p.text(style, sum.Verdict)
	p.incomplete()
	p.text(b.st.note, fmt.Sprintf("Started %s, ended %s (UTC), by %s, with %s.", stamp(r.Started), stamp(r.Ended), orWord(r.By, "nobody named"), r.Version))
	p.table("TheFew", "The few that matter: leavers' enabled accounts and all that is critical", "None.",
		[]string{"Finding", "Severity", "App", "Account ID", "Kind", "Person", "Why", "What to do"}, eachRow(sum.Few, func(f **scanner.Finding) []any {
			return b.fewRow(*f)
		}))
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

func (b *book) fewRow(f *scanner.Finding) []any {
	return []any{string(f.ID), said{f.Severity.String(), b.st.severity(f.Severity)}, string(f.App), string(f.Account),
		kindWords(string(f.Kind), f.Reason), b.r.name(f.Person), f.Why, b.r.nextStep(f)}
}

func (c *Count) cells() []any {
	n := &c.Severities
	return []any{c.Total, n[scanner.Critical], n[scanner.High], n[scanner.Medium], n[scanner.Low], n[scanner.Info], c.New, c.Backlog}
}
