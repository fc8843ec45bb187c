package report

import (
	"strings"

	"rollcall/connectors"
	"rollcall/scanner"
)

const scopeName = "Scope & completeness"

// scope says what was looked at, whether every row is accounted for, and what was not judged.
func (b *book) scope() {
	p := b.page(scopeName, "Scope and completeness as of "+b.r.Result.AsOf.String(), layout{paper: a3, wide: 2, cols: 1})
	p.text(b.st.note, "Every row a source gave is accounted for: read = matched + unmatched + non-human + rejected. Times are UTC. Side rows are those of entitlements and the like. Source says: the total the source itself gives. Last pull: rows of the last complete one.")
	if b.r.Filter != "" {
		p.text(b.st.note, "The findings are only those asked for: "+b.r.Filter+".")
	}
	p.incomplete()
	p.table("Sources", "Sources and their control totals", "No source was read.",
		[]string{"Source", "Title", "State", "Problem or remark", "Read", "Matched", "Unmatched", "Non-human", "Rejected", "Ties out", "Side rows out",
			"Enabled", "Entitlements", "Source says", "Last pull", "Exact", "Strong", "Proposed", "Ambiguous", "None", "Started (UTC)",
			"Ended (UTC)", "Signals", "Filters", "Owner"},
		eachRow(b.r.Result.Sources, b.sourceRow))
	p.table("OwnAccess", "rollcall's own access: as whom each source was read, and by which credentials", "No source says as whom it was read.",
		[]string{"Source", "As whom", "Tenant", "Account ID", "Permissions", "Credential", "Kind", "Made or rotated", "Age in days", "Expires", "Answers for it"}, b.ownRows())
	p.table("NotAssessable", "Not assessable: judgements no rule could make", "Every rule could judge all it was meant to.",
		[]string{"App", "Kind", "Times", "Why"}, eachRow(b.r.Result.NotJudged, func(n *scanner.NotJudged) []any {
			return []any{string(n.App), string(n.Kind), n.Count, n.Why}
		}))
	p.table("RowsLeftOut", "Rows left out: the first of each source", "No row was left out.",
		[]string{"Source", "Where", "Line", "Why"}, b.rejectRows())
	p.table("Accepted", "Accepted: findings that an exception covers, or that are set aside as wrong", "No finding is covered by an exception or set aside as wrong.",
		[]string{"App", "Finding", "Severity", "Why it is one, and why it is not open"}, eachRow(b.r.Result.Accepted, b.acceptedRow))
	p.done()
}

// incomplete names what the report is incomplete for, in words and red.
func (p *page) incomplete() {
	if len(p.b.sum.Incomplete) == 0 {
		return
	}
	p.gap()
	for _, inc := range p.b.sum.Incomplete {
		p.text(p.b.st.alarm, "INCOMPLETE: "+inc.Source+" is "+inc.What)
		for _, n := range inc.NotJudged {
			p.text(p.b.st.note, "Not judged: "+n)
		}
	}
}

func (b *book) sourceRow(s *scanner.SourceReport) []any {
	state := said{strings.ToUpper(string(s.State)), b.st.state(s.State)}
	ties := said{"yes", b.st.good}
	switch {
	case unread(s):
		ties = said{"not read", b.st.bad}
	case !s.TiesOut():
		ties = said{"NO", b.st.bad}
	}
	remark := joinNonEmpty(". ", append([]string{s.Problem}, s.Notes...)...)
	return []any{s.Name, s.Title, state, remark, s.Read, s.Matched, s.Unmatched, s.NonHuman, s.Rejected, ties, s.SideRejected, s.Enabled,
		s.Entitlements, count(s.ProviderTotal, "not said"), count(s.Previous, "none"), s.Grades[scanner.Exact], s.Grades[scanner.Strong],
		s.Grades[scanner.Proposed], s.Grades[scanner.Ambiguous], s.Grades[scanner.None], s.Started, s.Ended, signals(s.Info.Signals),
		s.Info.Parameters, b.r.name(connectors.PersonID(s.Owner))}
}

// acceptedRow says what keeps a finding from being open.
func (b *book) acceptedRow(f *scanner.Finding) []any {
	by := "exception " + evidence(f, "exception")
	if said := ruling(f); said != "" {
		by = "ruled wrong: " + said
	}
	return []any{string(f.App), string(f.ID), said{f.Severity.String(), b.st.severity(f.Severity)},
		f.Why + "\n" + joinNonEmpty(" · ", kindWords(string(f.Kind), f.Reason), f.Login(), b.r.name(f.Person), by)}
}

// count is a number, or a word where there is none.
func count(n int, none string) any {
	if n < 0 {
		return none
	}
	return n
}

func signals(s connectors.Signals) string {
	var given []string
	for _, sig := range []struct {
		name string
		connectors.Signal
	}{{"sign-in", s.SignIn}, {"use", s.Use}, {"grant date", s.GrantDate}, {"MFA", s.MFA}} {
		if !sig.Given {
			continue
		}
		if sig.LagDays > 0 {
			sig.name += " (" + plural(sig.LagDays, "day") + " late)"
		}
		given = append(given, sig.name)
	}
	if len(given) == 0 {
		return "none"
	}
	return strings.Join(given, ", ")
}

func (b *book) rejectRows() [][]any {
	var rows [][]any
	for i := range b.r.Result.Sources {
		s := &b.r.Result.Sources[i]
		for _, rej := range s.Rejects {
			rows = append(rows, []any{s.Name, rej.Where.Source, rej.Where.Line, joinNonEmpty(": ", string(rej.Collection), rej.Why)})
		}
		if more := s.Rejected + s.SideRejected - len(s.Rejects); more > 0 {
			rows = append(rows, []any{s.Name, "", "", plural(more, "more row") + " left out"})
		}
	}
	return rows
}

// eachRow makes the rows of a table.
func eachRow[T any](list []T, row func(*T) []any) [][]any {
	rows := make([][]any, len(list))
	for i := range list {
		rows[i] = row(&list[i])
	}
	return rows
}
