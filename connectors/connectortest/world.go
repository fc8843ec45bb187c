package connectortest

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"rollcall/connectors"
)

// world is an app that was opened to be changed, and all its accounts as they were.
type world struct {
	testing.TB
	app connectors.App
	was []connectors.Account // each as Getter reads it
}

// openWorld opens the app anew.
func openWorld(tb testing.TB, s suite[connectors.Account]) world {
	tb.Helper()
	w := world{TB: tb, app: s.open(tb).Source.(connectors.App)}
	if _, ok := w.app.(connectors.Getter); !ok {
		tb.Fatal("an app that can be written to must be able to read one account afresh")
	}
	w.was = w.list()
	return w
}

// list is a pull.
func (w world) list() []connectors.Account {
	w.Helper()
	rows, _, err := Accounts(w.Context(), w.app)
	if err != nil {
		w.Fatalf("the pull failed: %v", err)
	}
	return rows
}

// read reads one account afresh.
func (w world) read(id connectors.AccountID) connectors.Account {
	w.Helper()
	a, err := w.app.(connectors.Getter).Account(w.Context(), id)
	if err != nil {
		w.Fatalf("reading %q: %v", id, err)
	}
	return a
}

// did must be an answer without an error, to a change that was to be made, or was made already.
func (w world) did(what string, changed bool, r connectors.Receipt, err error) {
	w.Helper()
	switch {
	case err != nil:
		w.Fatalf("%s: %v", what, err)
	case r.Changed != changed:
		w.Errorf("%s: Receipt.Changed is %v; want %v", what, r.Changed, changed)
	}
}

// others must be as they were, in the list: all accounts but one. None may be gone, and none new.
func (w world) others(what string, but connectors.AccountID) {
	w.Helper()
	same := func(rows []connectors.Account) []string {
		var out []string
		for _, a := range rows {
			if a.ID != but {
				out = append(out, text(without(a, "From")))
			}
		}
		slices.Sort(out)
		return out
	}
	was, is := same(w.was), same(w.list())
	if len(was) != len(is) {
		w.Errorf("%s: there were %d other accounts, now there are %d", what, len(was), len(is))
		return
	}
	for i := range was {
		if was[i] != is[i] {
			w.Errorf("%s: another account was changed:\nwas %s\nis  %s", what, was[i], is[i])
			return
		}
	}
}

// same must be one account before and after, but for where it was read and the fields named.
func (w world) same(what string, was, is connectors.Account, but ...string) {
	w.Helper()
	for _, field := range append(but, "From") {
		was, is = without(was, field), without(is, field)
	}
	if a, b := text(was), text(is); a != b {
		w.Errorf("%s: the account is not as it should be:\nwant %s\ngot  %s", what, a, b)
	}
	if a, b := string(was.State), string(is.State); a != b {
		w.Errorf("%s: State is %s; want %s", what, b, a)
	}
}

// kept is an account as a journal gives it back.
func (w world) kept(a connectors.Account) connectors.Account {
	w.Helper()
	b, err := json.Marshal(a)
	if err != nil {
		w.Fatalf("%q cannot be kept as JSON: %v", a.ID, err)
	}
	var back connectors.Account
	if err := json.Unmarshal(b, &back); err != nil {
		w.Fatalf("%q kept as JSON cannot be read: %v", a.ID, err)
	}
	return back
}

// subject is the account that is to be disabled.
func (s suite[R]) subject(w world) connectors.AccountID {
	if s.try.Disable != "" {
		return s.try.Disable
	}
	for _, a := range w.was {
		if a.Enabled == connectors.Yes {
			return a.ID
		}
	}
	w.Fatal("no account is enabled: name one in AppHarness.Try.Disable")
	return ""
}

// holding is the account and the entitlement to be removed: one that another account holds too, where there is such.
func (s suite[R]) holding(w world) (connectors.AccountID, connectors.EntitlementID) {
	if s.try.Remove != "" {
		return s.try.Remove, s.try.Entitlement
	}
	holders := map[connectors.EntitlementID]int{}
	for _, a := range w.was {
		for _, e := range a.Entitlements {
			if e.Inherited == "" {
				holders[e.ID]++
			}
		}
	}
	for _, enough := range []int{2, 1} {
		for _, a := range w.was {
			for _, e := range a.Entitlements {
				if e.Inherited == "" && holders[e.ID] >= enough {
					return a.ID, e.ID
				}
			}
		}
	}
	w.Fatal("no account holds anything: name one in AppHarness.Try.Remove and Entitlement")
	return "", ""
}

// keyed is the account and the credential to be revoked.
func (s suite[R]) keyed(w world) (connectors.AccountID, connectors.CredentialID) {
	if s.try.Revoke != "" {
		return s.try.Revoke, s.try.Credential
	}
	for _, a := range w.was {
		if len(a.Credentials) > 0 {
			return a.ID, a.Credentials[0].ID
		}
	}
	w.Fatal("no account has a credential: name one in AppHarness.Try.Revoke and Credential")
	return "", ""
}

// deed is one thing an app can do, to one account of the world.
type deed struct {
	name string
	to   connectors.AccountID
	do   func(context.Context, connectors.Account) (connectors.Receipt, error)
}

// deeds are all the app can do.
func (s suite[R]) deeds(w world) []deed {
	var out []deed
	if d, ok := w.app.(connectors.Disabler); ok {
		id := s.subject(w)
		out = append(out, deed{"Disable", id, d.Disable}, deed{"Enable", id, d.Enable})
	}
	if r, ok := w.app.(connectors.EntitlementRemover); ok {
		id, e := s.holding(w)
		with := func(f func(context.Context, connectors.Account, connectors.EntitlementID) (connectors.Receipt, error)) func(context.Context, connectors.Account) (connectors.Receipt, error) {
			return func(ctx context.Context, a connectors.Account) (connectors.Receipt, error) { return f(ctx, a, e) }
		}
		out = append(out, deed{"RemoveEntitlement", id, with(r.RemoveEntitlement)}, deed{"AddEntitlement", id, with(r.AddEntitlement)})
	}
	if r, ok := w.app.(connectors.CredentialRevoker); ok {
		id, c := s.keyed(w)
		out = append(out, deed{"RevokeCredential", id, func(ctx context.Context, a connectors.Account) (connectors.Receipt, error) {
			return r.RevokeCredential(ctx, a, c)
		}})
	}
	if r, ok := w.app.(connectors.SessionRevoker); ok {
		out = append(out, deed{"RevokeSessions", s.subject(w), r.RevokeSessions})
	}
	if r, ok := w.app.(connectors.Archiver); ok {
		out = append(out, deed{"Archive", s.subject(w), r.Archive})
	}
	if r, ok := w.app.(connectors.Deleter); ok {
		out = append(out, deed{"Delete", s.subject(w), r.Delete})
	}
	return out
}
