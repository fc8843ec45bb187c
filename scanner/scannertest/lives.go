package scannertest

import "rollcall/connectors"

// scenarios are the lives people lead, each with its share of the company; every one occurs at least twice. The rest
// stay where they were hired.
var scenarios = []struct {
	name  string
	share float64
	live  func(*maker, *human)
}{
	{"mover", .09, func(g *maker, h *human) { g.move(h, g.ago(40, 900)) }},
	{"mover_day_30", .005, func(g *maker, h *human) { g.move(h, g.AsOf-MoverGrace) }},
	{"mover_grace", .015, func(g *maker, h *human) { g.move(h, g.ago(0, MoverGrace-1)) }},
	{"planned_move", .005, func(g *maker, h *human) { g.plan(h) }},
	{"returned_role", .015, (*maker).moveAndBack},
	{"promotion", .05, (*maker).promote},
	{"conflict", .02, func(*maker, *human) {}}, // given both sides of a rule: see provision
	{"leaver", .09, func(g *maker, h *human) { g.leave(h, g.ago(1, 700)) }},
	{"left_yesterday", .005, func(g *maker, h *human) { g.leave(h, g.AsOf-1) }},
	{"last_day_today", .006, func(g *maker, h *human) { g.leave(h, g.AsOf) }},
	{"last_day_ahead", .01, func(g *maker, h *human) { g.leave(h, g.AsOf+connectors.Date(1+g.r.IntN(45))) }},
	{"intern", .01, func(g *maker, h *human) { h.now().Employment = connectors.Intern }},
	{"intern_left", .01, func(g *maker, h *human) { h.now().Employment = connectors.Intern; g.leave(h, g.ago(1, 500)) }},
	{"contractor", .03, func(g *maker, h *human) { h.now().Employment = connectors.Contractor }},
	{"contract_ended", .04, func(g *maker, h *human) { h.now().Employment = connectors.Contractor; g.leave(h, g.ago(1, 500)) }},
	{"leave", .025, func(g *maker, h *human) { g.pause(h, g.ago(LeaveGrace+1, 250), g.AsOf+connectors.Date(g.r.IntN(90))) }},
	{"leave_open", .008, func(g *maker, h *human) { g.pause(h, g.ago(LeaveGrace+1, 250), 0) }},
	{"leave_day_14", .005, func(g *maker, h *human) { g.pause(h, g.AsOf-LeaveGrace, 0) }},
	{"leave_grace", .008, func(g *maker, h *human) { g.pause(h, g.ago(0, LeaveGrace-1), 0) }},
	{"leave_over", .008, func(g *maker, h *human) { d := g.ago(60, 300); g.pause(h, d, d+50) }},
	{"rehire_linked", .015, func(g *maker, h *human) { g.rehire(h, true, connectors.Employee) }},
	{"rehire_unlinked", .015, func(g *maker, h *human) { g.rehire(h, false, connectors.Employee) }},
	{"rehire_left_again", .008, func(g *maker, h *human) {
		g.rehire(h, true, connectors.Employee)
		g.leave(h, g.between(h.now().Start+30, g.AsOf-1))
	}},
	{"contractor_turned_employee", .012, func(g *maker, h *human) {
		h.now().Employment = connectors.Contractor
		g.rehire(h, g.chance(.5), connectors.Employee)
	}},
	{"name_change", .025, (*maker).marry},
	{"address_change", .025, (*maker).readdress},
	{"homonym", .012, func(g *maker, h *human) { g.namesake(h, false) }},
	{"homonym_of_leaver", .01, func(g *maker, h *human) { g.namesake(h, true) }},
	{"recycled_address", .01, (*maker).recycle},
	{"starter", .01, func(g *maker, h *human) {
		p := h.now()
		p.Status, p.Start = connectors.Preboarding, g.AsOf+connectors.Date(1+g.r.IntN(30))
		p.Roles[0].From, h.mails[0].from = p.Start, p.Start
	}},
}

// move gives a person another role from a day on.
func (g *maker) move(h *human, on connectors.Date) {
	p := h.now()
	if p.Start >= on-60 {
		g.begin(h, on-connectors.Date(90+g.r.IntN(900)))
	}
	j := pick(g.r, g.jobs)
	for j.role == p.Roles[len(p.Roles)-1].Role {
		j = pick(g.r, g.jobs)
	}
	p.Roles = append(p.Roles, connectors.RolePeriod{From: on, Role: j.role, Department: j.department, Title: j.titles[0]})
}

// begin puts a first day back in time.
func (g *maker) begin(h *human, on connectors.Date) {
	p := h.now()
	p.Start, p.Roles[0].From, h.mails[0].from = on, on, on
}

// plan enters a move of next month that HR already knows.
func (g *maker) plan(h *human) { g.move(h, g.AsOf+connectors.Date(5+g.r.IntN(40))) }

