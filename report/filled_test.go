package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/scanner"
)

// filled is the sample with what other parts of the product add: decisions, actions, a sign-off, a policy, a period.
func filled() *Review {
	r := sample()
	at := time.Date(2026, 11, 22, 10, 30, 15, 0, time.FixedZone("IST", 19800))
	r.Manifest = fmt.Sprintf("%064x", 99)
	r.SignOff = &SignOff{"Ottoline Brackwater", "Head of IT", "I have read this review and accept what it says.", at, r.Manifest}
	r.Decisions = []Decision{
		{Finding: "f-00aa11bb22cc33dd", Case: "case-1", Verdict: Remove, Actor: "E100", Role: "manager", Independent: connectors.Yes, Reason: "has left", Asked: at, Decided: at.Add(26 * time.Hour), Channel: "slack", Message: "C01/171", Shown: "abc"},
		{Finding: "f-02aa11bb22cc33dd", Case: "case-2", Verdict: Keep, Actor: "E100", Independent: connectors.No, Reason: "deputises", Asked: at, Decided: at, Until: day("2027-01-31")},
		{Finding: "f-03aa11bb22cc33dd", Case: "case-3", Verdict: Lapsed, Actor: "policy", Asked: at},
	}
	r.Actions = []Action{
		{ID: "a-1", Finding: "f-00aa11bb22cc33dd", Case: "case-1", App: "directory", Account: "0071", What: "disable", Mode: "approved", Before: "enabled", Requested: at, Executed: at, Actor: "rollcall",
			Result: ActionDone, Request: "req-9", Confirmed: at.Add(time.Minute), Clean: connectors.Yes, UndoUntil: at.Add(720 * time.Hour), Undone: connectors.No},
		{ID: "a-2", Finding: "f-01aa11bb22cc33dd", App: "directory", Account: "0071", What: "end sessions", Requested: at, Result: ActionFailed},
		{ID: "a-3", Finding: "f-01aa11bb22cc33dd", App: "directory", Account: "0071", What: "end sessions", Requested: at, Executed: at, Result: ActionDone, Confirmed: at, Clean: connectors.No},
	}
	r.Exceptions = []scanner.Exception{
		{ID: "EX-1", Kind: scanner.SoDConflict, App: "ledger", Reason: "deputy", Owner: "E100", Expires: scanner.Day{Date: day("2026-12-31")}},
		{ID: "EX-2", Kind: scanner.StaleAccount, Reason: "seasonal", Owner: "E100", Expires: scanner.Day{Date: day("2026-11-21")}},
		{ID: "EX-3", Kind: scanner.StaleAccount, Reason: "seasonal", Owner: "E101", Expires: scanner.Day{Date: day("2026-12-31")}},
		{ID: "EX-4", Kind: scanner.StaleAccount, Reason: "seasonal", Owner: "E999", Expires: scanner.Day{Date: day("2026-12-31")}},
	}
	r.Result.Accepted = accepted()
	r.Register = []scanner.ServiceAccount{{App: "ledger", Account: "svc-*", Owner: "E101", Class: "service", Purpose: "backup", Review: scanner.Day{Date: day("2026-11-01")}}}
	r.Result.Findings = append(r.Result.Findings, scanner.Finding{ID: "f-04aa11bb22cc33dd", Kind: scanner.MoverStacking, Severity: scanner.Medium, App: "ledger", Account: "zoe",
		Entitlement: "Approve payments", Person: "E102", Evidence: []scanner.Fact{{Name: scanner.FactLogin, Value: "zoe.n"}, {Name: "roles", Value: "2020-01-15 FIN_AP; 2026-06-15 SALES"},
			{Name: "granted", Value: "2020-02-03"}, {Name: "policy", Value: "roles.FIN_AP"}}})
	scanner.SortFindings(r.Result.Findings)
	gone := scanner.Finding{ID: "f-05aa11bb22cc33dd", Kind: scanner.OrphanedAccount, Reason: scanner.ReasonLeaver, Severity: scanner.High, App: "crm", Account: "77", Person: "E101", FirstSeen: day("2026-11-03")}
	r.Period = &Period{From: day("2026-11-01"), To: day("2026-11-30"), Runs: []PastRun{{ID: "run-1", AsOf: day("2026-11-03"), Complete: true, Findings: 9, New: 9}, {ID: "run-2", AsOf: day("2026-11-10"), Findings: 8, Gone: 1}},
		Closed: []Closed{{gone, day("2026-11-03"), day("2026-11-10")}}, HRSaid: func(id connectors.PersonID) connectors.Date {
			if id == "E101" {
				return day("2026-11-02")
			}
			return 0
		}}
	return r
}

