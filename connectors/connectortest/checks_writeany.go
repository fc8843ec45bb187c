package connectortest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
)

// Here are the checks of all abilities alike.

const noSuchAccount = "no-such-account"

// checkByID gives each ability an account that has every name of another one: names are used again for other people, ids
// are not. To refuse is right as well; to change the other is not.
func checkByID(tb testing.TB, s suite[connectors.Account]) {
	for i := range s.deeds(openWorldIfAble(tb, s)) {
		w := openWorld(tb, s)
		d := s.deeds(w)[i]
		misnamed := w.read(d.to)
		other := w.like(misnamed)
		misnamed.Username, misnamed.DisplayName, misnamed.Email = other.Username, other.DisplayName, other.Email
		misnamed.Aliases, misnamed.EmployeeID, misnamed.From = other.Aliases, other.EmployeeID, other.From
		d.do(tb.Context(), misnamed)
		w.others(d.name+" of an account named like another", d.to)
	}
}

// like is another account to which the same could be done: enabled, and holding something that this one holds.
func (w world) like(a connectors.Account) connectors.Account {
	best, rank := connectors.Account{}, -1
	for _, other := range w.was {
		r := 0
		if other.Enabled == connectors.Yes {
			r++
		}
		if slices.ContainsFunc(a.Entitlements, func(e connectors.Entitlement) bool { return indexOf(other, e.ID) >= 0 }) {
			r++
		}
		if other.ID != a.ID && r > rank {
			best, rank = other, r
		}
	}
	return best
}

// openWorldIfAble is an empty world, of which there are no deeds, for an app without abilities.
func openWorldIfAble(tb testing.TB, s suite[connectors.Account]) world {
	if app := s.src.Source.(connectors.App); connectors.AbilitiesOf(app) == 0 {
		return world{TB: tb, app: app}
	}
	return openWorld(tb, s)
}

func checkUnknownID(tb testing.TB, s suite[connectors.Account]) {
	w := openWorldIfAble(tb, s)
	for _, d := range s.deeds(w) {
		unknown := w.read(d.to)
		unknown.ID = noSuchAccount
		if _, err := d.do(tb.Context(), unknown); !errors.Is(err, connectors.ErrNotFound) {
			tb.Errorf("%s of an account that is not there must be connectors.ErrNotFound; got: %v", d.name, err)
		}
		w.others(d.name+" of an account that is not there", "")
	}
}

func checkCancelledWrite(tb testing.TB, s suite[connectors.Account]) {
	ctx, cancel := context.WithCancel(tb.Context())
	cancel()
	w := openWorldIfAble(tb, s)
	for _, d := range s.deeds(w) {
		if _, err := d.do(ctx, w.read(d.to)); !errors.Is(err, context.Canceled) {
			tb.Errorf("%s, cancelled, must end in an error that is context.Canceled; got: %v", d.name, err)
		}
		w.others(d.name+", cancelled", "")
	}
}

// checkWriteSecret looks for the secret in accounts as they are read to be changed, in receipts and in errors.
func checkWriteSecret(tb testing.TB, s suite[connectors.Account]) {
	if s.secret == "" {
		return
	}
	w := openWorldIfAble(tb, s)
	for _, d := range s.deeds(w) {
		known := w.read(d.to)
		unknown := known
		unknown.ID = noSuchAccount
		said := []string{text(known), string(known.State)}
		for _, a := range []connectors.Account{unknown, known} {
			r, err := d.do(tb.Context(), a)
			said = append(said, text(r), text(err))
		}
		for _, what := range said {
			if form := shows(what, s.secret); form != "" {
				tb.Errorf("%s: the secret shows (%s) in: %s", d.name, form, strings.ReplaceAll(what, s.secret, "<SECRET>"))
			}
		}
		if d.name == "Delete" {
			return // there is nothing left to read
		}
	}
}

// checkPutAway tries the two that have no undo. What becomes of the account is the app's; done again, it may be gone.
func checkPutAway(tb testing.TB, s suite[connectors.Account]) {
	for i, d := range s.deeds(openWorld(tb, s)) {
		if d.name != "Archive" && d.name != "Delete" {
			continue
		}
		w := openWorld(tb, s)
		d := s.deeds(w)[i]
		before := w.read(d.to)
		r, err := d.do(tb.Context(), before)
		w.did(d.name, true, r, err)
		if r, err = d.do(tb.Context(), before); err != nil && !errors.Is(err, connectors.ErrNotFound) || r.Changed {
			tb.Errorf("%s again: changed %v, error %v", d.name, r.Changed, err)
		}
		now, err := w.app.(connectors.Getter).Account(tb.Context(), d.to)
		if gone := errors.Is(err, connectors.ErrNotFound); !gone && (d.name == "Delete" || err != nil || now.Enabled == connectors.Yes) {
			tb.Errorf("%s: a fresh read shows %+v, %v", d.name, now, err)
		}
		w.others(d.name, d.to)
	}
}
