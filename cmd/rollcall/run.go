package main

import (
	"cmp"
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
	"rollcall/scanner/evidence"
)

// runOptions are what a caller may ask of a run.
type runOptions struct {
	AsOf      connectors.Date // a question about another day: nothing is recorded; 0 = the configured day
	Workbook  bool
	Accounts  string                      // copy accounts.jsonl here as well
	NoHistory bool                        // neither read nor write the ledger
	Shown     func(*scanner.Finding) bool // which findings are asked for; nil = all of them
	Progress  func(scanner.SourceReport, bool)
}

// runOnce is one whole run: gather, match, judge, report, record. It returns the review of the run; its files are in the
// run folder, which is there whole or not at all. The findings themselves are only in it (and, for a workbook, in the
// review's result); asked is the digest of those that were asked for.
func (p *program) runOnce(ctx context.Context, c *config, o runOptions) (review *report.Review, asked *report.Digest, err error) {
	started := p.now()
	asOf := c.AsOf
	if o.AsOf.Known() {
		asOf = o.AsOf
	}
	history, led, err := openHistory(c, o)
	if err != nil {
		return nil, nil, err
	}
	if led != nil {
		defer led.Close()
	}
	holdMemory(c.Roster, led != nil)
	folder, err := newRunFolder(c.State, started, o.AsOf, led != nil && !o.AsOf.Known())
	if err != nil {
		return nil, nil, err
	}
	defer folder.discard()

	recorded := led != nil && !o.AsOf.Known()
	keep := &keeper{dir: folder.tmp, accounts: o.Workbook || o.Accounts != "", grants: recorded}
	in := scanner.Input{
		Roster: c.Roster, Apps: c.Apps, Policy: c.Policy, History: history, Domains: c.Domains, AsOf: asOf,
		Guard: c.Guard, Workers: c.Workers, Clock: p.now, Sink: keep.app, Progress: o.Progress,
	}
	var seal *evidence.Seal
	var planner *planner
	if recorded {
		if planner, err = newPlanner(c, led, false); err != nil {
			return nil, nil, err
		}
		if in, seal, err = folder.seal(c, in); err != nil {
			return nil, nil, errors.Join(err, seal.Close())
		}
		defer seal.Close() // of a run that ends early
	}
	register, err := in.History.Register()
	if err != nil {
		return nil, nil, err
	}
	found, err := newFindings(folder.tmp, appIDs(c.Apps), asOf, register)
	if err != nil {
		return nil, nil, err
	}
	defer found.close()
	found.recorded, found.shown = led != nil, o.Shown
	in.Found = found.take
	if planner != nil {
		in.Sink, in.Found = planner.beside(keep.app, found.take)
	}

	result, err := scanner.Scan(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	// Sorted here once, it costs the ledger next to nothing to sort it again whenever it is asked.
	slices.SortFunc(found.found, func(a, b ledger.Found) int { return cmp.Compare(a.ID, b.ID) })
	asked = &found.asked
	if o.Shown == nil {
		asked = &found.all
	}
	r := &report.Review{
		Run: folder.id, Version: version(), By: actor(), Started: started, Result: result, Digest: &found.all,
		Config: hexSum(c.data), Policy: c.policyHash(), Program: p.name(), Flags: p.flags(),
		Person: result.Who, NextStep: scanner.NextStep, Exceptions: c.Policy.Exceptions, Register: c.Policy.ServiceAccounts,
	}
	run := runRecord(r, found.found)
	if led != nil {
		if r.Decisions, r.Actions, err = sinceLastRun(led, started); err != nil {
			return nil, nil, err
		}
		result.Roster.KeepLines(result.Persons)
		if err := compare(c, led, register, &run, r); err != nil {
			return nil, nil, err
		}
	}
	p.remarks(o, r)
	sign := p.mayBeSigned(c, o, r)
	r.Ended = p.now()
	if seal != nil {
		if err := seal.Close(); err != nil {
			return nil, nil, err
		}
	}
	if planner != nil {
		before, err := led.Roster()
		if err != nil {
			return nil, nil, err
		}
		plan := planner.runPlan(r, c.Remediate.UID)
		plan.leaving(before, result.Roster)
		if err := plan.write(folder.tmp); err != nil {
			return nil, nil, err
		}
	}
	if err := folder.write(ctx, r, found, keep, o, c.Apps, recorded, sign); err != nil {
		return nil, nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if err := folder.commit(r); err != nil {
		return nil, nil, err
	}
	if recorded {
		if err := record(led, run, r, keep, sign); err != nil {
			return nil, nil, fmt.Errorf("the run is in %s, but could not be recorded: %w", r.Paths.Dir, err)
		}
		p.sayTimestamp(folder.signed)
		p.witness(ctx, c, led, r.Run, r.Manifest)
	}
	return r, asked, nil
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

// remember writes into a finding what the register knows of it.
func remember(f *scanner.Finding, register map[scanner.FindingID]scanner.Seen, asOf connectors.Date) {
	s, known := register[f.ID]
	f.FirstSeen, f.TimesSeen, f.BackAgain = asOf, s.Times+1, known && !s.Open
	if known {
		f.FirstSeen = s.First
	}
}

// record writes the run into the ledger, with the hashes of what it left.
func record(led *ledger.Ledger, run ledger.Run, r *report.Review, keep *keeper, sign *signing) error {
	run.ManifestSHA256 = r.Manifest
	for _, app := range sortedKeys(run.Pulls) {
		if log := keep.log(app); log != nil {
			if err := led.RecordGrants(app, run.AsOf, log); err != nil {
				return err
			}
		}
	}
	// A roster that was read whole and is only unlike the last one waits for somebody to say that it is true. One with
	// rows that cannot be read is no better for being accepted: it has to be mended.
	if res := r.Result; len(res.Untrusted) > 0 && res.Sources[0].Unreadable == 0 && res.Sources[0].Whole {
		if err := led.SetPendingRoster(ledger.PendingRoster{Facts: *res.Roster, Reasons: res.Untrusted, At: run.At, Actor: run.Actor}); err != nil {
			return err
		}
	}
	if _, err := led.RecordRun(run); err != nil || r.Paths.Workbook == "" {
		return err
	}
	return recordWorkbook(led, r.Run, r.Paths.Workbook, "of the run", sign, run.At)
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