// named are the rows of a sheet by the header's names.
func named(t *testing.T, file []byte, sheet string) (out []map[string]string) {
	t.Helper()
	f := open(t, file)
	all, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range all[headRow:] {
		cells := map[string]string{}
		for i, v := range row {
			cells[all[headRow-1][i]] = v
		}
		out = append(out, cells)
	}
	return out
}

func has(t *testing.T, what string, got map[string]string, want map[string]string) {
	t.Helper()
	for name, w := range want {
		if got[name] != w {
			t.Errorf("%s: %s is %q, want %q", what, name, got[name], w)
		}
	}
}

// What was decided and done is told whole; times are UTC, whatever zone they came in; what is not known is said so.
func TestDecisionsAndActions(t *testing.T) {
	file := workbook(t, filled(), rows(sampleAccounts()...), maxRows)
	d := named(t, file, "Decisions")
	has(t, "remove", d[0], map[string]string{"Verdict": "remove", "Decided by": "E100", "Independent": "yes", "Asked (UTC)": "2026-11-22 05:00:15", "Decided (UTC)": "2026-11-23 07:00:15", "Hours taken": "26", "Holds until": "no end"})
	has(t, "keep", d[1], map[string]string{"Verdict": "keep", "Independent": "no", "Holds until": "2027-01-31"})
	has(t, "lapsed", d[2], map[string]string{"Verdict": "lapsed", "Decided by": "policy", "Decided (UTC)": "not recorded", "Hours taken": "unknown"})
	a := named(t, file, "Remediation log")
	has(t, "done", a[0], map[string]string{"Result": "done", "Confirmed clean": "confirmed", "Read again (UTC)": "2026-11-22 05:01:15", "Undone": "no"})
	has(t, "failed", a[1], map[string]string{"Result": "failed", "Confirmed clean": "not confirmed", "Carried out (UTC)": "not carried out", "Read again (UTC)": "not read again", "Can be undone until (UTC)": "cannot be undone"})
	has(t, "not clean", a[2], map[string]string{"Confirmed clean": "NOT CLEAN"})
}

// Without them the sheets stay, and say why.
func TestSheetsWithoutDataSayWhy(t *testing.T) {
	f := open(t, workbook(t, &Review{Result: &scanner.Result{AsOf: day("2026-11-22")}}, rows(), maxRows))
	for sheet, want := range map[string]string{"Decisions": "NO DECISION IS RECORDED", "Remediation log": "NOTHING WAS CHANGED", "Exceptions": "accepts no risk", "Service accounts": "none: no such account was read",
		"Movers": "none: nothing of the kind", "Summary": "NOT SIGNED OFF", "Findings": "Nothing was found"} {
		all, err := f.GetRows(sheet)
		if err != nil || !strings.Contains(fmt.Sprint(all), want) {
			t.Errorf("%s does not say %q (%v)", sheet, want, err)
		}
	}
}

