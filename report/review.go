// Package report says what a run found: as lines of JSON, as CSV, in a terminal, and as a workbook for people and
// auditors. Bytes go in and out: it opens no file, reads no clock and no environment.
package report

import (
	"time"

	"rollcall/connectors"
	"rollcall/scanner"
)

// Review is all that a report of one run says. Every output is made from it alone (and the workbook from the accounts).
type Review struct {
	Run            string // id of the run
	Version        string // of rollcall, with its commit
	By             string // who or what ran it: user and host
	Started, Ended time.Time
	Result         *scanner.Result
	Change         Change
	Baseline       bool // the first run: everything found is backlog
	Backlog        map[scanner.FindingID]bool
	BacklogStart   int    // how many findings the first run had
	Config         string // hash of the configuration
	Policy         string // hash of the policy
	Manifest       string // hash of the run's manifest; empty when nothing was sealed
	Filter         string // what the reader asked to see only part by, as "--app entra"; empty = everything
	Paths          Paths

	// Person gives what the roster says of an id; nil, or a nil answer, when it says nothing.
	Person func(connectors.PersonID) *scanner.Person
	// NextStep says what to do about findings of a kind; nil when there is nothing to say.
	NextStep func(scanner.Kind, string) string
}

// Paths are where the run left its files, as people would type them. Empty ones were not written.
type Paths struct{ Dir, Findings, Accounts, Workbook string }

// Change is the difference to the last run that asked the same.
type Change struct {
	LastRun  string // empty: there was none
	New      []scanner.FindingID
	Still    []scanner.FindingID
	Back     []scanner.FindingID // had gone before, and are back
	Gone     []scanner.Finding   // as the last run told them; what an exception covers now has not gone
	Unjudged []scanner.Finding   // were there last time; what they rest on could not be read or trusted now, so they are neither still there nor gone
}

// Compare tells what changed since the findings of the last run. A finding that is missing now has gone only if all it
// rests on was read whole: the roster and every app it names.
func Compare(lastRun string, before []scanner.Finding, now *scanner.Result) Change {
	c := Change{LastRun: lastRun}
	was := make(map[scanner.FindingID]bool, len(before))
	for i := range before {
		was[before[i].ID] = true
	}
	is := make(map[scanner.FindingID]bool, len(now.Findings))
	for i := range now.Findings {
		f := &now.Findings[i]
		is[f.ID] = true
		switch {
		case was[f.ID]:
			c.Still = append(c.Still, f.ID)
		case f.BackAgain:
			c.Back = append(c.Back, f.ID)
		default:
			c.New = append(c.New, f.ID)
		}
	}
	for i := range now.Accepted {
		is[now.Accepted[i].ID] = true
	}
	readable := readable(now)
	for _, f := range before {
		switch {
		case is[f.ID]:
		case readable(&f):
			c.Gone = append(c.Gone, f)
		default:
			c.Unjudged = append(c.Unjudged, f)
		}
	}
	return c
}

// readable tells of a finding whether all it rests on was read whole. An app that is no longer configured counts as read:
// what was found in it is gone from the review, and the sheet of sources shows that the app is.
func readable(r *scanner.Result) func(*scanner.Finding) bool {
	bad := map[connectors.AppID]bool{}
	for _, s := range r.Sources {
		if s.State != scanner.SourceOK {
			bad[connectors.AppID(s.Name)] = true
		}
	}
	untrusted := len(r.Untrusted) > 0 || bad["roster"]
	return func(f *scanner.Finding) bool {
		if untrusted || bad[f.App] {
			return false
		}
		for _, rel := range f.Related {
			if bad[rel.App] {
				return false
			}
		}
		return true
	}
}

// name is what people call a person, with the id that tells namesakes apart; empty for nobody.
func (r *Review) name(id connectors.PersonID) string {
	if id == "" {
		return ""
	}
	if name := r.plainName(id); name != "" {
		return name + " (" + string(id) + ")"
	}
	return string(id)
}

// plainName is what people call a person; empty when the roster does not say.
func (r *Review) plainName(id connectors.PersonID) string {
	if p := r.person(id); p != nil && p.Now != nil {
		return p.Name()
	}
	return ""
}

func (r *Review) person(id connectors.PersonID) *scanner.Person {
	if r.Person == nil || id == "" {
		return nil
	}
	return r.Person(id)
}

func (r *Review) nextStep(f *scanner.Finding) string {
	if r.NextStep == nil {
		return ""
	}
	return r.NextStep(f.Kind, f.Reason)
}
