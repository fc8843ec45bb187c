package scanner

import (
	"cmp"
	"slices"

	"rollcall/connectors"
)

// holdings is who holds what in one app, kept as numbers: what people of a role have in common can only be told once the
// whole app was read. It is kept for mining a policy, and for judging by peers where the policy says nothing.
type holdings struct {
	seats  []seatOf
	rows   []holding
	groups []connectors.EntitlementID // by which entitlements are inherited; holding.group counts from 1
	group  map[connectors.EntitlementID]int32
}

// seatOf is an account of somebody who works here.
type seatOf struct {
	holder
	byPeers bool // the policy does not say what its owner's role may have
}

// holding is one entitlement of one seat.
type holding struct {
	seat, ent  int32
	granted    connectors.Date
	group      int32
	privileged bool
	kept       bool // held since before the present role, as far as is known: an earlier role may be why
}

func newHoldings() *holdings { return &holdings{group: map[connectors.EntitlementID]int32{}} }

// keep notes the account at hand and what it holds. byPeers tells that its entitlements are to be judged by peers.
func (h *holdings) keep(aj *appJudge, owner *Person, byPeers bool) {
	seat := int32(len(h.seats))
	h.seats = append(h.seats, seatOf{holderOf(&aj.s), byPeers})
	for i, ent := range aj.held {
		e := &aj.s.acc.Entitlements[i]
		h.rows = append(h.rows, holding{seat: seat, ent: ent, granted: e.Granted, group: h.groupOf(e.Inherited),
			privileged: aj.privileged(i, e), kept: aj.keptFrom(owner, aj.s.acc.ID, e)})
	}
}

func (h *holdings) groupOf(id connectors.EntitlementID) int32 {
	if id == "" {
		return 0
	}
	n, ok := h.group[id]
	if !ok {
		h.groups = append(h.groups, id)
		n = int32(len(h.groups))
		h.group[id] = n
	}
	return n
}

// inherited is the group that gives what is held; empty when it is given directly.
func (h *holdings) inherited(r *holding) connectors.EntitlementID {
	if r.group == 0 {
		return ""
	}
	return h.groups[r.group-1]
}

// keptFrom tells whether an earlier role may be why the owner has an entitlement: there was one, and the entitlement is not
// known to have come since.
func (aj *appJudge) keptFrom(owner *Person, acc connectors.AccountID, e *connectors.Entitlement) bool {
	roles := aj.facts(owner)
	if roles.n < 2 {
		return false
	}
	had, _ := aj.before(acc, e.ID, e.Granted, roles.since)
	return had != connectors.No
}

// counts is how many people of each role have an account in an app, and how many of them hold what.
type counts struct {
	names   []connectors.EntitlementID // by number; only when mining
	people  map[roleID]int
	held    map[roleEnt]count
	seldom  map[roleID]bool // the role's people hardly ever have an account: the app is not for them
	adopted float64         // part of the people of the other roles who have one
}

type roleEnt struct {
	role roleID
	ent  int32
}

// count parts the people of a role who hold an entitlement: those who have it since they are in their role, and those an
// earlier role may have left it with, who say nothing of what is normal.
type count struct{ own, kept int }

// settle puts the holdings of each person together, whatever order they came in. Where somebody holds a thing by several
// accounts, it counts as left by an earlier role only if all of them have it from before.
func (h *holdings) settle() {
	slices.SortFunc(h.rows, func(a, b holding) int {
		return cmp.Or(cmp.Compare(h.owner(&a).Index, h.owner(&b).Index), cmp.Compare(a.ent, b.ent), cmpBool(a.kept, b.kept), cmp.Compare(a.seat, b.seat))
	})
	for i := range h.rows {
		if i > 0 && h.rows[i].ent == h.rows[i-1].ent && h.owner(&h.rows[i]) == h.owner(&h.rows[i-1]) {
			h.rows[i].kept = h.rows[i-1].kept
		}
	}
}

func (h *holdings) owner(r *holding) *Person { return h.seats[r.seat].owner }

// count counts the people of each role, each once, after settle.
func (h *holdings) count(roleOf func(*Person) roleID) counts {
	c := counts{people: map[roleID]int{}, held: map[roleEnt]count{}}
	seen := make(map[*Person]bool, len(h.seats))
	for i := range h.seats {
		if p := h.seats[i].owner; !seen[p] {
			seen[p] = true
			c.people[roleOf(p)]++
		}
	}
	for i := range h.rows {
		r := &h.rows[i]
		if i > 0 && h.rows[i-1].ent == r.ent && h.owner(&h.rows[i-1]) == h.owner(r) {
			continue
		}
		k := roleEnt{roleOf(h.owner(r)), r.ent}
		n := c.held[k]
		if r.kept {
			n.kept++
		} else {
			n.own++
		}
		c.held[k] = n
	}
	return c
}

// portion is "n of these": how many of the people who could tell hold an entitlement.
type portion struct{ n, of int }

// of is the portion of a role that holds an entitlement since it is in that role. Whoever an earlier role may have left it
// with counts on neither side.
func (c *counts) of(role roleID, ent int32) portion {
	h := c.held[roleEnt{role, ent}]
	return portion{h.own, c.people[role] - h.kept}
}

// least tells whether the portion is at least so many percent.
func (p portion) least(percent int) bool { return p.of > 0 && p.n*100 >= p.of*percent }

// A role whose people have an account this much more seldom than those of the role that has most, in percent, is not one
// the app is for: its few accounts are leftovers, whatever they hold. Roles of fewer than fewStaff set no measure.
const (
	seldomPercent = 15
	fewStaff      = 5
)

// adoption tells how usual an account in the app is.
func (c *counts) adoption(staff []int) {
	top := portion{0, 1}
	for role, n := range c.people {
		if p := (portion{n, staff[role]}); p.of >= fewStaff && p.n*top.of > top.n*p.of {
			top = p
		}
	}
	all := portion{}
	c.seldom = map[roleID]bool{}
	for role, of := range staff {
		n := c.people[roleID(role)]
		if c.seldom[roleID(role)] = n*top.of*100 < of*top.n*seldomPercent; !c.seldom[roleID(role)] {
			all.n, all.of = all.n+n, all.of+of
		}
	}
	if all.of > 0 {
		c.adopted = float64(all.n) / float64(all.of)
	}
}
