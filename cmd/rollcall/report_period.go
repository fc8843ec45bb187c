package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

// pastRuns are the recorded runs that a report of a period gathers.
type pastRuns struct {
	from, to connectors.Date
	all      []ledger.RunRecord // recorded ones, oldest first
	first    int                // of those in the period
	n        int
}

func gatherRuns(led *ledger.Ledger, from, to connectors.Date) (*pastRuns, error) {
	if to < from {
		return nil, usageError{fmt.Errorf("--to %s is before --from %s", to, from)}
	}
	all, err := led.Runs(0)
	if err != nil {
		return nil, err
	}
	slices.Reverse(all)
	p := &pastRuns{from: from, to: to, all: all, first: -1}
	for i, r := range all {
		if r.AsOf < from || r.AsOf > to {
			continue
		}
		if p.first < 0 {
			p.first = i
		}
		p.n = i + 1 - p.first
	}
	if p.first < 0 {
		return nil, fmt.Errorf("no run from %s to %s is recorded; see: rollcall runs list", from, to)
	}
	return p, nil
}

func (p *pastRuns) runs() []ledger.RunRecord { return p.all[p.first : p.first+p.n] }

// last is the run a report is of when none is named.
func (p *pastRuns) last(led *ledger.Ledger) (string, error) {
	if p != nil {
		return p.all[p.first+p.n-1].ID, nil
	}
	last, err := led.LastRun()
	if err != nil {
		return "", err
	}
	if last == nil {
		return "", errors.New("there is no run yet; start one with: rollcall scan")
	}
	return last.ID, nil
}

// tell adds to a review what the runs of the period recorded.
func (p *pastRuns) tell(c *config, led *ledger.Ledger, r *report.Review, keep func(*scanner.Finding) bool) error {
	if p == nil {
		return nil
	}
	at := slices.IndexFunc(p.runs(), func(x ledger.RunRecord) bool { return x.ID == r.Run })
	if at < 0 {
		return usageError{fmt.Errorf("the run %s is not one of those recorded from %s to %s", r.Run, p.from, p.to)}
	}
	period := &report.Period{From: max(p.from, p.all[p.first].AsOf), To: min(p.to, r.Result.AsOf)}
	said := &hrWord{first: map[connectors.PersonID]connectors.Date{}, open: map[connectors.PersonID]bool{}}
	for i := p.first; i <= p.first+at; i++ {
		x := &p.all[i]
		period.Runs = append(period.Runs, report.PastRun{ID: x.ID, At: x.At, AsOf: x.AsOf, Complete: x.Complete, Findings: x.Findings, New: x.New, Still: x.Still, Back: x.Back, Gone: x.Gone})
		closed, err := p.closed(c, led, i)
		if err != nil {
			return err
		}
		for _, one := range closed {
			if keep == nil || keep(&one.Finding) {
				period.Closed = append(period.Closed, one)
			}
		}
		if err := said.read(filepath.Join(c.State, "runs", x.ID, peopleName), x.AsOf); err != nil {
			return err
		}
	}
	var err error
	if r.Decisions, r.Actions, err = logbook(led, p.all[p.first].At, p.all[p.first+at].At); err != nil {
		return err
	}
	period.HRSaid = said.of(r.Person)
	r.Period = period
	return nil
}

// closed are the findings that the i-th run no longer found, as the latest run before it told of them.
func (p *pastRuns) closed(c *config, led *ledger.Ledger, i int) ([]report.Closed, error) {
	_, d, err := led.Run(p.all[i].ID)
	if err != nil || len(d.Gone) == 0 {
		return nil, err
	}
	wanted, seen := map[string]bool{}, map[scanner.FindingID]connectors.Date{}
	for _, id := range d.Gone {
		wanted[string(id)] = true
	}
	told := map[scanner.FindingID]scanner.Finding{}
	for j := i - 1; j >= 0 && len(wanted) > 0; j-- {
		found := map[scanner.FindingID]scanner.Finding{}
		err := tellFrom(filepath.Join(c.State, "runs", p.all[j].ID, findingsName), wanted, found)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for id, f := range found {
			told[id], seen[id] = f, p.all[j].AsOf
		}
	}
	var out []report.Closed
	for _, f := range pick(told, d.Gone) {
		out = append(out, report.Closed{Finding: f, Seen: seen[f.ID], Gone: p.all[i].AsOf})
	}
	return out, nil
}

// hrWord is when the rosters of a period first showed that somebody leaves or has left.
type hrWord struct {
	first map[connectors.PersonID]connectors.Date
	open  map[connectors.PersonID]bool // an earlier roster of the period did not show it
}

// read looks at the roster of one run. A run that kept no people says nothing.
func (h *hrWord) read(path string, asOf connectors.Date) error {
	ending := map[connectors.PersonID]bool{}
	err := eachPerson(path, func(r *personRow) {
		shows := r.End.Known() || workStatus(r.Status) == connectors.Terminated
		if before, known := ending[r.Person]; known {
			shows = shows && before
		}
		ending[r.Person] = shows
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for id, shows := range ending {
		switch {
		case !shows:
			h.open[id] = true
			delete(h.first, id)
		case h.open[id] && h.first[id] == 0:
			h.first[id] = asOf
		}
	}
	return nil
}

// of asks by any of a person's ids.
func (h *hrWord) of(who func(connectors.PersonID) *scanner.Person) func(connectors.PersonID) connectors.Date {
	return func(id connectors.PersonID) connectors.Date {
		if p := who(id); p != nil {
			id = p.ID
		}
		return h.first[id]
	}
}
