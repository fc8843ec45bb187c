// Package scim reads an app's accounts over SCIM 2.0 (RFC 7643, RFC 7644, and the cursors of RFC 9865), disables and enables
// them, and takes them out of groups and back in.
package scim

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// AppConfig is an [[app]] of kind "scim".
type AppConfig struct {
	URL       string `toml:"url"`        // of the SCIM service: what comes before /Users
	Token     string `toml:"token"`      // reference of the bearer token, such as "env:SCIM_TOKEN"
	Vendor    string `toml:"vendor"`     // whose quirks to heed; "generic" when empty
	PageSize  int    `toml:"page_size"`  // 0 = what suits the vendor
	Groups    *bool  `toml:"groups"`     // read who is in which group; true, except where the vendor does not tell
	PlainHTTP bool   `toml:"plain_http"` // the token may cross the network readable
}

var _ connectors.AppConfig = (*AppConfig)(nil)

// OpenApp implements connectors.AppConfig.
func (c *AppConfig) OpenApp(app connectors.AppID, env connectors.Env) (connectors.App, error) {
	a, err := c.open(env, httpx.Settings{})
	if err != nil {
		return nil, fmt.Errorf("scim: app %q: %w", app, err)
	}
	return a.able(), nil
}

// open takes what a test changes of the transport.
func (c *AppConfig) open(env connectors.Env, s httpx.Settings) (*App, error) {
	name, v, err := vendorOf(c.Vendor, c.URL)
	switch {
	case err != nil:
		return nil, err
	case c.PageSize < 0:
		return nil, fmt.Errorf("page_size %d: want a number above 0", c.PageSize)
	case v.maxPageSize > 0 && c.PageSize > v.maxPageSize:
		return nil, fmt.Errorf("page_size %d: %s gives at most %d", c.PageSize, name, v.maxPageSize)
	}
	s.Base, s.Token, s.PlainHTTP = c.URL, c.Token, c.PlainHTTP
	s.Accept = "application/scim+json, application/json"
	client, err := httpx.New(env, s)
	if err != nil {
		return nil, err
	}
	a := &App{client: client, base: client.Base(), vendor: v, pageSize: c.PageSize, groups: v.noMembers == "", zone: env.Zone}
	if a.pageSize == 0 {
		a.pageSize = v.pageSize
	}
	if c.Groups != nil {
		a.groups = *c.Groups
	}
	if a.zone == nil {
		a.zone = time.UTC
	}
	return a, nil
}

// App is an app's SCIM service, to be read. What else can be done with it is in able.
type App struct {
	client   *httpx.Client
	base     string
	vendor   vendor
	pageSize int
	groups   bool
	zone     *time.Location
}

var (
	_ connectors.App    = (*App)(nil)
	_ connectors.Getter = (*App)(nil)
)

// Info implements connectors.Source. SCIM has no sign-ins, no MFA, no grant dates and no use: no signal is given.
func (a *App) Info() connectors.Info {
	i := connectors.Info{
		Kind: "scim", Location: a.base, Parameters: "none",
		Collections: []connectors.Collection{connectors.Groups, connectors.Accounts},
	}
	if !a.groups {
		i.Parameters = "groups are not read"
		i.Collections = i.Collections[1:]
	}
	return i
}

// Accounts implements connectors.App. The groups are read first and their memberships kept, since SCIM tells of a
// membership at the group; the users then stream.
func (a *App) Accounts(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Account, error] {
	return func(yield func(connectors.Account, error) bool) {
		fail := func(err error) { yield(connectors.Account{}, fmt.Errorf("scim: %w", err)) }
		srv, members, err := a.prepare(ctx, t)
		if err != nil {
			fail(err)
			return
		}
		var buf connectors.Account
		found := 0
		for r, err := range srv.list(ctx, t, connectors.Accounts, "/Users") {
			if err != nil {
				fail(err)
				return
			}
			if err := a.account(t, &buf, r.raw, members); err != nil {
				t.Reject(connectors.Accounts, r.where, rejected(r.raw, err))
				continue
			}
			if members.has(string(buf.ID)) {
				found++
			}
			buf.From = r.where
			if !yield(buf, nil) {
				return
			}
		}
		if n := len(members.direct) - found; n > 0 {
			t.Note(connectors.Groups, fmt.Sprintf("%d members of groups are not among the users listed: accounts this app does not show over SCIM hold access", n))
		}
	}
}

// rejected is why a user is left out, with its id where that can be read.
func rejected(raw []byte, why error) error {
	if id := resourceID(raw); id != "" {
		return &connectors.RejectedRow{Err: why, Account: connectors.AccountID(id)}
	}
	return why
}

// prepare reads what is needed before the first user.
func (a *App) prepare(ctx context.Context, t connectors.Trace) (*server, *membership, error) {
	t.Note(connectors.Accounts, "SCIM lists the accounts that were provisioned: those made in the app itself may be missing")
	for _, n := range a.vendor.notes {
		t.Note(connectors.Accounts, n)
	}
	srv, err := a.discover(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	if !a.groups {
		if a.vendor.noMembers != "" {
			t.Note(connectors.Accounts, a.vendor.noMembers)
		}
		return srv, new(membership), nil
	}
	members, err := srv.readGroups(ctx, t)
	return srv, members, err
}

// Account implements connectors.Getter. Groups are read whole again: SCIM offers no other sure way to learn in which
// groups, nested ones included, one user is now.
func (a *App) Account(ctx context.Context, id connectors.AccountID) (connectors.Account, error) {
	fail := func(err error) (connectors.Account, error) {
		return connectors.Account{}, fmt.Errorf("scim: account %q: %w", id, err)
	}
	if id == "" {
		return fail(errors.New("the id is empty"))
	}
	path := "/Users/" + url.PathEscape(string(id))
	res, err := a.client.Get(ctx, path)
	if err != nil {
		return fail(err)
	}
	_, members, err := a.prepare(ctx, unheard{})
	if err != nil {
		return fail(err)
	}
	var acc connectors.Account
	if err := a.account(unheard{}, &acc, res.Body, members); err != nil {
		return fail(err)
	}
	if acc.ID != id {
		return fail(fmt.Errorf("the server answered with account %q", acc.ID))
	}
	acc.From = connectors.Where{Source: a.base + path}
	if acc.State, err = stateOf(res.Body, members.idsOf(string(id))); err != nil {
		return fail(err)
	}
	return acc, nil
}

// unheard is the Trace of a read that is not part of a pull.
type unheard struct{}

func (unheard) Page(connectors.Collection, connectors.Page)           {}
func (unheard) Reject(connectors.Collection, connectors.Where, error) {}
func (unheard) Total(connectors.Collection, int)                      {}
func (unheard) End(connectors.Collection)                             {}
func (unheard) Note(connectors.Collection, string)                    {}
