package table

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

func day(t testing.TB, s string) connectors.Date {
	t.Helper()
	d, err := connectors.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// limit is a Limit as configured.
func limit(t testing.TB, s string) (l Limit) {
	t.Helper()
	if err := l.UnmarshalText([]byte(s)); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestAccountsHaveAllTheirColumns(t *testing.T) {
	f := mem("a.csv", "ID|User|Name|Mail|More|Emp|Owner|State|Kind|Made|Seen|MFA|Local|Rights",
		" 7 |ann|Ann Ayre|ann@corp.example|a@x.example; ann.b@x.example;|E001|E002|ACTIVE|Service Account|2024-02-29|2026-10-31T23:30:00Z|yes|0| READ ;WRITE;READ",
		"8|||||||||||||",
	)
	o := AppOptions{Columns: AppColumns{ID: "id", Username: "user", DisplayName: "name", Email: "mail", Aliases: "more", EmployeeID: "EMP",
		Owner: "owner", Status: "state", Class: "kind", Created: "made", LastSignIn: "seen", MFA: "mfa", LocalSignIn: "local", Entitlements: "rights"}}
	got, trace, err := pullApp(t, f, o, nil, GrantOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := []connectors.Account{
		{ID: "7", Username: "ann", DisplayName: "Ann Ayre", Email: "ann@corp.example", Aliases: []string{"a@x.example", "ann.b@x.example"},
			EmployeeID: "E001", OwnerRef: "E002", Enabled: connectors.Yes, Class: connectors.Service, Created: day(t, "2024-02-29"),
			LastSignIn: day(t, "2026-10-31"), MFA: connectors.Yes, LocalSignIn: connectors.No,
			Entitlements: []connectors.Entitlement{{ID: "READ"}, {ID: "WRITE"}}, From: connectors.Where{Source: "a.csv", Line: 2}},
		{ID: "8", From: connectors.Where{Source: "a.csv", Line: 3}},
	}
	if len(got) != len(want) {
		t.Fatalf("%d accounts, rejects %v", len(got), rejects(trace))
	}
	for i := range want {
		if len(got[i].Aliases) == 0 {
			got[i].Aliases = nil
		}
		if len(got[i].Entitlements) == 0 {
			got[i].Entitlements = nil
		}
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("account %d:\n got  %+v\n want %+v", i, got[i], want[i])
		}
	}
	if len(trace.Rejects) != 0 || !trace.Ended(connectors.Accounts) || len(trace.Pages) != 1 {
		t.Errorf("rejects %v, ends %v, pages %v", trace.Rejects, trace.Ends, trace.Pages)
	}
	if len(trace.Notes) != 1 || !strings.Contains(trace.Notes[0].Text, "1 entitlements stood twice") {
		t.Errorf("notes %v; want one of the merged READ", trace.Notes)
	}
}

func TestRowsAreRejectedOneByOne(t *testing.T) {
	f := mem("a.csv", "id|user|mail|state",
		"1|a|a@x|active",
		"2|b|b@x",
		"3|c|c@x|dormant",
		"|d|d@x|active",
		"|||",
		"BAD not UTF-8",
		"1.2345E+15|e|e@x|active",
		"#N/A|e|e@x|active",
		"4|f|f@x|disabled|more",
		"5|g|g@x|",
	)
	got, trace, err := pullApp(t, f, AppOptions{Common: Common{MaxRejected: limit(t, "7")}, Columns: accountColumns}, nil, GrantOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, "accounts", holds(got), "1:", "5:")
	if got[1].Enabled != connectors.Unknown {
		t.Errorf("a blank status is %v; want unknown", got[1].Enabled)
	}
	wantLines(t, "rejects", rejects(trace),
		"a.csv:3: 3 cells, and the header has 4",
		`a.csv:4: state: "dormant" is no word known here: add it to [app.status] enabled or disabled`,
		"a.csv:5: no id",
		"a.csv:7: not UTF-8",
		`a.csv:8: id: "1.2345E+15" is an id that a spreadsheet has rounded: have the column exported as text`,
		`a.csv:9: id: "#N/A" is the error of a spreadsheet formula: have the value exported`,
		"a.csv:10: 5 cells, and the header has 4",
	)
}

func TestTooManyRejectedRowsMakeThePullPartial(t *testing.T) {
	lines := []string{"id|user|mail|state"}
	for i := range 150 {
		lines = append(lines, fmt.Sprintf("%d|u|u@x|active", i))
	}
	spoil := func(n int) *memFile {
		l := append([]string(nil), lines...)
		for i := range n {
			l[10+i] = fmt.Sprintf("%d|u|u@x|what", i)
		}
		return mem("a.csv", l...)
	}
	for _, c := range []struct {
		max     string
		bad     int
		partial bool
	}{{"", 2, false}, {"", 3, true}, {"0", 0, false}, {"0", 1, true}, {"5", 5, false}, {"5", 6, true}, {"10%", 15, false}, {"10%", 16, true}, {"0%", 1, true}} {
		o := AppOptions{Columns: accountColumns}
		if c.max != "" {
			o.MaxRejected = limit(t, c.max)
		}
		got, trace, err := pullApp(t, spoil(c.bad), o, nil, GrantOptions{})
		if (err != nil) != c.partial || trace.Ended(connectors.Accounts) == c.partial {
			t.Errorf("max_rejected %q, %d bad rows of 150: error %v, ends %v", c.max, c.bad, err, trace.Ends)
		}
		if len(got)+len(trace.Rejects) < 149 {
			t.Errorf("max_rejected %q: %d rows and %d rejects; the rest is lost", c.max, len(got), len(trace.Rejects))
		}
		if bad := (*BadRecord)(nil); c.partial && (!errors.As(err, &bad) || bad.Line != 11 || !strings.Contains(err.Error(), "a.csv: ")) {
			t.Errorf("the error names neither the file nor the first row: %v", err)
		}
	}
}

func TestDuplicateAccounts(t *testing.T) {
	f := mem("a.csv", "id|user|mail|state",
		"7|ann|ann@x|disabled",
		"7|ann|ann@x|active",
		"7|bea|ann@x|active",
		"aB|BOB|Bob@X|active", // one account in two spellings
		"Ab|bob|bob@x|active",
		"AB|eve|eve@x|active", // another one: ids of some apps are case-sensitive
		"ab|||active",         // nothing says that it is one of them
		"ab|||active",
		"6|cy|cy@x|active",
	)
	got, trace, err := pullApp(t, f, AppOptions{Common: Common{MaxRejected: limit(t, "1")}, Columns: accountColumns}, nil, GrantOptions{})
	if err != nil {
		t.Fatal(err) // only the contradiction counts
	}
	wantLines(t, "accounts", holds(got), "6:", "7:", "AB:", "Ab:", "ab:")
	wantLines(t, "rejects", rejects(trace),
		"a.csv:4: duplicate of line 3",
		"a.csv:2: duplicate of line 3, which is kept, and its status is another",
		"a.csv:5: duplicate of line 6",
		"a.csv:9: duplicate of line 8",
	)
	if len(trace.Notes) != 1 || !strings.HasPrefix(trace.Notes[0].Text, "2 ids differ") {
		t.Errorf("notes: %v", trace.Notes)
	}
}

// What stands in an account's own column is not lost with a row that repeats the account.
func TestDuplicatesKeepWhatTheyHold(t *testing.T) {
	f := mem("a.csv", "id|state|rights", "7|active|B;C", "7|active|A;B", "8||D")
	got, trace, err := pullApp(t, f, AppOptions{Columns: AppColumns{ID: "id", Status: "state", Entitlements: "rights"}}, nil, GrantOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, "accounts", holds(got), "8: D", "7: A B C")
	wantLines(t, "rejects", rejects(trace), "a.csv:2: duplicate of line 3")
}

// The entitlements of all spellings of an account are its own, even where another account's id differs in case only.
func TestEntitlementsOfEverySpelling(t *testing.T) {
	accounts := mem("a.csv", "id|user|mail|state", "aB|bob|bob@x|", "Ab|bob|bob@x|", "AB|eve|eve@x|", "Xy|x|x@x|", "xY|y|y@x|what")
	grants := mem("g.csv", "account|ent|granted|used", "aB|R1||", "Ab|R2||", "AB|R3||", "ab|R4||", "Xy|R5||", "xY|R6||", "xy|R7||")
	o := AppOptions{Common: Common{MaxRejected: limit(t, "1")}, Columns: accountColumns}
	got, trace, err := pullApp(t, accounts, o, grants, GrantOptions{Columns: grantColumns, MaxRejected: limit(t, "3")})
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, "accounts", holds(got), "AB: R3", "Ab: R1 R2", "Xy: R5")
	wantLines(t, "rejects", rejects(trace),
		`a.csv:6: state: "what" is no word known here: add it to [app.status] enabled or disabled`,
		"a.csv:2: duplicate of line 3",
		`g.csv:5: account "ab" is not in a.csv`,
		`g.csv:7: account "xY" was itself rejected in a.csv`,
		`g.csv:8: account "xy" is not in a.csv`,
	)
}

func TestARejectedRowHasNoDuplicates(t *testing.T) {
	f := mem("a.csv", "id|user|mail|state", "Ab|bob|bob@x|what", "aB|bob|bob@x|active", "7|a|a@x|what", "7|a|a@x|active")
	got, _, err := pullApp(t, f, AppOptions{Common: Common{MaxRejected: limit(t, "2")}, Columns: accountColumns}, nil, GrantOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, "accounts", holds(got), "7:", "aB:")
}

func TestEntitlementsAreJoined(t *testing.T) {
	accounts := mem("a.csv", "id|user|mail|state",
		"1|a|a@x|active", "2|b|b@x|active", "3|c|c@x|what", "Xy|d|d@x|active", "Pq|e|e@x|active", "pQ|f|f@x|active", "4|g|g@x|active")
	grants := mem("g.csv", "account|ent|granted|used",
		"2|WRITE|2024-01-02|",
		"1|READ|2024-03-01|2026-01-01",
		"9|READ||",
		"2|READ||",
		" 1 |READ|2023-03-01|2025-01-01",
		"3|READ||",
		"xY|READ||", // can only mean Xy
		"pq|READ||", // Pq or pQ: nobody knows
		"pQ|OWN||",
		"1||2024-01-01|",
		"2|LATE|soon|",
		"1|WRITE||2026-02-02",
	)
	o := AppOptions{Common: Common{MaxRejected: limit(t, "1")}, Columns: accountColumns}
	got, trace, err := pullApp(t, accounts, o, grants, GrantOptions{Columns: grantColumns, MaxRejected: limit(t, "5")})
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, "accounts", holds(got), "1: READ WRITE", "2: READ WRITE", "Xy: READ", "4:", "Pq:", "pQ: OWN")
	if e := got[0].Entitlements[0]; e.Granted != day(t, "2023-03-01") || e.LastUsed != day(t, "2026-01-01") {
		t.Errorf("merged: %+v; want the earliest grant and the latest use", e)
	}
	wantLines(t, "rejects", rejects(trace),
		"g.csv:11: the account or the entitlement is blank",
		`g.csv:12: granted: "soon" is no date as declared (YYYY-MM-DD, YYYY-MM-DDThh:mm:ssZ): correct dates, or list it in no_date if it means none`,
		`a.csv:4: state: "what" is no word known here: add it to [app.status] enabled or disabled`,
		`g.csv:4: account "9" is not in a.csv`,
		`g.csv:7: account "3" was itself rejected in a.csv`,
		`g.csv:9: account "pq" is not in a.csv`,
	)
	if !trace.Ended(connectors.Accounts, connectors.Entitlements) {
		t.Errorf("ends: %v", trace.Ends)
	}
}

