package entra

import (
	"fmt"

	"rollcall/connectors"
)

// Entitlements other than groups are told from groups of the same name by these.
const (
	rolePrefix    = "role:"
	appPrefix     = "app:"
	licencePrefix = "licence:"
)

const (
	defaultRole = "00000000-0000-0000-0000-000000000000" // the app role that says "has access" and no more
	eligible    = " (eligible)"                          // after a role that may be activated, but is not held now
)

// roleName names a directory role in its scope: all of the directory, or a part of it.
func (r *rights) roleName(definition, scope string, k kind) connectors.EntitlementID {
	name := r.roles[definition]
	if name == "" {
		name, r.missed = definition, true
	}
	if scope != "/" {
		name += " in " + scope
	}
	if k == eligibleKind {
		name += eligible
	}
	return connectors.EntitlementID(rolePrefix + name)
}

// appRoleName names an app and the role in it; it tells whether its holder can become an administrator by it.
func (r *rights) appRoleName(app oid, role string) (name connectors.EntitlementID, privileged bool) {
	res := r.apps[app]
	if res == nil {
		r.missed = true
		return connectors.EntitlementID(appPrefix + app.String() + "/" + role), false
	}
	if role == defaultRole {
		return connectors.EntitlementID(appPrefix + res.name), false
	}
	for _, of := range res.AppRoles {
		if of.ID == role {
			return connectors.EntitlementID(appPrefix + res.name + "/" + of.name), powers[of.Value]
		}
	}
	r.missed = true
	return connectors.EntitlementID(appPrefix + res.name + "/" + role), false
}

func (r *rights) licenceName(sku string) connectors.EntitlementID {
	name := r.skus[sku]
	if name == "" {
		name, r.missed = sku, true
	}
	return connectors.EntitlementID(licencePrefix + name)
}

// groupName is the name of a group by its id as text.
func (r *rights) groupName(id string) connectors.EntitlementID {
	if o, ok := parseOID(id); ok {
		if n, known := r.index[o]; known {
			return r.groups[n].name
		}
	}
	r.missed = true
	return connectors.EntitlementID(id)
}

// powers are the application permissions of Microsoft Graph by which an application can give itself or others any right, or
// take over accounts (learn.microsoft.com, "Microsoft Graph permissions reference").
var powers = map[string]bool{
	"RoleManagement.ReadWrite.Directory": true, "AppRoleAssignment.ReadWrite.All": true, "Application.ReadWrite.All": true,
	"Directory.ReadWrite.All": true, "Group.ReadWrite.All": true, "GroupMember.ReadWrite.All": true, "User.ReadWrite.All": true,
	"UserAuthenticationMethod.ReadWrite.All": true, "Policy.ReadWrite.ConditionalAccess": true, "Domain.ReadWrite.All": true,
	"Organization.ReadWrite.All": true, "PrivilegedAccess.ReadWrite.AzureADGroup": true,
	"PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup": true, "RoleAssignmentSchedule.ReadWrite.Directory": true,
	"RoleEligibilitySchedule.ReadWrite.Directory": true,
}

// unique gives names that nothing else has.
type unique[K comparable] struct {
	names map[K]string
	uses  map[string]int
}

func (u *unique[K]) add(id K, name string) {
	if u.names == nil {
		u.names, u.uses = map[K]string{}, map[string]int{}
	}
	if _, twice := u.names[id]; !twice { // as in a list that changes while it is read
		u.names[id] = name
		u.uses[name]++
	}
}

func (u *unique[K]) of(id K) string {
	name := u.names[id]
	switch {
	case name == "":
		return fmt.Sprint(id)
	case u.uses[name] > 1:
		return withID(name, fmt.Sprint(id))
	}
	return name
}

func withID(name, id string) string { return name + " [" + id + "]" }
