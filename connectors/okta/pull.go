package okta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"

	"rollcall/connectors"
)

// The list of users: without a search or a filter Okta leaves out those who were deactivated
// (https://developer.okta.com/docs/api/openapi/okta-management/management/user/#tag/User/operation/listUsers).
const everybody = "/api/v1/users?search=status%20pr&limit="

// Accounts implements connectors.App. What users hold is read first and kept; the users then stream.
func (a *App) Accounts(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Account, error] {
	return func(yield func(connectors.Account, error) bool) {
		p := &pull{app: a, trace: t, yield: yield}
		if err := p.run(ctx); err != nil && !errors.Is(err, errStopped) {
			yield(connectors.Account{}, fmt.Errorf("okta: %w", err))
		}
	}
}

var errStopped = errors.New("the consumer wants no more")

// pull is one reading of all users.
type pull struct {
	app   *App
	trace connectors.Trace
	yield func(connectors.Account, error) bool
	holds *holdings
	buf   connectors.Account
	users int
}

func (p *pull) run(ctx context.Context) (err error) {
	if p.holds, err = p.app.hold(ctx, p.trace); err != nil {
		return err
	}
	for pg, err := range pages[json.RawMessage](ctx, p.app, p.trace, connectors.Accounts, fmt.Sprint(everybody, p.app.pageSize)) {
		if err != nil {
			return fmt.Errorf("users: %w", err)
		}
		if err := p.page(ctx, pg); err != nil {
			return err
		}
	}
	if p.users == 0 {
		return errors.New("the list of users is empty, which no org's is: Okta lists nobody to a token that has the scopes and no administrator's role; " +
			"give the token's owner, or the service app, one (Read-only Administrator)")
	}
	if err := p.unlisted(ctx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	p.trace.End(connectors.Accounts)
	return nil
}

// page yields the users of a page.
func (p *pull) page(ctx context.Context, pg page[json.RawMessage]) error {
	var users []user
	var from []connectors.Where
	for i, raw := range pg.items {
		p.users++
		at := connectors.Where{Source: p.app.base + "/api/v1/users", Line: pg.first + i}
		u, err := parse(raw)
		switch {
		case err != nil && u.ID != "":
			p.holds.list(u.ID)
			p.trace.Reject(connectors.Accounts, at, &connectors.RejectedRow{Err: err, Account: connectors.AccountID(u.ID)})
		case err != nil:
			p.trace.Reject(connectors.Accounts, at, err)
		case !p.holds.list(u.ID):
			p.trace.Reject(connectors.Accounts, at, &connectors.RejectedRow{Err: fmt.Errorf("user %q came before: the list moved on while it was read", u.ID),
				Account: connectors.AccountID(u.ID), Repeats: true})
		default:
			users, from = append(users, u), append(from, at)
		}
	}
	return p.give(ctx, users, from)
}

// give yields users with what they hold.
func (p *pull) give(ctx context.Context, users []user, from []connectors.Where) error {
	mfa, err := p.app.mfa(ctx, p.trace, users)
	if err != nil {
		return err
	}
	for i := range users {
		if err := ctx.Err(); err != nil {
			return err
		}
		p.app.account(p.trace, &p.buf, &users[i])
		p.holds.appendTo(&p.buf)
		p.buf.MFA, p.buf.From = mfa[i], from[i]
		if !p.yield(p.buf, nil) {
			return errStopped
		}
	}
	return nil
}

// unlisted reads, one by one, the users who hold something and are not in the list: the index that the list comes from does
// not have them yet. Many of them mean that the list is not whole.
func (p *pull) unlisted(ctx context.Context) error {
	const most = 500
	missing := p.holds.unlisted()
	if len(missing) > most {
		return fmt.Errorf("%d users who are members of groups or hold apps or roles are not in the list of users: the role of the token's owner, or of the "+
			"service app, shows only a part of them; give it a role over all users", len(missing))
	}
	late := 0
	for _, id := range missing {
		ref := "/api/v1/users/" + url.PathEscape(id)
		var u user
		_, err := p.app.get(ctx, p.trace, connectors.Accounts, ref, &u)
		switch {
		case errors.Is(err, connectors.ErrNotFound):
			continue // deleted since the group was read
		case err != nil:
			return fmt.Errorf("user %q, who holds something and is not in the list of users: %w", id, err)
		case u.ID != id:
			return fmt.Errorf("asked for user %q, Okta answered with %q", id, u.ID)
		}
		late++
		if err := p.give(ctx, []user{u}, []connectors.Where{{Source: p.app.base + ref}}); err != nil {
			return err
		}
	}
	if late > 0 {
		p.trace.Note(connectors.Accounts, fmt.Sprintf("%d users were not in the list and were read by themselves: Okta's index is late, or this role does not list them", late))
	}
	return nil
}
