package csvfile

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"rollcall/connectors/table"
)

type row struct {
	line  int
	cells []string
}

// readAll reads every record up to the first error that ends the file. Records that are bad alone are left out.
func readAll(src io.Reader, delim byte, size int) (rows []row, bad int, err error) {
	r := newRecords(src, delim, int64(size))
	var rec table.Record
	for {
		err := r.next(&rec)
		if err == io.EOF {
			return rows, bad, nil
		}
		if b := (*table.BadRecord)(nil); errors.As(err, &b) {
			bad++
			continue
		}
		if err != nil {
			return rows, bad, err
		}
		cells := make([]string, len(rec.Cells))
		for i, c := range rec.Cells {
			cells[i] = string(c)
		}
		rows = append(rows, row{rec.Line, cells})
	}
}

func TestRecords(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []row
	}{
		{"plain", "a,b\n1,2\n", []row{{1, []string{"a", "b"}}, {2, []string{"1", "2"}}}},
		{"no end of line", "a,b\n1,2", []row{{1, []string{"a", "b"}}, {2, []string{"1", "2"}}}},
		{"CRLF", "a,b\r\n1,2\r\n", []row{{1, []string{"a", "b"}}, {2, []string{"1", "2"}}}},
		{"CR at the end", "a,b\r", []row{{1, []string{"a", "b"}}}},
		{"CR alone", "a\rb,c\n", []row{{1, []string{"a\rb", "c"}}}},
		{"empty cells", ",\n,,\n", []row{{1, []string{"", ""}}, {2, []string{"", "", ""}}}},
		{"empty lines", "\n\na\n\r\nb\n\n", []row{{3, []string{"a"}}, {5, []string{"b"}}}},
		{"quoted", `"a","b,c"` + "\n", []row{{1, []string{"a", "b,c"}}}},
		{"doubled quotes", `"say ""hi""",""""` + "\n", []row{{1, []string{`say "hi"`, `"`}}}},
		{"quoted empty", `"",""` + "\n" + `""`, []row{{1, []string{"", ""}}, {2, []string{""}}}},
		{"quoted newline", "\"a\nb\",c\r\nd,e\n", []row{{1, []string{"a\nb", "c"}}, {3, []string{"d", "e"}}}},
		{"quoted CRLF", "\"a\r\nb\r\",c\n", []row{{1, []string{"a\nb\r", "c"}}}},
		{"quoted last", `a,"b"`, []row{{1, []string{"a", "b"}}}},
		{"delimiter last", "a,\nb,\"\",", []row{{1, []string{"a", ""}}, {2, []string{"b", "", ""}}}},
		{"quote after plain rows", "a\nb\n\"c\nd\"\ne", []row{{1, []string{"a"}}, {2, []string{"b"}}, {3, []string{"c\nd"}}, {5, []string{"e"}}}},
		{"nothing", "", nil},
	} {
		got, _, err := readAll(strings.NewReader(c.text), ',', len(c.text))
		if err != nil || !slices.EqualFunc(got, c.want, sameRow) {
			t.Errorf("%s: got %v, %v; want %v", c.name, got, err, c.want)
		}
	}
}

func sameRow(a, b row) bool { return a.line == b.line && slices.Equal(a.cells, b.cells) }

func TestBrokenQuoting(t *testing.T) {
	for _, c := range []struct{ text, says string }{
		{"a,b\n1,x\"y\"\n", "line 2: a quote"},
		{"a,b\n\n\"x\" y,2\n", "line 3: text follows"},
		{"a,b\n\"x\ny\n", "line 2: a quote (\") is opened"},
		{"a,b\n\"x\"\"", "line 2: a quote (\") is opened"},
		{"a,b\n\"" + strings.Repeat("x\n", maxRecord), "line 2: the row that starts here is longer"},
	} {
		_, _, err := readAll(strings.NewReader(c.text), ',', len(c.text))
		if err == nil || !strings.HasPrefix(err.Error(), c.says) {
			t.Errorf("%.20q: got %v; want %q", c.text, err, c.says)
		}
	}
}

func TestBadBytesAreRejectedAlone(t *testing.T) {
	rows, bad, err := readAll(strings.NewReader("a,b\nM\xfcller,1\nx\x00,2\n\"\xff\"\"\",3\nok,4\n"), ',', 0)
	if err != nil || bad != 3 || len(rows) != 2 || rows[1].line != 5 {
		t.Errorf("got %v, %d bad, %v", rows, bad, err)
	}
}

