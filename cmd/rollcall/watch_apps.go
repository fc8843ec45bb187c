package main

import (
	"context"
	"time"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
)

// Between its runs the daemon also asks those apps for changes that can tell of them at little cost. Where something changed,
// the roll is called: what follows is judged by that run alone, which reads everything whole. That nothing is told is no
// evidence of anything, so that the runs on schedule take place as ever. Such a run carries nothing out: that is for the
// schedules, and for people.

// appsWatched is what is known between two questions. One goroutine uses it.
type appsWatched struct {
	marks map[connectors.AppID]connectors.Mark // up to where the changes of each are known
	told  time.Time                            // when something was told that no run has looked into yet; zero: nothing is
	next  time.Time                            // when to ask again
}

// watchApps asks every so often, as the configuration says that was taken up last.
func (d *daemon) watchApps(ctx context.Context) {
	t := time.NewTicker(tick)
	defer t.Stop()
	w := &appsWatched{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		every, now := d.taken.Load().config.Serve.WatchApps, d.p.now()
		if every == 0 || now.Before(w.next) {
			continue
		}
		w.next = now.Add(every)
		if err := d.safely("watch", func() error { return d.askApps(d.work, w) }); err != nil && ctx.Err() == nil {
			d.log.Error("watching the apps", "error", err.Error())
		}
	}
}

// askApps asks each app for changes, and calls the roll where there are any. What one app cannot tell keeps none of the
// others from being asked.
func (d *daemon) askApps(ctx context.Context, w *appsWatched) error {
	p := d.program(nil)
	p.by = "rollcall serve, watching the apps"
	c, err := p.config()
	if err != nil {
		return err
	}
	marks := map[connectors.AppID]connectors.Mark{}
	for _, app := range c.Apps {
		teller, ok := connectors.ChangeTellerOf(app.Source)
		if !ok {
			continue
		}
		next, changed, err := teller.Changed(ctx, w.marks[app.ID])
		if err != nil {
			d.log.Warn("an app does not tell whether it changed", "app", app.ID, "error", err.Error())
			next = w.marks[app.ID]
		}
		marks[app.ID] = next
		if changed {
			d.log.Info("an app has changed", "app", app.ID)
			w.told = p.now()
		}
	}
	w.marks = marks
	if w.told.IsZero() {
		return nil
	}
	return d.lookInto(ctx, p, c, w)
}

// lookInto calls the roll, unless a run has begun since something was told.
func (d *daemon) lookInto(ctx context.Context, p *program, c *config, w *appsWatched) error {
	release, err := d.turn.take(ctx, "the run for what changed in an app", nil)
	if err != nil {
		return err
	}
	defer release()
	last, err := d.led.LastRun()
	if err != nil {
		return err
	}
	if !seenBy(last, w.told) {
		r, _, err := p.runOnce(ctx, c, runOptions{Workbook: true})
		if err != nil {
			return err
		}
		d.log.Info("run", "run", r.Run, "because", "an app has changed", "complete", r.Result.Complete(), "findings", r.Digest.Total())
	}
	w.told = time.Time{}
	return nil
}

// seenBy tells whether a run began after something was told.
func seenBy(run *ledger.RunRecord, told time.Time) bool {
	return run != nil && run.At.After(told)
}
