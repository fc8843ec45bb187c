package remediate_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

// last is the last day of who leaves in these tests; the cut-off is when it has ended.
var (
	last   = connectors.DateOf(noon, time.UTC) + 10
	cutOff = (last + 1).Time()
)

// closingOf is the plan that closes all accounts of E1 as they are now.
func (b *bench) closingOf(day connectors.Date) *remediate.Item {
	b.t.Helper()
	accounts := map[scanner.Related]*remediate.Subject{}
	for key, a := range b.w.Accounts {
		app, id, _ := strings.Cut(key, "/")
		if a.EmployeeID == "E1" {
			s, _ := b.Subject(connectors.AppID(app), connectors.AccountID(id))
			accounts[scanner.Related{App: connectors.AppID(app), Account: connectors.AccountID(id)}] = s
		}
	}
	p := remediate.Ahead("E1", "Ann", day, accounts, b)
	if len(p.Items) == 0 {
		return nil
	}
	return &p.Items[0]
}

func (b *bench) approve(by remediate.Identity) *remediate.Case {
	b.t.Helper()
	c, err := b.desk.OpenAhead(b.closingOf(last), "run-1", by, cutOff, b.now)
	ok(b.t, err)
	c, err = b.desk.Decide(c.ID, remediate.Verdict{Remove: true, By: by, Why: "leaves", Item: c.ItemHash}, b.now)
	ok(b.t, err)
	return b.is(c, remediate.Remove)
}

// newest is what a run finds that is made now.
func (b *bench) newest(run string, exits map[connectors.PersonID]remediate.Exit) *remediate.Newest {
	return &remediate.Newest{Run: run, Read: b.now, Exits: exits, Items: map[connectors.PersonID]*remediate.Item{"E1": b.closingOf(last)}, Judged: always}
}

func exit(day connectors.Date) map[connectors.PersonID]remediate.Exit {
	return map[connectors.PersonID]remediate.Exit{"E1": {Last: day}}
}

func aheadBench(t *testing.T) *bench {
	return newBench(t, newWorld(map[connectors.AppID][]connectors.Account{"crm": {account("ann", "E1", "team-a"), account("ben", "E2")}, "erp": {account("ann", "E1")}}))
}

// What is approved ahead is done at the cut-off and not before, and nothing but that.
func TestAheadWaitsForTheCutOff(t *testing.T) {
	b := aheadBench(t)
	c := b.approve(boss)
	asked, ended, err := b.desk.FollowAhead(b.newest("run-2", exit(last)), b.now)
	ok(t, err)
	if len(asked)+len(ended) > 0 {
		t.Fatalf("asked %v, ended %v, though nothing changed", asked, ended)
	}
	b.follow("run-2") // that no run finds it ends nothing
	b.now = cutOff.Add(-time.Second)
	if _, err := b.apply.Case(t.Context(), c.ID, remediate.Policy); !errors.Is(err, remediate.ErrMove) || b.w.ours("", "") > 0 {
		t.Fatalf("before the cut-off: %v, and %d changes", err, b.w.ours("", ""))
	}
	b.now = cutOff
	b.is(b.carryOut(c.ID), remediate.Confirmed)
	if b.w.get("crm/ann").Enabled != connectors.No || b.w.get("erp/ann").Enabled != connectors.No || b.w.get("crm/ben").Enabled != connectors.Yes {
		t.Error("not what was approved")
	}
}

// An exit that is rescinded, or moved to a later day, cancels it, and says why; an earlier one does not.
func TestIncidentAheadThoughTheyStay(t *testing.T) {
	for name, x := range map[string]struct {
		exits map[connectors.PersonID]remediate.Exit
		want  remediate.State
		says  string
	}{
		"rescinded":   {exit(0), remediate.Superseded, "HR names no last day any more"},
		"moved later": {exit(last + 1), remediate.Superseded, "and is " + (last + 1).String() + " now: nothing is closed; approve it anew"},
		"earlier":     {exit(last - 3), remediate.Remove, ""},
		"gone":        {map[connectors.PersonID]remediate.Exit{"E1": {Gone: true}}, remediate.Remove, ""},
		"not known":   {nil, remediate.Remove, ""},
	} {
		b := aheadBench(t)
		c := b.approve(boss)
		_, ended, err := b.desk.FollowAhead(b.newest("run-2", x.exits), b.now)
		ok(t, err)
		c = b.kept(c.ID)
		if c.State != x.want || (len(ended) == 1) != (x.want == remediate.Superseded) {
			t.Errorf("%s: the case is %s (%s), ended %v", name, c.State, c.Why, ended)
		}
		says(t, c.Why, x.says)
		ground := firm(500)
		ground.Exits = x.exits
		trips := remediate.Check([]remediate.Item{c.Item}, ground, &remediate.DefaultLimits)
		if stopped := len(trips) > 0; stopped != (x.want == remediate.Superseded || x.exits == nil) {
			t.Errorf("%s: the guards say %+v", name, trips)
		}
		for _, trip := range trips {
			if trip.Guard != remediate.GuardExit || trip.Counts() {
				t.Errorf("%s: stopped by %+v", name, trip)
			}
		}
	}
}

