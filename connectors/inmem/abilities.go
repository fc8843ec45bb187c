package inmem

import (
	"context"
	"slices"

	"rollcall/connectors"
)

// Each ability names the account by its id alone, and says whether there was anything to change.

// Disable implements connectors.Disabler.
func (a *WritableApp) Disable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return a.change(ctx, Call{Verb: Disable, Account: before.ID}, func(_ *World, r *connectors.Account) bool {
		if r.Enabled == connectors.No {
			return false
		}
		r.Enabled = connectors.No
		if a.Parked != nil {
			r.State = slices.Clone(a.Parked)
		}
		return true
	})
}

// Enable implements connectors.Disabler: the account's State becomes what it was before.
func (a *WritableApp) Enable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return a.change(ctx, Call{Verb: Enable, Account: before.ID}, func(_ *World, r *connectors.Account) bool {
		if r.Enabled == connectors.Yes && string(r.State) == string(before.State) {
			return false
		}
		r.Enabled, r.State = connectors.Yes, slices.Clone(before.State)
		return true
	})
}

// RemoveEntitlement implements connectors.EntitlementRemover. One that comes through a group cannot be removed here.
func (a *WritableApp) RemoveEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	return a.change(ctx, Call{Verb: Remove, Account: before.ID, Entitlement: e}, func(_ *World, r *connectors.Account) bool {
		n := len(r.Entitlements)
		r.Entitlements = slices.DeleteFunc(r.Entitlements, func(h connectors.Entitlement) bool { return h.ID == e && h.Inherited == "" })
		return len(r.Entitlements) < n
	})
}

// AddEntitlement implements connectors.EntitlementRemover: the entitlement comes back as it was, in its place among the
// others.
func (a *WritableApp) AddEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	return a.change(ctx, Call{Verb: Add, Account: before.ID, Entitlement: e}, func(_ *World, r *connectors.Account) bool {
		direct := func(h connectors.Entitlement) bool { return h.ID == e && h.Inherited == "" }
		if slices.ContainsFunc(r.Entitlements, direct) {
			return false
		}
		back, at := connectors.Entitlement{ID: e}, len(r.Entitlements)
		if i := slices.IndexFunc(before.Entitlements, direct); i >= 0 {
			back, at = before.Entitlements[i], min(i, at)
		}
		r.Entitlements = slices.Insert(r.Entitlements, at, back)
		return true
	})
}

// RevokeSessions implements connectors.SessionRevoker.
func (a *WritableApp) RevokeSessions(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return a.change(ctx, Call{Verb: RevokeSessions, Account: before.ID}, func(w *World, r *connectors.Account) bool {
		if w.Sessions[r.ID] == 0 {
			return false
		}
		delete(w.Sessions, r.ID)
		return true
	})
}

// RevokeCredential implements connectors.CredentialRevoker.
func (a *WritableApp) RevokeCredential(ctx context.Context, before connectors.Account, c connectors.CredentialID) (connectors.Receipt, error) {
	return a.change(ctx, Call{Verb: RevokeCredential, Account: before.ID, Credential: c}, func(_ *World, r *connectors.Account) bool {
		n := len(r.Credentials)
		r.Credentials = slices.DeleteFunc(r.Credentials, func(h connectors.Credential) bool { return h.ID == c })
		return len(r.Credentials) < n
	})
}
