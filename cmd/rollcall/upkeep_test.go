package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rollcall/remediate/ledger"
)

// A backup taken while the daemon is at work restores to the same state elsewhere.
func TestBackupThroughTheDaemon(t *testing.T) {
	s := serveShop(t, "ask", "")
	s.listen()
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.as(1001, 0, "", "settle")
	id := s.caseID()
	file := filepath.Join(s.dir, "backup.tar")
	s.says(s.as(1001, 0, "", "backup", file), "the ledger with its")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info, err)
	}
	s.says(s.as(1001, 1, "", "ledger", "restore", file), "stop it first")
	s.says(s.as(1001, 1, "", "ledger", "compact"), "stop it first")
	elsewhere := filepath.Join(s.dir, "elsewhere")
	s.says(s.as(1001, 0, "", "ledger", "restore", file, "--state", elsewhere), "restored and checked")
	s.says(s.as(1001, 0, "", "cases", "show", id, "--state", elsewhere), id+" is open")
	s.says(s.as(1001, 0, "", "ledger", "verify", "--state", elsewhere), "each follows from the one before")
	s.says(s.as(1001, 0, "", "ledger", "compact", "--state", elsewhere), "bytes, from")
	s.says(s.as(1001, 1, "", "ledger", "restore", file, "--state", elsewhere), "move the old ledger away first")
}

// Runs go when they are too old, but for the newest complete one and those of cases that have not ended; never sooner than
// an auditor may ask for them.
func TestRunsArePruned(t *testing.T) {
	s := serveShop(t, "ask", "[evidence]\nkeep_at_most = \"30d\"\n")
	s.says(s.rollcall(1, "", "runs", "list"), "keep_at_most = 30d is less than keep_at_least (400d)")
	s.config("[evidence]\nkeep_at_least = \"30d\"\nkeep_at_most = \"30d\"\n" + nightly("15 2 * * *"))
	folders := func() (n int) {
		list, err := os.ReadDir(filepath.Join(s.dir, "state", "runs"))
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	scan := func() { s.rollcall(0, "", "scan", "-q", "--no-workbook") }
	people := s.read("people.csv")
	s.write("people.csv", strings.Replace(people, "terminated,2026-12-31", "active,", 1))
	scan() // old, and needed by nobody
	s.write("people.csv", people)
	s.shop.now = s.shop.now.Add(time.Hour)
	scan()
	s.rollcall(0, "", "settle") // a case that has not ended needs this one
	s.shop.now = s.shop.now.Add(31 * 24 * time.Hour)
	s.says(s.rollcall(0, "", "runs", "prune", "--dry-run"), "1 runs are older than 30 days")
	if folders() != 2 {
		t.Fatalf("%d folders", folders())
	}
	s.says(s.rollcall(0, "", "runs", "prune"), "1 runs are older")
	s.says(s.rollcall(0, "", "runs", "prune"), "0 runs are older")
	if folders() != 1 {
		t.Errorf("%d folders", folders())
	}
	s.says(s.rollcall(0, "", "ledger", "export"), `"run pruned"`)
	s.says(s.rollcall(0, "", "runs", "list"), "2027-01-15") // the ledger knows of it all the same
}

func TestDoctor(t *testing.T) {
	s := serveShop(t, "ask", nightly("15 2 * * *"))
	s.says(s.rollcall(4, "", "doctor"), "last run                   LOOK", "there is none yet")
	s.listen()
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	out := s.as(1001, 0, "", "doctor")
	s.says(out, "configuration              ok", "rollcall serve             ok    at work", "source crm                 ok    5 rows", "all is well")
	s.write("state/STOP", "an exercise")
	s.clock.add(50 * time.Hour)
	out = s.as(1001, 4, "", "doctor")
	s.says(out, "kill switch                LOOK", "last run                   LOOK", "need a look")
	s.clock.add(-52 * time.Hour)
	s.says(s.as(1001, 4, "", "doctor"), "clock                      LOOK")
}

func TestEgress(t *testing.T) {
	s := serveShop(t, "report", "[notify]\nwebhook = \"https://hooks.example.com/x/secret\"\nsecret = \"file:token\"\n[notify.mail]\nserver = \"mail.example.com\"\nfrom = \"rollcall@example.com\"\n")
	out := s.rollcall(0, "", "egress")
	s.says(out, "hooks.example.com:443", "[notify] webhook", "mail.example.com:587", "app crm", "127.0.0.1:")
	if strings.Contains(out, "secret") || strings.Contains(out, "/x/") {
		t.Error(out)
	}
}

// What only looks records nothing: a configuration that is tighter than what was allowed is taken up by settle, and by a daemon.
func TestLookingRecordsNothing(t *testing.T) {
	s := newShop(t, "ask")
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	led, err := ledger.Open(filepath.Join(s.dir, "state"), ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.program(io.Discard, "").config()
	if err != nil {
		t.Fatal(err)
	}
	was := c.allows()
	was.Most["per_run"], was.By, was.At = 99, "rollcall serve", s.now
	if err := errors.Join(led.PutAllowed(*was), led.Close()); err != nil {
		t.Fatal(err)
	}
	before := s.rollcall(0, "", "ledger", "export")
	s.rollcall(0, "", "doctor")
	s.rollcall(0, "", "plan")
	if after := s.rollcall(0, "", "ledger", "export"); after != before {
		t.Errorf("recorded by looking: %s", strings.TrimPrefix(after, before))
	}
	s.rollcall(0, "", "settle")
	s.says(s.rollcall(0, "", "ledger", "export"), "it is tighter than before")
}

// A ledger that cannot be read shows as that, not as no case.
func TestCasesThatCannotBeCounted(t *testing.T) {
	s := serveShop(t, "ask", "")
	s.listen()
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.as(1001, 0, "", "settle")
	if states, _, err := s.d.openCases(); err != nil || states["open"] != 1 {
		t.Fatal(states, err)
	}
	s.clock.add(time.Minute)
	led := s.d.led
	other, err := ledger.Open(t.TempDir(), ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	other.Close()
	s.d.led = other
	defer func() { s.d.led = led }()
	if states, _, err := s.d.openCases(); err == nil || states != nil {
		t.Errorf("%v: %v", states, err)
	}
	if !strings.Contains(s.log.String(), "cases cannot be counted") {
		t.Error(s.log.String())
	}
	families, err := s.d.figures.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "rollcall_cases" || f.GetName() == "rollcall_cases_overdue" {
			t.Errorf("a figure of cases nobody counted: %s", f)
		}
	}
}
