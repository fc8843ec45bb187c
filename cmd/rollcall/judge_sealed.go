package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

// judgeSealed judges once more what a recorded run read, without a word to any source that with does not put in place of a
// sealed one; with also says who hears of what is read and found. identity is as openSealed wants it.
func (p *program) judgeSealed(ctx context.Context, c *config, run *ledger.RunRecord, identity string, with func(*scanner.Input) error) (*scanner.Result, error) {
	played, err := p.openSealed(filepath.Join(c.State, "runs", run.ID), identity)
	if err != nil {
		return nil, fmt.Errorf("what the run %s read cannot be judged again: %w", run.ID, err)
	}
	in := played.Input
	in.Sink, in.Found = func(connectors.AppID) func(*scanner.AccountLine) error { return nil }, drain
	in.Workers, in.Clock, in.Step = runtime.GOMAXPROCS(0), p.now, p.traces.steps(ctx)
	if err := with(&in); err != nil {
		return nil, fmt.Errorf("the run %s: %w", run.ID, err)
	}
	result, err := scanner.Scan(ctx, in)
	if err := errors.Join(err, played.Err()); err != nil {
		return nil, err
	}
	return result, nil
}

// planOf makes the plan of a run that was judged again.
func (p *planner) planOf(run *ledger.RunRecord, result *scanner.Result, c *config) *runPlan {
	return p.runPlan(&report.Review{Run: run.ID, Started: run.At, Result: result}, c.Remediate.UID)
}
