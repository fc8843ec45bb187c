package report

import (
	"fmt"
	"strings"

	"rollcall/connectors"
	"rollcall/scanner"
)

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
			for _, why := range r.Untrusted {
				if !strings.Contains(inc.What, why) && !(s.Problem != "" && strings.Contains(why, s.Problem)) { // once is enough
					inc.What += "; not trusted: " + why
				}
			}
			inc.NotJudged = append(inc.NotJudged, "nothing that rests on the roster was judged, in any app")
		} else {
			inc.NotJudged = notJudgedIn(r, s)
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

// notJudgedIn tells what was not judged in an app because its list is incomplete. What the policy or the data leaves open
// in a list that was read whole is told among what is not assessable.
func notJudgedIn(r *scanner.Result, s *scanner.SourceReport) []string {
	var out []string
	for _, n := range r.NotJudged {
		if n.App == connectors.AppID(s.Name) && strings.Contains(n.Why, listIncomplete) {
			out = append(out, fmt.Sprintf("%s, %s: %s", n.Kind, plural(n.Count, "time"), n.Why))
		}
	}
	const gone = ", and whether what was found last time is gone"
	switch {
	case unread(s):
		return []string{"any of its accounts" + gone}
	case len(out) == 0:
		return []string{"who owns its accounts" + gone}
	}
	return out
}

// listIncomplete is in the reason of everything the scanner could not judge because an app's list is incomplete.
const listIncomplete = "account list is incomplete"

// verdict says first how much of the truth the report is, then what was found, and then how far the backlog is. It never
// holds what a filter shows against what there is in all.
func verdict(r *Review, s *Summary) (whole, headline string) {
	read := completeness(r, s)
	found := "Nothing was found"
	total := s.Total
	if total > 0 {
		found = plural(total, "finding") + ": " + bySeverity(s.Severities)
	}
	if r.Filter != "" {
		found += " (only " + r.Filter + ")"
	}
	parts := []string{read, found + "."}
	if len(s.Incomplete) > 0 {
		parts = []string{read, "What is listed is not all there is.", found + "."}
	}
	switch {
	case total == 0 || r.Filter != "":
	case r.Baseline:
		parts = append(parts, "This is the first run: all of it is backlog. Start with the few that matter.")
	case s.Backlog > 0:
		parts = append(parts, "Backlog of the first run: "+r.backlogWords(s)+".")
	}
	short := read
	if out := leftOut(r.Result); out > 0 && len(s.Incomplete) == 0 {
		short = fmt.Sprintf("Complete: %s, %s left out.", plural(len(r.Result.Sources), "source"), plural(out, "row"))
	}
	return joinNonEmpty(" ", parts...), joinNonEmpty(" ", short, found+".")
}

// leftOut is how many rows of all sources are not in the report.
func leftOut(r *scanner.Result) int {
	n := 0
	for i := range r.Sources {
		n += r.Sources[i].Rejected + r.Sources[i].SideRejected
	}
	return n
}

// completeness is the sentence on what was read; empty if there was no source.
func completeness(r *Review, s *Summary) string {
	sources := plural(len(r.Result.Sources), "source")
	switch out := leftOut(r.Result); {
	case len(s.Incomplete) > 0:
		return fmt.Sprintf("INCOMPLETE: %s of %s could not be read whole or trusted.", thousands(len(s.Incomplete)), sources)
	case len(r.Result.Sources) == 0:
		return ""
	case out == 1:
		return fmt.Sprintf("Complete: %s read to the end; 1 row was left out (listed with its source).", sources)
	case out > 1:
		return fmt.Sprintf("Complete: %s read to their end; %s were left out (listed with their sources).", sources, plural(out, "row"))
	}
	return fmt.Sprintf("Complete: %s read whole.", sources)
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
