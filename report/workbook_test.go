package report

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/scanner"
)

const sheetCount = 13

func workbook(t testing.TB, r *Review, population iter.Seq2[AccountRow, error], limit int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := writeWorkbook(&b, r, population, limit); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t testing.TB, file []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// grid reads a sheet's cells as stored, by header, from the header's row on.
func grid(t testing.TB, f *excelize.File, sheet string) (header []string, rows [][]string) {
	t.Helper()
	all, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	header = all[headRow-1]
	for _, row := range all[headRow:] {
		rows = append(rows, append(row, make([]string, len(header)-len(row))...))
	}
	return header, rows
}

func part(t testing.TB, file []byte, name string) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPopulationCells(t *testing.T) {
	f := open(t, workbook(t, sample(), rows(sampleAccounts()...), maxRows))
	header, got := grid(t, f, "Population")
	want := [][]string{
		{"directory", "0071", "qvaatainen", "Quillon Väätäinen-Oyelaran", "quillon@corp.example", "00101", "human", "app", "yes", "43252", "46328", "yes", "12", "2",
			"E101", "Quillon Väätäinen-Oyelaran", "terminated", "Finance", "Finance specialist", "Ottoline Brackwater (E100)", "43252", "46325", "exact", "employee_id", "",
			"f-00aa11bb22cc33dd f-01aa11bb22cc33dd", "GET /Users:7"},
		{"directory", "0500", "zoe", "Zoë Nguyễn", "", "", "human", "", "no", "43845", "never seen", "not provided", "0", "0", "E102", "Zoë Nguyễn", "active", "Sales",
			"Sales specialist", "Ottoline Brackwater (E100)", "43845", "", "strong", "alias", "", "", "GET /Users:8"},
		{"ledger", "=1+1", "@SUM(1+1)*cmd|' /C calc'!A0", "=HYPERLINK(\"http://evil.example\",\"x\") <!channel>", "", "", "human", "", "unknown", "not provided", "not provided",
			"not provided", "0", "0", "E103", "=HYPERLINK(\"http://evil.example\",\"x\") <!channel>", "leave", "Sales", "Sales specialist", "Ottoline Brackwater (E100)", "44211", "",
			"exact", "link", "", "f-03aa11bb22cc33dd", "ledger.csv:3"},
		{"ledger", "svc-backup", "svc-backup", "", "", "", "service", "register", "yes", "not provided", "not provided", "no", "1", "1", "", "", "", "", "", "", "", "",
			"none", "nothing", "", "", "ledger.csv:4"},
	}
	if len(header) != 27 {
		t.Errorf("%d columns: %q", len(header), header)
	}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

func TestFindingsCells(t *testing.T) {
	f := open(t, workbook(t, sample(), rows(), maxRows))
	_, got := grid(t, f, "Findings")
	if len(got) != len(sample().Result.Findings) {
		t.Fatalf("%d rows", len(got))
	}
	want := []string{"f-02aa11bb22cc33dd", "high", "sod_conflict", "", "ledger", "zoe", "zoe", "Approve payments", "E102", "Zoë Nguyễn",
		"One person can create a vendor and approve its payment.", "Deal with this sod_conflict in the app, then scan again.", "backlog", "46032", "40", "316",
		"ledger / zoe / Create vendors; directory", "strong", "alias", "NIST 800-53 AC-5", "", "g-2"}
	if !slices.Equal(got[2], want) {
		t.Errorf("got\n%q\nwant\n%q", got[2], want)
	}
	for i, word := range []string{"new", "new", "backlog", "back again", "still there"} {
		if got[i][12] != word {
			t.Errorf("finding %d is %q, want %q", i, got[i][12], word)
		}
	}
	if got[0][20] != "login=quillon; last_day=2026-10-30; role=Global Admin; role=Owner" || got[0][5] != "quillon" || got[0][6] != "0071" {
		t.Errorf("login %q, account %q, evidence %q", got[0][5], got[0][6], got[0][20])
	}
}

// Long evidence does not make a row high: it stays on one line.
func TestEvidenceStaysOnOneLine(t *testing.T) {
	r := sample()
	r.Result.Findings = r.Result.Findings[:1]
	r.Result.Findings[0].Why, r.NextStep = "Short.", nil
	before := part(t, workbook(t, r, rows(), maxRows), sheetPart(4))
	r.Result.Findings[0].Evidence = append(r.Result.Findings[0].Evidence, scanner.Fact{Name: "long", Value: strings.Repeat("word ", 500)})
	after := part(t, workbook(t, r, rows(), maxRows), sheetPart(4))
	heights := func(xml string) int { return strings.Count(xml, "customHeight") }
	if heights(before) != heights(after) {
		t.Error("the row grew with its evidence")
	}
}

// The summary names logins, its numbers are numbers, and critical does not look like high.
func TestSummaryCells(t *testing.T) {
	f := open(t, workbook(t, sample(), rows(), maxRows))
	all, err := f.GetRows("Summary", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	at := func(first string) int {
		i := slices.IndexFunc(all, func(row []string) bool { return len(row) > 0 && row[0] == first })
		if i < 0 {
			t.Fatalf("no row %q in %q", first, all)
		}
		return i
	}
	if row := all[at("critical")]; row[1] != "directory · quillon · Quillon Väätäinen-Oyelaran (E101) · orphaned_account / leaver" {
		t.Errorf("the few: %q", row)
	}
	for name, want := range map[string]string{"People": "4", "Human accounts with an owner": "0.99", "Open findings": "19"} {
		i := at(name)
		cell := fmt.Sprintf("B%d", i+1)
		kind, err := f.GetCellType("Summary", cell)
		if err != nil || kind == excelize.CellTypeSharedString || kind == excelize.CellTypeInlineString || all[i][1] != want {
			t.Errorf("%s is %q, as %v (%v)", name, all[i][1], kind, err)
		}
	}
	if shown, _ := f.GetCellValue("Summary", fmt.Sprintf("B%d", at("Human accounts with an owner")+1)); shown != "99.0%" {
		t.Errorf("a share is shown as %q", shown)
	}
	list, _ := f.GetRows("Findings")
	critical, _ := f.GetCellStyle("Findings", fmt.Sprint("B", headRow+1))
	high, _ := f.GetCellStyle("Findings", fmt.Sprint("B", headRow+3))
	if critical == high || list[headRow][1] != "critical" || list[headRow+2][1] != "high" {
		t.Errorf("%s and %s look alike", list[headRow][1], list[headRow+2][1])
	}
}

// What keeps a finding from being open is said beside it, and no line speaks of a manifest that is not there.
func TestAcceptedAndManifestCells(t *testing.T) {
	r := sample()
	r.Result.Accepted = accepted()
	text := func(sheet string) string {
		all, err := open(t, workbook(t, r, rows(), maxRows)).GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(all)
	}
	for _, s := range []string{"stale_account · zoe · exception EX-1: accepted by E100", "stale_account · 8 · ruled wrong: hr-data by ottoline"} {
		if !strings.Contains(text(scopeName), s) {
			t.Errorf("%q is not said", s)
		}
	}
	if strings.Contains(text("Sources & hashes"), "Manifest") {
		t.Error("a manifest is named")
	}
	r.Manifest = "abc123"
	if !strings.Contains(text("Sources & hashes"), "abc123") {
		t.Error("the manifest is not named")
	}
}

// Whatever a source says, no cell is a formula, and its text comes back as it was but for what cellText promises: in the
// sheets excelize writes and in those whose rows are written here.
func TestAnyTextInCells(t *testing.T) {
	text := rapid.OneOf(anyText(), rapid.StringOfN(rapid.RuneFrom([]rune("_x05FDabc&<>\r\n\t \u202e🙂漢")), 0, 60, -1),
		rapid.StringMatching(`_x00[0-9A-F]{2}_(x005F_)?[a-z]*(_x005F_x000D_)?`))
	for seed := range 4 {
		texts := rapid.SliceOfN(text, 300, 300).Example(seed)
		r, list := sample(), []AccountRow{}
		for i, s := range texts {
			list = append(list, AccountRow{App: "crm", Account: connectors.AccountID(fmt.Sprint(i)), Username: s})
			r.Result.Sources = append(r.Result.Sources, scanner.SourceReport{Name: fmt.Sprint("source ", i), Title: s, State: scanner.SourceOK})
		}
		f := open(t, workbook(t, r, rows(list...), maxRows))
		scope, err := f.GetRows(scopeName)
		if err != nil {
			t.Fatal(err)
		}
		first := slices.IndexFunc(scope, func(row []string) bool { return len(row) > 0 && row[0] == "source 0" })
		for i, s := range texts {
			at := fmt.Sprintf("C%d", headRow+1+i)
			if got, err := f.GetCellValue("Population", at); err != nil || got != cellText(s) {
				t.Fatalf("%s: %q became %q, want %q (%v)", at, s, got, cellText(s), err)
			}
			if formula, err := f.GetCellFormula("Population", at); err != nil || formula != "" {
				t.Fatalf("%s holds the formula %q", at, formula)
			}
			if got := scope[first+i][1]; got != cellText(s) {
				t.Fatalf("title of source %d: %q became %q, want %q", i, s, got, cellText(s))
			}
		}
	}
}

func TestNoFormulaAnywhere(t *testing.T) {
	file := workbook(t, sample(), rows(sampleAccounts()...), maxRows)
	for n := 1; n <= sheetCount; n++ {
		if xml := part(t, file, sheetPart(n)); strings.Contains(xml, "<f>") || strings.Contains(xml, "<f ") || strings.Contains(xml, "<hyperlink") || strings.Contains(xml, "<mergeCell") {
			t.Errorf("sheet %d holds a formula, a link or merged cells", n)
		}
	}
}

func TestCellText(t *testing.T) {
	long := strings.Repeat("é", 40000)
	for name, c := range map[string]struct{ in, want string }{
		"formula stays text": {"=1+1", "=1+1"},
		"control characters": {"a\x00b\x1bc", "a\uFFFDb\uFFFDc"},
		"broken UTF-8":       {"a\xffb", "a\uFFFDb"},
		"direction":          {"a\u202eb\u2066", "a<U+202E>b<U+2066>"},
		"no character":       {"a\ufffeb", "a\uFFFDb"},
		"emoji and scripts":  {"👩\u200d💻 שלום 漢字", "👩\u200d💻 שלום 漢字"},
		"too long":           {long, strings.Repeat("é", maxCellUnits-len(cutMark)) + cutMark},
		"too many lines":     {strings.Repeat("x\n", 300), strings.Repeat("x\n", maxCellLines) + "x" + cutMark},
		"just fits":          {strings.Repeat("é", maxCellUnits), strings.Repeat("é", maxCellUnits)},
	} {
		if got := cellText(c.in); got != c.want {
			t.Errorf("%s: got %d bytes, want %d: %.80q", name, len(got), len(c.want), got)
		}
	}
}

// A text with pairs of UTF-16 units fits as Excel counts it.
func TestCutCountsUnits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Repeat(rapid.SampledFrom([]string{"🙂", "a🙂", "\u202e", "é"}).Draw(t, "what"), rapid.IntRange(15000, 40000).Draw(t, "times"))
		units := 0
		for _, r := range cellText(s) {
			if units++; r > 0xffff {
				units++
			}
		}
		if units > maxCellUnits {
			t.Fatalf("%d units", units)
		}
	})
}

