package connectortest

import (
	"slices"
	"testing"

	"rollcall/connectors"
)

// writeChecks are the promises of an app's abilities: an app is tried for those it has, and for none it has not. Each
// opens the app anew.
var writeChecks = []check[connectors.Account]{
	{"disables one account and nothing else", able(connectors.CanDisable, checkDisable)},
	{"disables again without harm", able(connectors.CanDisable, checkDisableAgain)},
	{"enables as it was", able(connectors.CanDisable, checkEnable)},
	{"removes one entitlement and no other", able(connectors.CanRemoveEntitlement, checkRemove)},
	{"removes again without harm", able(connectors.CanRemoveEntitlement, checkRemoveAgain)},
	{"adds back what was removed", able(connectors.CanRemoveEntitlement, checkAddBack)},
	{"revokes one credential and no other", able(connectors.CanRevokeCredential, checkCredential)},
	{"ends sessions and changes nothing else", able(connectors.CanRevokeSessions, checkSessions)},
	{"archives and deletes one account alone", able(connectors.CanArchive|connectors.CanDelete, checkPutAway)},
	{"knows accounts by their ids", checkByID},
	{"does not find an unknown account", checkUnknownID},
	{"changes nothing when cancelled", checkCancelledWrite},
	{"keeps its secret when it writes", checkWriteSecret},
}

// able runs a check for apps that have one of the abilities.
func able(any connectors.Ability, run func(testing.TB, suite[connectors.Account])) func(testing.TB, suite[connectors.Account]) {
	return func(tb testing.TB, s suite[connectors.Account]) {
		if connectors.AbilitiesOf(s.src.Source.(connectors.App))&connectors.Abilities(any) != 0 {
			run(tb, s)
		}
	}
}

func checkDisable(tb testing.TB, s suite[connectors.Account]) {
	w := openWorld(tb, s)
	id := s.subject(w)
	before := w.read(id)
	r, err := w.app.(connectors.Disabler).Disable(tb.Context(), before)
	w.did("Disable", true, r, err)
	after := w.read(id)
	if after.Enabled != connectors.No {
		tb.Errorf("disabled, a fresh read shows Enabled %v", after.Enabled)
	}
	before.Enabled = connectors.No
	w.same("Disable", before, after, "State") // which is the vendor's own
	w.others("Disable", id)
}

// checkDisableAgain tries it with the account as it was at first, as after a crash, and as it is now.
func checkDisableAgain(tb testing.TB, s suite[connectors.Account]) {
	w := openWorld(tb, s)
	id, d := s.subject(w), w.app.(connectors.Disabler)
	before := w.read(id)
	r, err := d.Disable(tb.Context(), before)
	w.did("Disable", true, r, err)
	once := w.read(id)
	for _, known := range []connectors.Account{before, once} {
		r, err = d.Disable(tb.Context(), known)
		w.did("Disable again", false, r, err)
		w.same("Disable again", once, w.read(id))
	}
	w.others("Disable again", id)
}

// checkEnable undoes, from the account as a journal kept it.
func checkEnable(tb testing.TB, s suite[connectors.Account]) {
	w := openWorld(tb, s)
	id, d := s.subject(w), w.app.(connectors.Disabler)
	before := w.read(id)
	kept := w.kept(before)
	r, err := d.Disable(tb.Context(), before)
	w.did("Disable", true, r, err)
	for _, first := range []bool{true, false} {
		r, err = d.Enable(tb.Context(), kept)
		w.did("Enable", first, r, err)
		w.same("Enable", before, w.read(id))
	}
	w.others("Enable", id)
}

func checkRemove(tb testing.TB, s suite[connectors.Account]) {
	w := openWorld(tb, s)
	id, e := s.holding(w)
	before := w.read(id)
	r, err := w.app.(connectors.EntitlementRemover).RemoveEntitlement(tb.Context(), before, e)
	w.did("RemoveEntitlement", true, r, err)
	after := w.read(id)
	if i := indexOf(after, e); i >= 0 && after.Entitlements[i].Inherited == "" {
		tb.Errorf("%q was removed, and a fresh read shows it", e)
	}
	w.same("RemoveEntitlement", withoutEntitlement(before, e), withoutEntitlement(after, e), "State")
	w.others("RemoveEntitlement", id)
}

func checkRemoveAgain(tb testing.TB, s suite[connectors.Account]) {
	w := openWorld(tb, s)
	remover := w.app.(connectors.EntitlementRemover)
	id, e := s.holding(w)
	before := w.read(id)
	r, err := remover.RemoveEntitlement(tb.Context(), before, e)
	w.did("RemoveEntitlement", true, r, err)
	once := w.read(id)
	for _, known := range []connectors.Account{before, once} {
		r, err = remover.RemoveEntitlement(tb.Context(), known, e)
		w.did("RemoveEntitlement again", false, r, err)
		w.same("RemoveEntitlement again", once, w.read(id))
	}
	w.others("RemoveEntitlement again", id)
}

func checkAddBack(tb testing.TB, s suite[connectors.Account]) {
	w := openWorld(tb, s)
	remover := w.app.(connectors.EntitlementRemover)
	id, e := s.holding(w)
	before := w.read(id)
	kept := w.kept(before)
	r, err := remover.RemoveEntitlement(tb.Context(), before, e)
	w.did("RemoveEntitlement", true, r, err)
	for _, first := range []bool{true, false} {
		r, err = remover.AddEntitlement(tb.Context(), kept, e)
		w.did("AddEntitlement", first, r, err)
		w.same("AddEntitlement", before, w.read(id))
	}
	w.others("AddEntitlement", id)
}

func checkCredential(tb testing.TB, s suite[connectors.Account]) {
	w := openWorld(tb, s)
	id, c := s.keyed(w)
	before := w.read(id)
	for _, first := range []bool{true, false} {
		r, err := w.app.(connectors.CredentialRevoker).RevokeCredential(tb.Context(), before, c)
		w.did("RevokeCredential", first, r, err)
		want := before.Clone()
		want.Credentials = slices.DeleteFunc(want.Credentials, func(h connectors.Credential) bool { return h.ID == c })
		w.same("RevokeCredential", want, w.read(id), "State")
	}
	w.others("RevokeCredential", id)
}

// checkSessions cannot see a session: only that nothing else changes, and that doing it again does not fail.
func checkSessions(tb testing.TB, s suite[connectors.Account]) {
	w := openWorld(tb, s)
	id := s.subject(w)
	before := w.read(id)
	for range 2 {
		if _, err := w.app.(connectors.SessionRevoker).RevokeSessions(tb.Context(), before); err != nil {
			tb.Fatalf("RevokeSessions: %v", err)
		}
		w.same("RevokeSessions", before, w.read(id), "State")
	}
	w.others("RevokeSessions", id)
}

// indexOf finds an entitlement, a direct one first.
func indexOf(a connectors.Account, e connectors.EntitlementID) int {
	i := slices.IndexFunc(a.Entitlements, func(h connectors.Entitlement) bool { return h.ID == e && h.Inherited == "" })
	if i < 0 {
		i = slices.IndexFunc(a.Entitlements, func(h connectors.Entitlement) bool { return h.ID == e })
	}
	return i
}

// withoutEntitlement leaves out an entitlement and what is held only through it.
func withoutEntitlement(a connectors.Account, e connectors.EntitlementID) connectors.Account {
	a = a.Clone()
	a.Entitlements = slices.DeleteFunc(a.Entitlements, func(h connectors.Entitlement) bool { return h.ID == e || h.Inherited == e })
	return a
}
