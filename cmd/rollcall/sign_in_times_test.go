package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/scanner"
	"rollcall/scanner/evidence"
)

// earshot hears a pull and keeps what it rejects and notes.
type earshot struct{ said []string }

func (s *earshot) Page(connectors.Collection, connectors.Page) {}
func (s *earshot) Reject(_ connectors.Collection, _ connectors.Where, err error) {
	s.said = append(s.said, err.Error())
}
func (s *earshot) Total(connectors.Collection, int)          {}
func (s *earshot) End(connectors.Collection)                 {}
func (s *earshot) Note(_ connectors.Collection, note string) { s.said = append(s.said, note) }

// times are the days of one sort in a company's lists, by how files write them.
type times map[connectors.Date]bool

func (d times) add(day connectors.Date) {
	if day.Known() {
		d[day] = true
	}
}

// timesIn are the days on which something was used, and all other days, in the lists of a configuration.
func timesIn(t *testing.T, c *config) (used, others times) {
	t.Helper()
	used, others = times{}, times{}
	for _, p := range pulled(c.Roster.People(t.Context(), &earshot{})) {
		for _, d := range []connectors.Date{p.Start, p.End, p.LeaveStart, p.LeaveEnd} {
			others.add(d)
		}
		for _, r := range p.Roles {
			others.add(r.From)
		}
	}
	for _, app := range c.Apps {
		for _, a := range pulled(app.Source.Accounts(t.Context(), &earshot{})) {
			used.add(a.LastSignIn)
			others.add(a.Created)
			for _, e := range a.Entitlements {
				used.add(e.LastUsed)
				others.add(e.Granted)
				others.add(e.Until)
			}
			for _, k := range a.Credentials {
				used.add(k.LastUsed)
				others.add(k.Created)
			}
		}
	}
	return used, others
}

func pulled[T any](rows func(func(T, error) bool)) (all []T) {
	rows(func(v T, err error) bool {
		if err == nil {
			all = append(all, v)
		}
		return err == nil
	})
	return all
}

// With sign-in times switched off, no file of a run, no ledger and nothing that is printed has any day on which somebody
// used something; the workbook says what is not assessed for it; and the run replays.
func TestSignInTimesAreNowhereWhenSwitchedOff(t *testing.T) {
	config := company(t)
	conf, err := loadConfig(config, scriptNow, func(string) ([]byte, error) { return nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	used, others := timesIn(t, conf)
	off := slices.Collect(func(yield func(connectors.Date) bool) {
		for d := range used {
			if !others[d] && d != conf.AsOf && !yield(d) {
				return
			}
		}
	})
	if len(off) < 40 {
		t.Fatalf("the company has only %d days of use", len(off))
	}
	// A day that cannot be read stands in a reason for leaving its row out.
	members := filepath.Join(filepath.Dir(config), "testdata", "company", "code_members.csv")
	last := conf.app("code").Source
	for _, a := range pulled(last.Accounts(t.Context(), &earshot{})) {
		if a.LastSignIn.Known() && a.Enabled == connectors.Yes && a.Class != connectors.Service {
			b, _ := os.ReadFile(members)
			change(t, members, a.LastSignIn.String(), "31/31/1887")
			if after, _ := os.ReadFile(members); bytes.Equal(b, after) {
				t.Fatal("nothing changed")
			}
			break
		}
	}
	change(t, config, "# ------------------------------------------------------------------------------- serving", "[privacy]\nsign_in_times = false\n\n# serving")
	var printed strings.Builder
	for range 2 {
		printed.WriteString(run(t, 0, "scan", "-q", "-c", config))
	}
	printed.WriteString(run(t, 0, "sources", "check", "-c", config))
	listed := run(t, 0, "findings", "list", "-c", config, "--format", "jsonl")
	printed.WriteString(listed)
	for line := range strings.Lines(listed) {
		_, rest, _ := strings.Cut(line, `"id":"`)
		id, _, _ := strings.Cut(rest, `"`)
		printed.WriteString(run(t, 0, "explain", id, "-c", config))
	}
	printed.WriteString(run(t, 0, "plan", "--all", "-c", config))
	look := func(where, text string) {
		for _, d := range off {
			if strings.Contains(text, d.String()) {
				t.Errorf("%s has %s", where, d)
			}
		}
		for _, s := range []string{"31/31/1887", "Nobody has ever signed in", "never used", "was last used on"} {
			if strings.Contains(text, s) {
				t.Errorf("%s has %q", where, s)
			}
		}
	}
	look("what is printed", printed.String())
	state := filepath.Join(filepath.Dir(config), ".rollcall")
	runs, err := filepath.Glob(filepath.Join(state, "runs", "*"))
	if err != nil || len(runs) != 2 {
		t.Fatal(runs, err)
	}
	err = filepath.WalkDir(state, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".xlsx") || strings.HasSuffix(path, ".zst") {
			return err
		}
		b, err := os.ReadFile(path)
		look(path, string(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range runs {
		sealedTimes(t, dir, look)
		books, _ := filepath.Glob(filepath.Join(dir, "*.xlsx"))
		for text, part := range textsOf(t, books[0]) {
			look(part, text)
			for _, d := range off {
				if text == strconv.Itoa(int(d)+25569) { // as a workbook counts days
					t.Errorf("%s has the day %s", part, d)
				}
			}
		}
		if s := strings.ReplaceAll(text(t, books[0], "Summary"), "] [", " "); !strings.Contains(s, "SIGN-IN TIMES ARE SWITCHED OFF") || !strings.Contains(s, "stale_account, stale_privilege, sign_in_after_exit, dormant_credential") || !strings.Contains(s, "PCI 8.2.6") {
			t.Error("the summary does not say what is not assessed: ", s[:400])
		}
		for _, row := range sheetRows(t, books[0], "Control mapping") {
			if row["Reference"] == "8.2.6" && !strings.Contains(row["Gaps"], "NOT ASSESSED in part") {
				t.Errorf("8.2.6: %q", row["Gaps"])
			}
		}
		for _, row := range sheetRows(t, books[0], "Findings") {
			if slices.Contains(scanner.TimeKinds, scanner.Kind(row["Kind"])) {
				t.Errorf("%s was judged", row["Kind"])
			}
		}
	}
	run(t, 0, "replay", "-c", config)
}

// sealedTimes looks into what a run sealed.
func sealedTimes(t *testing.T, dir string, look func(where, text string)) {
	t.Helper()
	played, err := evidence.Replay(func(name string) (io.ReadCloser, error) { return os.Open(filepath.Join(dir, filepath.FromSlash(name))) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, app := range played.Input.Apps {
		heard := &earshot{}
		for a, err := range app.Source.Accounts(context.Background(), heard) {
			if n++; err != nil {
				t.Fatal(err)
			}
			if a.LastSignIn.Known() || a.SignInUnknown || slices.ContainsFunc(a.Entitlements, func(e connectors.Entitlement) bool { return e.LastUsed.Known() }) ||
				slices.ContainsFunc(a.Credentials, func(c connectors.Credential) bool { return c.LastUsed.Known() }) {
				t.Errorf("sealed: %s %s was used", app.ID, a.ID)
			}
		}
		look("sealed "+string(app.ID), strings.Join(heard.said, "\n"))
	}
	if n < 100 {
		t.Errorf("only %d accounts are sealed", n)
	}
}
