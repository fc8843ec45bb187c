package scim

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"rollcall/connectors"
	"rollcall/connectors/nested"
)

// membership says which groups each user is in. Group numbers are positions in names; the zero value knows no groups.
type membership struct {
	names   []connectors.EntitlementID
	ids     map[string]int32
	inner   map[string]bool    // ids of members that are said to be groups
	direct  map[string][]int32 // by user id; while groups are still being read, by the id of any member
	parents map[int32][]int32  // groups that a group is itself a member of
	nested.Groups
}

// group is what is read of a Group resource.
type group struct {
	ID          text
	DisplayName text
	Members     *values
}

// readGroups reads every group. Whatever cannot be understood ends the pull: a group left out would be entitlements
// lost without a trace.
func (s *server) readGroups(ctx context.Context, t connectors.Trace) (*membership, error) {
	m := &membership{ids: map[string]int32{}, inner: map[string]bool{}, direct: map[string][]int32{}, parents: map[int32][]int32{}}
	m.In = func(g int32) []int32 { return m.parents[g] }
	m.Compare = func(a, b int32) int { return cmp.Or(cmp.Compare(m.names[a], m.names[b]), cmp.Compare(a, b)) }
	for r, err := range s.list(ctx, t, connectors.Groups, "/Groups") {
		if err != nil {
			return nil, fmt.Errorf("%w (if this app has no groups to read, set groups = false)", err)
		}
		g, err := s.readGroup(ctx, t, r)
		if err == nil {
			err = m.add(g)
		}
		if err != nil {
			return nil, fmt.Errorf("group %d of %s: %w", r.where.Line, r.where.Source, err)
		}
	}
	if lost := m.settle(); lost > 0 {
		t.Note(connectors.Groups, fmt.Sprintf("%d groups that are members of others are not in the list of groups: who is in them is not known", lost))
	}
	if len(m.names) > 0 && len(m.direct) == 0 {
		t.Note(connectors.Groups, "not one of the groups names a member: this server may not tell them, or not to this token")
	}
	return m, nil
}

// readGroup decodes a group. One without the members attribute may be empty, or cut short in the list: it is read by
// itself.
func (s *server) readGroup(ctx context.Context, t connectors.Trace, r record) (group, error) {
	var g group
	if err := json.Unmarshal(r.raw, &g); err != nil {
		return g, err
	}
	if g.ID == "" {
		return g, fmt.Errorf("%s has no id", short(r.raw))
	}
	if g.Members != nil {
		return g, nil
	}
	res, err := s.app.client.Get(ctx, "/Groups/"+url.PathEscape(string(g.ID)))
	if err != nil {
		return g, err
	}
	t.Page(connectors.Groups, res.Page)
	id := g.ID
	if err := json.Unmarshal(res.Body, &g); err != nil {
		return g, err
	}
	if g.ID != id {
		return g, fmt.Errorf("asked for group %q, the server answered with %q", id, g.ID)
	}
	return g, nil
}

func (m *membership) add(g group) error {
	n := int32(len(m.names))
	m.ids[string(g.ID)] = n
	m.names = append(m.names, connectors.EntitlementID(g.DisplayName))
	if g.Members == nil {
		return nil
	}
	for _, v := range *g.Members {
		id := v.member()
		if id == "" {
			return fmt.Errorf("group %q has a member without value and $ref", g.ID)
		}
		if strings.EqualFold(string(v.Type), "group") {
			m.inner[id] = true
		}
		m.direct[id] = append(m.direct[id], n)
	}
	return nil
}

// member is the id of a member of a group, or of a group within one; empty when it is not told.
func (v value) member() string {
	if v.Value == "" && v.Ref != "" {
		return path.Base(string(v.Ref))
	}
	return string(v.Value)
}

// settle runs when all groups are known: it tells nested groups from users and makes the names unique. It counts the
// nested groups that are not known.
func (m *membership) settle() (lost int) {
	for id, n := range m.ids {
		if in, ok := m.direct[id]; ok {
			m.parents[n] = in
			delete(m.direct, id)
		}
		delete(m.inner, id)
	}
	for id := range m.inner {
		delete(m.direct, id)
	}
	uses := map[connectors.EntitlementID]int{}
	for _, name := range m.names {
		uses[name]++
	}
	for id, n := range m.ids {
		name := string(m.names[n])
		taken := uses[m.names[n]] > 1 || strings.HasPrefix(name, rolePrefix) || strings.HasPrefix(name, entitlementPrefix)
		switch {
		case name == "":
			m.names[n] = connectors.EntitlementID(id)
		case taken:
			m.names[n] = connectors.EntitlementID(name + " [" + id + "]")
		}
	}
	return len(m.inner)
}

// has tells whether any group names the user.
func (m *membership) has(user string) bool { return len(m.direct[user]) > 0 }

// idsOf are the ids of the groups the user is a member of, by their names as entitlements.
func (m *membership) idsOf(user string) map[connectors.EntitlementID]string {
	var out map[connectors.EntitlementID]string
	for id, n := range m.ids {
		if slices.Contains(m.direct[user], n) {
			if out == nil {
				out = map[connectors.EntitlementID]string{}
			}
			out[m.names[n]] = id
		}
	}
	return out
}

// idOf is the id of a group by its name as an entitlement; empty when there is none.
func (m *membership) idOf(e connectors.EntitlementID) string {
	for id, n := range m.ids {
		if m.names[n] == e {
			return id
		}
	}
	return ""
}

// appendTo adds the user's groups to out: those it is a member of, then those it is in through them, each by name.
func (m *membership) appendTo(out []connectors.Entitlement, user string) []connectors.Entitlement {
	for _, p := range m.Places(m.direct[user]) {
		e := connectors.Entitlement{ID: m.names[p.Group]}
		if p.Through != p.Group {
			e.Inherited = m.names[p.Through]
		}
		out = append(out, e)
	}
	return out
}
