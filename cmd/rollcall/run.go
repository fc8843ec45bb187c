package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

// runOptions are what a caller may ask of a run.
type runOptions struct {
	AsOf      connectors.Date // a question about another day: nothing is recorded; 0 = the configured day
	Workbook  bool
	Accounts  string // copy accounts.jsonl here as well
	NoHistory bool   // neither read nor write the ledger
	Progress  func(scanner.SourceReport, bool)
}

// runOnce is one whole run: gather, match, judge, report, record. It returns the review of the run; its files are in the
// run folder, which is there whole or not at all.
func (p *program) runOnce(ctx context.Context, c *config, o runOptions) (*report.Review, error) {
	started := p.now()
	asOf := c.AsOf
	if o.AsOf.Known() {
		asOf = o.AsOf
	}
	history, led, err := openHistory(c, o)
	if err != nil {
		return nil, err
	}
	if led != nil {
		defer led.Close()
	}
	folder, err := newRunFolder(c.State, started, o.AsOf)
	if err != nil {
		return nil, err
	}
	defer folder.discard()

	keep := &keeper{dir: folder.tmp, accounts: o.Workbook || o.Accounts != "", grants: led != nil && !o.AsOf.Known()}
	result, err := scanner.Scan(ctx, scanner.Input{
		Roster: c.Roster, Apps: c.Apps, Policy: c.Policy, History: history, Domains: c.Domains, AsOf: asOf,
		Guard: c.Guard, Workers: c.Workers, Clock: p.now, Sink: keep.app, Progress: o.Progress,
	})
	if err != nil {
		return nil, err
	}
	register, err := history.Register()
	if err != nil {
		return nil, err
	}
	remember(result.Findings, register, asOf)
	r := &report.Review{
		Run: folder.id, Version: version(), By: actor(), Started: started, Result: result,
		Config: fileHash(c.Path), Policy: fileHash(c.path(c.Policy.File)), Baseline: true,
		Person: result.Who, NextStep: scanner.NextStep,
	}
	if err := compareWithLast(c, led, register, r); err != nil {
		return nil, err
	}
	r.Ended = p.now()
	if err := folder.write(r, keep, o, c.Apps); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := folder.commit(r); err != nil {
		return nil, err
	}
	if led != nil && !o.AsOf.Known() {
		if err := record(led, r, keep, actor()); err != nil {
			return nil, fmt.Errorf("the run is in %s, but could not be recorded: %w", r.Paths.Dir, err)
		}
	}
	return r, nil
}

// openHistory gives the memory of earlier runs; the ledger is nil when the caller wants none.
func openHistory(c *config, o runOptions) (scanner.History, *ledger.Ledger, error) {
	if o.NoHistory {
		return scanner.NoHistory{}, nil, nil
	}
	asked := o.AsOf.Known() // a question leaves no trace
	led, err := ledger.Open(c.State, ledger.Options{Holder: "rollcall scan", ReadOnly: asked})
	if asked && errors.Is(err, ledger.ErrNone) {
		return scanner.NoHistory{}, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return led, led, nil
}

// remember writes into the findings what the register knows of them.
func remember(findings []scanner.Finding, register map[scanner.FindingID]scanner.Seen, asOf connectors.Date) {
	for i := range findings {
		f := &findings[i]
		s, known := register[f.ID]
		f.FirstSeen, f.TimesSeen, f.BackAgain = asOf, s.Times+1, known && !s.Open
		if known {
			f.FirstSeen = s.First
		}
	}
}

// compareWithLast says what is new, still there and gone since the last recorded run.
func compareWithLast(c *config, led *ledger.Ledger, register map[scanner.FindingID]scanner.Seen, r *report.Review) error {
	if led == nil {
		return nil
	}
	last, err := led.LastRun()
	if err != nil || last == nil {
		return err
	}
	r.Baseline = false
	before, err := readFindings(filepath.Join(c.State, "runs", last.ID, "findings.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		r.Result.Notes = append(r.Result.Notes, fmt.Sprintf("the findings of the last run (%s) are no longer in its folder, so what is gone since cannot be listed", last.ID))
		err = nil
	}
	if err != nil {
		return err
	}
	r.Change = report.Compare(last.ID, before, r.Result)
	r.Backlog = map[scanner.FindingID]bool{}
	for id, s := range register {
		if s.Backlog {
			r.BacklogStart++
			r.Backlog[id] = true
		}
	}
	return nil
}

// record writes the run into the ledger.
func record(led *ledger.Ledger, r *report.Review, keep *keeper, actor string) error {
	res := r.Result
	run := ledger.Run{ID: r.Run, At: r.Started, AsOf: res.AsOf, Actor: actor, Complete: res.Complete(), Findings: res.Findings, Pulls: map[connectors.AppID]scanner.PullFacts{}}
	if len(res.Untrusted) == 0 {
		run.Roster = res.Roster
	} else {
		run.NotJudged = []ledger.Unjudged{{}}
	}
	for _, s := range res.Sources[1:] {
		app := connectors.AppID(s.Name)
		if s.State == scanner.SourceOK {
			run.Pulls[app] = scanner.PullFacts{AsOf: res.AsOf, Accounts: s.Read - s.Rejected, Enabled: s.Enabled}
		} else {
			run.NotJudged = append(run.NotJudged, ledger.Unjudged{App: app})
		}
	}
	for _, app := range sortedKeys(run.Pulls) {
		if log := keep.log(app); log != nil {
			if err := led.RecordGrants(app, res.AsOf, log); err != nil {
				return err
			}
		}
	}
	if len(res.Untrusted) > 0 {
		if err := led.SetPendingRoster(ledger.PendingRoster{Facts: *res.Roster, Reasons: res.Untrusted, At: r.Started, Actor: actor}); err != nil {
			return err
		}
	}
	_, err := led.RecordRun(run)
	return err
}

// lastFindings reads the findings of a recorded run; an empty id means the last one.
func lastFindings(c *config, led *ledger.Ledger, id string) (string, []scanner.Finding, error) {
	if id == "" {
		last, err := led.LastRun()
		if err != nil {
			return "", nil, err
		}
		if last == nil {
			return "", nil, errors.New("there is no run yet; start one with: rollcall scan")
		}
		id = last.ID
	}
	dir := filepath.Join(c.State, "runs", id)
	findings, err := readFindings(filepath.Join(dir, "findings.jsonl"))
	return dir, findings, err
}

func readFindings(path string) ([]scanner.Finding, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []scanner.Finding
	for finding, err := range report.ReadFindings(f) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		out = append(out, finding)
	}
	return out, nil
}

// runID is the time a run started, which sorts as time does. A question about another day says so.
func runID(started time.Time, asOf connectors.Date) string {
	id := started.UTC().Format("20060102T150405Z")
	if asOf.Known() {
		id += "-asof-" + asOf.String()
	}
	return id
}

// appIDs are the configured apps, in order.
func appIDs(apps []scanner.App) []connectors.AppID {
	ids := make([]connectors.AppID, len(apps))
	for i := range apps {
		ids[i] = apps[i].ID
	}
	return slices.Clip(ids)
}