// Equal reviews are equal files, whatever the order of maps.
func TestSameBytes(t *testing.T) {
	first := workbook(t, sample(), rows(sampleAccounts()...), maxRows)
	for i := range 15 {
		if !bytes.Equal(first, workbook(t, sample(), rows(sampleAccounts()...), maxRows)) {
			t.Fatalf("build %d differs", i+2)
		}
	}
}

// excelize writes the content types in the order of a map once a book has charts or comments.
func TestContentTypesAreSorted(t *testing.T) {
	p := parts{contentTypes: bytes.NewBufferString(`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Override PartName="/b" ContentType="x"/><Default Extension="xml" ContentType="y"/><Override PartName="/a" ContentType="x"/><Default Extension="rels" ContentType="y"/></Types>`)}
	if err := p.sortContentTypes(); err != nil {
		t.Fatal(err)
	}
	got, at := p[contentTypes].String(), 0
	for _, name := range []string{`"rels"`, `"xml"`, `"/a"`, `"/b"`} {
		i := strings.Index(got, name)
		if i < at {
			t.Fatalf("%s is not in its place in %s", name, got)
		}
		at = i
	}
}

// Blanks at the ends are evidence too, and XML readers may drop them unless told.
func TestBlanksAreKept(t *testing.T) {
	file := workbook(t, sample(), rows(AccountRow{App: "crm", Account: " 7 "}), maxRows)
	if xml := part(t, file, sheetPart(3)); !strings.Contains(xml, `<t xml:space="preserve"> 7 </t>`) {
		t.Error("the blanks of an id are not marked as meant")
	}
}

