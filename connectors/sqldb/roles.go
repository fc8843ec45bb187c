package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"

	"rollcall/connectors"
)

// Accounts implements connectors.App. The roles of a server are few: they are read whole, then handed on.
func (a *App) Accounts(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Account, error] {
	return func(yield func(connectors.Account, error) bool) {
		err := a.pull(ctx, t, func(acc connectors.Account) bool { return yield(acc, nil) })
		if err != nil && err != errStopped {
			yield(connectors.Account{}, fmt.Errorf("sqldb: %w", err))
		}
	}
}

// errStopped says that the consumer has had enough.
var errStopped = errors.New("stopped")

func (a *App) pull(ctx context.Context, t connectors.Trace, yield func(connectors.Account) bool) error {
	var c *catalogue
	err := a.reading(ctx, func(tx *sql.Tx) (err error) {
		c, err = a.read(&reader{server: a.server, ctx: ctx, q: tx, trace: t, leaveOut: a.leaveOut})
		return err
	})
	if err != nil {
		return err
	}
	if len(c.logins) == 0 {
		return fmt.Errorf("%s: the server shows no role but its own, and it has at least the caller's: the list is not whole", a.location())
	}
	for _, l := range c.logins {
		if err := ctx.Err(); err != nil {
			return a.broken(ctx, "read accounts", err)
		}
		acc, err := c.account(l, a.location())
		if err != nil {
			return err
		}
		if !yield(acc) {
			return errStopped
		}
	}
	if err := ctx.Err(); err != nil {
		return a.broken(ctx, "read accounts", err)
	}
	t.Note(connectors.Accounts, fmt.Sprintf("%d roles are the server's own, or left out by leave_out, and are no accounts here", c.leftOut))
	for _, n := range c.notes {
		t.Note(connectors.Accounts, n)
	}
	t.End(connectors.Groups)
	t.End(connectors.Accounts)
	return nil
}

// read reads the catalogue and puts it in order.
func (a *App) read(r *reader) (*catalogue, error) {
	c, err := a.dialect.catalogue(r)
	if err != nil {
		return nil, err
	}
	if c.me == "" {
		return nil, fmt.Errorf("%s: the caller's own role is not among those read: the list is not whole", a.location())
	}
	return c, c.arrange()
}

// Account implements connectors.Getter.
func (a *App) Account(ctx context.Context, id connectors.AccountID) (connectors.Account, error) {
	var acc connectors.Account
	err := a.reading(ctx, func(tx *sql.Tx) error {
		c, err := a.read(&reader{server: a.server, ctx: ctx, q: tx, trace: unheard{}, leaveOut: a.leaveOut})
		if err != nil {
			return err
		}
		l, err := c.find(id)
		if err != nil {
			return err
		}
		acc, err = c.account(l, a.location())
		return err
	})
	if err != nil {
		return connectors.Account{}, fmt.Errorf("sqldb: account %q: %w", id, err)
	}
	return acc, nil
}

// Disable implements connectors.Disabler: NOLOGIN, or ACCOUNT LOCK. Sessions that are open stay so: end them as well.
func (a *App) Disable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return a.standing(ctx, before, false)
}

// Enable implements connectors.Disabler.
func (a *App) Enable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return a.standing(ctx, before, true)
}

func (a *App) standing(ctx context.Context, before connectors.Account, on bool) (connectors.Receipt, error) {
	what := map[bool]string{true: "enable", false: "disable"}[on]
	r, err := a.change(ctx, before.ID, func(c *catalogue, l *login) ([]step, error) {
		if l.enabled == on {
			return nil, nil
		}
		if why := a.dialect.guarded(l); why != "" && !on {
			return nil, fmt.Errorf("%s: %w", why, connectors.ErrForbidden)
		}
		if l.key == c.me && !on {
			return nil, fmt.Errorf("this is the account that rollcall itself uses: %w", connectors.ErrForbidden)
		}
		return []step{{do: a.dialect.setLogin(l, on)}}, nil
	}, func(_ *catalogue, l *login) bool { return l.enabled == on })
	if err != nil {
		return r, fmt.Errorf("sqldb: %s account %q: %w", what, before.ID, err)
	}
	return r, nil
}

