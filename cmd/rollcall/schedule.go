package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// schedule says when a run is due. Each of its moments is a slot: a slot is run once, whoever starts the daemon how often.
//
// The expression is read against the wall clock of its zone, and each wall-clock time happens once: one that a clock change
// skips comes at the moment the clock is put forward, one that it repeats comes the first time. (robfig/cron, asked in the
// zone itself, never runs the one and runs the other twice.)
type schedule struct {
	Name string
	Cron string
	Zone *time.Location
	Mode runMode
	// Scope narrows what it looks at; nil: everything.
	Scope *scope

	spec cron.Schedule
}

// runMode is what a schedule does.
type runMode string

const (
	modeScan   runMode = "scan"
	modeSettle runMode = "settle" // and carry out what was decided
)

func newSchedule(c scheduleConfig, zone *time.Location) (*schedule, error) {
	s := &schedule{Name: c.Name, Cron: c.Cron, Zone: zone, Mode: runMode(c.Mode)}
	if s.Mode == "" {
		s.Mode = modeScan
	}
	if !validAppID(c.Name) {
		return nil, fmt.Errorf("name = %q: want letters, digits, - and _", c.Name)
	}
	if s.Mode != modeScan && s.Mode != modeSettle {
		return nil, fmt.Errorf("mode = %q: want \"scan\" or \"settle\"", c.Mode)
	}
	if c.Zone != "" {
		z, err := time.LoadLocation(c.Zone)
		if err != nil || c.Zone == "Local" {
			return nil, fmt.Errorf("time_zone = %q: want a name such as \"Europe/Berlin\" or \"UTC\"", c.Zone)
		}
		s.Zone = z
	}
	var err error
	if s.Scope, err = newScope(c); err != nil {
		return nil, err
	}
	if s.spec, err = parseCron(c.Cron); err != nil {
		return nil, fmt.Errorf("cron = %q: %w", c.Cron, err)
	}
	return s, nil
}

// parseCron reads an expression of five fields. The parser panics on some input, takes zones that this program has a key
// for, and intervals that say no moment; and an expression that never comes due is a mistake.
func parseCron(text string) (spec cron.Schedule, err error) {
	defer func() {
		if r := recover(); r != nil {
			spec, err = nil, errors.New("it is no cron expression")
		}
	}()
	const want = "want five fields (minute hour day month weekday), such as \"15 2 * * *\""
	if strings.Contains(text, "=") {
		return nil, errors.New("name the zone in time_zone; " + want)
	}
	if strings.HasPrefix(strings.TrimSpace(text), "@every") {
		return nil, errors.New("an interval has no fixed moments, so that nobody could tell which were missed; " + want + " or \"0 */6 * * *\"")
	}
	if spec, err = cron.ParseStandard(text); err != nil {
		return nil, fmt.Errorf("%w; %s", err, want)
	}
	if spec.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, errors.New("that day never comes")
	}
	return spec, nil
}

// subject is what alerts about the schedule are about.
func (s *schedule) subject() string { return "schedule " + s.Name }

// next is the first slot after a moment; the zero time when there is none.
func (s *schedule) next(after time.Time) time.Time {
	for wall := wallClock(after.In(s.Zone)); ; {
		if wall = s.spec.Next(wall); wall.IsZero() {
			return time.Time{}
		}
		if t := s.moment(wall); t.After(after) {
			return t
		}
	}
}

// wallClock is what the clock on the wall shows, as if it were UTC, where every time happens once.
func wallClock(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// moment is when the wall clock first shows a time, or first shows a later one.
func (s *schedule) moment(wall time.Time) time.Time {
	// No zone is further from UTC than a day; the first moment at which the wall clock shows the time or more is found by
	// halving, in which a clock that is put back does no harm as long as the search begins below and ends above.
	low, high := wall.Add(-26*time.Hour), wall.Add(26*time.Hour)
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, s.Zone)
	if wallClock(t).Equal(wall) {
		if earlier := t.Add(-time.Hour); wallClock(earlier.In(s.Zone)).Equal(wall) {
			return earlier
		}
		if earlier := t.Add(-30 * time.Minute); wallClock(earlier.In(s.Zone)).Equal(wall) { // Lord Howe Island
			return earlier
		}
		return t
	}
	for high.Sub(low) > time.Second {
		if mid := low.Add(high.Sub(low) / 2); wallClock(mid.In(s.Zone)).Before(wall) {
			low = mid
		} else {
			high = mid
		}
	}
	return high.Truncate(time.Second)
}

// due gives the slots after one that was dealt with, up to a moment: the last of them is to be run, and those before it,
// the last of which is before, were missed.
func (s *schedule) due(dealt, now time.Time) (slot, before time.Time, missed int) {
	const most = 100_000 // of a schedule by the minute, two months
	for t := s.next(dealt); !t.IsZero() && !t.After(now) && missed < most; t = s.next(t) {
		if !slot.IsZero() {
			before, missed = slot, missed+1
		}
		slot = t
	}
	return slot, before, missed
}

// overdue tells whether more than two slots have passed since the last that succeeded.
func (s *schedule) overdue(succeeded, now time.Time) bool {
	second := s.next(s.next(succeeded))
	return !second.IsZero() && now.After(second)
}
