package entra

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"rollcall/connectors"
)

// users reads them.
func (a *App) users(ctx context.Context, t connectors.Trace, yield func(connectors.Account) error) error {
	f, err := a.facts(ctx, t)
	if err != nil {
		return err
	}
	var acc connectors.Account
	return a.counted(ctx, t, "/users?$select="+userFields+"&$top=999", func(l listed, first func(oid) bool) error {
		u, err := parseUser(l.raw)
		switch {
		case err != nil:
		case !first(u.ID):
			return errTwice
		default:
			err = a.account(&acc, &u, f)
		}
		if err != nil {
			t.Reject(connectors.Accounts, l.where, rejected(l.raw, err))
			return nil
		}
		acc.From = l.where
		return yield(acc)
	})
}

// facts reads what other lists say of users.
func (a *App) facts(ctx context.Context, t connectors.Trace) (*facts, error) {
	r, err := a.prepare(ctx, t)
	if err != nil {
		return nil, err
	}
	f := &facts{rights: r}
	if err := r.readMembers(ctx, a, t); err != nil {
		return nil, err
	}
	t.End(connectors.Groups)
	if err := r.readAssignedTo(ctx, a, t); err != nil {
		return nil, err
	}
	t.End(appRoles)
	t.End(licences)
	if a.readsSignIns {
		if f.signIns, err = a.readSignIns(ctx, t); err != nil {
			return nil, err
		}
		t.End(signIns)
	}
	if a.readsMFA {
		if f.mfa, err = a.readMFA(ctx, t); err != nil {
			return nil, err
		}
		t.End(mfa)
	}
	f.sponsors, err = a.readSponsors(ctx, t)
	return f, err
}

// prepare reads the catalogue and the directory roles that are given.
func (a *App) prepare(ctx context.Context, t connectors.Trace) (*rights, error) {
	c, err := a.readCatalogue(ctx, t)
	if err != nil {
		return nil, err
	}
	a.remember(c)
	r := newRights(c)
	if err := r.readRoles(ctx, a, t); err != nil {
		return nil, err
	}
	t.End(directoryRoles)
	return r, nil
}

// servicePrincipals reads them.
func (a *App) servicePrincipals(ctx context.Context, t connectors.Trace, yield func(connectors.Account) error) error {
	r, err := a.prepare(ctx, t)
	if err != nil {
		return err
	}
	registered, err := a.readApplications(ctx, t)
	if err != nil {
		return err
	}
	var acc connectors.Account
	walked := map[int32]bool{}
	err = a.counted(ctx, t, "/servicePrincipals?$select="+serviceFields+"&$top=100", func(l listed, first func(oid) bool) error {
		s, err := parseService(l.raw)
		switch {
		case err != nil:
			t.Reject(connectors.Accounts, l.where, rejected(l.raw, err))
			return nil
		case !first(s.ID):
			return errTwice
		case !a.own(&s):
			return errLeftOut
		}
		err = a.serviceAccount(ctx, t, &acc, &s, registered[s.AppID], r, walked, l.at)
		switch {
		case isNotFound(err) && a.isGone(ctx, s.path()):
			t.Note(connectors.Accounts, "service principals were deleted while they were read")
			return errLeftOut
		case err != nil:
			return err
		}
		acc.From = l.where
		return yield(acc)
	})
	if err != nil {
		return err
	}
	for _, c := range []connectors.Collection{connectors.Groups, appRoles, connectors.Credentials} {
		t.End(c)
	}
	return nil
}

// counted lists accounts, and holds what came against the number that the directory tells. That number lags behind by
// seconds: it is asked for before, and again only where it does not tell what came.
func (a *App) counted(ctx context.Context, t connectors.Trace, path string, row func(l listed, first func(oid) bool) error) error {
	list, _, _ := strings.Cut(path, "?")
	total, err := a.total(ctx, t, connectors.Accounts, list)
	if err != nil {
		return err
	}
	came, leftOut, seen := 0, 0, map[oid]bool{}
	first := func(id oid) bool {
		had := seen[id]
		seen[id] = true
		return !had
	}
	_, err = a.list(ctx, t, connectors.Accounts, path, func(l listed) error {
		came++
		switch err := row(l, first); {
		case errors.Is(err, errLeftOut):
			leftOut++
		case errors.Is(err, errTwice):
			t.Reject(connectors.Accounts, l.where, &connectors.RejectedRow{Err: err, Repeats: true})
			came--
			leftOut-- // it is counted among the rows, and not in the total
		default:
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	if total >= 0 && total != came {
		if total, err = a.total(ctx, t, connectors.Accounts, list); err != nil {
			return err
		}
	}
	if total < 0 {
		t.Note(connectors.Accounts, "this directory does not tell how many accounts it has")
	} else {
		t.Total(connectors.Accounts, total-leftOut)
	}
	t.End(connectors.Accounts)
	return nil
}

var (
	errLeftOut = errors.New("it is listed, and not to be read")
	errTwice   = errors.New("it is listed twice")
)

// rejected is why an account is left out, with its id where that can be read.
func rejected(raw json.RawMessage, why error) error {
	var o struct{ ID string }
	if json.Unmarshal(raw, &o) == nil && o.ID != "" {
		return &connectors.RejectedRow{Err: why, Account: connectors.AccountID(o.ID)}
	}
	return why
}
