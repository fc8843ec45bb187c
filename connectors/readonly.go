package connectors

import (
	"context"
	"iter"
)

// ReadOnly hides everything that an app can do but reading: for those the configuration does not let rollcall write to.
func ReadOnly(app App) App {
	if _, ok := app.(Getter); ok {
		return readOnlyGetter{readOnly{app}}
	}
	return readOnly{app}
}

// readOnly forwards every reading method, and no other: the field has a name so that none is promoted.
type readOnly struct{ app App }

func (r readOnly) Info() Info { return r.app.Info() }

func (r readOnly) Accounts(ctx context.Context, t Trace) iter.Seq2[Account, error] {
	return r.app.Accounts(ctx, t)
}

type readOnlyGetter struct{ readOnly }

func (r readOnlyGetter) Account(ctx context.Context, id AccountID) (Account, error) {
	return r.app.(Getter).Account(ctx, id)
}
