package main

import (
	"cmp"
	"context"
	"io"
	"path/filepath"
	"slices"
	"time"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
	"rollcall/scanner/evidence"
)

// oneRun is a run while it is under way.
type oneRun struct {
	p        *program
	c        *config
	o        runOptions
	asOf     connectors.Date
	started  time.Time
	recorded bool // the ledger is to remember it: then it is also sealed and planned

	led      *ledger.Ledger // nil where none is wanted
	folder   *runFolder
	keep     *keeper
	seal     *evidence.Seal // of a recorded run
	planner  *planner       // of a recorded run whose policy lets anything follow
	found    *findings
	register map[scanner.FindingID]scanner.Seen
	in       scanner.Input
	result   *scanner.Result
	sign     *signing // nil: the workbook is not signed
	tenants  tenants
	names    *report.Pseudonyms // nil: the workbook names people
}

// beginRun opens what a run needs; end closes it, whatever became of the run.
func (p *program) beginRun(c *config, o runOptions) (_ *oneRun, err error) {
	x := &oneRun{p: p, c: c, o: o, asOf: c.AsOf, started: p.now()}
	if o.AsOf.Known() {
		x.asOf = o.AsOf
	}
	defer func() {
		if err != nil {
			x.end()
		}
	}()
	if x.names, err = c.workbookNames(); err != nil { // before anything is read: no workbook with names takes its place
		return nil, err
	}
	history, led, err := p.openHistory(c, o)
	if err != nil {
		return nil, err
	}
	x.led, x.recorded = led, led != nil && !o.AsOf.Known()
	holdMemory(c.Roster, led != nil)
	if x.folder, err = newRunFolder(c.State, x.started, o.AsOf, x.recorded); err != nil {
		return nil, err
	}
	x.keep = &keeper{dir: x.folder.tmp, accounts: o.Workbook || o.Accounts != "", grants: x.recorded}
	x.in = scanner.Input{Roster: c.Roster, Apps: c.Apps, Policy: c.Policy, History: history, Domains: c.Domains, AsOf: x.asOf,
		Guard: c.Guard, Workers: c.Workers, Clock: p.now, Sink: x.keep.app, Progress: o.Progress}
	if x.in.Apps, err = x.tenants.watch(c.Apps, history); err != nil {
		return nil, err
	}
	if x.recorded {
		if x.planner, err = newPlanner(c, led, false); err != nil {
			return nil, err
		}
		if x.in, x.seal, err = x.folder.seal(c, x.in); err != nil {
			return nil, err
		}
	}
	if x.register, err = x.in.History.Register(); err != nil {
		return nil, err
	}
	x.found, err = newFindings(x.folder.tmp, appIDs(c.Apps), x.asOf, x.register)
	return x, err
}

// end closes what is open, and takes away what an unfinished run wrote.
func (x *oneRun) end() {
	if x.found != nil {
		x.found.close()
	}
	if x.seal != nil {
		x.seal.Close()
	}
	if x.folder != nil {
		x.folder.discard()
	}
	if x.led != nil {
		x.led.Close()
	}
}

// judge reads every source and judges it; findings and accounts go where they are wanted as they come.
func (x *oneRun) judge(ctx context.Context) (err error) {
	x.found.recorded, x.found.shown = x.led != nil, x.o.Shown
	x.in.Found = x.found.take
	if x.planner != nil {
		x.in.Sink, x.in.Found = x.planner.beside(x.keep.app, x.found.take)
	}
	x.in.Step = x.p.traces.steps(ctx)
	if x.result, err = scanner.Scan(ctx, x.in); err != nil {
		return err
	}
	x.tenants.mark(x.result)
	// Sorted here once, it costs the ledger next to nothing to sort it again whenever it is asked.
	slices.SortFunc(x.found.found, func(a, b ledger.Found) int { return cmp.Compare(a.ID, b.ID) })
	return nil
}

