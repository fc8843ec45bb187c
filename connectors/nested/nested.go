// Package nested is what the connectors of directories share: groups that are members of other groups.
package nested

import "slices"

// Groups are groups that may hold each other, also in a circle. Each is a number. What they are is not to change once it was
// asked for.
type Groups struct {
	In      func(group int32) []int32 // the groups that one is itself a member of, in any order
	Compare func(a, b int32) int      // their order in lists: by what people know them by, then by what tells them apart

	above map[int32][]int32 // filled as asked for
}

// Place is a group that somebody is in, and through which: itself, for who is a member of it.
type Place struct{ Group, Through int32 }

// Places are the groups that a member of some is in: those, then those it is in through them, each in order, and each once.
func (g *Groups) Places(direct []int32) []Place {
	direct = g.Sorted(direct)
	out := make([]Place, 0, len(direct))
	for _, n := range direct {
		out = append(out, Place{n, n})
	}
	for _, n := range direct {
		for _, up := range g.Above(n) {
			if !slices.ContainsFunc(out, func(p Place) bool { return p.Group == up }) {
				out = append(out, Place{up, n})
			}
		}
	}
	slices.SortFunc(out[len(direct):], func(a, b Place) int { return g.Compare(a.Group, b.Group) })
	return out
}

// Sorted lists groups once each, in order.
func (g *Groups) Sorted(groups []int32) []int32 {
	groups = slices.Clone(groups)
	slices.SortFunc(groups, g.Compare)
	return slices.Compact(groups)
}

// Above are all groups that the members of one are in through it, the nearest first; never that one itself.
func (g *Groups) Above(group int32) []int32 {
	if up, ok := g.above[group]; ok {
		return up
	}
	up := g.Sorted(g.In(group))
	for i := 0; i < len(up); i++ {
		for _, p := range g.Sorted(g.In(up[i])) {
			if !slices.Contains(up, p) {
				up = append(up, p)
			}
		}
	}
	up = slices.DeleteFunc(up, func(p int32) bool { return p == group })
	if g.above == nil {
		g.above = map[int32][]int32{}
	}
	g.above[group] = up
	return up
}
