package ledger

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/scanner"
)

// rosterModel follows each person through the rosters, one at a time.
type rosterModel struct {
	last    *scanner.RosterFacts
	roles   roles
	missing missing
}

func (m *rosterModel) accept(f *scanner.RosterFacts) {
	for id, line := range f.People {
		if line.Role+line.Department+line.Title == "" {
			continue
		}
		seen := m.roles[id]
		if len(seen) > 0 {
			was := seen[len(seen)-1]
			same := was.Role == line.Role && was.Department == line.Department && was.Title == line.Title
			if same || f.AsOf < was.On {
				continue
			}
		}
		m.roles[id] = append(seen, scanner.SeenRole{On: f.AsOf, Role: line.Role, Department: line.Department, Title: line.Title})
	}
	if m.last != nil && (f.AsOf > m.last.AsOf || f.AsOf == m.last.AsOf && f.SHA256 != m.last.SHA256) {
		for n := range 5 {
			id := connectors.PersonID(fmt.Sprint("E", n))
			_, was := m.last.People[id]
			_, is := f.People[id]
			switch {
			case is:
				delete(m.missing, id)
			case was || m.missing[id] > 0:
				m.missing[id]++
			}
		}
	}
	m.last = f
}

func someRoster(t *rapid.T) *scanner.RosterFacts {
	f := &scanner.RosterFacts{AsOf: monday + connectors.Date(rapid.IntRange(0, 9).Draw(t, "as-of")),
		SHA256: rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "sha"), Blank: map[string]int{"status": 1}, People: people{}}
	for n := range 5 {
		if rapid.Bool().Draw(t, "there") {
			role := rapid.SampledFrom([]string{"", "Clerk", "Lead"})
			f.People[connectors.PersonID(fmt.Sprint("E", n))] = scanner.RosterLine{Status: connectors.Active,
				Ended: rapid.Bool().Draw(t, "ended"), Role: role.Draw(t, "role"), Title: role.Draw(t, "title")}
		}
	}
	f.Records = len(f.People)
	return f
}

func TestRosterHistoryAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "ledger")
		ok(t, err)
		defer os.RemoveAll(dir)
		l := begin(t, dir)
		m := rosterModel{roles: roles{}, missing: missing{}}
		for n := range rapid.IntRange(1, 8).Draw(t, "runs") {
			f := someRoster(t)
			r := aRun(n)
			switch rapid.SampledFrom([]string{"trusted", "refused", "accepted"}).Draw(t, "roster is") {
			case "trusted":
				r.Roster = f
				m.accept(f)
			case "refused":
				ok(t, l.SetPendingRoster(PendingRoster{Facts: *f, Reasons: []string{"half"}, At: noon, Actor: "cron"}))
			case "accepted":
				ok(t, l.SetPendingRoster(PendingRoster{Facts: *f, Reasons: []string{"half"}, At: noon, Actor: "cron"}))
				ok(t, l.AcceptRoster(f.SHA256, "dana", "the plant was sold", noon))
				m.accept(f)
			}
			for range 2 {
				_, err := l.RecordRun(r)
				ok(t, err)
			}
			if rapid.Bool().Draw(t, "reopen") {
				l = reopen(t, l)
			}
			m.check(t, l)
		}
		end(t, l)
	})
}

func (m *rosterModel) check(t *rapid.T, l *Ledger) {
	t.Helper()
	if got, err := l.Roster(); err != nil || !reflect.DeepEqual(got, m.last) {
		t.Fatalf("roster: got %+v, %v, want %+v", got, err, m.last)
	}
	if got, err := l.Roles(); err != nil || !reflect.DeepEqual(got, m.roles) {
		t.Fatalf("roles: got %v, %v, want %v", got, err, m.roles)
	}
	if got, err := l.Missing(); err != nil || !maps.Equal(got, m.missing) {
		t.Fatalf("missing: got %v, %v, want %v", got, err, m.missing)
	}
}

func TestARefusedRosterWaitsUntilItIsSettled(t *testing.T) {
	l := begin(t, t.TempDir())
	defer func() { end(t, l) }()
	refused := PendingRoster{Facts: scanner.RosterFacts{AsOf: monday, Records: 1, SHA256: "half", People: people{"E1": {Role: "Clerk"}}},
		Reasons: []string{"1 record, 2 last time"}, At: noon, Actor: "cron"}
	waiting := func(want *PendingRoster) {
		t.Helper()
		if got, err := l.PendingRoster(); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	waiting(nil)
	ok(t, l.SetPendingRoster(refused))
	l = reopen(t, l)
	_, err := l.RecordRun(aRun(1)) // whose roster is not trusted
	ok(t, err)
	waiting(&refused)
	if got, err := l.Roster(); got != nil || err != nil {
		t.Errorf("a refused roster counts: %v, %v", got, err)
	}
	if l.AcceptRoster("other", "dana", "true", noon) == nil || l.AcceptRoster("half", "dana", "", noon) == nil || l.AcceptRoster("half", "", "true", noon) == nil {
		t.Error("accepted though it is another, or without a reason, or by nobody")
	}
	waiting(&refused)
	ok(t, l.AcceptRoster("half", "dana", "the plant was sold", noon))
	waiting(nil)
	if got, err := l.Roster(); err != nil || !reflect.DeepEqual(*got, refused.Facts) {
		t.Errorf("accepted: got %+v, %v", got, err)
	}
	ok(t, l.SetPendingRoster(refused))
	trusted := aRun(2)
	trusted.Roster = &scanner.RosterFacts{AsOf: monday, SHA256: "whole"}
	_, err = l.RecordRun(trusted)
	ok(t, err)
	waiting(nil)
}
