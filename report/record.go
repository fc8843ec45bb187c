package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"rollcall/connectors"
	"rollcall/scanner"
)

// Record is what a run folder keeps of a review beside its findings, accounts and people, so that every report of the run
// can be made again, byte for byte.
type Record struct {
	By           string              `json:"by"`
	Started      time.Time           `json:"started"`
	Ended        time.Time           `json:"ended"`
	Config       string              `json:"config_sha256"`
	Policy       string              `json:"policy_sha256"`
	Baseline     bool                `json:"baseline"`
	BacklogStart int                 `json:"backlog_start"`
	Backlog      []scanner.FindingID `json:"backlog"` // of the findings here; empty in a baseline, which is all backlog
	LastRun      string              `json:"last_run"`
	New          []scanner.FindingID `json:"new"`
	Back         []scanner.FindingID `json:"back"`
	Still        int                 `json:"still"`
	Gone         lineList            `json:"gone"`
	Unjudged     lineList            `json:"not_compared"`
	Accepted     lineList            `json:"accepted"`
	People       int                 `json:"people"`
	Records      int                 `json:"people_records"`

	Sources    []scanner.SourceReport         `json:"sources"`
	Exceptions []scanner.Exception            `json:"exceptions"`
	Kept       map[string][]scanner.FindingID `json:"kept,omitempty"`
	Register   []scanner.ServiceAccount       `json:"service_accounts"`
	Decisions  []Decision                     `json:"decisions"`
	Actions    []Action                       `json:"actions"`
	SignOff    *SignOff                       `json:"sign_off"`
	Target     *Target                        `json:"target,omitempty"`
}

// lineList are findings in JSON as they stand in findings.jsonl.
type lineList []scanner.Finding

func (l lineList) MarshalJSON() ([]byte, error) {
	b := []byte{'['}
	for i := range l {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendFinding(b, &l[i])
	}
	return append(b, ']'), nil
}

func (l *lineList) UnmarshalJSON(b []byte) error {
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	for _, line := range raw {
		var id struct {
			ID   scanner.FindingID `json:"id"`
			Kind scanner.Kind      `json:"kind"`
		}
		var f scanner.Finding
		if err := json.Unmarshal(line, &id); err != nil {
			return err
		}
		f.ID = id.ID
		if id.Kind != "" { // of some that are gone nothing but the id is known
			if err := decodeFinding(line, &f); err != nil {
				return err
			}
		}
		*l = append(*l, f)
	}
	return nil
}

func recordOf(r *Review) *Record {
	res := r.Result
	rec := &Record{By: r.By, Started: r.Started.UTC(), Ended: r.Ended.UTC(), Config: r.Config, Policy: r.Policy, Baseline: r.Baseline, BacklogStart: r.BacklogStart,
		LastRun: r.Change.LastRun, New: r.Change.New, Back: r.Change.Back, Still: r.Change.Still, Gone: r.Change.Gone, Unjudged: r.Change.Unjudged,
		Accepted: res.Accepted, People: res.People, Records: res.Records, Sources: res.Sources, Exceptions: r.Exceptions, Kept: r.Kept, Register: r.Register,
		Decisions: r.Decisions, Actions: r.Actions, SignOff: r.SignOff, Target: r.Target}
	if r.Baseline || r.Backlog == nil {
		return rec
	}
	d := r.digest()
	for run, ids := range d.runs() {
		for _, n := range ids {
			if id := d.id(run, n); r.Backlog(id) {
				rec.Backlog = append(rec.Backlog, id)
			}
		}
	}
	return rec
}

// review makes the review again, but for what is kept elsewhere: its findings, its people, and the manifest's hash.
func (rec *Record) review(d *RunDocument) (*Review, error) {
	asOf, err := connectors.ParseDate(d.AsOf)
	if err != nil {
		return nil, err
	}
	backlog := make(map[scanner.FindingID]bool, len(rec.Backlog))
	for _, id := range rec.Backlog {
		backlog[id] = true
	}
	r := &Review{Run: d.Run, Version: d.Version, By: rec.By, Started: rec.Started, Ended: rec.Ended, Config: rec.Config, Policy: rec.Policy,
		Baseline: rec.Baseline, BacklogStart: rec.BacklogStart, Exceptions: rec.Exceptions, Kept: rec.Kept, Register: rec.Register, Decisions: rec.Decisions,
		Actions: rec.Actions, SignOff: rec.SignOff, Target: rec.Target, NextStep: scanner.NextStep, Backlog: func(id scanner.FindingID) bool { return backlog[id] },
		Change: Change{LastRun: rec.LastRun, New: rec.New, Back: rec.Back, Still: rec.Still, Gone: rec.Gone, Unjudged: rec.Unjudged},
		Result: &scanner.Result{AsOf: asOf, Accepted: rec.Accepted, Sources: rec.Sources, Untrusted: d.Untrusted, Notes: d.Notes, People: rec.People, Records: rec.Records}}
	for _, n := range d.NotJudged {
		r.Result.NotJudged = append(r.Result.NotJudged, scanner.NotJudged{Kind: n.Kind, App: connectors.AppID(n.App), Why: n.Why, Count: n.Count})
	}
	return r, nil
}

// WriteRun writes how a run went, without its findings, as one JSON object, and with it what its reports are made from.
func WriteRun(w io.Writer, r *Review) error {
	d := documentOf(r)
	d.Record = recordOf(r)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}

// ErrNoRecord is the error for the file of a run from which no report can be made again.
var ErrNoRecord = errors.New("an earlier version of rollcall recorded this run, without what its reports are made from; its own workbook is in its folder")

// ReadReview makes a review again from what WriteRun wrote. Findings and people are the caller's to add.
func ReadReview(b []byte) (*Review, error) {
	d, err := ReadRun(b)
	if err != nil {
		return nil, err
	}
	if d.Record == nil {
		return nil, ErrNoRecord
	}
	r, err := d.Record.review(d)
	if err != nil {
		return nil, fmt.Errorf("run.json: %w", err)
	}
	return r, nil
}
