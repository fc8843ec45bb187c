package okta

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rollcall/connectors"
)

// Preflight implements connectors.Preflighter.
func (a *App) Preflight(ctx context.Context) (connectors.Preflight, error) {
	var p connectors.Preflight
	var org struct{ ID, Pipeline string }
	if _, err := a.get(ctx, unheard{}, connectors.Accounts, "/.well-known/okta-organization", &org); err != nil {
		return p, fmt.Errorf("okta: which org this is: %w", err)
	}
	p.Identity = "a service app in the org " + org.ID
	if !a.oauth {
		var me user
		if _, err := a.get(ctx, unheard{}, connectors.Accounts, "/api/v1/users/me", &me); err != nil {
			return p, fmt.Errorf("okta: whose the API token is: %w", err)
		}
		p.Identity = fmt.Sprintf("%s (%s) in the org %s", me.text("login"), me.ID, org.ID)
		roles, err := a.rolesOf(ctx, me.ID)
		if err != nil {
			return p, fmt.Errorf("okta: which roles the owner of the API token has: %w", err)
		}
		for _, role := range roles {
			if role != "READ_ONLY_ADMIN" {
				p.Excess = append(p.Excess, connectors.Excess{Has: "the administrator's role " + role, So: "an API token may do whatever its owner may", Writing: true,
					Fix: "make the token as a user who is Read-only Administrator and nothing else"})
			}
		}
	}
	for _, c := range a.probes() {
		if err := a.probe(ctx, &p, c); err != nil {
			return p, fmt.Errorf("okta: %w", err)
		}
	}
	for _, s := range []string{manageUsers, manageGroups, manageRoles} {
		if a.oauth && !slices.Contains(a.scopes, s) {
			p.Problems = append(p.Problems, connectors.Problem{Lacks: "the scope " + s, So: "what needs it would be refused",
				Fix: "grant it to the service app, and name it in scopes beside " + strings.Join(a.readScopes(), ", "), Writing: true})
		}
	}
	p.Excess = append(p.Excess, a.excess()...)
	return p, nil
}

// excess are the scopes that are asked for and not needed.
func (a *App) excess() (out []connectors.Excess) {
	if !a.oauth {
		return nil
	}
	for _, s := range a.scopes {
		writing := slices.Contains([]string{manageUsers, manageGroups, manageRoles}, s)
		if writing || !slices.Contains(a.readScopes(), s) {
			out = append(out, connectors.Excess{Has: "the scope " + s, Writing: writing, Fix: "take it out of scopes, and revoke its grant to the service app (Applications > the app > Okta API Scopes)"})
		}
	}
	return out
}

// probe is the cheapest request that fails without a permission.
type probe struct {
	what, scope, part, ref string
	some                   bool // no org has none of these
}

func (a *App) probes() []probe {
	all := []probe{
		{what: "users", scope: "okta.users.read", ref: everybody + "1", some: true},
		{what: "groups", scope: "okta.groups.read", ref: "/api/v1/groups?limit=1", some: true},
		{what: "group rules", scope: "okta.groups.read", ref: "/api/v1/groups/rules?limit=1"},
		{what: "apps", scope: "okta.apps.read", part: "apps", ref: "/api/v1/apps?limit=1"},
		{what: "administrators", scope: "okta.roles.read", part: "roles", ref: "/api/v1/iam/assignees/users?limit=1"},
		{what: "API tokens", scope: "okta.apiTokens.read", part: "api_tokens", ref: "/api/v1/api-tokens"},
	}
	return slices.DeleteFunc(all, func(c probe) bool { return c.part != "" && !a.reads(c.part) })
}

func (a *App) probe(ctx context.Context, p *connectors.Preflight, c probe) error {
	lacks := connectors.Problem{Lacks: "the permission to read " + c.what, So: "no pull could be made",
		Fix: "give the token's owner an administrator's role that shows them (Read-only Administrator; okta.iam.read for administrators)"}
	if a.oauth {
		lacks.Lacks += " (" + c.scope + ")"
		lacks.Fix = "grant the service app " + c.scope + " (Applications > the app > Okta API Scopes) and an administrator's role (Admin roles)"
	}
	if c.part != "" {
		lacks.Fix += fmt.Sprintf(", or put %q into leave_out", c.part)
	}
	res, err := a.client.Get(ctx, c.ref)
	if errors.Is(err, connectors.ErrForbidden) {
		p.Problems = append(p.Problems, lacks)
		return nil
	}
	var items []struct{ ID string }
	if err == nil {
		_, err = open(res, &items)
	}
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", c.what, err)
	case c.some && len(items) == 0:
		lacks.So = "Okta answers 200 and an empty list: everybody would look gone"
		p.Problems = append(p.Problems, lacks)
	default:
		p.Proved = append(p.Proved, "may read "+c.what)
	}
	return nil
}
