package report

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/scanner"
)

func TestSummary(t *testing.T) {
	s := Summarize(sample())
	if s.Severities != [5]int{0, 15, 1, 1, 2} || s.Backlog != 1 {
		t.Errorf("severities %v, backlog %d", s.Severities, s.Backlog)
	}
	if len(s.Incomplete) != 1 || s.Incomplete[0].Source != "ledger" || len(s.Incomplete[0].NotJudged) != 1 {
		t.Errorf("incomplete %+v", s.Incomplete)
	}
	if len(s.Kinds) != 5 || s.Kinds[0].Kind != scanner.OrphanedAccount || s.Kinds[0].New != 1 || s.Kinds[4].Total != 15 {
		t.Errorf("kinds %+v", s.Kinds)
	}
	if len(s.Apps) != 2 || s.Apps[0].Total != 17 || s.Apps[1].Backlog != 1 {
		t.Errorf("apps %+v", s.Apps)
	}
	total := 0
	for _, c := range s.Kinds {
		total += c.Total
	}
	if total != len(sample().Result.Findings) {
		t.Errorf("the kinds add up to %d", total)
	}
	want := "INCOMPLETE: 1 of 3 sources could not be read whole or trusted. What is listed is not all there is. 19 findings: 2 critical, 1 high, 1 medium, 15 low. Backlog of the first run: 1 left of 61."
	if s.Verdict != want {
		t.Errorf("verdict %q", s.Verdict)
	}
}

// The verdict says how much of the truth the report is. It holds nothing that a filter shows against all there is.
func TestVerdict(t *testing.T) {
	const headline = "19 findings: 2 critical, 1 high, 1 medium, 15 low"
	ok := func(r *Review) {
		r.Result.Sources = r.Result.Sources[:2]
		r.Result.Sources[0].Rejected = 0
	}
	for name, c := range map[string]struct {
		change         func(*Review)
		want, headline string
	}{
		"whole": {ok, "Complete: 2 sources read whole. " + headline + ". Backlog of the first run: 1 left of 61.", "Complete: 2 sources read whole. " + headline + "."},
		"a row left out": {func(r *Review) { ok(r); r.Result.Sources[1].SideRejected = 1 },
			"Complete: 2 sources read to the end; 1 row was left out (listed with its source). " + headline + ". Backlog of the first run: 1 left of 61.",
			"Complete: 2 sources, 1 row left out. " + headline + "."},
		"rows left out": {func(r *Review) { ok(r); r.Result.Sources[0].Rejected, r.Result.Sources[1].Rejected = 3, 1 },
			"Complete: 2 sources read to their end; 4 rows were left out (listed with their sources). " + headline + ". Backlog of the first run: 1 left of 61.",
			"Complete: 2 sources, 4 rows left out. " + headline + "."},
		"first run": {func(r *Review) { ok(r); r.Baseline = true },
			"Complete: 2 sources read whole. " + headline + ". This is the first run: all of it is backlog. Start with the few that matter.",
			"Complete: 2 sources read whole. " + headline + "."},
		"filtered": {func(r *Review) { ok(r); r.Filter = "--app crm" }, "Complete: 2 sources read whole. " + headline + " (only --app crm).",
			"Complete: 2 sources read whole. " + headline + " (only --app crm)."},
		"filtered first run": {func(r *Review) { ok(r); r.Baseline, r.Filter = true, "--app crm" }, "Complete: 2 sources read whole. " + headline + " (only --app crm).",
			"Complete: 2 sources read whole. " + headline + " (only --app crm)."},
		"nothing": {func(r *Review) { r.Result = &scanner.Result{} }, "Nothing was found.", "Nothing was found."},
	} {
		r := sample()
		c.change(r)
		if s := Summarize(r); s.Verdict != c.want || s.Headline != c.headline {
			t.Errorf("%s: got\n%s\n%s\nwant\n%s\n%s", name, s.Verdict, s.Headline, c.want, c.headline)
		}
	}
}

// With a filter no figure compares what is shown with the last run or the first.
func TestFiguresUnderFilter(t *testing.T) {
	names := func(r *Review) (out []string) {
		for _, f := range Summarize(r).Figures {
			out = append(out, f.Name)
		}
		return out
	}
	r := sample()
	all := names(r)
	r.Filter = "--app crm"
	some := names(r)
	for _, name := range []string{"New", "Back again", "Still there", "Gone", "Not compared", "Backlog"} {
		if !slices.Contains(all, name) || slices.Contains(some, name) {
			t.Errorf("%s: without a filter %v, with one %v", name, slices.Contains(all, name), slices.Contains(some, name))
		}
	}
}

