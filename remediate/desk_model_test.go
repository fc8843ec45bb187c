package remediate_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

// TestDeskKeepsTheLaws throws random events from several actors at a desk over a real ledger; watch holds every change of
// a case against the Laws.
func TestDeskKeepsTheLaws(t *testing.T) {
	reached := map[remediate.State]int{}
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"":          m.check,
			"follow":    m.follow,
			"ask":       m.ask,
			"decide":    m.decide,
			"decide 2":  m.decide,
			"deadlines": m.deadlines,
			"release":   m.release,
			"apply":     m.carryOut,
			"through":   m.through,
			"undo":      m.undo,
			"again":     m.again,
			"time": func(rt *rapid.T) {
				m.now = m.now.Add(time.Duration(rapid.IntRange(1, 200).Draw(rt, "hours")) * time.Hour)
			},
			"reopen":   func(*rapid.T) { m.reopen(); m.hook() },
			"somebody": m.somebody,
		})
		ok(rt, m.led.Verify())
		cases, err := m.led.Cases(nil)
		ok(rt, err)
		for _, c := range cases {
			reached[c.State]++
		}
	})
	t.Logf("cases ended as: %v", reached)
	for s := range remediate.Moves {
		if reached[s] == 0 {
			t.Logf("no case ended as %s in this run", s)
		}
	}
}

// model is a desk, its ledger, apps with faults, and people.
type model struct {
	*bench
	watch *watch
	runs  int
	trick trick
}

// trick is what the apps do to the next calls.
type trick struct {
	name string
	left int
}

func newModel(t *rapid.T) *model {
	m := &model{bench: newBench(t, newWorld(map[connectors.AppID][]connectors.Account{
		"crm": {account("ann", "E1", "reader", "team-red"), withKey(account("ben", "E2"), "k2")},
		"erp": {account("ann", "E1", "clerk")}, "dir": {account("cid", "E3", "old-role", "new-role")},
	}))}
	m.watch = &watch{w: m.w, mandate: map[string]bool{}, touched: map[string]int{}}
	m.can = everything &^ connectors.Abilities(connectors.CanRevokeSessions)
	m.hook()
	return m
}

// hook puts the watch between the desk and the ledger, and tricks between apply and the apps.
func (m *model) hook() {
	m.watch.Ledger = m.led
	m.desk.Journal, m.apply.Journal = m.watch, m.watch
	m.w.onWrite = m.watch.called
	for id, a := range m.apply.Apps {
		m.apply.Apps[id] = &tricky{app: a.(*app), trick: &m.trick}
	}
}

// tricky is an app that goes wrong when it is told to.
type tricky struct {
	*app
	trick *trick
}

func (a *tricky) now() string {
	if a.trick.left == 0 {
		return ""
	}
	a.trick.left--
	return a.trick.name
}

func (a *tricky) Account(ctx context.Context, id connectors.AccountID) (connectors.Account, error) {
	if a.now() == "unreadable" {
		return connectors.Account{}, err500
	}
	return a.app.Account(ctx, id)
}

func (a *tricky) play(do func() (connectors.Receipt, error)) (connectors.Receipt, error) {
	switch a.now() {
	case "forbidden":
		return connectors.Receipt{}, connectors.ErrForbidden
	case "lost":
		_, _ = do()
		return connectors.Receipt{}, errLost
	case "lying":
		return connectors.Receipt{Changed: true}, nil
	}
	return do()
}

func (a *tricky) Disable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return a.play(func() (connectors.Receipt, error) { return a.app.Disable(ctx, before) })
}

func (a *tricky) Enable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	return a.play(func() (connectors.Receipt, error) { return a.app.Enable(ctx, before) })
}

