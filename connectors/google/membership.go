package google

import (
	"cmp"

	"rollcall/connectors"
	"rollcall/connectors/nested"
)

// membership says which groups each user is in. Groups are numbered in the order in which they were read; the zero value
// knows none.
type membership struct {
	groups  []group
	number  map[string]int32   // by group id
	direct  map[string][]int32 // by member id: a user's, or another group's
	all     []int32            // groups that hold everybody of the customer
	unknown int                // members that have no id
	nested.Groups
}

// group is what is read of a group. It is known to people by its address, which is unique.
type group struct {
	ID    string `json:"id"`
	Email string `json:"email"`
}

// entitlement is the group as an entitlement: its address, or its id where it has none.
func (g group) entitlement() connectors.EntitlementID {
	return connectors.EntitlementID(cmp.Or(g.Email, g.ID))
}

func newMembership() *membership {
	m := &membership{number: map[string]int32{}, direct: map[string][]int32{}}
	m.In = func(g int32) []int32 { return m.direct[m.groups[g].ID] }
	m.Compare = func(a, b int32) int {
		return cmp.Or(cmp.Compare(m.groups[a].entitlement(), m.groups[b].entitlement()), cmp.Compare(m.groups[a].ID, m.groups[b].ID))
	}
	return m
}

// add takes a group, and gives its number.
func (m *membership) add(g group) int32 {
	if n, ok := m.number[g.ID]; ok {
		return n
	}
	n := int32(len(m.groups))
	m.groups = append(m.groups, g)
	m.number[g.ID] = n
	return n
}

// appendTo adds the user's groups.
func (m *membership) appendTo(out []connectors.Entitlement, places []nested.Place) []connectors.Entitlement {
	for _, p := range places {
		e := connectors.Entitlement{ID: m.groups[p.Group].entitlement()}
		if p.Through != p.Group {
			e.Inherited = m.groups[p.Through].entitlement()
		}
		out = append(out, e)
	}
	return out
}
