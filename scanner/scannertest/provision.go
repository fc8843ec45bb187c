package scannertest

import (
	"slices"

	"rollcall/connectors"
)

// login is an account as it truly is, before any export garbles it.
type login struct {
	sys      *system
	owner    *human // of a human account; of the others, who answers for it; nil = nobody on the roster
	class    connectors.Class
	scenario string
	created  connectors.Date
	enabled  bool
	signIn   connectors.Date // 0 = never
	rights   []connectors.Entitlement
	id       connectors.PersonID // the employee id the app has
	mail     string
	name     name
	username string
	ownerRef string
	label    connectors.Class // as the app labels it
	display  string           // of an account that is nobody's own
	like     bool             // a stranger with the name of somebody on the roster
}

// provision lives everybody's life through and leaves the accounts they would have.
func (g *maker) provision() {
	for _, h := range g.humans {
		for i, p := range h.jobs {
			g.employ(h, i, p)
		}
		if h.scenario == "conflict" {
			g.giveBoth(h)
		}
		for _, l := range h.logins {
			g.use(l)
		}
	}
}

// giveBoth gives both sides of a rule to one person: somebody decided on it, twice.
func (g *maker) giveBoth(h *human) {
	c := pick(g.r, conflicts)
	for _, side := range [][2]string{{c.appA, c.a}, {c.appB, c.b}} {
		i := slices.IndexFunc(g.systems, func(s *system) bool { return s.id == side[0] })
		if i < 0 {
			return
		}
		p := h.now()
		l := h.account(g.systems[i], p.ID)
		if l == nil {
			l = g.open(h, g.systems[i], p, p.Start, g.AsOf)
		}
		if l.enabled = true; !l.holds(side[1]) {
			l.rights = append(l.rights, connectors.Entitlement{ID: connectors.EntitlementID(side[1]), Granted: g.between(l.created, g.AsOf)})
		}
	}
}

// employ gives the accounts of one employment, and takes them at its end.
func (g *maker) employ(h *human, n int, p *connectors.Person) {
	end := p.End
	if !end.Known() || end > g.AsOf {
		end = g.AsOf
	}
	reactivate := n > 0 && g.chance(.6)
	for k, period := range p.Roles {
		if period.From > end && k > 0 {
			break
		}
		until := end
		if k+1 < len(p.Roles) {
			until = min(end, p.Roles[k+1].From)
		}
		for _, s := range g.systems {
			explained := s.of(period.Role)
			l := h.account(s, p.ID)
			if l == nil && reactivate {
				if l = h.account(s, h.jobs[0].ID); l != nil && g.chance(.5) {
					l.id = p.ID
				}
			}
			switch {
			case len(explained) == 0 || l == nil && g.chance(.12):
			case l == nil:
				g.grant(g.open(h, s, p, period.From, until), explained, period.From, until)
			default:
				l.enabled = true
				g.grant(l, explained, period.From, until)
			}
			if l != nil && k > 0 {
				g.moved(l, h, period)
			}
		}
	}
	gone := p.End.Known() && p.End < g.AsOf
	for _, l := range h.logins {
		switch {
		case gone && n == len(h.jobs)-1:
			l.enabled = l.enabled && g.chance(.2)
		case gone:
			l.enabled = l.enabled && g.chance(.15)
		case h.away && l.sys.suspend:
			l.enabled = l.enabled && g.chance(.5)
		}
	}
}

// account is the account in an app that was made under an employee id.
func (h *human) account(s *system, id connectors.PersonID) *login {
	for _, l := range h.logins {
		if l.sys == s && (l.id == id || l.id == "") {
			return l
		}
	}
	return nil
}

