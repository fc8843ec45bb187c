package table

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

// memFile is a table in memory: cells between bars, one row a line. It overwrites a record's cells when the next one is
// read, as a Reader may.
type memFile struct {
	name  string
	text  string
	dates DateSystem
	fail  error // instead of the end
	opens int
	grow  bool // every opening finds one more line
}

func mem(name string, lines ...string) *memFile {
	return &memFile{name: name, text: strings.Join(lines, "\n")}
}

func (f *memFile) Name() string { return f.name }

func (f *memFile) Size() int64 { return int64(len(f.text)) }

func (f *memFile) Skim() (Reader, error) { return f.Open() }

func (f *memFile) Open() (Reader, error) {
	f.opens++
	if f.grow && f.opens > 1 {
		f.text += "\n"
	}
	return &memReader{memFile: f, whole: f.text, rest: f.text}, nil
}

type memReader struct {
	*memFile
	whole, rest string
	line        int
	buf         []byte
	skimmed     Record
}

func (r *memReader) Next(rec *Record) error {
	if r.rest == "" {
		if r.fail != nil {
			return r.fail
		}
		return io.EOF
	}
	for i := range r.buf {
		r.buf[i] = '?'
	}
	var line string
	line, r.rest, _ = strings.Cut(r.rest, "\n")
	r.line++
	why, bad := strings.CutPrefix(line, "BAD ")
	if bad && !strings.Contains(why, ": ") {
		return &BadRecord{Line: r.line, Why: errors.New(why)}
	}
	if bad { // "BAD why: its cells"
		why, line, _ = strings.Cut(why, ": ")
	}
	r.buf = append(r.buf[:0], line...)
	rec.Line, rec.Cells = r.line, rec.Cells[:0]
	from := 0
	for i := 0; i <= len(r.buf); i++ {
		if i == len(r.buf) || r.buf[i] == '|' {
			rec.Cells, from = append(rec.Cells, r.buf[from:i]), i+1
		}
	}
	if bad {
		return &BadRecord{Line: r.line, Why: errors.New(why), Cells: rec.Cells}
	}
	return nil
}

func (r *memReader) NextCell(at int) ([]byte, error) {
	if err := r.Next(&r.skimmed); err != nil || at >= len(r.skimmed.Cells) {
		return nil, err
	}
	return r.skimmed.Cells[at], nil
}

func (r *memReader) Dates() DateSystem { return r.memFile.dates }
func (r *memReader) Close() error      { return nil }
func (r *memReader) Page() connectors.Page {
	return connectors.Page{Request: r.name, Bytes: int64(len(r.whole)), SHA256: sha256.Sum256([]byte(r.whole))}
}

var accountColumns = AppColumns{ID: "id", Username: "user", Email: "mail", Status: "state"}

var credentialColumns = CredentialColumns{Account: "account", ID: "key", Kind: "kind", Created: "made", LastUsed: "used"}

var grantColumns = GrantColumns{Account: "account", Entitlement: "ent", Granted: "granted", LastUsed: "used"}

// pullApp opens and reads an app.
func pullApp(t testing.TB, accounts *memFile, o AppOptions, grants *memFile, g GrantOptions) ([]connectors.Account, *connectortest.Trace, error) {
	t.Helper()
	f := AppFiles{Accounts: accounts}
	if grants != nil {
		f.Entitlements = grants
	}
	a, err := NewApp("app", "mem", "none", f, o, g, CredentialOptions{}, connectors.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return connectortest.Accounts(context.Background(), a)
}

// rejects writes out what was left out, as "file:line: reason".
func rejects(t *connectortest.Trace) []string {
	var out []string
	for _, r := range t.Rejects {
		out = append(out, fmt.Sprintf("%s:%d: %v", r.Where.Source, r.Where.Line, r.Err))
	}
	return out
}

// whose writes out whose the rows were that were left out: "file:line" and the account or person, "again" for one that
// repeats, "?" for one that may be anybody's.
func whose(t *connectortest.Trace) []string {
	var out []string
	for _, r := range t.Rejects {
		who := "?"
		if row := (*connectors.RejectedRow)(nil); errors.As(r.Err, &row) {
			who = string(row.Account)
			if p := row.Person; p != nil {
				who = strings.Join(append([]string{string(p.ID), p.FirstName, p.LastName, p.FormerLastName, p.PreferredName,
					p.DisplayName, p.WorkEmail, p.PersonalEmail}, p.Aliases...), "|")
			}
			if row.Repeats {
				who += " again"
			}
		}
		out = append(out, fmt.Sprintf("%s %s", r.Where, who))
	}
	return out
}

// holds writes out each account with what it holds.
func holds(accounts []connectors.Account) []string {
	var out []string
	for _, a := range accounts {
		s := string(a.ID) + ":"
		for _, e := range a.Entitlements {
			s += " " + string(e.ID)
		}
		out = append(out, s)
	}
	return out
}

func wantLines(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got  %s\n want %s", what, strings.Join(got, "\n      "), strings.Join(want, "\n      "))
	}
}