func TestAReadErrorIsNotTheEnd(t *testing.T) {
	src := io.MultiReader(strings.NewReader("a,b\n1,2\n3,"), iotest.ErrReader(errors.New("disk on fire")))
	rows, _, err := readAll(src, ',', 0)
	if err == nil || !strings.Contains(err.Error(), "line 3: disk on fire") || len(rows) != 2 {
		t.Errorf("got %v, %v", rows, err)
	}
}

// Records do not depend on how the bytes arrive, nor on the size of the buffer.
func TestBlocksDoNotShow(t *testing.T) {
	var b strings.Builder
	for i := range 400 {
		b.WriteString([]string{"a,b,c\n", "\"x\ny\",\"\"\"\",z\r\n", "\n", "Grüße,,\n"}[i%4])
		if i%50 == 0 {
			b.WriteString("\"" + strings.Repeat("long \"\"cell\"\"\n", 100) + "\",1,2\n")
		}
	}
	text := b.String()
	want, _, err := readAll(strings.NewReader(text), ',', len(text))
	if err != nil || len(want) < 300 {
		t.Fatalf("%d rows, %v", len(want), err)
	}
	for name, src := range map[string]io.Reader{
		"one byte": iotest.OneByteReader(strings.NewReader(text)), "halves": iotest.HalfReader(strings.NewReader(text)),
		"end with data": iotest.DataErrReader(strings.NewReader(text)),
	} {
		got, _, err := readAll(src, ',', 0)
		if err != nil || !slices.EqualFunc(got, want, sameRow) {
			t.Errorf("%s: %d rows, %v; want %d", name, len(got), err, len(want))
		}
	}
}

// What encoding/csv reads without an error, this reads the same; where it fails, this fails or has read no row that
// encoding/csv did not.
func FuzzRecords(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"a\nb\",\"c\"\"d\"\r\n", "a\rb\n", "\"x", "x\"y\n", ",,\n\n\"\"\n", "a;b\r\n", "\"a\"b\n", "\xff,\x00\n", "\r\n\r"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, text string, small bool) {
		var src io.Reader = strings.NewReader(text)
		if small {
			src = iotest.OneByteReader(src)
		}
		got, bad, err := readAll(src, ',', 0)
		skimmedAlike(t, text)
		std := csv.NewReader(strings.NewReader(text))
		std.FieldsPerRecord = -1
		n := 0
		for {
			cells, stdErr := std.Read()
			if stdErr == io.EOF {
				break
			}
			if stdErr != nil {
				if err == nil && bad == 0 {
					t.Fatalf("%q: encoding/csv says %v, this says nothing", text, stdErr)
				}
				return
			}
			line, _ := std.FieldPos(0)
			if bad == 0 && n < len(got) && !sameRow(got[n], row{line, cells}) {
				t.Fatalf("%q: record %d is %v; encoding/csv has %v on line %d", text, n, got[n], cells, line)
			}
			n++
		}
		if err != nil || len(got)+bad != n {
			t.Fatalf("%q: %d records, %d bad, %v; encoding/csv has %d", text, len(got), bad, err, n)
		}
	})
}

// skimmedAlike tells whether nextCell goes through the same records as next, and finds the same cells.
func skimmedAlike(t *testing.T, text string) {
	for at := range 3 {
		whole, skim := newRecords(strings.NewReader(text), ',', 0), newRecords(strings.NewReader(text), ',', int64(len(text)))
		for {
			var rec table.Record
			err := whole.next(&rec)
			cell, skimErr := skim.nextCell(at)
			if bad := (*table.BadRecord)(nil); err != nil && !errors.As(err, &bad) {
				if err == io.EOF && skimErr != io.EOF {
					t.Fatalf("%q: the skim goes on after the end: %q, %v", text, cell, skimErr)
				}
				break // no file is read beyond such an error
			}
			if skimErr != nil {
				t.Fatalf("%q: line %d: %v", text, rec.Line, skimErr)
			}
			if err == nil && at < len(rec.Cells) && string(cell) != string(rec.Cells[at]) || err == nil && at >= len(rec.Cells) && cell != nil {
				t.Fatalf("%q: cell %d of line %d is %q when skimmed; want that of %q", text, at, rec.Line, cell, rec.Cells)
			}
		}
	}
}
