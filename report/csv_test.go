package report

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/scanner"
)

func TestCSV(t *testing.T) {
	r := sample()
	var b bytes.Buffer
	if err := WriteCSV(&b, r.Result.Findings); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(got) != 1+len(r.Result.Findings) {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	want := []string{"f-02aa11bb22cc33dd", "sod_conflict", "", "high", "ledger", "zoe", "Approve payments", "E102",
		"ledger / zoe / Create vendors; directory", "g-2", "strong", "alias", "One person can create a vendor and approve its payment.", "", "2026-01-10", "40", "NIST 800-53 AC-5"}
	if !slices.Equal(got[3], want) {
		t.Errorf("got  %q\nwant %q", got[3], want)
	}
	if got[4][5] != "'=1+1" {
		t.Errorf("account %q", got[4][5])
	}
}

// No cell of any finding begins with what a spreadsheet would run, and a neutral cell gives back its original.
func TestCSVIsInert(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(anyText(), rapid.StringMatching("[=+\\-@\t\r\n'＝＋－＠].{0,10}"))
		f := scanner.Finding{ID: "f-1", Kind: scanner.WeakSignIn, App: connectors.AppID(text.Draw(t, "app")), Account: connectors.AccountID(text.Draw(t, "account")),
			Why: text.Draw(t, "why"), Evidence: []scanner.Fact{{Name: text.Draw(t, "name"), Value: text.Draw(t, "value")}}}
		var b bytes.Buffer
		if err := WriteCSV(&b, []scanner.Finding{f}); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&b).ReadAll()
		if err != nil || len(rows) != 2 {
			t.Fatalf("%q, %v", rows, err)
		}
		for _, cell := range rows[1] {
			if i := strings.IndexFunc(cell, func(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) }); i >= 0 {
				t.Fatalf("%q steers a terminal", cell)
			}
			if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
				t.Fatalf("%q would be run", cell)
			}
		}
		s := uncontrolled(rapid.OneOf(text, rapid.StringMatching("'{0,3}[=+a].?")).Draw(t, "s"))
		if got := OriginalCell(NeutralCells([]string{s})[0]); got != s {
			t.Fatalf("%q came back as %q", s, got)
		}
	})
}

func TestUncontrolled(t *testing.T) {
	for in, want := range map[string]string{
		"two\r\nlines\tand a tab": "two\nlines\tand a tab",
		"\x1b[2J":                 "\uFFFD[2J",
		"\u009b31m":               "\uFFFD31m",
		"a\x00b\x7fc\rd":          "a\uFFFDb\uFFFDc\uFFFDd",
		"a\xffb":                  "a\uFFFDb",
		"Nguyễn 👩\u200d💻":         "Nguyễn 👩\u200d💻",
	} {
		if got := uncontrolled(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
