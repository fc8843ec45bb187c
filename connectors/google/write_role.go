package google

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// sortAssignments puts them in an order of their own: Google's changes when one is made anew.
func sortAssignments(list []assignment) {
	slices.SortFunc(list, func(a, b assignment) int { return strings.Compare(string(body(a)), string(body(b))) })
}

// same tells whether two are the same but for their number and their end.
func (v assignment) same(w assignment) bool {
	return v.RoleID == w.RoleID && v.AssignedTo == w.AssignedTo && v.OrgUnitID == w.OrgUnitID && v.Condition == w.Condition
}

// ownedNow are the assignments that are the entitlement: those the state holds, by the role's id, however the role is called
// now; without them, those of that name.
func (x *access) ownedNow(u *user, st state, e connectors.EntitlementID) []assignment {
	var out []assignment
	for _, v := range x.assigned[u.ID] {
		was := st.Roles[e]
		if len(was) == 0 && x.entitlement(v) == e || slices.ContainsFunc(was, v.same) {
			out = append(out, v)
		}
	}
	return out
}

// isSuper tells whether the entitlement is the super administrator's role, which Google gives and takes by another call
// (users.makeAdmin) than the others.
func (x *access) isSuper(st state, e connectors.EntitlementID) bool {
	return e == x.super || slices.ContainsFunc(st.Roles[e], func(v assignment) bool { return x.roles[v.RoleID].Super })
}

// unassign takes a role from a user. What a group gives the user stays.
func (a *App) unassign(ctx context.Context, u *user, st state, e connectors.EntitlementID) (connectors.Receipt, error) {
	x, err := a.readRoles(ctx, unheard{})
	if err != nil {
		return connectors.Receipt{}, err
	}
	if x.isSuper(st, e) {
		return a.makeAdmin(ctx, u, false)
	}
	var all connectors.Receipt
	for _, v := range x.ownedNow(u, st, e) {
		r, err := a.grant(ctx, wish{
			scope: scopeRoles,
			is: func(ctx context.Context) (bool, error) {
				return a.assigned(ctx, u, func(w assignment) bool { return w.ID == v.ID }, false)
			},
			write: httpx.Write{Method: http.MethodDelete, Ref: a.customerPath("/roleassignments/" + url.PathEscape(v.ID)), Repeat: httpx.Always},
		})
		if err != nil {
			return all, partly(all.Changed, err)
		}
		if r.Changed {
			all = r
		}
	}
	return all, nil
}

// assign gives a role back, in each scope in which the user had it.
func (a *App) assign(ctx context.Context, u *user, st state, e connectors.EntitlementID) (connectors.Receipt, error) {
	x, err := a.readRoles(ctx, unheard{})
	if err != nil {
		return connectors.Receipt{}, err
	}
	if x.isSuper(st, e) {
		return a.makeAdmin(ctx, u, true)
	}
	if len(st.Roles[e]) == 0 {
		return connectors.Receipt{}, fmt.Errorf("%w: the account's state does not hold this role, so that its scope is not known; assign it in the Admin console", connectors.ErrForbidden)
	}
	var all connectors.Receipt
	for _, v := range st.Roles[e] {
		v.AssignedTo = u.ID
		r, err := a.grant(ctx, wish{
			scope: scopeRoles,
			is:    func(ctx context.Context) (bool, error) { return a.assigned(ctx, u, v.same, true) },
			// Whether a second one of the same is refused is not documented: it does not follow a lost answer, a look does.
			write: httpx.Write{Method: http.MethodPost, Ref: a.customerPath("/roleassignments"), ContentType: contentType, Body: body(v), Repeat: httpx.IfNotDone},
		})
		if err != nil {
			return all, partly(all.Changed, err)
		}
		if r.Changed {
			all = r
		}
	}
	return all, nil
}

// assigned tells whether a user has an assignment now; or, if it is not wanted, has not.
func (a *App) assigned(ctx context.Context, u *user, which func(assignment) bool, want bool) (bool, error) {
	for p, err := range a.pages(ctx, a.customerPath("/roleassignments"), "items", url.Values{"userKey": {u.ID}, "maxResults": {"200"}}) {
		if err != nil {
			return false, err
		}
		for _, raw := range p.rows {
			v, err := parseAssignment(raw)
			if err != nil {
				return false, err
			}
			if which(v) {
				return want, nil
			}
		}
	}
	return !want, nil
}

// makeAdmin makes a user a super administrator or not. It is an absolute value.
func (a *App) makeAdmin(ctx context.Context, u *user, want bool) (connectors.Receipt, error) {
	return a.grant(ctx, wish{
		scope: scopeUser,
		is: func(ctx context.Context) (bool, error) {
			now, _, err := a.userNow(ctx, connectors.AccountID(u.ID))
			return now.IsAdmin == want, err
		},
		write: httpx.Write{Method: http.MethodPost, Ref: userPath(u.ID) + "/makeAdmin", ContentType: contentType,
			Body: body(map[string]bool{"status": want}), Repeat: httpx.Always},
	})
}
