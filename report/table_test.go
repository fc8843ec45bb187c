package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
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
	for name, c := range map[string]struct {
		r *Review
		o TableOptions
	}{
		"table.txt":          {sample(), TableOptions{Width: 100}},
		"table-narrow.txt":   {sample(), TableOptions{Width: 40}},
		"table-colour.txt":   {sample(), TableOptions{Width: 100, Colour: true, PerGroup: 2}},
		"table-baseline.txt": {baseline, TableOptions{Width: 100}},
		"table-clean.txt":    {clean, TableOptions{Width: 100}},
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
		width := rapid.IntRange(80, 200).Draw(t, "width")
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
			if w := cells.StringWidth(line); w > width && !strings.HasPrefix(line, "    rollcall ") {
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
		if got := shortIDs(c.findings); got != c.want {
			t.Errorf("%v: %d, want %d", c.findings, got, c.want)
		}
	}
}
