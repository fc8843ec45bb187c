package report

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/scanner"
)

// manyFindings are findings of several apps, in no order.
func manyFindings(n int) (list []scanner.Finding) {
	r := rand.New(rand.NewPCG(5, 6))
	for i := range n {
		list = append(list, scanner.Finding{ID: scanner.IDOf(uint64(i) * 7919), Kind: scanner.Kinds[r.IntN(len(scanner.Kinds))], Severity: scanner.Severity(r.IntN(5)),
			App: connectors.AppID(fmt.Sprint("app", r.IntN(9))), Account: connectors.AccountID(fmt.Sprint(r.IntN(500))), Person: connectors.PersonID(fmt.Sprint("E", r.IntN(300))),
			Why: strings.Repeat("why ", r.IntN(40)), Evidence: []scanner.Fact{{Name: "login", Value: "l"}}, Controls: []string{"SOC2 CC6.2"}, TimesSeen: 1})
	}
	return list
}

// byApp is the order of a run's file.
func byApp(list []scanner.Finding) []scanner.Finding {
	out := slices.Clone(list)
	slices.SortFunc(out, func(a, b scanner.Finding) int {
		if a.App != b.App {
			return strings.Compare(string(a.App), string(b.App))
		}
		return scanner.CompareFindings(&a, &b)
	})
	return out
}

// Whatever the order of the file, the findings come in that of every report, all of them or those of some kinds.
func TestFindingsFile(t *testing.T) {
	for name, order := range map[string]func([]scanner.Finding) []scanner.Finding{"as a run writes it": byApp,
		"in no order": func(l []scanner.Finding) []scanner.Finding { return l }, "empty": func([]scanner.Finding) []scanner.Finding { return nil }} {
		list := order(manyFindings(3000))
		var file bytes.Buffer
		if err := WriteJSONL(&file, list); err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(list)
		scanner.SortFindings(want)
		f, err := OpenFindings(bytes.NewReader(file.Bytes()), int64(file.Len()), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, kinds := range [][]scanner.Kind{nil, {scanner.StaleAccount}, {scanner.SoDConflict, scanner.WeakSignIn}} {
			var got, wanted []scanner.FindingID
			for x, err := range f.Each(kinds...) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, x.ID)
			}
			for x := range FindingsOf(want)(kinds...) {
				wanted = append(wanted, x.ID)
			}
			if !slices.Equal(got, wanted) {
				t.Errorf("%s, %q: %d findings in another order than the %d wanted", name, kinds, len(got), len(wanted))
			}
		}
		if got := f.Digest().Total(); got != len(list) {
			t.Errorf("%s: the digest has %d", name, got)
		}
	}
}

// A file that was cut or changed is no list of findings.
func TestFindingsFileRefuses(t *testing.T) {
	var file bytes.Buffer
	if err := WriteJSONL(&file, byApp(manyFindings(50))); err != nil {
		t.Fatal(err)
	}
	b := file.Bytes()[:file.Len()-30]
	if _, err := OpenFindings(bytes.NewReader(b), int64(len(b)), nil); err == nil || !strings.Contains(err.Error(), "line 50") {
		t.Errorf("a cut file: %v", err)
	}
	f, err := OpenFindings(bytes.NewReader(file.Bytes()), int64(file.Len()), nil)
	if err != nil {
		t.Fatal(err)
	}
	f.in = bytes.NewReader(b)
	for _, err = range f.Each() {
		if err != nil {
			break
		}
	}
	if err == nil {
		t.Error("a file cut while it was read was not noticed")
	}
}

// The workbook is the same whether its findings are held or read from their file.
func TestWorkbookFromFile(t *testing.T) {
	r := sample()
	r.Result.Findings = byApp(append(manyFindings(400), r.Result.Findings...))
	var file bytes.Buffer
	if err := WriteJSONL(&file, r.Result.Findings); err != nil {
		t.Fatal(err)
	}
	r.Result.Findings = nil
	for x, err := range ReadFindings(bytes.NewReader(file.Bytes())) {
		if err != nil {
			t.Fatal(err)
		}
		r.Result.Findings = append(r.Result.Findings, x)
	}
	scanner.SortFindings(r.Result.Findings)
	held := workbook(t, r, rows(sampleAccounts()...), maxRows)
	f, err := OpenFindings(bytes.NewReader(file.Bytes()), int64(file.Len()), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Result.Findings, r.Findings, r.Digest = nil, f.Each, f.Digest()
	if !bytes.Equal(held, workbook(t, r, rows(sampleAccounts()...), maxRows)) {
		t.Error("the bytes differ")
	}
}
