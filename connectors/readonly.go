package connectors

import (
	"context"
	"fmt"
	"iter"
)

// ReadOnly hides everything that an app can do but reading: for those the configuration does not let rollcall write to.
// Canaries are accounts that must be in every list: a pull that comes to its end without one of them has not seen all there
// is, whatever the service says, and ends in an error.
func ReadOnly(app App, canaries ...AccountID) App {
	if _, ok := app.(Getter); ok {
		return readOnlyGetter{readOnly{app, canaries}}
	}
	return readOnly{app, canaries}
}

// readOnly forwards every reading method, and no other: the field has a name so that none is promoted.
type readOnly struct {
	app      App
	canaries []AccountID
}

func (r readOnly) Info() Info { return r.app.Info() }

func (r readOnly) Accounts(ctx context.Context, t Trace) iter.Seq2[Account, error] {
	if len(r.canaries) == 0 {
		return r.app.Accounts(ctx, t)
	}
	return func(yield func(Account, error) bool) {
		unseen := make(map[AccountID]bool, len(r.canaries))
		for _, id := range r.canaries {
			unseen[id] = true
		}
		for a, err := range r.app.Accounts(ctx, t) {
			delete(unseen, a.ID)
			if !yield(a, err) || err != nil {
				return
			}
		}
		for _, id := range r.canaries {
			if unseen[id] {
				yield(Account{}, fmt.Errorf("the canary account %q is not in the list: the list is not whole, so that nobody may be taken for gone; "+
					"check what the connector may read, or name another canary if that account was really deleted", id))
				return
			}
		}
	}
}

type readOnlyGetter struct{ readOnly }

func (r readOnlyGetter) Account(ctx context.Context, id AccountID) (Account, error) {
	return r.app.(Getter).Account(ctx, id)
}

// behind is the source that ReadOnly hides, for what changes nothing.
func behind(s Source) Source {
	switch r := s.(type) {
	case readOnly:
		return r.app
	case readOnlyGetter:
		return r.app
	}
	return s
}