func (m *model) check(t *rapid.T) {
	if len(m.watch.broken) > 0 {
		t.Fatal(strings.Join(m.watch.broken, "\n"))
	}
	m.checkIndex(t)
	live, err := m.led.Cases(func(c *remediate.Case) bool { return !c.State.Ended() })
	ok(t, err)
	groups := map[string]string{}
	for _, c := range live {
		if other, twice := groups[c.Item.Group]; twice {
			t.Fatalf("%s has two live cases, %s and %s", c.Item.Group, other, c.ID)
		}
		groups[c.Item.Group] = c.ID
		if found, err := m.led.Live(c.Item.Group); err != nil || found == nil || found.ID != c.ID {
			t.Fatalf("the live case of %s is %v (%v), want %s", c.Item.Group, found, err, c.ID)
		}
	}
}

// checkIndex holds what the ledger says of live and ended cases against all of them.
func (m *model) checkIndex(t *rapid.T) {
	all, err := m.led.Cases(nil)
	ok(t, err)
	want, last := "", map[string]*remediate.Case{}
	for _, c := range all {
		if !c.State.Ended() || c.Undo != nil && c.State != remediate.Undone {
			want += c.ID + " "
		}
		if o := last[c.Item.Group]; c.State.Ended() && (o == nil || !c.At.Before(o.At)) {
			last[c.Item.Group] = c
		}
	}
	got := ""
	live, err := m.led.LiveCases(nil)
	ok(t, err)
	for _, c := range live {
		got += c.ID + " "
	}
	if got != want {
		t.Fatalf("live cases are %s, want %s", got, want)
	}
	m.checkTags(t, all)
	for _, c := range all {
		o, w := last[c.Item.Group], (*remediate.Case)(nil)
		w, err = m.led.LastEnded(c.Item.Group)
		ok(t, err)
		if (o == nil) != (w == nil) || o != nil && !o.At.Equal(w.At) {
			t.Fatalf("of %s ended last %v, want %v", c.Item.Group, w, o)
		}
	}
}

// checkTags holds what the ledger finds by tags against all cases.
func (m *model) checkTags(t *rapid.T, all []*remediate.Case) {
	ids := func(list []*remediate.Case, err error) (out string) {
		ok(t, err)
		for _, c := range list {
			out += c.ID + " "
		}
		return out
	}
	those := func(keep func(*remediate.Case) bool) string {
		return ids(slices.DeleteFunc(slices.Clone(all), func(c *remediate.Case) bool { return !keep(c) }), nil)
	}
	run := fmt.Sprint("run-", m.runs)
	for _, x := range [][3]string{
		{"of a run", ids(m.led.CasesOf(run)), those(func(c *remediate.Case) bool { return c.Run == run })},
		{"in shadow", ids(m.led.ShadowCases()), those(func(c *remediate.Case) bool { return len(c.Item.Shadow) > 0 })},
		{"suspended", ids(m.led.Suspensions()), those(func(c *remediate.Case) bool {
			return c.State == remediate.Confirmed && slices.Equal(c.Item.Kinds, []scanner.Kind{scanner.LeaveNotSuspended})
		})},
		{"disabled", ids(m.led.Disabled(m.now)), those(func(c *remediate.Case) bool {
			return c.State == remediate.Confirmed && c.At.Before(m.now) && slices.ContainsFunc(c.Steps, func(s remediate.Step) bool {
				return s.Action.Verb == remediate.Disable && s.Progress == remediate.Seen && s.Over == ""
			})
		})},
	} {
		if x[1] != x[2] {
			t.Fatalf("cases %s are %s, want %s", x[0], x[1], x[2])
		}
	}
}

// follow is a run: some findings are there, some are not, and the policy may have changed.
func (m *model) follow(t *rapid.T) {
	if rapid.IntRange(0, 5).Draw(t, "another policy") == 0 || m.runs == 0 {
		m.mode = rapid.SampledFrom([]scanner.Mode{scanner.ModeAuto, scanner.ModeAsk, scanner.ModeAuto, scanner.ModeReport}).Draw(t, "mode")
		m.shadow = rapid.SampledFrom([]string{"", "", "in shadow"}).Draw(t, "shadow")
	}
	var fs []scanner.Finding
	for _, f := range []scanner.Finding{leaver("E1", "crm", "ann"), leaver("E1", "erp", "ann"), leaver("E2", "crm", "ben"), residue("E3", "dir", "cid", "old-role")} {
		if rapid.IntRange(0, 9).Draw(t, "there") > 0 {
			fs = append(fs, f)
		}
	}
	if m.runs == 0 || rapid.IntRange(0, 3).Draw(t, "a new run") > 0 {
		m.runs++
	}
	read := rapid.IntRange(0, 4).Draw(t, "read whole") > 0
	_, err := m.desk.Follow(m.plan(fs...), fmt.Sprint("run-", m.runs), m.now, func(*remediate.Item) bool { return read })
	ok(t, err)
}

