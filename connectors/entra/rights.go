package entra

import (
	"cmp"
	"slices"

	"rollcall/connectors"
)

// rights say who holds what: memberships of groups, and what is given to accounts and groups directly.
type rights struct {
	*catalogue
	member  map[oid][]int32   // groups, by a member that is no group
	parents map[int32][]int32 // groups that a group is itself a member of
	above   map[int32][]int32 // all groups above one, nearest first: filled as asked for
	given   map[oid][]grant   // by account or group
	things  []thing
	number  map[thing]int32
	missed  bool // something held is not in the catalogue
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
	return &rights{catalogue: c, member: map[oid][]int32{}, parents: map[int32][]int32{}, above: map[int32][]int32{},
		given: map[oid][]grant{}, number: map[thing]int32{}}
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
	direct := r.byName(r.member[id])
	for _, g := range direct {
		out = append(out, r.groupAs(g, ""))
	}
	at, had := len(out), slices.Clone(direct)
	type path struct{ group, through int32 }
	var paths []path
	for _, g := range direct {
		paths = append(paths, path{g, g})
		for _, up := range r.groupsAbove(g) {
			if !slices.Contains(had, up) {
				had = append(had, up)
				paths = append(paths, path{up, g})
				out = append(out, r.groupAs(up, r.groups[g].name))
			}
		}
	}
	sortByID(out[at:])
	at = len(out)
	for _, g := range r.given[id] {
		out = r.add(out, at, g, "")
	}
	for _, p := range paths {
		for _, g := range r.given[r.groups[p.group].ID] {
			// An app takes in who is a member of the group itself, and nobody from groups within it (learn.microsoft.com,
			// "Assign users and groups to an application").
			if r.things[g.thing].kind != appRoleKind || p.group == p.through {
				out = r.add(out, at, g, r.groups[p.through].name)
			}
		}
	}
	sortByID(out[at:])
	return out
}

func (r *rights) groupAs(g int32, through connectors.EntitlementID) connectors.Entitlement {
	return connectors.Entitlement{ID: r.groups[g].name, Inherited: through, Privileged: r.groups[g].IsAssignableToRole}
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

// byName lists groups once each, in the order of their names.
func (r *rights) byName(groups []int32) []int32 {
	groups = slices.Clone(groups)
	slices.SortFunc(groups, func(a, b int32) int {
		return cmp.Or(cmp.Compare(r.groups[a].name, r.groups[b].name), cmp.Compare(a, b))
	})
	return slices.Compact(groups)
}

// groupsAbove walks up from a group. Groups may contain each other in a circle.
func (r *rights) groupsAbove(g int32) []int32 {
	if up, ok := r.above[g]; ok {
		return up
	}
	up := r.byName(r.parents[g])
	for i := 0; i < len(up); i++ {
		for _, p := range r.byName(r.parents[up[i]]) {
			if !slices.Contains(up, p) {
				up = append(up, p)
			}
		}
	}
	up = slices.DeleteFunc(up, func(p int32) bool { return p == g })
	r.above[g] = up
	return up
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
