package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
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

// retryAfter is how long to wait after so many failures.
func retryAfter(failures int) time.Duration {
	return min(firstRetry<<min(failures-1, 10), longestRetry)
}

// look starts what is due. It is called every so often, and asks the clock on the wall anew each time: so neither a suspend
// nor a clock that is put right makes it miss a moment, or run one twice.
func (d *daemon) look(all *sync.WaitGroup) {
	for _, s := range d.taken.Load().config.Serve.Schedules {
		if err := d.safely("schedule", func() error { return d.lookAt(s, all) }); err != nil {
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
	d.tellLedger(s, st, now)
	if slot.Dealt.After(now.Add(time.Hour)) { // else it would be silent until then
		d.alert(s.subject(), fmt.Sprintf("the clock was put back: the last run was of %s, and it is %s now", slot.Dealt.In(s.Zone).Format(time.RFC3339), now.In(s.Zone).Format(time.RFC3339)))
		slot.Dealt, slot.Trying = now.UTC(), time.Time{}
		slot.Succeeded, slot.Since = earlier(slot.Succeeded, slot.Dealt), earlier(slot.Since, slot.Dealt)
		d.keep(s, st, slot, "the clock was put back", now)
	}
	due, before, missed := s.due(slot.Dealt, now)
	if !slot.Trying.IsZero() && !due.IsZero() && due.After(slot.Trying) { // its next moment came before it went well
		d.giveUp(s, st, due, now)
		slot, retry = st.Slot, time.Time{}
		due, before, missed = s.due(slot.Dealt, now)
	}
	if missed > 0 {
		slot.Missed, slot.Dealt = slot.Missed+missed, before.UTC()
		d.keep(s, st, slot, fmt.Sprintf("%d moments were missed", missed), now)
		d.alert(s.subject(), fmt.Sprintf("%d moments before %s were missed: nothing ran for them", missed, due.In(s.Zone).Format(time.RFC3339)))
	}
	if due.IsZero() || now.Before(retry) {
		d.overdue(s, st, now)
		return nil
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
		if err := d.putSlot(*slot, "it is new", now); err != nil {
			return nil, err
		}
	}
	st = &scheduleState{Slot: *slot}
	d.mu.Lock()
	d.state[s.Name] = st
	d.mu.Unlock()
	return st, nil
}

// keep notes where a schedule stands, and tells the ledger. Where that cannot be told, it is again at the next look: what was
// done is not done once more for it.
func (d *daemon) keep(s *schedule, st *scheduleState, slot ledger.Slot, what string, now time.Time) {
	d.mu.Lock()
	st.Slot = slot
	if !slices.Contains(st.Unkept, what) {
		st.Unkept = append(st.Unkept, what)
	}
	d.mu.Unlock()
	d.tellLedger(s, st, now)
}

// tellLedger tells the ledger what it does not know yet of a schedule.
func (d *daemon) tellLedger(s *schedule, st *scheduleState, now time.Time) {
	if len(st.Unkept) == 0 {
		return
	}
	if err := d.putSlot(st.Slot, strings.Join(st.Unkept, "; "), now); err != nil {
		d.log.Error("where a schedule stands cannot be recorded; it is tried again", "schedule", s.Name, "error", err.Error())
		return
	}
	st.Unkept = nil
}

// runSlot runs what is due for one moment, and notes what came of it.
func (d *daemon) runSlot(ctx context.Context, s *schedule, st *scheduleState, due time.Time) {
	began := d.p.now()
	catchUp := began.Sub(due) > lateAfter
	slot := st.Slot
	if !slot.Trying.Equal(due) {
		slot.Failures, slot.Ran = 0, ""
	}
	run := ""
	err := d.safely("schedule", func() (err error) {
		run, err = d.once(ctx, s, due, catchUp, slot.Ran)
		return err
	})
	now := d.p.now()
	what := "a run went well"
	if err == nil {
		slot.Dealt, slot.Succeeded, slot.At, slot.Run, slot.CatchUp = due.UTC(), due.UTC(), now.UTC(), run, catchUp
		slot.Trying, slot.Failures, slot.Problem, slot.Ran = time.Time{}, 0, "", ""
	} else {
		slot.Trying, slot.Failures, slot.Problem, slot.Ran = due.UTC(), slot.Failures+1, err.Error(), run
		what = "a run failed"
		if run != "" {
			what = "settling a run failed"
		}
		d.log.Error(strings.TrimPrefix(what, "a "), "schedule", s.Name, "slot", due.UTC(), "try", slot.Failures, "error", err.Error())
	}
	d.keep(s, st, slot, what, now)
	d.mu.Lock()
	defer d.mu.Unlock()
	st.Running, st.Took = false, now.Sub(began)
	if err != nil {
		st.Retry = now.Add(retryAfter(slot.Failures))
	}
}

// giveUp notes that a moment passed without a run that went well, and alerts somebody.
func (d *daemon) giveUp(s *schedule, st *scheduleState, next, now time.Time) {
	slot := st.Slot
	failed := slot.Trying
	slot.Dealt, slot.Trying, slot.Ran, slot.Missed, slot.Alerted = failed, time.Time{}, "", slot.Missed+1, failed
	d.keep(s, st, slot, "a moment was given up", now)
	d.alert(s.subject(), fmt.Sprintf("the run of %s failed %d times and is given up, since the one of %s is due: %s",
		failed.In(s.Zone).Format(time.RFC3339), slot.Failures, next.In(s.Zone).Format(time.RFC3339), slot.Problem))
}

// overdue alerts somebody, once, of a schedule whose last good run is more than two moments ago.
func (d *daemon) overdue(s *schedule, st *scheduleState, now time.Time) {
	slot := st.Slot
	since := slot.Good()
	if !s.overdue(since, now) || slot.Alerted.After(since) {
		return
	}
	slot.Alerted = now.UTC()
	d.keep(s, st, slot, "it is overdue", now)
	d.alert(s.subject(), fmt.Sprintf("no run has gone well since %s", since.In(s.Zone).Format(time.RFC3339)))
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
