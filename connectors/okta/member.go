package okta

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// RemoveEntitlement implements connectors.EntitlementRemover: the user is taken out of a group, or is no longer assigned an
// administrator's role. What comes by a rule, from an app or through a group is refused, and where it is to be taken away is
// said; so is an app: to unassign it can delete what the user has there. Leaving a group ends the apps that the group gave,
// and Okta may deactivate the user in them: re-added, the user has the apps again, and in each what that app kept.
func (a *App) RemoveEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	r, err := a.set(ctx, before, e, false)
	if err != nil {
		return r, fmt.Errorf("okta: remove %q from account %q: %w", e, before.ID, err)
	}
	return r, nil
}

// AddEntitlement implements connectors.EntitlementRemover: the user is put back into a group, or is assigned an
// administrator's role again, limited to what it was limited to.
func (a *App) AddEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	r, err := a.set(ctx, before, e, true)
	if err != nil {
		return r, fmt.Errorf("okta: add %q to account %q: %w", e, before.ID, err)
	}
	return r, nil
}

func (a *App) set(ctx context.Context, before connectors.Account, e connectors.EntitlementID, want bool) (connectors.Receipt, error) {
	var none connectors.Receipt
	s, err := readState(before)
	if err != nil {
		return none, err
	}
	if _, _, err := a.settled(ctx, string(before.ID)); err != nil {
		return none, err
	}
	switch {
	case strings.HasPrefix(string(e), appPrefix):
		return none, fmt.Errorf("%w: to unassign an app can deactivate the user in it and delete what is there, which no undo gives back; "+
			"unassign it in Okta (Applications > the app > Assignments)", connectors.ErrForbidden)
	case strings.HasPrefix(string(e), rolePrefix) && want:
		return a.assign(ctx, string(before.ID), s, e)
	case strings.HasPrefix(string(e), rolePrefix):
		return a.unassign(ctx, string(before.ID), e)
	}
	return a.join(ctx, string(before.ID), s, e, want)
}

// join makes a user a member of a group or not, unless it is so.
func (a *App) join(ctx context.Context, user string, s state, e connectors.EntitlementID, want bool) (connectors.Receipt, error) {
	var none connectors.Receipt
	groups, err := a.groups(ctx, user)
	if err != nil {
		return none, err
	}
	id := s.Groups[e] // by id, however the group is called by now
	for in, g := range groups {
		if id == "" && g.name() == e {
			id = in
		}
	}
	_, is := groups[id]
	switch {
	case id == "" && want:
		return none, fmt.Errorf("%w: its state does not say which group that was; add it in Okta", connectors.ErrForbidden)
	case is == want || id == "":
		return none, nil
	}
	if err := a.writable(ctx, id); err != nil {
		return none, err
	}
	method := http.MethodDelete
	if want {
		method = http.MethodPut
	}
	// Each makes something so, whatever it was: it may follow a lost answer.
	res, err := a.client.Send(ctx, httpx.Write{Method: method, Ref: groupRef(id) + "/users/" + url.PathEscape(user), Repeat: httpx.Always})
	if err == nil {
		return res.Receipt(true), nil
	}
	return a.lookAgain(ctx, err, func() (bool, *httpx.Response, error) {
		_, res, err := a.find(ctx, user)
		if err != nil {
			return false, nil, err
		}
		now, err := a.groups(ctx, user)
		_, is := now[id]
		return is == want, res, err
	})
}

func groupRef(id string) string { return "/api/v1/groups/" + url.PathEscape(id) }

// writable refuses groups whose members others keep: an app, a rule, or Okta.
func (a *App) writable(ctx context.Context, id string) error {
	var g group
	_, err := a.get(ctx, unheard{}, connectors.Groups, groupRef(id), &g)
	switch {
	case errors.Is(err, connectors.ErrNotFound):
		return fmt.Errorf("the group %q is gone: %w: %v", id, connectors.ErrForbidden, err) // the account is not
	case err != nil:
		return err
	case g.Type == builtIn:
		return fmt.Errorf("%w: %q is built into Okta, which keeps its members itself", connectors.ErrForbidden, g.Profile.Name)
	case g.Type == appGroup:
		return fmt.Errorf("%w: the members of %q come from the app %q, such as Active Directory: change them there", connectors.ErrForbidden,
			g.Profile.Name, g.Links.Source.last())
	}
	fed, err := a.fed(ctx, unheard{})
	if err != nil {
		return err
	}
	if rule := fed[id]; rule != "" {
		return fmt.Errorf("%w: the group rule %q makes users members of %q; change the rule or what it looks at "+
			"(removed by hand, Okta would keep the user out of the group for good)", connectors.ErrForbidden, strings.TrimPrefix(string(rule), rulePrefix), g.Profile.Name)
	}
	return nil
}
