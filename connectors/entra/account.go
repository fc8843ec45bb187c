package entra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"rollcall/connectors"
)

// Account implements connectors.Getter. What the account holds is read afresh, whole; the names of groups, roles and apps
// are those of the last list of them, which is read again when it does not know one.
func (a *App) Account(ctx context.Context, id connectors.AccountID) (connectors.Account, error) {
	o, err := accountOID(id)
	var acc connectors.Account
	switch {
	case err != nil:
	case a.services:
		err = a.freshService(ctx, o, &acc)
	default:
		err = a.freshUser(ctx, o, &acc)
	}
	if err != nil {
		return connectors.Account{}, fmt.Errorf("entra: account %q: %w", id, err)
	}
	return acc, nil
}

func (a *App) freshUser(ctx context.Context, id oid, acc *connectors.Account) error {
	path := "/users/" + id.String()
	fields := userFields
	hint := "it needs User.Read.All"
	if a.readsSignIns {
		fields, hint = fields+",signInActivity", noSignIns
	}
	res, err := a.client.Get(ctx, path+"?$select="+fields)
	if err != nil {
		return explain(err, hint)
	}
	u, err := parseUser(res.Body)
	if err != nil {
		return err
	}
	return a.named(ctx, func(r *rights) error {
		if err := r.readRoles(ctx, a, unheard{}); err != nil {
			return err
		}
		if err := r.readOf(ctx, a, unheard{}, path, id, map[int32]bool{}); err != nil {
			return err
		}
		f := &facts{rights: r}
		if err := a.factsOf(ctx, &u, f); err != nil {
			return err
		}
		if err := a.account(acc, &u, f); err != nil {
			return err
		}
		return a.seal(acc, id, path, r)
	})
}

// factsOf reads what lists of their own say of a user.
func (a *App) factsOf(ctx context.Context, u *user, f *facts) error {
	last, err := u.SignInActivity.last(a)
	if err != nil {
		return err
	}
	f.signIns = map[oid]connectors.Date{u.ID: last}
	if a.readsMFA {
		reg, err := a.registrationOf(ctx, u.ID)
		if err != nil {
			return err
		}
		f.mfa = map[oid]connectors.Tri{u.ID: reg.mfa()}
	}
	if u.guest() {
		sponsor, err := a.sponsorOf(ctx, unheard{}, u.ID)
		f.sponsors = map[oid]string{u.ID: sponsor}
		return err
	}
	return nil
}

func (a *App) freshService(ctx context.Context, id oid, acc *connectors.Account) error {
	path := "/servicePrincipals/" + id.String()
	res, err := a.client.Get(ctx, path+"?$select="+serviceFields)
	if err != nil {
		return err
	}
	s, err := parseService(res.Body)
	if err != nil {
		return err
	}
	var p *application
	err = each(ctx, a, unheard{}, connectors.Credentials, "/applications"+filter("appId eq "+quote(s.AppID))+"&$select="+applicationFields, func(found *application) error {
		p = found
		return nil
	})
	if err != nil {
		return err
	}
	return a.named(ctx, func(r *rights) error {
		if err := r.readRoles(ctx, a, unheard{}); err != nil {
			return err
		}
		if err := a.serviceAccount(ctx, unheard{}, acc, &s, p, r, map[int32]bool{}, clock(res.Header)); err != nil {
			return err
		}
		return a.seal(acc, id, path, r)
	})
}

// seal ends the reading of one account: it must be the one asked for, and gets its state.
func (a *App) seal(acc *connectors.Account, asked oid, path string, r *rights) (err error) {
	if acc.ID != connectors.AccountID(asked.String()) {
		return fmt.Errorf("the service answered with account %s", acc.ID)
	}
	acc.From = connectors.Where{Source: a.base + path}
	acc.State, err = json.Marshal(state{Held: r.held(asked)})
	return err
}

// named runs read with the names that are known, and once more with fresh ones if they are not enough.
func (a *App) named(ctx context.Context, read func(*rights) error) error {
	a.mu.Lock()
	c := a.listed
	a.mu.Unlock()
	if c != nil {
		r := newRights(c)
		if err := read(r); !errors.Is(err, errUnlisted) && !r.missed {
			return err
		}
	}
	c, err := a.readCatalogue(ctx, unheard{})
	if err != nil {
		return err
	}
	a.remember(c)
	return read(newRights(c))
}

func (a *App) remember(c *catalogue) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.listed = c
}

// state is what an undo needs beside the account.
type state struct {
	Held map[connectors.EntitlementID]ref `json:"held,omitempty"` // what it holds itself: names change
}

func readState(before connectors.Account) (state, error) {
	var s state
	if len(before.State) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(before.State, &s); err != nil {
		return s, fmt.Errorf("the account's state is not one of this connector: %w", err)
	}
	return s, nil
}

// unheard is the Trace of a read that is not part of a pull.
type unheard struct{}

func (unheard) Page(connectors.Collection, connectors.Page)           {}
func (unheard) Reject(connectors.Collection, connectors.Where, error) {}
func (unheard) Total(connectors.Collection, int)                      {}
func (unheard) End(connectors.Collection)                             {}
func (unheard) Note(connectors.Collection, string)                    {}
