package remediate_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/remediate"
)

// folk is a company in which everybody has several ids, and may sign in to the machine and to the chat under each.
var folk = map[connectors.PersonID]connectors.PersonID{"E9b": "E9", "E9c": "E9", "E8b": "E8", "E1b": "E1"}

func mainOf(id connectors.PersonID) connectors.PersonID {
	if main := folk[id]; main != "" {
		return main
	}
	return id
}

// Whatever of their ids and proofs somebody uses, they are never two people: not of a stopped batch, not of an event, not of a
// case that takes two, not of an undo to somebody who has left; and what is about them is about their own access.
func TestOnePersonIsNeverTwo(t *testing.T) {
	plan := newBench(t, crm())
	rapid.Check(t, func(t *rapid.T) {
		who := func(label string, ids ...connectors.PersonID) remediate.Identity {
			return remediate.Identity{Person: rapid.SampledFrom(ids).Draw(t, label), Proof: rapid.SampledFrom([]string{"uid 1009", "uid 1010", "slack U9"}).Draw(t, label+"'s proof")}
		}
		first, again, second := who("first", "E9", "E9b", "E9c"), who("again", "E9", "E9b", "E9c"), who("second", "E8", "E8b")
		subject := who("subject", "E1", "E1b")
		refused := func(what string, err error) {
			if !errors.Is(err, remediate.ErrMayNot) {
				t.Fatalf("%s: %v after %v: %v", what, again, first, err)
			}
		}

		item := plan.plan(leaver("E1", "crm", "ann")).Items[0]
		trips := []remediate.Trip{{Guard: remediate.GuardPerRun, Says: "too many"}}
		decided := &remediate.Case{ID: "c-1", Item: item, Decision: &remediate.Decision{By: first}}
		for what, stop := range map[string]func() (remediate.Stop, bool){
			"who ran it": func() (remediate.Stop, bool) {
				return remediate.StopOf("run-1", nil, trips, first.String(), first, nil, noon)
			},
			"who decided it": func() (remediate.Stop, bool) {
				return remediate.StopOf("run-1", []*remediate.Case{decided}, trips, "cron", nobody, nil, noon)
			},
		} {
			s, _ := stop()
			_, err := s.Approve(again, "why", mainOf, noon)
			refused(what, err)
			if _, err := s.Approve(second, "why", mainOf, noon); err != nil {
				t.Fatalf("%s: a second person: %v", what, err)
			}
		}
		s, _ := remediate.StopOf("run-1", []*remediate.Case{decided}, trips, "cron", nobody, nil, noon)
		_, err := s.Approve(subject, "why", mainOf, noon)
		refused("whom it is about", err)

		e := remediate.Event{ID: "e-1", By: first}
		refused("an event", e.Approve(again, "why", mainOf, noon))
		ok(t, e.Approve(second, "why", mainOf, noon))
	})
}

// The same of what is kept between two words: the tie between two ids may be found after the first.
func TestOnePersonsTwoWordsAreOne(t *testing.T) {
	for name, two := range map[string]remediate.Identity{"another uid": {Person: "E9", Proof: "uid 1010"}, "another id": {Person: "E9b", Proof: "uid 1010"}, "the chat": {Person: "E9c", Proof: "slack U9"}} {
		b := newBench(t, crm())
		b.desk.Same, b.apply.Same = mainOf, mainOf
		b.apply.Left = func(id connectors.PersonID) (string, error) {
			return map[connectors.PersonID]string{"E1": "E1 has left"}[mainOf(id)], nil
		}
		b.desk.Two = func(*remediate.Case) bool { return true }
		c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
		say := func(by remediate.Identity) *remediate.Case {
			n, err := b.desk.Decide(c.ID, remediate.Verdict{Remove: true, By: by, Why: "it is not needed"}, b.now)
			ok(t, err)
			return n
		}
		say(boss)
		if n := b.is(say(two), remediate.Open); len(n.Votes) != 1 {
			t.Errorf("%s: %d words", name, len(n.Votes))
		}
		if _, err := b.desk.Decide(c.ID, remediate.Verdict{Remove: true, By: remediate.Identity{Person: "E1b", Proof: "uid 1"}, Why: "w"}, b.now); !errors.Is(err, remediate.ErrMayNot) {
			t.Errorf("%s: about their own access under another id: %v", name, err)
		}
		b.is(say(other), remediate.Remove)
		b.is(b.carryOut(c.ID), remediate.Confirmed)
		for _, by := range []remediate.Identity{boss, two} {
			n, _, err := b.apply.UndoAlthoughLeft(t.Context(), c.ID, by, "a mistake")
			ok(t, err)
			if b.is(n, remediate.Confirmed).Undo != nil || b.w.get("crm/ann").Enabled != connectors.No {
				t.Fatalf("%s: given back to somebody who has left, on one person's word", name)
			}
		}
		n, _, err := b.apply.UndoAlthoughLeft(t.Context(), c.ID, other, "a mistake")
		ok(t, err)
		b.is(n, remediate.Undone)
	}
}

