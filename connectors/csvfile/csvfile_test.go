package csvfile

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/table"
)

// write makes the files of a test and returns their directory.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var columns = table.AppColumns{ID: "id", Username: "user", DisplayName: "name", Status: "state"}

func accounts(t testing.TB, f Format, dir string) ([]connectors.Account, *connectortest.Trace, error) {
	t.Helper()
	c := AppConfig{Format: f, AppOptions: table.AppOptions{Columns: columns}}
	a, err := c.OpenApp("crm", connectors.Env{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return connectortest.Accounts(context.Background(), a)
}

const german = "id;user;name;state\r\n7;mueller;Grüße, Žofie €;active\r\n"

func TestEncodings(t *testing.T) {
	utf16le, utf16be := inUTF16(german, false), inUTF16(german, true)
	latin := strings.NewReplacer("ü", "\xfc", "ß", "\xdf", "Ž", "\x8e", "€", "\x80").Replace(german)
	for _, c := range []struct{ encoding, text, says string }{
		{"", german, ""},
		{"utf-8", "\xef\xbb\xbf" + german, ""},
		{"UTF-8", german, ""},
		{"utf-16", "\xff\xfe" + utf16le, ""},
		{"utf-16", "\xfe\xff" + utf16be, ""},
		{"utf-16le", utf16le, ""},
		{"utf-16le", "\xff\xfe" + utf16le, ""},
		{"utf-16be", utf16be, ""},
		{"windows-1252", latin, ""},
		{"", "\xff\xfe" + utf16le, `write encoding = "utf-16"`},
		{"windows-1252", "\xfe\xff" + utf16be, `write encoding = "utf-16"`},
		{"windows-1252", "\xef\xbb\xbf" + german, `write encoding = "utf-8"`},
		{"utf-16", "\xef\xbb\xbf" + german, `write encoding = "utf-8"`},
		{"utf-16", utf16le, "no byte order mark"},
		{"utf-16be", "\xff\xfe" + utf16le, "other byte order"},
		{"", utf16le, "NUL byte: is the encoding right"},
	} {
		dir := write(t, map[string]string{"a.csv": c.text})
		got, trace, err := accounts(t, Format{File: "a.csv", Delimiter: ";", Encoding: c.encoding}, dir)
		if c.says != "" {
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "a.csv: ") {
				t.Errorf("%s, %.8q: error %v; want one that says %q", c.encoding, c.text, err, c.says)
			}
			continue
		}
		if err != nil || len(got) != 1 || got[0].DisplayName != "Grüße, Žofie €" {
			t.Errorf("%s, %.8q: %+v, %v, rejects %v", c.encoding, c.text, got, err, trace.Rejects)
			continue
		}
		want := connectors.Page{Request: "a.csv", Bytes: int64(len(c.text)), SHA256: sha256.Sum256([]byte(c.text))}
		if len(trace.Pages) != 1 || trace.Pages[0].Page != want {
			t.Errorf("%s: pages %v; want the bytes as they stand on disk", c.encoding, trace.Pages)
		}
	}
}

func inUTF16(s string, big bool) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return string(b)
}