func (g *maker) moveAndBack(h *human) {
	first := h.now().Roles[0]
	back := g.ago(40, 300)
	g.move(h, back-connectors.Date(100+g.r.IntN(300)))
	first.From = back
	h.now().Roles = append(h.now().Roles, first)
}

// promote changes the title and keeps the role.
func (g *maker) promote(h *human) {
	p := h.now()
	r := p.Roles[0]
	r.From = g.between(p.Start+30, g.AsOf-1)
	for _, j := range jobs {
		if j.role == r.Role {
			r.Title = j.titles[1]
		}
	}
	p.Roles = append(p.Roles, r)
}

// leave sets the last day. HR's status is late for half of the ended contractors.
func (g *maker) leave(h *human, last connectors.Date) {
	p := h.now()
	if p.Start >= last-30 && len(h.jobs) == 1 {
		g.begin(h, last-connectors.Date(60+g.r.IntN(900)))
	}
	p.End = last
	if last < g.AsOf && !(p.Employment == connectors.Contractor && g.chance(.5)) {
		p.Status = connectors.Terminated
	}
}

func (g *maker) pause(h *human, from, to connectors.Date) {
	p := h.now()
	if p.Start >= from-30 {
		g.begin(h, from-connectors.Date(90+g.r.IntN(900)))
	}
	p.LeaveStart, p.LeaveEnd = from, to
	if h.away = to == 0 || to >= g.AsOf; h.away {
		p.Status = connectors.OnLeave
	}
}

// rehire ends an employment and starts another under a new id.
func (g *maker) rehire(h *human, linked bool, as connectors.Employment) {
	start := g.ago(40, 700)
	g.leave(h, start-connectors.Date(2+g.r.IntN(600)))
	old := h.now()
	old.Status = connectors.Terminated
	j := pick(g.r, g.jobs)
	p := &connectors.Person{ID: g.id(), Status: connectors.Active, Employment: as, Start: start, Rehired: connectors.Yes}
	if linked {
		p.Previous = old.ID
	}
	p.Roles = []connectors.RolePeriod{{From: start, Role: j.role, Department: j.department, Title: j.titles[0]}}
	h.jobs = append(h.jobs, p)
	if g.chance(.5) { // else the old address is given back
		h.mails = append(h.mails, address{start, g.mail(h.name)})
	}
	switch {
	case linked:
	case g.chance(.3):
		p.PersonalEmail = "-" // HR never asked again
	case g.chance(.2):
		p.PersonalEmail = g.personal(h.name) // it has changed since
	case g.chance(.25):
		p.Rehired = connectors.No // HR took the person for somebody new
	}
}

// marry changes the family name, and with it the address.
func (g *maker) marry(h *human) {
	h.changed = g.between(h.now().Start+20, g.AsOf-5)
	h.former = h.name.last
	h.name.last = newFamily(g.r, &tongues[g.r.IntN(len(tongues))])
	if g.chance(.2) {
		h.name.last = h.former + "-" + h.name.last
	}
	h.mails = append(h.mails, address{h.changed, g.mail(h.name)})
}

// readdress gives a new address under the same name.
func (g *maker) readdress(h *human) {
	on := g.between(h.now().Start+20, g.AsOf-5)
	local := joined(h.name.first)[:1] + joined(h.name.last) + "@" + Domains[0]
	if !g.mails[local] {
		g.mails[local] = true
		h.mails[0].addr, h.mails = local, append(h.mails, address{on, h.mails[0].addr})
	}
}

// other is an earlier person with a plain life, present or not.
func (g *maker) other(left bool) *human {
	for range 200 {
		if len(g.humans) == 0 {
			break
		}
		o := pick(g.r, g.humans)
		if len(o.jobs) == 1 && o.former == "" && (left && o.scenario == "leaver" && o.personal != "" || !left && o.scenario == "plain") {
			return o
		}
	}
	return nil
}

// namesake gives a person the name of another one, who is here or has left.
func (g *maker) namesake(h *human, left bool) {
	o := g.other(left)
	if o == nil {
		h.scenario = "plain"
		return
	}
	h.name = o.name
	h.mails[0].addr = g.mail(h.name)
	h.personal = g.personal(h.name)
	if left && g.chance(.7) {
		g.begin(h, g.between(o.now().End+1, g.AsOf-1))
	}
}

// recycle gives a person the name and the address of somebody who left before.
func (g *maker) recycle(h *human) {
	o := g.other(true)
	if o == nil || o.shares || o.now().End > g.AsOf-60 {
		h.scenario = "plain"
		return
	}
	h.name = o.name
	g.begin(h, g.between(o.now().End+20, g.AsOf-20))
	h.mails[0].addr, h.shares, o.shares = o.mails[0].addr, true, true
	h.personal = g.personal(h.name)
}
