package report

import (
	"os"
	"strings"
	"testing"

	"rollcall/connectors"
)

// demoFindings are the findings of the demo company.
func demoFindings(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Open("../testdata/golden/findings.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// What excelize changes without a word is changed here with one: in the sheets it writes and in those whose rows are
// written here.
func TestNothingIsChangedSilently(t *testing.T) {
	r := sample()
	long := strings.Repeat("ö", 40_000)
	r.Result.Sources[1].Title = long // excelize's own cell
	a := AccountRow{App: "crm", Account: "9007199254740993", EmployeeID: "000123", Username: long, DisplayName: "_x000D_ and \r", Created: day("2026-03-29")}
	f := open(t, workbook(t, r, rows(a), maxRows))
	scope, err := f.GetRows(scopeName)
	if err != nil {
		t.Fatal(err)
	}
	cut := 0
	for _, row := range scope {
		for _, cell := range row {
			if strings.HasPrefix(cell, "öööö") && strings.HasSuffix(cell, cutMark) {
				cut++
			}
		}
	}
	if cut != 1 {
		t.Errorf("%d cells of Scope are cut and say so", cut)
	}
	for cell, want := range map[string]string{"B5": "9007199254740993", "F5": "000123", "D5": "_x000D_ and \r", "J5": "2026-03-29", "K5": notProvided} {
		if got, err := f.GetCellValue("Population", cell); err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", cell, got, want, err)
		}
	}
	if got, _ := f.GetCellValue("Population", "C5"); !strings.HasSuffix(got, cutMark) || len([]rune(got)) > maxCellUnits {
		t.Errorf("a long name has %d characters and ends with %q", len([]rune(got)), got[len(got)-20:])
	}
	// The sample started at 03:00 in a zone an hour ahead of UTC.
	sources, err := f.GetRows("Sources & hashes")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range sources {
		if len(row) > 1 && row[0] == "Started (UTC)" && row[1] != "2026-11-22 02:00:00" {
			t.Errorf("started at %s", row[1])
		}
	}
}

// No sheet or table has a name that a program refuses or takes for another's.
func TestNamesAreTaken(t *testing.T) {
	var list []AccountRow
	for range 45 {
		list = append(list, AccountRow{App: "crm", Class: connectors.Service})
	}
	f := open(t, workbook(t, filled(), rows(list...), headRow+40))
	sheets, tables := map[string]bool{}, map[string]bool{}
	for _, name := range f.GetSheetList() {
		low := strings.ToLower(name)
		if sheets[low] || low == "history" || len([]rune(name)) > 31 || strings.ContainsAny(name, `:\/?*[]`) || strings.Trim(name, "' ") != name {
			t.Errorf("sheet %q", name)
		}
		sheets[low] = true
		of, err := f.GetTables(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range of {
			if low := strings.ToLower(table.Name); tables[low] || strings.ContainsAny(table.Name, " &()") {
				t.Errorf("table %q", table.Name)
			} else {
				tables[low] = true
			}
		}
	}
	if !sheets["service accounts (2)"] {
		t.Errorf("sheets %v", sheets)
	}
}
