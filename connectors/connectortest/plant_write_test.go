package connectortest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/inmem"
)

// clumsy is the reference connector that can be written to, with a fault planted in what it does. It can also archive and
// delete.
type clumsy struct {
	*inmem.WritableApp
	disable, enable          act
	remove, add              func(context.Context, connectors.Account, connectors.EntitlementID) (connectors.Receipt, error)
	revoke                   func(context.Context, connectors.Account, connectors.CredentialID) (connectors.Receipt, error)
	sessions, archive, erase act
	get                      func(context.Context, connectors.AccountID) (connectors.Account, error)
	gone                     map[connectors.AccountID]bool
}

type act func(context.Context, connectors.Account) (connectors.Receipt, error)

func newClumsy(fail error) *clumsy {
	rows := sample().Rows
	for i := range rows {
		rows[i].Enabled = connectors.Is(i%3 != 2)
		rows[i].Entitlements = []connectors.Entitlement{{ID: "all"}, {ID: connectors.EntitlementID(fmt.Sprintf("role%d", i))}, {ID: "staff"}}
		rows[i].Credentials = []connectors.Credential{{ID: "key-1"}, {ID: "key-2"}}
		rows[i].State = []byte(`{"ou":"/sales"}`)
	}
	app := inmem.App{Rows: rows, Source: inmem.Source{PageSize: 3, Fail: fail, FailAfter: 4}}
	c := &clumsy{gone: map[connectors.AccountID]bool{}, WritableApp: &inmem.WritableApp{App: app,
		Sessions: map[connectors.AccountID]int{"u2": 1}, Parked: []byte(`{"ou":"/left"}`)}}
	in := c.WritableApp
	c.disable, c.enable, c.remove, c.add = in.Disable, in.Enable, in.RemoveEntitlement, in.AddEntitlement
	c.revoke, c.sessions, c.archive, c.erase, c.get = in.RevokeCredential, in.RevokeSessions, in.Disable, c.delete, in.Account
	return c
}

func (c *clumsy) Disable(ctx context.Context, a connectors.Account) (connectors.Receipt, error) {
	return c.disable(ctx, a)
}
func (c *clumsy) Enable(ctx context.Context, a connectors.Account) (connectors.Receipt, error) {
	return c.enable(ctx, a)
}
func (c *clumsy) RemoveEntitlement(ctx context.Context, a connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	return c.remove(ctx, a, e)
}
func (c *clumsy) AddEntitlement(ctx context.Context, a connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	return c.add(ctx, a, e)
}
func (c *clumsy) RevokeCredential(ctx context.Context, a connectors.Account, k connectors.CredentialID) (connectors.Receipt, error) {
	return c.revoke(ctx, a, k)
}
func (c *clumsy) RevokeSessions(ctx context.Context, a connectors.Account) (connectors.Receipt, error) {
	return c.sessions(ctx, a)
}
func (c *clumsy) Archive(ctx context.Context, a connectors.Account) (connectors.Receipt, error) {
	return c.archive(ctx, a)
}
func (c *clumsy) Delete(ctx context.Context, a connectors.Account) (connectors.Receipt, error) {
	return c.erase(ctx, a)
}
func (c *clumsy) Account(ctx context.Context, id connectors.AccountID) (connectors.Account, error) {
	if c.gone[id] {
		return connectors.Account{}, connectors.ErrNotFound
	}
	return c.get(ctx, id)
}

// delete only hides the account: a disabled one that nobody can read.
func (c *clumsy) delete(ctx context.Context, a connectors.Account) (connectors.Receipt, error) {
	r, err := c.WritableApp.Disable(ctx, a)
	c.gone[a.ID] = err == nil
	return r, err
}

// tamper changes the world behind the app's back: it is made to hold what edit makes of its rows.
func (c *clumsy) tamper(edit func([]connectors.Account) []connectors.Account) {
	w, err := c.World()
	if err != nil {
		panic(err)
	}
	*c.WritableApp = inmem.WritableApp{App: inmem.App{Rows: edit(w.Rows), Source: c.Source}, Sessions: w.Sessions, Parked: c.Parked}
}

// row edits one account behind the app's back.
func (c *clumsy) row(id connectors.AccountID, edit func(*connectors.Account)) {
	c.tamper(func(rows []connectors.Account) []connectors.Account {
		for i := range rows {
			if rows[i].ID == id {
				edit(&rows[i])
			}
		}
		return rows
	})
}

func (c *clumsy) every(edit func(*connectors.Account)) {
	c.tamper(func(rows []connectors.Account) []connectors.Account {
		for i := range rows {
			edit(&rows[i])
		}
		return rows
	})
}

// named finds the id that an account's username stands for.
func (c *clumsy) named(a connectors.Account) connectors.Account {
	for _, r := range c.Rows {
		if r.Username == a.Username {
			a.ID = r.ID
			break
		}
	}
	return a
}

func (c *clumsy) drop(id connectors.AccountID) {
	c.tamper(func(rows []connectors.Account) []connectors.Account {
		return slices.DeleteFunc(rows, func(r connectors.Account) bool { return r.ID == id })
	})
}

// second makes an act fail, or do something else, from its second call on.
func second(first, then act) act {
	n := 0
	return func(ctx context.Context, a connectors.Account) (connectors.Receipt, error) {
		if n++; n > 1 {
			return then(ctx, a)
		}
		return first(ctx, a)
	}
}

func clumsyHarness(plant func(*clumsy)) AppHarness {
	open := func(fail error) connectors.App {
		c := newClumsy(fail)
		plant(c)
		return c
	}
	return AppHarness{
		Open:   func(testing.TB) connectors.App { return open(nil) },
		Broken: func(testing.TB) connectors.App { return open(errDown) },
		Want:   newClumsy(nil).Rows,
		Secret: secret,
	}
}
