package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/scanner"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const monday connectors.Date = 20514 // 2026-03-02

// begin opens a ledger in dir. Every test ends it with end, which verifies it.
func begin(t rapid.TB, dir string) *Ledger {
	t.Helper()
	l, err := Open(dir, Options{Timeout: time.Millisecond, Holder: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, bench := t.(*testing.B); !bench {
		l.db.NoSync = true // no test pulls the plug
	}
	return l
}

func end(t rapid.TB, l *Ledger) {
	t.Helper()
	if err := l.Verify(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func reopen(t rapid.TB, l *Ledger) *Ledger {
	t.Helper()
	end(t, l)
	return begin(t, l.dir)
}

func ok(t rapid.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func finding(n int, app connectors.AppID) scanner.Finding {
	return scanner.Finding{ID: scanner.FindingID(fmt.Sprintf("f-%016x", n)), Kind: scanner.StaleAccount, App: app}
}

func found(fs ...scanner.Finding) (out []Found) {
	var s Scopes
	for i := range fs {
		out = append(out, s.Found(&fs[i]))
	}
	return out
}

// aRun is the n-th run, a day after the one before.
func aRun(n int, fs ...scanner.Finding) Run {
	return Run{ID: fmt.Sprintf("run-%d", n), At: noon.AddDate(0, 0, n), AsOf: monday + connectors.Date(n), Actor: "cron", Complete: true, Findings: found(fs...)}
}

// filled makes a ledger with something in every part of it, closes it and gives its directory.
func filled(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	l := begin(t, dir)
	fill(t, l)
	end(t, l)
	return dir
}

func fill(t *testing.T, l *Ledger) {
	t.Helper()
	for n := 1; n <= 2; n++ {
		r := aRun(n)
		for i := range 300 {
			r.Findings = append(r.Findings, found(finding(i*n, "crm"))...)
		}
		r.Roster = &scanner.RosterFacts{AsOf: r.AsOf, Records: 2, SHA256: fmt.Sprint("sha-", n), People: people{"E1": {Role: "Clerk"}, connectors.PersonID(fmt.Sprint("E", n)): {Title: "Lead"}}}
		r.Pulls = map[connectors.AppID]scanner.PullFacts{"crm": {AsOf: r.AsOf, Accounts: 9}}
		_, err := l.RecordRun(r)
		ok(t, err)
		var log GrantLog
		for i := range 2000 {
			log.Add(connectors.AccountID(fmt.Sprint("a", i)), "admin")
		}
		ok(t, l.RecordGrants("crm", r.AsOf, &log))
	}
	ok(t, l.AcceptLinks(noon, scanner.Link{App: "crm", Account: "a1", Person: "E1", Actor: "dana", On: monday, Evidence: "asked her"}))
	ok(t, l.AddRuling(noon, scanner.Ruling{Finding: "f-1", Because: "class", Actor: "dana", On: monday}))
	ok(t, l.SetPendingRoster(PendingRoster{Facts: scanner.RosterFacts{SHA256: "half", People: people{"E1": {}}}, Reasons: []string{"1 of 2 records"}, At: noon, Actor: "cron"}))
}

// readAll reads every part, for tests of what damage does.
func readAll(l *Ledger) []error {
	var errs []error
	add := func(_ any, err error) { errs = append(errs, err) }
	add(l.Register())
	add(l.Roster())
	add(l.Roles())
	add(l.Missing())
	add(l.PendingRoster())
	add(l.Links())
	add(l.Rulings())
	add(l.Grants("crm"))
	add(l.Pull("crm"))
	add(l.Runs(0))
	return append(errs, l.Verify())
}

// copyState copies a closed ledger.
func copyState(t testing.TB, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	ok(t, os.CopyFS(to, os.DirFS(dir)))
	return to
}
