package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/report"
)

// mostRetired bounds how many accounts one settling asks about, and mostLookedAt how many it reads for that. What it read and
// needs not ask about it leaves alone for a while, so that the next one gets further.
const (
	mostRetired  = 50
	mostLookedAt = 500
)

// retirement is the asking of what becomes of accounts that have been disabled for the retention period.
type retirement struct {
	p      *program
	c      *config
	led    *ledger.Ledger
	plan   *runPlan
	desk   *remediate.Desk
	out    *settled
	read   int
	asked  int
	silent map[connectors.AppID]bool // apps that do not answer, this time
}

// retire asks what becomes of the accounts that have been disabled for the retention period: a case for each, which two
// people decide. Nobody is asked about an app whose list the newest run did not read whole.
func (p *program) retire(ctx context.Context, c *config, led *ledger.Ledger, plan *runPlan, out *settled) error {
	if c.Remediate.Retention == 0 {
		return nil
	}
	before := p.now().Add(-c.Remediate.Retention)
	cases, err := led.Disabled(before)
	if err != nil {
		return err
	}
	r := &retirement{p: p, c: c, led: led, plan: plan, desk: &remediate.Desk{Journal: led, Answer: c.Remediate.Answer}, out: out, silent: map[connectors.AppID]bool{}}
	for _, k := range cases {
		for i := range k.Steps {
			if s := &k.Steps[i]; k.Item.TwoPeople || !s.Retained() || !s.SeenAt.Before(before) || s.Waits(p.now()) {
				continue
			}
			if r.asked >= mostRetired || r.read >= mostLookedAt {
				return nil
			}
			if err := r.one(ctx, k, i); errors.Is(err, remediate.ErrStale) {
				break // somebody changed the case meanwhile
			} else if err != nil {
				return err
			}
		}
	}
	return nil
}

// one asks what becomes of the account of one step, or notes why nobody is to be asked.
func (r *retirement) one(ctx context.Context, k *remediate.Case, step int) error {
	s := &k.Steps[step]
	app, ok := r.c.Writable[s.Action.App].(connectors.Getter)
	if state, read := r.plan.Apps[s.Action.App]; !ok || !read || state.Problem != "" || r.silent[s.Action.App] {
		return nil
	}
	if r.c.keptForCourt(k, s) {
		r.out.OnHold++
		return nil
	}
	if was, err := r.before(remediate.RetireGroup(k, s)); err != nil || was != nil {
		if err == nil {
			err = r.desk.Over(k, step, "it is asked in case "+was.ID, r.p.now())
		}
		return err
	}
	r.read++
	now, err := app.Account(ctx, s.Action.Account)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, connectors.ErrNotFound): // somebody was quicker
		return r.desk.Needless(k, step, "the account is gone", r.p.now())
	case err != nil:
		r.silent[s.Action.App] = true
		fmt.Fprintf(r.p.stderr, "rollcall: whether %s in %s is still disabled cannot be read, so nobody is asked about accounts there yet: %s\n", s.Action.Account, s.Action.App, report.Plain(err.Error()))
		return nil
	}
	it, ok := remediate.Retire(k, s, &now, r.c.Abilities[s.Action.App], r.c.Remediate.Retire, r.c.Remediate.Retention)
	if !ok {
		return r.desk.Needless(k, step, "the account works again, or may", r.p.now())
	}
	opened, err := r.desk.Open(&it, k.Run+"/"+r.p.now().UTC().Format(time.RFC3339), r.p.now())
	if err != nil {
		return err
	}
	r.asked++
	r.out.Opened = append(r.out.Opened, opened)
	return r.desk.Over(k, step, "it is asked in case "+opened.ID, r.p.now())
}

// before is the case that asked, or asks, what becomes of an account; nil where none does.
func (r *retirement) before(group string) (*remediate.Case, error) {
	if live, err := r.led.Live(group); err != nil || live != nil {
		return live, err
	}
	return r.led.LastEnded(group)
}

// keptForCourt tells whether the account of a step is on legal hold: while it is, nobody needs to be asked.
func (c *config) keptForCourt(k *remediate.Case, s *remediate.Step) bool {
	it := remediate.Item{Person: k.Item.Person}
	for _, t := range k.Item.Targets {
		if t.App == s.Action.App && t.Account == s.Action.Account {
			it.Targets = append(it.Targets, t)
		}
	}
	return c.Remediate.Limits.OnHold(&it, nil) != "" // under another id of theirs, the guard stops it
}
