package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
