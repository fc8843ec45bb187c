package ldap

import (
	"cmp"
	"fmt"
	"slices"

	"rollcall/connectors"
	"rollcall/connectors/nested"
)

// group is one group of the directory.
type group struct {
	id, dn     string
	name       connectors.EntitlementID
	privileged bool
}

// membership says who is in which groups. Group numbers are positions in groups.
type membership struct {
	groups  []group
	byID    map[string]int32
	bySID   map[sid]int32
	direct  map[string][]int32 // by the key of any member; groups as members are moved to parents when all are known
	parents map[int32][]int32  // groups that a group is itself a member of
	nested.Groups
}

func newMembership() *membership {
	m := &membership{byID: map[string]int32{}, bySID: map[sid]int32{}, direct: map[string][]int32{}, parents: map[int32][]int32{}}
	m.In = func(g int32) []int32 { return m.parents[g] }
	m.Compare = func(a, b int32) int {
		return cmp.Or(cmp.Compare(m.groups[a].name, m.groups[b].name), cmp.Compare(m.groups[a].id, m.groups[b].id))
	}
	return m
}

// uidKey is the key of a member that is named by its uid.
func uidKey(uid string) string { return "uid:" + uid }

func (m memberAttr) key(value string) string {
	if m.uid {
		return uidKey(value)
	}
	return memberKey(value)
}

// readGroups reads every group with all its members. Whatever cannot be understood ends the pull: a group left out would
// be entitlements lost without a trace.
func (r *reader) readGroups() (*membership, error) {
	m := newMembership()
	d := r.app.dialect
	q := query{connectors.Groups, r.groupBase(), d.groups, slices.Clone(d.groupAttrs)}
	for _, by := range d.members {
		q.attributes = append(q.attributes, by.name)
	}
	err := r.list(q, func(e entry) error {
		var members [][]string
		for _, by := range d.members {
			v, err := r.values(q.coll, e, by.name)
			if err != nil {
				return err
			}
			members = append(members, v)
		}
		n, err := r.add(m, e)
		if err != nil {
			return err
		}
		for i, by := range d.members {
			for _, v := range members[i] {
				m.link(by.key(v), n)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	m.settle()
	if len(m.groups) > 0 && len(m.direct) == 0 {
		r.trace.Note(q.coll, "not one of the groups names a member: this account may not be allowed to read them")
	}
	return m, nil
}

// add makes an entry known as a group, once.
func (r *reader) add(m *membership, e entry) (int32, error) {
	d := r.app.dialect
	id := d.idOf(e)
	if id == "" {
		return 0, fmt.Errorf("group %s: its %s cannot be read: grant that to the account in bind", r.app.location(e.DN), d.id)
	}
	if n, known := m.byID[id]; known {
		return n, nil
	}
	n := int32(len(m.groups))
	m.byID[id] = n
	g := group{id: id, dn: e.DN, name: connectors.EntitlementID(d.nameOf(e, r.groupBase()))}
	if s, err := parseSID(e.raw("objectSid")); err == nil {
		m.bySID[s] = n
		g.privileged = privileged(e, s)
	}
	m.groups = append(m.groups, g)
	return n, nil
}

func (m *membership) link(member string, group int32) {
	if !slices.Contains(m.direct[member], group) {
		m.direct[member] = append(m.direct[member], group)
	}
}

// settle runs when all groups are known: it tells nested groups from accounts, and what is above a privileged group's
// members privileged too: who is in it is in that one.
func (m *membership) settle() {
	for n := range m.groups {
		key := memberKey(m.groups[n].dn)
		if in, ok := m.direct[key]; ok {
			m.parents[int32(n)] = in
			delete(m.direct, key)
		}
	}
	rules := make([]bool, len(m.groups))
	for n := range m.groups {
		rules[n] = m.groups[n].privileged || slices.ContainsFunc(m.Above(int32(n)), func(up int32) bool { return m.groups[up].privileged })
	}
	for n := range m.groups {
		m.groups[n].privileged = rules[n]
	}
}

// has tells whether any group names the member.
func (m *membership) has(keys ...string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { return len(m.direct[k]) > 0 })
}

// directOf are the groups that name an account, by the order of their names, and its primary group, which names nobody.
func (m *membership) directOf(keys []string, primary sid) []int32 {
	var direct []int32
	for _, k := range keys {
		direct = append(direct, m.direct[k]...)
	}
	if n, ok := m.bySID[primary]; ok && primary != "" {
		direct = append(direct, n)
	}
	return m.Sorted(direct)
}

// appendTo adds to out the groups that an account is in: those of its own, then those it is in through them, each by name.
func (m *membership) appendTo(out []connectors.Entitlement, direct []int32) []connectors.Entitlement {
	for _, p := range m.Places(direct) {
		e := connectors.Entitlement{ID: m.groups[p.Group].name, Privileged: m.groups[p.Group].privileged}
		if p.Through != p.Group {
			e.Inherited = m.groups[p.Through].name
		}
		out = append(out, e)
	}
	return out
}

// groupsOf reads the groups of one account, and those above them: from the account upwards, by asking which groups name it,
// so that no group is read whole. in tells by which attributes a group names the account.
func (r *reader) groupsOf(dn, uid string, primary sid) (m *membership, in map[int32][]string, err error) {
	m, in = newMembership(), map[int32][]string{}
	for _, by := range r.app.dialect.members {
		value := dn
		if by.uid {
			value = uid
		}
		if value == "" {
			continue
		}
		if err := r.naming(m, by, value, func(n int32) { in[n] = append(in[n], by.name) }); err != nil {
			return nil, nil, err
		}
	}
	if primary != "" {
		if err := r.naming(m, memberAttr{name: "objectSid"}, string(primary), nil); err != nil {
			return nil, nil, err
		}
	}
	for n := 0; n < len(m.groups); n++ { // and those that this finds
		for _, by := range r.app.dialect.members {
			if by.uid {
				continue
			}
			if err := r.naming(m, by, m.groups[n].dn, nil); err != nil {
				return nil, nil, err
			}
		}
	}
	m.settle()
	return m, in, nil
}

// naming reads the groups that have a value, and links it to them.
func (r *reader) naming(m *membership, by memberAttr, value string, found func(int32)) error {
	d := r.app.dialect
	q := query{connectors.Groups, r.groupBase(), "(&" + d.groups + equals(by.name, []byte(value)) + ")", d.groupAttrs}
	return r.list(q, func(e entry) error {
		n, err := r.add(m, e)
		if err != nil {
			return err
		}
		m.link(by.key(value), n)
		if found != nil {
			found(n)
		}
		return nil
	})
}
