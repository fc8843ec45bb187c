// Package scannertest makes up companies of which the truth is known, and scores what a scan says of them. It shares the
// data dictionary of access reviews (people, accounts, entitlements, policy), names no real people, and is deterministic:
// the same options give the same company, to the byte.
package scannertest

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"rollcall/connectors"
	"rollcall/connectors/inmem"
	"rollcall/scanner"
)

// Options say which company is made up.
type Options struct {
	People int // human beings HR knows, leavers included
	Apps   int
	Seed   uint64
	Noise  int             // 0: every account has its employee id and clean text; 1: realistic; 2: dirty
	AsOf   connectors.Date // the day of the scan; 0 means 2026-11-01
}

// The thresholds of the company, in days.
const (
	StaleDays  = 90
	MoverGrace = 30
	LeaveGrace = 14
)

// Domains are the company's own mail domains; the first one is the main one.
var Domains = []string{"nordmere.example", "nordmere-group.example", "nmlabs.example"}

// Company is a made-up company: what a scanner may read, and the truth.
type Company struct {
	Options
	Roster []connectors.Person
	Events []Event // the job history
	Apps   []App
	Policy *scanner.Policy
	Truth  []Truth // of every account, in the order of the apps and their rows
}

// App is one app and its accounts.
type App struct {
	ID             connectors.AppID
	Title          string
	SignIns, Use   bool // whether it reports them
	SuspendOnLeave bool
	Accounts       []connectors.Account
	words          [2]string // how its export says enabled and disabled
}

// Event is a row of the job history.
type Event struct {
	Person                  connectors.PersonID
	On                      connectors.Date
	Event                   string // hire, rehire, transfer, promotion, leave_start, termination
	Role, Department, Title string
}

// New makes a company up.
func New(o Options) (*Company, error) {
	if o.AsOf == 0 {
		o.AsOf, _ = connectors.ParseDate("2026-11-01")
	}
	if o.People < 50 || o.Apps < 1 || o.Noise < 0 || o.Noise > 2 {
		return nil, fmt.Errorf("scannertest: people %d, apps %d, noise %d: want at least 50 people, one app, and noise 0, 1 or 2", o.People, o.Apps, o.Noise)
	}
	g := &maker{Options: o, r: rand.New(rand.NewPCG(o.Seed, uint64(o.People)<<32|uint64(o.Apps)<<8|uint64(o.Noise))),
		systems: systemsOf(o.Apps), mails: map[string]bool{}, names: map[string]bool{}, nextID: 10000}
	g.jobs = slices.DeleteFunc(slices.Clone(jobs), func(j job) bool { return !explained(g.systems, j.role) })
	g.people()
	g.provision()
	g.nobodys()
	g.strangers()
	c := &Company{Options: o, Policy: policy(g.systems)}
	if err := c.Policy.Prepare(); err != nil {
		return nil, fmt.Errorf("scannertest: policy: %w", err)
	}
	c.Roster, c.Events = g.roster()
	c.Apps, c.Truth = g.apps(newKeys(g))
	return c, nil
}

// Input is the company as a scan reads it, through the in-memory connector.
func (c *Company) Input() scanner.Input {
	in := scanner.Input{Roster: &inmem.Roster{Rows: c.Roster}, Policy: c.Policy, History: scanner.NoHistory{}, Domains: Domains,
		AsOf: c.AsOf, Guard: scanner.DefaultRosterGuard, Workers: 2, Clock: c.AsOf.Time}
	for i := range c.Apps {
		a := &c.Apps[i]
		s := connectors.Signals{SignIn: connectors.Signal{Given: a.SignIns}, Use: connectors.Signal{Given: a.Use}, GrantDate: connectors.Signal{Given: true}}
		in.Apps = append(in.Apps, scanner.App{ID: a.ID, Title: a.Title, SuspendOnLeave: a.SuspendOnLeave, Source: &inmem.App{Rows: a.Accounts, Signals: s}})
	}
	return in
}

// maker makes one company.
type maker struct {
	Options
	r       *rand.Rand
	systems []*system
	jobs    []job // those to which the apps give something: of the others the policy says nothing
	humans  []*human
	things  []*login // accounts that are nobody's own
	unknown []*login // accounts of people HR does not know
	mails   map[string]bool
	names   map[string]bool
	nextID  int
}

func (g *maker) chance(p float64) bool { return g.r.Float64() < p }

// between is a day from a to b, both included; a where b is earlier.
func (g *maker) between(a, b connectors.Date) connectors.Date {
	if b <= a {
		return a
	}
	return a + connectors.Date(g.r.IntN(int(b-a)+1))
}

// ago is a day that many days before the day of the scan.
func (g *maker) ago(least, most int) connectors.Date {
	return g.AsOf - connectors.Date(least+g.r.IntN(most-least+1))
}

func (g *maker) id() connectors.PersonID {
	g.nextID += 1 + g.r.IntN(6) // the gaps are ids of nobody
	return connectors.PersonID(fmt.Sprintf("E%07d", g.nextID))
}
