package main

import (
	"strings"
	"testing"
	"time"
)

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func everySlot(t *testing.T, spec, zone string) *schedule {
	t.Helper()
	s, err := newSchedule(scheduleConfig{Name: "nightly", Cron: spec, Zone: zone}, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Each wall-clock time happens once, in the nights in which clocks are put forward and back too.
func TestScheduleOnNightsOfClockChanges(t *testing.T) {
	for _, x := range []struct{ zone, cron, from, want string }{
		{"America/New_York", "30 2 * * *", "2026-03-07T12:00:00Z", "2026-03-08T03:00:00-04:00 2026-03-09T02:30:00-04:00"}, // 02:30 is skipped
		{"America/New_York", "30 1 * * *", "2026-10-31T12:00:00Z", "2026-11-01T01:30:00-04:00 2026-11-02T01:30:00-05:00"}, // 01:30 comes twice
		{"Europe/Berlin", "15 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T03:00:00+02:00 2026-03-30T02:15:00+02:00"},
		{"Europe/Berlin", "15 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T02:15:00+02:00 2026-10-26T02:15:00+01:00"},
		{"Europe/Berlin", "0 * * * *", "2026-03-29T00:30:00Z", "2026-03-29T03:00:00+02:00 2026-03-29T04:00:00+02:00"},        // 02:00 and 03:00 are one moment
		{"Europe/Berlin", "0 * * * *", "2026-10-24T23:30:00Z", "2026-10-25T02:00:00+02:00 2026-10-25T03:00:00+01:00"},        // the second 02:00 is no moment of its own
		{"Australia/Lord_Howe", "15 2 * * *", "2026-10-03T12:00:00Z", "2026-10-04T02:30:00+11:00 2026-10-05T02:15:00+11:00"}, // half an hour forward at 02:00
		{"Australia/Lord_Howe", "45 1 * * *", "2026-04-04T12:00:00Z", "2026-04-05T01:45:00+11:00 2026-04-06T01:45:00+10:30"}, // and back
		{"UTC", "0 9 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T09:00:00Z 2032-02-29T09:00:00Z"},
		{"Asia/Kolkata", "0 0 * * 1", "2026-11-26T00:00:00Z", "2026-11-30T00:00:00+05:30 2026-12-07T00:00:00+05:30"},
	} {
		s := everySlot(t, x.cron, x.zone)
		first := s.next(moment(t, x.from))
		got := first.In(s.Zone).Format(time.RFC3339) + " " + s.next(first).In(s.Zone).Format(time.RFC3339)
		if got != x.want {
			t.Errorf("%s in %s: %s, want %s", x.cron, x.zone, got, x.want)
		}
	}
}

// From whatever moment it is asked, the next slot lies after it, and none is left out or comes twice over three years.
func TestSchedulesGoForward(t *testing.T) {
	for _, zone := range []string{"America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata", "UTC"} {
		s := everySlot(t, "30 2 * * *", zone)
		start := moment(t, "2025-01-01T00:00:00Z")
		days, last := 0, start
		for slot := s.next(start); slot.Before(start.AddDate(3, 0, 0)); slot = s.next(slot) {
			if d := slot.Sub(last); days > 0 && (d < 22*time.Hour || d > 26*time.Hour) {
				t.Fatalf("%s: %s after %s", zone, slot, last)
			}
			for _, before := range []time.Duration{time.Second, time.Hour, 5 * time.Hour} {
				if again := s.next(slot.Add(-before)); !again.Equal(slot) {
					t.Fatalf("%s: asked %s before %s, the next is %s", zone, before, slot, again)
				}
			}
			days, last = days+1, slot
		}
		if days != 1095 {
			t.Errorf("%s: %d slots in three years", zone, days)
		}
	}
}

func TestSchedulesThatAreRefused(t *testing.T) {
	for spec, want := range map[string]string{
		"":                      "five fields",
		"TZ=0":                  "time_zone",
		"TZ=Europe/Rome":        "time_zone",
		"CRON_TZ=UTC 0 2 * * *": "time_zone",
		"0 9 31 2 *":            "never comes",
		"@every -5m":            "no fixed moments",
		"@every 1ms":            "no fixed moments",
		"0 0 * * 7":             "five fields",
		"@reboot":               "five fields",
		"0 0 0 * * *":           "five fields",
		"every night":           "five fields",
	} {
		if _, err := newSchedule(scheduleConfig{Name: "x", Cron: spec}, time.UTC); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want it to say %q", spec, err, want)
		}
	}
	for _, c := range []scheduleConfig{{Name: "", Cron: "@daily"}, {Name: "a b", Cron: "@daily"}, {Name: "x", Cron: "@daily", Zone: "Local"}, {Name: "x", Cron: "@daily", Zone: "Mars"}, {Name: "x", Cron: "@daily", Mode: "auto"}} {
		if _, err := newSchedule(c, time.UTC); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

func FuzzCron(f *testing.F) {
	for _, s := range []string{"15 2 * * *", "TZ=", "*/5 1-3,7 ? JAN MON-FRI", "@daily", "0 0 31 2 *", "99999999999999999999 * * * *", "*/0 * * * *"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := newSchedule(scheduleConfig{Name: "x", Cron: text, Zone: "Europe/Berlin"}, time.UTC); err == nil {
			from := time.Date(2026, 3, 29, 0, 59, 59, 0, time.UTC)
			if n := s.next(from); !n.IsZero() && !n.After(from) {
				t.Errorf("%q: %s is not after %s", text, n, from)
			}
		}
	})
}