func TestExceptionsServiceAccountsAndMovers(t *testing.T) {
	file := workbook(t, filled(), rows(sampleAccounts()...), maxRows)
	e := named(t, file, "Exceptions")
	for i, want := range []string{"in force", "EXPIRED", "OWNER HAS LEFT", "OWNER UNKNOWN"} {
		if e[i]["Status"] != want {
			t.Errorf("exception %d is %q, want %q", i+1, e[i]["Status"], want)
		}
	}
	has(t, "EX-1", e[0], map[string]string{"Days left": "39", "Findings covered now": "1", "Account ID": "any", "Owner": "Ottoline Brackwater"})
	s := named(t, file, "Service accounts")
	if len(s) != 1 {
		t.Fatalf("%d service accounts", len(s))
	}
	has(t, "service account", s[0], map[string]string{"Account ID": "svc-backup", "Purpose": "backup", "Owner ID": "E101", "Owner's HR status": "HAS LEFT", "Owner named by": "the register", "Review": "OVERDUE", "Last sign-in": "not provided", "Age of its secret": "not recorded"})
	m := named(t, file, "Movers")
	has(t, "mover", m[0], map[string]string{"Person": "Zoë Nguyễn", "Earlier role": "FIN_AP", "Present role": "SALES", "Present role since": "2026-06-15", "Days since the move": "160", "First found": "not recorded", "Conflicts of duties of the person": "f-02aa11bb22cc33dd"})
}

// HR's time stands apart from ours, and what is not known is never a number.
func TestTimeToRevoke(t *testing.T) {
	got := named(t, workbook(t, filled(), rows(sampleAccounts()...), maxRows), "Time to revoke")
	if len(got) != 2 {
		t.Fatalf("%d rows", len(got))
	}
	has(t, "open", got[0], map[string]string{"State": "OPEN", "Last day": "2026-10-30", "HR's record showed it on": "2026-11-02", "HR latency, days": "3", "Own latency, days": "20", "Last day to gone or today, days": "23",
		"Sign-ins after the last day": "YES, on a day not told", "Gone by": "not gone", "Asked (UTC)": "2026-11-22 05:00:15", "Decided (UTC)": "2026-11-23 07:00:15", "Confirmed clean (UTC)": "2026-11-22 05:01:15"})
	has(t, "gone", got[1], map[string]string{"State": "gone", "Gone by": "2026-11-10", "HR latency, days": "3", "Own latency, days": "8", "First found to gone or today, days": "7", "Confirmed clean (UTC)": "not confirmed", "Asked (UTC)": "not asked", "Sign-ins after the last day": "not recorded"})
	r := sample()
	has(t, "one run", named(t, workbook(t, r, rows(), maxRows), "Time to revoke")[0], map[string]string{"HR's record showed it on": "not recorded", "HR latency, days": "unknown", "Own latency, days": "unknown"})
}

func TestSignOffAndTrend(t *testing.T) {
	text := func(r *Review) string {
		all, err := open(t, workbook(t, r, rows(), maxRows)).GetRows("Summary")
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(all)
	}
	r := filled()
	got := text(r)
	for _, want := range []string{"Signed off by Ottoline Brackwater, Head of IT, on 2026-11-22 05:00:15 (UTC)", "I have read this review", "run-2", "INCOMPLETE", "Days, found to gone, median 7"} {
		if !strings.Contains(got, want) {
			t.Errorf("the summary lacks %q", want)
		}
	}
	if strings.Contains(got, "NOT SIGNED OFF") {
		t.Error("it says that nobody signed off")
	}
	r.Manifest = "another"
	if !strings.Contains(text(r), "SIGNED OFF, BUT NOT AS IT IS NOW") {
		t.Error("a sign-off for another manifest passes")
	}
	r.SignOff = nil
	if !strings.Contains(text(r), "NOT SIGNED OFF") {
		t.Error("it does not say that nobody signed off")
	}
}

func TestPercentile(t *testing.T) {
	for _, c := range []struct {
		days    []int
		percent int
		want    any
	}{{nil, 50, "no data"}, {[]int{7}, 50, 7}, {[]int{1, 2, 3, 4}, 50, 2}, {[]int{1, 2, 3, 4}, 95, 4}, {[]int{1, 2, 3, 4}, 100, 4}} {
		if got := percentile(c.days, c.percent); got != c.want {
			t.Errorf("%d%% of %v is %v, want %v", c.percent, c.days, got, c.want)
		}
	}
}

