package scannertest

import (
	"slices"
	"strconv"

	"rollcall/connectors"
)

// human is a human being over all employments: the truth that HR's records show in part.
type human struct {
	name     name
	former   string          // family name before it changed
	changed  connectors.Date // when
	jobs     []*connectors.Person
	mails    []address // work addresses, oldest first
	personal string
	handle   string
	scenario string
	away     bool // on extended leave
	shares   bool // a work address with somebody else
	doubt    bool // HR's records leave open who or how many this is
	logins   []*login
}

// address is a work address from a day on.
type address struct {
	from connectors.Date
	addr string
}

func (h *human) now() *connectors.Person { return h.jobs[len(h.jobs)-1] }

// goesBy tells whether HR knows a family name as the person's.
func (h *human) goesBy(last string) bool {
	return slices.ContainsFunc(h.jobs, func(p *connectors.Person) bool {
		return joined(p.LastName) == joined(last) || p.FormerLastName == last
	})
}

func (h *human) left(asOf connectors.Date) bool { return h.now().End.Known() && h.now().End < asOf }

// at is the employment on a day, or the first.
func (h *human) at(d connectors.Date) *connectors.Person {
	for _, j := range slices.Backward(h.jobs) {
		if j.Start <= d {
			return j
		}
	}
	return h.jobs[0]
}

func (h *human) mailAt(d connectors.Date) string {
	for _, m := range slices.Backward(h.mails) {
		if m.from <= d {
			return m.addr
		}
	}
	return h.mails[0].addr
}

// nameAt is the name on a day.
func (h *human) nameAt(d connectors.Date) name {
	n := h.name
	if h.former != "" && d < h.changed {
		n.last = h.former
	}
	return n
}

// people makes everybody up.
func (g *maker) people() {
	lives := make([]int, 0, g.People)
	for i, s := range scenarios {
		for range max(2, int(s.share*float64(g.People))) {
			lives = append(lives, i)
		}
	}
	for len(lives) < g.People {
		lives = append(lives, -1)
	}
	lives = lives[:g.People]
	g.r.Shuffle(len(lives), func(i, j int) { lives[i], lives[j] = lives[j], lives[i] })
	for _, i := range lives {
		h := g.hire()
		if i >= 0 {
			h.scenario = scenarios[i].name
			scenarios[i].live(g, h)
		}
		g.humans = append(g.humans, h)
	}
	g.settle()
	g.markDoubts()
}

// hire makes a person up who works here since some day.
func (g *maker) hire() *human {
	h := &human{name: g.newName(), scenario: "plain"}
	start := g.ago(60, 3600)
	j := pick(g.r, g.jobs)
	p := &connectors.Person{ID: g.id(), Status: connectors.Active, Employment: connectors.Employee, Start: start}
	p.Roles = []connectors.RolePeriod{{From: start, Role: j.role, Department: j.department, Title: j.titles[0]}}
	h.jobs = []*connectors.Person{p}
	h.mails = []address{{start, g.mail(h.name)}}
	if g.chance(.9) {
		h.personal = g.personal(h.name)
	}
	h.handle = pick(g.r, list("moss kite ember pixel otter quartz sable finch cobalt maple raven drift onyx fern comet")) +
		pick(g.r, list("fox wing stone field byte wood light river cloud bell")) + strconv.Itoa(10+g.r.IntN(990))
	return h
}

func (g *maker) newName() name {
	n := newName(g.r)
	for range 4 { // namesakes are planted; those of chance stay rare
		if !g.names[folded(n.full())] {
			break
		}
		n = newName(g.r)
	}
	g.names[folded(n.full())] = true
	return n
}

// mail is a work address nobody has had yet.
func (g *maker) mail(n name) string {
	local := joined(n.first) + "." + joined(n.last)
	for i := 1; ; i++ {
		a := local
		if i > 1 {
			a += strconv.Itoa(i)
		}
		if a += "@" + Domains[0]; !g.mails[a] {
			g.mails[a] = true
			return a
		}
	}
}

func (g *maker) personal(n name) string {
	local := pick(g.r, []string{joined(n.first) + joined(n.last)[:2], joined(n.last) + "." + joined(n.first), joined(n.first)})
	return local + strconv.Itoa(10+g.r.IntN(9000)) + "@" + pick(g.r, list("postbox.example freemail.example inbox.example"))
}
