package remediate_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
)

// crm is a world of one app with one leaver's account, which has a key and is in a team.
func crm() *world {
	return newWorld(map[connectors.AppID][]connectors.Account{"crm": {withKey(account("ann", "E1", "reader", "team-red"), "k1")}})
}

// killed stands for a program that is killed: apply stops at a boundary, and nothing after it happens.
type killed struct{ step string }

// killAt carries a case out until a boundary.
func (b *bench) killAt(id, step string) {
	b.t.Helper()
	defer func() {
		b.apply.At = nil
		if k, was := recover().(killed); !was || k.step != step {
			b.t.Fatalf("the case never came to %q", step)
		}
	}()
	b.apply.At = func(s string) {
		if s == step {
			panic(killed{s})
		}
	}
	_, err := b.apply.Case(context.Background(), id, remediate.Policy)
	b.t.Fatal("carried out to its end", err)
}

func TestALeaverIsClosedConfirmedAndGivenBack(t *testing.T) {
	b := newBench(t, crm())
	before := b.w.get("crm/ann")
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	b.remove(c.ID)
	c = b.is(b.carryOut(c.ID), remediate.Confirmed)
	now := b.w.get("crm/ann")
	if now.Enabled != connectors.No || len(now.Credentials) > 0 || b.w.Sessions["crm/ann"] != 0 {
		t.Errorf("closed, it is %+v with %d sessions", now, b.w.Sessions["crm/ann"])
	}
	c, left, err := b.apply.Undo(t.Context(), c.ID, boss, "they are back")
	ok(t, err)
	b.is(c, remediate.Undone)
	if len(left) != 2 {
		t.Errorf("not taken back: %q, want the sessions and the key", left)
	}
	now = b.w.get("crm/ann")
	now.Credentials = before.Credentials // what cannot come back was said
	if !same(now, before) {
		t.Errorf("given back, it is %+v, was %+v", now, before)
	}
	ok(t, b.led.Verify())
}

func TestDriftBeforeTheFirstStepRefuses(t *testing.T) {
	b := newBench(t, crm())
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	b.remove(c.ID)
	b.w.set("crm/ann", func(a *connectors.Account) { a.EmployeeID = "E7" })
	says(t, b.is(b.carryOut(c.ID), remediate.Drifted).Why, "has changed since")
	if b.w.ours("", "") != 0 {
		t.Error("it was changed all the same")
	}
}

// A program that was down while somebody changed the account must not go on as if nothing had been.
func TestDriftWhileTheProgramWasDownRefuses(t *testing.T) {
	for _, step := range []string{"after started", "after intent: disable", "before call"} {
		t.Run(step, func(t *testing.T) {
			b := newBench(t, crm())
			c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
			b.remove(c.ID)
			b.killAt(c.ID, step)
			b.w.set("crm/ann", func(a *connectors.Account) { a.EmployeeID = "E7" })
			b.reopen()
			b.is(b.carryOut(c.ID), remediate.Drifted)
			if b.w.ours("", "") != 0 {
				t.Error("the account of somebody else was changed")
			}
		})
	}
}

// HR mends a record while the program is down: what has not been done is not done any more, and what has can be taken back.
func TestWhatTheNewestRunNoLongerFindsDoesNotGoOn(t *testing.T) {
	for _, step := range []string{"after started", "after intent: disable", "before call"} {
		t.Run(step, func(t *testing.T) {
			b := newBench(t, crm())
			c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
			b.remove(c.ID)
			b.killAt(c.ID, step)
			b.reopen()
			b.follow("run-2") // the run finds nothing
			if c = b.kept(c.ID); c.State == remediate.Intent {
				c = b.carryOut(c.ID)
			}
			b.is(c, remediate.Drifted)
			if b.w.ours("", "") != 0 {
				t.Error("an account with nothing wrong was changed")
			}
		})
	}
	t.Run("what was done is finished", func(t *testing.T) {
		b := newBench(t, crm())
		c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
		b.remove(c.ID)
		b.killAt(c.ID, "after done: disable")
		b.reopen()
		b.follow("run-2") // a disabled account is no finding
		b.is(b.carryOut(c.ID), remediate.Confirmed)
		if b.w.Sessions["crm/ann"] != 0 {
			t.Error("the sessions of a disabled account were left open")
		}
	})
}

// refusing lets a read fail with an error of a kind.
type refusing struct {
	*app
	read, disable error
}

func (r *refusing) Account(ctx context.Context, id connectors.AccountID) (connectors.Account, error) {
	if r.read != nil {
		return connectors.Account{}, r.read
	}
	return r.app.Account(ctx, id)
}

func (r *refusing) Disable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	receipt, err := r.app.Disable(ctx, before)
	if r.disable != nil {
		return connectors.Receipt{}, r.disable
	}
	return receipt, err
}

// The answer to a change was lost; later the app says no. The change may stand, so an undo must take it back.
func TestALaterRefusalDoesNotUnsayALostAnswer(t *testing.T) {
	for name, later := range map[string]func(*refusing){
		"reading is refused":  func(r *refusing) { r.read = connectors.ErrForbidden },
		"reading finds none":  func(r *refusing) { r.read = connectors.ErrNotFound },
		"calling is refused":  func(r *refusing) { r.disable = connectors.ErrForbidden },
		"nothing else is odd": func(*refusing) {},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, crm())
			r := &refusing{app: &app{w: b.w, id: "crm"}, disable: errLost}
			b.apply.Apps["crm"] = r
			before := b.w.get("crm/ann")
			c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
			b.remove(c.ID)
			b.is(b.carryOut(c.ID), remediate.Failed)
			r.disable = nil
			later(r)
			b.w.Old["crm/ann"] = glimpse{before, 3} // the change does not show yet
			if c = b.carryOut(c.ID); c.Steps[0].Progress == remediate.Refused {
				t.Errorf("the step is %s, though it was done", c.Steps[0].Progress)
			}
			r.read, r.disable = nil, nil
			b.w.Old["crm/ann"] = glimpse{}
			_, _, err := b.apply.Undo(t.Context(), c.ID, boss, "a mistake")
			ok(t, err)
			if now := b.w.get("crm/ann"); now.Enabled != connectors.Yes {
				t.Errorf("after the undo it is enabled: %s", now.Enabled)
			}
		})
	}
}

