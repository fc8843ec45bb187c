package inmem_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/inmem"
)

func writableRows() []connectors.Account {
	return []connectors.Account{
		{ID: "1", Enabled: connectors.Yes, Entitlements: []connectors.Entitlement{{ID: "reader"}, {ID: "writer"}, {ID: "all", Inherited: "reader"}}},
		{ID: "2", Enabled: connectors.Yes, Entitlements: []connectors.Entitlement{{ID: "writer", Privileged: true}}, State: []byte(`{"ou":"/sales"}`),
			Credentials: []connectors.Credential{{ID: "key-1", Kind: "api_key"}, {ID: "key-2", Kind: "token"}}},
		{ID: "3", Enabled: connectors.No},
	}
}

func writable() *inmem.WritableApp {
	return &inmem.WritableApp{App: inmem.App{Rows: writableRows()}, Sessions: map[connectors.AccountID]int{"1": 2}, Parked: []byte(`{"ou":"/left"}`)}
}

func TestWritableAppKeepsTheContract(t *testing.T) {
	for _, name := range []string{"in memory", "in a file"} {
		t.Run(name, func(t *testing.T) {
			open := func(tb testing.TB) *inmem.WritableApp {
				a := writable()
				if name == "in a file" {
					a.Path = filepath.Join(tb.TempDir(), "app.json")
				}
				return a
			}
			connectortest.App(t, connectortest.AppHarness{
				Open: func(tb testing.TB) connectors.App { return open(tb) },
				Broken: func(tb testing.TB) connectors.App {
					a := open(tb)
					a.Fail, a.FailAfter = errors.New("server down"), 1
					return a
				},
				Want: writableRows(),
			})
		})
	}
}

// An app that is only read stays one that cannot be written to.
func TestAppHasNoAbility(t *testing.T) {
	if got := connectors.AbilitiesOf(new(inmem.App)); got != 0 {
		t.Errorf("App can do %b", got)
	}
	for _, a := range []connectors.Ability{connectors.CanDisable, connectors.CanRemoveEntitlement, connectors.CanRevokeSessions, connectors.CanRevokeCredential} {
		if !connectors.AbilitiesOf(writable()).Has(a) {
			t.Errorf("WritableApp lacks ability %b", a)
		}
	}
}

func account(t *testing.T, a *inmem.WritableApp, id connectors.AccountID) connectors.Account {
	t.Helper()
	acc, err := a.Account(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return acc
}

func truly(t *testing.T, a *inmem.WritableApp, i int) connectors.Account {
	t.Helper()
	w, err := a.World()
	if err != nil {
		t.Fatal(err)
	}
	return w.Rows[i]
}

// impatient is a context that ends as soon as somebody waits for its end.
type impatient struct {
	context.Context
	cancel func()
}

func (i impatient) Done() <-chan struct{} {
	i.cancel()
	return i.Context.Done()
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name    string
		fault   inmem.Fault
		err     error // of the answer; nil: success
		done    bool  // in the world
		showsAt int   // the read that shows it, counted from 1
	}{
		{"none", inmem.Fault{}, nil, true, 1},
		{"throttled", inmem.Fault{Refuse: inmem.ErrThrottled}, connectors.ErrTransient, false, 0},
		{"down", inmem.Fault{Refuse: inmem.ErrDown}, connectors.ErrTransient, false, 0},
		{"lost answer", inmem.Fault{Lose: true}, inmem.ErrLost, true, 1},
		{"no answer", inmem.Fault{Hang: true}, context.Canceled, false, 0},
		{"no answer after the change", inmem.Fault{Hang: true, Lose: true}, context.Canceled, true, 1},
		{"lie", inmem.Fault{Lie: true}, nil, false, 0},
		{"late", inmem.Fault{Late: 2}, nil, true, 3},
		{"late and lost", inmem.Fault{Late: 1, Lose: true}, inmem.ErrLost, true, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := writable()
			a.Faults = func(call inmem.Call) inmem.Fault {
				if call.Verb == inmem.Disable {
					return c.fault
				}
				return inmem.Fault{}
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			_, err := a.Disable(impatient{ctx, cancel}, connectors.Account{ID: "1"})
			if !errors.Is(err, c.err) || c.err == inmem.ErrLost && errors.Is(err, connectors.ErrTransient) {
				t.Errorf("got %v; want %v", err, c.err)
			}
			if done := truly(t, a, 0).Enabled == connectors.No; done != c.done {
				t.Errorf("done: %v; want %v", done, c.done)
			}
			shows := 0
			for n := 1; n < 5 && shows == 0; n++ {
				if account(t, a, "1").Enabled == connectors.No {
					shows = n
				}
			}
			if shows != c.showsAt {
				t.Errorf("it shows at read %d; want %d", shows, c.showsAt)
			}
		})
	}
}

