//go:build integration

package report

import (
	"context"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
)

// These tests open workbooks in LibreOffice, which nobody here wrote. They need Debian's libreoffice-calc and
// poppler-utils, and install them where they are missing and may be.

func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	if os.Getuid() != 0 {
		t.Fatalf("%s is missing: install libreoffice-calc and poppler-utils", program)
	}
	for _, args := range [][]string{{"update", "-qq"}, {"-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends", "libreoffice-calc", "poppler-utils"}} {
		if out, err := exec.Command("apt-get", args...).CombinedOutput(); err != nil {
			t.Fatalf("apt-get %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// convert has LibreOffice open a workbook and write it in another form.
func convert(t *testing.T, file, to string) {
	t.Helper()
	need(t, "soffice")
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "soffice", "-env:UserInstallation=file://"+filepath.Join(t.TempDir(), "profile"), "--headless", "--convert-to", to, "--outdir", filepath.Dir(file), file)
	if out, err := c.CombinedOutput(); err != nil || strings.Contains(string(out), "Error") {
		t.Fatalf("LibreOffice: %v\n%s", err, out)
	}
}

func written(t *testing.T, r *Review, accounts []AccountRow, limit int) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "book.xlsx")
	if err := os.WriteFile(file, workbook(t, r, rows(accounts...), limit), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Every sheet is printed, nothing is too wide to be shown, and the words that matter are on paper.
func TestIntegrationPDF(t *testing.T) {
	need(t, "pdftotext")
	for name, r := range map[string]*Review{"filled": filled(), "one run": sample()} {
		file := written(t, r, sampleAccounts(), maxRows)
		convert(t, file, "pdf")
		out, err := exec.Command("pdftotext", "-layout", strings.TrimSuffix(file, "xlsx")+"pdf", "-").CombinedOutput()
		if err != nil {
			t.Fatalf("pdftotext: %v\n%s", err, out)
		}
		text := string(out)
		if strings.Contains(text, "###") {
			t.Errorf("%s: a cell shows ###", name)
		}
		want := []string{"INCOMPLETE", "FAILED", "Quillon Väätäinen-Oyelaran", "2026-11-22 02:00:00", "=HYPERLINK("}
		if name == "filled" {
			want = append(want, "Signed off by Ottoline Brackwater", "NOT CLEAN", "OWNER HAS LEFT", "OVERDUE", "median")
		} else {
			want = append(want, "NOT SIGNED OFF", "NO DECISION IS RECORDED", "NOTHING WAS CHANGED", "accepts no risk")
		}
		for _, w := range append(want, open(t, workbook(t, r, rows(), maxRows)).GetSheetList()...) {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %q is not printed", name, w)
			}
		}
	}
}

// LibreOffice reads the cells of the streamed sheets as excelize does, one for one: continued sheets, hostile and long
// texts, dates and numbers included.
func TestIntegrationCells(t *testing.T) {
	accounts := append(sampleAccounts(), AccountRow{App: "crm", Account: "000123", Username: strings.Repeat("ö", 40_000), DisplayName: "  _x000D_ <b>&amp; \"x\"  ", Class: connectors.Human,
		Created: day("1900-03-01"), Entitlements: 345}, AccountRow{App: "crm", Account: "9007199254740993", DisplayName: "two\nlines", Class: connectors.Guest, LastSignIn: day("2026-11-01")})
	file := written(t, filled(), accounts, headRow+40)
	convert(t, file, "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1")
	f, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	book := open(t, f)
	for _, sheet := range []string{"Population", "Findings", "Decisions", "Remediation log", "Exceptions", "Service accounts", "Time to revoke", "Movers", "Control mapping"} {
		in, err := os.Open(strings.TrimSuffix(file, ".xlsx") + "-" + sheet + ".csv")
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		r := csv.NewReader(in)
		r.FieldsPerRecord, r.LazyQuotes = -1, true
		theirs, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		ours, err := book.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		if len(theirs) != len(ours) {
			t.Errorf("%s: LibreOffice sees %d rows, excelize %d", sheet, len(theirs), len(ours))
			continue
		}
		for i := range ours {
			got, want := trimmedRow(theirs[i]), trimmedRow(ours[i])
			for c := range max(len(got), len(want)) {
				if at(got, c) != at(want, c) {
					t.Errorf("%s, cell %s%d: LibreOffice reads %d bytes, %.60q, excelize %d, %.60q", sheet, colName(c), i+1, len(at(got, c)), at(got, c), len(at(want, c)), at(want, c))
				}
			}
		}
	}
}

func at(row []string, i int) string {
	if i < len(row) {
		return row[i]
	}
	return ""
}

// trimmedRow is a row without the empty cells at its end.
func trimmedRow(row []string) []string {
	for len(row) > 0 && row[len(row)-1] == "" {
		row = row[:len(row)-1]
	}
	return row
}

// One row more than a sheet holds goes on in a second sheet, and no row is lost.
func TestIntegrationMoreRowsThanASheetHolds(t *testing.T) {
	n := maxRows - headRow + 1
	population := func(yield func(AccountRow, error) bool) {
		for range n {
			if !yield(AccountRow{App: "a", Account: "1"}, nil) {
				return
			}
		}
	}
	f := open(t, workbook(t, sample(), population, maxRows))
	total := 0
	for _, sheet := range []string{"Population", "Population (2)"} {
		rows, err := f.Rows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			total++
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		total -= headRow
	}
	if total != n {
		t.Errorf("%d rows of %d", total, n)
	}
}
