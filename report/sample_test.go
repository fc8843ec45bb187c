package report

import (
	"fmt"
	"iter"
	"time"

	"rollcall/connectors"
	"rollcall/scanner"
)

// day is a date in tests.
func day(s string) connectors.Date {
	d, err := connectors.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// sample is a small made-up review: a source that failed, a backlog, hostile names.
func sample() *Review {
	people := map[connectors.PersonID]*scanner.Person{}
	add := func(id, first, last, dept string, status connectors.WorkStatus, start, end string) {
		rec := &connectors.Person{ID: connectors.PersonID(id), FirstName: first, LastName: last, Department: dept, Title: dept + " specialist",
			Status: status, Manager: "E100", Start: day(start)}
		if end != "" {
			rec.End = day(end)
		}
		people[rec.ID] = &scanner.Person{ID: rec.ID, Records: []*connectors.Person{rec}, Now: rec}
	}
	add("E100", "Ottoline", "Brackwater", "IT", connectors.Active, "2015-03-01", "")
	add("E101", "Quillon", "Väätäinen-Oyelaran", "Finance", connectors.Terminated, "2018-06-01", "2026-10-30")
	add("E102", "Zoë", "Nguyễn", "Sales", connectors.Active, "2020-01-15", "")
	add("E103", "=HYPERLINK(\"http://evil.example\",\"x\")", "<!channel>", "Sales", connectors.OnLeave, "2021-01-15", "")
	started := time.Date(2026, 11, 22, 3, 0, 0, 0, time.FixedZone("CET", 3600))
	found := []scanner.Finding{
		{ID: "f-00aa11bb22cc33dd", Kind: scanner.OrphanedAccount, Reason: scanner.ReasonLeaver, Severity: scanner.Critical, App: "directory",
			Account: "0071", Person: "E101", Group: "g-1", Grade: scanner.Exact, By: scanner.ByEmployeeID,
			Why:       "Quillon Väätäinen-Oyelaran left on 2026-10-30, and this account with a privileged role is still enabled.",
			Evidence:  []scanner.Fact{{Name: scanner.FactLogin, Value: "quillon"}, {Name: "last_day", Value: "2026-10-30"}, {Name: "role", Value: "Global Admin"}, {Name: "role", Value: "Owner"}},
			FirstSeen: day("2026-11-22"), TimesSeen: 1, Controls: []string{"SOC 2 CC6.2", "PCI DSS 4.0.1 8.2.5"}},
		{ID: "f-01aa11bb22cc33dd", Kind: scanner.SignInAfterExit, Severity: scanner.Critical, App: "directory", Account: "0071", Person: "E101",
			Group: "g-1", Grade: scanner.Exact, By: scanner.ByEmployeeID, Why: "Somebody signed in on 2026-11-02, after the owner's last day 2026-10-30.",
			Evidence: []scanner.Fact{{Name: "last_sign_in", Value: "2026-11-02"}}, FirstSeen: day("2026-11-22"), TimesSeen: 1},
		{ID: "f-02aa11bb22cc33dd", Kind: scanner.SoDConflict, Severity: scanner.High, App: "ledger", Account: "zoe", Entitlement: "Approve payments",
			Person: "E102", Related: []scanner.Related{{App: "ledger", Account: "zoe", Entitlement: "Create vendors"}, {App: "directory"}},
			Group: "g-2", Grade: scanner.Strong, By: scanner.ByAlias, Why: "One person can create a vendor and approve its payment.",
			FirstSeen: day("2026-01-10"), TimesSeen: 40, Controls: []string{"NIST 800-53 AC-5"}},
		{ID: "f-03aa11bb22cc33dd", Kind: scanner.LeaveNotSuspended, Severity: scanner.Medium, App: "ledger", Account: "=1+1", Person: "E103",
			Group: "g-3", Grade: scanner.Exact, By: scanner.ByLink, Why: "The owner is on leave; \x1b[2Jthe account is \u202eenabled.",
			FirstSeen: day("2026-02-01"), TimesSeen: 30, BackAgain: true},
	}
	for i := range 15 {
		found = append(found, scanner.Finding{ID: scanner.FindingID(fmt.Sprintf("f-%016x", 0x1000+i<<32)), Kind: scanner.StaleAccount, Severity: scanner.Low,
			App: "directory", Account: connectors.AccountID(fmt.Sprintf("09%02d", i)), Person: "E102", Group: fmt.Sprintf("s-%d", i), Grade: scanner.Exact,
			By: scanner.ByAddress, Why: fmt.Sprintf("No sign-in for %d days; the limit is 90.", 100+i), FirstSeen: day("2026-01-10"), TimesSeen: 40})
	}
	r := &Review{Run: "2026-11-22T020000Z", Version: "rollcall 0.1.0 (abcdef0)", By: "svc-rollcall on audit01", Started: started, Ended: started.Add(1500 * time.Millisecond),
		Result: &scanner.Result{AsOf: day("2026-11-22"), Findings: found, People: 4, Records: 5,
			Sources: []scanner.SourceReport{
				{Name: "roster", Title: "HR export", Info: connectors.Info{Kind: "csv", Location: "people.csv", Parameters: "none"}, State: scanner.SourceOK,
					Read: 5, Matched: 4, Rejected: 1, Previous: 5, ProviderTotal: -1, Pages: 1, Bytes: 4096, SHA256: fmt.Sprintf("%064x", 1),
					Rejects: []scanner.Reject{{Where: connectors.Where{Source: "people.csv", Line: 7}, Why: "9 cells where the header has 12"}},
					Started: started, Ended: started.Add(time.Second)},
				{Name: "directory", Title: "Company directory", Owner: "E100", Info: connectors.Info{Kind: "scim", Location: "https://directory.example/scim/v2",
					Parameters: "none", Signals: connectors.Signals{SignIn: connectors.Signal{Given: true}}}, State: scanner.SourceOK, Read: 1240, Matched: 1200,
					Unmatched: 10, NonHuman: 30, Enabled: 1100, Entitlements: 4800, ProviderTotal: 1240, Previous: 1238, Pages: 3, Bytes: 1234567,
					SHA256: fmt.Sprintf("%064x", 2), Grades: [5]int{5, 5, 20, 180, 1000}, Started: started, Ended: started.Add(time.Second),
					Files: []scanner.FileHash{{Request: "GET /Users?startIndex=1", Bytes: 99, SHA256: fmt.Sprintf("%064x", 3)}}},
				{Name: "ledger", Title: "Accounting", Info: connectors.Info{Kind: "csv", Location: "ledger.csv", Parameters: "none"}, State: scanner.SourceFailed,
					Problem: "ledger.csv: permission denied; give the service read access and run again", Read: 12, Matched: 9, Unmatched: 1, NonHuman: 2, Enabled: 12,
					ProviderTotal: -1, Previous: 480, Started: started, Ended: started.Add(time.Second)},
			},
			NotJudged: []scanner.NotJudged{
				{Kind: scanner.OrphanedAccount, App: "ledger", Why: "the account list is incomplete: verdicts on owners were taken back", Count: 12},
				{Kind: scanner.StaleAccount, App: "ledger", Why: "the app does not report sign-ins", Count: 9},
			}},
		Baseline: false, BacklogStart: 61, Backlog: func(id scanner.FindingID) bool { return id == "f-02aa11bb22cc33dd" },
		Config: fmt.Sprintf("%064x", 10), Policy: fmt.Sprintf("%064x", 11),
		Paths:  Paths{Dir: "runs/1", Findings: "runs/1/findings.jsonl", Workbook: "runs/1/review.xlsx"},
		Person: func(id connectors.PersonID) *scanner.Person { return people[id] },
		NextStep: func(k scanner.Kind, _ string) string {
			return "Deal with this " + string(k) + " in the app, then scan again."
		},
	}
	r.Change = Change{LastRun: "2026-11-21T020000Z", New: []scanner.FindingID{found[0].ID, found[1].ID}, Still: 1,
		Back: []scanner.FindingID{found[3].ID}, Gone: []scanner.Finding{{ID: "f-gone", Kind: scanner.EarlyAccess, App: "directory", Account: "0500", Person: "E102"}},
		Unjudged: []scanner.Finding{{ID: "f-unj", Kind: scanner.OrphanedAccount, Reason: scanner.ReasonNoOwner, App: "ledger", Account: "old"}}}
	return r
}

// rows yields rows as ReadAccounts would.
func rows(list ...AccountRow) iter.Seq2[AccountRow, error] {
	return func(yield func(AccountRow, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// sampleAccounts are some of the accounts the sample speaks of.
func sampleAccounts() []AccountRow {
	return []AccountRow{
		{App: "directory", Account: "0071", Class: connectors.Human, ClassBy: "app", Enabled: connectors.Yes, Person: "E101", Grade: scanner.Exact,
			By: scanner.ByEmployeeID, Username: "qvaatainen", DisplayName: "Quillon Väätäinen-Oyelaran", Email: "quillon@corp.example", EmployeeID: "00101",
			Created: day("2018-06-01"), LastSignIn: day("2026-11-02"), MFA: connectors.Yes, Entitlements: 12, Privileged: 2, Row: "GET /Users:7"},
		{App: "directory", Account: "0500", Class: connectors.Human, Enabled: connectors.No, Person: "E102", Grade: scanner.Strong, By: scanner.ByAlias,
			Username: "zoe", DisplayName: "Zoë Nguyễn", Created: day("2020-01-15"), Row: "GET /Users:8"},
		{App: "ledger", Account: "=1+1", Class: connectors.Human, Person: "E103", Grade: scanner.Exact, By: scanner.ByLink,
			Username: "@SUM(1+1)*cmd|' /C calc'!A0", DisplayName: "=HYPERLINK(\"http://evil.example\",\"x\") <!channel>", Row: "ledger.csv:3"},
		{App: "ledger", Account: "svc-backup", Class: connectors.Service, ClassBy: "register", Enabled: connectors.Yes, MFA: connectors.No,
			Username: "svc-backup", Row: "ledger.csv:4", Privileged: 1, Entitlements: 1},
	}
}
