package remediate_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/inmem"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/scanner"
)

// company is one whose nightly run may do everything by itself: what keeps it from a wrong action is rollcall alone.
type company struct {
	*bench
	hr     inmem.Roster
	sides  map[connectors.AppID]inmem.Source // how the next pull of an app goes
	lists  map[connectors.AppID]func([]connectors.Account) []connectors.Account
	policy *scanner.Policy
	limits remediate.Limits
	kill   string
	blind  bool // the apps report no sign-ins
	nights int
}

// newCompany has 60 people, all of whom have an account in the directory, and every other one in the CRM. The first two
// nights went well.
func newCompany(t *testing.T, change ...func(*company)) *company {
	t.Helper()
	accounts := map[connectors.AppID][]connectors.Account{}
	c := &company{policy: modes(scanner.ModeAuto), limits: remediate.DefaultLimits, sides: map[connectors.AppID]inmem.Source{},
		lists: map[connectors.AppID]func([]connectors.Account) []connectors.Account{}}
	for i := range 60 {
		p := person(i)
		c.hr.Rows = append(c.hr.Rows, p)
		accounts["directory"] = append(accounts["directory"], login(p))
		if i%2 == 0 {
			accounts["crm"] = append(accounts["crm"], login(p))
		}
	}
	c.limits.WarmUp = 2
	c.bench = newBench(t, newWorld(accounts))
	for _, f := range change {
		f(c)
	}
	ok(t, c.policy.Prepare())
	for range 2 {
		c.night().quiet(t)
	}
	return c
}

// person is somebody who works here.
func person(i int) connectors.Person {
	name := strings.NewReplacer("0", "ba", "1", "ke", "2", "li", "3", "mo", "4", "nu", "5", "pa", "6", "re", "7", "si", "8", "to", "9", "vu").Replace(fmt.Sprintf("%02d", i))
	return connectors.Person{ID: connectors.PersonID(fmt.Sprintf("E1%02d", i)), FirstName: "Fi" + name, LastName: "La" + name, WorkEmail: "fi" + name + "@made-up.example",
		Status: connectors.Active, Employment: connectors.Employee, Start: 18000, Role: "Clerk", HistorySince: 18000}
}

// login is a person's account in good order.
func login(p connectors.Person) connectors.Account {
	user := strings.TrimSuffix(p.WorkEmail, "@made-up.example")
	return connectors.Account{ID: connectors.AccountID("id-" + user), Username: user, DisplayName: p.FirstName + " " + p.LastName, Email: p.WorkEmail, EmployeeID: string(p.ID),
		Enabled: connectors.Yes, Class: connectors.Human, Created: 18000, LastSignIn: 20510}
}

// leaves has HR say that people have left, a week ago.
func (c *company) leaves(who ...int) {
	for _, i := range who {
		c.hr.Rows[i].Status, c.hr.Rows[i].End = connectors.Terminated, connectors.DateOf(c.now, time.UTC)-7
	}
}

// outcome is what a night ended with.
type outcome struct {
	c     *company
	err   error
	res   *scanner.Result
	plan  *remediate.Plan
	batch []remediate.Item
	trips []remediate.Trip
	done  []*remediate.Case
	acted int // changes that were really made
}

// said is everything that the run tells people.
func (o *outcome) said() string {
	var b strings.Builder
	add := func(s string) { b.WriteString(s + "\n") }
	if o.err != nil {
		add(o.err.Error())
	}
	if o.res != nil {
		for _, s := range o.res.Sources {
			add(s.Problem)
		}
		for _, s := range o.res.Untrusted {
			add(s)
		}
		for i := range o.res.Findings {
			add(o.res.Findings[i].Why)
		}
		for _, n := range o.res.NotJudged {
			add(n.Why)
		}
	}
	if o.plan != nil {
		for _, it := range o.plan.Items {
			add(it.Held)
		}
	}
	for _, t := range o.trips {
		add(string(t.Guard) + ": " + t.Says)
	}
	for _, k := range o.done {
		add(string(k.State) + ": " + k.Why)
	}
	return b.String()
}

// quiet wants a night on which nothing was wrong.
func (o *outcome) quiet(t *testing.T) {
	t.Helper()
	if o.err != nil || !o.res.Complete() || len(o.res.Findings) > 0 || o.acted > 0 {
		t.Fatalf("a quiet night: %d changes, %s", o.acted, o.said())
	}
}

// harmless wants that nothing was done, and that the run says why in these words.
func (o *outcome) harmless(t *testing.T, words ...string) *outcome {
	t.Helper()
	if o.acted > 0 {
		t.Errorf("%d accounts were changed: %v", o.acted, o.c.w.Effects)
	}
	says(t, o.said(), words...)
	return o
}

// night is one scheduled run a day later: scan, plan, follow, deadlines, guards, and what they let pass.
func (c *company) night() *outcome {
	c.t.Helper()
	c.nights++
	c.now = c.now.Add(24 * time.Hour)
	before := c.w.ours("", "")
	o := &outcome{c: c}
	o.run()
	o.acted = c.w.ours("", "") - before
	return o
}

