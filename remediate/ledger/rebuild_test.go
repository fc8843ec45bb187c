package ledger

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

// carried is all that events carry, as text.
func carried(t *testing.T, l *Ledger) string {
	t.Helper()
	var b strings.Builder
	add := func(v any, err error) {
		ok(t, err)
		j, err := json.Marshal(v)
		ok(t, err)
		b.Write(append(j, '\n'))
	}
	add(l.Cases(nil))
	add(l.LiveCases(nil))
	add(l.CasesOf("run-1"))
	add(l.ShadowCases())
	add(l.Suspensions())
	add(l.Disabled(noon.Add(1000 * time.Hour)))
	for i := range 6 {
		add(l.Live(fmt.Sprint("g", i)))
		add(l.LastEnded(fmt.Sprint("g", i)))
		add(l.Changed(noon.Add(time.Duration(i) * time.Hour)))
		add(l.AdminsGone("crm", noon.Add(time.Duration(i)*time.Hour)))
	}
	add(l.Removals())
	add(l.Lifts(noon))
	add(l.Stop("0123456789"))
	add(l.AnnouncedEvents())
	add(l.Allowed())
	add(l.Loosening("looser", "allowed"))
	add(l.Links())
	add(l.Rulings())
	add(l.SignOffs("run-3"))
	add(l.Workbook("sum"))
	facts, err := l.Roster()
	facts.People = nil
	add(facts, err)
	add(l.Pull("crm"))
	runs, err := l.Runs(0)
	for i := range runs {
		runs[i].Rebuilt = false
	}
	add(runs, err)
	return b.String()
}

// full is a closed ledger with something of everything, and what its events carry.
func full(t *testing.T) (dir, what string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "state")
	l := begin(t, dir)
	fill(t, l)
	fillCases(t, l)
	r := aRun(3)
	r.ManifestSHA256 = "m"
	_, err := l.RecordRun(r)
	ok(t, err)
	ok(t, l.RecordSignOff(SignOff{Run: r.ID, Name: "Dana", Role: "CISO", Statement: "seen", ManifestSHA256: "m", At: noon, Actor: "dana"}))
	ok(t, l.RecordWorkbook(Workbook{Run: r.ID, SHA256: "sum", What: "of the run", At: noon, Actor: "dana"}))
	ok(t, l.AcceptLinks(noon, scanner.Link{App: "crm", Account: "a1", Person: "E2", Actor: "dana", On: monday, Evidence: "moved"}, scanner.Link{App: "crm", Account: "a2", Person: "E2", Actor: "dana", On: monday, Evidence: "x"}))
	_, err = l.RevokeLink("crm", "a2", "dana", noon)
	ok(t, err)
	ok(t, l.AcceptPull("crm", scanner.PullFacts{AsOf: monday, Accounts: 3}, "dana", "a site closed", noon))
	for _, ran := range []string{"E8", "E9"} {
		ok(t, l.AddStop(remediate.Stop{Plan: "0123456789ab", Run: r.ID, By: []string{ran}, Ran: []remediate.Identity{{Person: connectors.PersonID(ran), Proof: "uid 1"}}, At: noon}))
	}
	ok(t, l.PutEvent(remediate.Event{ID: "e-1", Count: 8, From: monday, Until: monday + 3, Reason: "a site closes", By: dana, At: noon}, "announced", dana, noon))
	ok(t, l.PutLoosening(remediate.Loosening{Hash: "older", Before: "before"}, dana, noon))
	ok(t, l.PutAllowed(remediate.Allowed{Most: map[string]int{"per_run": 3}, By: "dana", At: noon}))
	if x, err := l.Loosening("older", "before"); err != nil || len(x.Words) > 0 {
		t.Fatalf("said of what was allowed before: %+v %v", x, err)
	}
	ok(t, l.PutLoosening(remediate.Loosening{Hash: "looser", Before: "allowed", Words: []remediate.Decision{{By: dana, Why: "we are more", At: noon, Item: "looser"}}}, dana, noon))
	if x, err := l.Loosening("another", "allowed"); err != nil || len(x.Words) > 0 {
		t.Fatalf("said of something else: %+v %v", x, err)
	}
	if x, err := l.Stop("0123456789"); err != nil || len(x.Ran) != 2 || len(x.By) != 2 {
		t.Fatalf("who ran a batch that was stopped twice: %+v %v", x, err)
	}
	what = carried(t, l)
	end(t, l)
	return dir, what
}

