package google

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// state is what an undo needs beside the account. Nothing in it changes by undoing: a role that is assigned again gets
// another number, so that the number is not kept.
type state struct {
	Suspended        *bool                                     `json:"suspended,omitempty"`
	SuspensionReason string                                    `json:"suspension_reason,omitempty"` // ADMIN, or why Google did it
	Archived         *bool                                     `json:"archived,omitempty"`
	Enforced2SV      *bool                                     `json:"enforced_2sv,omitempty"`
	Groups           map[connectors.EntitlementID]seat         `json:"groups,omitempty"` // of those it is a member of itself
	Roles            map[connectors.EntitlementID][]assignment `json:"roles,omitempty"`
}

// seat is how somebody is in a group. The group is known by its id: its address may be another group's by now.
type seat struct {
	Group    string `json:"group"`
	Role     string `json:"role,omitempty"`
	Delivery string `json:"delivery,omitempty"`
}

func readState(before connectors.Account) (state, error) {
	var s state
	if len(before.State) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(before.State, &s); err != nil {
		return s, fmt.Errorf("the account's state is not one of this connector: %w", err)
	}
	return s, nil
}

// get reads one user, by id: addresses are given to other people.
func (a *App) get(ctx context.Context, id, fields string) (*httpx.Response, error) {
	return a.read.Get(ctx, userPath(id)+"?"+url.Values{"fields": {fields}}.Encode())
}

// userNow reads one user, who must be the one asked for.
func (a *App) userNow(ctx context.Context, id connectors.AccountID) (user, *httpx.Response, error) {
	if id == "" {
		return user{}, nil, fmt.Errorf("the id is empty: %w", connectors.ErrNotFound)
	}
	res, err := a.get(ctx, string(id), a.userFields())
	if err != nil {
		return user{}, nil, err
	}
	u, err := parseUser(res.Body)
	if err == nil && u.ID != string(id) {
		err = fmt.Errorf("asked for %q, Google answered with %q: accounts are asked for by id, never by address", id, u.ID)
	}
	return u, res, err
}

// Account implements connectors.Getter.
func (a *App) Account(ctx context.Context, id connectors.AccountID) (connectors.Account, error) {
	fail := func(err error) (connectors.Account, error) {
		return connectors.Account{}, fmt.Errorf("google: account %q: %w", id, err)
	}
	u, _, err := a.userNow(ctx, id)
	if err != nil {
		return fail(err)
	}
	x, err := a.readRoles(ctx, unheard{})
	if err != nil {
		return fail(err)
	}
	m, seats, err := a.groupsOf(ctx, u.ID)
	if err != nil {
		return fail(err)
	}
	var h held
	if a.withCredentials {
		if h, err = a.credentials(ctx, u.ID); err != nil {
			return fail(err)
		}
	}
	var acc connectors.Account
	if err := a.whole(&acc, &u, m, x, h, connectors.Where{Source: a.base + userPath(u.ID)}); err != nil {
		return fail(err)
	}
	if acc.State, err = json.Marshal(stateOf(&u, seats, x)); err != nil {
		return fail(err)
	}
	return acc, nil
}

func stateOf(u *user, seats map[connectors.EntitlementID]seat, x *access) state {
	s := state{Suspended: u.Suspended, SuspensionReason: u.SuspensionReason, Archived: u.Archived, Enforced2SV: u.IsEnforcedIn2Sv, Groups: seats}
	for _, v := range x.assigned[u.ID] {
		e := x.entitlement(v)
		v.ID, v.AssigneeType = "", ""
		if s.Roles == nil {
			s.Roles = map[connectors.EntitlementID][]assignment{}
		}
		s.Roles[e] = append(s.Roles[e], v)
	}
	for _, list := range s.Roles {
		sortAssignments(list)
	}
	return s
}

// groupsOf reads in which groups a user is now, and how. Google's index of memberships runs behind the groups: what it
// tells is asked of each group itself.
func (a *App) groupsOf(ctx context.Context, user string) (*membership, map[connectors.EntitlementID]seat, error) {
	m := newMembership()
	listed, err := a.groupsWith(ctx, user)
	if err != nil {
		return nil, nil, err
	}
	found, err := each(ctx, a.atOnce, listed, func(ctx context.Context, g group) (*member, error) { return a.memberNow(ctx, g.ID, user) })
	if err != nil {
		return nil, nil, err
	}
	var seats map[connectors.EntitlementID]seat
	var level []group
	for i, g := range listed {
		if found[i] == nil {
			continue
		}
		m.direct[user] = append(m.direct[user], m.add(g))
		level = append(level, g)
		if seats == nil {
			seats = map[connectors.EntitlementID]seat{}
		}
		seats[g.entitlement()] = seat{Group: g.ID, Role: found[i].Role, Delivery: found[i].Delivery}
	}
	return m, seats, a.climb(ctx, m, level)
}

// climb reads all groups above some.
func (a *App) climb(ctx context.Context, m *membership, level []group) error {
	for len(level) > 0 {
		above, err := each(ctx, a.atOnce, level, func(ctx context.Context, g group) ([]group, error) { return a.groupsWith(ctx, string(g.entitlement())) })
		if err != nil {
			return err
		}
		var next []group
		for i, g := range level {
			for _, up := range above[i] {
				if _, known := m.number[up.ID]; !known {
					next = append(next, up)
				}
				m.direct[g.ID] = append(m.direct[g.ID], m.add(up))
			}
		}
		level = next
	}
	return nil
}

// groupsWith lists the groups that have a user (by id) or a group (by address) as their member.
func (a *App) groupsWith(ctx context.Context, key string) ([]group, error) {
	var out []group
	for p, err := range a.pages(ctx, groupsPath, "groups", url.Values{"userKey": {key}, "maxResults": {"200"}, "fields": {groupFields}}) {
		if err != nil {
			return nil, fmt.Errorf("groups of %q: %w", key, err)
		}
		for _, raw := range p.rows {
			g, err := parseGroup(raw)
			if err != nil {
				return nil, fmt.Errorf("groups of %q: %w", key, err)
			}
			out = append(out, g)
		}
	}
	return out, nil
}

// memberNow reads how somebody is in a group; nil: not at all.
func (a *App) memberNow(ctx context.Context, group, user string) (*member, error) {
	res, err := a.read.Get(ctx, memberPath(group, user))
	if errors.Is(err, connectors.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var v member
	if err := json.Unmarshal(res.Body, &v); err != nil {
		return nil, notGoogle(res, err)
	}
	if v.ID != user {
		return nil, fmt.Errorf("%s: asked for the member %q, Google answered with %q", res.Page.Request, user, v.ID)
	}
	return &v, nil
}

// unheard is the Trace of a read that is not part of a pull.
type unheard struct{}

func (unheard) Page(connectors.Collection, connectors.Page)           {}
func (unheard) Reject(connectors.Collection, connectors.Where, error) {}
func (unheard) Total(connectors.Collection, int)                      {}
func (unheard) End(connectors.Collection)                             {}
func (unheard) Note(connectors.Collection, string)                    {}
