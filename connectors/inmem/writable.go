package inmem

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	"rollcall/connectors"
)

// WritableApp is an app whose accounts can be changed: the reference for the abilities, and a world for tests that kill the
// program. It is a type of its own since an ability is found by asking whether the app has it: App has none.
//
// With a Path, every change is in that file before it is answered, so that the successor of a killed process finds it.
type WritableApp struct {
	App                                   // Rows are how the accounts are at first; World tells how they are
	Sessions map[connectors.AccountID]int // open ones, at first
	Parked   json.RawMessage              // what Disable makes of State, as a directory moves the disabled elsewhere; nil: nothing
	Path     string                       // of the file the world is kept in; empty: in memory alone
	Faults   func(Call) Fault             // what goes wrong with a call; nil: nothing
	Saved    func(Call)                   // runs when a change is made and not yet answered: a place to be killed at

	mu    sync.Mutex
	world *World // nil: not looked at yet
	calls int
}

var (
	_ connectors.App                = (*WritableApp)(nil)
	_ connectors.Disabler           = (*WritableApp)(nil)
	_ connectors.EntitlementRemover = (*WritableApp)(nil)
	_ connectors.SessionRevoker     = (*WritableApp)(nil)
	_ connectors.CredentialRevoker  = (*WritableApp)(nil)
)

// Accounts implements connectors.App: what the world shows when the pull begins.
func (a *WritableApp) Accounts(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Account, error] {
	return func(yield func(connectors.Account, error) bool) {
		shown, err := a.shown()
		if err != nil {
			yield(connectors.Account{}, err)
			return
		}
		for acc, err := range shown.Accounts(ctx, t) {
			if !yield(acc, err) {
				return
			}
		}
	}
}

// Account implements connectors.Getter.
func (a *WritableApp) Account(ctx context.Context, id connectors.AccountID) (connectors.Account, error) {
	if f := a.fault(Call{Verb: Read, Account: id}); f.Refuse != nil || f.Hang {
		return connectors.Account{}, f.refused(ctx, Read, id)
	}
	shown, err := a.shown(id)
	if err != nil {
		return connectors.Account{}, err
	}
	return shown.Account(ctx, id)
}

// shown is the app as a reader sees it: late changes are not in it yet. The accounts that are read are one read nearer to
// showing theirs; none named means all.
func (a *WritableApp) shown(ids ...connectors.AccountID) (*App, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.load(); err != nil {
		return nil, err
	}
	out := &App{Source: a.Source, Signals: a.Signals, Rows: make([]connectors.Account, len(a.world.Rows))}
	for i, r := range a.world.Rows {
		if late, ok := a.world.Late[r.ID]; ok && (len(ids) == 0 || slices.Contains(ids, r.ID)) {
			if late.Reads--; late.Reads >= 0 {
				r = late.Was
				a.world.Late[r.ID] = late
			} else {
				delete(a.world.Late, r.ID)
			}
		}
		out.Rows[i] = r.Clone()
	}
	return out, nil
}

// World is a copy of how everything truly is now, whatever a reader is shown.
func (a *WritableApp) World() (World, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.load(); err != nil {
		return World{}, err
	}
	return a.world.clone(), nil
}

// load makes the world ready: from the file, where there is one, else from how it is at first.
func (a *WritableApp) load() error {
	if a.world != nil {
		return nil
	}
	w := World{Rows: a.Rows, Sessions: a.Sessions}.clone()
	if a.Path != "" {
		kept, err := ReadWorld(a.Path)
		if err != nil {
			return err
		}
		if kept != nil {
			w = *kept
		}
	}
	a.world = &w
	return nil
}

// change carries out one call. do changes the row and tells whether there was anything to change; the world keeps it only
// if it can be saved.
func (a *WritableApp) change(ctx context.Context, c Call, do func(*World, *connectors.Account) bool) (connectors.Receipt, error) {
	f := a.fault(c)
	if err := ctx.Err(); err != nil {
		return connectors.Receipt{}, fmt.Errorf("inmem: %s %q: %w", c.Verb, c.Account, err)
	}
	if f.Refuse != nil || f.Hang && !f.Lose {
		return connectors.Receipt{}, f.refused(ctx, c.Verb, c.Account)
	}
	if f.Lie {
		return connectors.Receipt{RequestID: "lie", Changed: true}, nil
	}
	r, err := a.make(c, f, do)
	if err != nil || !f.Lose {
		return r, err
	}
	return connectors.Receipt{}, f.lost(ctx, c)
}

func (a *WritableApp) make(c Call, f Fault, do func(*World, *connectors.Account) bool) (connectors.Receipt, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.load(); err != nil {
		return connectors.Receipt{}, err
	}
	next := a.world.clone()
	i := slices.IndexFunc(next.Rows, func(r connectors.Account) bool { return r.ID == c.Account })
	if i < 0 {
		return connectors.Receipt{}, fmt.Errorf("inmem: %s %q: %w", c.Verb, c.Account, connectors.ErrNotFound)
	}
	was := next.Rows[i].Clone()
	changed := do(&next, &next.Rows[i])
	if changed {
		next.Changes++
		if f.Late > 0 {
			next.Late[c.Account] = Late{Reads: f.Late, Was: was}
		}
		if err := next.save(a.Path); err != nil {
			return connectors.Receipt{}, err
		}
		a.world = &next
	}
	if a.Saved != nil {
		a.Saved(c)
	}
	return connectors.Receipt{RequestID: fmt.Sprintf("change-%d", next.Changes), Changed: changed}, nil
}

// fault asks what goes wrong with a call.
func (a *WritableApp) fault(c Call) Fault {
	if a.Faults == nil {
		return Fault{}
	}
	a.mu.Lock()
	a.calls++
	c.N = a.calls
	a.mu.Unlock()
	return a.Faults(c)
}

// World is all there is of an app.
type World struct {
	Rows     []connectors.Account          `json:"rows"`
	Sessions map[connectors.AccountID]int  `json:"sessions,omitempty"`
	Late     map[connectors.AccountID]Late `json:"late,omitempty"`
	Changes  int                           `json:"changes"` // made so far: one that changed nothing is none
}

// Late is a change that readers do not see yet: for so many reads, they see the account as it was.
type Late struct {
	Reads int                `json:"reads"`
	Was   connectors.Account `json:"was"`
}

func (w World) clone() World {
	rows := make([]connectors.Account, len(w.Rows))
	for i, r := range w.Rows {
		rows[i] = r.Clone()
	}
	w.Rows = rows
	w.Sessions = maps.Clone(w.Sessions)
	if w.Late = maps.Clone(w.Late); w.Late == nil {
		w.Late = map[connectors.AccountID]Late{}
	}
	return w
}
