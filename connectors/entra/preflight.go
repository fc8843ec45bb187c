package entra

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"rollcall/connectors"
)

// need is a permission and what for.
type need struct {
	permission string
	or         []string // permissions that include it
	so         string   // what goes wrong without it
	writing    bool
}

// needs are the permissions that this app's configuration asks for, and those of its abilities.
func (a *App) needs() []need {
	all := []need{
		{groupRead, []string{"Group.Read.All", "Directory.Read.All", groupWrite, "Group.ReadWrite.All", directoryWrite}, "groups could not be read", false},
		{roleRead, []string{"RoleManagement.Read.All", "Directory.Read.All", roleWrite, directoryWrite}, "directory roles could not be read", false},
		{appRead, []string{"Directory.Read.All", "Application.ReadWrite.All", directoryWrite}, "apps and app roles could not be read", false},
	}
	add := func(is bool, n need) {
		if is {
			all = append(all, n)
		}
	}
	people := !a.services
	add(people, need{userRead, []string{"Directory.Read.All", userWrite, directoryWrite}, "users could not be read", false})
	add(people, need{licenceRead, []string{"Organization.Read.All", "Directory.Read.All", "LicenseAssignment.ReadWrite.All", directoryWrite}, "licences would have no names", false})
	add(people, need{hiddenRead, []string{"Directory.Read.All", directoryWrite}, "groups with hidden membership would look empty", false})
	add(people && (a.readsSignIns || a.readsMFA), need{auditRead, nil, "sign-ins and MFA registrations could not be read", false})
	add(a.pim, need{eligibleRead, []string{"RoleManagement.Read.All", roleRead, roleWrite, "RoleEligibilitySchedule.ReadWrite.Directory"}, "roles that may be activated could not be read", false})
	add(people, need{enableWrite, []string{userWrite, directoryWrite}, "no account could be disabled or enabled", true})
	add(people, need{sessionsWrite, []string{userWrite, directoryWrite}, "no sessions could be ended", true})
	add(true, need{groupWrite, []string{"Group.ReadWrite.All", directoryWrite}, "nobody could be taken out of a group", true})
	add(true, need{roleWrite, nil, "no directory role could be taken away", true})
	add(true, need{appRoleWrite, nil, "no app role could be taken away", true})
	return all
}

// Preflight implements connectors.Preflighter. What the app registration was granted is read from the directory, and the
// lists that fail without a licence are tried.
func (a *App) Preflight(ctx context.Context) (connectors.Preflight, error) {
	p, err := a.preflight(ctx)
	if err != nil {
		return p, fmt.Errorf("entra: preflight: %w", err)
	}
	return p, nil
}

func (a *App) preflight(ctx context.Context) (connectors.Preflight, error) {
	var p connectors.Preflight
	granted, err := a.granted(ctx, &p)
	switch {
	case errors.Is(err, connectors.ErrForbidden):
		p.Problems = append(p.Problems, lacks(need{permission: appRead, so: "apps and app roles could not be read, nor what else this app registration was granted"}))
		return p, nil
	case err != nil:
		return p, err
	}
	for _, n := range a.needs() {
		if n.has(granted) {
			p.Proved = append(p.Proved, "was granted what "+n.permission+" allows")
		} else {
			p.Problems = append(p.Problems, lacks(n))
		}
	}
	p.Excess = a.excess(granted)
	return p, a.tryLicensed(ctx, &p)
}

// excess are the permissions of Microsoft Graph that were granted and that nothing here needs; those to write are needed only
// where something may be changed. What includes a needed one is excess as well, where the needed one would do.
func (a *App) excess(granted map[string]bool) (out []connectors.Excess) {
	needed := map[string]bool{} // and whether to write
	for _, n := range a.needs() {
		needed[n.permission] = n.writing
	}
	for _, p := range slices.Sorted(maps.Keys(granted)) {
		writing, ok := needed[p]
		if ok && !writing {
			continue
		}
		x := connectors.Excess{Has: "the application permission " + p, Writing: ok, Fix: a.instead(p, granted) + "take it away in the Entra admin center: App registrations > API permissions"}
		if p == userWrite || p == directoryWrite {
			x.So = "whoever holds the secret of this app registration could delete users"
		}
		out = append(out, x)
	}
	return out
}

