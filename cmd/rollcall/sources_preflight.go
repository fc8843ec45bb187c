package main

import (
	"context"
	"errors"
	"fmt"

	"rollcall/connectors"
	"rollcall/report"
)

// preflights asks every source that can tell, before it is pulled, whether a pull would see all it should: as whom the
// service knows rollcall, which permissions are missing, and whether the canary accounts can be read. It tells whether
// nothing stands in the way.
func (p *program) preflights(ctx context.Context, c *config) (sound bool, err error) {
	sound = p.preflight(ctx, "roster", c.Roster, false)
	for i := range c.Apps {
		a := &c.Apps[i]
		_, writes := c.Writable[a.ID]
		sound = p.preflight(ctx, string(a.ID), a.Source, writes) && sound
		sound = p.canaries(ctx, string(a.ID), a.Source, c.Canaries[a.ID]) && sound
	}
	return sound, ctx.Err()
}

func (p *program) preflight(ctx context.Context, name string, s connectors.Source, writes bool) bool {
	flight, ok := connectors.PreflightOf(s)
	if !ok {
		return true
	}
	got, err := flight.Preflight(ctx)
	if err != nil {
		fmt.Fprintf(p.stdout, "%s: preflight failed\n  problem: %s\n", name, report.Plain(err.Error()))
		return false
	}
	identity := "the service does not say as whom it knows rollcall"
	if got.Identity != "" {
		identity = "as " + got.Identity
	}
	fmt.Fprintf(p.stdout, "%s: preflight: %s\n", name, report.Plain(identity))
	for _, s := range got.Proved {
		fmt.Fprintf(p.stdout, "  proved: %s\n", report.Plain(s))
	}
	sound := true
	for _, x := range got.Problems {
		if x.Writing && !writes {
			continue // nothing is to be changed there
		}
		fmt.Fprintf(p.stdout, "  problem: it lacks %s, so that %s; %s\n", report.Plain(x.Lacks), report.Plain(x.So), report.Plain(x.Fix))
		sound = false
	}
	return sound
}

// canaries reads each by its id. That they are in the list, every pull sees to.
func (p *program) canaries(ctx context.Context, name string, app connectors.App, ids []connectors.AccountID) bool {
	get, ok := app.(connectors.Getter)
	if !ok {
		return true
	}
	sound := true
	for _, id := range ids {
		a, err := get.Account(ctx, id)
		switch {
		case errors.Is(err, connectors.ErrNotFound):
			fmt.Fprintf(p.stdout, "%s: the canary account %q is not seen\n  problem: it is gone, or rollcall may not see it: then it does not see others either (%s)\n",
				name, id, report.Plain(err.Error()))
			sound = false
		case err != nil:
			fmt.Fprintf(p.stdout, "%s: the canary account %q cannot be read\n  problem: %s\n", name, id, report.Plain(err.Error()))
			sound = false
		default:
			fmt.Fprintf(p.stdout, "%s: the canary account %q is seen: %s\n", name, id, report.Plain(a.Username))
		}
	}
	return sound
}
