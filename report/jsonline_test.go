package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/scanner"
	"rollcall/scanner/scannertest"
)

func anyAccount(t *rapid.T) *scanner.AccountLine {
	text := func(name string) string { return anyText().Draw(t, name) }
	day := func(name string) connectors.Date { return connectors.Date(rapid.IntRange(0, 30000).Draw(t, name)) }
	return &scanner.AccountLine{App: connectors.AppID(text("app")), Class: connectors.Class(rapid.IntRange(0, 5).Draw(t, "class")), ClassBy: text("by"),
		Account: &connectors.Account{ID: connectors.AccountID(text("id")), Username: text("user"), DisplayName: text("name"), Email: text("mail"), EmployeeID: text("employee"),
			OwnerRef: text("owner"), Enabled: connectors.Tri(rapid.IntRange(0, 2).Draw(t, "enabled")), MFA: connectors.Tri(rapid.IntRange(0, 2).Draw(t, "mfa")),
			Created: day("created"), LastSignIn: day("sign-in"), From: connectors.Where{Source: text("source"), Line: rapid.IntRange(0, 9).Draw(t, "line")}}}
}

// The quick reader takes every line that is written here, and gives what reading it as JSON gives. Of a line that somebody
// changed it gives either the same or nothing.
func TestQuickLines(t *testing.T) {
	same := func(t *rapid.T, line []byte, mustTake bool) {
		var quick, slow scanner.Finding
		var quickRow, slowRow AccountRow
		took, err := quickFinding(line, &quick), slowFinding(line, &slow)
		tookRow, errRow := quickAccount(line, &quickRow), slowAccount(line, &slowRow)
		switch {
		case mustTake && !took && !tookRow:
			t.Fatalf("not taken: %s", line)
		case took && (err != nil || !reflect.DeepEqual(quick, slow)):
			t.Fatalf("%s\ngave  %+v\nand as JSON %+v, %v", line, quick, slow, err)
		case tookRow && (errRow != nil || quickRow != slowRow):
			t.Fatalf("%s\ngave  %+v\nand as JSON %+v, %v", line, quickRow, slowRow, errRow)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		f := anyFinding().Draw(t, "finding")
		line := AppendFinding(nil, &f)
		if rapid.Bool().Draw(t, "account") {
			line = AppendAccount(nil, anyAccount(t))
		}
		if !json.Valid(line) {
			t.Fatalf("no JSON: %s", line)
		}
		same(t, line, true)
		changed := bytes.Clone(line)
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			changed[rapid.IntRange(0, len(changed)-1).Draw(t, "at")] = rapid.SampledFrom([]byte(`"\,:{}[]0n1 x`+"\x00\xff\n")).Draw(t, "to")
		}
		same(t, changed[:rapid.IntRange(0, len(changed)).Draw(t, "cut")], false)
		same(t, changed, false)
	})
}

func BenchmarkReadAccounts(b *testing.B) {
	var file []byte
	for i := range 1000 {
		a := sampleAccounts()[i%4]
		file = append(AppendAccount(file, &scanner.AccountLine{App: a.App, Class: a.Class, Account: &connectors.Account{ID: a.Account, Username: a.Username,
			DisplayName: a.DisplayName, Email: a.Email, Created: a.Created, LastSignIn: a.LastSignIn, From: connectors.Where{Source: a.Row, Line: 7}}}), '\n')
	}
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		for _, err := range ReadAccounts(bytes.NewReader(file)) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// TestLinesAreAsAppendFindingWritesThem: for what a whole simulated company shows, and for findings that are whole.
func TestLinesAreAsAppendFindingWritesThem(t *testing.T) {
	var mu sync.Mutex
	n := 0
	take := func(_ connectors.AppID, found iter.Seq[*scanner.Found]) error {
		mu.Lock() // apps come side by side
		defer mu.Unlock()
		var l Lines
		for f := range found {
			n++
			f.FirstSeen, f.TimesSeen = connectors.Date(20000+n%7), n%3
			if got, want := string(l.Append(nil, f)), string(AppendFinding(nil, f.Finding())); got != want {
				return fmt.Errorf("got  %s\nwant %s", got, want)
			}
		}
		return nil
	}
	c, err := scannertest.New(scannertest.Options{People: 300, Apps: 8, Seed: 3, Noise: 2})
	if err != nil {
		t.Fatal(err)
	}
	in := c.Input()
	in.Found = take
	if _, err := scanner.Scan(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	f := sample().Result.Findings[0]
	if err := take("", slices.Values([]*scanner.Found{scanner.FoundOf(&f)})); err != nil || n < 100 {
		t.Fatalf("%v, %d findings", err, n)
	}
}