func TestAWrong200Fails(t *testing.T) {
	b := newBench(t, crm())
	b.apply.Apps["crm"] = &lying{&app{w: b.w, id: "crm"}}
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	b.remove(c.ID)
	says(t, b.is(b.carryOut(c.ID), remediate.Failed).Why, "said that it was done", "does not show it")
}

// lying says that it did what it did not.
type lying struct{ *app }

func (*lying) Disable(context.Context, connectors.Account) (connectors.Receipt, error) {
	return connectors.Receipt{Changed: true}, nil
}

// What an app cannot do is a ticket: it must come through where rollcall cannot even read the account.
func TestATicketNeedsNoAbility(t *testing.T) {
	b := newBench(t, crm())
	b.can = 0
	b.apply.Apps = nil
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	b.remove(c.ID)
	b.is(b.carryOut(c.ID), remediate.Applied)
	b.follow("run-2", leaver("E1", "crm", "ann"))
	b.is(b.kept(c.ID), remediate.Applied)
	b.follow("run-3")
	b.is(b.kept(c.ID), remediate.Confirmed)
}

// A case that waits for people's part still closes only when a fresh read has shown its own part, and what it did counts as
// removed.
func TestWaitingForPeopleDoesNotSkipTheFreshRead(t *testing.T) {
	b := newBench(t, crm())
	b.can = connectors.Abilities(connectors.CanDisable)
	f := leaver("E1", "crm", "ann")
	held := residue("E1", "crm", "ann", "reader")
	held.Group = f.Group
	c := b.follow("run-1", f, held)[0]
	b.remove(c.ID)
	b.killAt(c.ID, "after applied")
	b.follow("run-2")
	b.is(b.kept(c.ID), remediate.Applied) // nobody has looked yet
	b.is(b.carryOut(c.ID), remediate.Applied)
	b.follow("run-3")
	b.is(b.kept(c.ID), remediate.Confirmed)
	if gone, err := b.led.Removals(); err != nil || len(gone) != 1 {
		t.Errorf("removed: %v %v, want the account", gone, err)
	}
}

func TestAChangeThatShowsLateIsWaitedFor(t *testing.T) {
	b := newBench(t, crm())
	b.apply.Apps["crm"] = &late{&app{w: b.w, id: "crm"}}
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	b.remove(c.ID)
	b.is(b.carryOut(c.ID), remediate.Confirmed)
	c, _, err := b.apply.Undo(t.Context(), c.ID, boss, "they are back")
	ok(t, err)
	b.is(c, remediate.Undone)
}

// late shows a change only after some reads.
type late struct{ *app }

func (l *late) lag(before connectors.Account, r connectors.Receipt, err error) (connectors.Receipt, error) {
	l.w.Old[string(l.id)+"/"+string(before.ID)] = glimpse{before, 4}
	return r, err
}

func (l *late) Disable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	r, err := l.app.Disable(ctx, before)
	return l.lag(before, r, err)
}

func (l *late) Enable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	now := l.w.get(string(l.id) + "/" + string(before.ID))
	r, err := l.app.Enable(ctx, before)
	return l.lag(now, r, err)
}

func TestACaseThatIsNotDecidedIsNotCarriedOut(t *testing.T) {
	b := newBench(t, crm())
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	for _, prepare := range []func(){
		func() {},
		func() { _, err := b.desk.Ask(c.ID, 0, "E9", b.now); ok(t, err) },
		func() {
			_, err := b.desk.Decide(c.ID, remediate.Verdict{By: boss, Why: "on a case", Until: connectors.DateOf(b.now, time.UTC) + 9}, b.now)
			ok(t, err)
		},
	} {
		prepare()
		if _, err := b.apply.Case(t.Context(), c.ID, boss); !errors.Is(err, remediate.ErrMove) {
			t.Errorf("got %v, want ErrMove", err)
		}
	}
	if b.w.ours("", "") != 0 {
		t.Error("something was done")
	}
}

// Where sign-in times are not kept, the journal does not keep them either, whatever an app says when it is read afresh.
func TestTheJournalForgetsWhenAnAccountWasUsed(t *testing.T) {
	for _, forget := range []bool{false, true} {
		ann := withKey(account("ann", "E1", "reader"), "k1")
		day := connectors.DateOf(time.Date(2025, 3, 14, 0, 0, 0, 0, time.UTC), time.UTC)
		ann.LastSignIn, ann.Credentials[0].LastUsed, ann.Entitlements[0].LastUsed = day, day, day
		b := newBench(t, newWorld(map[connectors.AppID][]connectors.Account{"crm": {ann}}))
		b.apply.ForgetUse = forget
		c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
		b.remove(c.ID)
		c = b.is(b.carryOut(c.ID), remediate.Confirmed)
		for _, s := range c.Steps {
			if kept := strings.Contains(string(s.Before), `"2025-03-14"`); len(s.Before) > 0 && kept == forget {
				t.Errorf("ForgetUse %v: the journal has %s", forget, s.Before)
			}
		}
	}
}
