package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/remediate/notify"
	"rollcall/scanner"
)

// Between its runs the daemon looks at the roster alone: what HR says of somebody since the last run is acted upon at once,
// not by the next morning. The people who changed are judged by the new roster and by the accounts that the last run read;
// whatever follows is read afresh before it is done, as always, and passes the same guards.

// watch looks at the roster every so often, as the configuration says that was taken up last, and whenever HR's system says
// that it has changed.
func (d *daemon) watch(ctx context.Context) {
	for {
		var tick <-chan time.Time
		if every := d.taken.Load().config.Serve.Watch; every > 0 {
			tick = time.After(every)
		}
		select {
		case <-ctx.Done():
			return
		case <-d.watchAnew:
			continue
		case <-tick:
		case <-d.rosterChanged:
		}
		if err := d.safely("watch", func() error { return d.lookAtRoster(d.work) }); err != nil && ctx.Err() == nil {
			d.log.Error("watching the roster", "error", err.Error())
		}
	}
}

// lookAtRoster reads the roster and, where somebody has left, moved, gone on leave or come back since it was looked at last,
// settles what follows for those people.
func (d *daemon) lookAtRoster(ctx context.Context) (err error) {
	ctx, end := d.p.traces.span(ctx, "watch")
	defer func() { end(err) }()
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
	if err := d.watched.compare(d.led, now, p.now()); err != nil {
		return err
	}
	people := d.watched.unsettled(p.now())
	if len(people) == 0 {
		return nil
	}
	release, err := d.turn.take(ctx, "settling what changed in the roster", nil)
	if err != nil {
		return err
	}
	defer release()
	if last, err = d.led.LastRun(); err != nil { // one may have come between
		return err
	}
	s, same, err := p.settleChanged(ctx, c, d.led, last, people)
	if err != nil {
		return err
	}
	d.log.Info("settled what changed in the roster", "people", len(people), "opened", len(s.Opened), "done", len(s.Done), "stopped", len(s.Stopped), "halted", s.Halted)
	return d.watched.settled(d.led, people, s, same, p.now())
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

// settleChanged settles what follows for some people, judged by the roster as it is now and by what a run read of the apps;
// same gives the id that somebody goes by.
func (p *program) settleChanged(ctx context.Context, c *config, led *ledger.Ledger, run *ledger.RunRecord, people []connectors.PersonID) (s *settled, same func(connectors.PersonID) connectors.PersonID, err error) {
	again, err := p.judgeAgain(ctx, c, led, run, nil)
	if err != nil || again == nil { // nothing may follow
		return &settled{}, func(id connectors.PersonID) connectors.PersonID { return id }, err
	}
	plan := again.plan
	if plan.Roster != "" { // it was read once more: who changed stays noticed
		return nil, nil, fmt.Errorf("the roster is not to be relied upon: %s", plan.Roster)
	}
	about := func(it *remediate.Item) bool {
		return slices.ContainsFunc(people, func(id connectors.PersonID) bool { return plan.same(id) == it.Person })
	}
	if err := again.only(c, led, about); err != nil {
		return nil, nil, err
	}
	s, err = p.settleBy(ctx, c, led, plan, func(it *remediate.Item) bool { return about(it) && plan.judged(it) }, nil)
	return s, plan.same, err
}

// What comes to the hook: how large, and how old by its signature.
const (
	largestHook   = 64 << 10
	hookTolerance = 5 * time.Minute
)

// clean notes how long it took from the look that showed a change until it was clean, of the cases that just were confirmed.
func (d *daemon) clean(done []*remediate.Case) {
	took, longest := d.watched.clean(done)
	for _, t := range took {
		d.figures.feedToClean.Observe(t.Seconds())
		d.log.Info("confirmed clean", "after", t.String())
	}
	d.figures.feedLongest.Set(longest.Seconds())
}

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
