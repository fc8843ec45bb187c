package entra

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

// reads are the lists and objects; each says which permission it needs.
func (f *fake) reads(m *http.ServeMux) {
	f.readUsers(m)
	f.readObjects(m, "/groups", "GroupMember.Read.All", &f.groups)
	f.readObjects(m, "/servicePrincipals", "Application.Read.All", &f.apps)
	f.readMFA(m)
	list := func(path, permission string, all func(id string) []object) {
		m.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			id := r.PathValue("id")
			switch {
			case !f.may(w, permission):
			case id != "" && f.find(id) == nil:
				notThere(w, id)
			default:
				f.list(w, r, all(id))
			}
		})
	}
	for path, l := range map[string]struct {
		permission string
		all        *[]object
	}{"/users/delta": {"User.Read.All", &f.users}, "/servicePrincipals/delta": {"Application.Read.All", &f.apps}} {
		m.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			if f.may(w, l.permission) {
				f.delta(w, r, *l.all)
			}
		})
	}
	list("/applications", "Application.Read.All", func(string) []object { return f.registered })
	list("/subscribedSkus", "LicenseAssignment.Read.All", func(string) []object { return f.skus })
	list("/organization", "Organization.Read.All", func(string) []object { return []object{{"id": guid(1, 1), "displayName": "Contoso"}} })
	list("/groups/{id}/members", "GroupMember.Read.All", func(id string) []object { return f.members[id] })
	for _, kind := range []string{"/users", "/groups", "/servicePrincipals"} {
		list(kind+"/{id}/memberOf", "GroupMember.Read.All", f.memberOf)
		list(kind+"/{id}/appRoleAssignments", "Application.Read.All", func(id string) []object { return f.assignments(id, kind == "/users") })
	}
	list("/servicePrincipals/{id}/appRoleAssignedTo", "Application.Read.All", func(id string) []object { return where(f.appRoles, "resourceId", id) })
	list("/servicePrincipals/{id}/owners", "Application.Read.All", func(id string) []object { return f.owners[id] })
	list("/users/{id}/sponsors", "User.Read.All", func(id string) []object { return f.sponsors[id] })
	list("/roleManagement/directory/roleDefinitions", "RoleManagement.Read.Directory", func(string) []object { return f.roles })
	list(roleAssignments, "RoleManagement.Read.Directory", func(string) []object { return f.roleGrants })
	list(eligibilities, "RoleEligibilitySchedule.Read.Directory", func(string) []object { return f.eligible })
}

// find is any object of the directory.
func (f *fake) find(id string) object {
	for _, all := range [][]object{f.users, f.groups, f.apps} {
		if o := byID(all, id); o != nil {
			return o
		}
	}
	return nil
}

func (f *fake) readObjects(m *http.ServeMux, path, permission string, all *[]object) {
	m.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		if f.may(w, permission) {
			f.list(w, r, *all)
		}
	})
	m.HandleFunc("GET "+path+"/{id}", func(w http.ResponseWriter, r *http.Request) {
		o := byID(*all, r.PathValue("id"))
		switch {
		case !f.may(w, permission):
		case o == nil:
			notThere(w, r.PathValue("id"))
		default:
			reply(w, 200, selected(r, o))
		}
	})
	m.HandleFunc("GET "+path+"/$count", func(w http.ResponseWriter, r *http.Request) { count(w, r, len(*all)) })
}

func count(w http.ResponseWriter, r *http.Request, n int) {
	if r.Header.Get("ConsistencyLevel") != "eventual" {
		refuse(w, 400, "Request_BadRequest", "$count is not currently supported.")
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	fmt.Fprint(w, n)
}

// readUsers also gives them by their names, which are used again for others.
func (f *fake) readUsers(m *http.ServeMux) {
	m.HandleFunc("GET /users/$count", func(w http.ResponseWriter, r *http.Request) { count(w, r, len(f.users)) })
	m.HandleFunc("GET /users", func(w http.ResponseWriter, r *http.Request) {
		if f.may(w, "User.Read.All") && f.mayActivity(w, r) {
			f.list(w, r, f.shown(r))
		}
	})
	m.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		u := first(f.users, func(u object) bool { return u["id"] == id || u["userPrincipalName"] == id })
		switch {
		case !f.may(w, "User.Read.All"):
		case u == nil:
			notThere(w, id)
		case f.mayActivity(w, r):
			reply(w, 200, selected(r, u))
		}
	})
}

func asksActivity(r *http.Request) bool {
	return strings.Contains(r.URL.Query().Get("$select"), "signInActivity")
}

func (f *fake) mayActivity(w http.ResponseWriter, r *http.Request) bool {
	switch {
	case !asksActivity(r):
		return true
	case f.noPremium:
		f.noLicence(w)
		return false
	}
	return f.may(w, "AuditLog.Read.All")
}

func (f *fake) noLicence(w http.ResponseWriter) {
	refuse(w, 403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Neither tenant is B2C or tenant doesn't have premium license")
}

// shown are the users as a list shows them: with sponsors where asked; and, with large pages or an advanced query, without the
// activity of some.
func (f *fake) shown(r *http.Request) []object {
	q := r.URL.Query()
	top, _ := strconv.Atoi(q.Get("$top"))
	holes := asksActivity(r) && (top > 120 || r.Header.Get("ConsistencyLevel") != "")
	if q.Get("$expand") != "sponsors" && !holes {
		return f.users
	}
	var out []object
	for i, u := range f.users {
		u = maps.Clone(u)
		if holes && i%2 == 0 {
			delete(u, "signInActivity")
		}
		if q.Get("$expand") == "sponsors" {
			u["sponsors"] = append([]object{}, f.sponsors[u["id"].(string)]...)
		}
		out = append(out, u)
	}
	return out
}

// readMFA gives the report on registrations, in which disabled users are not.
func (f *fake) readMFA(m *http.ServeMux) {
	reported := func() (out []object) {
		for _, e := range f.mfa {
			if u := byID(f.users, e["id"].(string)); u != nil && u["accountEnabled"] == true {
				out = append(out, e)
			}
		}
		return out
	}
	may := func(w http.ResponseWriter) bool {
		if f.noPremium {
			f.noLicence(w)
			return false
		}
		return f.may(w, "AuditLog.Read.All")
	}
	m.HandleFunc("GET "+registrations, func(w http.ResponseWriter, r *http.Request) {
		if may(w) {
			f.list(w, r, reported())
		}
	})
	m.HandleFunc("GET "+registrations+"/{id}", func(w http.ResponseWriter, r *http.Request) {
		e := byID(reported(), r.PathValue("id"))
		switch {
		case !may(w):
		case e == nil:
			notThere(w, r.PathValue("id"))
		default:
			reply(w, 200, e)
		}
	})
}

// memberOf are the groups an object is in; administrative units are among them, as in the directory.
func (f *fake) memberOf(id string) (out []object) {
	for _, g := range f.groups {
		if byID(f.members[g["id"].(string)], id) != nil {
			out = append(out, object{"@odata.type": "#microsoft.graph.group", "id": g["id"]})
		}
	}
	return append(out, object{"@odata.type": "#microsoft.graph.administrativeUnit", "id": guid(0xad, 1)})
}

// assignments are an object's own app roles and, for users, those of the groups it is a direct member of.
func (f *fake) assignments(id string, groups bool) (out []object) {
	for _, s := range f.appRoles {
		to := s["principalId"].(string)
		if to == id || groups && byID(f.members[to], id) != nil {
			out = append(out, s)
		}
	}
	return out
}