// pick gives any case; nil before the first.
func (m *model) pick(t *rapid.T) *remediate.Case {
	cases, err := m.led.Cases(nil)
	ok(t, err)
	if len(cases) == 0 {
		t.Skip("no case yet")
	}
	return cases[len(cases)-1-rapid.IntRange(0, min(len(cases), 6)-1).Draw(t, "case")]
}

// refusals are the errors with which the desk may refuse; any other is a fault of its own.
func (m *model) refusal(t *rapid.T, err error) {
	if err != nil && !errors.Is(err, remediate.ErrMove) && !errors.Is(err, remediate.ErrMayNot) && !errors.Is(err, remediate.ErrStale) {
		t.Fatal(err)
	}
}

func (m *model) ask(t *rapid.T) {
	_, err := m.desk.Ask(m.pick(t).ID, 0, "E9", m.now)
	m.refusal(t, err)
}

func (m *model) decide(t *rapid.T) {
	c := m.pick(t)
	v := remediate.Verdict{Remove: rapid.Bool().Draw(t, "remove"), Why: "a reason",
		By: rapid.SampledFrom([]remediate.Identity{boss, boss, other, {Person: c.Item.Person, Proof: "uid 1"}, nobody, rootUser, remediate.Policy, {Person: "E9"}}).Draw(t, "by")}
	if !v.Remove {
		v.Until = connectors.DateOf(m.now, time.UTC) + connectors.Date(rapid.IntRange(1, 30).Draw(t, "days"))
	}
	v.Rev = c.Rev - rapid.SampledFrom([]int{0, 0, 0, 1, c.Rev}).Draw(t, "stale by")
	n, err := m.desk.Decide(c.ID, v, m.now)
	m.refusal(t, err)
	if err == nil && v.Rev != 0 && v.Rev != c.Rev {
		t.Fatalf("a decision on revision %d was taken at revision %d", v.Rev, n.Rev)
	}
}

func (m *model) deadlines(t *rapid.T) {
	_, err := m.desk.Deadlines(m.now)
	ok(t, err)
}

func (m *model) release(t *rapid.T) {
	_, err := m.desk.Release(m.pick(t).ID, m.now)
	m.refusal(t, err)
}

// carryOut carries a case out, perhaps killed at some boundary, perhaps with apps that go wrong.
func (m *model) carryOut(t *rapid.T) { m.try(t, m.pick(t)) }

// through decides on a case and carries it out.
func (m *model) through(t *rapid.T) {
	cases, err := m.led.Cases(func(c *remediate.Case) bool {
		return c.Undo == nil && (c.State == remediate.Open || c.State == remediate.Asked)
	})
	ok(t, err)
	if len(cases) == 0 {
		t.Skip("no case is open")
	}
	c := cases[rapid.IntRange(0, len(cases)-1).Draw(t, "case")]
	m.remove(c.ID)
	m.try(t, c)
}

func (m *model) try(t *rapid.T, c *remediate.Case) {
	m.trick = trick{rapid.SampledFrom([]string{"", "", "forbidden", "lost", "lost", "lying", "unreadable"}).Draw(t, "trick"), rapid.IntRange(1, 6).Draw(t, "calls")}
	at := rapid.SampledFrom([]int{0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}).Draw(t, "killed at")
	err := m.interrupted(at, func() error { _, err := m.apply.Case(context.Background(), c.ID, remediate.Policy); return err })
	m.trick = trick{}
	m.refusal(t, err)
}

