package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"rollcall/remediate/notify"
)

func (s *servedShop) lookAtRoster() {
	s.t.Helper()
	if err := s.d.lookAtRoster(s.d.work); err != nil {
		s.t.Fatal(err)
	}
}

// Somebody who leaves during the day is dealt with when the roster shows it, and nobody else's case is touched.
func TestALeaverIsNoticedBetweenRuns(t *testing.T) {
	s := serveShop(t, "auto", "")
	s.listen()
	s.lookAtRoster() // there is no run yet to compare with
	people := s.read("people.csv")
	s.write("people.csv", strings.Replace(people, "terminated,2026-12-31", "active,", 1))
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.lookAtRoster()
	if s.svc.patches != 0 {
		t.Fatal("something was changed though nobody has left")
	}
	s.write("people.csv", people)
	s.clock.add(7 * time.Minute)
	s.lookAtRoster()
	if s.active() != "u1 u3 u4 u5" {
		t.Fatalf("active: %s\n%s", s.active(), s.log.String())
	}
	if !strings.Contains(s.log.String(), "confirmed clean") {
		t.Error(s.log.String())
	}
	before := s.svc.patches
	s.lookAtRoster()
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.lookAtRoster()
	s.says(s.as(1001, 0, "", "settle"), "0 cases carried out")
	if s.svc.patches != before {
		t.Error("it was done twice")
	}
	list := s.as(1001, 0, "", "cases", "list", "--all")
	if strings.Count(list, "\n") != 1 || !strings.Contains(list, "confirmed") {
		t.Error(list)
	}
}

// A roster that cannot be relied upon, or in which people are merely missing, has nothing follow from it between runs.
func TestWatchingFailsClosed(t *testing.T) {
	s := serveShop(t, "auto", "")
	people := s.read("people.csv")
	s.write("people.csv", strings.Replace(people, "terminated,2026-12-31", "active,", 1))
	s.listen()
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	for what, text := range map[string]string{
		"empty":    "",
		"half":     people[:len(people)/2],
		"missing":  strings.Replace(people, "E02,Ben,Birch,ben@kiln.example,terminated,2026-12-31\n", "", 1),
		"no head":  "E02,Ben,Birch,ben@kiln.example,terminated,2026-12-31\n",
		"all left": strings.ReplaceAll(people, "active,", "terminated,2026-12-31"),
	} {
		s.write("people.csv", text)
		err := s.d.lookAtRoster(s.d.work)
		if s.svc.patches != 0 {
			t.Fatalf("%s: something was changed (%v)", what, err)
		}
	}
}

// The hook takes a word that is signed, and no other.
func TestHook(t *testing.T) {
	s := serveShop(t, "report", "[serve]\nlisten = \"127.0.0.1:0\"\nhook = \"file:hook\"\n")
	s.write("hook", "0123456789abcdef0123")
	s.begin()
	defer func() { s.stop() }()
	h := s.d.handler(s.d.taken.Load().config)
	send := func(method, body string, secret string, at time.Time) int {
		r := httptest.NewRequest(method, "/hook/roster", strings.NewReader(body))
		stamp := strconv.FormatInt(at.Unix(), 10)
		r.Header.Set(notify.HeaderTimestamp, stamp)
		r.Header.Set(notify.HeaderSignature, notify.Sign([]byte(secret), stamp, []byte(body)))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	const right = "0123456789abcdef0123"
	for what, x := range map[string]struct{ got, want int }{
		"another secret": {send("POST", "x", "0123456789abcdef0124", s.clock.now()), http.StatusUnauthorized},
		"an old message": {send("POST", "x", right, s.clock.now().Add(-6*time.Minute)), http.StatusUnauthorized},
		"another method": {send("GET", "", right, s.clock.now()), http.StatusMethodNotAllowed},
		"a huge body":    {send("POST", strings.Repeat("x", 70<<10), right, s.clock.now()), http.StatusRequestEntityTooLarge},
	} {
		if x.got != x.want {
			t.Errorf("%s: %d, want %d", what, x.got, x.want)
		}
	}
	if len(s.d.rosterChanged) != 0 {
		t.Error("the daemon looks though nobody may have told it to")
	}
	for range 3 {
		if code := send("POST", `{"changed":["E02"]}`, right, s.clock.now()); code != http.StatusAccepted {
			t.Errorf("%d", code)
		}
	}
	if len(s.d.rosterChanged) != 1 {
		t.Error("the daemon is not told to look")
	}
}

// Who was noticed and could not be settled stays noticed, whatever comes between: a run that settles nothing, or an end of
// the daemon.
func TestALeaverStaysNoticedUntilSettled(t *testing.T) {
	s := serveShop(t, "auto", "")
	s.listen()
	people := s.read("people.csv")
	s.write("people.csv", strings.Replace(people, "terminated,2026-12-31", "active,", 1))
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.lookAtRoster()
	s.write("people.csv", people)
	s.clock.add(time.Minute)
	s.write("state/STOP", "an exercise")
	s.lookAtRoster() // noticed, and halted
	if s.svc.patches != 0 || len(s.d.watched.unsettled(s.clock.now().Add(time.Minute))) != 1 {
		t.Fatalf("%d changes, noticed: %v", s.svc.patches, s.d.watched.unsettled(s.clock.now().Add(time.Minute)))
	}
	s.clock.add(time.Minute)
	s.as(1001, 0, "", "scan", "-q", "--no-workbook") // by which E02 has left, and which settles nothing
	s.stop()
	s.listen()
	if err := os.Remove(filepath.Join(s.dir, "state", "STOP")); err != nil {
		t.Fatal(err)
	}
	s.clock.add(10 * time.Minute)
	s.lookAtRoster()
	if s.active() != "u1 u3 u4 u5" || len(s.d.watched.unsettled(s.clock.now().Add(time.Minute))) != 0 {
		t.Fatalf("active: %s, noticed: %v\n%s", s.active(), s.d.watched.unsettled(s.clock.now().Add(time.Minute)), s.log.String())
	}
	if !strings.Contains(s.log.String(), `"msg":"confirmed clean","after":"11m`) {
		t.Error(s.log.String())
	}
	before := s.svc.patches
	s.lookAtRoster()
	if s.svc.patches != before || strings.Count(s.log.String(), "confirmed clean") != 1 {
		t.Error("it was done twice")
	}
}

// What the watch found is not ended by a plan of before: the run of the night does not know of it.
func TestACaseOfTheWatchOutlivesAnOlderPlan(t *testing.T) {
	s := serveShop(t, "ask", "")
	s.listen()
	people := s.read("people.csv")
	s.write("people.csv", strings.Replace(people, "terminated,2026-12-31", "active,", 1))
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.lookAtRoster()
	s.write("people.csv", people)
	s.clock.add(time.Minute)
	s.lookAtRoster()
	id := s.caseID()
	s.says(s.as(1001, 0, "", "settle"), "0 cases opened")
	s.as(1001, 0, "", "cases", "remove", id, "--reason", "left")
	s.says(s.as(1001, 0, "", "settle"), "confirmed")
	if s.active() != "u1 u3 u4 u5" {
		t.Errorf("active: %s", s.active())
	}
	s.write("people.csv", strings.Replace(people, "terminated,2026-12-31", "active,", 1))
	s.svc.users[1].Active = true
	s.clock.add(time.Hour)
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.says(s.as(1001, 0, "", "settle"), "0 cases opened")
}
