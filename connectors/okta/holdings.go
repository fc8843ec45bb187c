package okta

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"rollcall/connectors"
)

// holdings say who holds what. Okta tells of it at the group, the app and the administrator, so that it is read before the
// users, and kept: twelve bytes for each thing held.
type holdings struct {
	app   *App
	trace connectors.Trace

	names  []connectors.EntitlementID
	number map[connectors.EntitlementID]int32
	groups map[string]*held // by id, but for the built-in ones
	labels map[string]connectors.EntitlementID

	everyone string           // id of the built-in group that every user is in
	users    map[string]int32 // by id
	grants   [][]grant
	listed   []bool
	tokens   map[string][]connectors.Credential // by user
}

// held is a group, as something held.
type held struct {
	name   int32
	source connectors.EntitlementID // empty: members are added and removed one by one
}

// grant is one thing held: both are positions in names. via is -1 where it comes through nothing.
type grant struct {
	what, via int32
	on        connectors.Date
}

// hold reads who holds what.
func (a *App) hold(ctx context.Context, t connectors.Trace) (*holdings, error) {
	h := &holdings{app: a, trace: t, number: map[connectors.EntitlementID]int32{}, groups: map[string]*held{}, users: map[string]int32{}}
	apps, err := h.readApps(ctx)
	if err != nil {
		return nil, err
	}
	if err := h.readGroups(ctx); err != nil {
		return nil, err
	}
	t.End(connectors.Groups)
	for _, app := range apps {
		if app.Status != active {
			continue // gives no access
		}
		if err := h.assigned(ctx, app.ID); err != nil {
			return nil, fmt.Errorf("app %q: %w", app.Label, err)
		}
	}
	if a.reads("roles") {
		if err := h.administrators(ctx); err != nil {
			return nil, err
		}
	}
	if a.reads("apps") || a.reads("roles") {
		t.End(connectors.Entitlements)
	}
	if a.reads("api_tokens") {
		if h.tokens, err = a.apiTokens(ctx, t); err != nil {
			return nil, err
		}
		t.End(connectors.Credentials)
	}
	return h, nil
}

func (h *holdings) readApps(ctx context.Context) (apps []application, err error) {
	if h.app.reads("apps") {
		apps, h.labels, err = h.app.readLabels(ctx, h.trace)
	}
	return apps, err
}

// intern is the number of a name.
func (h *holdings) intern(name connectors.EntitlementID) int32 {
	n, ok := h.number[name]
	if !ok {
		n = int32(len(h.names))
		h.names = append(h.names, name)
		h.number[name] = n
	}
	return n
}

func (h *holdings) give(user string, g grant) {
	n, ok := h.users[user]
	if !ok {
		n = int32(len(h.grants))
		h.users[strings.Clone(user)] = n
		h.grants = append(h.grants, nil)
		h.listed = append(h.listed, false)
	}
	h.grants[n] = append(h.grants[n], g)
}

// readGroups reads the groups, their members and their roles. Whatever fails ends the pull: a group that is not read would be
// access lost without a trace.
func (h *holdings) readGroups(ctx context.Context) error {
	fed, err := h.app.fed(ctx, h.trace)
	if err != nil {
		return err
	}
	var order []*group
	ids := map[connectors.EntitlementID]string{}
	for g, err := range all[group](ctx, h.app, h.trace, connectors.Groups, fmt.Sprintf("/api/v1/groups?limit=%d", h.app.pageSize)) {
		switch {
		case err != nil:
			return fmt.Errorf("groups: %w", err)
		case g.ID == "":
			return errors.New("groups: one has no id")
		case g.Type == builtIn:
			if g.Profile.Name == "Everyone" {
				h.everyone = g.ID
			}
			continue
		case h.groups[g.ID] != nil:
			continue // the list moved on while it was read
		}
		name := g.name()
		if other := ids[name]; other != "" {
			return fmt.Errorf("groups: %s and %s are both called %q; rename one of them in Okta: here groups are known by their names", other, g.ID, name)
		}
		ids[name] = g.ID
		h.groups[g.ID] = &held{name: h.intern(name), source: h.app.source(&g, fed, h.labels)}
		order = append(order, &g)
	}
	if len(fed) > 0 {
		h.trace.Note(connectors.Groups, fmt.Sprintf("%d groups get members by rules: Okta does not tell which members a rule put there, so all of them count as put there by it", len(fed)))
	}
	h.trace.Note(connectors.Groups, "the built-in groups are left out: Everyone says nothing, and administrators are known by their roles")
	for _, g := range order {
		if err := h.members(ctx, g); err != nil {
			return fmt.Errorf("group %q: %w", g.Profile.Name, err)
		}
	}
	return nil
}

