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

// mostRetired bounds how many accounts one settling asks about: each is read anew.
const mostRetired = 50

// retire asks what becomes of the accounts that have been disabled for the retention period: a case for each, which two
// people decide.
func (p *program) retire(ctx context.Context, c *config, led *ledger.Ledger, out *settled) error {
	if c.Remediate.Retention == 0 {
		return nil
	}
	before := p.now().Add(-c.Remediate.Retention)
	asked := map[string]bool{}
	cases, err := led.Cases(func(k *remediate.Case) bool {
		if k.Item.TwoPeople {
			asked[k.Item.Group] = true
		}
		return k.State == remediate.Confirmed && !k.Item.TwoPeople && k.At.Before(before)
	})
	if err != nil {
		return err
	}
	desk := &remediate.Desk{Journal: led, Answer: c.Remediate.Answer}
	read := 0
	for _, k := range cases {
		for i := range k.Steps {
			s := &k.Steps[i]
			app, ok := c.Writable[s.Action.App].(connectors.Getter)
			if s.Action.Verb != remediate.Disable || s.Progress != remediate.Seen || !s.SeenAt.Before(before) || asked[remediate.RetireGroup(k, s)] || !ok {
				continue
			}
			if c.keptForCourt(k, s) {
				out.OnHold++
				continue
			}
			if read++; read > mostRetired {
				return nil
			}
			now, err := app.Account(ctx, s.Action.Account)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, connectors.ErrNotFound): // somebody was quicker
				continue
			case err != nil:
				fmt.Fprintf(p.stderr, "rollcall: whether %s in %s is still disabled cannot be read, so nobody is asked about it yet: %s\n", s.Action.Account, s.Action.App, report.Plain(err.Error()))
				continue
			}
			it, ok := remediate.Retire(k, s, &now, c.Abilities[s.Action.App], c.Remediate.Retire, c.Remediate.Retention)
			if !ok {
				continue
			}
			opened, err := desk.Open(&it, k.Run+"/"+p.now().UTC().Format(time.RFC3339), p.now())
			if err != nil {
				return err
			}
			out.Opened = append(out.Opened, opened)
		}
	}
	return nil
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
