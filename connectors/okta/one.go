package okta

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// Account implements connectors.Getter. All of it is read now, at the user, and from where Okta writes it: not from the index
// that lists and searches read, which runs behind.
func (a *App) Account(ctx context.Context, id connectors.AccountID) (connectors.Account, error) {
	acc, err := a.read(ctx, string(id))
	if err != nil {
		return connectors.Account{}, fmt.Errorf("okta: account %q: %w", id, err)
	}
	return acc, nil
}

// userRef is the path of a user. Only an id will do: Okta takes a login as well, and a login can become somebody else's.
func userRef(id string) string { return "/api/v1/users/" + url.PathEscape(id) }

// find reads the user alone.
func (a *App) find(ctx context.Context, id string) (user, *httpx.Response, error) {
	var u user
	if id == "" {
		return u, nil, fmt.Errorf("the id is empty: %w", connectors.ErrNotFound)
	}
	res, err := a.get(ctx, unheard{}, connectors.Accounts, userRef(id), &u)
	switch {
	case err != nil:
		return u, nil, err
	case u.ID != id:
		return u, nil, fmt.Errorf("asked for it, Okta answered with %q, whose login that may be: %w", u.ID, connectors.ErrNotFound)
	}
	return u, res, nil
}

func (a *App) read(ctx context.Context, id string) (acc connectors.Account, err error) {
	u, _, err := a.find(ctx, id)
	if err != nil {
		return acc, err
	}
	a.account(unheard{}, &acc, &u)
	acc.From = connectors.Where{Source: a.base + userRef(id)}
	s := state{Status: u.Status}
	groups, err := a.groups(ctx, id)
	if err != nil {
		return acc, err
	}
	if err := a.memberships(ctx, &acc, &s, groups); err != nil {
		return acc, err
	}
	if err := a.assignments(ctx, &acc, groups); err != nil {
		return acc, err
	}
	if err := a.administers(ctx, &acc, &s, groups); err != nil {
		return acc, err
	}
	acc.Entitlements = tidy(acc.Entitlements)
	if a.reads("api_tokens") {
		tokens, err := a.apiTokens(ctx, unheard{})
		if err != nil {
			return acc, err
		}
		acc.Credentials = tokens[id]
	}
	mfa, err := a.mfa(ctx, unheard{}, []user{u})
	if err != nil {
		return acc, err
	}
	acc.MFA = mfa[0]
	acc.State, err = json.Marshal(s)
	return acc, err
}

// groups are those a user is in, by id.
func (a *App) groups(ctx context.Context, id string) (map[string]group, error) {
	out := map[string]group{}
	for g, err := range all[group](ctx, a, unheard{}, connectors.Groups, userRef(id)+"/groups") {
		if err != nil {
			return nil, fmt.Errorf("its groups: %w", err)
		}
		out[g.ID] = g
	}
	return out, nil
}

// nameIn is the name of a group that the user is in; empty for any other.
func nameIn(groups map[string]group, id string) connectors.EntitlementID {
	g, ok := groups[id]
	switch {
	case !ok:
		return ""
	case g.Type == builtIn:
		return connectors.EntitlementID(g.Profile.Name)
	}
	return g.name()
}

// memberships adds the groups to an account and its state.
func (a *App) memberships(ctx context.Context, acc *connectors.Account, s *state, groups map[string]group) error {
	fed, err := a.fed(ctx, unheard{})
	if err != nil {
		return err
	}
	labels, err := a.knownLabels(ctx)
	if err != nil {
		return err
	}
	for id, g := range groups {
		if g.Type == builtIn {
			continue
		}
		e := connectors.Entitlement{ID: g.name(), Inherited: a.source(&g, fed, labels)}
		acc.Entitlements = append(acc.Entitlements, e)
		if e.Inherited == "" {
			s.group(e.ID, id)
		}
	}
	return nil
}

// assignments adds the apps to an account.
func (a *App) assignments(ctx context.Context, acc *connectors.Account, groups map[string]group) error {
	if !a.reads("apps") {
		return nil
	}
	labels, err := a.knownLabels(ctx)
	if err != nil {
		return err
	}
	type used struct {
		application
		Embedded struct{ User assignment } `json:"_embedded"`
	}
	user := url.PathEscape(string(acc.ID))
	ref := fmt.Sprintf("/api/v1/apps?filter=user.id%%20eq%%20%%22%s%%22&expand=user%%2F%s&limit=200", user, user)
	for app, err := range all[used](ctx, a, unheard{}, connectors.Entitlements, ref) {
		switch u := app.Embedded.User; {
		case err != nil:
			return fmt.Errorf("its apps: %w", err)
		case app.Status != active:
		case u.ID != string(acc.ID):
			return fmt.Errorf("its apps: Okta does not say how it has %q", app.Label)
		default:
			e := connectors.Entitlement{ID: labels[app.ID], Granted: a.day(unheard{}, u.Created)}
			if e.ID == "" { // newer than what is known of labels
				e.ID = connectors.EntitlementID(appPrefix + app.Label)
			}
			if u.Scope == byGroup {
				through, err := a.throughNow(ctx, app.ID, u, groups)
				if err != nil {
					return err
				}
				e.Inherited = through
			}
			acc.Entitlements = append(acc.Entitlements, e)
		}
	}
	return nil
}

// throughNow is the group by which a user has an app, as in a pull.
func (a *App) throughNow(ctx context.Context, app string, u assignment, groups map[string]group) (connectors.EntitlementID, error) {
	in := func(id string) connectors.EntitlementID { return nameIn(groups, id) }
	if name := through(u, nil, in); name != aGroup {
		return name, nil
	}
	of, err := a.groupsOf(ctx, unheard{}, app)
	return through(u, of, in), err
}

// administers adds the roles to an account and its state.
func (a *App) administers(ctx context.Context, acc *connectors.Account, s *state, groups map[string]group) error {
	if !a.reads("roles") {
		return nil
	}
	roles, err := a.roles(ctx, unheard{}, "users", string(acc.ID))
	if err != nil {
		return err
	}
	for _, r := range roles {
		e := connectors.Entitlement{ID: r.name(), Privileged: true}
		if r.AssignmentType == byGroup {
			if e.Inherited = nameIn(groups, r.Links.Assignee.last()); e.Inherited == "" {
				e.Inherited = aGroup
			}
		} else {
			e.Granted = a.day(unheard{}, r.Created)
			if err := a.remember(ctx, s, string(acc.ID), r); err != nil {
				return err
			}
		}
		acc.Entitlements = append(acc.Entitlements, e)
	}
	return nil
}