func TestBytesTheEncodingDoesNotKnow(t *testing.T) {
	for name, c := range map[string]struct{ encoding, bad string }{
		"windows-1252": {"windows-1252", "id,user,name,state\n1,a,M\x81ller,active\n2,b,B,active\n"},
		"utf-8":        {"utf-8", "id,user,name,state\n1,a,M\xfcller,active\n2,b,B,active\n"},
		"utf-16":       {"utf-16le", inUTF16("id,user,name,state\n1,a,M", false) + "\x00\xd8" + inUTF16("ller,active\n2,b,B,active\n", false)},
	} {
		dir := write(t, map[string]string{"a.csv": c.bad})
		got, trace, err := accounts(t, Format{File: "a.csv", Encoding: c.encoding}, dir)
		if err != nil || len(got) != 1 || len(trace.Rejects) != 1 || trace.Rejects[0].Where.Line != 2 {
			t.Errorf("%s: %v, rejects %v, %v; want line 2 rejected", name, got, trace.Rejects, err)
		}
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	dir := write(t, map[string]string{"empty.csv": "", "mac.csv": "id,user,name,state\r1,a,A,active\r", "quote.csv": "id,user,name,state\n1,\"a,A,active\n"})
	if err := os.Mkdir(filepath.Join(dir, "dir.csv"), 0o700); err != nil {
		t.Fatal(err)
	}
	for file, says := range map[string]string{
		"none.csv": "none.csv: no such file", "empty.csv": "empty.csv: the file is empty", "dir.csv": "dir.csv: is a directory; name the export file itself",
		"mac.csv": "mac.csv: header: lines end in CR alone", "quote.csv": "quote.csv: line 2: a quote",
	} {
		_, trace, err := accounts(t, Format{File: file}, dir)
		if err == nil || !strings.HasPrefix(err.Error(), says) || len(trace.Ends) != 0 {
			t.Errorf("%s: error %v, ends %v; want %q", file, err, trace.Ends, says)
		}
		if err != nil && strings.Contains(err.Error(), dir) {
			t.Errorf("%s: the error names the file twice: %v", file, err)
		}
	}
}

func TestAFileThatGrowsIsNoList(t *testing.T) {
	text := "id,user,name,state\n" + "x,a,A,active\nw,a,A,active\nv,a,A,active\n"
	dir := write(t, map[string]string{"a.csv": text})
	a, err := AppConfig{Format: Format{File: "a.csv"}, AppOptions: table.AppOptions{Columns: columns}}.OpenApp("crm", connectors.Env{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	trace := new(connectortest.Trace)
	for _, err = range a.Accounts(t.Context(), trace) {
		if err != nil {
			break
		}
		if err := os.WriteFile(filepath.Join(dir, "a.csv"), []byte(text+"y,b,B,active\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err == nil || !strings.Contains(err.Error(), "changed while it was read") || len(trace.Ends) != 0 {
		t.Errorf("error %v, ends %v", err, trace.Ends)
	}
}

func TestFormatErrors(t *testing.T) {
	for says, f := range map[string]Format{"delimiter": {File: "a", Delimiter: ":"}, "encoding": {File: "a", Encoding: "latin"}, "file: not set": {}} {
		_, err := AppConfig{Format: f, AppOptions: table.AppOptions{Columns: columns}}.OpenApp("crm", connectors.Env{})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: error %v; want one that says %q", f, err, says)
		}
	}
}

func TestAppKeepsTheContract(t *testing.T) {
	made, err := connectors.ParseDate("2026-01-02")
	if err != nil {
		t.Fatal(err)
	}
	dir := write(t, map[string]string{
		"a.csv":      "id\tuser\tname\tstate\n1\ta\tAyre, Ann\tactive\n2\tb\n3\tc\t\"Cole\tC.\"\tdisabled\n",
		"broken.csv": "id\tuser\tname\tstate\n1\ta\tAnn\tactive\n2\tb\"\tBob\tactive\n",
		"g.csv":      "account\tent\n3\tREAD\n1\tREAD\n",
		"c.csv":      "account;key;made\n3;k1;2026-01-02\n",
	})
	open := func(file string) func(testing.TB) connectors.App {
		return func(t testing.TB) connectors.App {
			c := AppConfig{Format: Format{File: file, Delimiter: "tab"}, AppOptions: table.AppOptions{Columns: columns},
				Entitlements: EntitlementsConfig{Format: Format{File: "g.csv"}, GrantOptions: table.GrantOptions{Columns: table.GrantColumns{Account: "account", Entitlement: "ent"}}},
				Credentials: CredentialsConfig{Format: Format{File: "c.csv", Delimiter: ";"}, CredentialOptions: table.CredentialOptions{Columns: table.CredentialColumns{
					Account: "account", ID: "key", Created: "made"}}}}
			a, err := c.OpenApp("crm", connectors.Env{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
	}
	connectortest.App(t, connectortest.AppHarness{Open: open("a.csv"), Broken: open("broken.csv"), Rejects: 1, Spec: AppConfig{}.Spec(), Want: []connectors.Account{
		{ID: "1", DisplayName: "Ayre, Ann", Enabled: connectors.Yes, Entitlements: []connectors.Entitlement{{ID: "READ"}}},
		{ID: "3", DisplayName: "Cole\tC.", Enabled: connectors.No, Credentials: []connectors.Credential{{ID: "k1", Created: made}}}}})
	if hint := open("a.csv")(t).Info().SizeHint; hint != 67+26+33 {
		t.Errorf("size hint %d; want the bytes of the three files", hint)
	}
	if hint := open("none.csv")(t).Info().SizeHint; hint != 26+33 {
		t.Errorf("size hint %d; want a missing file to count as nothing", hint)
	}
}

func TestRosterKeepsTheContract(t *testing.T) {
	dir := write(t, map[string]string{
		"r.csv":      "id,name,state\nE1,Ayre,active\nE2,Bond,terminated\n",
		"broken.csv": "id,name,state\nE1,Ayre,active\n\"E2,Bond,terminated\n",
		"h.csv":      "id|from|role\nE1|2024-01-01|R1\n",
	})
	open := func(file string) func(testing.TB) connectors.Roster {
		return func(t testing.TB) connectors.Roster {
			c := RosterConfig{Format: Format{File: file}, RosterOptions: table.RosterOptions{Columns: table.RosterColumns{ID: "id", LastName: "name", Status: "state"}},
				History: HistoryConfig{Format: Format{File: "h.csv", Delimiter: "|"}, HistoryOptions: table.HistoryOptions{Columns: table.HistoryColumns{ID: "id", From: "from", Role: "role"}}}}
			r, err := c.OpenRoster(connectors.Env{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
	}
	connectortest.Roster(t, connectortest.RosterHarness{Open: open("r.csv"), Broken: open("broken.csv"), Spec: RosterConfig{}.Spec(),
		Want: []connectors.Person{{ID: "E1", LastName: "Ayre"}, {ID: "E2", Status: connectors.Terminated}}})
}

// Whatever the bytes: no panic, strings that stay as they were yielded, each record yielded or rejected, and an end only
// without an error.
func FuzzAccounts(f *testing.F) {
	f.Add("id,user,name,state\n1,a,A,active\n1,a,A,active\n", "account,ent,granted\n1,R,2024-01-01\n2,R,\n")
	f.Add("id,user,name,state\nab,a,A,active\nAB,b,B,0\n", "account,ent,granted\nAb,R,soon\n")
	f.Add("id,user,name,state\n\"1\n\",\"\"\"\",,\n\xff,,,\n,,,\n", "account,ent,granted\n")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, accountText, grantText string) {
		for name, text := range map[string]string{"a.csv": accountText, "g.csv": grantText} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c := AppConfig{Format: Format{File: "a.csv"}, AppOptions: table.AppOptions{Columns: columns},
			Entitlements: EntitlementsConfig{Format: Format{File: "g.csv"}, GrantOptions: table.GrantOptions{Columns: table.GrantColumns{Account: "account", Entitlement: "ent", Granted: "granted"}}}}
		a, err := c.OpenApp("crm", connectors.Env{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		trace := new(connectortest.Trace)
		var kept []connectors.Account
		var seen []string
		for acc, err := range a.Accounts(t.Context(), trace) {
			if err != nil {
				if trace.Ended(connectors.Accounts) {
					t.Fatalf("it ended, and then failed: %v", err)
				}
				return
			}
			kept, seen = append(kept, acc.Clone()), append(seen, fmt.Sprint(acc))
		}
		for i, acc := range kept {
			if fmt.Sprint(acc) != seen[i] {
				t.Fatalf("a kept account changed: %v was %s", acc, seen[i])
			}
		}
		if n := dataRows(accountText); len(kept)+trace.Rejected(connectors.Accounts) != n {
			t.Fatalf("%q: %d accounts and %d rejects of %d rows", accountText, len(kept), trace.Rejected(connectors.Accounts), n)
		}
	})
}

// dataRows counts the rows below the header that have something in them.
func dataRows(text string) int {
	rows, bad, _ := readAll(strings.NewReader(strings.TrimPrefix(text, "\xef\xbb\xbf")), ',', 0)
	n := bad - 1
	for _, r := range rows {
		if slices.ContainsFunc(r.cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
			n++
		}
	}
	return n
}