// A filled workbook is the same at every writing too, charts and all; and each chart tells those who do not see it what it
// shows.
func TestChartsSpeak(t *testing.T) {
	r := filled()
	file := workbook(t, r, rows(sampleAccounts()...), maxRows)
	if !bytes.Equal(file, workbook(t, filled(), rows(sampleAccounts()...), maxRows)) {
		t.Error("the bytes differ")
	}
	drawing := part(t, file, "xl/drawings/drawing1.xml")
	if n := strings.Count(drawing, "<xdr:graphicFrame"); n != 4 {
		t.Errorf("%d charts", n)
	}
	if n := strings.Count(drawing, ` descr="`); n != 4 || strings.Contains(drawing, `descr=""`) {
		t.Errorf("%d charts say what they show", n)
	}
}

// Each control that a finding names is in the mapping, with the finding's kind.
func TestMappingKnowsTheControlsOfFindings(t *testing.T) {
	refs := map[string][]scanner.Kind{}
	for _, f := range frameworks {
		for _, c := range f.controls {
			if c.gist == "" || c.how == "" || c.sheets == "" || c.gaps == "" {
				t.Errorf("%s %s leaves something unsaid", f.id, c.ref)
			}
			if f.prefix != "" {
				refs[f.prefix+c.ref] = c.kinds
			}
		}
		if len(kindsOf(f.id)) == 0 {
			t.Errorf("no finding bears on %s", f.id)
		}
	}
	n := 0
	for f, err := range ReadFindings(demoFindings(t)) {
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range f.Controls {
			n++
			if kinds, ok := refs[c]; !ok || !slices.Contains(kinds, f.Kind) {
				t.Errorf("%s is evidence for %s, of which the mapping says nothing", f.Kind, c)
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d controls looked at", n)
	}
}

// A reader finds every word: kinds, severities, grades, classes and states.
func TestReadMeKnowsEveryWord(t *testing.T) {
	all, err := open(t, workbook(t, filled(), rows(), maxRows)).GetRows("Read me")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, row := range all {
		for _, cell := range row {
			known[cell] = true
		}
	}
	want := []string{"OK", "INCOMPLETE", "FAILED", "yes", "NO", "not read", "never seen", notProvided, "new", "back again", "still there", "backlog", "keep", "remove", "lapsed", "done", "failed", "intent only",
		"confirmed", "NOT CLEAN", "not confirmed", "in force", "EXPIRED", "OPEN", "gone", "OVERDUE"}
	for _, k := range scanner.Kinds {
		want = append(want, string(k))
	}
	for s := scanner.Info; s <= scanner.Critical; s++ {
		want = append(want, s.String())
	}
	for g := scanner.None; g <= scanner.Exact; g++ {
		want = append(want, g.String())
	}
	for b := scanner.ByNothing; b <= scanner.ByName; b++ {
		want = append(want, b.String())
	}
	for c := connectors.Human; c <= connectors.BreakGlass; c++ {
		want = append(want, c.String())
	}
	for _, w := range want {
		if !known[w] {
			t.Errorf("Read me does not explain %q", w)
		}
	}
}

// A run's record gives the review back: the workbook made from it has the same bytes.
func TestRecordGivesTheReviewBack(t *testing.T) {
	r := filled()
	r.Period, r.NextStep = nil, scanner.NextStep
	var b bytes.Buffer
	if err := WriteRun(&b, r); err != nil {
		t.Fatal(err)
	}
	back, err := ReadReview(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	back.Person, back.Manifest, back.Findings, back.Digest = r.Person, r.Manifest, FindingsOf(r.Result.Findings), digestOf(r.Result.Findings)
	if !bytes.Equal(workbook(t, r, rows(sampleAccounts()...), maxRows), workbook(t, back, rows(sampleAccounts()...), maxRows)) {
		t.Error("the bytes differ")
	}
	if _, err := ReadReview([]byte(`{"run":"r","as_of":"2026-11-22"}`)); err != ErrNoRecord {
		t.Errorf("of an old run: %v", err)
	}
}