func (m *model) interrupted(at int, do func() error) (err error) {
	defer func() {
		m.apply.At = nil
		if p := recover(); p != nil {
			if _, was := p.(killed); !was {
				panic(p)
			}
		}
	}()
	n := 0
	m.apply.At = func(step string) {
		if n++; n == at {
			panic(killed{step})
		}
	}
	return do()
}

// again asks anew about a case that failed, or expired, and has it decided or lets it lapse.
func (m *model) again(t *rapid.T) {
	cases, err := m.led.Cases(func(c *remediate.Case) bool {
		return c.Undo == nil && (c.State == remediate.Failed || c.State == remediate.Expired)
	})
	ok(t, err)
	if len(cases) == 0 {
		t.Skip("none has failed")
	}
	c := cases[rapid.IntRange(0, len(cases)-1).Draw(t, "case")]
	_, err = m.desk.Ask(c.ID, 0, "E9", m.now)
	ok(t, err)
	if rapid.Bool().Draw(t, "decided") {
		m.remove(c.ID)
		return
	}
	m.now = m.now.Add(m.desk.Answer)
	m.deadlines(t)
}

// undo takes a case back; what it restores must be what was before.
func (m *model) undo(t *rapid.T) {
	c := m.pick(t)
	by := rapid.SampledFrom([]remediate.Identity{boss, other, {Person: c.Item.Person, Proof: "uid 1"}}).Draw(t, "by")
	before, err := m.untouchedByOthers(c)
	ok(t, err)
	var n *remediate.Case
	err = m.interrupted(rapid.IntRange(0, 12).Draw(t, "killed at"), func() (err error) {
		n, _, err = m.apply.Undo(context.Background(), c.ID, by, "a mistake")
		return err
	})
	if err != nil || n == nil || n.State != remediate.Undone {
		return
	}
	for key, was := range before {
		now := m.w.get(key)
		now.Credentials, was.Credentials = nil, nil
		if !same(now, was) {
			t.Fatalf("case %s taken back, %s is\n%s\nand was\n%s", c.ID, key, whole(now), whole(was))
		}
	}
}

// untouchedByOthers gives the accounts of a case as they were before it, but for those that anybody else, or another case,
// changed since.
func (m *model) untouchedByOthers(c *remediate.Case) (map[string]connectors.Account, error) {
	out := map[string]connectors.Account{}
	others, err := m.led.Cases(func(o *remediate.Case) bool { return o.ID != c.ID })
	if err != nil {
		return nil, err
	}
	for _, t := range c.Item.Targets {
		key := string(t.App) + "/" + string(t.Account)
		from, meant := m.watch.touched[c.ID+" "+key]
		if !meant || slices.ContainsFunc(m.w.Effects[from:], func(e effect) bool { return e.Key == key && e.By != "rollcall" }) {
			continue
		}
		if slices.ContainsFunc(others, func(o *remediate.Case) bool { _, also := m.watch.touched[o.ID+" "+key]; return also }) {
			continue
		}
		for i := range c.Steps {
			if s := &c.Steps[i]; s.Action.App == t.App && s.Action.Account == t.Account && len(s.Before) > 0 {
				acc, err := decode(s.Before)
				if err != nil {
					return nil, err
				}
				out[key] = acc
				break
			}
		}
	}
	return out, nil
}

// somebody changes an account while nobody looks.
func (m *model) somebody(t *rapid.T) {
	key := rapid.SampledFrom([]string{"crm/ann", "erp/ann", "crm/ben", "dir/cid"}).Draw(t, "account")
	kind := rapid.IntRange(0, 3).Draw(t, "change")
	m.w.set(key, func(a *connectors.Account) {
		switch kind {
		case 0:
			a.DisplayName += "!"
		case 1:
			a.Enabled = connectors.Yes
		case 2:
			a.Entitlements = append(a.Entitlements, connectors.Entitlement{ID: connectors.EntitlementID(fmt.Sprint("new-", len(a.Entitlements)))})
		case 3:
			a.Enabled = connectors.No
		}
	})
}
