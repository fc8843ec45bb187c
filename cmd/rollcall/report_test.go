package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// change edits a file of the demo company.
func change(t *testing.T, path, old, new string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(b, []byte(old)) {
		t.Fatalf("%s does not have %q (%v)", path, old, err)
	}
	if err := os.WriteFile(path, bytes.Replace(b, []byte(old), []byte(new), 1), 0o600); err != nil {
		t.Fatal(err)
	}
}

// sheetRows reads a sheet below its header, by column name.
func sheetRows(t *testing.T, path, sheet string) (rows []map[string]string) {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	const header = 3
	for _, row := range all[header+1:] {
		cells := map[string]string{}
		for i, v := range row {
			cells[all[header][i]] = v
		}
		rows = append(rows, cells)
	}
	return rows
}

func text(t *testing.T, path, sheet string) string {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(all)
}

// The workbook made again from a run's folder is the one the scan wrote, byte for byte: of a first run, and of one that is
// held against another.
func TestReportIsTheScansWorkbook(t *testing.T) {
	config := company(t)
	dir := filepath.Dir(config)
	for n := range 2 {
		run(t, 0, "scan", "-q", "-c", config)
		runs, err := filepath.Glob(filepath.Join(dir, ".rollcall", "runs", "*"))
		if err != nil || len(runs) != n+1 {
			t.Fatalf("%q, %v", runs, err)
		}
		last := runs[n]
		books, err := filepath.Glob(filepath.Join(last, "*.xlsx"))
		if err != nil || len(books) != 1 {
			t.Fatalf("%q, %v", books, err)
		}
		want, err := os.ReadFile(books[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range [][]string{nil, {filepath.Base(last)}} {
			out := filepath.Join(dir, "again.xlsx")
			run(t, 0, append([]string{"report", "-c", config, "--out", out}, a...)...)
			got, err := os.ReadFile(out)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("run %d, %q: another workbook than the scan's (%v)", n+1, a, err)
			}
		}
		if n == 0 {
			change(t, filepath.Join(dir, "testdata", "company", "code_members.csv"), "89393358,rholm,Rasmus Holm,rasmus.holm@tidewell.example,member,active", "89393358,rholm,Rasmus Holm,rasmus.holm@tidewell.example,member,suspended")
		}
	}
}

// A filter takes out findings and accounts of others, says so, and leaves the sheets.
func TestReportOfOneFrameworkAndApp(t *testing.T) {
	config := company(t)
	out := filepath.Join(t.TempDir(), "out.xlsx")
	run(t, 0, "scan", "-q", "-c", config)
	run(t, 0, "report", "-c", config, "--framework", "nist", "--app", "erp", "--out", out)
	for _, sheet := range []string{"Population", "Findings"} {
		rows := sheetRows(t, out, sheet)
		if len(rows) == 0 || slices.ContainsFunc(rows, func(r map[string]string) bool { return r["App"] != "erp" }) {
			t.Errorf("%s has %d rows, or some of other apps", sheet, len(rows))
		}
	}
	for _, r := range sheetRows(t, out, "Control mapping") {
		if !strings.HasPrefix(r["Framework"], "NIST") {
			t.Errorf("the mapping has %q", r["Framework"])
		}
	}
	if s := text(t, out, "Summary"); !strings.Contains(s, "--framework nist --app erp") {
		t.Error("the summary does not say what was asked for")
	}
	run(t, 2, "report", "-c", config, "--framework", "sox")
	run(t, 2, "report", "-c", config, "--app", "nosuch")
	run(t, 1, "report", "-c", config, "nosuch")
	run(t, 2, "report", "-c", config, "../"+"nosuch")
}

// A report of a period: what each run found, what went and how long it took, and when HR first said so.
func TestReportOfAPeriod(t *testing.T) {
	config := company(t)
	dir := filepath.Join(filepath.Dir(config), "testdata", "company")
	out := filepath.Join(t.TempDir(), "out.xlsx")
	left := "E1020,Rasmus,Holm,,,rasmus.holm@tidewell.example,,,Left,Permanent,2017-05-02,2026-08-31"
	change(t, filepath.Join(dir, "people.csv"), left, strings.Replace(left, "Left,Permanent,2017-05-02,2026-08-31", "Active,Permanent,2017-05-02,", 1))
	run(t, 0, "scan", "-q", "-c", config)
	change(t, config, `as_of = "2026-11-01"`, `as_of = "2026-11-05"`)
	change(t, filepath.Join(dir, "people.csv"), strings.Replace(left, "Left,Permanent,2017-05-02,2026-08-31", "Active,Permanent,2017-05-02,", 1), left)
	run(t, 0, "scan", "-q", "-c", config)
	change(t, config, `as_of = "2026-11-05"`, `as_of = "2026-11-12"`)
	change(t, filepath.Join(dir, "code_members.csv"), "rasmus.holm@tidewell.example,member,active", "rasmus.holm@tidewell.example,member,suspended")
	run(t, 0, "scan", "-q", "-c", config)
	run(t, 0, "report", "-c", config, "--from", "2026-11-01", "--to", "2026-11-30", "--out", out)
	i := slices.IndexFunc(sheetRows(t, out, "Time to revoke"), func(r map[string]string) bool { return r["App"] == "code" && r["Person ID"] == "E1020" })
	if i < 0 {
		t.Fatal("the account that went is not there")
	}
	got := sheetRows(t, out, "Time to revoke")[i]
	for name, want := range map[string]string{"State": "gone", "Last day": "2026-08-31", "HR's record showed it on": "2026-11-05", "First found": "2026-11-05", "Gone by": "2026-11-12",
		"HR latency, days": "66", "Own latency, days": "7", "First found to gone or today, days": "7", "Last day to gone or today, days": "73", "Confirmed clean (UTC)": "not confirmed"} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	summary := text(t, out, "Summary")
	for _, s := range []string{"The runs from 2026-11-01 to 2026-11-12", "Days, found to gone, median 7", "2026-11-05"} {
		if !strings.Contains(summary, s) {
			t.Errorf("the summary lacks %q", s)
		}
	}
	run(t, 1, "report", "-c", config, "--from", "2020-01-01", "--to", "2020-12-31")
	run(t, 2, "report", "-c", config, "--from", "2027-01-01", "--to", "2026-12-31")
	run(t, 2, "report", "-c", config, "--from", "soon")
}

// A run without its list of accounts says so instead of giving half a workbook.
func TestReportWithoutAccounts(t *testing.T) {
	config := company(t)
	out := filepath.Join(t.TempDir(), "out.xlsx")
	run(t, 0, "scan", "-q", "-c", config, "--no-workbook")
	run(t, 1, "report", "-c", config, "--out", out)
	if _, err := os.Stat(out); err == nil {
		t.Error("there is a workbook")
	}
}
