package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"rollcall/connectors"
)

const (
	looks    = 100 // at whether sessions have ended
	lookWait = 100 * time.Millisecond
)

// RevokeSessions implements connectors.SessionRevoker: it ends the open sessions, and looks until none is left.
func (a *App) RevokeSessions(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	var receipt connectors.Receipt
	err := a.with(ctx, func(conn *sql.Conn) error {
		r := &reader{server: a.server, ctx: ctx, q: conn, trace: unheard{}, leaveOut: a.leaveOut}
		c, err := a.read(r)
		if err != nil {
			return err
		}
		l, err := c.find(before.ID)
		if err != nil {
			return err
		}
		if l.key == c.me {
			return fmt.Errorf("this is the account that rollcall itself uses: %w", connectors.ErrForbidden)
		}
		receipt.Changed, err = a.endAll(r, c, l)
		return err
	})
	if err != nil {
		return connectors.Receipt{}, fmt.Errorf("sqldb: end sessions of account %q: %w", before.ID, err)
	}
	return receipt, nil
}

// endAll ends sessions until a look shows none. One that ended by itself meanwhile is as good.
func (a *App) endAll(r *reader, c *catalogue, l *login) (ended bool, err error) {
	told := map[string]bool{}
	for n := 0; ; n++ {
		open, err := a.dialect.sessions(r, c, l)
		if err != nil || len(open) == 0 {
			return ended, err
		}
		if n == looks {
			return ended, fmt.Errorf("%s: %d sessions are still open, ids %v, though they were told to end: %w", a.location(), len(open), open, connectors.ErrTransient)
		}
		for _, id := range open {
			if told[id] {
				continue
			}
			told[id], ended = true, true
			if _, err := r.do(a.dialect.end(id)); err != nil && !a.dialect.gone(err) {
				return ended, err
			}
		}
		if err := a.pause(r.ctx, lookWait); err != nil {
			return ended, a.broken(r.ctx, "wait for sessions to end", err)
		}
	}
}