func TestADatabaseIsRebuiltFromItsMirror(t *testing.T) {
	dir, what := full(t)
	head := func(l *Ledger) Head { h, err := l.Head(); ok(t, err); return h }
	l := begin(t, dir)
	was := head(l)
	end(t, l)
	if _, err := Rebuild(dir, noon, "dana"); err == nil || !strings.Contains(err.Error(), "move it away") {
		t.Fatalf("over a database: %v", err)
	}
	ok(t, os.Remove(filepath.Join(dir, dbName)))
	r, err := Rebuild(dir, noon.Add(time.Hour), "dana")
	ok(t, err)
	if r.Events != int(was.Seq) || r.Cases != 6 || r.Lifts != 2 || r.Links != 1 || r.Rulings != 1 || r.Runs != 3 || r.SignOffs != 1 || r.Workbooks != 1 || r.Torn || len(r.Lost) == 0 {
		t.Errorf("rebuilt: %+v", r)
	}
	l = begin(t, dir)
	if got := carried(t, l); got != what {
		t.Errorf("rebuilt, it holds\n%s\nand held\n%s", got, what)
	}
	if had, err := l.HadHead(was); err != nil || !had {
		t.Errorf("the chain does not go through its old head: %v", err)
	}
	if h := head(l); h.Seq != was.Seq+1 {
		t.Errorf("the rebuilding itself is no event: %+v after %+v", h, was)
	}
	runs, err := l.Runs(0)
	ok(t, err)
	if !runs[0].Rebuilt {
		t.Error("a rebuilt run looks like one of which everything is known")
	}
	_, err = l.RecordRun(aRun(4)) // and it goes on
	ok(t, err)
	end(t, reopen(t, l))
}

// Half a roster must not be the first one after a rebuild.
func TestARebuiltLedgerStillKnowsWhatTheNextRosterIsHeldAgainst(t *testing.T) {
	dir, _ := full(t)
	ok(t, os.Remove(filepath.Join(dir, dbName)))
	_, err := Rebuild(dir, noon, "dana")
	ok(t, err)
	l := begin(t, dir)
	defer end(t, l)
	facts, err := l.Roster()
	ok(t, err)
	if facts == nil || facts.Records != 2 || facts.SHA256 != "sha-2" {
		t.Errorf("the last roster: %+v", facts)
	}
	if p, err := l.Pull("crm"); err != nil || p == nil || p.Accounts != 3 {
		t.Errorf("the last list: %+v %v", p, err)
	}
	if p, err := l.Pull(connectors.AppID("none")); err != nil || p != nil {
		t.Errorf("no list: %+v %v", p, err)
	}
}

// A line that was cut short tells of a change that was not acknowledged; anything else that is wrong is refused.
func TestWhatAMirrorMustBe(t *testing.T) {
	dir, _ := full(t)
	ok(t, os.Remove(filepath.Join(dir, dbName)))
	mirror := filepath.Join(dir, mirrorName)
	whole, err := os.ReadFile(mirror)
	ok(t, err)
	lines := strings.SplitAfter(string(whole), "\n")
	for name, x := range map[string]struct {
		text string
		want string
	}{
		"a line changed":  {strings.Replace(string(whole), `"reason":"a site closes"`, `"reason":"a site opens"`, 1), "was changed"},
		"a line missing":  {strings.Join(append(append([]string{}, lines[:3]...), lines[4:]...), ""), "line 4"},
		"the first lines": {strings.Join(lines[2:], ""), "line 1"},
		"not events":      {"hello\n", "line 1"},
		"empty":           {"", "no events"},
	} {
		ok(t, os.WriteFile(mirror, []byte(x.text), 0o600))
		if _, err := Rebuild(dir, noon, "dana"); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: got %v, want one that says %q", name, err, x.want)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, dbName+"*")); len(left) > 0 {
			t.Fatalf("%s leaves %v", name, left)
		}
	}
	ok(t, os.WriteFile(mirror, whole[:len(whole)-9], 0o600))
	r, err := Rebuild(dir, noon, "dana")
	ok(t, err)
	if !r.Torn {
		t.Error("a torn line is not told of")
	}
	end(t, begin(t, dir))
}

func TestRebuildNeedsTheStateID(t *testing.T) {
	dir, _ := full(t)
	ok(t, os.Remove(filepath.Join(dir, dbName)))
	ok(t, os.Remove(filepath.Join(dir, markerName)))
	if _, err := Rebuild(dir, noon, "dana"); err == nil || !strings.Contains(err.Error(), markerName) {
		t.Errorf("got %v", err)
	}
}
