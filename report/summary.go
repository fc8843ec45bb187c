package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rollcall/connectors"
	"rollcall/scanner"
)

// Summary is what a reader is told first.
type Summary struct {
	Verdict    string                         // one or two sentences
	Incomplete []Incomplete                   // every source that was not read whole or is not trusted; empty = the report is complete
	Few        []*scanner.Finding             // the few that matter: leavers' enabled accounts and whatever else is critical, worst first
	Also       map[scanner.FindingID][]string // of a finding in Few: what else is wrong with the same account, or in the same case
	Severities [5]int
	Kinds      []Count
	Apps       []Count
	Figures    []Figure
	Backlog    int // of the findings here, how many the first run already had
}

// Incomplete is one source the report is incomplete for.
type Incomplete struct {
	Source    string
	What      string   // how it ended, with its numbers
	NotJudged []string // what was not judged because of it, counted
}

// Count counts the findings of one kind (with its reason) or one app.
type Count struct {
	Kind       scanner.Kind
	Reason     string
	App        connectors.AppID
	Severities [5]int
	Total      int
	New        int // not there last time; back again included
	Backlog    int
}

// Figure is one number of the summary, with what it means.
type Figure struct {
	Name  string
	Value string
	Means string
}

// Summarize computes the summary. It depends on the review alone.
func Summarize(r *Review) *Summary {
	s := &Summary{Incomplete: incomplete(r.Result)}
	fresh := map[scanner.FindingID]bool{}
	for _, id := range slices.Concat(r.Change.New, r.Change.Back) {
		fresh[id] = true
	}
	kinds, apps := counter{}, counter{}
	for i := range r.Result.Findings {
		f := &r.Result.Findings[i]
		s.Severities[f.Severity]++
		old := r.Baseline || r.Backlog[f.ID]
		if old {
			s.Backlog++
		}
		kinds.add(Count{Kind: f.Kind, Reason: f.Reason}, f, fresh[f.ID], old)
		apps.add(Count{App: f.App}, f, fresh[f.ID], old)
	}
	s.Kinds, s.Apps = kinds.sorted(), apps.sorted()
	s.Few, s.Also = few(r.Result.Findings)
	s.Figures = figures(r, s)
	s.Verdict = verdict(r, s)
	return s
}

type counter map[Count]*Count

func (c counter) add(key Count, f *scanner.Finding, fresh, old bool) {
	n := c[key]
	if n == nil {
		n = &Count{Kind: key.Kind, Reason: key.Reason, App: key.App}
		c[key] = n
	}
	n.Total++
	n.Severities[f.Severity]++
	if fresh {
		n.New++
	}
	if old {
		n.Backlog++
	}
}

// sorted puts the kinds in the order reports use and the apps by name.
func (c counter) sorted() []Count {
	out := make([]Count, 0, len(c))
	for _, n := range c {
		out = append(out, *n)
	}
	slices.SortFunc(out, func(a, b Count) int {
		return cmp.Or(
			cmp.Compare(slices.Index(scanner.Kinds, a.Kind), slices.Index(scanner.Kinds, b.Kind)),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.App, b.App))
	})
	return out
}

// isLeaver tells of an enabled account whose owner is gone.
func isLeaver(f *scanner.Finding) bool {
	return f.Kind == scanner.OrphanedAccount && (f.Reason == scanner.ReasonLeaver || f.Reason == scanner.ReasonContractEnded)
}

// few picks the findings nobody should have to look for: leavers' enabled accounts, and all that is critical. The most
// severe come first, which puts privileged accounts before others. An account, and a case, is named once; what else they
// are in the list for is said beside it.
func few(findings []scanner.Finding) ([]*scanner.Finding, map[scanner.FindingID][]string) {
	var out []*scanner.Finding
	for i := range findings {
		if f := &findings[i]; isLeaver(f) || f.Severity == scanner.Critical {
			out = append(out, f)
		}
	}
	rank := func(f *scanner.Finding) int {
		if isLeaver(f) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(out, func(a, b *scanner.Finding) int {
		return cmp.Or(-cmp.Compare(a.Severity, b.Severity), cmp.Compare(rank(a), rank(b)))
	})
	seen := map[string]scanner.FindingID{}
	also := map[scanner.FindingID][]string{}
	out = slices.DeleteFunc(out, func(f *scanner.Finding) bool {
		same := "account " + string(f.App) + " " + string(f.Account)
		switch {
		case f.Kind == scanner.SoDConflict:
			same = f.Group
		case f.Account == "":
			return false
		}
		first, again := seen[same]
		if !again {
			seen[same] = f.ID
			return false
		}
		if f.Kind != scanner.SoDConflict { // the other side of a conflict is in its sentence already
			also[first] = append(also[first], kindWords(string(f.Kind), f.Reason))
		}
		return true
	})
	return out, also
}

// incomplete names every source the report is incomplete for.
func incomplete(r *scanner.Result) []Incomplete {
	var out []Incomplete
	for i := range r.Sources {
		s := &r.Sources[i]
		roster := s.Name == "roster"
		if s.State == scanner.SourceOK && (!roster || len(r.Untrusted) == 0) {
			continue
		}
		inc := Incomplete{Source: s.Name, What: ending(s)}
		if roster {
			if t := strings.Join(r.Untrusted, "; "); t != "" && t != s.Problem {
				inc.What += "; not trusted: " + t
			}
			inc.NotJudged = append(inc.NotJudged, "nothing that rests on the roster was judged, in any app")
		} else {
			inc.NotJudged = notJudgedIn(r, connectors.AppID(s.Name))
		}
		out = append(out, inc)
	}
	return out
}

// ending says in words and numbers how a pull ended that did not end well.
func ending(s *scanner.SourceReport) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s read", strings.ToUpper(string(s.State)), plural(s.Read, "row"))
	if s.ProviderTotal >= 0 {
		fmt.Fprintf(&b, " of %s the source says it has", thousands(s.ProviderTotal))
	}
	if s.Previous >= 0 {
		fmt.Fprintf(&b, ", %s in the last complete pull", thousands(s.Previous))
	}
	if s.Problem != "" {
		b.WriteString(": " + s.Problem)
	}
	return b.String()
}

