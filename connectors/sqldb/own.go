package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"rollcall/connectors"
	"rollcall/connectors/table"
)

// Own is the users that an application keeps in tables of its own. What the columns of a query mean is the business of
// package table, as it is of a file's columns.
type Own struct {
	*server
	id     connectors.AppID
	config *AppConfig
	env    connectors.Env
	info   connectors.Info
}

var (
	_ connectors.Getter      = (*Own)(nil)
	_ connectors.Preflighter = (*Own)(nil)
)

func (c *AppConfig) openOwn(app connectors.AppID, s *server, env connectors.Env) (connectors.App, error) {
	if len(c.LeaveOut) > 0 {
		return nil, errors.New("leave_out is for the server's roles: leave rows out by query")
	}
	for _, q := range []struct{ name, text string }{{"query", c.Query}, {"entitlements.query", c.Entitlements.Query}, {"credentials.query", c.Credentials.Query}} {
		if q.text == "" {
			continue
		}
		if err := checkQuery(q.text, c.Dialect); err != nil {
			return nil, fmt.Errorf("%s: %w", q.name, err)
		}
	}
	if err := c.Statements.check(c.Dialect); err != nil {
		return nil, err
	}
	o := &Own{server: s, id: app, config: c, env: env}
	t, err := o.tables(nil, "")
	if err != nil {
		return nil, err
	}
	o.info = t.Info()
	o.info.Location, o.info.Parameters, o.info.Repeatable = s.location(), "query "+oneLine(c.Query), false
	for _, in := range s.unsafe() {
		o.info.Parameters += "; " + in
	}
	return o.able(), nil
}

// Info implements connectors.Source.
func (o *Own) Info() connectors.Info { return o.info }

// tables are the queries as tables, of all accounts or of one.
func (o *Own) tables(r *reader, one connectors.AccountID) (connectors.App, error) {
	c := o.config
	files := table.AppFiles{Accounts: &result{r, o, o.location(), c.Query, c.Columns.ID, one}}
	if c.Entitlements.Query != "" {
		files.Entitlements = &result{r, o, o.location() + " entitlements", c.Entitlements.Query, c.Entitlements.Columns.Account, one}
	}
	if c.Credentials.Query != "" {
		files.Credentials = &result{r, o, o.location() + " credentials", c.Credentials.Query, c.Credentials.Columns.Account, one}
	}
	return table.NewApp(o.id, kind, "none", files, c.AppOptions, c.Entitlements.GrantOptions, c.Credentials.CredentialOptions, o.env)
}

// Accounts implements connectors.App. All queries see one state of the database.
func (o *Own) Accounts(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Account, error] {
	return func(yield func(connectors.Account, error) bool) {
		err := o.reading(ctx, func(tx *sql.Tx) error {
			app, err := o.tables(&reader{server: o.server, ctx: ctx, q: tx, trace: t}, "")
			if err != nil {
				return err
			}
			for acc, err := range app.Accounts(ctx, t) {
				if err != nil {
					return err
				}
				if !yield(acc, nil) {
					return errStopped
				}
			}
			return nil
		})
		if err != nil && err != errStopped {
			yield(connectors.Account{}, fmt.Errorf("sqldb: %w", err))
		}
	}
}

// Account implements connectors.Getter.
func (o *Own) Account(ctx context.Context, id connectors.AccountID) (connectors.Account, error) {
	var acc connectors.Account
	err := o.reading(ctx, func(tx *sql.Tx) (err error) {
		acc, err = o.fresh(&reader{server: o.server, ctx: ctx, q: tx, trace: unheard{}}, id)
		return err
	})
	if err != nil {
		return connectors.Account{}, fmt.Errorf("sqldb: account %q: %w", id, err)
	}
	return acc, nil
}

// fresh reads one account.
func (o *Own) fresh(r *reader, id connectors.AccountID) (connectors.Account, error) {
	app, err := o.tables(r, id)
	if err != nil {
		return connectors.Account{}, err
	}
	heard := &rejections{}
	var found []connectors.Account
	for acc, err := range app.Accounts(r.ctx, heard) {
		if err != nil {
			return connectors.Account{}, err
		}
		if acc.ID == id { // a database may compare loosely
			found = append(found, acc.Clone())
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case heard.first != nil:
		return connectors.Account{}, fmt.Errorf("its row cannot be used: %w", heard.first)
	}
	return connectors.Account{}, fmt.Errorf("the query gives no such account: %w", connectors.ErrNotFound)
}

// rejections keeps why the first row was left out.
type rejections struct {
	unheard
	first error
}

func (h *rejections) Reject(_ connectors.Collection, _ connectors.Where, err error) {
	if h.first == nil {
		h.first = err
	}
}

// Preflight implements connectors.Preflighter: the queries are run for an account that is not there.
func (o *Own) Preflight(ctx context.Context) (connectors.Preflight, error) {
	p := connectors.Preflight{Identity: o.user}
	err := o.reading(ctx, func(tx *sql.Tx) error {
		_, err := o.fresh(&reader{server: o.server, ctx: ctx, q: tx, trace: unheard{}}, "no account has this id")
		return err
	})
	switch {
	case errors.Is(err, connectors.ErrForbidden):
		p.Problems = append(p.Problems, connectors.Problem{Lacks: err.Error(), So: "no pull would be whole", Fix: "mend the query, or grant SELECT on what it names to " + o.user})
	case err != nil && !errors.Is(err, connectors.ErrNotFound):
		return connectors.Preflight{}, fmt.Errorf("sqldb: %w", err)
	default:
		p.Proved = append(p.Proved, "the queries run, and have the columns that are named")
	}
	return p, nil
}
