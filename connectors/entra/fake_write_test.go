package entra

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
)

// writes are what can be done to the directory; each says which permission it needs.
func (f *fake) writes(m *http.ServeMux) {
	m.HandleFunc("PATCH /users/{id}", f.patchUser)
	m.HandleFunc("POST /users/{id}/revokeSignInSessions", f.revoke)
	m.HandleFunc("DELETE /groups/{id}/members/{member}/$ref", f.removeMember)
	m.HandleFunc("DELETE /groups/{id}/members/{member}", f.deleteMember)
	m.HandleFunc("POST /groups/{id}/members/$ref", f.addMember)
	m.HandleFunc("DELETE "+roleAssignments+"/{id}", f.deleteFrom(&f.roleGrants, "RoleManagement.ReadWrite.Directory"))
	m.HandleFunc("POST "+roleAssignments, f.giveRole)
	m.HandleFunc("DELETE /servicePrincipals/{app}/appRoleAssignedTo/{id}", f.deleteFrom(&f.appRoles, "AppRoleAssignment.ReadWrite.All"))
	m.HandleFunc("POST /servicePrincipals/{app}/appRoleAssignedTo", f.giveAppRole)
}

func body(r *http.Request) object {
	var b object
	json.NewDecoder(r.Body).Decode(&b)
	return b
}

func (f *fake) patchUser(w http.ResponseWriter, r *http.Request) {
	u, b := byID(f.users, r.PathValue("id")), body(r)
	enabled, ok := b["accountEnabled"].(bool)
	switch {
	case u == nil:
		notThere(w, r.PathValue("id"))
	case !f.may(w, "User.EnableDisableAccount.All"):
	case !ok || len(b) != 1:
		refuse(w, 400, "Request_BadRequest", "Invalid value specified for property.")
	case u["onPremisesSyncEnabled"] == true:
		refuse(w, 400, "Request_BadRequest", "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.")
	default:
		u["accountEnabled"] = enabled
		w.WriteHeader(204)
	}
}

func (f *fake) revoke(w http.ResponseWriter, r *http.Request) {
	u := byID(f.users, r.PathValue("id"))
	switch {
	case u == nil:
		notThere(w, r.PathValue("id"))
	case f.may(w, "User.RevokeSessions.All"):
		f.made++
		u["signInSessionsValidFromDateTime"] = fmt.Sprintf("2026-07-01T12:00:%02dZ", f.made%60)
		reply(w, 200, object{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#Edm.Boolean", "value": true})
	}
}

// changeable answers for a group that cannot be changed.
func (f *fake) changeable(w http.ResponseWriter, r *http.Request) bool {
	g := byID(f.groups, r.PathValue("id"))
	if g == nil {
		notThere(w, r.PathValue("id"))
		return false
	}
	types, _ := g["groupTypes"].([]string)
	switch {
	case !f.may(w, "GroupMember.ReadWrite.All"):
	case g["isAssignableToRole"] == true && !f.may(w, "RoleManagement.ReadWrite.Directory"):
	case slices.Contains(types, "DynamicMembership"):
		refuse(w, 400, "Request_BadRequest", "Insufficient privileges to update a dynamic membership group.")
	case g["onPremisesSyncEnabled"] == true:
		refuse(w, 400, "Request_BadRequest", "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.")
	default:
		return true
	}
	return false
}

func (f *fake) removeMember(w http.ResponseWriter, r *http.Request) {
	group, member := r.PathValue("id"), r.PathValue("member")
	if !f.changeable(w, r) {
		return
	}
	m := byID(f.members[group], member)
	if m == nil {
		notThere(w, member)
		return
	}
	f.members[group] = drop(f.members[group], m)
	w.WriteHeader(204)
}

// deleteMember is what the path means without /$ref: the user is deleted.
func (f *fake) deleteMember(w http.ResponseWriter, r *http.Request) {
	f.users = drop(f.users, object{"id": r.PathValue("member")})
	w.WriteHeader(204)
}

func (f *fake) addMember(w http.ResponseWriter, r *http.Request) {
	group := r.PathValue("id")
	ref, _ := body(r)["@odata.id"].(string)
	if !f.changeable(w, r) {
		return
	}
	id := path.Base(ref)
	switch o := f.find(id); {
	case o == nil:
		notThere(w, id)
	case byID(f.members[group], id) != nil:
		refuse(w, 400, "Request_BadRequest", "One or more added object references already exist for the following modified properties: 'members'.")
	default:
		kind := "#microsoft.graph.user"
		if byID(f.apps, id) != nil {
			kind = "#microsoft.graph.servicePrincipal"
		}
		f.members[group] = append(f.members[group], object{"@odata.type": kind, "id": id})
		w.WriteHeader(204)
	}
}

func (f *fake) deleteFrom(all *[]object, permission string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s := byID(*all, r.PathValue("id"))
		switch {
		case !f.may(w, permission):
		case s == nil:
			notThere(w, r.PathValue("id"))
		default:
			*all = drop(*all, s)
			w.WriteHeader(204)
		}
	}
}

func (f *fake) giveRole(w http.ResponseWriter, r *http.Request) {
	b := body(r)
	if !f.may(w, "RoleManagement.ReadWrite.Directory") {
		return
	}
	same := first(f.roleGrants, func(o object) bool {
		return o["principalId"] == b["principalId"] && o["roleDefinitionId"] == b["roleDefinitionId"] && o["directoryScopeId"] == b["directoryScopeId"]
	})
	if same != nil {
		refuse(w, 400, "Request_BadRequest", "A conflicting object with one or more of the specified property values is present in the directory.")
		return
	}
	f.made++
	s := roleGrant(fmt.Sprintf("made-%d", f.made), b["principalId"].(string), b["roleDefinitionId"].(string), b["directoryScopeId"].(string))
	f.roleGrants = append(f.roleGrants, s)
	reply(w, 201, s)
}

func (f *fake) giveAppRole(w http.ResponseWriter, r *http.Request) {
	b := body(r)
	if !f.may(w, "AppRoleAssignment.ReadWrite.All") {
		return
	}
	same := first(f.appRoles, func(o object) bool {
		return o["principalId"] == b["principalId"] && o["resourceId"] == b["resourceId"] && o["appRoleId"] == b["appRoleId"]
	})
	switch {
	case same != nil:
		refuse(w, 400, "Request_BadRequest", "Permission being assigned already exists on the object")
	case b["resourceId"] != r.PathValue("app"):
		refuse(w, 400, "Request_BadRequest", "The resource is not that of the path.")
	default:
		f.made++
		s := appGrant(fmt.Sprintf("made-%d", f.made), b["principalId"].(string), f.typeOf(b["principalId"].(string)), b["resourceId"].(string), b["appRoleId"].(string), "2026-07-01T12:00:00Z")
		f.appRoles = append(f.appRoles, s)
		reply(w, 201, s)
	}
}

func (f *fake) typeOf(id string) string {
	switch {
	case byID(f.users, id) != nil:
		return "User"
	case byID(f.groups, id) != nil:
		return "Group"
	}
	return "ServicePrincipal"
}

func roleGrant(id, principal, role, scope string) object {
	return object{"id": id, "principalId": principal, "roleDefinitionId": role, "directoryScopeId": scope}
}

func appGrant(id, principal, kind, resource, role, created string) object {
	return object{"id": id, "principalId": principal, "principalType": kind, "resourceId": resource, "appRoleId": role, "createdDateTime": created,
		"principalDisplayName": "principal", "resourceDisplayName": "resource"}
}
