package report

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/scanner"
)

// anyText draws any bytes at all, and often those that formats trip over.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		rapid.SampledFrom([]string{"", "\"\\", "<!channel>&", "\u2028\u2029", "\x00\x1f\x7f\u0085", "a\xffb", "\ufffd", "=1+1", "_x000D_", "name#2"}))
}

// asJSON is what a text comes back as: each byte that is no UTF-8 has become U+FFFD.
func asJSON(s string) string { return string([]rune(s)) }

func anyFinding() *rapid.Generator[scanner.Finding] {
	return rapid.Custom(func(t *rapid.T) scanner.Finding {
		s := func(name string) string { return asJSON(anyText().Draw(t, name)) }
		f := scanner.Finding{ID: scanner.FindingID("f-" + s("id")), Kind: rapid.SampledFrom(scanner.Kinds).Draw(t, "kind"), Reason: s("reason"),
			Severity: scanner.Severity(rapid.IntRange(0, 4).Draw(t, "severity")), App: connectors.AppID(s("app")), Account: connectors.AccountID(s("account")),
			Entitlement: connectors.EntitlementID(s("entitlement")), Person: connectors.PersonID(s("person")), Group: s("group"),
			Grade: scanner.Grade(rapid.IntRange(0, int(scanner.Exact)).Draw(t, "grade")), By: scanner.By(rapid.IntRange(0, int(scanner.ByName)).Draw(t, "by")),
			Why: s("why"), FirstSeen: connectors.Date(rapid.IntRange(-20000, 60000).Draw(t, "first")), TimesSeen: rapid.Int().Draw(t, "times"),
			Related: []scanner.Related{}, Controls: []string{}}
		for range rapid.IntRange(0, 3).Draw(t, "related") {
			f.Related = append(f.Related, scanner.Related{App: connectors.AppID(s("rapp")), Account: connectors.AccountID(s("racc")), Entitlement: connectors.EntitlementID(s("rent"))})
		}
		for range rapid.IntRange(0, 3).Draw(t, "controls") {
			f.Controls = append(f.Controls, s("control"))
		}
		names := rapid.SliceOfNDistinct(rapid.Map(anyText(), asJSON), 0, 4, rapid.ID[string]).Draw(t, "names")
		for _, n := range names {
			f.Evidence = append(f.Evidence, scanner.Fact{Name: n, Value: s("value")})
		}
		return f
	})
}

func TestFindingsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(anyFinding(), 0, 3).Draw(t, "findings")
		var b bytes.Buffer
		if err := WriteJSONL(&b, want); err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(b.Bytes(), []byte("\n")); n != len(want) {
			t.Fatalf("%d lines for %d findings", n, len(want))
		}
		i := 0
		for got, err := range ReadFindings(bytes.NewReader(b.Bytes())) {
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want[i]) {
				t.Fatalf("got  %#v\nwant %#v", got, want[i])
			}
			i++
		}
		if i != len(want) {
			t.Fatalf("read %d of %d", i, len(want))
		}
		b.Reset()
		failed := scanner.SourceReport{Name: "crm", State: scanner.SourceFailed, Problem: "gone"}
		if err := WriteJSON(&b, &Review{Result: &scanner.Result{Findings: want, Sources: []scanner.SourceReport{failed}}}); err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Complete bool
			Sources  []struct{ Name, State, Problem string }
			Findings []json.RawMessage
		}
		if err := json.Unmarshal(b.Bytes(), &doc); err != nil || len(doc.Findings) != len(want) {
			t.Fatalf("the document holds %d of %d: %v", len(doc.Findings), len(want), err)
		}
		if doc.Complete || len(doc.Sources) != 1 || doc.Sources[0].State != "failed" || doc.Sources[0].Problem != "gone" {
			t.Fatalf("the failed source is not told of: %+v", doc)
		}
	})
}

// The hand-written strings are what encoding/json makes of the same bytes, once both are read back.
func TestStringsAsEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyText().Draw(t, "s")
		got := appendString(nil, s)
		var back string
		if err := json.Unmarshal(got, &back); err != nil || back != asJSON(s) {
			t.Fatalf("%q became %s, which reads as %q (%v)", s, got, back, err)
		}
		for _, r := range string(got) {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' {
				t.Fatalf("%s holds a bare %U", got, r)
			}
		}
	})
}

