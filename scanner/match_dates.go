package scanner

import "rollcall/connectors"

// dateFit is how an account's creation lies to a person's employments.
type dateFit uint8

const (
	dateOutside dateFit = iota // before the first day, between employments, after the last day
	dateUnknown
	dateInside // while employed
	dateNear   // when hired, or when moved to a new role: as accounts are made
)

const (
	provisionedEarly = 45 // days before the first day that an account may be made
	hiringBefore     = 7  // around a hiring or a move, accounts are expected
	hiringAfter      = 10
	afterLastDay     = 3
)

// outside is fitDates == dateOutside, mostly at a glance.
func (m *matcher) outside(g *glance, created connectors.Date) bool {
	if g.plain && created.Known() {
		return created < g.start-provisionedEarly || g.end.Known() && created > g.end+afterLastDay
	}
	return fitDates(m.people.All[g.person], created, m.asOf) == dateOutside
}

// dates is fitDates, mostly at a glance.
func (m *matcher) dates(g *glance, created connectors.Date) dateFit {
	if !g.plain || !created.Known() {
		return fitDates(m.people.All[g.person], created, m.asOf)
	}
	switch {
	case m.outside(g, created):
		return dateOutside
	case near(g.start, created), g.start > m.asOf:
		return dateNear
	}
	for _, on := range m.moves[m.movesOf[g.person]:m.movesOf[g.person+1]] {
		if near(on, created) {
			return dateNear
		}
	}
	return dateInside
}

// near tells whether an account made then may have been made for a hiring or a move of that day.
func near(day, created connectors.Date) bool {
	return created >= day-hiringBefore && created <= day+hiringAfter
}

func fitDates(p *Person, created, asOf connectors.Date) dateFit {
	if !created.Known() {
		return dateUnknown
	}
	out := dateOutside
	for _, r := range p.Records {
		switch {
		case !r.Start.Known():
			out = max(out, dateUnknown)
		case created < r.Start-provisionedEarly || r.End.Known() && created > r.End+afterLastDay:
		case near(r.Start, created), r.Start > asOf:
			return dateNear
		default:
			out = max(out, dateInside)
		}
	}
	if out != dateInside {
		return out
	}
	for _, r := range p.Records {
		if nearMove(r.Roles, created) { // HR's own history has promotions as well
			return dateNear
		}
	}
	if nearMove(p.Roles, created) {
		return dateNear
	}
	return out
}

func nearMove(roles []connectors.RolePeriod, created connectors.Date) bool {
	for _, role := range roles {
		if role.From.Known() && near(role.From, created) {
			return true
		}
	}
	return false
}