// More rows than a sheet holds go on in further sheets, each with its header, its table and no row lost.
func TestFurtherSheets(t *testing.T) {
	var list []AccountRow
	for i := range 25 {
		list = append(list, AccountRow{App: "crm", Account: connectors.AccountID(fmt.Sprint(i))})
	}
	f := open(t, workbook(t, sample(), rows(list...), headRow+10))
	want := []string{"Summary", "Scope & completeness", "Population", "Population (2)", "Population (3)", "Findings", "Findings (2)", "Decisions", "Remediation log",
		"Exceptions", "Service accounts", "Time to revoke", "Movers", "Control mapping", "Control mapping (2)", "Control mapping (3)", "Sources & hashes", "Read me"}
	if got := f.GetSheetList(); !slices.Equal(got, want) {
		t.Fatalf("sheets %q", got)
	}
	var ids []string
	for i, sheet := range want[2:5] {
		_, got := grid(t, f, sheet)
		for _, row := range got {
			ids = append(ids, row[1])
		}
		if want := []int{10, 10, 5}[i]; len(got) != want {
			t.Errorf("%s has %d rows, want %d", sheet, len(got), want)
		}
		tables, err := f.GetTables(sheet)
		if err != nil || len(tables) != 1 {
			t.Fatalf("%s: %v, %v", sheet, tables, err)
		}
		if want := fmt.Sprintf("A4:AA%d", headRow+len(got)); tables[0].Range != want {
			t.Errorf("%s: table over %s, want %s", sheet, tables[0].Range, want)
		}
		if title, _ := f.GetCellValue(sheet, "A1"); i > 0 && !strings.Contains(title, fmt.Sprintf("continued (%d)", i+1)) {
			t.Errorf("%s is titled %q", sheet, title)
		}
	}
	if len(ids) != 25 || ids[0] != "0" || ids[24] != "24" {
		t.Errorf("rows %q", ids)
	}
	for _, n := range printTitles(f) {
		if !strings.HasPrefix(n.RefersTo, "'"+n.Scope+"'!") {
			t.Errorf("print titles of %s refer to %s", n.Scope, n.RefersTo)
		}
	}
}

