package main

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"rollcall/report"
)

const pseudonymKey = "6f1d0a59c2b84e7785aa31d94c0be2f716d3"

// privately gives the demo company a key of pseudonyms.
func privately(t *testing.T, config, more string) (keyFile string) {
	t.Helper()
	keyFile = filepath.Join(filepath.Dir(config), "pseudonyms.key")
	if err := os.WriteFile(keyFile, []byte(pseudonymKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	change(t, config, "# ------------------------------------------------------------------------------- serving", "[privacy]\npseudonym_key = \"file:pseudonyms.key\"\n"+more+"\n# serving")
	return keyFile
}

// namesOf are all names, addresses, logins and ids of the company, as its roster and a run's accounts have them, and those
// that a person signs off or gives reasons with.
func namesOf(t *testing.T, config string) (list []string) {
	t.Helper()
	f, err := os.Open(filepath.Join(filepath.Dir(config), "testdata", "company", "people.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	head := rows[0]
	for _, row := range rows[1:] {
		cell := func(name string) string { return row[slices.Index(head, name)] }
		list = append(list, cell("Employee ID"), cell("First name")+" "+cell("Last name"), cell("Last name")+" "+cell("First name"), cell("Last name"), cell("Former last name"),
			cell("Known as")+" "+cell("Last name"), cell("Work email"), cell("Private email"))
		list = append(list, strings.Split(cell("Email aliases"), ";")...)
	}
	runs, err := filepath.Glob(filepath.Join(filepath.Dir(config), ".rollcall", "runs", "*", "accounts.jsonl"))
	if err != nil || len(runs) == 0 {
		t.Fatal("there is no run", err)
	}
	in, err := os.Open(runs[len(runs)-1])
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for a, err := range report.ReadAccounts(in) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(a.Account), a.Username, a.DisplayName, a.Email, a.EmployeeID, a.OwnerRef, a.Row)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// saysAnyOf looks for texts in a text, as words: in no longer word, and a short number only as the whole text.
func saysAnyOf(text string, list []string) (found []string) {
	lower := strings.ToLower(text)
	for _, s := range list {
		s = strings.ToLower(strings.TrimSpace(s))
		if len(s) < 3 {
			continue
		}
		if len(s) < 5 && !strings.ContainsFunc(s, unicode.IsLetter) {
			if lower == s {
				found = append(found, s)
			}
			continue
		}
		for at := 0; ; {
			i := strings.Index(lower[at:], s)
			if i < 0 {
				break
			}
			from, to := at+i, at+i+len(s)
			before, after := rune(' '), rune(' ')
			if from > 0 {
				before = []rune(lower[:from])[len([]rune(lower[:from]))-1]
			}
			if to < len(lower) {
				after = []rune(lower[to:])[0]
			}
			if !unicode.IsLetter(before) && !unicode.IsDigit(before) && !unicode.IsLetter(after) && !unicode.IsDigit(after) {
				found = append(found, s)
				break
			}
			at = to
		}
	}
	return found
}

// textsOf are all texts and attributes of every part of a package: sheets, properties, names, comments, whatever there is.
func textsOf(t *testing.T, path string) map[string]string {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(r); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			switch x := token.(type) {
			case xml.CharData:
				out[string(x)] = f.Name
			case xml.Comment:
				out[string(x)] = f.Name
			case xml.StartElement:
				for _, a := range x.Attr {
					if a.Name.Local != "r" && a.Name.Local != "s" && a.Name.Local != "ref" && a.Name.Local != "id" && a.Name.Local != "Id" && a.Name.Local != "val" && a.Name.Local != "width" {
						out[a.Value] = f.Name
					}
				}
			}
		}
		r.Close()
	}
	return out
}

// The whole package of the demo company's workbook, with exceptions, a ruling and a sign-off in it, has no name, address,
// login or id of anybody; the same look at the one with names finds hundreds.
func TestPseudonymousWorkbookOfACompanyNamesNobody(t *testing.T) {
	config := company(t)
	privately(t, config, "")
	dir := t.TempDir()
	run(t, 0, "scan", "-q", "-c", config)
	said := regexp.MustCompile(`f-[0-9a-f]{16}`).FindString(run(t, 0, "findings", "list", "-c", config, "--format", "jsonl"))
	run(t, 0, "findings", "wrong", said, "-c", config, "--because", "policy", "--note", "Rasmus Holm still helps Helena")
	run(t, 0, "scan", "-q", "-c", config)
	run(t, 0, "signoff", "-c", config, "--name", "Ottoline Brackwater", "--role", "Deputy of Rasmus Holm")
	plain, nameless := filepath.Join(dir, "plain.xlsx"), filepath.Join(dir, "nameless.xlsx")
	run(t, 0, "report", "-c", config, "--out", plain)
	run(t, 0, "report", "-c", config, "--pseudonymous", "--out", nameless)

	names := append(namesOf(t, config), "Ottoline Brackwater", "Brackwater", "Deputy of", pseudonymKey, filepath.Dir(config), "testdata/company")
	found := map[string]bool{}
	for text := range textsOf(t, plain) {
		for _, s := range saysAnyOf(text, names) {
			found[s] = true
		}
	}
	if len(found) < 500 {
		t.Fatalf("only %d of %d names were found in the workbook with names: the look sees nothing", len(found), len(names))
	}
	for text, part := range textsOf(t, nameless) {
		if s := saysAnyOf(text, names); len(s) > 0 {
			t.Errorf("%s has %q in %.200q", part, s, text)
		}
	}
}

// With the switch every workbook of a run names nobody, that of the run itself too; names are asked for, and that is recorded.
func TestWorkbooksArePseudonymousByConfiguration(t *testing.T) {
	config := company(t)
	privately(t, config, "pseudonymous = true")
	run(t, 0, "scan", "-q", "-c", config)
	books, err := filepath.Glob(filepath.Join(filepath.Dir(config), ".rollcall", "runs", "*", "*.xlsx"))
	if err != nil || len(books) != 1 {
		t.Fatal(books, err)
	}
	out, named := filepath.Join(t.TempDir(), "again.xlsx"), filepath.Join(t.TempDir(), "named.xlsx")
	run(t, 0, "report", "-c", config, "--out", out)
	run(t, 0, "report", "-c", config, "--pseudonymous=false", "--out", named)
	a, _ := os.ReadFile(books[0])
	b, _ := os.ReadFile(out)
	if !bytes.Equal(a, b) {
		t.Error("the workbook that is written again is another than the run's")
	}
	if s := text(t, out, "Summary"); !strings.Contains(s, "PSEUDONYMOUS") || strings.Contains(s, "Rasmus") {
		t.Error(s)
	}
	if s := text(t, named, "Summary"); strings.Contains(s, "PSEUDONYMOUS") || !strings.Contains(s, "Rasmus Holm") {
		t.Error(s)
	}
	if events := run(t, 0, "ledger", "export", "-c", config); !strings.Contains(events, "asked for, with names") {
		t.Error("that names were asked for is not recorded")
	}
	if err := os.Remove(filepath.Join(filepath.Dir(config), "pseudonyms.key")); err != nil {
		t.Fatal(err)
	}
	run(t, 1, "scan", "-q", "-c", config) // no workbook with names takes its place
}

// Who holds the key gets back, over runs, and leaves a trace; another key, or none, finds nothing.
func TestRevealingAPseudonym(t *testing.T) {
	config := company(t)
	key := privately(t, config, "")
	run(t, 0, "scan", "-q", "-c", config)
	out := filepath.Join(t.TempDir(), "out.xlsx")
	run(t, 0, "report", "-c", config, "--pseudonymous", "--out", out)
	row := func() map[string]string {
		rows := sheetRows(t, out, "Findings")
		return rows[slices.IndexFunc(rows, func(r map[string]string) bool { return r["App"] == "code" && r["Kind"] == "orphaned_account" })]
	}()
	for column, want := range map[string]string{"Person ID": "E1020 (Rasmus Holm)", "Account ID": "code/89393358", "Finding": "f-fe436964"} {
		if got := run(t, 0, "report", "reveal", row[column], "-c", config, "--key", key, "--reason", "the auditor asked"); !strings.Contains(got, row[column]+" is "+want) {
			t.Errorf("%s %s: %q", column, row[column], got)
		}
	}
	run(t, 2, "report", "reveal", row["Person ID"], "-c", config, "--reason", "x")
	run(t, 2, "report", "reveal", row["Person ID"], "-c", config, "--key", key)
	other := filepath.Join(t.TempDir(), "other.key")
	if err := os.WriteFile(other, []byte(strings.ToUpper(pseudonymKey)), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, 1, "report", "reveal", row["Person ID"], "-c", config, "--key", other, "--reason", "guessing")
	events := run(t, 0, "ledger", "export", "-c", config)
	if n := strings.Count(events, `"pseudonym revealed"`); n != 3 || !strings.Contains(events, "the auditor asked") || strings.Contains(events, pseudonymKey) {
		t.Errorf("%d were recorded, or the key was", n)
	}
	run(t, 0, "ledger", "verify", "-c", config)
}
