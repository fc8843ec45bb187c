package google

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"

	"rollcall/connectors"
)

// Accounts implements connectors.App. Roles and groups are read first and kept, since Google tells of a membership at the
// group; the users then stream, a page at a time.
func (a *App) Accounts(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Account, error] {
	return func(yield func(connectors.Account, error) bool) {
		p := &pull{App: a, trace: t, yield: yield, seen: map[string]bool{}, reasons: map[string]int{}}
		if err := p.run(ctx); err != nil && !errors.Is(err, errStopped) {
			yield(connectors.Account{}, fmt.Errorf("google: %w", err))
		}
	}
}

var errStopped = errors.New("the consumer wants no more")

// pull is one reading of all accounts.
type pull struct {
	*App
	trace  connectors.Trace
	yield  func(connectors.Account, error) bool
	groups *membership
	roles  *access
	acc    connectors.Account // the slices of the one yielded last

	seen    map[string]bool // ids
	self    bool            // the administrator who asks was listed
	late    int             // said to have signed in never, by the list alone
	reasons map[string]int  // why Google itself suspended users
}

func (p *pull) run(ctx context.Context) (err error) {
	if p.roles, err = p.readRoles(ctx, p.trace); err != nil {
		return err
	}
	p.trace.End(connectors.Entitlements)
	if p.groups, err = p.readGroups(ctx, p.trace); err != nil {
		return err
	}
	p.trace.End(connectors.Groups)
	n := 0
	for page, err := range p.pages(ctx, usersPath, "users", p.usersQuery()) {
		if err != nil {
			return err
		}
		p.trace.Page(connectors.Accounts, page.page)
		if err := p.take(ctx, page, n); err != nil {
			return err
		}
		n += len(page.rows)
	}
	return p.end(n)
}

func (a *App) usersQuery() url.Values {
	return url.Values{"customer": {a.customer}, "maxResults": {"500"}, "orderBy": {"email"}, "fields": {"kind,nextPageToken,users(" + a.userFields() + ")"}}
}

// row is a user of a page, as far as it can be read.
type row struct {
	user
	where  connectors.Where
	raw    []byte
	err    error
	detail detail
}

// take yields the users of a page. What must be read of single users is read for all of them before.
func (p *pull) take(ctx context.Context, page page, from int) error {
	rows := make([]row, 0, len(page.rows))
	for i, raw := range page.rows {
		r := row{raw: raw, where: connectors.Where{Source: p.base + usersPath, Line: from + i + 1}}
		r.user, r.err = parseUser(raw)
		if r.err == nil && p.seen[r.ID] {
			r.err = &connectors.RejectedRow{Err: fmt.Errorf("the user %q is listed twice", r.ID), Account: connectors.AccountID(r.ID), Repeats: true}
		}
		id := r.ID
		if id == "" {
			id = userID(raw)
		}
		p.seen[id] = true
		rows = append(rows, r)
	}
	details, err := each(ctx, p.atOnce, rows, p.detail)
	if err != nil {
		return err
	}
	for i := range rows {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		rows[i].detail = details[i]
		if err := p.one(&rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// one yields a user, or says why not.
func (p *pull) one(r *row) error {
	for _, page := range r.detail.pages {
		p.trace.Page(page.of, page.Page)
	}
	p.self = p.self || r.answersTo(p.subject)
	if r.err == nil && r.detail.gone {
		r.err = errors.New("it was deleted while the users were read")
	}
	if r.err == nil {
		r.err = p.account(&p.acc, r)
	}
	if r.err != nil {
		p.trace.Reject(connectors.Accounts, r.where, rejected(r.raw, r.err))
		return nil
	}
	if r.byGoogle() {
		p.reasons[r.SuspensionReason]++
	}
	if !p.yield(p.acc, nil) {
		return errStopped
	}
	return nil
}

// rejected is why a user is left out, with its id where that can be read.
func rejected(raw []byte, why error) error {
	var said *connectors.RejectedRow
	if id := userID(raw); id != "" && !errors.As(why, &said) {
		return &connectors.RejectedRow{Err: why, Account: connectors.AccountID(id)}
	}
	return why
}

// account makes the whole account of a user.
func (p *pull) account(acc *connectors.Account, r *row) error {
	if now := r.detail.login; now != nil {
		never := r.signedInNever()
		if r.LastLoginTime = now; never && !r.signedInNever() {
			p.late++
		}
	}
	return p.whole(acc, &r.user, p.groups, p.roles, r.detail.held, r.where)
}

// whole makes an account of all that was read of it.
func (a *App) whole(acc *connectors.Account, u *user, m *membership, x *access, h held, from connectors.Where) error {
	if err := a.fill(acc, u); err != nil {
		return err
	}
	places := m.Places(m.direct[u.ID])
	acc.Entitlements = m.appendTo(acc.Entitlements, places)
	acc.Entitlements = x.appendTo(acc.Entitlements, u, m, places, a.zone)
	acc.Credentials = append(acc.Credentials, h.list...)
	if a.reports.signIn {
		acc.LastSignIn = max(acc.LastSignIn, h.lastUse)
	}
	acc.From = from
	return nil
}
