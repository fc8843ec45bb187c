package google

import (
	"cmp"
	"slices"

	"rollcall/connectors"
)

// membership says which groups each user is in. Groups are numbered in the order in which they were read; the zero value
// knows none.
type membership struct {
	groups  []group
	number  map[string]int32   // by group id
	direct  map[string][]int32 // by member id: a user's, or another group's
	above   map[int32][]int32  // all groups above one, nearest first: filled as asked for
	all     []int32            // groups that hold everybody of the customer
	unknown int                // members that have no id
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
	return &membership{number: map[string]int32{}, direct: map[string][]int32{}, above: map[int32][]int32{}}
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

// place is a group that a user is in, and through which group the user is: itself, when directly.
type place struct{ group, via int32 }

// places are the groups a user is in: those it is a member of, by their addresses, then those it is in through them.
func (m *membership) places(user string) []place {
	direct := m.byName(m.direct[user])
	out := make([]place, 0, len(direct))
	had := make(map[int32]bool, len(direct))
	for _, g := range direct {
		out = append(out, place{g, g})
		had[g] = true
	}
	for _, g := range direct {
		for _, up := range m.groupsAbove(g) {
			if !had[up] {
				had[up] = true
				out = append(out, place{up, g})
			}
		}
	}
	slices.SortFunc(out[len(direct):], func(a, b place) int { return m.compare(a.group, b.group) })
	return out
}

func (m *membership) compare(a, b int32) int {
	return cmp.Or(cmp.Compare(m.groups[a].entitlement(), m.groups[b].entitlement()), cmp.Compare(m.groups[a].ID, m.groups[b].ID))
}

// byName lists groups once each, in the order of their addresses.
func (m *membership) byName(groups []int32) []int32 {
	groups = slices.Clone(groups)
	slices.SortFunc(groups, m.compare)
	return slices.Compact(groups)
}

// groupsAbove walks up from a group. Google refuses circles; one would not hang this.
func (m *membership) groupsAbove(g int32) []int32 {
	if up, ok := m.above[g]; ok {
		return up
	}
	had := map[int32]bool{}
	var up []int32
	for level := []int32{g}; len(level) > 0; {
		var next []int32
		for _, l := range level {
			for _, p := range m.byName(m.direct[m.groups[l].ID]) {
				if !had[p] {
					had[p] = true
					next = append(next, p)
				}
			}
		}
		up, level = append(up, next...), next
	}
	m.above[g] = up
	return up
}

// appendTo adds the user's groups.
func (m *membership) appendTo(out []connectors.Entitlement, places []place) []connectors.Entitlement {
	for _, p := range places {
		e := connectors.Entitlement{ID: m.groups[p.group].entitlement()}
		if p.via != p.group {
			e.Inherited = m.groups[p.via].entitlement()
		}
		out = append(out, e)
	}
	return out
}
