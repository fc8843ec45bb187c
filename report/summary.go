package report

import (
	"cmp"
	"slices"

	"rollcall/connectors"
	"rollcall/scanner"
)

// Summary is what a reader is told first.
type Summary struct {
	Verdict    string                         // a few sentences
	Headline   string                         // the verdict and the counts, on one line
	Incomplete []Incomplete                   // every source that was not read whole or is not trusted; empty = the report is complete
	Few        []*scanner.Finding             // the few that matter: leavers' enabled accounts and whatever else is critical, worst first
	Also       map[scanner.FindingID][]string // of a finding in Few: what else is wrong with the same account, or in the same case
	Total      int
	Severities [5]int
	Kinds      []Count
	Apps       []Count
	Figures    []Figure
	Backlog    int // of the findings here, how many the first run already had
	Covered    int // of those accepted: by an exception
	RuledWrong int // of those accepted: by a ruling that they are wrong
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
	Value any // an int; a share from 0 to 1, a float64; or a word where there is no number
	Means string
}

// Summarize computes the summary. It depends on the review alone.
func Summarize(r *Review) *Summary {
	s := &Summary{Incomplete: incomplete(r.Result)}
	fresh := map[scanner.FindingID]bool{}
	for _, id := range slices.Concat(r.Change.New, r.Change.Back) {
		fresh[id] = true
	}
	d := r.digest()
	s.Total = d.Total()
	kinds, apps := counter{}, counter{}
	for run, ids := range d.runs() {
		g := d.groups[run.group]
		old, news := 0, 0
		switch {
		case r.Baseline:
			old = len(ids)
		case r.Backlog != nil || len(fresh) > 0:
			old, news = r.known(d, run, ids, fresh)
		}
		s.Severities[g.severity] += len(ids)
		s.Backlog += old
		kinds.add(Count{Kind: g.kind, Reason: g.reason}, g.severity, len(ids), news, old)
		apps.add(Count{App: d.apps[run.app]}, g.severity, len(ids), news, old)
	}
	s.Kinds, s.Apps = kinds.sorted(), apps.sorted()
	for i := range r.Result.Accepted {
		if ruling(&r.Result.Accepted[i]) != "" {
			s.RuledWrong++
		} else {
			s.Covered++
		}
	}
	s.Few, s.Also = d.fewest()
	s.Figures = figures(r, s)
	s.Verdict, s.Headline = verdict(r, s)
	return s
}

// known counts how many findings of a run were there from the first run on, and how many are fresh.
func (r *Review) known(d *Digest, run *digestRun, ids []uint64, fresh map[scanner.FindingID]bool) (old, news int) {
	for _, n := range ids {
		id := d.id(run, n)
		if r.backlog(id) {
			old++
		}
		if fresh[id] {
			news++
		}
	}
	return old, news
}

// ruling is what a person said of a finding that is set aside as wrong; empty for others.
func ruling(f *scanner.Finding) string { return evidence(f, "ruled wrong") }

// evidence is the value of a fact; empty when there is none.
func evidence(f *scanner.Finding, name string) string {
	for _, e := range f.Evidence {
		if e.Name == name {
			return e.Value
		}
	}
	return ""
}

type counter map[Count]*Count

// add counts so many findings, and how many of them are fresh and old.
func (c counter) add(key Count, severity scanner.Severity, count, fresh, old int) {
	n := c[key]
	if n == nil {
		n = &Count{Kind: key.Kind, Reason: key.Reason, App: key.App}
		c[key] = n
	}
	n.Total += count
	n.Severities[severity] += count
	n.New += fresh
	n.Backlog += old
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
func isLeaver(k scanner.Kind, reason string) bool {
	return k == scanner.OrphanedAccount && (reason == scanner.ReasonLeaver || reason == scanner.ReasonContractEnded)
}

// fewest picks the findings nobody should have to look for: leavers' enabled accounts, and all that is critical. The most
// severe come first, which puts privileged accounts before others. An account, and a case, is named once; what else they
// are in the list for is said beside it.
func (d *Digest) fewest() ([]*scanner.Finding, map[scanner.FindingID][]string) {
	if d.worst.also != nil && d.worst.of == len(d.few) {
		return d.worst.list, d.worst.also
	}
	rank := func(f *scanner.Finding) int {
		if isLeaver(f.Kind, f.Reason) {
			return 0
		}
		return 1
	}
	all := slices.Clone(d.few)
	slices.SortFunc(all, func(a, b *scanner.Finding) int {
		return cmp.Or(-cmp.Compare(a.Severity, b.Severity), cmp.Compare(rank(a), rank(b)), scanner.CompareFindings(a, b))
	})
	seen := map[string]scanner.FindingID{}
	also := map[scanner.FindingID][]string{}
	all = slices.DeleteFunc(all, func(f *scanner.Finding) bool {
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
	d.worst = worst{len(d.few), all, also}
	return all, also
}

// backlogWords count what is left of the first run's findings. What could not be compared is not done.
func (r *Review) backlogWords(s *Summary) string {
	hidden := 0
	for i := range r.Change.Unjudged {
		if r.backlog(r.Change.Unjudged[i].ID) {
			hidden++
		}
	}
	words := thousands(s.Backlog) + " left"
	if hidden > 0 {
		words += ", " + thousands(hidden) + " not compared,"
	}
	return words + " of " + thousands(r.BacklogStart)
}
