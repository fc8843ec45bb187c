package remediate_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
)

// Wherever something was done it can be taken back: three weeks are too long to wait for a ticket.
func TestUndoWorksWhereverSomethingWasDone(t *testing.T) {
	for name, bring := range map[string]func(*bench, string){
		"while a ticket waits": func(b *bench, id string) { b.is(b.carryOut(id), remediate.Applied) },
		"interrupted":          func(b *bench, id string) { b.killAt(id, "after call") },
		"drifted in the middle": func(b *bench, id string) {
			b.killAt(id, "after done: disable")
			b.w.set("crm/ann", func(a *connectors.Account) {
				a.Entitlements = append(a.Entitlements, connectors.Entitlement{ID: "new"})
			})
			b.is(b.carryOut(id), remediate.Drifted)
		},
		"failed and superseded": func(b *bench, id string) {
			b.apply.Apps["crm"] = &refusing{app: &app{w: b.w, id: "crm"}, disable: errLost}
			b.is(b.carryOut(id), remediate.Failed)
			b.wire()
			b.follow("run-2")
			b.is(b.kept(id), remediate.Superseded)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, crm())
			b.can = connectors.Abilities(connectors.CanDisable | connectors.CanRevokeSessions)
			f := leaver("E1", "crm", "ann")
			held := residue("E1", "crm", "ann", "reader") // a ticket
			held.Group = f.Group
			c := b.follow("run-1", f, held)[0]
			b.remove(c.ID)
			bring(b, c.ID)
			c, _, err := b.apply.Undo(t.Context(), c.ID, boss, "a mistake")
			ok(t, err)
			b.is(c, remediate.Undone)
			if now := b.w.get("crm/ann"); now.Enabled != connectors.Yes || !slices.ContainsFunc(now.Entitlements, team) {
				t.Errorf("given back, it is %+v", now)
			}
		})
	}
}

// Law 7 holds for an undo as well: whose word it is stands in the journal before anything is called.
func TestAnUndoIsWrittenDownBeforeItIsDone(t *testing.T) {
	b := newBench(t, crm())
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	b.remove(c.ID)
	b.is(b.carryOut(c.ID), remediate.Confirmed)
	func() {
		defer func() { recover(); b.apply.At = nil }()
		b.apply.At = func(s string) {
			if s == "before undo" {
				panic(killed{s})
			}
		}
		b.apply.Undo(t.Context(), c.ID, boss, "they are back")
	}()
	b.reopen()
	if c = b.kept(c.ID); c.Undo == nil || c.Undo.By != boss || c.Undo.Why != "they are back" {
		t.Fatalf("killed before the call, the journal says %+v", c.Undo)
	}
	b.is(b.carryOut(c.ID), remediate.Undone) // it goes on, and nothing is removed again
	if b.w.get("crm/ann").Enabled != connectors.Yes {
		t.Error("the interrupted undo did not go on")
	}
}

func TestNobodyTakesBackTheirOwn(t *testing.T) {
	b := newBench(t, crm())
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	b.remove(c.ID)
	b.is(b.carryOut(c.ID), remediate.Confirmed)
	if _, _, err := b.apply.Undo(t.Context(), c.ID, remediate.Identity{Person: "E1", Proof: "uid 1"}, "I want it"); !errors.Is(err, remediate.ErrMayNot) {
		t.Errorf("got %v, want ErrMayNot", err)
	}
}

func TestUndoHasAWindow(t *testing.T) {
	b := newBench(t, crm())
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	if _, _, err := b.apply.Undo(t.Context(), c.ID, boss, "why"); !errors.Is(err, remediate.ErrMove) {
		t.Errorf("nothing was done: got %v, want ErrMove", err)
	}
	b.remove(c.ID)
	b.is(b.carryOut(c.ID), remediate.Confirmed)
	b.now = b.now.Add(remediate.UndoWindow + time.Hour)
	_, _, err := b.apply.Undo(t.Context(), c.ID, boss, "why")
	if err == nil {
		t.Fatal("taken back after the window")
	}
	says(t, err.Error(), "30 days ago", "give the access anew")
}

// What is being taken back is not decided about until that is over: it would be taken away and given back at once.
func TestWhatIsBeingTakenBackIsNotDecidedAbout(t *testing.T) {
	b := newBench(t, crm())
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	b.remove(c.ID)
	b.apply.Apps["crm"] = &refusing{app: &app{w: b.w, id: "crm"}, disable: errLost}
	b.is(b.carryOut(c.ID), remediate.Failed)
	delete(b.apply.Apps, "crm")
	if _, _, err := b.apply.Undo(t.Context(), c.ID, boss, "a mistake"); err == nil {
		t.Fatal("taken back in an app that may not be written to")
	}
	if _, err := b.desk.Ask(c.ID, 0, "E9", b.now); !errors.Is(err, remediate.ErrMove) {
		t.Errorf("asked: %v", err)
	}
	b.wire()
	b.is(b.carryOut(c.ID), remediate.Undone)
}

// An undo that was begun in time goes on after the window: it must not stop every later settling.
func TestAnInterruptedUndoGoesOnHoweverLate(t *testing.T) {
	b := newBench(t, crm())
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	b.remove(c.ID)
	b.killAt(c.ID, "after done: disable")
	delete(b.apply.Apps, "crm")
	if _, _, err := b.apply.Undo(t.Context(), c.ID, boss, "a mistake"); err == nil {
		t.Fatal("taken back in an app that may not be written to")
	}
	b.wire()
	b.now = b.now.Add(remediate.UndoWindow + time.Hour)
	b.is(b.carryOut(c.ID), remediate.Undone)
}