// members reads a group's members, and the roles that they have through it.
func (h *holdings) members(ctx context.Context, g *group) error {
	type member struct{ ID string }
	known := h.groups[g.ID]
	is := grant{what: known.name, via: -1}
	if known.source != "" {
		is.via = h.intern(known.source)
	}
	var ids []string
	for m, err := range all[member](ctx, h.app, h.trace, connectors.Groups,
		fmt.Sprintf("/api/v1/groups/%s/users?limit=%d", url.PathEscape(g.ID), h.app.pageSize)) {
		if err != nil {
			return err
		}
		if m.ID == "" {
			return errors.New("a member has no id")
		}
		h.give(m.ID, is)
		ids = append(ids, m.ID)
	}
	if len(ids) == 0 || !h.app.reads("roles") {
		return nil
	}
	roles, err := h.app.roles(ctx, h.trace, "groups", g.ID)
	for _, r := range roles {
		through := grant{what: h.intern(r.name()), via: known.name}
		for _, id := range ids {
			h.give(id, through)
		}
	}
	return err
}

// assigned reads the users of an app.
func (h *holdings) assigned(ctx context.Context, app string) error {
	what := h.intern(h.labels[app])
	var groups []string // which the app is assigned to, read when needed
	for u, err := range all[assignment](ctx, h.app, h.trace, connectors.Entitlements, "/api/v1/apps/"+url.PathEscape(app)+"/users?limit=500") {
		if err != nil {
			return err
		}
		g := grant{what: what, via: -1, on: h.app.day(h.trace, u.Created)}
		if u.Scope == byGroup {
			if groups == nil {
				if groups, err = h.app.groupsOf(ctx, h.trace, app); err != nil {
					return err
				}
			}
			g.via = h.intern(h.through(u, groups))
		}
		h.give(u.ID, g)
	}
	return nil
}

// through is the group by which a user has an app: the one Okta names, or the first of those the app is assigned to that the
// user is a member of.
func (h *holdings) through(u assignment, groups []string) connectors.EntitlementID {
	return through(u, groups, func(id string) connectors.EntitlementID {
		g := h.groups[id]
		if id != "" && id == h.everyone {
			return "Everyone"
		}
		n, ok := h.users[u.ID]
		if g == nil || !ok || !slices.ContainsFunc(h.grants[n], func(had grant) bool { return had.what == g.name }) {
			return ""
		}
		return h.names[g.name]
	})
}

// through asks in, which is empty where the user is not in a group.
func through(u assignment, groups []string, in func(group string) connectors.EntitlementID) connectors.EntitlementID {
	for _, id := range append([]string{u.Links.Group.last()}, groups...) {
		if name := in(id); name != "" {
			return name
		}
	}
	return aGroup
}

// administrators reads the roles that users are assigned themselves.
func (h *holdings) administrators(ctx context.Context) error {
	type assignee struct{ ID string }
	for u, err := range all[assignee](ctx, h.app, h.trace, connectors.Entitlements, "/api/v1/iam/assignees/users?limit=100") {
		if err != nil {
			return fmt.Errorf("administrators: %w (if this token may not read them, put \"roles\" into leave_out)", err)
		}
		roles, err := h.app.roles(ctx, h.trace, "users", u.ID)
		if err != nil {
			return err
		}
		for _, r := range roles {
			if r.AssignmentType != byGroup {
				h.give(u.ID, grant{what: h.intern(r.name()), via: -1, on: h.app.day(h.trace, r.Created)})
			}
		}
	}
	return nil
}

// appendTo adds what a user holds to an account.
func (h *holdings) appendTo(acc *connectors.Account) {
	acc.Credentials = append(acc.Credentials, h.tokens[string(acc.ID)]...)
	n, ok := h.users[string(acc.ID)]
	if !ok {
		return
	}
	for _, g := range h.grants[n] {
		e := connectors.Entitlement{ID: h.names[g.what], Granted: g.on}
		e.Privileged = strings.HasPrefix(string(e.ID), rolePrefix)
		if g.via >= 0 {
			e.Inherited = h.names[g.via]
		}
		acc.Entitlements = append(acc.Entitlements, e)
	}
	acc.Entitlements = tidy(acc.Entitlements)
}

// list notes that a user was listed; it tells whether that is the first time.
func (h *holdings) list(id string) (first bool) {
	if n, ok := h.users[id]; ok {
		first, h.listed[n] = !h.listed[n], true
		return first
	}
	h.give(id, grant{})
	n := h.users[id]
	h.grants[n], h.listed[n] = nil, true
	return true
}

// unlisted are the users who hold something and were not listed, in order.
func (h *holdings) unlisted() []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(h.users)) {
		if !h.listed[h.users[id]] {
			out = append(out, id)
		}
	}
	return out
}
