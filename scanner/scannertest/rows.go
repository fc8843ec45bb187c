package scannertest

import (
	"fmt"
	"strings"

	"rollcall/connectors"
)

// What an export keeps and garbles, by noise.
var (
	keepsID    = [3]float64{1, .6, .4}
	garblesID  = [3]float64{0, .15, .4}
	keepsMail  = [3]float64{1, .75, .55}
	garbleMail = [3]float64{0, .2, .4}
	noDisplay  = [3]float64{0, .01, .02}
	garbleName = [3]float64{0, .25, .5}
	garblesHR  = [3]float64{0, .03, .06}
)

// apps writes the accounts as the apps export them, with the truth of each.
func (g *maker) apps(k *keys) ([]App, []Truth) {
	var all []*login
	for _, h := range g.humans {
		all = append(all, h.logins...)
	}
	all = append(append(all, g.things...), g.unknown...)
	apps := make([]App, len(g.systems))
	var truth []Truth
	for i, s := range g.systems {
		var mine []*login
		for _, l := range all {
			if l.sys == s {
				mine = append(mine, l)
			}
		}
		g.r.Shuffle(len(mine), func(a, b int) { mine[a], mine[b] = mine[b], mine[a] })
		apps[i] = App{ID: connectors.AppID(s.id), Title: s.title, SignIns: s.signIns, Use: s.use, SuspendOnLeave: s.suspend, words: s.words}
		for n, l := range mine {
			a := g.row(l, n)
			apps[i].Accounts = append(apps[i].Accounts, a)
			truth = append(truth, g.truth(k, l, &a, connectors.AppID(s.id)))
		}
	}
	return apps, truth
}

// row is what the app's export says of an account.
func (g *maker) row(l *login, n int) connectors.Account {
	a := connectors.Account{ID: connectors.AccountID(fmt.Sprintf("%s%06d", strings.ToUpper(l.sys.id[:2]), n+1)), Username: l.username,
		DisplayName: l.display, Email: l.mail, OwnerRef: l.ownerRef, Enabled: connectors.Is(l.enabled), Class: l.label, Created: l.created}
	if l.sys.signIns {
		a.LastSignIn = l.signIn
	}
	for _, e := range l.rights {
		if !l.sys.use {
			e.LastUsed = 0
		}
		a.Entitlements = append(a.Entitlements, e)
	}
	if l.class != connectors.Human {
		return a
	}
	a.Class = pick(g.r, []connectors.Class{connectors.Human, connectors.Human, connectors.ClassUnknown})
	a.EmployeeID, a.Email, a.DisplayName = g.exportedID(l), g.exportedMail(l), g.exportedName(l)
	if l.sys.user == userMail && g.Noise > 0 && g.chance(.1) {
		a.Username = strings.ToUpper(a.Username)
	}
	return a
}

// What shows a stranger with a colleague's name to be one is never left out: nobody could tell.
func (g *maker) exportedID(l *login) string {
	id := string(l.id)
	if id == "" || !g.chance(keepsID[g.Noise]) && !l.like {
		return ""
	}
	if !g.chance(garblesID[g.Noise]) {
		return id
	}
	number := strings.TrimLeft(id, "E0")
	return pick(g.r, []string{strings.ToLower(id), id[1:], number, "E" + number, " " + id + " ", strings.ToLower(id) + " "})
}

func (g *maker) exportedMail(l *login) string {
	if !g.chance(keepsMail[g.Noise]) && !l.like {
		return ""
	}
	if l.mail == "" || !g.chance(garbleMail[g.Noise]) {
		return l.mail
	}
	local, domain, _ := strings.Cut(l.mail, "@")
	switch g.r.IntN(7) {
	case 0:
		return strings.ToUpper(l.mail)
	case 1:
		return " " + l.mail
	case 2:
		return local + "+" + l.sys.id + "@" + domain
	case 3:
		if l.owner != nil && l.owner.personal != "" {
			return l.owner.personal
		}
	case 4, 5:
		if domain == Domains[0] {
			return local + "@" + pick(g.r, Domains[1:])
		}
	}
	return strings.ToUpper(local[:1]) + local[1:] + "@" + domain
}

func (g *maker) exportedName(l *login) string {
	n := l.name
	written := n.full()
	if l.sys.lastFirst {
		written = n.last + ", " + n.first
	}
	switch {
	case g.chance(noDisplay[g.Noise]):
		return ""
	case !g.chance(garbleName[g.Noise]):
		return written
	}
	initial := string([]rune(n.first)[:1])
	switch g.r.IntN(11) {
	case 0:
		return plain(written)
	case 1:
		return german(written)
	case 2:
		return decomposed(written)
	case 3:
		return " " + written + "  "
	case 4:
		return strings.ToUpper(plain(written))
	case 5:
		return strings.ToLower(plain(written))
	case 6:
		return n.last + " " + n.first
	case 7:
		return strings.ToUpper(plain(n.last)) + " " + plain(initial)
	case 8:
		return initial + ". " + n.last
	case 9: // the first of several given names, the last of several family names
		return strings.Fields(n.first)[0] + " " + n.last[strings.LastIndexAny(n.last, " -")+1:]
	default:
		return n.last + ", " + n.first
	}
}

// garble writes some of HR's records as people type them.
func (g *maker) garble(p *connectors.Person) {
	if !g.chance(garblesHR[g.Noise]) {
		return
	}
	switch g.r.IntN(4) {
	case 0:
		p.FirstName, p.LastName = decomposed(p.FirstName), decomposed(p.LastName)
	case 1:
		p.FirstName = " " + p.FirstName
	case 2:
		p.LastName = strings.ToUpper(plain(p.LastName))
	default:
		p.WorkEmail = strings.ToUpper(p.WorkEmail[:1]) + p.WorkEmail[1:]
	}
}