func TestFindingLine(t *testing.T) {
	f := scanner.Finding{ID: "f-1", Kind: scanner.OrphanedAccount, App: "crm", Why: "<a> & \u2028\x1b",
		Evidence: []scanner.Fact{{Name: "role", Value: "a"}, {Name: "role", Value: "b"}, {Name: "role#2", Value: "c"}, {Name: "role", Value: "d"}}}
	want := `{"id":"f-1","kind":"orphaned_account","reason":"","severity":"info","app":"crm","account_id":"","entitlement":"","person_id":"",` +
		`"related":[],"group":"","match":{"grade":"none","by":"nothing"},"why":"<a> & \u2028\u001b",` +
		`"evidence":{"role":"a","role#3":"b","role#2":"c","role#4":"d"},"first_seen":null,"times_seen":0,"controls":[]}`
	if got := string(AppendFinding(nil, &f)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	f.Related = []scanner.Related{{App: "erp", Entitlement: "pay"}, {App: "crm", Account: "7"}}
	f.FirstSeen, f.TimesSeen, f.Controls = day("2026-11-22"), 3, []string{"CC6.2", "AC-2"}
	for _, want := range []string{`"related":[{"app":"erp","entitlement":"pay"},{"app":"crm","account_id":"7"}]`,
		`"first_seen":"2026-11-22","times_seen":3,"controls":["CC6.2","AC-2"]}`} {
		if got := string(AppendFinding(nil, &f)); !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
}

func TestAccountLine(t *testing.T) {
	owner := &scanner.Person{ID: "E1"}
	l := &scanner.AccountLine{App: "crm", Class: connectors.Human, ClassBy: "app", Match: scanner.Match{Owner: owner, Grade: scanner.Strong, By: scanner.ByAlias},
		Account: &connectors.Account{ID: "7", Username: "u", Enabled: connectors.Yes, Created: day("2020-01-02"), From: connectors.Where{Source: "a.csv", Line: 9},
			Entitlements: []connectors.Entitlement{{ID: "x"}, {ID: "y", Privileged: true}}}}
	want := `{"app":"crm","account_id":"7","class":"human","enabled":true,"person_id":"E1","match":{"grade":"strong","by":"alias"},"runner_up":"",` +
		`"class_by":"app","username":"u","display_name":"","email":"","employee_id":"","created":"2020-01-02","last_sign_in":null,"mfa":null,` +
		`"entitlements":2,"privileged":1,"owner_ref":"","row":"a.csv:9"}`
	if got := string(AppendAccount(nil, l)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAccountsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := func(name string) string { return asJSON(anyText().Draw(t, name)) }
		tri := func(name string) connectors.Tri { return connectors.Tri(rapid.IntRange(0, 2).Draw(t, name)) }
		date := func(name string) connectors.Date { return connectors.Date(rapid.IntRange(-20000, 60000).Draw(t, name)) }
		a := connectors.Account{ID: connectors.AccountID(s("id")), Username: s("user"), DisplayName: s("name"), Email: s("mail"), EmployeeID: s("emp"),
			Enabled: tri("enabled"), MFA: tri("mfa"), Created: date("created"), LastSignIn: date("last"), From: connectors.Where{Source: s("row")}}
		l := &scanner.AccountLine{App: connectors.AppID(s("app")), Account: &a, Class: connectors.Class(rapid.IntRange(0, int(connectors.BreakGlass)).Draw(t, "class")),
			ClassBy: s("by"), Match: scanner.Match{Owner: &scanner.Person{ID: connectors.PersonID(s("owner"))}, RunnerUp: &scanner.Person{ID: connectors.PersonID(s("up"))}}}
		want := AccountRow{App: l.App, Account: a.ID, Class: l.Class, ClassBy: l.ClassBy, Enabled: a.Enabled, Person: l.Match.Owner.ID,
			RunnerUp: l.Match.RunnerUp.ID, Username: a.Username, DisplayName: a.DisplayName, Email: a.Email, EmployeeID: a.EmployeeID,
			Created: a.Created, LastSignIn: a.LastSignIn, MFA: a.MFA, Row: a.From.Source}
		n := 0
		for got, err := range ReadAccounts(bytes.NewReader(AppendAccount(nil, l))) {
			if err != nil || got != want {
				t.Fatalf("%v\ngot  %#v\nwant %#v", err, got, want)
			}
			n++
		}
		if n != 1 {
			t.Fatalf("read %d accounts", n)
		}
	})
}

// A damaged file ends in an error that names the line, never in fewer findings.
func TestReadersRefuseDamage(t *testing.T) {
	good := string(AppendFinding(nil, &sample().Result.Findings[0]))
	for name, second := range map[string]string{
		"cut":               good[:len(good)/2],
		"not an object":     `[]`,
		"severity":          strings.Replace(good, `"critical"`, `"dire"`, 1),
		"grade":             strings.Replace(good, `"grade":"exact"`, `"grade":"sure"`, 1),
		"by":                strings.Replace(good, `"by":"employee_id"`, `"by":"guess"`, 1),
		"evidence":          strings.Replace(good, `"evidence":{`, `"evidence":{"x":[],`, 1),
		"empty object":      `{}`,
		"two on a line":     good + good,
		"date":              strings.Replace(good, `"first_seen":"2026-11-22"`, `"first_seen":"yesterday"`, 1),
		"evidence as array": strings.Replace(good, `"evidence":{`, `"evidence":[{`, 1),
	} {
		n, bad := 0, error(nil)
		for _, err := range ReadFindings(strings.NewReader(good + "\n" + second + "\n" + good + "\n")) {
			if bad = err; err == nil {
				n++
			}
		}
		if n != 1 || bad == nil || !strings.Contains(bad.Error(), "line 2") {
			t.Errorf("%s: read %d, then: %v", name, n, bad)
		}
	}
}

func FuzzReadFindings(f *testing.F) {
	for _, x := range sample().Result.Findings[:4] {
		f.Add(AppendFinding(nil, &x))
	}
	f.Add([]byte(`{"id":"f","kind":"k","match":{"grade":"none","by":"nothing"},"evidence":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for x, err := range ReadFindings(bytes.NewReader(b)) {
			if err != nil {
				return
			}
			// What can be read can be written, and then reads the same.
			line := AppendFinding(nil, &x)
			for y, err := range ReadFindings(bytes.NewReader(line)) {
				if err != nil || !bytes.Equal(AppendFinding(nil, &y), line) {
					t.Fatalf("%s: %v", line, err)
				}
			}
		}
	})
}

func FuzzReadAccounts(f *testing.F) {
	f.Add([]byte(`{"app":"crm","account_id":"7","class":"human","enabled":true,"match":{"grade":"none","by":"nothing"},"mfa":null,"created":"2020-01-02"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for a, err := range ReadAccounts(bytes.NewReader(b)) {
			if err == nil && a.Class > connectors.BreakGlass {
				t.Fatalf("class %d", a.Class)
			}
		}
	})
}

func BenchmarkAppendFinding(b *testing.B) {
	f := sample().Result.Findings[2]
	var dst []byte
	for b.Loop() {
		dst = AppendFinding(dst[:0], &f)
	}
	b.SetBytes(int64(len(dst)))
}

func BenchmarkAppendAccount(b *testing.B) {
	a := connectors.Account{ID: "00u1a2b3c4d5", Username: "quillon.vaatainen", DisplayName: "Quillon Väätäinen", Email: "quillon@corp.example", EmployeeID: "00101",
		Enabled: connectors.Yes, Created: day("2018-06-01"), LastSignIn: day("2026-11-02"), From: connectors.Where{Source: "directory.csv", Line: 12345}}
	l := &scanner.AccountLine{App: "directory", Account: &a, Class: connectors.Human, ClassBy: "app", Match: scanner.Match{Grade: scanner.Exact, By: scanner.ByAddress, Owner: &scanner.Person{ID: "E101"}}}
	var dst []byte
	for b.Loop() {
		dst = AppendAccount(dst[:0], l)
	}
	b.SetBytes(int64(len(dst)))
}
