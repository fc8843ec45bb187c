package main

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/remediate"
	"rollcall/remediate/ledger"
)

// Thirty nights, the one in which clocks are put back among them, in which the daemon is down, is killed in the middle of a
// run, has no roster, has an app that answers with errors, or is given a configuration with mistakes: each moment of the
// schedule has one run that went well, or somebody was alerted; no case is lost; and memory stays flat.
func TestThirtyNights(t *testing.T) {
	s := serveShop(t, "ask", nightly("30 2 * * *")+"time_zone = \"Europe/Berlin\"\n")
	s.write("people.csv", strings.ReplaceAll(s.read("people.csv"), "2026-12-31", "2026-08-31"))
	start := moment(t, "2026-10-10T10:00:00Z")
	s.clock.set(start)
	rng := rand.New(rand.NewPCG(11, 30))
	s.begin()
	s.look()
	people, config := s.read("people.csv"), s.read("rollcall.toml")
	var early uint64
	for night := range 30 {
		from := start.Add(time.Duration(night) * 24 * time.Hour)
		incident := rng.IntN(7)
		if night < 3 {
			incident = 0
		}
		switch incident {
		case 1: // down over the moment
			s.stop()
			s.clock.set(from.Add(time.Duration(17+rng.IntN(6)) * time.Hour))
			s.begin()
		case 2: // down for more than a day comes about when two of these follow each other
			s.stop()
			s.clock.set(from.Add(24 * time.Hour))
			s.begin()
		case 3:
			s.write("people.csv", "")
		case 4:
			s.svc.down.Store(true)
		case 5:
			s.write("rollcall.toml", config+"\nmistake = 1\n")
			s.d.reload(s.d.taken.Load().config)
		case 6:
			s.killInARun(from)
		}
		mended := from.Add(time.Duration(15+rng.IntN(12)) * time.Hour)
		for s.clock.now().Before(from.Add(24 * time.Hour)) {
			if s.clock.now().After(mended) {
				s.mend(people)
			}
			s.look()
			s.clock.add(10 * time.Minute)
		}
		s.mend(people)
		s.write("rollcall.toml", config)
		if night == 9 {
			early = heap()
		}
	}
	s.look()
	if late := heap(); late > early+8<<20 {
		t.Errorf("%d bytes are held after 30 nights, %d after 10", late, early)
	}
	slot := s.slot("nightly")
	wells, due := s.goneWell(), 0
	schedule := s.d.taken.Load().config.Serve.Schedules[0]
	for m := schedule.next(start); !m.After(s.clock.now()); m = schedule.next(m) {
		due++
		if n := wells[m.UTC()]; n > 1 {
			t.Errorf("%d runs went well for %s", n, m)
		}
	}
	if due != 30 || len(wells)+slot.Missed != due || len(wells) < 15 || slot.Missed == 0 {
		t.Errorf("of %d moments, %d have a run and %d were given up", due, len(wells), slot.Missed)
	}
	if s.alerts() == 0 {
		t.Error("moments were given up, and nobody was alerted")
	}
	cases, err := s.d.led.Cases(func(*remediate.Case) bool { return true })
	if err != nil || len(cases) != 1 || cases[0].State.Ended() {
		t.Errorf("%d cases, %v", len(cases), err)
	}
	if err := s.d.led.Verify(); err != nil {
		t.Error(err)
	}
	t.Logf("%d moments: %d runs, %d given up, %d alerts", due, len(wells), slot.Missed, s.alerts())
	s.stop()
}

func (s *servedShop) mend(people string) {
	if s.read("people.csv") != people {
		s.write("people.csv", people)
	}
	s.svc.down.Store(false)
}

// killInARun has the daemon die while the run of the night is under way, and starts it again. A kill leaves the ledger's
// file as the last transaction left it, and so does an end without any farewell.
func (s *servedShop) killInARun(from time.Time) {
	s.t.Helper()
	s.clock.set(from.Add(15 * time.Hour)) // after the moment
	ctx, kill := context.WithCancel(context.Background())
	s.d.work = ctx
	s.svc.asked = kill
	var all sync.WaitGroup
	s.d.look(&all)
	all.Wait()
	s.svc.asked = nil
	if err := s.d.led.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.begin()
}

// goneWell counts the runs that went well by their moments, from the chain of events.
func (s *servedShop) goneWell() map[time.Time]int {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, "state", ledger.MirrorName))
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[time.Time]int{}
	for line := range strings.Lines(string(b)) {
		var e struct {
			What string
			Body ledger.Slot
		}
		if json.Unmarshal([]byte(line), &e); e.What == "schedule: a run went well" {
			out[e.Body.Succeeded.UTC()]++
		}
	}
	return out
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
