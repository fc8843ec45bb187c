package google

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/nested"
)

// rolePrefix tells administrator roles from groups, whose addresses hold no colon.
const rolePrefix = "role:"

// role is an administrator role.
type role struct {
	ID    string `json:"roleId"`
	Name  string `json:"roleName"`
	Super bool   `json:"isSuperAdminRole"`
}

// assignment is a role given to a user, a group or a service account, for all of the customer or for one organisational unit.
type assignment struct {
	ID           string      `json:"roleAssignmentId,omitempty"`
	RoleID       string      `json:"roleId"`
	AssignedTo   string      `json:"assignedTo"`
	AssigneeType string      `json:"assigneeType,omitempty"`
	ScopeType    string      `json:"scopeType,omitempty"`
	OrgUnitID    string      `json:"orgUnitId,omitempty"`
	Condition    string      `json:"condition,omitempty"`
	Expiration   *expiration `json:"expirationDetails,omitempty"`
}

type expiration struct {
	ExpireTime string `json:"expireTime,omitempty"`
}

// access are all roles and to whom they are assigned, by the id of a user, group or service account.
type access struct {
	roles    map[string]role // by id
	names    map[string]int  // how many roles have a name
	assigned map[string][]assignment
	super    connectors.EntitlementID // the super administrator's role
}

// readRoles reads every role and assignment: there are few of them, and a customer's limits keep it so.
func (a *App) readRoles(ctx context.Context, t connectors.Trace) (*access, error) {
	x := &access{roles: map[string]role{}, names: map[string]int{}, assigned: map[string][]assignment{}}
	for r, err := range a.list(ctx, t, connectors.Entitlements, a.customerPath("/roles"), "items", url.Values{"maxResults": {"100"}}) {
		if err != nil {
			return nil, err
		}
		var v role
		if err := json.Unmarshal(r.raw, &v); err != nil || v.ID == "" {
			return nil, fmt.Errorf("%s: not a role: %s", r.where, short(r.raw))
		}
		x.roles[v.ID] = v
		x.names[v.Name]++
		if v.Super && x.super == "" {
			x.super = connectors.EntitlementID(rolePrefix + v.Name)
		}
	}
	if len(x.roles) == 0 {
		return nil, fmt.Errorf("%s: no administrator role is listed, which no customer of Google lacks: %s may not see them", a.base, a.subject)
	}
	for r, err := range a.list(ctx, t, connectors.Entitlements, a.customerPath("/roleassignments"), "items", url.Values{"maxResults": {"200"}}) {
		if err != nil {
			return nil, err
		}
		v, err := parseAssignment(r.raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.where, err)
		}
		if _, ok := x.roles[v.RoleID]; !ok { // never named otherwise for once: that would look like another entitlement
			return nil, fmt.Errorf("%s: the role %q is assigned, and not among the roles", r.where, v.RoleID)
		}
		x.assigned[v.AssignedTo] = append(x.assigned[v.AssignedTo], v)
	}
	return x, nil
}

func parseAssignment(raw []byte) (assignment, error) {
	var v assignment
	if err := json.Unmarshal(raw, &v); err != nil || v.RoleID == "" || v.AssignedTo == "" {
		return v, fmt.Errorf("not a role assignment: %s", short(raw))
	}
	return v, nil
}

// entitlement is a role within its scope. Two roles of one name are told apart by their ids.
func (x *access) entitlement(v assignment) connectors.EntitlementID {
	r := x.roles[v.RoleID]
	s := rolePrefix + cmp.Or(r.Name, r.ID)
	if x.names[r.Name] > 1 {
		s += " [" + r.ID + "]"
	}
	if v.OrgUnitID != "" {
		s += " (organisational unit " + v.OrgUnitID + ")"
	}
	if v.Condition != "" {
		s += " (with a condition)"
	}
	return connectors.EntitlementID(s)
}

// until is the last day of an assignment; 0 = no end.
func (v assignment) until(zone *time.Location) connectors.Date {
	if v.Expiration == nil {
		return 0
	}
	t, err := time.Parse(time.RFC3339, v.Expiration.ExpireTime)
	if err != nil {
		return 0
	}
	return connectors.DateOf(t, zone)
}

// appendTo adds the user's administrator roles: its own, then those it has through groups. All of them are privileged.
func (x *access) appendTo(out []connectors.Entitlement, u *user, m *membership, places []nested.Place, zone *time.Location) []connectors.Entitlement {
	from := len(out)
	add := func(e connectors.Entitlement) {
		for i := range out[from:] {
			had := &out[from+i]
			if had.ID == e.ID { // the longer one holds
				if had.Inherited == e.Inherited && had.Until != 0 && (e.Until == 0 || e.Until > had.Until) {
					had.Until = e.Until
				}
				return
			}
		}
		out = append(out, e)
	}
	for _, v := range x.assigned[u.ID] {
		add(connectors.Entitlement{ID: x.entitlement(v), Privileged: true, Until: v.until(zone)})
	}
	if u.IsAdmin && x.super != "" { // said of the user, whatever the list of assignments says
		add(connectors.Entitlement{ID: x.super, Privileged: true})
	}
	byID := func(a, b connectors.Entitlement) int { return strings.Compare(string(a.ID), string(b.ID)) }
	own := len(out)
	slices.SortFunc(out[from:], byID)
	for _, p := range places {
		for _, v := range x.assigned[m.groups[p.Group].ID] {
			add(connectors.Entitlement{ID: x.entitlement(v), Privileged: true, Until: v.until(zone), Inherited: m.groups[p.Through].entitlement()})
		}
	}
	slices.SortFunc(out[own:], byID)
	return out
}
