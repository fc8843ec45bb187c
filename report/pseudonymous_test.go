package report

import (
	"archive/zip"
	"bytes"
	"html"
	"io"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/scanner"
)

const testKey = "0123456789abcdef0123456789abcdef"

func names(t *testing.T, key string) *Pseudonyms {
	t.Helper()
	n, err := NewPseudonyms([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// nameless is the workbook of a review under pseudonyms.
func nameless(t *testing.T, r *Review, n *Pseudonyms) []byte {
	t.Helper()
	var people []*scanner.Person
	for _, id := range []connectors.PersonID{"E100", "E101", "E102", "E103"} {
		people = append(people, r.Person(id))
	}
	p, err := Pseudonymize(r, n, people, rows(sampleAccounts()...))
	if err != nil {
		t.Fatal(err)
	}
	return workbook(t, p.Review(), p.Accounts(rows(sampleAccounts()...)), maxRows)
}

// texts are all parts of a package, as a reader sees their texts.
func texts(t *testing.T, file []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = html.UnescapeString(string(b))
	}
	return out
}

// Every text of a review that a person or a program wrote names somebody here; none of it is anywhere in the package.
func TestPseudonymousWorkbookHasNoTextThatNamesSomebody(t *testing.T) {
	r := filled()
	const secret = "Brackwater-was-here"
	r.By, r.Flags, r.Program = secret, secret, secret
	r.Result.Notes, r.Result.Untrusted = []string{secret}, []string{secret}
	for i := range r.Result.Sources {
		s := &r.Result.Sources[i]
		s.Problem, s.Notes, s.Info.Location, s.Info.Parameters = secret, []string{secret}, secret, secret
		s.Rejects = append(s.Rejects, scanner.Reject{Where: connectors.Where{Source: secret, Line: 1}, Why: secret})
		s.Files = append(s.Files, scanner.FileHash{Request: secret})
	}
	for i := range r.Result.Findings {
		f := &r.Result.Findings[i]
		f.Why, f.Group = secret, secret
		f.Evidence = append(f.Evidence, scanner.Fact{Name: "hr says", Value: secret}, scanner.Fact{Name: "a fact of a later version", Value: secret}, scanner.Fact{Name: "ruled wrong", Value: secret})
	}
	for i := range r.Decisions {
		d := &r.Decisions[i]
		d.Reason, d.Message, d.Role, d.Channel, d.Shown = secret, secret, secret, secret, secret
	}
	for i := range r.Actions {
		a := &r.Actions[i]
		a.Before, a.Request, a.Actor = secret, secret, secret
		a.What = "disable " + secret + " in directory"
	}
	for i := range r.Exceptions {
		r.Exceptions[i].Reason, r.Exceptions[i].Account, r.Exceptions[i].Person = secret, secret, secret
	}
	r.Register[0].Purpose = secret
	r.SignOff.Role, r.SignOff.Statement = secret, secret
	forbidden := []string{secret, "Ottoline", "Brackwater", "Quillon", "Väätäinen", "Oyelaran", "Zoë", "Nguyễn", "quillon@corp.example", "qvaatainen", "zoe.n", "svc-backup", "<!channel>",
		"E100", "E101", "E102", "E103", "00101", "GET /Users", "case-1", "EX-1", "f-00aa11bb22cc33dd", "f-05aa11bb22cc33dd", testKey}
	for part, text := range texts(t, nameless(t, r, names(t, testKey))) {
		for _, s := range forbidden {
			if strings.Contains(strings.ToLower(text), strings.ToLower(s)) {
				t.Errorf("%s has %q", part, s)
			}
		}
	}
}

// What a review says without names is all still there.
func TestPseudonymousWorkbookSaysTheRest(t *testing.T) {
	r := filled()
	plain, other := workbook(t, filled(), rows(sampleAccounts()...), maxRows), nameless(t, r, names(t, testKey))
	for sheet, columns := range map[string][]string{
		"Population":       {"App", "Class", "Enabled", "Created", "Last sign-in", "MFA", "Entitlements", "Privileged ones", "HR status", "Start", "Last day", "Match grade", "Match by"},
		"Findings":         {"Severity", "Kind", "Reason", "App", "Since the last run", "First seen", "Times seen", "Match grade", "Controls", "What to do"},
		"Decisions":        {"Verdict", "Independent", "Asked (UTC)", "Decided (UTC)", "Hours taken", "Holds until"},
		"Remediation log":  {"App", "Mode", "Result", "Confirmed clean", "Undone"},
		"Exceptions":       {"Status", "Kind", "Owner's HR status", "Days left", "Findings covered now"},
		"Service accounts": {"Class", "Owner's HR status", "Owner named by", "Review", "Next review"},
		"Time to revoke":   {"State", "Last day", "HR's record showed it on", "HR latency, days", "Own latency, days", "Within target", "HR status"},
		"Movers":           {"Present role since", "Days since the move", "Severity"},
		"Control mapping":  nil,
	} {
		a, b := named(t, plain, sheet), named(t, other, sheet)
		if len(a) != len(b) || len(a) == 0 {
			t.Errorf("%s has %d rows, with names %d", sheet, len(b), len(a))
			continue
		}
		for i := range a {
			for _, c := range columns {
				if a[i][c] != b[i][c] {
					t.Errorf("%s, row %d: %s is %q, with names %q", sheet, i+1, c, b[i][c], a[i][c])
				}
			}
		}
	}
	summary := texts(t, other)
	all := strings.Join(slices.Collect(func(yield func(string) bool) {
		for _, s := range summary {
			if !yield(s) {
				return
			}
		}
	}), "\n")
	for _, s := range []string{"PSEUDONYMOUS", r.Run, r.Manifest, names(t, testKey).KeyID()} {
		if !strings.Contains(all, s) {
			t.Errorf("it does not say %q", s)
		}
	}
}

// A person has one name in every sheet, in every run with the same key, and another with another key.
func TestPseudonymsAreStable(t *testing.T) {
	file, again, otherKey := nameless(t, filled(), names(t, testKey)), nameless(t, filled(), names(t, testKey)), nameless(t, filled(), names(t, "f"+testKey))
	if !bytes.Equal(file, again) {
		t.Error("the same review with the same key gives other bytes")
	}
	who := func(file []byte, sheet, column string) string { return named(t, file, sheet)[0][column] }
	one := who(file, "Population", "Person ID")
	if !strings.HasPrefix(one, "p-") || one != who(file, "Time to revoke", "Person ID") || one != who(file, "Service accounts", "Owner ID") || one == who(otherKey, "Population", "Person ID") {
		t.Errorf("E101 is %q, %q, %q; with another key %q", one, who(file, "Time to revoke", "Person ID"), who(file, "Service accounts", "Owner ID"), who(otherKey, "Population", "Person ID"))
	}
	if signer := who(file, "Decisions", "Decided by"); signer != who(file, "Population", "Manager") || !strings.Contains(texts(t, file)["xl/sharedStrings.xml"], "Signed off by "+signer) {
		t.Errorf("E100 decides as %q, manages as %q, and signs off as somebody else", signer, who(file, "Population", "Manager"))
	}
	if who(file, "Population", "Account ID") != who(file, "Findings", "Account ID") || who(file, "Findings", "Login") != who(file, "Findings", "Account ID") {
		t.Error("an account has several names")
	}
}

// An entitlement, or the little that the company wrote and that is shown, is withheld where it names somebody.
func TestEntitlementsNamedAfterPeople(t *testing.T) {
	r := filled()
	people := []*scanner.Person{r.Person("E100"), r.Person("E101"), r.Person("E102")}
	p, err := Pseudonymize(r, names(t, testKey), people, rows(sampleAccounts()...))
	if err != nil {
		t.Fatal(err)
	}
	for name, shown := range map[string]bool{"Approve payments": true, "mailbox:qvaatainen": false, "OneDrive (quillon@corp.example)": false, "Team Brackwater": false,
		"zoe": false, "E101-share": false, "svc-backup operators": true, "Zoë's files": false, "QUILLON": false, "MailboxZoeShared": false, "zoe2": false, "GitHub2 readers": true, "": true} {
		if got := p.entitlement(connectors.EntitlementID(name)); (string(got) == name) != shown {
			t.Errorf("%q became %q", name, got)
		}
	}
}

func TestWhatFewPeopleHaveIsNotShown(t *testing.T) {
	var people []*scanner.Person
	for i := range 6 {
		rec := &connectors.Person{ID: connectors.PersonID('a' + rune(i)), Title: "Engineer", Role: "ENG"}
		if i == 0 {
			rec.Title, rec.Role = "Chief executive", "CEO"
		}
		people = append(people, &scanner.Person{ID: rec.ID, Records: []*connectors.Person{rec}, Now: rec})
	}
	s := sharedBy(people)
	if got := s.periods("2020-01-01 ENG; 2024-01-01 CEO"); got != "2020-01-01 ENG; 2024-01-01 "+heldByFew {
		t.Error(got)
	}
	if ifShared("Chief executive", s.titles) != heldByFew || ifShared("Engineer", s.titles) != "Engineer" || s.role("*") != "*" {
		t.Error("titles")
	}
}

func TestKeyOfPseudonyms(t *testing.T) {
	for _, key := range []string{"", "short", strings.Repeat("a", 64)} {
		if _, err := NewPseudonyms([]byte(key)); err == nil || key != "" && strings.Contains(err.Error(), key) {
			t.Errorf("a key of %d bytes: %v", len(key), err)
		}
	}
	n := names(t, testKey)
	if n.name(ofAccount, "x", "a", "bc") == n.name(ofAccount, "x", "ab", "c") {
		t.Error("two accounts have one pseudonym")
	}
}
