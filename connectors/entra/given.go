package entra

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"rollcall/connectors"
)

// roleAssignment is a directory role given to an account or a group (unifiedRoleAssignment), or one that may be activated
// (unifiedRoleEligibilityScheduleInstance).
type roleAssignment struct {
	ID               string
	PrincipalID      oid
	RoleDefinitionID string
	DirectoryScopeID string // "/" is all of the directory
	AppScopeID       string // where an app limits it instead
	EndDateTime      string
}

const (
	roleAssignments = "/roleManagement/directory/roleAssignments"
	eligibilities   = "/roleManagement/directory/roleEligibilityScheduleInstances"
)

// readRoles reads all directory roles that are given. They are few, so that one account's are found in the same way.
func (r *rights) readRoles(ctx context.Context, a *App, t connectors.Trace) error {
	read := func(path string, k kind) error {
		return each(ctx, a, t, directoryRoles, path, func(s *roleAssignment) error {
			if s.PrincipalID == (oid{}) || s.RoleDefinitionID == "" {
				return fmt.Errorf("the role assignment %q lacks its principal or its role", s.ID)
			}
			until, err := a.day(s.EndDateTime)
			if err != nil {
				return fmt.Errorf("the role assignment %q: %w", s.ID, err)
			}
			name := r.roleName(s.RoleDefinitionID, cmp.Or(s.DirectoryScopeID, s.AppScopeID), k)
			r.give(s.PrincipalID, thing{k, s.RoleDefinitionID, s.DirectoryScopeID, name, true}, grant{until: until})
			return nil
		})
	}
	if err := read(roleAssignments, roleKind); err != nil || !a.pim {
		return err
	}
	return explain(read(eligibilities, eligibleKind), "roles that may be activated need Entra ID P2 and RoleEligibilitySchedule.Read.Directory; without them set pim = false")
}

// appRoleAssignment is an app role given to an account or a group.
type appRoleAssignment struct {
	ID              string
	AppRoleID       string
	PrincipalID     oid
	PrincipalType   string
	ResourceID      oid
	CreatedDateTime string
}

// readAssignedTo reads to whom each app's roles are given: app by app.
func (r *rights) readAssignedTo(ctx context.Context, a *App, t connectors.Trace) error {
	gone := 0
	for _, id := range r.appIDs() {
		path := "/servicePrincipals/" + id.String()
		err := each(ctx, a, t, appRoles, path+"/appRoleAssignedTo?$top=999", func(s *appRoleAssignment) error {
			return r.giveAppRole(a, s)
		})
		switch {
		case isNotFound(err) && a.isGone(ctx, path):
			gone++
		case err != nil:
			return err
		}
	}
	if gone > 0 {
		t.Note(appRoles, fmt.Sprintf("%d apps were deleted while they were read", gone))
	}
	return nil
}

// appIDs are the ids of all apps, in order.
func (c *catalogue) appIDs() []oid {
	ids := slices.Collect(maps.Keys(c.apps))
	slices.SortFunc(ids, func(a, b oid) int { return bytes.Compare(a[:], b[:]) })
	return ids
}

// readOf reads the groups and the app roles of one account. For a user, app roles of the groups it is a member of come with
// its own.
func (r *rights) readOf(ctx context.Context, a *App, t connectors.Trace, path string, id oid, walked map[int32]bool) error {
	if err := r.readMemberOf(ctx, a, t, path, id, walked); err != nil {
		return err
	}
	return each(ctx, a, t, appRoles, path+"/appRoleAssignments?$top=999", func(s *appRoleAssignment) error {
		return r.giveAppRole(a, s)
	})
}

func (r *rights) giveAppRole(a *App, s *appRoleAssignment) error {
	if s.PrincipalID == (oid{}) || s.ResourceID == (oid{}) {
		return fmt.Errorf("the app role assignment %q lacks its principal or its app", s.ID)
	}
	granted, err := a.day(s.CreatedDateTime)
	if err != nil {
		return fmt.Errorf("the app role assignment %q: %w", s.ID, err)
	}
	name, privileged := r.appRoleName(s.ResourceID, s.AppRoleID)
	r.give(s.PrincipalID, thing{appRoleKind, s.ResourceID.String(), s.AppRoleID, name, privileged}, grant{granted: granted})
	return nil
}
