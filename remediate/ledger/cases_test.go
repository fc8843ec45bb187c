package ledger

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

var dana = remediate.Identity{Person: "E9", Proof: "uid 1009"}

// aCase is a case of a group, with one administrator's account.
func aCase(group string, rev int) *remediate.Case {
	id := connectors.AccountID("a-" + group)
	item := remediate.Item{Group: group, Mode: scanner.ModeAsk, Person: "E1", Findings: []scanner.FindingID{"f-1"},
		Targets: []remediate.Target{{App: "crm", Account: id, Login: "ann", Class: "human", Exact: true, Admin: true}},
		Actions: []remediate.Action{{Verb: remediate.Disable, App: "crm", Account: id, Undo: remediate.Exact}}}
	return &remediate.Case{ID: "c-" + group, Rev: rev, State: remediate.Open, Item: item, ItemHash: item.Hash(), Run: "run-1", Opened: noon, At: noon}
}

// in is a case as a later state of it.
func in(c *remediate.Case, state remediate.State, p remediate.Progress, at time.Time) *remediate.Case {
	n := *c
	n.Rev, n.State, n.At = c.Rev+1, state, at
	s := remediate.Step{Action: c.Item.Actions[0], Progress: p, Before: []byte(`{"ID":"a"}`)}
	switch p {
	case remediate.Seen, remediate.Back:
		s.SeenAt = at
		fallthrough
	case remediate.Done:
		s.DoneAt = at
		fallthrough
	case remediate.Meant:
		s.MeantAt = at
	}
	if len(c.Steps) > 0 && p != remediate.Meant {
		s.MeantAt = c.Steps[0].MeantAt
	}
	n.Steps = []remediate.Step{s}
	return &n
}

func TestACaseIsChangedByWhoSawIt(t *testing.T) {
	l := begin(t, t.TempDir())
	defer func() { end(t, l) }()
	c := aCase("g", 1)
	ok(t, l.Put(c, 0, remediate.Policy, "opened", noon))
	for name, put := range map[string]func() error{
		"opened twice": func() error { return l.Put(c, 0, remediate.Policy, "opened", noon) },
		"a stale one": func() error {
			return l.Put(in(in(c, remediate.Asked, remediate.Pending, noon), remediate.Keep, remediate.Pending, noon), 2, dana, "kept", noon)
		},
		"a second live": func() error {
			n := aCase("g", 1)
			n.ID = "c-other"
			return l.Put(n, 0, remediate.Policy, "opened", noon)
		},
		"without an id":  func() error { n := aCase("h", 1); n.ID = ""; return l.Put(n, 0, remediate.Policy, "opened", noon) },
		"without a time": func() error { return l.Put(aCase("h", 1), 0, remediate.Policy, "opened", time.Time{}) },
		"by nobody":      func() error { return l.Put(aCase("h", 1), 0, remediate.Identity{}, "opened", noon) },
	} {
		if err := put(); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if list, err := l.Cases(nil); err != nil || len(list) != 1 || list[0].Rev != 1 {
		t.Errorf("what was refused left %v %v", list, err)
	}
	if _, err := l.Case("c-none"); !errors.Is(err, connectors.ErrNotFound) {
		t.Errorf("no such case: %v", err)
	}
	ok(t, l.Put(in(c, remediate.Superseded, remediate.Pending, noon), 1, remediate.Policy, "superseded", noon))
	if live, err := l.Live("g"); err != nil || live != nil {
		t.Errorf("ended, it is live: %v %v", live, err)
	}
	next := aCase("g", 1)
	next.ID = "c-next"
	ok(t, l.Put(next, 0, remediate.Policy, "opened", noon))
}

// What was meant long ago and done just now counts now: the list that was read between shows it as it was.
func TestWhatIsDoneLateCountsLate(t *testing.T) {
	l := begin(t, t.TempDir())
	defer func() { end(t, l) }()
	c := aCase("g", 1)
	ok(t, l.Put(c, 0, remediate.Policy, "opened", noon))
	c = in(c, remediate.Intent, remediate.Meant, noon)
	ok(t, l.Put(c, 1, dana, "intent", noon))
	read := noon.Add(time.Hour)
	gone := func(want int) {
		t.Helper()
		if n, err := l.AdminsGone("crm", read); err != nil || n != want {
			t.Errorf("%d administrators are gone since the list was read (%v), want %d", n, err, want)
		}
	}
	gone(1) // it goes on
	c = in(c, remediate.Applied, remediate.Done, noon.Add(2*time.Hour))
	ok(t, l.Put(c, 2, dana, "done", noon.Add(2*time.Hour)))
	c = in(c, remediate.Confirmed, remediate.Seen, noon.Add(2*time.Hour))
	ok(t, l.Put(c, 3, dana, "seen", noon.Add(2*time.Hour)))
	gone(1)
	if n, err := l.Changed(read); err != nil || n.All != 1 {
		t.Errorf("changed since: %+v %v", n, err)
	}
	c = in(c, remediate.Undone, remediate.Back, noon.Add(3*time.Hour))
	ok(t, l.Put(c, 4, dana, "back", noon.Add(3*time.Hour)))
	gone(0)
}

// fillCases leaves cases in every sort of state, lifts and the rest.
func fillCases(t *testing.T, l *Ledger) {
	t.Helper()
	for i, p := range []remediate.Progress{remediate.Pending, remediate.Meant, remediate.Done, remediate.Seen, remediate.Refused, remediate.Back} {
		at := noon.Add(time.Duration(i) * time.Hour)
		c := aCase(fmt.Sprint("g", i), 1)
		ok(t, l.Put(c, 0, remediate.Policy, "opened", at))
		d := in(c, remediate.Intent, remediate.Meant, at)
		d.Decision = &remediate.Decision{By: dana, Why: "left", At: at, Item: c.ItemHash}
		ok(t, l.Put(d, 1, dana, "intent", at))
		state := map[remediate.Progress]remediate.State{remediate.Seen: remediate.Confirmed, remediate.Back: remediate.Undone, remediate.Refused: remediate.Failed}[p]
		if state == "" {
			state = remediate.Intent
		}
		ok(t, l.Put(in(d, state, p, at), 2, dana, "further", at.Add(time.Minute)))
	}
	ok(t, l.AddLift(remediate.Lift{Plan: "p", By: "E8", Reason: "a site closes", At: noon}, dana))
	ok(t, l.AddLift(remediate.Lift{Plan: "p", By: "E8", Reason: "a site closes", At: noon}, dana))
}
