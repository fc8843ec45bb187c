package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"rollcall/connectors"
)

// With a target, a leaver's account says whether it was kept to; those whose access is to go at once have none to spare.
func TestTarget(t *testing.T) {
	r := sample()
	r.Target = &Target{Days: 30, AtOnce: []string{"fin*"}}
	for _, x := range []struct {
		person string
		days   int
		atOnce bool
	}{{"E101", 0, true}, {"E102", 30, false}, {"nobody", 30, false}} {
		if days, at := r.Target.of(r, connectors.PersonID(x.person)); days != x.days || at != x.atOnce {
			t.Errorf("%s: %d days, at once: %v", x.person, days, at)
		}
	}
	rowsOf := func() [][]string {
		f, err := excelize.OpenReader(bytes.NewReader(workbook(t, r, rows(sampleAccounts()...), maxRows)))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		got, err := f.GetRows("Time to revoke")
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	cell := func(column string) string {
		got := rowsOf()
		for i, row := range got {
			if at := slices.Index(row, column); at >= 0 && i+1 < len(got) {
				return got[i+1][at]
			}
		}
		t.Fatalf("no column %q", column)
		return ""
	}
	if got := cell("Target, days") + " " + cell("Within target"); got != "0 BREACH" {
		t.Errorf("got %q", got)
	}
	r.Target = nil
	if got := cell("Within target"); got != "not judged" {
		t.Errorf("without a target: %q", got)
	}
	if words := r.targetWords(); !strings.Contains(words, "No target") {
		t.Error(words)
	}
}