func TestGrantsKeepHowTheyAreHeld(t *testing.T) {
	accounts := mem("a.csv", "id|user|mail|state", "1|a|a@x|active")
	grants := mem("g.csv", "account|ent|until|priv|via",
		"1|ADMIN|2026-01-01|no|", "1|ADMIN|2026-03-01|yes|", "1|ADMIN||no|all-staff", "1|READ|2026-01-01||", "1|READ||no|")
	got, _, err := pullApp(t, accounts, AppOptions{Columns: accountColumns}, grants,
		GrantOptions{Columns: GrantColumns{Account: "account", Entitlement: "ent", Until: "until", Privileged: "priv", Inherited: "via"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []connectors.Entitlement{{ID: "ADMIN", Privileged: true, Until: day(t, "2026-03-01")}, {ID: "ADMIN", Inherited: "all-staff"}, {ID: "READ"}}
	if !reflect.DeepEqual(got[0].Entitlements, want) {
		t.Errorf("got  %+v\nwant %+v", got[0].Entitlements, want)
	}
}

func TestTooManyStrangersMakeThePullPartial(t *testing.T) {
	accounts := mem("a.csv", "id|user|mail|state", "1|a|a@x|active")
	grants := mem("g.csv", "account|ent|granted|used", "1|READ||", "7|READ||", "8|READ||")
	_, trace, err := pullApp(t, accounts, AppOptions{Columns: accountColumns}, grants, GrantOptions{Columns: grantColumns})
	if err == nil || !strings.Contains(err.Error(), "g.csv: 2 of 3 rows were rejected") || len(trace.Ends) != 0 {
		t.Errorf("error %v, ends %v; want the entitlement file to be partial, and nothing ended", err, trace.Ends)
	}
}

func TestAFileThatChangesBetweenReadingsIsRefused(t *testing.T) {
	f := mem("a.csv", "id|user|mail|state", "1|a|a@x|active", "2|b|b@x|active")
	f.grow = true
	_, trace, err := pullApp(t, f, AppOptions{Columns: accountColumns}, nil, GrantOptions{})
	if err == nil || !strings.Contains(err.Error(), "a.csv: the file changed while it was read") || len(trace.Ends) != 0 {
		t.Errorf("error %v, ends %v", err, trace.Ends)
	}
	people := mem("r.csv", "id|name|state|role", "1|a|active|", "2|b|active|")
	people.grow = true
	_, trace, err = pullRoster(t, people, RosterOptions{Columns: personColumns}, nil, HistoryOptions{})
	if err == nil || !strings.Contains(err.Error(), "r.csv: the file changed while it was read") || len(trace.Ends) != 0 {
		t.Errorf("error %v, ends %v", err, trace.Ends)
	}
}

func TestSizeHint(t *testing.T) {
	f := AppFiles{mem("a", "12345"), mem("g", "123"), mem("c", "1")}
	a, err := NewApp("app", "mem", "none", f, AppOptions{Columns: accountColumns}, GrantOptions{Columns: grantColumns},
		CredentialOptions{Columns: credentialColumns}, connectors.Env{})
	if err != nil || a.Info().SizeHint != 9 || a.Info().SizeHint != 9 {
		t.Errorf("app: %v, %v", a.Info().SizeHint, err)
	}
	r, err := NewRoster("mem", "none", mem("r", "1234"), RosterOptions{Columns: personColumns}, mem("h", "12"), HistoryOptions{Columns: historyColumns}, connectors.Env{})
	if err != nil || r.Info().SizeHint != 6 {
		t.Errorf("roster: %v, %v", r.Info().SizeHint, err)
	}
}

func TestSignals(t *testing.T) {
	all := AppColumns{ID: "id", LastSignIn: "seen", MFA: "mfa"}
	given := connectors.Signal{Given: true}
	for _, c := range []struct {
		columns AppColumns
		reports []string
		want    connectors.Signals
		says    string
	}{
		{all, nil, connectors.Signals{SignIn: given, MFA: given, GrantDate: given, Use: given}, ""},
		{AppColumns{ID: "id", LocalSignIn: "local"}, nil, connectors.Signals{MFA: given, GrantDate: given, Use: given}, ""},
		{all, []string{}, connectors.Signals{}, ""},
		{all, []string{"sign_in", "use"}, connectors.Signals{SignIn: given, Use: given}, ""},
		{AppColumns{ID: "id"}, []string{"sign_in"}, connectors.Signals{}, "set last_sign_in in [app.columns]"},
		{all, []string{"last_sign_in"}, connectors.Signals{}, "none of sign_in, use, grant_date, mfa"},
	} {
		a, err := NewApp("app", "mem", "none", AppFiles{Accounts: mem("a"), Entitlements: mem("g")}, AppOptions{Columns: c.columns, Reports: c.reports}, GrantOptions{Columns: grantColumns}, CredentialOptions{}, connectors.Env{})
		if c.says != "" {
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("reports %q: error %v; want one that says %q", c.reports, err, c.says)
			}
			continue
		}
		if err != nil {
			t.Errorf("reports %q: %v", c.reports, err)
		} else if got := a.Info().Signals; got != c.want {
			t.Errorf("reports %q: signals %+v; want %+v", c.reports, got, c.want)
		}
	}
}

// A column whose signal is not reported is not read at all: its values could only mislead.
func TestUnreportedSignalsStayEmpty(t *testing.T) {
	f := mem("a.csv", "id|seen", "1|2026-01-01")
	got, _, err := pullApp(t, f, AppOptions{Columns: AppColumns{ID: "id", LastSignIn: "seen"}, Reports: []string{}}, nil, GrantOptions{})
	if err != nil || got[0].LastSignIn.Known() {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAppConfigurationErrors(t *testing.T) {
	for _, c := range []struct {
		name, says string
		change     func(*AppOptions, *GrantOptions)
	}{
		{"no id", "[app.columns] id: not set", func(o *AppOptions, _ *GrantOptions) { o.Columns.ID = "" }},
		{"no account", "[app.entitlements.columns] account: not set", func(_ *AppOptions, g *GrantOptions) { g.Columns.Account = "" }},
		{"both", "not both", func(o *AppOptions, _ *GrantOptions) { o.Columns.Entitlements = "roles" }},
		{"separator", "list_separator", func(o *AppOptions, _ *GrantOptions) { o.ListSeparator = "/" }},
		{"word in two lists", `"On" is in both enabled and disabled`, func(o *AppOptions, _ *GrantOptions) {
			o.Status = EnabledWords{Enabled: []string{"on"}, Disabled: []string{"On"}}
		}},
		{"empty word", "[app.class] guest: an empty word", func(o *AppOptions, _ *GrantOptions) { o.Class.Guest = []string{" "} }},
		{"dates", "two digits", func(o *AppOptions, _ *GrantOptions) { o.Dates = []string{"DD.MM.YY"} }},
		{"second dates", "entitlements: dates", func(_ *AppOptions, g *GrantOptions) { g.Dates = []string{"DD.MM.YY"} }},
	} {
		o, g := AppOptions{Columns: accountColumns}, GrantOptions{Columns: grantColumns}
		c.change(&o, &g)
		_, err := NewApp("crm", "mem", "none", AppFiles{Accounts: mem("a"), Entitlements: mem("g")}, o, g, CredentialOptions{}, connectors.Env{})
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), `app "crm": `) {
			t.Errorf("%s: error %v; want one that says %q", c.name, err, c.says)
		}
	}
}

func TestColumnsWithoutAFileAreRefused(t *testing.T) {
	_, err := NewApp("crm", "mem", "none", AppFiles{Accounts: mem("a")}, AppOptions{Columns: accountColumns}, GrantOptions{Columns: grantColumns}, CredentialOptions{}, connectors.Env{})
	if err == nil || !strings.Contains(err.Error(), "[app.entitlements]: columns are named") {
		t.Errorf("app: %v", err)
	}
	_, err = NewRoster("mem", "none", mem("r"), RosterOptions{Columns: personColumns}, nil, HistoryOptions{Columns: historyColumns}, connectors.Env{})
	if err == nil || !strings.Contains(err.Error(), "[roster.history]: columns are named") {
		t.Errorf("roster: %v", err)
	}
}

func TestHeaders(t *testing.T) {
	for _, c := range []struct{ header, says string }{
		{"Account Id|user|mail|state", `a.csv: no column "id", which [app.columns] id names; the header has: Account Id, user, mail, state`},
		{"id|usr|mail|state", `no column "user", which [app.columns] username names; the nearest is "usr"`},
		{"id|user|mail|state| ID ", `the header has "ID" twice (columns 1 and 5)`},
		{"", "a.csv: the file is empty"},
	} {
		_, trace, err := pullApp(t, mem("a.csv", c.header), AppOptions{Columns: accountColumns}, nil, GrantOptions{})
		if err == nil || !strings.Contains(err.Error(), c.says) || len(trace.Ends) != 0 {
			t.Errorf("header %q: error %v; want one that says %q", c.header, err, c.says)
		}
	}
	got, trace, err := pullApp(t, mem("a.csv", "STATE| Mail |ID|User|x|x"), AppOptions{Columns: accountColumns}, nil, GrantOptions{})
	if err != nil || len(got) != 0 || !trace.Ended(connectors.Accounts) {
		t.Errorf("a header alone: %v, %v, ends %v", got, err, trace.Ends)
	}
}

func TestAppKeepsTheContract(t *testing.T) {
	lines := []string{"id|user|mail|state", "1|a|a@x|active", "2|b|b@x|disabled", "2|b|b@x|disabled", "3|c|c@x|active"}
	grantLines := []string{"account|ent|granted|used", "3|READ|2024-01-01|", "1|READ||2026-01-01", "1|WRITE||"}
	open := func(fail error) func(testing.TB) connectors.App {
		return func(t testing.TB) connectors.App {
			accounts := mem("a.csv", lines...)
			accounts.fail = fail
			a, err := NewApp("app", "mem", "none", AppFiles{Accounts: accounts, Entitlements: mem("g.csv", grantLines...)}, AppOptions{Columns: accountColumns}, GrantOptions{Columns: grantColumns}, CredentialOptions{}, connectors.Env{})
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
	}
	connectortest.App(t, connectortest.AppHarness{
		Open:    open(nil),
		Broken:  open(errors.New("disk on fire")),
		Want:    []connectors.Account{{ID: "1", Username: "a", Enabled: connectors.Yes}, {ID: "2", Enabled: connectors.No}, {ID: "3", Email: "c@x"}},
		Rejects: 1,
	})
}