// review is all that reports say of the run, and what the ledger is to be told of it.
func (x *oneRun) review() (*report.Review, ledger.Run, error) {
	c, result := x.c, x.result
	r := &report.Review{
		Run: x.folder.id, Version: version(), By: x.p.actor(), Started: x.started, Result: result, Digest: &x.found.all,
		Config: hexSum(c.sealedText()), Policy: c.policyHash(), Program: x.p.name(), Flags: x.p.flags(),
		Person: result.Who, NextStep: scanner.NextStep, Exceptions: c.Policy.Exceptions, Register: c.Policy.ServiceAccounts,
		Target: c.Remediate.Target,
	}
	run := runRecord(r, x.found.found)
	x.tenants.pin(run.Pulls)
	if x.led != nil {
		var err error
		if r.Decisions, r.Actions, err = sinceLastRun(x.led, x.started); err != nil {
			return nil, run, err
		}
		notes, err := stamps(x.led, x.started)
		if err != nil {
			return nil, run, err
		}
		result.Notes = append(result.Notes, notes...)
		if err := kept(x.led, r); err != nil {
			return nil, run, err
		}
		result.Roster.KeepLines(result.Persons)
		if err := compare(c, x.led, x.register, &run, r); err != nil {
			return nil, run, err
		}
	}
	x.p.remarks(x.o, r)
	x.sign = x.p.mayBeSigned(c, x.o, r)
	r.Ended = x.p.now()
	return r, run, nil
}

// leave writes the run's folder, the plan among it, and gives it its name.
func (x *oneRun) leave(ctx context.Context, r *report.Review) (err error) {
	ctx, end := x.p.traces.span(ctx, "report")
	defer func() { end(err) }()
	if x.seal != nil {
		if err := x.seal.Close(); err != nil {
			return err
		}
	}
	if x.planner != nil {
		if err := x.plan(r); err != nil {
			return err
		}
	}
	if err := x.lists(r); err != nil {
		return err
	}
	if err := x.reports(ctx, r); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return x.folder.commit(r)
}

// lists leaves findings.jsonl, run.json and, where they are wanted, people.jsonl and accounts.jsonl.
func (x *oneRun) lists(r *report.Review) error {
	dir := x.folder.tmp
	r.Paths.Findings = filepath.Join(dir, findingsName)
	if err := x.found.close(); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, "run.json"), func(w io.Writer) error { return report.WriteRun(w, r) }); err != nil {
		return err
	}
	if !x.keep.accounts {
		return x.keep.close()
	}
	if err := writeFile(filepath.Join(dir, peopleName), func(w io.Writer) error { return writePeople(w, r.Result.Persons) }); err != nil {
		return err
	}
	r.Paths.Accounts = filepath.Join(dir, "accounts.jsonl")
	if err := x.keep.join(r.Paths.Accounts, x.c.Apps); err != nil {
		return err
	}
	if x.o.Accounts == "" {
		return nil
	}
	path, deliver, done, err := x.p.outFile(x.o.Accounts)
	if err != nil {
		return err
	}
	defer done()
	if err := copyFile(path, r.Paths.Accounts); err != nil {
		return err
	}
	return deliver()
}

// reports leaves the manifest of a recorded run, which names all that is in its folder by now and the head of the ledger
// that it stands on, and the workbook, which names the manifest.
func (x *oneRun) reports(ctx context.Context, r *report.Review) (err error) {
	if x.recorded {
		head, err := x.led.Head()
		if err != nil {
			return err
		}
		if r.Manifest, err = writeManifest(x.folder.tmp, r, head); err != nil {
			return err
		}
	}
	if !x.o.Workbook {
		return nil
	}
	r.Paths.Workbook = filepath.Join(x.folder.tmp, "rollcall-"+x.folder.id+".xlsx")
	x.folder.signed, err = workbookFrom(ctx, x.folder.tmp, r.Paths.Workbook, r, &reportFlags{names: x.names}, x.sign)
	return err
}

// plan leaves what the run proposes, with the ground it stands on.
func (x *oneRun) plan(r *report.Review) error {
	before, err := x.led.Roster()
	if err != nil {
		return err
	}
	plan := x.planner.runPlan(r, x.c.Remediate.UID)
	if err := plan.aftermath(x.c, x.led, x.result, x.planner.serves); err != nil {
		return err
	}
	plan.leaving(before, x.result.Roster)
	if err := plan.returning(x.led, x.result); err != nil {
		return err
	}
	return plan.write(x.folder.tmp)
}

// record writes the run into the ledger, with the hashes of what it left.
func (x *oneRun) record(run ledger.Run, r *report.Review) error {
	led, keep := x.led, x.keep
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
	return x.p.recordWorkbook(led, r.Run, r.Paths.Workbook, "of the run", x.sign, run.At)
}
