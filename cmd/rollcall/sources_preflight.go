package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rollcall/connectors"
	"rollcall/report"
)

// preflights asks every source that can tell, before it is pulled, whether a pull would see all it should: as whom the
// service knows rollcall, which permissions are missing, and whether the canary accounts can be read. It tells whether
// nothing stands in the way.
func (p *program) preflights(ctx context.Context, c *config) (sound bool, err error) {
	var over beyond
	sound = p.preflight(ctx, "roster", c.Roster, false, &over)
	for i := range c.Apps {
		a := &c.Apps[i]
		_, writes := c.Writable[a.ID]
		sound = p.preflight(ctx, string(a.ID), a.Source, writes, &over) && sound
		sound = p.canaries(ctx, string(a.ID), a.Source, c.Canaries[a.ID]) && sound
	}
	over.warn(p)
	return sound, ctx.Err()
}

func (p *program) preflight(ctx context.Context, name string, s connectors.Source, writes bool, over *beyond) bool {
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
	over.add(name, s.Info().Kind, &got, writes)
	return sound
}

// beyond gathers what rollcall may do and need not, by as whom it is known: what one app does not need, another that is read
// as the same may.
type beyond struct{ known []knownAs }

// knownAs are the apps that are read as one identity.
type knownAs struct {
	key    string
	apps   []string
	excess []connectors.Excess // that none of them needs
}

func (b *beyond) add(app, kind string, got *connectors.Preflight, writes bool) {
	mine := slices.DeleteFunc(slices.Clone(got.Excess), func(x connectors.Excess) bool { return x.Writing && writes })
	key := kind + " " + got.Identity
	if got.Identity == "" {
		key += app
	}
	i := slices.IndexFunc(b.known, func(k knownAs) bool { return k.key == key })
	if i < 0 {
		b.known = append(b.known, knownAs{key, []string{app}, mine})
		return
	}
	k := &b.known[i]
	k.apps = append(k.apps, app)
	k.excess = slices.DeleteFunc(k.excess, func(x connectors.Excess) bool {
		return !slices.ContainsFunc(mine, func(y connectors.Excess) bool { return y.Has == x.Has })
	})
}

// warn names each. It is no problem of a pull: nothing would be missing.
func (b *beyond) warn(p *program) {
	for _, k := range b.known {
		for _, x := range k.excess {
			so := x.So
			if x.Writing {
				so = joinWords("; ", "nothing is changed there by this configuration", so)
			}
			fmt.Fprintf(p.stdout, "%s: warning: more than it needs: %s%s; %s\n", strings.Join(k.apps, ", "), report.Plain(x.Has), report.Plain(behind(": ", so)), report.Plain(x.Fix))
		}
	}
}

func joinWords(sep string, words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), sep)
}

func behind(sep, s string) string {
	if s == "" {
		return ""
	}
	return sep + s
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
