package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

// TestFindingsFile: whatever the order in which apps end, and however little waits in memory, the file has every finding
// once, app by app, and nothing is left beside it.
func TestFindingsFile(t *testing.T) {
	apps := []connectors.AppID{"crm", "adp", "wiki", "code"}
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "findings")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		f, err := newFindings(dir, apps, 1, map[scanner.FindingID]scanner.Seen{"f-0000000000000001": {First: 7, Times: 2, Open: true}})
		if err != nil {
			t.Fatal(err)
		}
		defer f.close()
		f.room, f.recorded = rapid.IntRange(0, 2000).Draw(t, "room"), true
		f.shown = func(x *scanner.Found) bool { return x.App == "crm" }
		var want bytes.Buffer
		found := map[connectors.AppID][]scanner.Finding{}
		n, ofCRM := 0, 0
		for _, app := range []connectors.AppID{"adp", "code", "crm", "wiki", ""} {
			for range rapid.IntRange(0, 4).Draw(t, "findings") {
				n++
				x := scanner.Finding{ID: scanner.FindingID(fmt.Sprintf("f-%016x", n)), Kind: scanner.StaleAccount, App: app,
					Why: strings.Repeat("x", rapid.SampledFrom([]int{1, 500, lineBytes}).Draw(t, "length"))}
				found[app] = append(found[app], x)
				x.FirstSeen, x.TimesSeen = 1, 1
				if n == 1 {
					x.FirstSeen, x.TimesSeen = 7, 3
				}
				if app == "crm" {
					ofCRM++
				}
				want.Write(append(report.AppendFinding(nil, &x), '\n'))
			}
		}
		for _, app := range append(rapid.Permutation(apps).Draw(t, "order"), "") {
			if err := f.take(app, func(yield func(*scanner.Found) bool) {
				for i := range found[app] {
					if !yield(scanner.FoundOf(&found[app][i])) {
						return
					}
				}
			}); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.close(); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, findingsName))
		if err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Fatalf("%v: %d bytes, want %d", err, len(got), want.Len())
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Fatalf("left beside it: %v", left)
		}
		if f.all.Total() != n || f.asked.Total() != ofCRM || len(f.found) != n {
			t.Fatalf("%d counted, %d asked for, %d for the ledger; want %d, %d, %d", f.all.Total(), f.asked.Total(), len(f.found), n, ofCRM, n)
		}
	})
}

// TestFindingsFileFull: a disk that takes no more ends the run with an error that says where.
func TestFindingsFileFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err) // every Linux has it
	}
	f, err := newFindings(t.TempDir(), []connectors.AppID{"crm"}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	f.out.Close()
	f.out = full
	err = f.take("crm", slices.Values([]*scanner.Found{{Number: 1, Kind: scanner.StaleAccount, App: "crm"}}))
	if err == nil || !strings.Contains(err.Error(), "crm") {
		t.Fatalf("got %v", err)
	}
}

// A run that cannot begin says why, and leaves nothing behind.
func TestRunCannotBegin(t *testing.T) {
	config := company(t)
	state := filepath.Join(filepath.Dir(config), ".rollcall")
	if err := os.WriteFile(state, []byte("no folder"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, 1, "scan", "-q", "-c", config)
	if err := os.Remove(state); err != nil {
		t.Fatal(err)
	}
	led, err := ledger.Open(state, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer led.Close()
	run(t, 1, "scan", "-q", "-c", config) // somebody else has the ledger
	if left, _ := filepath.Glob(filepath.Join(state, "runs", "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
