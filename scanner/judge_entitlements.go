package scanner

import (
	"maps"
	"slices"
	"strings"

	"rollcall/connectors"
)

// entitlements numbers the entitlements of one app as they come, and answers by number what the policy says of them.
type entitlements struct {
	ids   map[connectors.EntitlementID]int32
	all   []entitlement
	names []connectors.EntitlementID
	named bool // the policy says of some role what it may have in this app
	base  *patterns
	roles []*patterns // by roleID: what the role may have; nil = nothing here
	bits  [][]uint64  // by roleID: two bits an entitlement, "asked" and "allowed"
	sod   []sodPattern
	musts []must
	need  [][]int32 // by roleID: the musts of its holders
	power *patterns
}

type entitlement struct {
	folded     string
	base       bool // everybody may have it
	privileged bool
	sides      []sodSide
	musts      []int32 // those it satisfies
}

// must is something that holders of some role must have.
type must struct {
	name connectors.EntitlementID // as the policy writes it
	set  *patterns
	all  string // everybody must: the key that says so
}

func newEntitlements(j *judge, a *App) entitlements {
	e := entitlements{ids: map[connectors.EntitlementID]int32{}, power: newPatterns(a.Privileged),
		roles: make([]*patterns, len(j.roles.names)), bits: make([][]uint64, len(j.roles.names)), need: make([][]int32, len(j.roles.names))}
	p := j.Policy
	byName := map[string]int32{}
	base := [][]string{p.Birthright.Allow[a.ID], p.Birthright.Must[a.ID]}
	e.require(byName, noRole, "birthright", p.Birthright.Must[a.ID])
	lists := map[roleID][][]string{}
	for _, name := range sortedRoles(p) {
		allow, musts := p.Roles[name].Allow[a.ID], p.Roles[name].Must[a.ID]
		if strings.TrimSpace(name) == everybody {
			base = append(base, allow, musts)
			e.require(byName, noRole, "roles."+name, musts)
			continue
		}
		id := j.roles.id(name)
		if id == noRole || len(allow)+len(musts) == 0 {
			continue
		}
		lists[id] = append(lists[id], allow, musts)
		e.require(byName, id, "", musts)
	}
	for id, l := range lists {
		e.roles[id] = newPatterns(l...)
	}
	e.base = newPatterns(base...)
	e.named = len(lists) > 0 || len(e.base.plain)+len(e.base.globs) > 0
	e.sod = sodPatterns(p, a.ID)
	return e
}

// require notes what holders of a role must have; noRole is everybody, of whom the key all speaks.
func (e *entitlements) require(byName map[string]int32, role roleID, all string, names []string) {
	for _, n := range names {
		i, ok := byName[fold(n)]
		if !ok {
			i = int32(len(e.musts))
			byName[fold(n)] = i
			e.musts = append(e.musts, must{name: connectors.EntitlementID(n), set: newPatterns([]string{n})})
		}
		if role == noRole {
			e.musts[i].all = all
		} else if !slices.Contains(e.need[role], i) {
			e.need[role] = append(e.need[role], i)
		}
	}
}

func sortedRoles(p *Policy) []string { return slices.Sorted(maps.Keys(p.Roles)) }

// add numbers an entitlement seen for the first time.
func (e *entitlements) add(id connectors.EntitlementID) int32 {
	n := int32(len(e.all))
	folded := fold(string(id))
	ent := entitlement{folded: folded, base: e.base.has(folded), privileged: e.power.has(folded)}
	for _, s := range e.sod {
		if fits(s.pattern, folded) {
			ent.sides = append(ent.sides, s.side)
		}
	}
	for i, m := range e.musts {
		if m.set.has(folded) {
			ent.musts = append(ent.musts, int32(i))
		}
	}
	e.ids[id] = n
	e.names = append(e.names, id)
	e.all = append(e.all, ent)
	return n
}

// allowed tells whether the policy lets holders of the role have the entitlement; noRole is nobody in particular.
func (e *entitlements) allowed(role roleID, ent int32) bool {
	if e.all[ent].base {
		return true
	}
	if role == noRole {
		return false
	}
	set := e.roles[role]
	if set == nil {
		return false
	}
	word, bit := int(ent>>5), uint(ent&31)*2
	bits := e.bits[role]
	if word >= len(bits) {
		bits = append(bits, make([]uint64, word+1-len(bits))...)
		e.bits[role] = bits
	}
	if bits[word]>>bit&1 == 0 {
		v := uint64(1)
		if set.has(e.all[ent].folded) {
			v = 3
		}
		bits[word] |= v << bit
	}
	return bits[word]>>bit&2 != 0
}

// number turns the entitlements of the account at hand into numbers.
func (aj *appJudge) number(list []connectors.Entitlement) {
	aj.held, aj.power = aj.held[:0], false
	for i := range list {
		n, ok := aj.ents.ids[list[i].ID]
		if !ok {
			n = aj.ents.add(list[i].ID)
		}
		aj.held = append(aj.held, n)
		aj.power = aj.power || aj.privileged(i, &list[i])
	}
}

// privileged tells it of the i-th entitlement of the account at hand.
func (aj *appJudge) privileged(i int, e *connectors.Entitlement) bool {
	return e.Privileged || aj.ents.all[aj.held[i]].privileged
}