// RemoveEntitlement implements connectors.EntitlementRemover: one role or role attribute is revoked.
func (a *App) RemoveEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	r, err := a.change(ctx, before.ID, func(c *catalogue, l *login) ([]step, error) {
		h, ok := held(c, l, e)
		switch {
		case ok && h.sort == isOther:
			return nil, fmt.Errorf("%w: only roles and role attributes are taken away here; by hand: %s", connectors.ErrForbidden, h.fixes)
		case ok && h.sort == isAttribute && h.what == "SUPERUSER" && a.dialect.guarded(l) != "":
			return nil, fmt.Errorf("%s: %w", a.dialect.guarded(l), connectors.ErrForbidden)
		case ok && l.key == c.me:
			return nil, fmt.Errorf("this is the account that rollcall itself uses: %w", connectors.ErrForbidden)
		case ok:
			return a.dialect.take(c, l, h), nil
		}
		return nil, inherited(c, l, before, e, a.location())
	}, func(c *catalogue, l *login) bool { _, ok := held(c, l, e); return !ok })
	if err != nil {
		return r, fmt.Errorf("sqldb: remove %q from account %q: %w", e, before.ID, err)
	}
	return r, nil
}

// held is what a login holds by itself.
func held(c *catalogue, l *login, e connectors.EntitlementID) (holding, bool) {
	direct := c.direct(l.role)
	i := slices.IndexFunc(direct, func(h holding) bool { return h.id == e })
	if i < 0 {
		return holding{}, false
	}
	return direct[i], true
}

// inherited refuses to take away what another role gives, unless that was held directly as well and is gone by now.
func inherited(c *catalogue, l *login, before connectors.Account, e connectors.EntitlementID, location string) error {
	now, err := c.account(l, location)
	if err != nil {
		return err
	}
	was := slices.ContainsFunc(before.Entitlements, func(h connectors.Entitlement) bool { return h.ID == e && h.Inherited == "" })
	i := slices.IndexFunc(now.Entitlements, func(h connectors.Entitlement) bool { return h.ID == e })
	if i < 0 || was {
		return nil
	}
	return fmt.Errorf("%w: it comes through the role %q: remove that one, or take %q from that role", connectors.ErrForbidden, now.Entitlements[i].Inherited, e)
}

// AddEntitlement implements connectors.EntitlementRemover: what was taken away is granted again as before.State has it.
func (a *App) AddEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	r, err := a.change(ctx, before.ID, func(c *catalogue, l *login) ([]step, error) {
		if _, ok := held(c, l, e); ok {
			return nil, nil
		}
		st, err := readState(before)
		if err != nil {
			return nil, err
		}
		h, err := a.grantable(c, e, st)
		if err != nil {
			return nil, err
		}
		return a.dialect.give(c, l, h, st.Roles[e]), nil
	}, func(c *catalogue, l *login) bool { _, ok := held(c, l, e); return ok })
	if err != nil {
		return r, fmt.Errorf("sqldb: add %q to account %q: %w", e, before.ID, err)
	}
	return r, nil
}

// grantable is what an entitlement stands for: a role by the key that the state knows, else by its name; or an attribute.
func (a *App) grantable(c *catalogue, e connectors.EntitlementID, st state) (holding, error) {
	if m, ok := st.Roles[e]; ok {
		if r := c.roles[m.Role]; r != nil {
			return holding{id: e, what: m.Role, sort: isRole}, nil
		}
		return holding{}, fmt.Errorf("there is no such role any more: %w", connectors.ErrForbidden)
	}
	for _, h := range postgresAttributes {
		if _, is := a.dialect.(postgres); is && h.id == e {
			return h, nil
		}
	}
	for key, r := range c.roles {
		if r.name == e {
			return holding{id: e, what: key, sort: isRole}, nil
		}
	}
	return holding{}, fmt.Errorf("it is no role and no role attribute of this server: %w", connectors.ErrForbidden)
}
