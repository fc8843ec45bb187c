package scannertest

import (
	"fmt"
	"strconv"
	"strings"

	"rollcall/connectors"
)

// nobodys are the accounts that are nobody's own: services, shared mailboxes, emergency accounts, guests.
func (g *maker) nobodys() {
	for _, s := range g.systems {
		for range max(3, g.People/70) {
			g.things = append(g.things, g.thing(s))
		}
	}
}

func (g *maker) thing(s *system) *login {
	l := &login{sys: s, created: g.ago(30, 2500), enabled: g.chance(.93), scenario: "nobody's own"}
	word := pick(g.r, list("backup report sync export metrics invoice audit archive import ticket build deploy"))
	number := strconv.Itoa(1 + g.r.IntN(40))
	switch x := g.r.IntN(10); {
	case x < 5:
		l.class, l.display = connectors.Service, pick(g.r, []string{"", word + " service", strings.ToUpper(word) + " integration", word + " bot"})
		l.username = g.free(s, pick(g.r, []string{"svc-" + word, "svc_" + word + number, word + "-bot", "api-" + word}))
	case x < 7:
		l.class = connectors.Shared
		local := pick(g.r, list("info support billing careers facilities orders press helpdesk reception"))
		l.username = g.free(s, local)
		l.mail, l.display = l.username+"@"+Domains[0], pick(g.r, []string{strings.ToUpper(local[:1]) + local[1:], local + " mailbox", "Shared mailbox " + local})
	case x < 8:
		l.class, l.username, l.display = connectors.BreakGlass, g.free(s, "breakglass"), "Emergency access "+number
	default:
		l.class = connectors.Guest
		n := g.newName()
		l.mail = joined(n.first) + "." + joined(n.last) + "@" + pick(g.r, list("partnerhaus.example auditfirm.example supplierco.example"))
		l.username, l.display = g.free(s, strings.ReplaceAll(l.mail, "@", "_")+"#EXT#@"+Domains[0]), n.full()+pick(g.r, []string{"", " (Guest)"})
	}
	if l.label = l.class; g.chance(.25) {
		l.label = pick(g.r, []connectors.Class{connectors.ClassUnknown, connectors.Human})
	}
	l.rights = []connectors.Entitlement{{ID: connectors.EntitlementID(s.rights[0].name), Granted: l.created}}
	g.use(l)
	g.answerFor(l)
	return l
}

// answerFor names an owner or sponsor: one who is here, one who has left, one nobody knows, or none.
func (g *maker) answerFor(l *login) {
	switch x := g.r.Float64(); {
	case x < .12:
		return
	case x < .17:
		l.ownerRef = fmt.Sprintf("E%07d", g.nextID+1+g.r.IntN(500))
		return
	}
	h := pick(g.r, g.humans)
	if g.chance(.7) {
		for h.left(g.AsOf) {
			h = pick(g.r, g.humans)
		}
	}
	p := h.at(l.created)
	l.owner, l.ownerRef = h, string(p.ID)
	if g.chance(.4) && !h.shares {
		l.ownerRef = p.WorkEmail
	}
}

// strangers are people's accounts whose owner HR does not know: some have the name of somebody it knows.
func (g *maker) strangers() {
	bearers := map[string]int{}
	for _, h := range g.humans {
		bearers[folded(h.name.full())]++
	}
	for range max(6, g.People/14) {
		s := pick(g.r, g.systems)
		l := &login{sys: s, class: connectors.Human, scenario: "stranger", created: g.ago(30, 3000), enabled: g.chance(.8), name: g.newName()}
		l.mail = joined(l.name.first) + "." + joined(l.name.last) + "@" + pick(g.r, []string{Domains[0], Domains[1], "freemail.example"})
		if g.chance(.5) {
			l.id = g.nobodysID()
		}
		if h := pick(g.r, g.humans); g.chance(.25) && len(h.jobs) == 1 && h.former == "" && bearers[folded(h.name.full())] == 1 {
			g.lookalike(l, h)
		}
		l.rights = []connectors.Entitlement{{ID: connectors.EntitlementID(s.rights[0].name), Granted: l.created}}
		for l.username = g.username(l, "outrider"+strconv.Itoa(g.r.IntN(9000))); s.user == userID && l.id == ""; {
			l.id = g.nobodysID()
			l.username = string(l.id)
		}
		g.use(l)
		g.unknown = append(g.unknown, l)
	}
}

// nobodysID is an id of the company's own kind that nobody on the roster has.
func (g *maker) nobodysID() connectors.PersonID {
	return connectors.PersonID(fmt.Sprintf("E%07d", g.nextID+1+g.r.IntN(2000)))
}

// lookalike gives a stranger somebody's name, and always something that shows it is not that person: an id nobody has, an
// address of the company's that is another's, or an account older than that person's first day.
func (g *maker) lookalike(l *login, h *human) {
	l.like, l.name, l.scenario = true, h.name, "stranger with a colleague's name"
	l.id, l.mail = "", joined(h.name.first)+joined(h.name.last)[:1]+strconv.Itoa(100+g.r.IntN(900))+"@freemail.example"
	switch g.r.IntN(3) {
	case 0:
		l.id = g.nobodysID()
	case 1:
		l.mail = g.mail(h.name) // a number behind the name
	default:
		l.created = h.jobs[0].Start - connectors.Date(200+g.r.IntN(900))
	}
}
