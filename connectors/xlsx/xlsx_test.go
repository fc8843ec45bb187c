package xlsx

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/table"
)

type cells = [][]any

// book writes a workbook of the sheets, in the order of their names, and returns its directory and name.
func book(t testing.TB, change func(*excelize.File), sheets map[string]cells) (dir, name string) {
	t.Helper()
	f := excelize.NewFile()
	for sheet, rows := range sheets {
		if _, err := f.NewSheet(sheet); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if row == nil {
				continue
			}
			at, _ := excelize.CoordinatesToCellName(1, i+1)
			if err := f.SetSheetRow(sheet, at, &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.DeleteSheet("Sheet1"); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(f)
	}
	dir = t.TempDir()
	if err := f.SaveAs(filepath.Join(dir, "book.xlsx")); err != nil {
		t.Fatal(err)
	}
	return dir, "book.xlsx"
}

func options() table.AppOptions {
	return table.AppOptions{Columns: table.AppColumns{ID: "ID", Username: "User", EmployeeID: "Emp", Status: "State", Created: "Made"}}
}

func pull(t testing.TB, dir string, p Place) ([]connectors.Account, *connectortest.Trace, error) {
	t.Helper()
	a, err := AppConfig{Place: p, AppOptions: options()}.OpenApp("erp", connectors.Env{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return connectortest.Accounts(context.Background(), a)
}

func TestSheet(t *testing.T) {
	made := time.Date(2026, 11, 1, 13, 30, 0, 0, time.UTC)
	dir, name := book(t, func(f *excelize.File) {
		if err := f.SetRowVisible("Accounts", 5, false); err != nil {
			t.Fatal(err)
		}
	}, map[string]cells{"Accounts": {
		{"Account list", "", "as of today"},
		{"ID", "User", "Emp", "State", "Made"},
		{"007", "ann", 4711, true, made},
		{8, " bob ", "", "inactive", "2026-10-31"},
		{9, "hidden", "E1"},
		nil,
		{10, "cy", 4711000000, "active"},
		{11, "di", "", "active", "", "", "beyond"},
		{12, "ed", "#N/A", "active"},
	}})
	rewrite(t, dir, name, func(_ string, text []byte) []byte {
		return bytes.Replace(text, []byte("4711000000"), []byte("4.711E+18"), 1)
	})
	got, trace, err := pull(t, dir, Place{File: name, HeaderRow: 2})
	if err == nil || !strings.Contains(err.Error(), "3 of 6 rows were rejected") {
		t.Errorf("error %v; want too many rejected rows", err)
	}
	want := []connectors.Account{
		{ID: "007", Username: "ann", EmployeeID: "4711", Enabled: connectors.Yes, Created: connectors.DateOf(made, time.UTC), From: connectors.Where{Source: name, Line: 3}},
		{ID: "8", Username: "bob", Enabled: connectors.No, Created: connectors.DateOf(made.AddDate(0, 0, -1), time.UTC), From: connectors.Where{Source: name, Line: 4}},
		{ID: "9", Username: "hidden", EmployeeID: "E1", From: connectors.Where{Source: name, Line: 5}},
	}
	if len(got) != len(want) {
		t.Fatalf("%d accounts, rejects %v", len(got), trace.Rejects)
	}
	for i, w := range want {
		g := got[i]
		if g.ID != w.ID || g.Username != w.Username || g.EmployeeID != w.EmployeeID || g.Enabled != w.Enabled || g.Created != w.Created || g.From != w.From {
			t.Errorf("account %d:\n got  %+v\n want %+v", i, g, w)
		}
	}
	for i, says := range []string{"rounded", "7 cells, and the header has 5", "spreadsheet formula"} {
		if r := trace.Rejects[i]; r.Where.Line != 7+i || !strings.Contains(r.Err.Error(), says) {
			t.Errorf("reject %d: %+v; want line %d to say %q", i, r, 7+i, says)
		}
	}
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if page := (connectors.Page{Request: name, Bytes: int64(len(raw)), SHA256: sha256.Sum256(raw)}); len(trace.Pages) != 1 || trace.Pages[0].Page != page {
		t.Errorf("pages %v; want %v", trace.Pages, page)
	}
}

func TestDatesOf1904(t *testing.T) {
	yes := true
	dir, name := book(t, func(f *excelize.File) {
		if err := f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes}); err != nil {
			t.Fatal(err)
		}
	}, map[string]cells{"A": {{"ID", "User", "Emp", "State", "Made"}, {"1", "a", "", "", 44865}}})
	got, _, err := pull(t, dir, Place{File: name})
	if err != nil || got[0].Created.String() != "2026-11-01" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestFormulas(t *testing.T) {
	rows := cells{{"ID", "User", "Emp", "State", "Made", "Note"}, {"1", "a"}, {"2", "b", "", "active"}}
	dir, name := book(t, func(f *excelize.File) {
		for _, cell := range []string{"D2", "F3"} { // the library computes nothing: these have no value
			if err := f.SetCellFormula("A", cell, `="act"&"ive"`); err != nil {
				t.Fatal(err)
			}
		}
	}, map[string]cells{"A": rows, "B": {{"x"}}})
	got, trace, err := pull(t, dir, Place{File: name, Sheet: "a"})
	if err != nil || len(got) != 1 || got[0].ID != "2" {
		t.Errorf("%+v, %v", got, err)
	}
	if len(trace.Rejects) != 1 || !strings.Contains(trace.Rejects[0].Err.Error(), table.NoValue) {
		t.Errorf("rejects %v; want the status that was never computed, and not the note nobody reads", trace.Rejects)
	}
}

func TestWorkbooksThatCannotBeRead(t *testing.T) {
	rows := cells{{"ID", "User", "Emp", "State", "Made"}, {"1", "a"}, {"2", "b"}}
	two, name := book(t, nil, map[string]cells{"One": rows, "Two": rows})
	cut, _ := book(t, nil, map[string]cells{"One": rows})
	rewrite(t, cut, name, func(_ string, text []byte) []byte {
		if i := bytes.Index(text, []byte(`<row r="3"`)); i >= 0 {
			return text[:i]
		}
		return text
	})
	made := func(text string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	var document bytes.Buffer // a zip that is no workbook
	w := zip.NewWriter(&document)
	if _, err := w.Create("word/document.xml"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, name), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dir, sheet, says string
	}{
		{two, "", "book.xlsx: the workbook has 2 sheets"},
		{two, "Three", `book.xlsx: no sheet "Three"; the workbook has [`},
		{cut, "", "book.xlsx: the workbook is damaged: xl/worksheets/"},
		{made("id,user\n1,a\n"), "", `book.xlsx: not an XLSX workbook (maybe a renamed CSV?): save it as .xlsx or use kind = "csv"`},
		{made(""), "", "book.xlsx: not an XLSX workbook"},
		{made("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 2048)), "", "book.xlsx: an old .xls workbook"},
		{made(document.String()), "", "book.xlsx: not an XLSX workbook"},
		{folder, "", "book.xlsx: is a directory; name the export file itself"},
		{t.TempDir(), "", "book.xlsx: no such file"},
	} {
		got, trace, err := pull(t, c.dir, Place{File: name, Sheet: c.sheet})
		if err == nil || !strings.HasPrefix(err.Error(), c.says) || len(trace.Ends) != 0 || len(got) != 0 {
			t.Errorf("got %v, ends %v, error %v; want %q", got, trace.Ends, err, c.says)
		}
	}
	if got, _, err := pull(t, two, Place{File: name, Sheet: "two"}); err != nil || len(got) != 2 {
		t.Errorf("a sheet by its name in other case: %v, %v", got, err)
	}
}

// rewrite changes the parts of a workbook.
func rewrite(t testing.TB, dir, name string, change func(part string, text []byte) []byte) {
	t.Helper()
	in, err := zip.OpenReader(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		p, err := w.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Write(change(f.Name, text)); err != nil {
			t.Fatal(err)
		}
	}
	in.Close()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAppKeepsTheContract(t *testing.T) {
	dir, name := book(t, nil, map[string]cells{
		"Accounts": {{"ID", "User", "Emp", "State", "Made"}, {1, "a", "E1", "active"}, {2, "b", "E2", "what"}, {3, "c", "E3", "disabled"}},
		"Rights":   {{"Account", "Right"}, {3, "READ"}, {1, "READ"}},
		"Keys":     {{"Account", "Key", "Kind"}, {3, "k1", "token"}},
		"Broken":   {{"ID", "User"}},
	})
	open := func(sheet string) func(testing.TB) connectors.App {
		return func(t testing.TB) connectors.App {
			c := AppConfig{Place: Place{File: name, Sheet: sheet}, AppOptions: options(), Entitlements: EntitlementsConfig{Place: Place{Sheet: "Rights"},
				GrantOptions: table.GrantOptions{Columns: table.GrantColumns{Account: "account", Entitlement: "right"}}},
				Credentials: CredentialsConfig{Place: Place{Sheet: "Keys"}, CredentialOptions: table.CredentialOptions{Columns: table.CredentialColumns{Account: "account", ID: "key", Kind: "kind"}}}}
			a, err := c.OpenApp("erp", connectors.Env{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
	}
	connectortest.App(t, connectortest.AppHarness{Open: open("Accounts"), Broken: open("Broken"), Rejects: 1, Spec: AppConfig{}.Spec(), Want: []connectors.Account{
		{ID: "1", EmployeeID: "E1", Enabled: connectors.Yes, Entitlements: []connectors.Entitlement{{ID: "READ"}}}, {ID: "3", Enabled: connectors.No, Credentials: []connectors.Credential{{ID: "k1", Kind: "token"}}}}})
}

func TestRosterKeepsTheContract(t *testing.T) {
	dir, name := book(t, nil, map[string]cells{
		"People":  {{"ID", "Name", "State"}, {"E1", "Ayre", "active"}, {"E2", "Bond", "left"}},
		"History": {{"ID", "From", "Role"}, {"E1", time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), "R1"}},
	})
	open := func(sheet string) func(testing.TB) connectors.Roster {
		return func(t testing.TB) connectors.Roster {
			c := RosterConfig{Place: Place{File: name, Sheet: sheet}, RosterOptions: table.RosterOptions{Columns: table.RosterColumns{ID: "id", LastName: "name", Status: "state"}},
				History: HistoryConfig{Place: Place{Sheet: "History"}, HistoryOptions: table.HistoryOptions{Columns: table.HistoryColumns{ID: "id", From: "from", Role: "role"}}}}
			r, err := c.OpenRoster(connectors.Env{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
	}
	from, err := connectors.ParseDate("2024-01-01")
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Roster(t, connectortest.RosterHarness{Open: open("People"), Broken: open("History"), Spec: RosterConfig{}.Spec(),
		Want: []connectors.Person{{ID: "E1", LastName: "Ayre", Roles: []connectors.RolePeriod{{From: from, Role: "R1"}}}, {ID: "E2", Status: connectors.Terminated}}})
}