// A roster's reason is given once, whichever way the scan words it.
func TestRosterReasonOnce(t *testing.T) {
	const why = "it has 2 records where the last one had 5"
	for name, c := range map[string]struct {
		problem   string
		untrusted []string
	}{
		"refused":          {why + "; its status column is blank", []string{why, "its status column is blank"}},
		"not read whole":   {why, []string{"it was not read whole: " + why}},
		"both":             {why, []string{"it was not read whole: " + why, "its status column is blank"}},
		"no problem of it": {"", []string{why}},
	} {
		r := sample()
		r.Result.Sources[0].State, r.Result.Sources[0].Problem, r.Result.Untrusted = scanner.SourceIncomplete, c.problem, c.untrusted
		what := Summarize(r).Incomplete[0].What
		if strings.Count(what, why) != 1 {
			t.Errorf("%s: %s", name, what)
		}
		if len(c.untrusted) > 1 && strings.Count(what, "its status column is blank") != 1 {
			t.Errorf("%s: a reason is missing: %s", name, what)
		}
	}
}

// What the scanner says of an incomplete list is known by its words: should they change, this says so.
func TestWordsOfTheScanner(t *testing.T) {
	files, err := filepath.Glob("../scanner/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if src, err := os.ReadFile(name); err != nil {
			t.Fatal(err)
		} else if bytes.Contains(src, []byte(listIncomplete)) {
			return
		}
	}
	t.Errorf("the scanner no longer says %q: nothing would be listed as not judged for want of an app's whole list", listIncomplete)
}

func TestRanAndMadeBy(t *testing.T) {
	for in, want := range map[string]string{"": "rollcall, development build", "(devel)": "rollcall, development build",
		"(devel) 0123456789ab (changed)": "rollcall, development build 0123456789ab (changed)", "v1.2.3": "rollcall v1.2.3", "rollcall 0.1.0 (abc)": "rollcall 0.1.0 (abc)"} {
		if got := (&Review{Version: in}).madeBy(); got != want {
			t.Errorf("version %q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"": "nobody named", "root": "user root", "uid 7": "uid 7"} {
		if got := (&Review{By: in}).ranBy(); got != want {
			t.Errorf("by %q: %q, want %q", in, got, want)
		}
	}
}

// The few are leavers' accounts and what is critical: worst first, leavers before others, each account once.
func TestFew(t *testing.T) {
	f := func(id string, kind scanner.Kind, reason string, sev scanner.Severity, acc string) scanner.Finding {
		return scanner.Finding{ID: scanner.FindingID(id), Kind: kind, Reason: reason, Severity: sev, App: "crm", Account: connectors.AccountID(acc)}
	}
	list := []scanner.Finding{
		f("sign-in", scanner.SignInAfterExit, "", scanner.Critical, "1"),
		f("sod", scanner.SoDConflict, "", scanner.Critical, "3"),
		f("admin leaver", scanner.OrphanedAccount, scanner.ReasonLeaver, scanner.Critical, "1"),
		f("nobody's", scanner.OrphanedAccount, scanner.ReasonNoOwner, scanner.High, "4"),
		f("leaver", scanner.OrphanedAccount, scanner.ReasonLeaver, scanner.High, "5"),
		f("contract", scanner.OrphanedAccount, scanner.ReasonContractEnded, scanner.Medium, "6"),
		f("gap 1", scanner.MissingAccess, "", scanner.Critical, ""),
		f("gap 2", scanner.MissingAccess, "", scanner.Critical, ""),
	}
	var got []string
	picked, also := digestOf(list).fewest()
	for _, x := range picked {
		got = append(got, string(x.ID))
	}
	if want := []string{"admin leaver", "sod", "gap 1", "gap 2", "leaver", "contract"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if want := []string{"sign_in_after_exit"}; !slices.Equal(also["admin leaver"], want) {
		t.Errorf("beside the admin's account: got %q, want %q", also["admin leaver"], want)
	}
}

func TestWords(t *testing.T) {
	for n, want := range map[int]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %q", n, got)
		}
	}
	for _, c := range []struct {
		n, of int
		want  any
	}{{0, 0, "none"}, {0, 5, 0.0}, {1, 100000, "< 0.1 %"}, {99999, 100000, 0.999}, {5, 5, 1.0}, {1, 3, 0.333}} {
		if got := share(c.n, c.of); got != c.want {
			t.Errorf("share(%d, %d) = %v, want %v", c.n, c.of, got, c.want)
		}
	}
}
