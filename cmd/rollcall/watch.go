package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/remediate/notify"
	"rollcall/report"
	"rollcall/scanner"
)

// Between its runs the daemon looks at the roster alone: what HR says of somebody since the last run is acted upon at once,
// not by the next morning. The people who changed are judged by the new roster and by the accounts that the last run read;
// whatever follows is read afresh before it is done, as always, and passes the same guards.

// watcher is what is known between two looks at the roster.
type watcher struct {
	lines   map[connectors.PersonID]scanner.RosterLine // as the last look, or the last run, showed them
	run     string                                     // the run they are compared with
	noticed map[connectors.PersonID]time.Time          // since when a change is known that was not settled yet
}

// watch looks at the roster every so often, and whenever HR's system says that it has changed.
func (d *daemon) watch(ctx context.Context, every time.Duration) {
	var tick <-chan time.Time
	if every > 0 {
		t := time.NewTicker(every)
		defer t.Stop()
		tick = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
		case <-d.rosterChanged:
		}
		if err := d.lookAtRoster(d.work); err != nil && ctx.Err() == nil {
			d.log.Error("watching the roster", "error", err.Error())
		}
	}
}

// lookAtRoster reads the roster and, where somebody has left, moved, gone on leave or come back since it was looked at last,
// settles what follows for those people.
func (d *daemon) lookAtRoster(ctx context.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a panic; this is a defect of rollcall: %v", r)
		}
	}()
	p := d.program(nil)
	p.by = "rollcall serve, watching the roster"
	c, err := p.config()
	if err != nil {
		return err
	}
	last, err := d.led.LastRun()
	if err != nil || last == nil {
		return err
	}
	now, err := readRoster(ctx, c, d.led, p.now)
	if err != nil {
		return err
	}
	if err := d.watcher.compare(d.led, last.ID, now, p.now()); err != nil || len(d.watcher.noticed) == 0 {
		return err
	}
	release, err := d.turn.take(ctx, "settling what changed in the roster", nil)
	if err != nil {
		return err
	}
	defer release()
	if newest, err := d.led.LastRun(); err != nil || newest.ID != last.ID { // a run came between, and knows
		return err
	}
	s, err := p.settleChanged(ctx, c, d.led, last, sortedKeys(d.watcher.noticed))
	if err != nil {
		return err
	}
	for _, k := range s.Done {
		if since, ok := d.watcher.noticed[k.Item.Person]; ok && k.State == remediate.Confirmed {
			d.figures.feedToClean.Observe(k.At.Sub(since).Seconds())
			d.log.Info("confirmed clean", "case", k.ID, "after", k.At.Sub(since).String())
		}
	}
	d.log.Info("settled what changed in the roster", "people", len(d.watcher.noticed), "opened", len(s.Opened), "done", len(s.Done), "stopped", len(s.Stopped))
	d.watcher.noticed = nil
	return nil
}

// readRoster reads the roster whole, and nothing else. One that cannot be relied upon is an error.
func readRoster(ctx context.Context, c *config, led *ledger.Ledger, clock func() time.Time) (map[connectors.PersonID]scanner.RosterLine, error) {
	r, err := scanner.Scan(ctx, scanner.Input{Roster: c.Roster, Policy: &scanner.Policy{}, History: led, Domains: c.Domains, AsOf: c.AsOf, Guard: c.Guard, Workers: 1, Clock: clock})
	if err != nil {
		return nil, err
	}
	if len(r.Untrusted) > 0 {
		return nil, fmt.Errorf("the roster is not to be relied upon: %s", r.Untrusted[0])
	}
	r.Roster.KeepLines(r.Persons)
	return r.Roster.People, nil
}

