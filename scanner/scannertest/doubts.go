package scannertest

import "rollcall/connectors"

// markDoubts marks whom HR's records alone cannot tell: an ended person whose name or address somebody living has, and a
// re-hire whose two records nothing ties.
func (g *maker) markDoubts() {
	byKey := map[string][]*human{}
	for _, h := range g.humans {
		keys := map[string]bool{}
		for _, p := range h.jobs {
			keys[joined(p.FirstName+p.LastName)], keys[bareAddress(p.WorkEmail)] = true, true
			if p.FormerLastName != "" {
				keys[joined(p.FirstName+p.FormerLastName)] = true
			}
			for _, a := range p.Aliases {
				keys[a] = true
			}
		}
		for k := range keys {
			byKey[k] = append(byKey[k], h)
		}
		h.doubt = len(h.jobs) > 1 && !tied(h.jobs[0], h.jobs[1])
	}
	for _, same := range byKey {
		for _, a := range same {
			for _, b := range same {
				if a != b && a.left(g.AsOf) && !b.left(g.AsOf) && !apart(a, b) {
					a.doubt = true
				}
			}
		}
	}
}

// tied tells whether the records show that two employments are one human's.
func tied(a, b *connectors.Person) bool {
	return b.Previous == a.ID || a.PersonalEmail != "" && a.PersonalEmail == b.PersonalEmail
}

// apart tells whether the records show that two people are two.
func apart(a, b *human) bool {
	for _, x := range a.jobs {
		for _, y := range b.jobs {
			if x.PersonalEmail == "" || y.PersonalEmail == "" {
				return min(x.End, lastOf(y.End))-max(x.Start, y.Start) > 14
			}
		}
	}
	return true
}

// lastOf is a last day; an open end is far ahead.
func lastOf(d connectors.Date) connectors.Date {
	if d == 0 {
		return 1 << 30
	}
	return d
}
