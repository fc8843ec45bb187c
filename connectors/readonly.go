package connectors

import (
	"context"
	"fmt"
	"iter"
	"slices"
)

// ReadOnly hides everything that an app can do but reading: for those the configuration does not let rollcall write to.
// Canaries are accounts that must be in every list: a pull that comes to its end without one of them has not seen all there
// is, whatever the service says, and ends in an error.
func ReadOnly(app App, canaries ...AccountID) App {
	if _, ok := app.(Getter); ok {
		return readOnlyGetter{readOnly{app: app, canaries: canaries}}
	}
	return readOnly{app: app, canaries: canaries}
}

// readOnly forwards every reading method, and no other: the field has a name so that none is promoted.
type readOnly struct {
	app      App
	canaries []AccountID
	timeless bool // see WithoutSignInTimes
}

// WithoutSignInTimes is an app that ReadOnly made, without all that says when anybody signed in or used something, for a
// company that has agreed not to look at that: whatever the connector reads, none of it comes further than this.
func WithoutSignInTimes(app App) App {
	switch r := app.(type) {
	case readOnly:
		r.timeless = true
		return r
	case readOnlyGetter:
		r.timeless = true
		return r
	}
	return WithoutSignInTimes(ReadOnly(app))
}

func (r readOnly) Info() Info {
	i := r.app.Info()
	if r.timeless {
		i.Signals.SignIn, i.Signals.Use, i.Signals.Off = Signal{}, Signal{}, true
	}
	return i
}

// ForgetUse takes out of an account when it, or what it holds, was used. Its slices may be the connector's own.
func ForgetUse(a *Account) {
	a.LastSignIn, a.SignInUnknown = 0, false
	if slices.ContainsFunc(a.Entitlements, func(e Entitlement) bool { return e.LastUsed.Known() }) {
		a.Entitlements = slices.Clone(a.Entitlements)
		for i := range a.Entitlements {
			a.Entitlements[i].LastUsed = 0
		}
	}
	if slices.ContainsFunc(a.Credentials, func(c Credential) bool { return c.LastUsed.Known() }) {
		a.Credentials = slices.Clone(a.Credentials)
		for i := range a.Credentials {
			a.Credentials[i].LastUsed = 0
		}
	}
}

func (r readOnly) Accounts(ctx context.Context, t Trace) iter.Seq2[Account, error] {
	if !r.timeless {
		return r.listed(ctx, t)
	}
	return func(yield func(Account, error) bool) {
		for a, err := range r.listed(ctx, t) {
			ForgetUse(&a)
			if !yield(a, err) {
				return
			}
		}
	}
}

// listed are the accounts, the canaries among them.
func (r readOnly) listed(ctx context.Context, t Trace) iter.Seq2[Account, error] {
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
	a, err := r.app.(Getter).Account(ctx, id)
	if r.timeless {
		ForgetUse(&a)
	}
	return a, err
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