// What has changed since is asked anew and not done: the word was about something else. The cut-off stays.
func TestAheadAsksAnewAboutWhatChanged(t *testing.T) {
	for name, x := range map[string]struct {
		change func(*world)
		says   string
	}{
		"another right": {func(w *world) {
			w.set("crm/ann", func(a *connectors.Account) {
				a.Entitlements = append(a.Entitlements, connectors.Entitlement{ID: "x"})
			})
		}, "ann in crm has changed since"},
		"another account": {func(w *world) { w.set("erp/ann2", func(a *connectors.Account) { *a = account("ann2", "E1") }) }, "ann2 in erp has come since"},
		"one fewer":       {func(w *world) { w.set("erp/ann", func(a *connectors.Account) { a.Enabled = connectors.No }) }, "ann in erp does not work any more"},
	} {
		b := aheadBench(t)
		c := b.approve(boss)
		x.change(b.w)
		b.now = b.now.Add(time.Hour)
		asked, ended, err := b.desk.FollowAhead(b.newest("run-2", exit(last)), b.now)
		ok(t, err)
		if len(asked) != 1 || len(ended) != 0 {
			t.Fatalf("%s: asked %v, ended %v", name, asked, ended)
		}
		n := b.is(asked[0], remediate.Asked)
		says(t, n.Held, "asked anew", x.says)
		b.is(b.kept(c.ID), remediate.Superseded)
		if !n.NotBefore.Equal(cutOff) || n.Due.IsZero() || n.Decision != nil {
			t.Errorf("%s: not before %s, due %s, decided %v", name, n.NotBefore, n.Due, n.Decision)
		}
		if again, _, err := b.desk.FollowAhead(b.newest("run-2", exit(last)), b.now); err != nil || len(again) > 0 {
			t.Errorf("%s: asked twice: %v, %v", name, again, err)
		}
		b.remove(n.ID)
		b.now = cutOff
		b.is(b.carryOut(n.ID), remediate.Confirmed)
	}
}

// What changed after the newest run is found out by the fresh read; it is asked when a run has read it.
func TestAheadDrifts(t *testing.T) {
	b := aheadBench(t)
	c := b.approve(boss)
	n := b.newest("run-2", exit(last))
	b.w.set("crm/ann", func(a *connectors.Account) { a.Email = "other@made-up.example" })
	b.now = cutOff
	b.is(b.carryOut(c.ID), remediate.Drifted)
	if b.w.ours("", "") != 0 {
		t.Fatal("something was changed all the same")
	}
	if asked, _, err := b.desk.FollowAhead(n, b.now); err != nil || len(asked) > 0 {
		t.Errorf("the run is older than what changed: %v, %v", asked, err)
	}
	b.now = b.now.Add(time.Hour)
	asked, _, err := b.desk.FollowAhead(b.newest("run-3", map[connectors.PersonID]remediate.Exit{"E1": {Last: last, Gone: true}}), b.now)
	ok(t, err)
	if len(asked) != 1 {
		t.Fatalf("asked %v", asked)
	}
	says(t, asked[0].Held, "has changed since it was decided about")
	b.remove(asked[0].ID)
	b.is(b.carryOut(asked[0].ID), remediate.Confirmed)
}

// Where no account of theirs works any more there is nothing left to do.
func TestAheadWhereNothingIsLeft(t *testing.T) {
	b := aheadBench(t)
	c := b.approve(boss)
	older := &remediate.Newest{Run: "run-1", Read: b.now, Exits: exit(last), Judged: always} // made before it was approved
	if asked, ended, err := b.desk.FollowAhead(older, b.now); err != nil || len(asked)+len(ended) > 0 {
		t.Fatalf("by a run that did not look: asked %v, ended %v, %v", asked, ended, err)
	}
	for _, key := range []string{"crm/ann", "erp/ann"} {
		b.w.set(key, func(a *connectors.Account) { a.Enabled = connectors.No })
	}
	_, ended, err := b.desk.FollowAhead(b.newest("run-2", exit(last)), b.now)
	ok(t, err)
	if len(ended) != 1 {
		t.Fatalf("ended %v", ended)
	}
	says(t, b.is(b.kept(c.ID), remediate.Superseded).Why, "no account of theirs works any more")
}

// An account that an app stopped listing whole is neither changed nor gone.
func TestAheadOfWhatWasNotRead(t *testing.T) {
	b := aheadBench(t)
	c := b.approve(boss)
	n := b.newest("run-2", exit(last))
	n.Items, n.Judged = nil, func(*remediate.Item) bool { return false }
	asked, ended, err := b.desk.FollowAhead(n, b.now)
	ok(t, err)
	if len(asked)+len(ended) > 0 || b.kept(c.ID).State != remediate.Remove {
		t.Errorf("asked %v, ended %v", asked, ended)
	}
}

