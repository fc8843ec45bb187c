package scannertest

import (
	"slices"
	"strings"

	"rollcall/connectors"
)

// settle writes into the records what HR knows of names, addresses and roles on the day of the scan.
func (g *maker) settle() {
	for _, h := range g.humans {
		knows, knowsAlias := g.chance(.6), g.chance(.7)
		for i, p := range h.jobs {
			until := g.AsOf
			if p.End.Known() && p.End < until {
				until = p.End
			}
			n := h.nameAt(until)
			p.FirstName, p.LastName = n.first, n.last
			if h.former != "" && n.last != h.former && knows {
				p.FormerLastName = h.former
			}
			p.WorkEmail = h.mailAt(until)
			for _, m := range h.mails {
				if m.addr != p.WorkEmail && m.from <= until && m.from >= p.Start && knowsAlias {
					p.Aliases = append(p.Aliases, m.addr)
				}
			}
			switch p.PersonalEmail {
			case "":
				p.PersonalEmail = h.personal
			case "-":
				p.PersonalEmail = ""
			}
			if i == 0 {
				p.Rehired = connectors.No
			}
			if boss := pick(g.r, g.humans); boss != h && !boss.left(g.AsOf) {
				p.Manager = boss.now().ID
			}
			g.garble(p)
			p.HistorySince = p.Roles[0].From
			for _, r := range p.Roles {
				if r.From <= until || r.From == p.Start {
					p.Role, p.Department, p.Title = r.Role, r.Department, r.Title
				}
			}
		}
	}
}

// roster is what HR exports, in the order of the ids, and the job history.
func (g *maker) roster() ([]connectors.Person, []Event) {
	var people []connectors.Person
	for _, h := range g.humans {
		for _, p := range h.jobs {
			people = append(people, *p)
		}
	}
	slices.SortFunc(people, func(a, b connectors.Person) int { return strings.Compare(string(a.ID), string(b.ID)) })
	var events []Event
	for i := range people {
		events = append(events, eventsOf(&people[i], g.AsOf)...)
	}
	return people, events
}

func eventsOf(p *connectors.Person, asOf connectors.Date) []Event {
	var out []Event
	add := func(on connectors.Date, event string, r connectors.RolePeriod) {
		out = append(out, Event{p.ID, on, event, r.Role, r.Department, r.Title})
	}
	for i, r := range p.Roles {
		event := "transfer"
		switch {
		case i == 0 && p.Rehired == connectors.Yes:
			event = "rehire"
		case i == 0:
			event = "hire"
		case r.Role == p.Roles[i-1].Role:
			event = "promotion"
		}
		add(r.From, event, r)
	}
	if p.LeaveStart.Known() && p.LeaveStart <= asOf {
		add(p.LeaveStart, "leave_start", connectors.RolePeriod{Role: p.Role, Department: p.Department, Title: p.Title})
	}
	if p.End.Known() && p.End < asOf {
		add(p.End, "termination", connectors.RolePeriod{Role: p.Role, Department: p.Department, Title: p.Title})
	}
	return out
}
