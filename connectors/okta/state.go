package okta

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"rollcall/connectors"
)

// state is what an undo needs beside the account. Assignments of roles are told by what they are and not by their ids, which
// are new each time.
type state struct {
	Status string                                    `json:"status"`
	Groups map[connectors.EntitlementID]string       `json:"groups,omitempty"` // ids of those that can be written to
	Roles  map[connectors.EntitlementID]assignedRole `json:"roles,omitempty"`
}

// assignedRole is a role as it is assigned to a user directly.
type assignedRole struct {
	Type        string   `json:"type"`
	Role        string   `json:"role,omitempty"`         // of a custom role
	ResourceSet string   `json:"resource_set,omitempty"` // likewise
	Groups      []string `json:"groups,omitempty"`       // the role is for these alone; none: for all
	Apps        []string `json:"apps,omitempty"`         // likewise: an app by its name in the catalogue, or name/id
}

func (s *state) group(e connectors.EntitlementID, id string) {
	if s.Groups == nil {
		s.Groups = map[connectors.EntitlementID]string{}
	}
	s.Groups[e] = id
}

func readState(before connectors.Account) (state, error) {
	var s state
	if len(before.State) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(before.State, &s); err != nil {
		return s, fmt.Errorf("the account's state is not one of this connector: %w", err)
	}
	return s, nil
}

// remember keeps a role in the state, with what it is limited to.
func (a *App) remember(ctx context.Context, s *state, user string, r role) error {
	is := assignedRole{Type: r.Type}
	if r.Type == customRole {
		is.Role, is.ResourceSet = r.Role, r.ResourceSet
	}
	var err error
	if is.Groups, is.Apps, err = a.targets(ctx, user, r); err != nil {
		return err
	}
	if s.Roles == nil {
		s.Roles = map[connectors.EntitlementID]assignedRole{}
	}
	s.Roles[r.name()] = is
	return nil
}

// The roles that can be limited to groups, and those to apps.
var (
	forGroups = []string{"USER_ADMIN", "HELP_DESK_ADMIN", "GROUP_MEMBERSHIP_ADMIN"}
	forApps   = []string{"APP_ADMIN"}
)

// targets are the groups and apps that a role is limited to, in order.
func (a *App) targets(ctx context.Context, user string, r role) (groups, apps []string, err error) {
	type target struct{ ID, Name string }
	read := func(what string, name func(target) string) (out []string, err error) {
		for v, err := range all[target](ctx, a, unheard{}, connectors.Entitlements, roleRef(user, r.ID)+"/targets/"+what+"?limit=200") {
			if err != nil {
				return nil, fmt.Errorf("what the role %s is limited to: %w", r.Type, err)
			}
			out = append(out, name(v))
		}
		slices.Sort(out)
		return out, nil
	}
	switch {
	case slices.Contains(forGroups, r.Type):
		groups, err = read("groups", func(t target) string { return t.ID })
	case slices.Contains(forApps, r.Type):
		apps, err = read("catalog/apps", func(t target) string { return strings.TrimSuffix(t.Name+"/"+t.ID, "/") })
	}
	return groups, apps, err
}

func roleRef(user, assignment string) string {
	return userRef(user) + "/roles/" + url.PathEscape(assignment)
}
