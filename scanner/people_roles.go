package scanner

import (
	"slices"

	"rollcall/connectors"
)

// joinRoles lays the roles of a person's employments end to end, oldest first, adjacent equal ones joined, and tells from
// which day on they are known; 0 means that only the present role is.
func joinRoles(records []*connectors.Person, seen map[connectors.PersonID][]SeenRole, asOf connectors.Date) ([]connectors.RolePeriod, connectors.Date) {
	if len(records) == 1 && len(records[0].Roles) > 0 && laidOut(records[0].Roles) {
		return records[0].Roles, historySince(records[0], nil) // as nearly always: no copy
	}
	var roles []connectors.RolePeriod
	since, whole := connectors.Date(0), true // whole: every later record is known from its first day
	for _, r := range slices.Backward(records) {
		periods, from := recordRoles(r, seen[r.ID], asOf)
		roles = append(periods, roles...)
		if whole && from.Known() {
			since = from
		}
		whole = whole && from.Known() && from <= r.Start
	}
	return joinEqual(roles), since
}

// laidOut tells whether the periods stand in order and no two of one role side by side.
func laidOut(roles []connectors.RolePeriod) bool {
	for i := 1; i < len(roles); i++ {
		if roles[i].From < roles[i-1].From || sameRole(roles[i-1], roles[i]) {
			return false
		}
	}
	return true
}

// recordRoles are the roles of one employment, in a slice of its own, and from when they are known.
func recordRoles(r *connectors.Person, seen []SeenRole, asOf connectors.Date) ([]connectors.RolePeriod, connectors.Date) {
	if len(r.Roles) > 0 {
		periods := slices.Clone(r.Roles)
		slices.SortStableFunc(periods, func(a, b connectors.RolePeriod) int { return int(a.From - b.From) })
		return periods, historySince(r, seen)
	}
	var periods []connectors.RolePeriod
	for _, s := range seen {
		periods = append(periods, connectors.RolePeriod{From: s.On, Role: s.Role, Department: s.Department, Title: s.Title})
	}
	if last := len(periods) - 1; last >= 0 && sameRole(periods[last], presentRole(r)) {
		if r.Start.Known() && periods[0].From <= r.Start {
			periods[0].From = r.Start
		}
		return periods, max(periods[0].From, r.Start)
	}
	now := presentRole(r)
	if len(periods) > 0 {
		now.From = asOf // it changed after the last roster
	}
	return append(periods, now), historySince(r, seen)
}

func presentRole(r *connectors.Person) connectors.RolePeriod {
	return connectors.RolePeriod{Role: r.Role, Department: r.Department, Title: r.Title}
}

func historySince(r *connectors.Person, seen []SeenRole) connectors.Date {
	switch {
	case r.HistorySince.Known():
		return r.HistorySince
	case len(r.Roles) > 0:
		return r.Roles[0].From
	case len(seen) > 0:
		return max(seen[0].On, r.Start)
	}
	return 0
}

// joinEqual makes one period of adjacent ones in the same role; the later title stands, so a promotion is no move.
func joinEqual(roles []connectors.RolePeriod) []connectors.RolePeriod {
	out := roles[:0]
	for _, p := range roles {
		if n := len(out); n > 0 && sameRole(out[n-1], p) {
			out[n-1].Title = p.Title
			continue
		}
		out = append(out, p)
	}
	return out
}

// sameRole compares by the role where HR keeps one, else by the title.
func sameRole(a, b connectors.RolePeriod) bool {
	if a.Department != b.Department || a.Role != b.Role {
		return false
	}
	return a.Role != "" || a.Title == b.Title
}
