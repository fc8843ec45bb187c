package report

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/scanner"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden holds what a reader sees against a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: differs from the golden file; look at it, then go test ./report -update. Got:\n%s", name, got)
	}
}

func table100(t *testing.T, r *Review, o TableOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteTable(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTable(t *testing.T) {
	baseline := sample()
	baseline.Baseline, baseline.Change, baseline.Backlog, baseline.BacklogStart = true, Change{}, nil, 0
	clean := sample()
	clean.Result.Findings, clean.Change, clean.Result.NotJudged = nil, Change{LastRun: "x"}, nil
	clean.Result.Sources = clean.Result.Sources[:2]
	filtered := sample() // as a command line shows one: the findings asked for, beside what is true of all
	filtered.Filter, filtered.Result.Findings = "--app ledger", filtered.Result.Findings[2:4]
	filtered.Result.Accepted = accepted()
	filtered.Program, filtered.Flags = "go run ./cmd/rollcall", "--config review.toml"
	for name, c := range map[string]struct {
		r *Review
		o TableOptions
	}{
		"table.txt":          {sample(), TableOptions{Width: 100}},
		"table-narrow.txt":   {sample(), TableOptions{Width: 40}},
		"table-colour.txt":   {sample(), TableOptions{Width: 100, Colour: true, PerGroup: 2}},
		"table-baseline.txt": {baseline, TableOptions{Width: 100}},
		"table-clean.txt":    {clean, TableOptions{Width: 100}},
		"table-filter.txt":   {filtered, TableOptions{Width: 100}},
	} {
		golden(t, name, []byte(table100(t, c.r, c.o)))
	}
}

func TestFindingsTableShowsAll(t *testing.T) {
	var b bytes.Buffer
	if err := WriteFindingsTable(&b, sample().Result.Findings, TableOptions{Width: 80}); err != nil {
		t.Fatal(err)
	}
	for _, f := range sample().Result.Findings {
		if !strings.Contains(b.String(), string(f.ID)) {
			t.Errorf("%s is missing", f.ID)
		}
	}
}

// accepted are a finding under an exception and two that were ruled wrong.
func accepted() []scanner.Finding {
	wrong := []scanner.Fact{{Name: "ruled wrong", Value: "hr-data by ottoline on 2026-11-01, until 2026-12-01: HR mends it"}}
	return []scanner.Finding{
		{ID: "f-a1", Kind: scanner.StaleAccount, App: "directory", Account: "7", Evidence: []scanner.Fact{{Name: "login", Value: "zoe"}, {Name: "exception", Value: "EX-1: accepted by E100"}}},
		{ID: "f-a2", Kind: scanner.StaleAccount, App: "directory", Account: "8", Evidence: wrong},
		{ID: "f-a3", Kind: scanner.StaleAccount, App: "directory", Account: "9", Evidence: wrong},
	}
}

func TestAccepted(t *testing.T) {
	list := accepted()
	for want, in := range map[string][]scanner.Finding{
		"ACCEPTED: 1 covered by an exception\n":                                                      list[:1],
		"ACCEPTED: 2 covered by exceptions; 1 set aside as wrong until it is looked at again\n":      {list[0], list[0], list[1]},
		"ACCEPTED: 2 set aside as wrong until they are looked at again\n":                            list[1:],
		"ACCEPTED: 1 covered by an exception; 2 set aside as wrong until they are looked at again\n": list,
	} {
		r := sample()
		r.Result.Accepted = in
		if out := table100(t, r, TableOptions{Width: 100}); !strings.Contains(out, want) {
			t.Errorf("%q is not said", want)
		}
	}
	r := sample()
	if strings.Contains(table100(t, r, TableOptions{}), "ACCEPTED") {
		t.Error("nothing is accepted")
	}
}

// Numbers of what is shown never stand beside numbers of all.
func TestFilteredTable(t *testing.T) {
	r := sample()
	r.Filter, r.Result.Findings = "--kind sod_conflict", r.Result.Findings[2:3]
	out := table100(t, r, TableOptions{Width: 120})
	for _, s := range []string{"left of", "gone: ", "not compared: ", "first run"} {
		if strings.Contains(out, s) {
			t.Errorf("%q is said of a part", s)
		}
	}
	if !strings.Contains(out, "in all, 2 new, 1 still there, 1 gone, 1 back again") {
		t.Errorf("the changes are not those in all:\n%s", out)
	}
}

// A finding that is backlog says so only beside others that are not.
func TestBacklogMark(t *testing.T) {
	r := sample()
	if !strings.Contains(table100(t, r, TableOptions{}), "[backlog since") {
		t.Error("the one that is backlog among others is not marked")
	}
	r.Change = Change{LastRun: "x"}
	r.Backlog = func(scanner.FindingID) bool { return true }
	if strings.Contains(table100(t, r, TableOptions{}), "[backlog since") {
		t.Error("every one is marked, which marks none")
	}
}

// A source of which nothing was read does not tie out, though 0 = 0.
func TestUnread(t *testing.T) {
	r := sample()
	s := &r.Result.Sources[2]
	s.Read, s.Matched, s.Unmatched, s.NonHuman = 0, 0, 0, 0
	for _, width := range []int{60, 100} {
		for line := range strings.SplitSeq(table100(t, r, TableOptions{Width: width}), "\n") {
			if strings.HasPrefix(line, "ledger ") && strings.Contains(line, "FAILED") && (strings.Contains(line, "yes") || !strings.HasSuffix(line, "–")) {
				t.Errorf("width %d: %q", width, line)
			}
		}
	}
	if got := Summarize(r).Incomplete[0].NotJudged; len(got) != 1 || !strings.HasPrefix(got[0], "any of its accounts") {
		t.Errorf("not judged: %q", got)
	}
	if d := documentOf(r); d.Sources[2].TiesOut != nil || d.Sources[1].TiesOut == nil || !*d.Sources[1].TiesOut {
		t.Error("the JSON says otherwise")
	}
	f := open(t, workbook(t, r, rows(), maxRows))
	all, err := f.GetRows(scopeName)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(all, func(row []string) bool { return len(row) > 0 && row[0] == "ledger" })
	if got := all[at][9]; got != "not read" {
		t.Errorf("the workbook says that it ties out: %q", got)
	}
}

// Thousands are not a few: the heading says how many of them are shown.
func TestManyThatMatter(t *testing.T) {
	r := sample()
	for i := range 30 {
		f := r.Result.Findings[0]
		f.ID, f.Account = scanner.FindingID(fmt.Sprintf("f-%016x", i)), connectors.AccountID(fmt.Sprint("x", i))
		r.Result.Findings = append(r.Result.Findings, f)
	}
	if out := table100(t, r, TableOptions{Width: 100}); !strings.Contains(out, "critical (the first 10 of 31)") || strings.Contains(out, " 11. ") {
		t.Errorf("got\n%.2000s", out)
	}
	f := open(t, workbook(t, r, rows(), maxRows))
	all, err := f.GetRows("Summary")
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(all)
	if !strings.Contains(text, "critical (the first 20 of 31)") || !strings.Contains(text, "11 more are on the sheet Findings") {
		t.Errorf("the summary says %.1500s", text)
	}
}

// What is gone and known by nothing but its id is named by it.
func TestGoneByIDAlone(t *testing.T) {
	r := sample()
	r.Change.Gone = append(r.Change.Gone, scanner.Finding{ID: "f-bare"})
	out := table100(t, r, TableOptions{Width: 100})
	for _, s := range []string{"  gone: f-bare\n", "  gone: early_access · directory · 0500 · Zoë Nguyễn (E102) · f-gone\n"} {
		if !strings.Contains(out, s) {
			t.Errorf("%q is missing", s)
		}
	}
}

// Every command can be typed as it stands, the way rollcall was started, and the verdict is the last thing said.
func TestCommandsAndEnd(t *testing.T) {
	r := sample()
	r.Program, r.Flags = "go run ./cmd/rollcall", "--config review.toml --state st"
	out := table100(t, r, TableOptions{Width: 100})
	for _, s := range []string{
		"\n    go run ./cmd/rollcall explain f-00aa11bb22cc33dd --config review.toml --state st\n",
		"\n    go run ./cmd/rollcall findings wrong f-00aa11bb22cc33dd --because hr-data --note \"why\" --config review.toml --state st\n",
		"\n    go run ./cmd/rollcall findings list --kind stale_account --config review.toml --state st\n",
	} {
		if !strings.Contains(out, s) {
			t.Errorf("%q is missing", s)
		}
	}
	if lines := strings.Split(strings.TrimSpace(out), "\n"); !strings.HasPrefix(lines[len(lines)-1], "INCOMPLETE: ") && !strings.HasPrefix(lines[len(lines)-2], "INCOMPLETE: ") {
		t.Errorf("it ends with %q", lines[len(lines)-1])
	}
}

// Colour is only ever added: without its codes the coloured table is the plain one.
func TestColourSaysNothingAlone(t *testing.T) {
	plain := table100(t, sample(), TableOptions{Width: 90})
	coloured := table100(t, sample(), TableOptions{Width: 90, Colour: true})
	for _, code := range []string{bold, dim, red, yellow, green, "0"} {
		coloured = strings.ReplaceAll(coloured, "\x1b["+code+"m", "")
	}
	if plain != coloured {
		t.Error("the coloured table says something else than the plain one")
	}
}

// An incomplete review says so before anything else, with its numbers, and names each source.
func TestIncompleteComesFirst(t *testing.T) {
	r := sample()
	r.Result.Untrusted = []string{"it has 2 records where the last one had 5"}
	r.Result.Sources[0].State = scanner.SourceIncomplete
	out := table100(t, r, TableOptions{Width: 120})
	at := func(s string) int {
		i := strings.Index(out, s)
		if i < 0 {
			t.Fatalf("%q is not said in:\n%s", s, out)
		}
		return i
	}
	last := at("INCOMPLETE: 2 of 3 sources")
	for _, s := range []string{"roster is INCOMPLETE", "it has 2 records where the last one had 5", "ledger is FAILED: 12 rows read, 480 in the last",
		"orphaned_account, 12 times", "SOURCES", "THE FEW"} {
		if i := at(s); i < last {
			t.Errorf("%q comes before what should precede it", s)
		} else {
			last = i
		}
	}
}

// No text from a source steers the terminal or makes a line longer than it.
func TestTableIsSafeAndFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune("aé漢🙂\u0301\u202e\u200d\x1b\x00\n\t\u009b ")), 0, 300, -1),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
		r := sample()
		f := &r.Result.Findings[0]
		f.Why, f.Account, f.App = text.Draw(t, "why"), connectors.AccountID(text.Draw(t, "account")), connectors.AppID(text.Draw(t, "app"))
		r.Result.Sources[1].Name, r.Result.Sources[1].Problem = text.Draw(t, "source"), text.Draw(t, "problem")
		r.Result.Sources[0].Rejects[0].Why = text.Draw(t, "reject")
		width := rapid.IntRange(minScreen, 200).Draw(t, "width")
		var b bytes.Buffer
		if err := WriteTable(&b, r, TableOptions{Width: width}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(b.String(), "\n"), "\n") {
			for _, c := range line {
				if hidden(c) {
					t.Fatalf("%q holds %U", line, c)
				}
			}
			if w := cells.StringWidth(line); w > width && !strings.HasPrefix(line, "    rollcall ") { // commands stay whole
				t.Fatalf("%q takes %d cells of %d", line, w, width)
			}
		}
	})
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                             "plain",
		"\x1b]0;title\x07":                  "<U+001B>]0;title<U+0007>",
		"a\u202eb":                          "a<U+202E>b",
		"a\xffb":                            "a<FF>b",
		"Nguyễn 🙂":                          "Nguyễn 🙂",
		"x\u200by":                          "x<U+200B>y",
		"\u009b31m":                         "<U+009B>31m",
		"👩\u200d💻":                          "👩\u200d💻",
		"e" + strings.Repeat("\u0301", 100): "e" + strings.Repeat("\u0301", maxMarks),
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestShortIDs(t *testing.T) {
	ids := func(list ...string) (out []scanner.Finding) {
		for _, id := range list {
			out = append(out, scanner.Finding{ID: scanner.FindingID(id)})
		}
		return out
	}
	for _, c := range []struct {
		findings []scanner.Finding
		want     int
	}{
		{nil, 10},
		{ids("f-0123456789abcdef", "f-1123456789abcdef"), 10},
		{ids("f-0123456789abcdef", "f-01234567a9abcdef"), 12},
		{ids("f-same", "f-same"), 10}, // never ends in a loop
	} {
		if got := digestOf(c.findings).shortIDs(); got != c.want {
			t.Errorf("%v: %d, want %d", c.findings, got, c.want)
		}
	}
}
