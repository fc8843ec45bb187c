package okta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// holding finds a role among those of a user: assigned to it directly or, if not so, through a group.
func (a *App) holding(ctx context.Context, user string, e connectors.EntitlementID) (direct, through *role, err error) {
	roles, err := a.roles(ctx, unheard{}, "users", user)
	for i, r := range roles {
		switch {
		case r.name() != e:
		case r.AssignmentType == byGroup:
			through = &roles[i]
		default:
			direct = &roles[i]
		}
	}
	return direct, through, err
}

// unassign takes a role from a user.
func (a *App) unassign(ctx context.Context, user string, e connectors.EntitlementID) (connectors.Receipt, error) {
	direct, through, err := a.holding(ctx, user, e)
	switch {
	case err != nil:
		return connectors.Receipt{}, err
	case direct == nil && through != nil:
		return connectors.Receipt{}, fmt.Errorf("%w: it comes through the group %q: remove the user from that, or the role from the group",
			connectors.ErrForbidden, through.Links.Assignee.last())
	case direct == nil:
		return connectors.Receipt{}, nil
	}
	res, err := a.client.Send(ctx, httpx.Write{Method: http.MethodDelete, Ref: roleRef(user, direct.ID), Repeat: httpx.Always})
	if err == nil {
		return res.Receipt(true), nil
	}
	return a.lookAgain(ctx, err, func() (bool, *httpx.Response, error) {
		_, res, err := a.find(ctx, user)
		if err != nil {
			return false, nil, err
		}
		direct, _, err := a.holding(ctx, user, e)
		return direct == nil, res, err
	})
}

// assign gives a role back. A role that was limited to groups or apps is for all of them until the first of these is set: if
// that fails, the role is taken away again.
func (a *App) assign(ctx context.Context, user string, s state, e connectors.EntitlementID) (connectors.Receipt, error) {
	was, known := s.Roles[e]
	if !known {
		return connectors.Receipt{}, fmt.Errorf("%w: its state does not say how it was assigned; assign it in Okta", connectors.ErrForbidden)
	}
	had, _, err := a.holding(ctx, user, e)
	if err != nil {
		return connectors.Receipt{}, err
	}
	receipt := connectors.Receipt{}
	if had == nil {
		if receipt, had, err = a.assignAnew(ctx, user, was, e); err != nil {
			return receipt, err
		}
	}
	changed, err := a.limit(ctx, user, *had, was)
	if err != nil && receipt.Changed {
		_, undo := a.client.Send(ctx, httpx.Write{Method: http.MethodDelete, Ref: roleRef(user, had.ID), Repeat: httpx.Always})
		if undo != nil {
			return receipt, fmt.Errorf("DAMAGE: the role was assigned and could not be limited to %s, nor taken away again: look at it at once: %w",
				strings.Join(slices.Concat(was.Groups, was.Apps), ", "), errors.Join(err, undo))
		}
		return connectors.Receipt{}, fmt.Errorf("it could not be limited to what it was limited to, and was taken away again: %w", err)
	}
	receipt.Changed = receipt.Changed || changed
	return receipt, err
}

// assignAnew assigns a role, and reads the assignment.
func (a *App) assignAnew(ctx context.Context, user string, was assignedRole, e connectors.EntitlementID) (connectors.Receipt, *role, error) {
	body, err := json.Marshal(struct {
		Type        string `json:"type"`
		Role        string `json:"role,omitempty"`
		ResourceSet string `json:"resource-set,omitempty"`
	}{was.Type, was.Role, was.ResourceSet})
	if err != nil {
		return connectors.Receipt{}, nil, err
	}
	var receipt connectors.Receipt
	res, err := a.client.Send(ctx, httpx.Write{Method: http.MethodPost, Ref: userRef(user) + "/roles", ContentType: "application/json", Body: body, Repeat: httpx.IfNotDone})
	if err == nil {
		receipt = res.Receipt(true)
	} else if receipt, err = a.lookAgain(ctx, err, func() (bool, *httpx.Response, error) {
		_, res, err := a.find(ctx, user)
		if err != nil {
			return false, nil, err
		}
		now, _, err := a.holding(ctx, user, e)
		return now != nil, res, err
	}); err != nil {
		return receipt, nil, err
	}
	now, _, err := a.holding(ctx, user, e)
	if err == nil && now == nil {
		err = errors.New("the role was assigned, by what Okta said, and it does not show it")
	}
	return receipt, now, err
}

// limit sets what a role is limited to, where it is not so.
func (a *App) limit(ctx context.Context, user string, now role, was assignedRole) (changed bool, err error) {
	if len(was.Groups)+len(was.Apps) == 0 {
		return false, nil
	}
	groups, apps, err := a.targets(ctx, user, now)
	if err != nil {
		return false, err
	}
	var refs []string
	for _, g := range was.Groups {
		if !slices.Contains(groups, g) {
			refs = append(refs, "/targets/groups/"+url.PathEscape(g))
		}
	}
	for _, app := range was.Apps {
		if !slices.Contains(apps, app) {
			name, id, one := strings.Cut(app, "/")
			ref := "/targets/catalog/apps/" + url.PathEscape(name)
			if one {
				ref += "/" + url.PathEscape(id)
			}
			refs = append(refs, ref)
		}
	}
	for _, ref := range refs {
		if _, err := a.client.Send(ctx, httpx.Write{Method: http.MethodPut, Ref: roleRef(user, now.ID) + ref, Repeat: httpx.Always}); err != nil {
			return changed, err
		}
		changed = true
	}
	return changed, nil
}
