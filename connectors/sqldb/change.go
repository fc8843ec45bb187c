package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"rollcall/connectors"
)

// change reads the account, asks what is to be done, does it, and reads again whether it is as it should be. Where the
// server can, all of it is one transaction, which is kept only if a second reading shows the same account changed: a name
// that passes on to somebody else in between changes nobody.
func (a *App) change(ctx context.Context, id connectors.AccountID, plan func(*catalogue, *login) ([]step, error), done func(*catalogue, *login) bool) (connectors.Receipt, error) {
	var receipt connectors.Receipt
	err := a.with(ctx, func(conn *sql.Conn) error {
		r := &reader{server: a.server, ctx: ctx, q: conn, trace: unheard{}, leaveOut: a.leaveOut}
		var tx *sql.Tx
		if a.dialect.transactional() {
			var err error
			if tx, err = conn.BeginTx(ctx, nil); err != nil {
				return a.broken(ctx, "begin", err)
			}
			defer tx.Rollback()
			r.q = tx
		}
		steps, err := a.planned(r, id, plan)
		if err != nil || len(steps) == 0 {
			return err
		}
		if err := r.carry(steps, tx != nil); err != nil {
			return err
		}
		if err := a.shown(r, id, done); err != nil {
			if tx == nil && !errors.Is(err, errNotShown) {
				return unanswered{err}
			}
			return err
		}
		if tx != nil {
			if err := tx.Commit(); err != nil {
				if err = a.broken(ctx, "commit", err); !answered(err) {
					return unanswered{err}
				}
				return err
			}
		}
		receipt.Changed = true
		return nil
	})
	return receipt, err
}

func (a *App) planned(r *reader, id connectors.AccountID, plan func(*catalogue, *login) ([]step, error)) ([]step, error) {
	c, err := a.read(r)
	if err != nil {
		return nil, err
	}
	l, err := c.find(id)
	if err != nil {
		return nil, err
	}
	return plan(c, l)
}

var errNotShown = errors.New("the server took the statement, and the account does not show the change")

// shown reads whether a change was made.
func (a *App) shown(r *reader, id connectors.AccountID, done func(*catalogue, *login) bool) error {
	c, err := a.read(r)
	if err != nil {
		return err
	}
	l, err := c.find(id)
	switch {
	case errors.Is(err, connectors.ErrNotFound):
		return fmt.Errorf("the account was renamed or dropped at the same time: %w", connectors.ErrTransient)
	case err != nil:
		return err
	case !done(c, l):
		return fmt.Errorf("%w: may the caller, %s, change this? %w", errNotShown, r.user, connectors.ErrForbidden)
	}
	return nil
}

// carry runs the steps. Inside a transaction one that is refused leaves the way open for its other.
func (r *reader) carry(steps []step, inside bool) error {
	for i, s := range steps {
		if inside && s.or != "" {
			if _, err := r.do("SAVEPOINT rollcall"); err != nil {
				return err
			}
		}
		_, err := r.do(s.do)
		if err != nil && s.or != "" && answered(err) {
			if inside {
				if _, err := r.do("ROLLBACK TO SAVEPOINT rollcall"); err != nil {
					return err
				}
			}
			_, err = r.do(s.or)
		}
		if err != nil && !inside && (i > 0 || !answered(err)) {
			return unanswered{err} // what was done before stays done
		}
		if err != nil {
			return err
		}
	}
	return nil
}