func (o *outcome) run() {
	c := o.c
	s := &sighted{apps: map[connectors.AppID]map[connectors.AccountID]*remediate.Subject{}, admins: map[connectors.AppID]int{}}
	in := scanner.Input{Roster: &c.hr, Policy: c.policy, History: c.led, Domains: []string{"made-up.example"}, AsOf: connectors.DateOf(c.now, time.UTC),
		Guard: scanner.DefaultRosterGuard, Workers: 1, Clock: func() time.Time { return c.now }, Sink: s.sink}
	for _, id := range slices.Sorted(maps.Keys(c.apply.Apps)) {
		src := (&app{w: c.w, id: id, src: c.sides[id]}).source()
		src.Signals.SignIn.Given = !c.blind
		if f := c.lists[id]; f != nil {
			src.Rows = f(src.Rows)
		}
		in.Apps = append(in.Apps, scanner.App{ID: id, Title: string(id), Source: src, SuspendOnLeave: true, Privileged: []string{"*admin*"}})
	}
	read := c.now
	if o.res, o.err = scanner.Scan(context.Background(), in); o.err != nil {
		return
	}
	run := fmt.Sprint("run-", c.nights)
	o.record(run)
	o.plan = remediate.MakePlan(o.res.Findings, c.policy, s)
	o.settle(run, read, s.admins)
}

// record remembers a run as the program does.
func (o *outcome) record(run string) {
	c := o.c
	r := ledger.Run{ID: run, At: c.now, AsOf: o.res.AsOf, Actor: "cron", Complete: o.res.Complete(), Pulls: map[connectors.AppID]scanner.PullFacts{}}
	var scopes ledger.Scopes
	for i := range o.res.Findings {
		r.Findings = append(r.Findings, scopes.Found(&o.res.Findings[i]))
	}
	if len(o.res.Untrusted) == 0 {
		o.res.Roster.KeepLines(o.res.Persons)
		r.Roster = o.res.Roster
	}
	for _, s := range o.res.Sources[1:] {
		if s.State == scanner.SourceOK {
			r.Pulls[connectors.AppID(s.Name)] = scanner.PullFacts{AsOf: o.res.AsOf, Accounts: s.Read - s.Rejected, Enabled: s.Enabled, Rights: s.Entitlements}
		}
	}
	_, err := c.led.RecordRun(r)
	ok(c.t, err)
}

// settle carries out what is due, and what the policy calls automatic, where no guard stops it.
func (o *outcome) settle(run string, read time.Time, admins map[connectors.AppID]int) {
	c, t := o.c, o.c.t
	ground := &remediate.Ground{Now: c.now, Run: run, ReadAt: read, Kill: c.kill, Apps: map[connectors.AppID]remediate.AppState{}}
	if len(o.res.Untrusted) > 0 {
		ground.Roster = o.res.Untrusted[0]
	}
	bad := map[connectors.AppID]bool{}
	for _, s := range o.res.Sources[1:] {
		id := connectors.AppID(s.Name)
		gone, err := c.led.AdminsGone(id, read)
		ok(t, err)
		ground.Apps[id] = remediate.AppState{Problem: s.Problem, Enabled: s.Enabled, Admins: admins[id], Gone: gone}
		bad[id] = s.State != scanner.SourceOK
	}
	judged := func(it *remediate.Item) bool {
		return ground.Roster == "" && !slices.ContainsFunc(it.Targets, func(t remediate.Target) bool { return bad[t.App] })
	}
	_, err := c.desk.Follow(o.plan, run, c.now, judged)
	ok(t, err)
	_, err = c.desk.Deadlines(c.now)
	ok(t, err)
	runs, err := c.led.Runs(0)
	ok(t, err)
	for _, r := range runs {
		if r.Complete {
			ground.Runs++
		}
	}
	ground.Changed, err = c.led.Changed(c.now.Add(-24 * time.Hour))
	ok(t, err)
	ground.Lifts, err = c.led.Lifts(c.now.Add(-remediate.LiftTime))
	ok(t, err)
	due, err := c.led.Cases(func(k *remediate.Case) bool {
		return k.State.Decided() || k.State == remediate.Open && k.Item.Mode == scanner.ModeAuto
	})
	ok(t, err)
	for _, k := range due {
		o.batch = append(o.batch, k.Item)
	}
	o.trips = remediate.Check(o.batch, ground, &c.limits)
	free, _ := remediate.Pass(o.batch, o.trips)
	for _, k := range due {
		if !slices.ContainsFunc(free, func(it remediate.Item) bool { return it.Group == k.Item.Group }) {
			continue
		}
		if k.State == remediate.Open {
			_, err := c.desk.Release(k.ID, c.now)
			ok(t, err)
		}
		o.done = append(o.done, c.carryOut(k.ID))
	}
}

// sighted keeps the accounts as a scan saw them.
type sighted struct {
	mu     sync.Mutex
	apps   map[connectors.AppID]map[connectors.AccountID]*remediate.Subject
	admins map[connectors.AppID]int
}

func (s *sighted) sink(id connectors.AppID) func(*scanner.AccountLine) error {
	here := map[connectors.AccountID]*remediate.Subject{}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apps[id] = here
	return func(l *scanner.AccountLine) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		here[l.Account.ID] = &remediate.Subject{Account: l.Account.Clone(), Class: l.Class, Admin: l.Power}
		if l.Power {
			s.admins[id]++
		}
		return nil
	}
}

func (s *sighted) Subject(app connectors.AppID, id connectors.AccountID) (*remediate.Subject, bool) {
	sub, found := s.apps[app][id]
	return sub, found
}

func (s *sighted) Abilities(connectors.AppID) connectors.Abilities {
	return connectors.Abilities(connectors.CanDisable | connectors.CanRemoveEntitlement | connectors.CanRevokeSessions)
}
func (*sighted) InShadow(remediate.RuleIn) string { return "" }
