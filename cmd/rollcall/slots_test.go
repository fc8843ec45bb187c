package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rollcall/remediate/ledger"
)

// A run that went well is not repeated because settling it failed: runs count, and only the settling is tried again, also
// by the next daemon.
func TestOnlySettlingIsTriedAgain(t *testing.T) {
	s := serveShop(t, "auto", nightly("15 2 * * *"))
	s.clock.set(moment(t, "2027-01-20T12:00:00Z"))
	s.begin()
	defer func() { s.stop() }()
	s.look()
	s.write("state/tasks", "where a folder is to be")
	s.clock.set(moment(t, "2027-01-21T02:15:05Z"))
	s.look()
	x := s.slot("nightly")
	if len(s.runs()) != 1 || x.Ran != s.runs()[0].ID || x.Failures != 1 || !x.Succeeded.IsZero() {
		t.Fatalf("%d runs, %+v", len(s.runs()), x)
	}
	s.stop()
	s.begin()
	s.clock.add(2 * time.Minute)
	s.look()
	if x := s.slot("nightly"); len(s.runs()) != 1 || x.Failures != 2 {
		t.Fatalf("%d runs, %+v", len(s.runs()), x)
	}
	if err := os.Remove(filepath.Join(s.dir, "state", "tasks")); err != nil {
		t.Fatal(err)
	}
	s.clock.add(10 * time.Minute)
	s.look()
	x = s.slot("nightly")
	if len(s.runs()) != 1 || x.Ran != "" || x.Run != s.runs()[0].ID || !x.Succeeded.Equal(moment(t, "2027-01-21T02:15:00Z")) {
		t.Errorf("%d runs, %+v", len(s.runs()), x)
	}
	if s.active() != "u1 u3 u4 u5" {
		t.Errorf("active: %s", s.active())
	}
}

// That the ledger cannot be told of a run that went well does not have it run again: it is told later.
func TestARunIsNotRepeatedForTheLedgersSake(t *testing.T) {
	s := serveShop(t, "report", nightly("15 2 * * *"))
	s.clock.set(moment(t, "2027-01-20T12:00:00Z"))
	s.begin()
	defer func() { s.stop() }()
	s.look()
	tell := s.d.putSlot
	s.d.putSlot = func(ledger.Slot, string, time.Time) error { return errors.New("no space left on device") }
	s.clock.set(moment(t, "2027-01-21T02:15:05Z"))
	for range 5 {
		s.look()
		s.clock.add(20 * time.Second)
	}
	if n := len(s.runs()); n != 1 || strings.Count(s.log.String(), "no space left on device") != 5 {
		t.Fatalf("%d runs\n%s", n, s.log.String())
	}
	if x := s.slot("nightly"); !x.Succeeded.IsZero() {
		t.Fatalf("%+v", x)
	}
	s.d.putSlot = tell
	s.look()
	if x := s.slot("nightly"); len(s.runs()) != 1 || !x.Succeeded.Equal(moment(t, "2027-01-21T02:15:00Z")) {
		t.Errorf("%d runs, %+v", len(s.runs()), x)
	}
}

// A panic ends neither the daemon nor its schedule: it is logged and counted, and the moment is alerted about as any other
// that fails.
func TestPanicsAreSurvivedAndCounted(t *testing.T) {
	s := serveShop(t, "report", nightly("0 * * * *"))
	s.clock.set(moment(t, "2027-01-10T12:30:00Z"))
	s.begin()
	defer func() { s.stop() }()
	s.look()
	defect := true
	s.d.p.now = func() time.Time { // in whatever the run does
		if defect && s.d.turn.says() != "what is under way" {
			panic("a defect")
		}
		return s.clock.now()
	}
	for s.clock.set(moment(t, "2027-01-10T13:00:00Z")); s.clock.now().Before(moment(t, "2027-01-10T14:00:30Z")); s.clock.add(20 * time.Second) {
		s.look()
	}
	if s.alerts() != 1 || s.slot("nightly").Missed != 1 || !strings.Contains(s.log.String(), `"msg":"PANIC`) {
		t.Fatalf("%d alerts, %+v", s.alerts(), s.slot("nightly"))
	}
	defect = false
	s.clock.add(10 * time.Minute)
	s.look()
	if x := s.slot("nightly"); !x.Succeeded.Equal(moment(t, "2027-01-10T14:00:00Z")) {
		t.Errorf("%+v", x)
	}
}
