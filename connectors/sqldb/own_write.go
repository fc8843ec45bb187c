package sqldb

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"rollcall/connectors"
)

// able is the app with the abilities for which there are statements.
func (o *Own) able() connectors.App {
	d, e, s := ownDisabler{o}, ownRemover{o}, ownSessions{o}
	st := o.config.Statements
	disable, remove, sessions := st.Disable != "", st.RemoveEntitlement != "", st.EndSessions != ""
	switch {
	case disable && remove && sessions:
		return struct {
			*Own
			ownDisabler
			ownRemover
			ownSessions
		}{o, d, e, s}
	case disable && remove:
		return struct {
			*Own
			ownDisabler
			ownRemover
		}{o, d, e}
	case disable && sessions:
		return struct {
			*Own
			ownDisabler
			ownSessions
		}{o, d, s}
	case remove && sessions:
		return struct {
			*Own
			ownRemover
			ownSessions
		}{o, e, s}
	case disable:
		return struct {
			*Own
			ownDisabler
		}{o, d}
	case remove:
		return struct {
			*Own
			ownRemover
		}{o, e}
	case sessions:
		return struct {
			*Own
			ownSessions
		}{o, s}
	}
	return o
}

type (
	ownDisabler struct{ own *Own }
	ownRemover  struct{ own *Own }
	ownSessions struct{ own *Own }
)

// Disable implements connectors.Disabler by the statement that the configuration gives.
func (d ownDisabler) Disable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return d.own.standing(ctx, before, connectors.No, d.own.config.Statements.Disable, "disable")
}

// Enable implements connectors.Disabler.
func (d ownDisabler) Enable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return d.own.standing(ctx, before, connectors.Yes, d.own.config.Statements.Enable, "enable")
}

func (o *Own) standing(ctx context.Context, before connectors.Account, want connectors.Tri, statement, what string) (connectors.Receipt, error) {
	r, err := o.change(ctx, before.ID, statement, func(now *connectors.Account) bool {
		is := now.Enabled == want
		now.Enabled = want
		return is
	})
	if err != nil {
		return r, fmt.Errorf("sqldb: %s account %q: %w", what, before.ID, err)
	}
	return r, nil
}

// RemoveEntitlement implements connectors.EntitlementRemover by the statement that the configuration gives.
func (e ownRemover) RemoveEntitlement(ctx context.Context, before connectors.Account, id connectors.EntitlementID) (connectors.Receipt, error) {
	r, err := e.own.change(ctx, before.ID, e.own.config.Statements.RemoveEntitlement, func(now *connectors.Account) bool {
		n := len(now.Entitlements)
		now.Entitlements = slices.DeleteFunc(now.Entitlements, func(h connectors.Entitlement) bool { return h.ID == id || h.Inherited == id })
		return len(now.Entitlements) == n
	}, string(id))
	if err != nil {
		return r, fmt.Errorf("sqldb: remove %q from account %q: %w", id, before.ID, err)
	}
	return r, nil
}

// AddEntitlement implements connectors.EntitlementRemover.
func (e ownRemover) AddEntitlement(ctx context.Context, before connectors.Account, id connectors.EntitlementID) (connectors.Receipt, error) {
	r, err := e.own.change(ctx, before.ID, e.own.config.Statements.AddEntitlement, func(now *connectors.Account) bool {
		n := len(now.Entitlements)
		now.Entitlements = slices.DeleteFunc(now.Entitlements, func(h connectors.Entitlement) bool { return h.ID == id || h.Inherited == id })
		return len(now.Entitlements) < n
	}, string(id))
	if err != nil {
		return r, fmt.Errorf("sqldb: add %q to account %q: %w", id, before.ID, err)
	}
	return r, nil
}

// change runs a statement in a transaction that is kept only if it changed one row at most, and a second reading shows the
// account as it is to be and nothing else of it changed. is tells whether an account is as it is to be, and takes out of it
// what the change is about. The tables must be of a kind that can be rolled back (InnoDB).
func (o *Own) change(ctx context.Context, id connectors.AccountID, statement string, is func(*connectors.Account) bool, more ...any) (connectors.Receipt, error) {
	var receipt connectors.Receipt
	err := o.with(ctx, func(conn *sql.Conn) error {
		tx, err := conn.BeginTx(ctx, nil)
		if err != nil {
			return o.broken(ctx, "begin", err)
		}
		defer tx.Rollback()
		r := &reader{server: o.server, ctx: ctx, q: tx, trace: unheard{}}
		was, err := o.fresh(r, id)
		if err != nil || is(&was) {
			return err
		}
		res, err := r.do(statement, append([]any{string(id)}, more...)...)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err == nil && n > 1 {
			return fmt.Errorf("the statement changes %d rows instead of one, and was rolled back: %w; let it name the account by its id", n, connectors.ErrForbidden)
		}
		if err := o.only(r, id, was, is); err != nil {
			return err
		}
		if err := tx.Commit(); err != nil {
			if err = o.broken(ctx, "commit", err); !answered(err) {
				return unanswered{err}
			}
			return err
		}
		receipt.Changed = true
		return nil
	})
	return receipt, err
}

// only reads the account again: it is as it is to be, and the rest of it as it was.
func (o *Own) only(r *reader, id connectors.AccountID, was connectors.Account, is func(*connectors.Account) bool) error {
	now, err := o.fresh(r, id)
	if errors.Is(err, connectors.ErrNotFound) {
		return fmt.Errorf("the query does not give the account after the statement, which was rolled back: %w; let the query give disabled accounts too", connectors.ErrForbidden)
	}
	if err != nil {
		return err
	}
	if !is(&now) {
		return fmt.Errorf("the account does not show the change, and the statement was rolled back: %w; do query and statements speak of the same thing?", connectors.ErrForbidden)
	}
	now.LastSignIn, now.SignInUnknown, now.From = was.LastSignIn, was.SignInUnknown, was.From
	a, err := json.Marshal(was)
	if err != nil {
		return err
	}
	b, err := json.Marshal(now)
	if err != nil {
		return err
	}
	if string(a) != string(b) {
		return fmt.Errorf("the statement changes more of the account than it is to, and was rolled back: %w; was %s, would be %s", connectors.ErrForbidden, a, b)
	}
	return nil
}

// RevokeSessions implements connectors.SessionRevoker by the statement that the configuration gives.
func (s ownSessions) RevokeSessions(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	var receipt connectors.Receipt
	o := s.own
	err := o.with(ctx, func(conn *sql.Conn) error {
		r := &reader{server: o.server, ctx: ctx, q: conn, trace: unheard{}}
		if _, err := o.fresh(r, before.ID); err != nil {
			return err
		}
		res, err := r.do(o.config.Statements.EndSessions, string(before.ID))
		if err != nil && !answered(err) {
			return unanswered{err}
		}
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		receipt.Changed = err == nil && n > 0
		return nil
	})
	if err != nil {
		return connectors.Receipt{}, fmt.Errorf("sqldb: end sessions of account %q: %w", before.ID, err)
	}
	return receipt, nil
}
