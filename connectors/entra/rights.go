package entra

import (
	"cmp"
	"slices"

	"rollcall/connectors"
	"rollcall/connectors/nested"
)

// rights say who holds what: memberships of groups, and what is given to accounts and groups directly.
type rights struct {
	*catalogue
	member  map[oid][]int32   // groups, by a member that is no group
	parents map[int32][]int32 // groups that a group is itself a member of
	given   map[oid][]grant   // by account or group
	things  []thing
	number  map[thing]int32
	missed  bool // something held is not in the catalogue
	nested.Groups
}

// thing is one directory role or app role that somebody holds.
type thing struct {
	kind       kind
	id, sub    string // the role's definition and its scope; the app's object id and the app role's id
	name       connectors.EntitlementID
	privileged bool
}

type kind string

const (
	groupKind    kind = "group"
	roleKind     kind = "role"
	eligibleKind kind = "eligible role"
	appRoleKind  kind = "app role"
	licenceKind  kind = "licence"
)

// grant is one thing that is given.
type grant struct {
	thing          int32
	granted, until connectors.Date
}

func newRights(c *catalogue) *rights {
	r := &rights{catalogue: c, member: map[oid][]int32{}, parents: map[int32][]int32{}, given: map[oid][]grant{}, number: map[thing]int32{}}
	r.In = func(g int32) []int32 { return r.parents[g] }
	r.Compare = func(a, b int32) int {
		return cmp.Or(cmp.Compare(r.groups[a].name, r.groups[b].name), cmp.Compare(a, b))
	}
	return r
}

// join notes that something is a member of a group.
func (r *rights) join(member oid, g int32) {
	if n, nested := r.index[member]; nested {
		r.parents[n] = append(r.parents[n], g)
		return
	}
	r.member[member] = append(r.member[member], g)
}

// give notes that somebody, or a group, is given something.
func (r *rights) give(to oid, t thing, g grant) {
	n, known := r.number[t]
	if !known {
		n = int32(len(r.things))
		r.number[t] = n
		r.things = append(r.things, t)
	}
	g.thing = n
	r.given[to] = append(r.given[to], g)
}

// appendTo adds all that an account holds: the groups it is a member of, those it is in through them, what it is given, and
// what its groups give it; each by name.
func (r *rights) appendTo(out []connectors.Entitlement, id oid) []connectors.Entitlement {
	places := r.Places(r.member[id])
	for _, p := range places {
		e := connectors.Entitlement{ID: r.groups[p.Group].name, Privileged: r.groups[p.Group].IsAssignableToRole}
		if p.Through != p.Group {
			e.Inherited = r.groups[p.Through].name
		}
		out = append(out, e)
	}
	at := len(out)
	for _, g := range r.given[id] {
		out = r.add(out, at, g, "")
	}
	for _, p := range places {
		for _, g := range r.given[r.groups[p.Group].ID] {
			// An app takes in who is a member of the group itself, and nobody from groups within it (learn.microsoft.com,
			// "Assign users and groups to an application").
			if r.things[g.thing].kind != appRoleKind || p.Group == p.Through {
				out = r.add(out, at, g, r.groups[p.Through].name)
			}
		}
	}
	sortByID(out[at:])
	return out
}

// add adds what is given, unless it is there from another side already.
func (r *rights) add(out []connectors.Entitlement, from int, g grant, through connectors.EntitlementID) []connectors.Entitlement {
	t := r.things[g.thing]
	if slices.ContainsFunc(out[from:], func(e connectors.Entitlement) bool { return e.ID == t.name }) {
		return out
	}
	return append(out, connectors.Entitlement{ID: t.name, Privileged: t.privileged, Inherited: through, Granted: g.granted, Until: g.until})
}

func sortByID(e []connectors.Entitlement) {
	slices.SortFunc(e, func(a, b connectors.Entitlement) int { return cmp.Compare(a.ID, b.ID) })
}

// held are the ids of what an account holds itself, by name: what a removal and its undo need.
func (r *rights) held(id oid) map[connectors.EntitlementID]ref {
	out := map[connectors.EntitlementID]ref{}
	for _, g := range r.member[id] {
		out[r.groups[g].name] = ref{Kind: groupKind, ID: r.groups[g].ID.String()}
	}
	for _, g := range r.given[id] {
		t := r.things[g.thing]
		out[t.name] = ref{t.kind, t.id, t.sub}
	}
	return out
}

// ref finds one thing again, however it is called by then.
type ref struct {
	Kind kind   `json:"kind"`
	ID   string `json:"id"`
	Sub  string `json:"sub,omitempty"`
}
