package report

import (
	"fmt"

	"rollcall/scanner"
)

// figures are the numbers people ask for.
func figures(r *Review, s *Summary) []Figure {
	list := append(accountFigures(r.Result),
		Figure{"Open findings", s.Total, bySeverity(s.Severities)},
		Figure{"Accepted", s.Covered, "covered by an exception in force, and not among the open findings"},
		Figure{"Set aside as wrong", s.RuledWrong, "ruled wrong by somebody; they come back if they are still there when the ruling ends"})
	if r.Filter == "" { // the last run had no filter: nothing here would be held against its like
		list = append(list, changeFigures(r, s)...)
	}
	notJudged := 0
	for _, n := range r.Result.NotJudged {
		notJudged += n.Count
	}
	return append(list, Figure{"Not assessable", notJudged, "judgements no rule could make, counted by reason in Scope & completeness"})
}

// accountFigures are about what was read.
func accountFigures(r *scanner.Result) []Figure {
	var all scanner.SourceReport // of the apps
	apps, sure := 0, 0
	for i := range r.Sources {
		src := &r.Sources[i]
		if src.Name == "roster" {
			continue
		}
		apps++
		all.Read, all.Matched, all.Unmatched = all.Read+src.Read, all.Matched+src.Matched, all.Unmatched+src.Unmatched
		all.NonHuman, all.Rejected, all.Enabled = all.NonHuman+src.NonHuman, all.Rejected+src.Rejected, all.Enabled+src.Enabled
		all.SideRejected += src.SideRejected
		sure += src.Grades[scanner.Strong] + src.Grades[scanner.Exact]
	}
	human := all.Matched + all.Unmatched
	return []Figure{
		{"People", r.People, fmt.Sprintf("human beings on the roster, from %s", plural(r.Records, "record"))},
		{"Accounts", all.Read - all.Rejected, fmt.Sprintf("in %s, %s enabled", plural(apps, "app"), thousands(all.Enabled))},
		{"Human accounts with an owner", share(all.Matched, human), fmt.Sprintf("%s of %s", thousands(all.Matched), thousands(human))},
		{"Human accounts with a sure owner", share(sure, human), "tied by evidence, not by likeness of names"},
		{"Accounts that are nobody's own", all.NonHuman, "service, shared, break-glass and guest accounts"},
		{"Rows left out", all.Rejected, "accounts that could not be read or stood there twice, each with its reason in Scope & completeness"},
		{"Side rows left out", all.SideRejected, "rows of entitlements and the like that could not be read"},
	}
}

// changeFigures are about the time since the last run, and since the first.
func changeFigures(r *Review, s *Summary) []Figure {
	c := &r.Change
	start := r.BacklogStart
	if r.Baseline {
		start = s.Total
	}
	return []Figure{
		{"New", len(c.New), "since the last run"},
		{"Back again", len(c.Back), "had gone in an earlier run"},
		{"Still there", c.Still, "found last time as well"},
		{"Gone", len(c.Gone), "found last time, not now"},
		{"Not compared", len(c.Unjudged), "found last time; what they rest on could not be read or trusted now"},
		{"Backlog", s.Backlog, fmt.Sprintf("findings of the first run that are still open, of %s", thousands(start))},
	}
}
