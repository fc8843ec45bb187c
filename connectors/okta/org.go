package okta

import (
	"context"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"rollcall/connectors"
)

// What an account holds is told apart by these; a group is named as it is in Okta.
const (
	appPrefix  = "app:"
	rolePrefix = "role:"
	rulePrefix = "rule:" // what a group of members by rule is inherited from
)

// aGroup is what an app or a role comes through when Okta does not say which group it is.
const aGroup connectors.EntitlementID = "a group that Okta does not name"

type link struct{ Href, Name string }

// last is the last segment of a link's path: the id of what it leads to.
func (l link) last() string {
	u, err := url.Parse(l.Href)
	if err != nil || u.Path == "" {
		return ""
	}
	return path.Base(u.Path)
}

// group is what is read of a group.
type group struct {
	ID, Type string
	Profile  struct{ Name, WindowsDomainQualifiedName string }
	Links    struct{ Source link } `json:"_links"`
}

// The types of groups. Members of an app's group are that app's affair, and those of a built-in one Okta's.
const (
	appGroup = "APP_GROUP"
	builtIn  = "BUILT_IN"
)

// name is the group as an entitlement: by its name, which Okta keeps unique among its own groups. Those of apps, such as
// Active Directory, may be called alike, and get their id as well. It depends on the group alone, so that a list and a
// single reading agree.
func (g *group) name() connectors.EntitlementID {
	name := g.Profile.Name
	if g.Profile.WindowsDomainQualifiedName != "" {
		name = g.Profile.WindowsDomainQualifiedName
	}
	taken := strings.HasPrefix(name, appPrefix) || strings.HasPrefix(name, rolePrefix) || strings.HasSuffix(name, "]")
	switch {
	case name == "":
		name = g.ID
	case taken || g.Type == appGroup:
		name += " [" + g.ID + "]"
	}
	return connectors.EntitlementID(name)
}

// rule is a group rule: it makes users members of groups.
type rule struct {
	Name, Status string
	Actions      struct{ AssignUserToGroups struct{ GroupIDs []string } }
}

// fed says which groups get members by a rule, and by which: the first by name of the active ones. Okta does not tell of a
// single membership whether a rule made it.
func (a *App) fed(ctx context.Context, t connectors.Trace) (map[string]connectors.EntitlementID, error) {
	out := map[string]connectors.EntitlementID{}
	for r, err := range all[rule](ctx, a, t, connectors.Groups, "/api/v1/groups/rules?limit=200") {
		if err != nil {
			return nil, fmt.Errorf("group rules: %w", err)
		}
		by := connectors.EntitlementID(rulePrefix + r.Name)
		for _, id := range r.Actions.AssignUserToGroups.GroupIDs {
			if had, ok := out[id]; r.Status == active && (!ok || by < had) {
				out[id] = by
			}
		}
	}
	return out, nil
}

// source is what keeps the members of a group, if that is not the group itself: an app, or a rule.
func (a *App) source(g *group, fed map[string]connectors.EntitlementID, labels map[string]connectors.EntitlementID) connectors.EntitlementID {
	if g.Type != appGroup {
		return fed[g.ID]
	}
	id := g.Links.Source.last()
	switch {
	case labels[id] != "":
		return labels[id]
	case id == "":
		return appPrefix + "unknown"
	}
	return connectors.EntitlementID(appPrefix + id)
}

// application is what is read of an app.
type application struct{ ID, Label, Status string }

// readLabels lists the apps, and names each as an entitlement: by its label, with its id where two are called alike.
func (a *App) readLabels(ctx context.Context, t connectors.Trace) ([]application, map[string]connectors.EntitlementID, error) {
	var apps []application
	uses := map[string]int{}
	for app, err := range all[application](ctx, a, t, connectors.Entitlements, "/api/v1/apps?limit=200") {
		if err != nil {
			return nil, nil, fmt.Errorf("apps: %w (if this token may not read them, put \"apps\" into leave_out)", err)
		}
		uses[app.Label]++
		apps = append(apps, app)
	}
	labels := map[string]connectors.EntitlementID{}
	for _, app := range apps {
		name := app.Label
		if uses[name] > 1 || name == "" {
			name += " [" + app.ID + "]"
		}
		labels[app.ID] = connectors.EntitlementID(appPrefix + name)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.labels = labels
	return apps, labels, nil
}

// knownLabels are those of the last pull, or are read now.
func (a *App) knownLabels(ctx context.Context) (map[string]connectors.EntitlementID, error) {
	if !a.reads("apps") {
		return nil, nil
	}
	a.mu.Lock()
	labels := a.labels
	a.mu.Unlock()
	if labels != nil {
		return labels, nil
	}
	_, labels, err := a.readLabels(ctx, unheard{})
	return labels, err
}

// assignment is a user of an app. Its scope is GROUP where a group's assignment made it.
type assignment struct {
	ID, Scope, Created string
	Links              struct{ Group link } `json:"_links"`
}

const byGroup = "GROUP"

// groupsOf are the groups that an app is assigned to, the one whose settings win first.
func (a *App) groupsOf(ctx context.Context, t connectors.Trace, app string) ([]string, error) {
	type assigned struct {
		ID       string
		Priority int
	}
	var out []assigned
	for g, err := range all[assigned](ctx, a, t, connectors.Entitlements, "/api/v1/apps/"+url.PathEscape(app)+"/groups?limit=200") {
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	slices.SortStableFunc(out, func(a, b assigned) int { return a.Priority - b.Priority })
	ids := make([]string, len(out))
	for i, g := range out {
		ids[i] = g.ID
	}
	return ids, nil
}

// role is an administrator's role that somebody is assigned.
type role struct {
	ID, Type, Label, Status, Created, AssignmentType string
	Role                                             string                  `json:"role"`         // of a custom role
	ResourceSet                                      string                  `json:"resource-set"` // what a custom role is for
	Links                                            struct{ Assignee link } `json:"_links"`
}

const customRole = "CUSTOM"

// name is the role as an entitlement.
func (r *role) name() connectors.EntitlementID {
	if r.Type == customRole {
		return connectors.EntitlementID(rolePrefix + r.Label + " [" + r.ResourceSet + "]")
	}
	return connectors.EntitlementID(rolePrefix + r.Type)
}

// roles reads those of a user or a group; kind is "users" or "groups".
func (a *App) roles(ctx context.Context, t connectors.Trace, kind, id string) ([]role, error) {
	var out []role
	for r, err := range all[role](ctx, a, t, connectors.Entitlements, "/api/v1/"+kind+"/"+url.PathEscape(id)+"/roles") {
		if err != nil {
			return nil, fmt.Errorf("administrators' roles: %w (if this token may not read them, put \"roles\" into leave_out)", err)
		}
		out = append(out, r)
	}
	return out, nil
}

// tidy puts what an account holds in order, and leaves out what comes through a group when it is held directly as well.
func tidy(held []connectors.Entitlement) []connectors.Entitlement {
	slices.SortFunc(held, func(a, b connectors.Entitlement) int {
		if c := strings.Compare(string(a.ID), string(b.ID)); c != 0 {
			return c
		}
		return strings.Compare(string(a.Inherited), string(b.Inherited))
	})
	out := held[:0]
	for _, e := range held {
		if n := len(out); n > 0 && out[n-1].ID == e.ID && (out[n-1].Inherited == "" || out[n-1].Inherited == e.Inherited) {
			continue
		}
		out = append(out, e)
	}
	return out
}
