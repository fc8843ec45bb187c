package report

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

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
			if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
				t.Fatalf("%q would be run", cell)
			}
		}
		s := strings.ReplaceAll(strings.ToValidUTF8(rapid.OneOf(text, rapid.StringMatching("'{0,3}[=+a].?")).Draw(t, "s"), "?"), "\x00", "")
		if got := OriginalCell(NeutralCells([]string{s})[0]); got != s {
			t.Fatalf("%q came back as %q", s, got)
		}
	})
}
