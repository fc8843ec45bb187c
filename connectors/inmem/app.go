package inmem

import (
	"context"
	"fmt"
	"iter"

	"rollcall/connectors"
)

// App is an app whose accounts are a slice.
type App struct {
	Source
	Rows    []connectors.Account
	Signals connectors.Signals
}

var (
	_ connectors.App    = (*App)(nil)
	_ connectors.Getter = (*App)(nil)
)

// Info implements connectors.Source.
func (a *App) Info() connectors.Info { return a.info(connectors.Accounts, a.Signals) }

// Accounts yields the rows in their order. The slices of the account are one buffer, overwritten for the next row.
func (a *App) Accounts(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Account, error] {
	return func(yield func(connectors.Account, error) bool) {
		var buf connectors.Account
		row := func(line int, r connectors.Account) connectors.Account {
			overwrite(&buf, r)
			buf.From = from(r.From, line)
			return buf
		}
		pull(ctx, &a.Source, t, connectors.Accounts, a.Rows, row, yield)
	}
}

// Account implements connectors.Getter.
func (a *App) Account(ctx context.Context, id connectors.AccountID) (connectors.Account, error) {
	if err := ctx.Err(); err != nil {
		return connectors.Account{}, fmt.Errorf("inmem: account %q: %w", id, err)
	}
	for i, r := range a.Rows {
		if r.ID == id {
			r.From = from(r.From, i+1)
			return r.Clone(), nil
		}
	}
	return connectors.Account{}, fmt.Errorf("inmem: account %q: %w", id, connectors.ErrNotFound)
}

// overwrite copies r into buf, in the slices buf has.
func overwrite(buf *connectors.Account, r connectors.Account) {
	aliases, ents, creds, state := buf.Aliases, buf.Entitlements, buf.Credentials, buf.State
	*buf = r
	buf.Aliases = append(aliases[:0], r.Aliases...)
	buf.Entitlements = append(ents[:0], r.Entitlements...)
	buf.Credentials = append(creds[:0], r.Credentials...)
	buf.State = append(state[:0], r.State...)
}

// pull is the one loop of both sources: page, rows, and the end only when the last row was taken.
func pull[R any](ctx context.Context, s *Source, t connectors.Trace, c connectors.Collection, rows []R,
	row func(line int, r R) R, yield func(R, error) bool) {
	var none R
	s.begin(t, c, len(rows))
	yielded := 0
	for n, chunk := range paged(rows, s.PageSize) {
		p, err := page(c, n+1, chunk)
		if err != nil {
			yield(none, err)
			return
		}
		t.Page(c, p)
		for _, r := range chunk {
			if err := s.interrupted(ctx, yielded); err != nil {
				yield(none, err)
				return
			}
			if !yield(row(yielded+1, r), nil) {
				return
			}
			yielded++
		}
	}
	if err := s.interrupted(ctx, yielded); err != nil {
		yield(none, err)
		return
	}
	t.End(c)
}

// from is where a row came from: where it says, else its place in the slice.
func from(w connectors.Where, line int) connectors.Where {
	if w == (connectors.Where{}) {
		return connectors.Where{Source: "memory", Line: line}
	}
	return w
}

func (s *Source) interrupted(ctx context.Context, yielded int) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("inmem: stopped after %d rows: %w", yielded, err)
	}
	if s.Fail != nil && yielded >= s.FailAfter {
		return fmt.Errorf("inmem: failed after %d rows: %w", yielded, s.Fail)
	}
	return nil
}
