package ledger

import (
	"maps"
	"slices"

	"rollcall/connectors"
	"rollcall/scanner"
)

func packPeople(m people) []byte {
	var p packer
	p.uint(uint64(len(m)))
	for _, id := range slices.Sorted(maps.Keys(m)) {
		line := m[id]
		p.text(string(id))
		p.uint(uint64(line.Status))
		p.bool(line.Ended)
		p.shared(line.Role)
		p.shared(line.Department)
		p.shared(line.Title)
	}
	return p.bytes()
}

func unpackPeople(b []byte) (people, error) {
	u := unpack(b)
	n := u.count()
	m := make(people, n)
	for range n {
		id := connectors.PersonID(u.text())
		m[id] = scanner.RosterLine{Status: connectors.WorkStatus(u.uint()), Ended: u.bool(),
			Role: u.shared(), Department: u.shared(), Title: u.shared()}
	}
	return m, u.err
}

func packRoles(m roles) []byte {
	var p packer
	p.uint(uint64(len(m)))
	for _, id := range slices.Sorted(maps.Keys(m)) {
		p.text(string(id))
		p.uint(uint64(len(m[id])))
		for _, r := range m[id] {
			p.int(int64(r.On))
			p.shared(r.Role)
			p.shared(r.Department)
			p.shared(r.Title)
		}
	}
	return p.bytes()
}

func unpackRoles(b []byte) (roles, error) {
	u := unpack(b)
	n := u.count()
	m := make(roles, n)
	for range n {
		id := connectors.PersonID(u.text())
		seen := make([]scanner.SeenRole, u.count())
		for i := range seen {
			seen[i] = scanner.SeenRole{On: connectors.Date(u.int32()), Role: u.shared(), Department: u.shared(), Title: u.shared()}
		}
		m[id] = seen
	}
	return m, u.err
}

func packMissing(m missing) []byte {
	var p packer
	p.uint(uint64(len(m)))
	for _, id := range slices.Sorted(maps.Keys(m)) {
		p.text(string(id))
		p.uint(uint64(m[id]))
	}
	return p.bytes()
}

func unpackMissing(b []byte) (missing, error) {
	u := unpack(b)
	n := u.count()
	m := make(missing, n)
	for range n {
		id := connectors.PersonID(u.text())
		m[id] = int(u.uint())
	}
	return m, u.err
}