func (n need) has(granted map[string]bool) bool {
	return granted[n.permission] || slices.ContainsFunc(n.or, func(p string) bool { return granted[p] })
}

func lacks(n need) connectors.Problem {
	return connectors.Problem{Lacks: "the application permission " + n.permission, So: n.so, Writing: n.writing,
		Fix: "grant it in the Entra admin center: App registrations > API permissions > Microsoft Graph > Application permissions, then grant admin consent"}
}

// instead names what is to be granted before a permission is taken away that stands in for it.
func (a *App) instead(p string, granted map[string]bool) string {
	var names []string
	for _, n := range a.needs() {
		if !granted[n.permission] && !n.writing && slices.Contains(n.or, p) {
			names = append(names, n.permission)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "grant " + strings.Join(names, ", ") + " instead, and "
}

var errNotListed = errors.New("the directory does not list the app registration")

// self is the app registration's own service principal.
func (a *App) self(ctx context.Context) (self service, err error) {
	err = each(ctx, a, unheard{}, connectors.Accounts, "/servicePrincipals"+filter("appId eq "+quote(a.clientID))+"&$select=id,appId,displayName", func(s *service) error {
		self = *s
		return nil
	})
	if err == nil && self.ID == (oid{}) {
		err = fmt.Errorf("%w %s itself: its lists are not whole", errNotListed, a.clientID)
	}
	return self, err
}

// granted reads what the app registration itself was granted: the values of the app roles of Microsoft Graph that it holds.
func (a *App) granted(ctx context.Context, p *connectors.Preflight) (map[string]bool, error) {
	self, err := a.self(ctx)
	if err != nil {
		return nil, err
	}
	p.Identity = fmt.Sprintf("%s (application %s)", self.DisplayName, self.AppID)
	return a.grantedTo(ctx, &self)
}

func (a *App) grantedTo(ctx context.Context, self *service) (map[string]bool, error) {
	held := map[oid]map[string]bool{}
	err := each(ctx, a, unheard{}, appRoles, self.path()+"/appRoleAssignments?$top=999", func(s *appRoleAssignment) error {
		if held[s.ResourceID] == nil {
			held[s.ResourceID] = map[string]bool{}
		}
		held[s.ResourceID][s.AppRoleID] = true
		return nil
	})
	out := map[string]bool{}
	for id := range maps.Keys(held) {
		if err == nil {
			err = a.values(ctx, id, held[id], out)
		}
	}
	return out, err
}

// graphID is the application id of Microsoft Graph in every cloud.
const graphID = "00000003-0000-0000-c000-000000000000"

// values names app roles of Microsoft Graph.
func (a *App) values(ctx context.Context, app oid, held map[string]bool, out map[string]bool) error {
	r, _, err := one[struct {
		AppID    string
		AppRoles []appRole
	}](ctx, a, "/servicePrincipals/"+app.String()+"?$select=id,appId,appRoles")
	if err != nil || r.AppID != graphID {
		return err
	}
	for _, role := range r.AppRoles {
		if held[role.ID] {
			out[role.Value] = true
		}
	}
	return nil
}

// tryLicensed asks for a first page of what needs a licence as well as a permission.
func (a *App) tryLicensed(ctx context.Context, p *connectors.Preflight) error {
	try := func(is bool, path, what, plan, set string) error {
		if !is {
			return nil
		}
		_, err := a.client.Get(ctx, path)
		switch {
		case errors.Is(err, connectors.ErrForbidden):
			p.Problems = append(p.Problems, connectors.Problem{Lacks: what, So: "every pull would fail", Fix: plan + ", or set " + set + " = false: it is then unknown"})
		case err != nil:
			return err
		default:
			p.Proved = append(p.Proved, "may read "+what)
		}
		return nil
	}
	people := !a.services
	if err := try(people && a.readsSignIns, fmt.Sprintf("/users?$select=%s&$top=1", signInFields), "sign-ins", "use a directory with Entra ID P1", "sign_ins"); err != nil {
		return err
	}
	if err := try(people && a.readsMFA, registrations, "MFA registrations", "use a directory with Entra ID P1", "mfa"); err != nil {
		return err
	}
	return try(a.pim, eligibilities+"?$top=1", "roles that may be activated", "use a directory with Entra ID P2", "pim")
}
