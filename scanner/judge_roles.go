package scanner

import (
	"rollcall/connectors"
)

// roleID numbers the roles of the policy and of the roster, so that the account loop compares no names.
type roleID int32

const noRole roleID = -1

// roleBook is every role, and who held which.
type roleBook struct {
	names    []string // as first written
	paths    []string // in the policy, where that knows the role
	ids      map[string]roleID
	inPolicy []bool
	held     []roleID // flat: the distinct roles of each person, the present one first
}

// heldRoles are the roles of one person: held[first:first+n] of the book.
type heldRoles struct {
	first, n int32
	role     roleID          // the present one; noRole where HR gives none
	since    connectors.Date // of the present role, without interruption by another
	from     connectors.Date // from when earlier roles are known; 0 = only the present one is
	whole    bool            // known from the first employment's first day on
}

// newRoleBook fills in the roles of persons, who are in the order of people.All.
func newRoleBook(people *People, policy *Policy, asOf connectors.Date, persons []personFacts) *roleBook {
	b := &roleBook{ids: map[string]roleID{}}
	for _, name := range sortedRoles(policy) {
		b.id(name)
	}
	b.inPolicy = make([]bool, len(b.names))
	for i := range b.inPolicy {
		b.inPolicy[i] = true
		b.paths = append(b.paths, "roles."+b.names[i])
	}
	for i, p := range people.All {
		persons[i].heldRoles = b.add(p, asOf)
	}
	b.inPolicy = append(b.inPolicy, make([]bool, len(b.names)-len(b.inPolicy))...)
	return b
}

func (b *roleBook) id(name string) roleID {
	if id, ok := b.ids[name]; ok {
		return id // most names are written alike
	}
	key := foldRole(name)
	if key == "" {
		return noRole
	}
	id, ok := b.ids[key]
	if !ok {
		id = roleID(len(b.names))
		b.names = append(b.names, name)
		b.ids[key] = id
	}
	b.ids[name] = id
	return id
}

// add writes down one person's roles. Periods that begin after the day of the scan are plans, not roles held.
func (b *roleBook) add(p *Person, asOf connectors.Date) heldRoles {
	h := heldRoles{first: int32(len(b.held)), role: noRole, from: p.Since}
	start := connectors.Date(0)
	for _, r := range p.Records {
		if !r.Start.Known() {
			start = 0
			break
		}
		if start == 0 || r.Start < start {
			start = r.Start
		}
	}
	h.whole = h.from.Known() && start.Known() && h.from <= start
	present := noRole
	for i := len(p.Roles) - 1; i >= 0; i-- {
		r := p.Roles[i]
		if r.From > asOf {
			continue
		}
		id := b.id(roleKey(r))
		if id == noRole {
			continue
		}
		switch {
		case present == noRole:
			present, h.since = id, r.From
		case id == present && h.n == 1:
			h.since = r.From // a promotion, or a re-hire into the same role: held all along
		}
		b.hold(&h, id)
	}
	if present == noRole {
		b.hold(&h, b.id(roleKey(connectors.RolePeriod{Role: p.Now.Role, Department: p.Now.Department, Title: p.Now.Title})))
	}
	return h
}

func (b *roleBook) hold(h *heldRoles, id roleID) {
	if id == noRole {
		return
	}
	for _, have := range b.held[h.first:] {
		if have == id {
			return
		}
	}
	if h.n == 0 {
		h.role = id
	}
	b.held = append(b.held, id)
	h.n++
}

// roles are the distinct roles of a person, the present one first; none where HR gives none.
func (b *roleBook) roles(h *heldRoles) []roleID { return b.held[h.first : h.first+h.n] }

func (b *roleBook) name(id roleID) string { return b.names[id] }
