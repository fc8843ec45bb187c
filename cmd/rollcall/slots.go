package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"rollcall/remediate/ledger"
)

// lateAfter is how late a run is that counts as caught up.
const lateAfter = 5 * time.Minute

// A run that failed is tried again after these waits, until its next moment comes.
const (
	firstRetry   = time.Minute
	longestRetry = 30 * time.Minute
)

// look starts what is due. It is called every so often, and asks the clock on the wall anew each time: so neither a suspend
// nor a clock that is put right makes it miss a moment, or run one twice.
func (d *daemon) look(all *sync.WaitGroup) {
	for _, s := range d.taken.Load().config.Serve.Schedules {
		if err := d.lookAt(s, all); err != nil {
			d.log.Error("schedule", "schedule", s.Name, "error", err.Error())
		}
	}
}

func (d *daemon) lookAt(s *schedule, all *sync.WaitGroup) error {
	now := d.p.now()
	st, err := d.scheduleState(s, now)
	if err != nil {
		return err
	}
	d.mu.Lock()
	running, retry, slot := st.Running, st.Retry, st.Slot
	d.mu.Unlock()
	if running {
		return nil
	}
	if slot.Dealt.After(now.Add(time.Hour)) { // else it would be silent until then
		d.alert(s, fmt.Sprintf("the clock was put back: the last run was of %s, and it is %s now", slot.Dealt.In(s.Zone).Format(time.RFC3339), now.In(s.Zone).Format(time.RFC3339)))
		slot.Dealt, slot.Trying = now.UTC(), time.Time{}
		slot.Succeeded, slot.Since = earlier(slot.Succeeded, slot.Dealt), earlier(slot.Since, slot.Dealt)
		if err := d.keep(st, slot, "the clock was put back", now); err != nil {
			return err
		}
	}
	due, before, missed := s.due(slot.Dealt, now)
	if !slot.Trying.IsZero() && !due.IsZero() && due.After(slot.Trying) { // its next moment came before it went well
		if err := d.giveUp(s, st, due, now); err != nil {
			return err
		}
		slot, retry = st.Slot, time.Time{}
		due, before, missed = s.due(slot.Dealt, now)
	}
	if missed > 0 {
		slot.Missed, slot.Dealt = slot.Missed+missed, before.UTC()
		if err := d.keep(st, slot, fmt.Sprintf("%d moments were missed", missed), now); err != nil {
			return err
		}
		d.alert(s, fmt.Sprintf("%d moments before %s were missed: nothing ran for them", missed, due.In(s.Zone).Format(time.RFC3339)))
	}
	if due.IsZero() {
		return d.overdue(s, st, now)
	}
	if now.Before(retry) {
		return d.overdue(s, st, now)
	}
	d.mu.Lock()
	st.Running = true
	d.mu.Unlock()
	all.Go(func() { d.runSlot(d.work, s, st, due) })
	return nil
}

// scheduleState is where a schedule stands. One that is new owes nothing of before.
func (d *daemon) scheduleState(s *schedule, now time.Time) (*scheduleState, error) {
	d.mu.Lock()
	st := d.state[s.Name]
	d.mu.Unlock()
	if st != nil {
		return st, nil
	}
	slot, err := d.led.Slot(s.Name)
	if err != nil {
		return nil, err
	}
	if slot == nil {
		slot = &ledger.Slot{Schedule: s.Name, Since: now.UTC(), Dealt: now.UTC()}
		if err := d.led.PutSlot(*slot, "it is new", "rollcall serve", now); err != nil {
			return nil, err
		}
	}
	st = &scheduleState{Slot: *slot}
	d.mu.Lock()
	d.state[s.Name] = st
	d.mu.Unlock()
	return st, nil
}

// keep records where a schedule stands.
func (d *daemon) keep(st *scheduleState, slot ledger.Slot, what string, now time.Time) error {
	if err := d.led.PutSlot(slot, what, "rollcall serve", now); err != nil {
		return err
	}
	d.mu.Lock()
	st.Slot = slot
	d.mu.Unlock()
	return nil
}

// runSlot runs what is due for one moment, and notes what came of it.
func (d *daemon) runSlot(ctx context.Context, s *schedule, st *scheduleState, due time.Time) {
	began := d.p.now()
	catchUp := began.Sub(due) > lateAfter
	run, err := d.once(ctx, s, due, catchUp)
	now := d.p.now()
	slot := st.Slot
	what := "a run went well"
	if err == nil {
		slot.Dealt, slot.Succeeded, slot.At, slot.Run, slot.CatchUp = due.UTC(), due.UTC(), now.UTC(), run, catchUp
		slot.Trying, slot.Failures, slot.Problem = time.Time{}, 0, ""
	} else {
		if !slot.Trying.Equal(due) {
			slot.Failures = 0
		}
		slot.Trying, slot.Failures, slot.Problem = due.UTC(), slot.Failures+1, err.Error()
		what = "a run failed"
		d.log.Error("run failed", "schedule", s.Name, "slot", due.UTC(), "try", slot.Failures, "error", err.Error())
	}
	if kerr := d.keep(st, slot, what, now); kerr != nil {
		d.log.Error("schedule", "schedule", s.Name, "error", kerr.Error())
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	st.Running, st.Took = false, now.Sub(began)
	if err != nil {
		st.Retry = now.Add(min(firstRetry<<min(slot.Failures-1, 10), longestRetry))
	}
}

// giveUp notes that a moment passed without a run that went well, and alerts somebody.
func (d *daemon) giveUp(s *schedule, st *scheduleState, next, now time.Time) error {
	slot := st.Slot
	failed := slot.Trying
	slot.Dealt, slot.Trying, slot.Missed, slot.Alerted = failed, time.Time{}, slot.Missed+1, failed
	if err := d.keep(st, slot, "a moment was given up", now); err != nil {
		return err
	}
	d.alert(s, fmt.Sprintf("the run of %s failed %d times and is given up, since the one of %s is due: %s",
		failed.In(s.Zone).Format(time.RFC3339), slot.Failures, next.In(s.Zone).Format(time.RFC3339), slot.Problem))
	return nil
}

// overdue alerts somebody, once, of a schedule whose last good run is more than two moments ago.
func (d *daemon) overdue(s *schedule, st *scheduleState, now time.Time) error {
	slot := st.Slot
	since := slot.Good()
	if !s.overdue(since, now) || slot.Alerted.After(since) {
		return nil
	}
	slot.Alerted = now.UTC()
	if err := d.keep(st, slot, "it is overdue", now); err != nil {
		return err
	}
	d.alert(s, fmt.Sprintf("no run has gone well since %s", since.In(s.Zone).Format(time.RFC3339)))
	return nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
