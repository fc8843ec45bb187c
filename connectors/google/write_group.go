package google

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

// RemoveEntitlement implements connectors.EntitlementRemover: a user is taken out of a group, or an administrator role is.
func (a *App) RemoveEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	fail := func(err error) (connectors.Receipt, error) {
		return connectors.Receipt{}, fmt.Errorf("google: remove %q from account %q: %w", e, before.ID, err)
	}
	u, st, err := a.subjectOf(ctx, before, e)
	if err != nil {
		return fail(err)
	}
	var r connectors.Receipt
	if strings.HasPrefix(string(e), rolePrefix) {
		r, err = a.unassign(ctx, &u, st, e)
	} else {
		r, err = a.leave(ctx, &u, st, e)
	}
	if err != nil {
		return fail(err)
	}
	return r, nil
}

// AddEntitlement implements connectors.EntitlementRemover: what the state of the account holds is given back as it was: a
// membership with its role and delivery of mail, an administrator role with its scope, condition and end.
func (a *App) AddEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	fail := func(err error) (connectors.Receipt, error) {
		return connectors.Receipt{}, fmt.Errorf("google: give %q back to account %q: %w", e, before.ID, err)
	}
	u, st, err := a.subjectOf(ctx, before, e)
	if err != nil {
		return fail(err)
	}
	var r connectors.Receipt
	if strings.HasPrefix(string(e), rolePrefix) {
		r, err = a.assign(ctx, &u, st, e)
	} else {
		r, err = a.join(ctx, &u, st, e)
	}
	if err != nil {
		return fail(err)
	}
	return r, nil
}

// subjectOf reads the user of whom an entitlement is to be taken, or to whom it is to be given, and the state it had.
func (a *App) subjectOf(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (user, state, error) {
	u, _, err := a.userNow(ctx, before.ID)
	if err != nil {
		return u, state{}, err
	}
	st, err := readState(before)
	if err != nil {
		return u, st, err
	}
	i := slices.IndexFunc(before.Entitlements, func(h connectors.Entitlement) bool { return h.ID == e && h.Inherited == "" })
	for _, h := range before.Entitlements {
		if h.ID == e && h.Inherited != "" && i < 0 {
			return u, st, fmt.Errorf("%w: it comes through the group %q: take the account out of that one, or that one from %q", connectors.ErrForbidden, h.Inherited, e)
		}
	}
	return u, st, nil
}

// leave takes a user out of a group. The second time nobody is in it any more.
func (a *App) leave(ctx context.Context, u *user, st state, e connectors.EntitlementID) (connectors.Receipt, error) {
	id := st.Groups[e].Group
	if id == "" {
		g, err := a.groupByAddress(ctx, e)
		if err != nil || g.ID == "" {
			return connectors.Receipt{}, err // nobody is in a group that is not there
		}
		id = g.ID
	}
	return a.grant(ctx, wish{
		scope: scopeMember,
		is: func(ctx context.Context) (bool, error) {
			v, err := a.memberNow(ctx, id, u.ID)
			return v == nil, err
		},
		write: httpx.Write{Method: http.MethodDelete, Ref: memberPath(id, u.ID), Repeat: httpx.Always},
	})
}

// groupByAddress finds a group that the account's state does not know; one that only has the address as an alias is another.
func (a *App) groupByAddress(ctx context.Context, e connectors.EntitlementID) (group, error) {
	res, err := a.read.Get(ctx, groupPath(string(e))+"?"+url.Values{"fields": {"id,email"}}.Encode())
	if errors.Is(err, connectors.ErrNotFound) {
		return group{}, nil
	}
	if err != nil {
		return group{}, err
	}
	g, err := parseGroup(res.Body)
	if err != nil {
		return group{}, notGoogle(res, err)
	}
	if g.entitlement() != e {
		return group{}, nil
	}
	return g, nil
}

// join puts a user back into a group: into that one, by its id, however it is called now, and as what the user was there.
func (a *App) join(ctx context.Context, u *user, st state, e connectors.EntitlementID) (connectors.Receipt, error) {
	was, ok := st.Groups[e]
	if !ok {
		return connectors.Receipt{}, fmt.Errorf("%w: the account's state does not hold this group, so that its role there is not known; add it in the Admin console", connectors.ErrForbidden)
	}
	now, err := a.memberNow(ctx, was.Group, u.ID)
	if err != nil || now != nil && was.like(now) {
		return connectors.Receipt{}, err
	}
	var r connectors.Receipt
	if now == nil {
		if r, err = a.insert(ctx, u, was); err != nil {
			return r, err
		}
		if now, err = a.memberNow(ctx, was.Group, u.ID); err != nil || now == nil || was.like(now) {
			return r, err // that Google does not show it yet is not that it is not so
		}
	}
	inserted := r.Changed
	r, err = a.grant(ctx, wish{scope: scopeMember, is: a.seated(u, was), write: httpx.Write{Method: http.MethodPatch, Ref: memberPath(was.Group, u.ID),
		ContentType: contentType, Body: body(member{Role: was.Role, Delivery: was.Delivery}), Repeat: httpx.Always}})
	r.Changed = r.Changed || inserted
	return r, partly(inserted, err)
}

// insert adds a member. A second one of the same is refused (409), so that it may follow a lost answer.
func (a *App) insert(ctx context.Context, u *user, was seat) (connectors.Receipt, error) {
	return a.grant(ctx, wish{
		scope: scopeMember,
		is:    a.seated(u, was),
		write: httpx.Write{Method: http.MethodPost, Ref: groupPath(was.Group) + "/members", ContentType: contentType,
			Body: body(member{Email: u.PrimaryEmail, Role: was.Role, Delivery: was.Delivery}), Repeat: httpx.Always},
		check: func(res *httpx.Response) error {
			var v member
			if err := json.Unmarshal(res.Body, &v); err != nil {
				return notGoogle(res, err)
			}
			if v.ID != u.ID {
				return fmt.Errorf("%s was added to the group %q, and Google says that this is %q, not %q: look at the group", u.PrimaryEmail, was.Group, v.ID, u.ID)
			}
			return nil
		},
	})
}

// seated tells whether a user is in a group as it was.
func (a *App) seated(u *user, was seat) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		v, err := a.memberNow(ctx, was.Group, u.ID)
		return v != nil && was.like(v), err
	}
}

func (s seat) like(v *member) bool {
	return s.Role == v.Role && (s.Delivery == "" || s.Delivery == v.Delivery)
}