// printTitles are the names that say what is repeated on every page.
func printTitles(f *excelize.File) []excelize.DefinedName {
	return slices.DeleteFunc(f.GetDefinedName(), func(n excelize.DefinedName) bool { return n.Name != "_xlnm.Print_Titles" })
}

func TestExactlyFullSheet(t *testing.T) {
	var list []AccountRow
	for range 40 {
		list = append(list, AccountRow{App: "crm"})
	}
	r := sample()
	r.Result.Findings = nil
	if got := open(t, workbook(t, r, rows(list...), headRow+40)).GetSheetList(); len(got) != sheetCount {
		t.Errorf("sheets %q", got)
	}
}

// Every sheet: a title in A1, frozen panes, landscape, repeated titles, tables, and a true extent or none.
func TestSheetsAreMadeForReaders(t *testing.T) {
	file := workbook(t, sample(), rows(sampleAccounts()...), maxRows)
	f := open(t, file)
	for i, sheet := range f.GetSheetList() {
		if title, _ := f.GetCellValue(sheet, "A1"); title == "" {
			t.Errorf("%s has no title", sheet)
		}
		panes, err := f.GetPanes(sheet)
		if err != nil || !panes.Freeze || panes.YSplit == 0 {
			t.Errorf("%s is not frozen: %+v", sheet, panes)
		}
		layout, err := f.GetPageLayout(sheet)
		if err != nil || layout.Orientation == nil || *layout.Orientation != "landscape" {
			t.Errorf("%s is not printed in landscape", sheet)
		}
		if tables, err := f.GetTables(sheet); err != nil || len(tables) == 0 {
			t.Errorf("%s has no table", sheet)
		}
		if strings.EqualFold(sheet, "History") || len(sheet) > 31 {
			t.Errorf("Excel does not take the name %q", sheet)
		}
		if xml := part(t, file, sheetPart(i+1)); strings.Contains(xml, `ref="A1"/>`) || strings.Contains(xml, `<dimension ref="A1"></dimension>`) {
			t.Errorf("%s says that it is one cell", sheet)
		}
	}
	if names := printTitles(f); len(names) != sheetCount {
		t.Errorf("print titles: %+v", names)
	}
	props, err := f.GetDocProps()
	if err != nil || props.Title == "" || props.Created != "2026-11-22T02:00:01Z" {
		t.Errorf("properties %+v, %v", props, err)
	}
}