// What was approved makes way for another approval alone, and for nothing once it has begun.
func TestWhoApprovesAhead(t *testing.T) {
	b := aheadBench(t)
	c := b.approve(boss)
	for _, by := range []remediate.Identity{nobody, rootUser, {Person: "E1", Proof: "uid 1"}} {
		if _, err := b.desk.OpenAhead(b.closingOf(last), "run-1", by, cutOff.Add(-time.Hour), b.now); !errors.Is(err, remediate.ErrMayNot) {
			t.Errorf("%v: %v", by, err)
		}
	}
	b.is(b.kept(c.ID), remediate.Remove)
	same, err := b.desk.OpenAhead(b.closingOf(last), "run-1", other, cutOff, b.now.Add(time.Minute))
	ok(t, err)
	if same.ID != c.ID {
		t.Error("the same plan with the same cut-off is another case")
	}
	sooner, err := b.desk.OpenAhead(b.closingOf(last), "run-1", other, cutOff.Add(-time.Hour), b.now.Add(time.Minute))
	ok(t, err)
	b.is(b.kept(c.ID), remediate.Superseded)
	b.remove(sooner.ID)
	b.now = cutOff
	b.killAt(sooner.ID, "after intent: disable")
	if _, err := b.desk.OpenAhead(b.closingOf(last), "run-1", boss, cutOff, b.now); !errors.Is(err, remediate.ErrMove) {
		t.Errorf("while it is carried out: %v", err)
	}
	if _, ended, err := b.desk.FollowAhead(b.newest("run-2", exit(0)), b.now); err != nil || len(ended) > 0 {
		t.Errorf("what has begun is for people to take back: %v, %v", ended, err)
	}
}

// What an app cannot do is a person's to do, and is closed when a later run sees it done: ahead, and of who is offboarded now.
func TestWhatWasDoneByHandIsSeen(t *testing.T) {
	for _, now := range []bool{false, true} {
		b := aheadBench(t)
		b.can = 0
		c := b.approve(boss)
		b.now = cutOff
		if now {
			it := *b.closingOf(last)
			it.Group, it.LastDay = "offboard:E1", 0
			c, err := b.desk.Open(&it, "run-1", b.now)
			ok(t, err)
			b.remove(c.ID)
			b.is(b.carryOut(c.ID), remediate.Applied)
		}
		b.is(b.carryOut(c.ID), remediate.Applied)
		for i, key := range []string{"", "crm/ann", "erp/ann"} {
			if key != "" {
				b.w.set(key, func(a *connectors.Account) { a.Enabled = connectors.No })
			}
			b.now = b.now.Add(time.Hour)
			_, _, err := b.desk.FollowAhead(b.newest("run-2", exit(last)), b.now)
			ok(t, err)
			live, err := b.led.LiveCases(nil)
			ok(t, err)
			if done := len(live) == 0; done != (i == 2) {
				t.Fatalf("offboarded now: %v; after %q %d cases live", now, key, len(live))
			}
		}
		b.is(b.kept(c.ID), remediate.Confirmed)
	}
}

// failing is a journal whose disk is full when a case is to be opened.
type failing struct{ remediate.Journal }

var errFull = errors.New("no space left on device")

func (j failing) Put(c *remediate.Case, before int, by remediate.Identity, what string, at time.Time) error {
	if before == 0 {
		return errFull
	}
	return j.Journal.Put(c, before, by, what, at)
}

func (j failing) Replace(old *remediate.Case, before int, next *remediate.Case, by remediate.Identity, what string, at time.Time) error {
	return j.Journal.Replace(old, before, &remediate.Case{ID: next.ID, Rev: 1}, by, what, at) // the second of both is refused
}

// What was approved ahead and has changed is replaced by what asks anew in one: whatever goes wrong between, it is not lost.
func TestAheadIsReplacedInOne(t *testing.T) {
	for name, anew := range map[string]func(*bench) error{
		"approved again": func(b *bench) error {
			_, err := b.desk.OpenAhead(b.closingOf(last), "run-2", boss, cutOff.Add(time.Hour), b.now)
			return err
		},
		"asked anew": func(b *bench) error {
			b.w.set("crm/ann", func(a *connectors.Account) { a.DisplayName = "Ann" })
			_, _, err := b.desk.FollowAhead(b.newest("run-2", exit(last)), b.now)
			return err
		},
	} {
		b := aheadBench(t)
		c := b.approve(boss)
		b.desk.Journal = failing{b.led}
		if err := anew(b); err == nil {
			t.Fatalf("%s: it did not fail", name)
		}
		b.is(b.kept(c.ID), remediate.Remove)
		b.desk.Journal = b.led
		ok(t, anew(b))
		b.is(b.kept(c.ID), remediate.Superseded)
		live, err := b.led.Live(c.Item.Group)
		ok(t, err)
		if live == nil || live.ID == c.ID {
			t.Errorf("%s: nothing came in its place", name)
		}
	}
}