// open makes an account: mostly in the first days of a role, sometimes later.
func (g *maker) open(h *human, s *system, p *connectors.Person, from, end connectors.Date) *login {
	created := min(from+connectors.Date(g.r.IntN(9)), max(end, from))
	if g.chance(.2) {
		created = g.between(created, end)
	}
	if p.Start > g.AsOf { // made ready for a starter
		created = g.AsOf - connectors.Date(g.r.IntN(5))
	}
	l := &login{sys: s, owner: h, class: connectors.Human, scenario: h.scenario, created: created, enabled: g.chance(.97), id: p.ID,
		mail: h.mailAt(created), name: h.nameAt(created)}
	if g.chance(.5) { // the app follows the directory
		l.mail = h.mailAt(min(end, g.AsOf))
	}
	if g.chance(.5) {
		l.name = h.nameAt(min(end, g.AsOf))
	}
	l.username = g.username(l, h.handle)
	h.logins = append(h.logins, l)
	return l
}

// grant gives most of what a role explains.
func (g *maker) grant(l *login, explained []string, from, end connectors.Date) {
	for i, e := range explained {
		if l.holds(e) || i > 0 && g.chance(.25) {
			continue
		}
		day := max(l.created, min(from+connectors.Date(g.r.IntN(6)), end))
		if g.chance(.15) {
			day = g.between(day, end)
		}
		l.rights = append(l.rights, connectors.Entitlement{ID: connectors.EntitlementID(e), Granted: min(day, g.AsOf)})
	}
	if g.chance(.03) { // somebody decided on it
		if extra := pick(g.r, l.sys.rights).name; !l.holds(extra) {
			l.rights = append(l.rights, connectors.Entitlement{ID: connectors.EntitlementID(extra), Granted: g.between(max(from, l.created), end)})
		}
	}
}

func (l *login) holds(right string) bool {
	return slices.ContainsFunc(l.rights, func(e connectors.Entitlement) bool { return string(e.ID) == right })
}

// moved takes what the new role does not explain, but not always.
func (g *maker) moved(l *login, h *human, to connectors.RolePeriod) {
	if to.From > g.AsOf-MoverGrace/2 {
		return // nobody has come to it yet
	}
	clean := g.chance(.65)
	l.rights = slices.DeleteFunc(l.rights, func(e connectors.Entitlement) bool {
		return !l.sys.allows(to.Role, string(e.ID)) && (clean || g.chance(.3))
	})
	if len(l.rights) == 0 {
		l.enabled = false
	}
}

// use signs in, and works with some of the rights. Some days are those on which a rule turns.
func (g *maker) use(l *login) {
	last := g.AsOf
	if h := l.owner; l.class == connectors.Human && h != nil {
		switch {
		case h.now().Start > g.AsOf:
			return
		case h.left(g.AsOf):
			last = h.now().End
			if g.chance(.08) {
				last = g.between(last, g.AsOf)
			}
		case h.away:
			last = h.now().LeaveStart
		}
	}
	switch x := g.r.Float64(); {
	case x < .02: // never
	case x < .03:
		l.signIn = g.AsOf - StaleDays
	case x < .04:
		l.signIn = g.AsOf - StaleDays - 1
	case x < .09:
		l.signIn = last - connectors.Date(StaleDays+g.r.IntN(300))
	default:
		l.signIn = last - connectors.Date(g.r.IntN(60)*g.r.IntN(60)/60)
	}
	if l.signIn = min(l.signIn, last); l.signIn < l.created && l.signIn != 0 {
		l.signIn = min(l.created+2, g.AsOf)
	}
	for i := range l.rights {
		e := &l.rights[i]
		switch x := g.r.Float64(); {
		case x < .03 || l.signIn == 0: // never
		case x < .04:
			e.LastUsed = g.AsOf - StaleDays
		case x < .05:
			e.LastUsed = g.AsOf - StaleDays - 1
		case x < .09:
			e.LastUsed = l.signIn - connectors.Date(g.r.IntN(250))
		default:
			e.LastUsed = l.signIn - connectors.Date(g.r.IntN(15))
		}
		if e.LastUsed != 0 && e.LastUsed < e.Granted {
			e.LastUsed = e.Granted
		}
	}
}