func notJudgedIn(r *scanner.Result, app connectors.AppID) []string {
	var out []string
	for _, n := range r.NotJudged {
		if n.App == app {
			out = append(out, fmt.Sprintf("%s, %s: %s", n.Kind, plural(n.Count, "time"), n.Why))
		}
	}
	if len(out) == 0 {
		out = []string{"who owns its accounts, and whether what was found last time is gone"}
	}
	return out
}

func verdict(r *Review, s *Summary) string {
	var b strings.Builder
	if n := len(s.Incomplete); n > 0 {
		fmt.Fprintf(&b, "INCOMPLETE: %s of %s could not be read whole or trusted. What is listed is not all there is. ",
			thousands(n), plural(len(r.Result.Sources), "source"))
	} else if n := len(r.Result.Sources); n > 0 {
		fmt.Fprintf(&b, "Complete: %s read whole. ", plural(n, "source"))
	}
	total := len(r.Result.Findings)
	if total == 0 {
		b.WriteString("Nothing was found")
	} else {
		fmt.Fprintf(&b, "%s: %s", plural(total, "finding"), bySeverity(s.Severities))
	}
	if r.Filter != "" {
		fmt.Fprintf(&b, " (only %s)", r.Filter)
	}
	b.WriteString(".")
	switch {
	case total == 0:
	case r.Baseline:
		b.WriteString(" This is the first run: all of it is backlog. Start with the few that matter.")
	case s.Backlog > 0:
		fmt.Fprintf(&b, " Backlog of the first run: %s left of %s.", thousands(s.Backlog), thousands(r.BacklogStart))
	}
	return b.String()
}

// bySeverity counts in words, worst first.
func bySeverity(n [5]int) string {
	var parts []string
	for sev := scanner.Critical; ; sev-- {
		if n[sev] > 0 {
			parts = append(parts, thousands(n[sev])+" "+sev.String())
		}
		if sev == 0 {
			return strings.Join(parts, ", ")
		}
	}
}

// figures are the numbers people ask for.
func figures(r *Review, s *Summary) []Figure {
	var read, matched, unmatched, nonHuman, rejected, side, enabled, sure int
	for i := range r.Result.Sources {
		if src := &r.Result.Sources[i]; src.Name != "roster" {
			read, matched, unmatched = read+src.Read, matched+src.Matched, unmatched+src.Unmatched
			nonHuman, rejected, enabled = nonHuman+src.NonHuman, rejected+src.Rejected, enabled+src.Enabled
			side += src.SideRejected
			sure += src.Grades[scanner.Strong] + src.Grades[scanner.Exact]
		}
	}
	notJudged := 0
	for _, n := range r.Result.NotJudged {
		notJudged += n.Count
	}
	c := &r.Change
	return []Figure{
		{"People", thousands(r.Result.People), fmt.Sprintf("human beings on the roster, from %s", plural(r.Result.Records, "record"))},
		{"Accounts", thousands(read - rejected), fmt.Sprintf("in %s, %s enabled", plural(appCount(r.Result), "app"), thousands(enabled))},
		{"Human accounts with an owner", share(matched, matched+unmatched), fmt.Sprintf("%s of %s", thousands(matched), thousands(matched+unmatched))},
		{"Human accounts with a sure owner", share(sure, matched+unmatched), "tied by evidence, not by likeness of names"},
		{"Accounts that are nobody's own", thousands(nonHuman), "service, shared, break-glass and guest accounts"},
		{"Rows left out", thousands(rejected), "accounts that could not be read, each with its reason in Scope & completeness"},
		{"Side rows left out", thousands(side), "rows of entitlements and the like that could not be read"},
		{"Open findings", thousands(len(r.Result.Findings)), bySeverity(s.Severities)},
		{"Accepted", thousands(len(r.Result.Accepted)), "covered by an exception in force, and not among the open findings"},
		{"New", thousands(len(c.New)), "since the last run"},
		{"Back again", thousands(len(c.Back)), "had gone in an earlier run"},
		{"Still there", thousands(len(c.Still)), "found last time as well"},
		{"Gone", thousands(len(c.Gone)), "found last time, not now"},
		{"Not compared", thousands(len(c.Unjudged)), "found last time; what they rest on could not be read or trusted now"},
		{"Backlog", thousands(s.Backlog), fmt.Sprintf("findings of the first run that are still open, of %s", thousands(backlogStart(r)))},
		{"Not assessable", thousands(notJudged), "judgements no rule could make, counted by reason in Scope & completeness"},
	}
}

func backlogStart(r *Review) int {
	if r.Baseline {
		return len(r.Result.Findings)
	}
	return r.BacklogStart
}

func appCount(r *scanner.Result) int {
	n := 0
	for i := range r.Sources {
		if r.Sources[i].Name != "roster" {
			n++
		}
	}
	return n
}
