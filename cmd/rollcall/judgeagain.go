package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

// judgedAgain is what the newest run read, judged by the roster as it is now; some apps may be read anew as well. It leaves
// no run: what it opens is named after the run that it stands on, and the moment.
type judgedAgain struct {
	plan    *runPlan
	planner *planner
	result  *scanner.Result
	fresh   []connectors.AppID // that were read then; the others are as old as the run
	at      time.Time
}

// baseRun is the recorded run that a plan or a case stands on.
func baseRun(run string) string {
	base, _, _ := strings.Cut(run, "/")
	return base
}

// judgeAgain judges a run again; nil where nothing may follow from any finding. The apps named in fresh are read now; none:
// all are as the run read them, and the plan is as old.
func (p *program) judgeAgain(ctx context.Context, c *config, led *ledger.Ledger, run *ledger.RunRecord, fresh []connectors.AppID) (*judgedAgain, error) {
	pl, err := newPlanner(c, led, false)
	if err != nil || pl == nil {
		return nil, err
	}
	now, tenants := p.now(), &tenants{}
	result, err := p.judgeSealed(ctx, c, run, "", func(in *scanner.Input) (err error) {
		in.Roster, in.Policy, in.AsOf, in.History, in.Guard = c.Roster, c.Policy, c.AsOf, led, c.Guard
		in.Sink, in.Found = pl.beside(in.Sink, in.Found)
		if len(fresh) > 0 {
			in.Apps, err = c.readAnew(in.Apps, fresh, tenants, led)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	tenants.mark(result)
	before, err := led.Roster()
	if err != nil {
		return nil, err
	}
	name := run.ID + "/" + now.UTC().Format(time.RFC3339)
	plan := pl.runPlan(&report.Review{Run: name, Started: run.At, Result: result}, c.Remediate.UID)
	result.Roster.KeepLines(result.Persons)
	plan.leaving(before, result.Roster)
	for app := range plan.Apps { // where only some were read now, the absence of the others' accounts means nothing
		if len(fresh) > 0 && !slices.Contains(fresh, app) {
			plan.Unjudged[app] = true
		}
	}
	return &judgedAgain{plan, pl, result, fresh, now.UTC()}, plan.returning(led, result)
}

// readAnew has some of a run's apps read now, in place of what the run read; from the tenants they are known by.
func (c *config) readAnew(sealed []scanner.App, fresh []connectors.AppID, of *tenants, history scanner.History) ([]scanner.App, error) {
	apps := slices.Clone(sealed)
	for _, id := range fresh {
		i, now := slices.IndexFunc(apps, func(a scanner.App) bool { return a.ID == id }), c.app(id)
		if i < 0 || now == nil {
			return nil, fmt.Errorf("it read no app %s, so that nothing is known of it but what would be read now; let a run read all of them first", id)
		}
		watched, err := of.watch([]scanner.App{*now}, history)
		if err != nil {
			return nil, err
		}
		apps[i] = watched[0]
	}
	return apps, nil
}

// only keeps of the plan what it is to be about; it is as new as that.
func (a *judgedAgain) only(c *config, led *ledger.Ledger, about func(*remediate.Item) bool) error {
	a.plan.Plan.Items = slices.DeleteFunc(a.plan.Plan.Items, func(it remediate.Item) bool { return !about(&it) })
	a.plan.Plan.Hash = remediate.HashItems(a.plan.Plan.Items)
	old := func(t remediate.Target) bool { return !slices.Contains(a.fresh, t.App) }
	if len(a.fresh) > 0 && !slices.ContainsFunc(a.plan.Plan.Items, func(it remediate.Item) bool { return slices.ContainsFunc(it.Targets, old) }) {
		a.plan.ReadAt = a.at
	}
	return a.plan.aftermath(c, led, a.result, a.planner.serves)
}
