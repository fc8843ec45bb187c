package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	Accounts  string                    // copy accounts.jsonl here as well
	NoHistory bool                      // neither read nor write the ledger
	Shown     func(*scanner.Found) bool // which findings are asked for; nil = all of them
	Progress  func(scanner.SourceReport, bool)
}

// runOnce is one whole run: gather, match, judge, plan, report, record. It returns the review of the run; its files are in the
// run folder, which is there whole or not at all. The findings themselves are only in it; asked is the digest of those that
// were asked for.
func (p *program) runOnce(ctx context.Context, c *config, o runOptions) (review *report.Review, asked *report.Digest, err error) {
	if p.daemon != nil {
		began := p.now()
		defer func() {
			switch {
			case err != nil:
				p.daemon.figures.failed(p.now().Sub(began))
			case !o.AsOf.Known() && !o.NoHistory:
				p.daemon.figures.ran(review)
			}
		}()
	}
	ctx, end := p.traces.span(ctx, "run")
	defer func() {
		if review == nil {
			end(err)
			return
		}
		end(err, ran(review.Run, review.Result, review.Digest.Total())...)
	}()
	run, err := p.beginRun(c, o)
	if err != nil {
		return nil, nil, err
	}
	defer run.end()
	if err := run.judge(ctx); err != nil {
		return nil, nil, err
	}
	r, record, err := run.review()
	if err != nil {
		return nil, nil, err
	}
	if err := run.leave(ctx, r); err != nil {
		return nil, nil, err
	}
	if run.recorded {
		if err := run.record(record, r); err != nil {
			return nil, nil, fmt.Errorf("the run is in %s, but could not be recorded: %w", r.Paths.Dir, err)
		}
		p.sayTimestamp(run.folder.signed)
		p.witness(ctx, c, run.led, r.Run, r.Manifest)
	}
	if o.Shown == nil {
		return r, &run.found.all, nil
	}
	return r, &run.found.asked, nil
}

// openHistory gives the memory of earlier runs; the ledger is nil when the caller wants none.
func (p *program) openHistory(c *config, o runOptions) (scanner.History, *ledger.Ledger, error) {
	if o.NoHistory {
		return scanner.NoHistory{}, nil, nil
	}
	asked := o.AsOf.Known() // a question leaves no trace
	led, err := p.ledger(c, ledger.Options{Holder: "rollcall scan", ReadOnly: asked})
	if asked && errors.Is(err, ledger.ErrNone) {
		return scanner.NoHistory{}, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return led, led, nil
}

// remember writes into a finding what the register knows of it.
func remember(f *scanner.Found, register map[scanner.FindingID]scanner.Seen, asOf connectors.Date) {
	s, known := scanner.Seen{}, false
	if len(register) > 0 {
		s, known = register[f.ID()]
	}
	f.FirstSeen, f.TimesSeen, f.BackAgain = asOf, s.Times+1, known && !s.Open
	if known {
		f.FirstSeen = s.First
	}
}

// pastRun is a recorded run and what it found.
type pastRun struct {
	ledger.RunRecord
	Dir      string
	Findings []scanner.Finding
}

// readRun reads a recorded run; an empty id means the last one.
func readRun(c *config, led *ledger.Ledger, id string) (*pastRun, error) {
	rec, err := recordedRun(led, id)
	if err != nil {
		return nil, err
	}
	run := &pastRun{RunRecord: *rec}
	run.Dir = filepath.Join(c.State, "runs", run.ID)
	run.Findings, err = readFindings(filepath.Join(run.Dir, findingsName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the run %s is recorded, but its folder %s is gone: its findings cannot be shown", run.ID, run.Dir)
	}
	return run, err
}

// recordedRun is what the ledger has of a run; an empty id means the last one.
func recordedRun(led *ledger.Ledger, id string) (*ledger.RunRecord, error) {
	if id == "" {
		last, err := led.LastRun()
		if err == nil && last == nil {
			err = errors.New("there is no run yet; start one with: rollcall scan")
		}
		return last, err
	}
	rec, _, err := led.Run(id)
	if errors.Is(err, connectors.ErrNotFound) {
		return nil, fmt.Errorf("no run %q is recorded; see: rollcall runs list", id)
	}
	return &rec, err
}

// readFindings reads a run's findings back, in the order of every report.
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
	scanner.SortFindings(out)
	return out, nil
}

// remarks says of a run what its reader must know before reading on.
func (p *program) remarks(o runOptions, r *report.Review) {
	switch {
	case o.AsOf.Known():
		r.Baseline = false
		r.Result.Notes = append(r.Result.Notes, "a question about "+o.AsOf.String()+": nothing of it is recorded")
	case o.NoHistory:
		r.Baseline = false
		r.Result.Notes = append(r.Result.Notes, "judged without the memory of earlier runs, as --no-history asks; nothing of it is recorded")
	}
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
	return ids
}
