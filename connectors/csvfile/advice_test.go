package csvfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
)

func TestAHeaderWithAnotherDelimiter(t *testing.T) {
	for _, c := range []struct{ text, delimiter, says string }{
		{"id;user;name;state\n1;a;A;active\n", "", `the header looks separated by ";": write delimiter = ";"`},
		{"id|user|name|state\n", ",", `the header looks separated by "|": write delimiter = "|"`},
		{"id\tuser\tname\tstate\n", "", `the header looks separated by tabs: write delimiter = "tab"`},
		{"id,user,name,state\n", ";", `the header looks separated by ",": write delimiter = ","`},
		{"\"id\";\"user\"\n", "", `the header looks separated by ";": write delimiter = ";"`},
		{"\"id\"\t\"user\"\n", "", `the header looks separated by tabs: write delimiter = "tab"`},
		{"number;x,user,name,state\n", "", ""},
		{"number\n", "", ""},
		{"\"id\"x,user\n", "", ""},
	} {
		dir := write(t, map[string]string{"a.csv": c.text})
		_, _, err := accounts(t, Format{File: "a.csv", Delimiter: c.delimiter}, dir)
		if err == nil || !strings.HasPrefix(err.Error(), "a.csv: ") || !strings.HasSuffix(err.Error(), c.says) ||
			c.says == "" && strings.Contains(err.Error(), "looks separated") {
			t.Errorf("%q: error %v; want one that ends in %q", c.text, err, c.says)
		}
	}
}

// A row whose bytes are no text is its account's all the same, where the id is one and the cells are told apart.
func TestWhoseABrokenRowIs(t *testing.T) {
	text := "id,user,name,state\n" +
		"1,a,M\xfcller,active\n" +
		"2,a,\"M\xfcller, A\",active\n" +
		"3,a,M\x00ller,active\n" +
		"\xfc4,a,A,active\n" +
		"5\x00,a,A,active\n" +
		"6,a,M\xfc,ller,active\n" +
		"7,a,\"M\xfcl\"ler,active\n" +
		"8,a,A,active\n"
	want := map[int]connectors.AccountID{2: "1", 3: "2", 4: "3", 5: "", 6: "", 7: "", 8: ""}
	for _, encoding := range []string{"", "windows-1252"} {
		if encoding != "" {
			text = strings.ReplaceAll(strings.ReplaceAll(text, "\xfc", "\x81"), "\"M\x81l\"ler", "M\x81l,ler")
		}
		_, trace, err := accounts(t, Format{File: "a.csv", Encoding: encoding}, write(t, map[string]string{"a.csv": text}))
		if err == nil || !strings.Contains(err.Error(), "7 of 8 rows") {
			t.Fatalf("%s: %v", encoding, err)
		}
		for _, r := range trace.Rejects {
			row := new(connectors.RejectedRow)
			if known := errors.As(r.Err, &row); known != (want[r.Where.Line] != "") || row.Account != want[r.Where.Line] || row.Repeats {
				t.Errorf("%s line %d: %+v; want account %q", encoding, r.Where.Line, row, want[r.Where.Line])
			}
		}
	}
}

// A file that ends inside a cell names the row, and the rows before it do not pass for all.
func TestAFileCutShortInAQuote(t *testing.T) {
	var lines []string
	for i := range 40 {
		lines = append(lines, fmt.Sprintf("%d,u%d,\"Name,\nof %d\",active", i, i, i))
	}
	text := "id,user,name,state\n" + strings.Join(lines, "\n")
	cut := text[:strings.Index(text, "of 30")+2]
	got, trace, err := accounts(t, Format{File: "a.csv"}, write(t, map[string]string{"a.csv": cut}))
	if err == nil || !strings.HasPrefix(err.Error(), `a.csv: line 62: a quote (") is opened`) || !strings.HasSuffix(err.Error(), "have it exported again") {
		t.Errorf("error %v", err)
	}
	if len(got) != 30 || slices.Contains(trace.Ends, connectors.Accounts) {
		t.Errorf("%d accounts, ends %v", len(got), trace.Ends)
	}
	long := "id,user,name,state\n1,a,A,active\n2,a,\"A,active\n" + strings.Repeat("3,a,A,active\n", 1<<17)
	_, _, err = accounts(t, Format{File: "a.csv"}, write(t, map[string]string{"a.csv": long}))
	if err == nil || !strings.HasPrefix(err.Error(), "a.csv: line 3: ") || !strings.Contains(err.Error(), "exported again") {
		t.Errorf("error %v", err)
	}
}
