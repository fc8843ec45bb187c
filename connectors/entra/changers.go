package entra

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// membership is that of an account in a group.
type membership struct {
	app     *App
	account oid
	group   oid
}

func (m *membership) holds(ctx context.Context) (bool, *httpx.Response, error) {
	found := false
	res, err := m.app.list(ctx, unheard{}, connectors.Groups, m.app.object(m.account)+"/memberOf?$select=id&$top=999", func(l listed) error {
		var g member
		if err := json.Unmarshal(l.raw, &g); err != nil {
			return err
		}
		found = found || g.ID == m.group
		return nil
	})
	return found, res, err
}

// memberRef is the membership of an account in a group, and nothing else.
//
// Without "/$ref" at its end, the same path is the account: DELETE would delete the user from the directory, if the app
// may delete users (learn.microsoft.com, "Remove member"). It is made here, and nowhere else.
func memberRef(group, account oid) string {
	return "/groups/" + group.String() + "/members/" + account.String() + "/$ref"
}

func (m *membership) write(ctx context.Context, want bool) (httpx.Write, error) {
	g, _, err := one[group](ctx, m.app, "/groups/"+m.group.String()+"?$select="+groupFields)
	switch {
	case isNotFound(err):
		return httpx.Write{}, fmt.Errorf("%w: the group is gone: %v", connectors.ErrForbidden, err) // the account is not
	case err != nil:
		return httpx.Write{}, err
	}
	if why := g.fixed(); why != "" {
		return httpx.Write{}, fmt.Errorf("%w: %s", connectors.ErrForbidden, why)
	}
	if !want {
		return removal(memberRef(m.group, m.account)), nil
	}
	body, err := json.Marshal(map[string]string{"@odata.id": m.app.objects + m.account.String()})
	return addition("/groups/"+m.group.String()+"/members/$ref", body), err
}

// fixed is why nobody can be put into a group or taken out of it here; empty when they can.
func (g *group) fixed() string {
	switch {
	case g.is("DynamicMembership"):
		return "the group is dynamic: its rule takes in whom it names; change the rule, or what it looks at"
	case g.OnPremisesSyncEnabled:
		return "the group comes from a directory on the premises: change it in that Active Directory"
	case g.MailEnabled && !g.is("Unified"): // Graph only reads those
		return "the group is a distribution list or a mail-enabled security group: change it in Exchange"
	}
	return ""
}

func (m *membership) advice() string {
	return "it needs GroupMember.ReadWrite.All, and RoleManagement.ReadWrite.Directory as well for a group that can hold directory roles"
}

// directoryRole is one role given to an account in one scope.
type directoryRole struct {
	app         *App
	account     oid
	role, scope string
	assignment  string // its id, once read
}

func (d *directoryRole) holds(ctx context.Context) (bool, *httpx.Response, error) {
	d.assignment = ""
	res, err := d.app.list(ctx, unheard{}, directoryRoles, roleAssignments+filter("principalId eq "+quote(d.account.String())), func(l listed) error {
		var s roleAssignment
		if err := json.Unmarshal(l.raw, &s); err != nil {
			return err
		}
		if s.PrincipalID == d.account && s.RoleDefinitionID == d.role && s.DirectoryScopeID == d.scope {
			d.assignment = s.ID
		}
		return nil
	})
	return d.assignment != "", res, err
}

func (d *directoryRole) write(_ context.Context, want bool) (httpx.Write, error) {
	if d.scope == "" {
		return httpx.Write{}, fmt.Errorf("%w: an app limits the role to a part of itself, which could not be given back: change it there", connectors.ErrForbidden)
	}
	if !want {
		return removal(roleAssignments + "/" + url.PathEscape(d.assignment)), nil
	}
	body, err := json.Marshal(map[string]string{"principalId": d.account.String(), "roleDefinitionId": d.role, "directoryScopeId": d.scope})
	return addition(roleAssignments, body), err
}

func (d *directoryRole) advice() string {
	return "it needs RoleManagement.ReadWrite.Directory; a role that Privileged Identity Management gives for a time is ended there"
}

// ownAppRole is an app role given to the account itself.
type ownAppRole struct {
	app        *App
	account    oid
	resource   oid
	role       string
	assignment string
}

// holds leaves out what a group is given: a user's list has that as well, and to delete it would take it from everybody in
// the group.
func (o *ownAppRole) holds(ctx context.Context) (bool, *httpx.Response, error) {
	o.assignment = ""
	res, err := o.app.list(ctx, unheard{}, appRoles, o.app.object(o.account)+"/appRoleAssignments?$top=999", func(l listed) error {
		var s appRoleAssignment
		if err := json.Unmarshal(l.raw, &s); err != nil {
			return err
		}
		if s.PrincipalID == o.account && s.PrincipalType != "Group" && s.ResourceID == o.resource && s.AppRoleID == o.role {
			o.assignment = s.ID
		}
		return nil
	})
	return o.assignment != "", res, err
}

func (o *ownAppRole) write(_ context.Context, want bool) (httpx.Write, error) {
	to := "/servicePrincipals/" + o.resource.String() + "/appRoleAssignedTo"
	if !want {
		return removal(to + "/" + url.PathEscape(o.assignment)), nil
	}
	body, err := json.Marshal(map[string]string{"principalId": o.account.String(), "resourceId": o.resource.String(), "appRoleId": o.role})
	return addition(to, body), err
}

func (o *ownAppRole) advice() string { return "it needs AppRoleAssignment.ReadWrite.All" }
