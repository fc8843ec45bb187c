package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"rollcall/connectors"
	"rollcall/scanner"
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

// Whose access is to go at once is known by department, title, role or id, in whatever case they are written.
func TestSameDay(t *testing.T) {
	p := &scanner.Person{ID: "E7", Now: &connectors.Person{ID: "E7-2", Department: "Finance", Title: "Head of Treasury", Role: "Administrator"}}
	for pattern, want := range map[string]bool{"finance": true, "*treasury": true, "admin*": true, "E7": true, "e7-2": true, "E": false, "IT": false, "": false} {
		if got := (&Target{AtOnce: []string{"nobody", pattern}}).SameDay(p); got != want {
			t.Errorf("%q: %v", pattern, got)
		}
	}
	var none *Target
	if none.SameDay(p) || (&Target{AtOnce: []string{"*"}}).SameDay(&scanner.Person{ID: "E8"}) {
		t.Error("without a target, or of whom HR says nothing, there is no such duty")
	}
}

// The summary counts what was past the target, those with a same-day duty apart.
func TestTargetFigures(t *testing.T) {
	r := sample()
	r.Target = &Target{Days: 30, AtOnce: []string{"fin*"}}
	know, err := gatherOverview(r)
	if err != nil {
		t.Fatal(err)
	}
	b := &book{r: r, know: know}
	got := b.targetFigures()
	if len(got) != 2 || got[1].Value.(int) == 0 || got[0].Value.(int) < got[1].Value.(int) || !strings.Contains(got[1].Means, "could sign in after it") {
		t.Fatalf("%+v", got)
	}
	all, late := know.kept.all, know.kept.late
	r.Target = &Target{Days: 10_000}
	if know, err = gatherOverview(r); err != nil {
		t.Fatal(err)
	}
	b.know = know
	if got := b.targetFigures(); len(got) != 1 || got[0].Value != 0 || know.kept.all != all || late == 0 {
		t.Errorf("%+v of %d", got, know.kept.all)
	}
	if r.Target = nil; b.targetFigures() != nil {
		t.Error("figures without a target")
	}
}
