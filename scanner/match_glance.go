package scanner

import "rollcall/connectors"

// glance is what decides most questions about a person, in one place: their name and when they are employed.
type glance struct {
	name       uint64 // tokensHash of the present name; 0 = look at the entries
	start, end connectors.Date
	person     int32
	plain      bool // one record with a known first day: start and end are all its dates
	single     bool // nobody else could be the same human
}

// glanceName is a person's name at a glance. Their first entry is a name of their first record; with several records the
// name of which one it is makes no difference.
func (r *roster) glanceName(i int) uint64 {
	if lo := r.own[i]; lo < r.own[i+1] {
		if e := &r.entries[lo]; e.first > 0 && e.last > 0 {
			return tokensHash(e.given(r.arena), e.firstStarts) + tokensHash(e.family(r.arena), e.familyStarts)
		}
	}
	return 0
}

// glanceDates fills the glances but for the names.
func (r *roster) glanceDates() {
	r.movesOf = make([]uint32, len(r.people.All)+1)
	for i, p := range r.people.All {
		g := &r.glances[i]
		g.person, g.single = int32(i), len(p.MaybeSame) == 0
		if first := p.Records[0]; len(p.Records) == 1 && first.Start.Known() {
			g.start, g.end, g.plain = first.Start, first.End, true
			r.addMoves(first.Roles, first.Start)
			if len(p.Roles) > 0 && (len(first.Roles) == 0 || &p.Roles[0] != &first.Roles[0]) { // HR's own has promotions as well
				r.addMoves(p.Roles, first.Start)
			}
		}
		r.movesOf[i+1] = uint32(len(r.moves))
	}
}

func (r *roster) addMoves(roles []connectors.RolePeriod, hired connectors.Date) {
	for i := range roles {
		if from := roles[i].From; from.Known() && from != hired {
			r.moves = append(r.moves, from)
		}
	}
}