func TestReadingFails(t *testing.T) {
	a := writable()
	a.Faults = func(c inmem.Call) inmem.Fault {
		if c.N == 1 {
			return inmem.Fault{Refuse: inmem.ErrThrottled}
		}
		return inmem.Fault{}
	}
	if _, err := a.Account(t.Context(), "1"); !errors.Is(err, connectors.ErrTransient) {
		t.Errorf("got %v", err)
	}
	account(t, a, "1")
}

// A successor finds every change that was made, also one that was made and not answered, and also what is late.
func TestSuccessorFindsTheChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.json")
	a := writable()
	a.Path = path
	a.Saved = func(c inmem.Call) {
		w, err := inmem.ReadWorld(path)
		if err != nil || w == nil || w.Changes == 0 {
			t.Errorf("%s is not in the file before it is answered: %+v, %v", c.Verb, w, err)
		}
	}
	a.Faults = func(c inmem.Call) inmem.Fault {
		return inmem.Fault{Lose: c.Verb == inmem.Disable, Late: map[inmem.Verb]int{inmem.Remove: 1}[c.Verb]}
	}
	if _, err := a.Disable(t.Context(), connectors.Account{ID: "2"}); !errors.Is(err, inmem.ErrLost) {
		t.Fatal(err)
	}
	_, err1 := a.RevokeSessions(t.Context(), connectors.Account{ID: "1"})
	_, err2 := a.RemoveEntitlement(t.Context(), account(t, a, "1"), "reader")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}

	next := writable()
	next.Path = path
	w, err := next.World()
	if err != nil || w.Changes != 3 || len(w.Sessions) != 0 {
		t.Errorf("the successor found %+v, %v", w, err)
	}
	if got := account(t, next, "2"); got.Enabled != connectors.No || string(got.State) != `{"ou":"/left"}` {
		t.Errorf("account 2 is %+v", got)
	}
	if got := len(account(t, next, "1").Entitlements); got != 3 {
		t.Errorf("what was late shows at once: %d entitlements", got)
	}
	if got := len(account(t, next, "1").Entitlements); got != 2 {
		t.Errorf("what was late does not show: %d entitlements", got)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("beside the file there are %v, %v", left, err)
	}
}

// What cannot be saved is not done.
func TestChangeThatCannotBeSaved(t *testing.T) {
	a := writable()
	a.Path = filepath.Join(t.TempDir(), "none", "app.json")
	if _, err := a.Disable(t.Context(), connectors.Account{ID: "1"}); err == nil {
		t.Error("a change went into a folder that is not there")
	}
	if truly(t, a, 0).Enabled != connectors.Yes {
		t.Error("it was done all the same")
	}
	a.Path = filepath.Join(t.TempDir(), "app.json")
	if err := os.WriteFile(a.Path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (&inmem.WritableApp{Path: a.Path}).World(); err == nil {
		t.Error("a file cut short was read")
	}
}

func TestManyAtOnce(t *testing.T) {
	a := writable()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			acc := connectors.Account{ID: connectors.AccountID(fmt.Sprint(i%3 + 1))}
			_, err1 := a.Disable(t.Context(), acc)
			_, err2 := a.RemoveEntitlement(t.Context(), acc, "writer")
			_, _, err3 := connectortest.Accounts(t.Context(), a)
			if err := errors.Join(err1, err2, err3); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if w, err := a.World(); err != nil || w.Changes != 4 {
		t.Errorf("%d changes, %v; want 2 accounts disabled and 2 entitlements removed", w.Changes, err)
	}
}
