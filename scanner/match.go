package scanner

import (
	"slices"

	"rollcall/connectors"
)

// matchSettings is what the matcher must know beside the roster.
type matchSettings struct {
	Domains []string // the company's mail domains
	Links   []Link
	Rulings []Ruling
	AsOf    connectors.Date
}

// matcher ties accounts to people. It is read-only once made and shared by all workers.
type matcher struct {
	*roster
	asOf    connectors.Date
	links   map[accountKey]Link
	not     map[accountKey][]*Person
	classes map[accountKey]connectors.Class
}

type accountKey struct {
	app     connectors.AppID
	account connectors.AccountID
}

// newMatcher builds the roster index. Of several links or class rulings for one account the latest counts.
func newMatcher(ps *People, s matchSettings) *matcher {
	m := &matcher{roster: newRoster(ps, s.Domains), asOf: s.AsOf, links: map[accountKey]Link{}, not: map[accountKey][]*Person{},
		classes: map[accountKey]connectors.Class{}}
	for _, l := range s.Links {
		k := accountKey{l.App, l.Account}
		if !l.Not {
			if old, ok := m.links[k]; !ok || l.On >= old.On {
				m.links[k] = l
			}
		} else if p := m.ref(string(l.Person)); p != nil {
			m.not[k] = append(m.not[k], p)
		}
	}
	for _, r := range s.Rulings {
		if c, ok := connectors.ParseClass(r.Class); ok && r.Because == "class" && c != connectors.ClassUnknown {
			m.classes[accountKey{r.App, r.Account}] = c
		}
	}
	return m
}

// appMatcher matches the accounts of one app; one goroutine uses it. All accounts pass sure, then learned is called once,
// then rest takes those that sure left open.
type appMatcher struct {
	m       *matcher
	app     connectors.AppID
	name    accountName
	known   usernameSample // accounts with a sure owner
	open    usernameSample // the others
	learnt  learnedUsernames
	settled bool     // learned was called
	has     []uint64 // a bit per person: has an account here by sure evidence
	found   []found  // scratch
	cands   []candidate
	at      *connectors.Account // matched last
	tied    []*Person           // whom its match lies between, if it is ambiguous
	byForm  *index              // by the app's convention: see byUsernameAlone
	buf     [192]byte
	userBuf [192]byte
}

func (m *matcher) app(app connectors.AppID) *appMatcher {
	return &appMatcher{m: m, app: app, has: make([]uint64, len(m.people.All)/64+1)}
}

// learned ends the first pass: it settles the app's username convention. Where too few accounts are sure, those whose name
// only one person bears are counted as well.
func (am *appMatcher) learned() {
	am.settled = true
	var users usernames
	for _, s := range am.known.of {
		am.learn(&users, s.username, s.owner)
	}
	am.learnt = users.settle()
	if users.sure >= sampleSize/8 {
		return
	}
	for _, s := range am.open.of {
		am.name.read(s.display)
		if am.candidates(); len(am.cands) == 1 {
			am.learn(&users, s.username, am.m.people.All[am.cands[0].index])
		}
	}
	am.learnt = users.settle()
}

// learn counts one username and its owner.
func (am *appMatcher) learn(users *usernames, username string, p *Person) {
	var buf, idBuf [192]byte
	name, admin := baseName(buf[:0], username)
	if admin {
		return
	}
	users.learn(name, am.m.roster, p.Index)
	if am.hasLocal(p, trimName(am.userBuf[:0], username), false) {
		users.local++
	}
	user := foldID(am.buf[:0], username)
	for _, r := range p.Records {
		if k := foldID(idBuf[:0], string(r.ID)); k.fits(user) {
			users.id++
			break
		}
	}
}

func (am *appMatcher) hasAccount(p *Person) bool { return am.has[p.Index/64]>>(p.Index%64)&1 == 1 }

// note remembers a sure match for the second pass.
func (am *appMatcher) note(a *connectors.Account, m Match) {
	if am.settled || m.Grade < Strong || m.By == ByUsername {
		return
	}
	i := am.glance(m.Owner).person
	am.has[i/64] |= 1 << (i % 64)
	am.known.add(a, m.Owner)
}

// trimName is a username without blanks, in lower case.
func trimName(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c <= ' ':
		case c >= 'A' && c <= 'Z':
			dst = append(dst, c+'a'-'A')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// runnerUp is the living person a match with somebody who left could mean as well.
func (am *appMatcher) runnerUp(p *Person) *Person {
	if len(p.MaybeSame) == 0 || !p.Ended(am.m.asOf) {
		return nil
	}
	return slices.MinFunc(p.MaybeSame, func(a, b *Person) int { return comparePeople(a, b, am.m.asOf) })
}

func (am *appMatcher) match(p *Person, g Grade, by By) Match {
	return Match{Owner: p, Grade: g, By: by, RunnerUp: am.runnerUp(p)}
}

// matchFound is match, mostly without a look at the person.
func (am *appMatcher) matchFound(f *found, g Grade, by By) Match {
	if f.glance.single {
		return Match{Owner: f.person, Grade: g, By: by, at: f.glance.person + 1}
	}
	return am.match(f.person, g, by)
}

// agreement tells whether the account's name speaks for a person.
func (am *appMatcher) agreement(p *Person) agreement {
	return am.m.agreement(&am.name, am.glance(p))
}

// glance is a person's: where they were just found, the one beside their record, which is at hand.
func (am *appMatcher) glance(p *Person) *glance {
	if len(am.found) > 0 && am.found[0].person == p {
		return am.found[0].glance
	}
	return &am.m.glances[p.Index]
}

// excluded tells whether a human recorded that the account is not this person's.
func (am *appMatcher) excluded(a *connectors.Account, p *Person) bool {
	if len(am.m.not) == 0 {
		return false
	}
	for _, n := range am.m.not[accountKey{am.app, a.ID}] {
		if n == p {
			return true
		}
	}
	return false
}