// The summary and the scope say INCOMPLETE in words, and the times of the sources are UTC.
func TestIncompleteInWorkbook(t *testing.T) {
	f := open(t, workbook(t, sample(), rows(), maxRows))
	for _, sheet := range []string{"Summary", "Findings", "Scope & completeness"} {
		all, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, row := range all[:min(len(all), 8)] {
			text += strings.Join(row, " ") + "\n"
		}
		if !strings.Contains(text, "INCOMPLETE") {
			t.Errorf("%s does not say that it is incomplete:\n%s", sheet, text)
		}
	}
	all, _ := f.GetRows("Scope & completeness")
	at := slices.IndexFunc(all, func(row []string) bool { return len(row) > 0 && row[0] == "ledger" })
	if row := strings.Join(all[at], "|"); !strings.HasPrefix(row, "ledger|Accounting|FAILED|ledger.csv: permission denied") || !strings.Contains(row, "|12|9|1|2|0|yes|") ||
		!strings.Contains(row, "|2026-11-22 02:00:00|") {
		t.Errorf("ledger's row is %s", row)
	}
}

// A population that breaks off is an error, not a shorter sheet.
func TestBrokenPopulation(t *testing.T) {
	broken := func(yield func(AccountRow, error) bool) {
		if yield(AccountRow{App: "crm"}, nil) {
			yield(AccountRow{}, errors.New("accounts, line 2: cut"))
		}
	}
	if err := WriteWorkbook(io.Discard, sample(), broken); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("got %v", err)
	}
}

// A writer that fails is heard, whenever it fails.
func TestWriterFails(t *testing.T) {
	whole := len(workbook(t, sample(), rows(sampleAccounts()...), maxRows))
	for at := 0; at < whole; at += whole / 12 {
		if err := WriteWorkbook(&failing{at}, sample(), rows(sampleAccounts()...)); !errors.Is(err, errFull) {
			t.Fatalf("the writer failed after %d bytes, and the error is %v", at, err)
		}
	}
}

var errFull = errors.New("disk full")

type failing struct{ left int }

func (f *failing) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestDates(t *testing.T) {
	r := sample()
	a := AccountRow{App: "directory", Created: day("1899-12-31"), LastSignIn: day("1900-03-01")}
	f := open(t, workbook(t, r, rows(a), maxRows))
	for cell, want := range map[string]string{"J5": "1899-12-31", "K5": "1900-03-01"} {
		if got, _ := f.GetCellValue("Population", cell); got != want {
			t.Errorf("%s shows %q, want %q", cell, got, want)
		}
	}
	r.Started = time.Time{}
	if f := open(t, workbook(t, r, rows(), maxRows)); f == nil {
		t.Error("no book")
	}
}

// An empty review still has all its sheets, and each says why it is empty.
func TestNothingFound(t *testing.T) {
	r := &Review{Result: &scanner.Result{AsOf: day("2026-11-22")}}
	f := open(t, workbook(t, r, rows(), maxRows))
	if got := f.GetSheetList(); len(got) != sheetCount {
		t.Errorf("sheets %q", got)
	}
	if note, _ := f.GetCellValue("Findings", "A2"); !strings.Contains(note, "Nothing was found") {
		t.Errorf("Findings says %q", note)
	}
}
