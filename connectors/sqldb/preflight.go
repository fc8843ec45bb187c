package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"rollcall/connectors"
)

// Preflight implements connectors.Preflighter.
func (a *App) Preflight(ctx context.Context) (connectors.Preflight, error) {
	p := &preflight{}
	err := a.reading(ctx, func(tx *sql.Tx) error {
		p.reader = &reader{server: a.server, ctx: ctx, q: tx, trace: unheard{}, leaveOut: a.leaveOut}
		p.Identity = a.user
		c, err := a.read(p.reader)
		if errors.Is(err, connectors.ErrForbidden) {
			p.lacks(err.Error(), "no pull would be whole", "grant what it names to "+a.user)
			return nil
		}
		if err != nil {
			return err
		}
		p.proved("reads %d accounts and %d roles", len(c.logins), len(c.roles))
		return a.dialect.mayWrite(p)
	})
	if err != nil {
		return connectors.Preflight{}, fmt.Errorf("sqldb: %w", err)
	}
	return p.Preflight, nil
}

type preflight struct {
	*reader
	connectors.Preflight
}

func (p *preflight) proved(format string, v ...any) {
	p.Proved = append(p.Proved, fmt.Sprintf(format, v...))
}

func (p *preflight) lacks(lacks, so, fix string) {
	p.Problems = append(p.Problems, connectors.Problem{Lacks: lacks, So: so, Fix: fix})
}

func (p *preflight) lacksToWrite(lacks, so, fix string) {
	p.Problems = append(p.Problems, connectors.Problem{Lacks: lacks, So: so, Fix: fix, Writing: true})
}
