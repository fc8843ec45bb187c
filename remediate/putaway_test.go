package remediate_test

import (
	"context"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
)

// shelf is an app that can archive and delete. Its accounts are disabled.
type shelf struct {
	connectors.App
	here     map[connectors.AccountID]bool
	archived map[connectors.AccountID]bool
	calls    int
	deaf     bool // says that it did what it did not
}

func (s *shelf) Account(_ context.Context, id connectors.AccountID) (connectors.Account, error) {
	if !s.here[id] {
		return connectors.Account{}, connectors.ErrNotFound
	}
	return connectors.Account{ID: id, Username: string(id), Enabled: connectors.No}, nil
}

func (s *shelf) Archive(_ context.Context, before connectors.Account) (connectors.Receipt, error) {
	if s.calls++; !s.deaf {
		s.archived[before.ID] = true
	}
	return connectors.Receipt{Changed: true}, nil
}

func (s *shelf) Delete(_ context.Context, before connectors.Account) (connectors.Receipt, error) {
	if s.calls++; !s.deaf {
		delete(s.here, before.ID)
	}
	return connectors.Receipt{Changed: true}, nil
}

// retired makes the case of an account whose retention is over, decided by two people.
func retired(t *testing.T, prefer remediate.Verb) (*remediate.Applier, *shelf, *remediate.Case) {
	t.Helper()
	led := openLedger(t, stateDir(t))
	t.Cleanup(func() { led.Close() })
	now := noon
	s := &shelf{here: map[connectors.AccountID]bool{"a1": true, "a2": true}, archived: map[connectors.AccountID]bool{}}
	can := connectors.AbilitiesOf(s)
	gone := &remediate.Case{ID: "c-1", Item: remediate.Item{Person: "E1", Targets: []remediate.Target{{App: "crm", Account: "a1", Login: "a1", Class: "human"}}},
		Steps: []remediate.Step{{Action: remediate.Action{Verb: remediate.Disable, App: "crm", Account: "a1"}, Progress: remediate.Seen, SeenAt: now.AddDate(0, 0, -91)}}}
	acc, err := s.Account(t.Context(), "a1")
	ok(t, err)
	it, due := remediate.Retire(gone, &gone.Steps[0], &acc, can, prefer, 90*24*time.Hour)
	if !due || it.Mode.String() != "ask" || !it.TwoPeople || it.Actions[0].Verb != prefer || it.Actions[0].Undo != remediate.None {
		t.Fatalf("%v %+v", due, it)
	}
	desk := &remediate.Desk{Journal: led}
	k, err := desk.Open(&it, "r", now)
	ok(t, err)
	for i, by := range []remediate.Identity{boss, boss, other} {
		k, err = desk.Decide(k.ID, remediate.Verdict{Remove: true, By: by, Why: "its time is over"}, now)
		ok(t, err)
		if (k.State == remediate.Remove) != (i == 2) {
			t.Fatalf("after %d words of two people it is %s", i+1, k.State)
		}
	}
	a := &remediate.Applier{Journal: led, Apps: map[connectors.AppID]connectors.App{"crm": s}, Now: func() time.Time { return now },
		Wait: func(_ context.Context, d time.Duration) error { now = now.Add(d); return nil }, Patience: time.Minute, Look: time.Second}
	return a, s, k
}

// That an account is disabled does not mean that it was archived or deleted: it was disabled before.
func TestPutAwayIsReallyDone(t *testing.T) {
	a, s, k := retired(t, remediate.Archive)
	k, err := a.Case(t.Context(), k.ID, remediate.Policy)
	ok(t, err)
	if k.State != remediate.Confirmed || !s.archived["a1"] || s.calls != 1 {
		t.Errorf("%s, archived %v after %d calls", k.State, s.archived, s.calls)
	}
	a, s, k = retired(t, remediate.Delete)
	k, err = a.Case(t.Context(), k.ID, remediate.Policy)
	ok(t, err)
	if k.State != remediate.Confirmed || s.here["a1"] || !s.here["a2"] || s.calls != 1 {
		t.Errorf("%s, here %v after %d calls", k.State, s.here, s.calls)
	}
}

// An app that says that it deleted what is still there did not.
func TestDeletionIsReadBack(t *testing.T) {
	a, s, k := retired(t, remediate.Delete)
	s.deaf = true
	k, err := a.Case(t.Context(), k.ID, remediate.Policy)
	ok(t, err)
	if k.State != remediate.Failed {
		t.Errorf("%s", k.State)
	}
}

// Killed at any moment of a deletion, the next start finishes it, and deletes nothing else.
func TestDeletionSurvivesKills(t *testing.T) {
	for kill := range 40 {
		a, s, k := retired(t, remediate.Delete)
		n, stopped := 0, false
		func() {
			defer func() { stopped = recover() != nil }()
			a.At = func(string) {
				if n++; n == kill+1 {
					panic("killed")
				}
			}
			_, err := a.Case(t.Context(), k.ID, remediate.Policy)
			ok(t, err)
		}()
		a.At = nil
		if stopped {
			k, err := a.Journal.Case(k.ID)
			ok(t, err)
			if k.State != remediate.Confirmed { // it was killed before the last word was written
				k, err = a.Case(t.Context(), k.ID, remediate.Policy)
				ok(t, err)
			}
			if k.State != remediate.Confirmed {
				t.Errorf("killed at boundary %d: %s: %s", kill+1, k.State, k.Why)
			}
		} else if kill == 0 {
			t.Fatal("no boundary was passed")
		}
		if s.here["a1"] || !s.here["a2"] {
			t.Errorf("killed at boundary %d: here %v", kill+1, s.here)
		}
	}
}

// Who has been let in again is not asked about, and one person is never two.
func TestRetireAsksOnlyAboutWhatIsDisabled(t *testing.T) {
	step := &remediate.Step{Action: remediate.Action{Verb: remediate.Disable, App: "crm", Account: "a1"}, Progress: remediate.Seen, SeenAt: noon}
	c := &remediate.Case{ID: "c-1", Steps: []remediate.Step{*step}}
	for _, enabled := range []connectors.Tri{connectors.Yes, connectors.Unknown} {
		if _, due := remediate.Retire(c, step, &connectors.Account{ID: "a1", Enabled: enabled}, 0, remediate.Archive, time.Hour); due {
			t.Errorf("enabled %s is asked about", enabled)
		}
	}
}