// compare notes who changed since the last look, or since a run that was newer. Who is missing has not changed: absence is
// for runs to see, twice.
func (w *watcher) compare(led *ledger.Ledger, run string, now map[connectors.PersonID]scanner.RosterLine, at time.Time) error {
	if w.run != run {
		before, err := led.Roster()
		if err != nil || before == nil {
			return err
		}
		w.run, w.lines, w.noticed = run, before.People, nil
	}
	for id, line := range now {
		before, known := w.lines[id]
		if known && before == line || !known && !line.Ended {
			continue // who is new has nothing that could be taken
		}
		if w.noticed == nil {
			w.noticed = map[connectors.PersonID]time.Time{}
		}
		if _, ok := w.noticed[id]; !ok {
			w.noticed[id] = at
		}
	}
	w.lines = now
	return nil
}

// settleChanged settles what follows for some people, judged by the roster as it is now and by what a run read of the apps.
func (p *program) settleChanged(ctx context.Context, c *config, led *ledger.Ledger, run *ledger.RunRecord, people []connectors.PersonID) (*settled, error) {
	pl, err := newPlanner(c, led, false)
	if err != nil || pl == nil { // nothing may follow
		return &settled{}, err
	}
	played, err := p.openSealed(filepath.Join(c.State, "runs", run.ID), "")
	if err != nil {
		return nil, fmt.Errorf("what the run %s read cannot be judged again: %w", run.ID, err)
	}
	in := played.Input
	in.Roster, in.Policy, in.AsOf, in.History, in.Guard = c.Roster, c.Policy, c.AsOf, led, c.Guard
	none := func(connectors.AppID) func(*scanner.AccountLine) error { return nil }
	in.Sink, in.Found = pl.beside(none, drain)
	in.Workers, in.Clock = runtime.GOMAXPROCS(0), p.now
	result, err := scanner.Scan(ctx, in)
	if err := errors.Join(err, played.Err()); err != nil {
		return nil, err
	}
	plan := pl.runPlan(&report.Review{Run: run.ID, Started: run.At, Result: result}, c.Remediate.UID)
	before, err := led.Roster()
	if err != nil {
		return nil, err
	}
	result.Roster.KeepLines(result.Persons)
	plan.leaving(before, result.Roster)
	if err := plan.returning(led, result); err != nil {
		return nil, err
	}
	about := func(it *remediate.Item) bool {
		return slices.ContainsFunc(people, func(id connectors.PersonID) bool { return plan.same(id) == it.Person })
	}
	plan.Plan.Items = slices.DeleteFunc(plan.Plan.Items, func(it remediate.Item) bool { return !about(&it) })
	plan.Plan.Hash = remediate.HashItems(plan.Plan.Items)
	if err := plan.aftermath(c, led, result, pl.serves); err != nil {
		return nil, err
	}
	return p.settleBy(ctx, c, led, plan, func(it *remediate.Item) bool { return about(it) && plan.judged(it) })
}

// What comes to the hook: how large, and how old by its signature.
const (
	largestHook   = 64 << 10
	hookTolerance = 5 * time.Minute
)

// hook takes the word of HR's system that the roster has changed, signed as rollcall signs its own webhooks (see
// notify.Verify). It only makes the daemon look sooner: what the message says is not read.
func (d *daemon) hook(c *config) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestHook))
		if err != nil {
			http.Error(w, "the message is too large, or broke off", http.StatusRequestEntityTooLarge)
			return
		}
		secret, err := textSecret(c.secret)(c.Serve.Hook)
		if err == nil && len(secret) < notify.ShortestSecret {
			err = fmt.Errorf("[serve] hook: the secret has %d bytes; want at least %d", len(secret), notify.ShortestSecret)
		}
		if err != nil {
			d.log.Error("hook", "error", err.Error())
			http.Error(w, "not set up", http.StatusInternalServerError)
			return
		}
		if err := notify.Verify([]byte(secret), r.Header, body, d.p.now(), hookTolerance); err != nil {
			d.log.Warn("hook refused", "from", r.RemoteAddr, "error", err.Error())
			http.Error(w, "not signed with the secret, or at another time", http.StatusUnauthorized)
			return
		}
		select {
		case d.rosterChanged <- struct{}{}:
		default: // it will look anyway
		}
		w.WriteHeader(http.StatusAccepted)
	}
}