func TestNobodyTakesBackTheirOwnUnderAnotherID(t *testing.T) {
	b := newBench(t, crm())
	b.apply.Same = mainOf
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	b.remove(c.ID)
	b.is(b.carryOut(c.ID), remediate.Confirmed)
	if _, _, err := b.apply.Undo(t.Context(), c.ID, remediate.Identity{Person: "E1b", Proof: "uid 1"}, "I want it"); !errors.Is(err, remediate.ErrMayNot) {
		t.Errorf("got %v, want ErrMayNot", err)
	}
}

// Access goes back to somebody who has left on nobody's word alone, nor by whoever has left themselves.
func TestGivingBackToALeaverTakesTwoPeople(t *testing.T) {
	b := newBench(t, crm())
	b.apply.Left = func(id connectors.PersonID) (string, error) {
		return map[connectors.PersonID]string{"E1": "E1 has left, by the roster of today", "E7": "E7 has left, by the roster of today"}[id], nil
	}
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	b.remove(c.ID)
	b.is(b.carryOut(c.ID), remediate.Confirmed)
	_, _, err := b.apply.Undo(t.Context(), c.ID, boss, "HR was wrong")
	if !errors.Is(err, remediate.ErrOwnerLeft) || !errors.Is(err, remediate.ErrMayNot) {
		t.Fatalf("got %v, want ErrOwnerLeft", err)
	}
	says(t, err.Error(), "E1 has left, by the roster of today", "mend it and scan", "rollcall undo "+c.ID+" --although-left")
	for name, by := range map[string]remediate.Identity{"nobody": nobody, "an unproven name": {Person: "E9"}, "root": rootUser, "who has left": {Person: "E7", Proof: "uid 7"}, "the subject": {Person: "E1", Proof: "uid 1"}} {
		if _, _, err := b.apply.UndoAlthoughLeft(t.Context(), c.ID, by, "why"); !errors.Is(err, remediate.ErrMayNot) {
			t.Errorf("%s: got %v, want ErrMayNot", name, err)
		}
	}
	_, _, err = b.apply.UndoAlthoughLeft(t.Context(), c.ID, boss, "HR was wrong")
	ok(t, err)
	b.reopen() // the first word is kept
	if c = b.kept(c.ID); c.Undo != nil || len(c.Words) != 1 || b.w.get("crm/ann").Enabled != connectors.No {
		t.Fatalf("after one word: %+v", c)
	}
	b.apply.Left = func(id connectors.PersonID) (string, error) {
		return map[connectors.PersonID]string{"E1": "E1 has left"}[id], nil
	}
	c, _, err = b.apply.UndoAlthoughLeft(t.Context(), c.ID, other, "HR says so")
	ok(t, err)
	if b.is(c, remediate.Undone).Undo.By != other || b.w.get("crm/ann").Enabled != connectors.Yes {
		t.Errorf("after two words: %+v", c)
	}
}
