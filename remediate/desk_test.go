package remediate_test

import (
	"errors"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

func TestWhoMayDecide(t *testing.T) {
	b := newBench(t, crm())
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	for name, by := range map[string]remediate.Identity{"nobody": nobody, "root": rootUser, "policy": remediate.Policy, "the subject": {Person: "E1", Proof: "uid 1"}, "a name without proof": {Person: "E9"}} {
		if _, err := b.desk.Decide(c.ID, remediate.Verdict{Remove: true, By: by, Why: "w"}, b.now); !errors.Is(err, remediate.ErrMayNot) {
			t.Errorf("%s: got %v, want ErrMayNot", name, err)
		}
	}
	b.desk.Owners = func(*remediate.Item) []connectors.PersonID { return []connectors.PersonID{"E8"} }
	if _, err := b.desk.Decide(c.ID, remediate.Verdict{Remove: true, By: other, Why: "w"}, b.now); !errors.Is(err, remediate.ErrMayNot) {
		t.Errorf("another owner: got %v, want ErrMayNot", err)
	}
	b.desk.MayDecide = func(remediate.Identity, *remediate.Case) error { return errors.New("the list of approvers is empty") }
	if _, err := b.desk.Decide(c.ID, remediate.Verdict{Remove: true, By: boss, Why: "w"}, b.now); !errors.Is(err, remediate.ErrMayNot) {
		t.Errorf("no approvers: got %v, want ErrMayNot", err)
	}
	b.is(b.kept(c.ID), remediate.Open)
}

func TestWhatADecisionNeeds(t *testing.T) {
	b := newBench(t, crm())
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	today := connectors.DateOf(b.now, time.UTC)
	for name, v := range map[string]remediate.Verdict{
		"no reason":        {Remove: true, By: boss, Why: " \t"},
		"stale":            {Remove: true, By: boss, Why: "w", Rev: 7},
		"another item":     {Remove: true, By: boss, Why: "w", Item: "something"},
		"a keep for ever":  {By: boss, Why: "w"},
		"a keep that ends": {By: boss, Why: "w", Until: today},
		"too long a keep":  {By: boss, Why: "w", Until: today + 366},
		"a removal's end":  {Remove: true, By: boss, Why: "w", Until: today + 3},
	} {
		if _, err := b.desk.Decide(c.ID, v, b.now); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	b.is(b.kept(c.ID), remediate.Open)
}

// Silence after a part was done: what it was before must stay in the journal, or an undo restores nothing.
func TestLapsingKeepsWhatWasJournalled(t *testing.T) {
	b := newBench(t, crm())
	b.mode = scanner.ModeAuto
	b.can = connectors.Abilities(connectors.CanDisable)
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	_, err := b.desk.Release(c.ID, b.now)
	ok(t, err)
	b.apply.Apps["crm"] = &refusing{app: &app{w: b.w, id: "crm"}, disable: errLost}
	b.is(b.carryOut(c.ID), remediate.Failed)
	b.wire()
	_, err = b.desk.Ask(c.ID, 0, "E9", b.now)
	ok(t, err)
	b.now = b.now.Add(6 * 24 * time.Hour)
	_, err = b.desk.Deadlines(b.now)
	ok(t, err)
	b.is(b.kept(c.ID), remediate.Lapsed)
	b.is(b.carryOut(c.ID), remediate.Confirmed)
	_, _, err = b.apply.Undo(t.Context(), c.ID, boss, "a mistake")
	ok(t, err)
	if b.w.get("crm/ann").Enabled != connectors.Yes {
		t.Error("the undo left the account disabled")
	}
}

// Settling twice after the same run opens nothing anew, and is no error.
func TestFollowingAPlanTwiceAfterItsCaseEnded(t *testing.T) {
	b := newBench(t, crm())
	plan := b.plan(leaver("E1", "crm", "ann"))
	list, err := b.desk.Follow(plan, "run-1", b.now, always)
	ok(t, err)
	b.remove(list[0].ID)
	b.is(b.carryOut(list[0].ID), remediate.Confirmed)
	if list, err := b.desk.Follow(plan, "run-1", b.now, always); err != nil || len(list) > 0 {
		t.Errorf("followed again: %v %v", list, err)
	}
}

// A person took back what the policy did: the next run must not do it again (a contract that HR forgot to renew).
func TestWhatWasTakenBackIsNotDoneAgainByPolicy(t *testing.T) {
	b := newBench(t, crm())
	b.mode = scanner.ModeAuto
	b.can = connectors.Abilities(connectors.CanDisable)
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	_, err := b.desk.Release(c.ID, b.now)
	ok(t, err)
	b.is(b.carryOut(c.ID), remediate.Confirmed)
	_, _, err = b.apply.Undo(t.Context(), c.ID, boss, "the contract goes on")
	ok(t, err)
	if list := b.follow("run-1", leaver("E1", "crm", "ann")); len(list) > 0 {
		t.Errorf("the same run opens %v again", list[0])
	}
	next := b.follow("run-2", leaver("E1", "crm", "ann"))[0]
	says(t, b.is(next, remediate.Asked).Held, "taken back by E9", "the contract goes on")
	if _, err := b.desk.Release(next.ID, b.now); !errors.Is(err, remediate.ErrMove) {
		t.Errorf("released by policy: %v", err)
	}
	b.now = b.now.Add(30 * 24 * time.Hour)
	_, err = b.desk.Deadlines(b.now)
	ok(t, err)
	b.is(b.kept(next.ID), remediate.Expired) // silence does not do it either
	b.w.set("crm/ann", func(a *connectors.Account) { a.DisplayName = "Ann" })
	again := b.follow("run-3", leaver("E1", "crm", "ann"))[0]
	if again.Held == "" || again.State != remediate.Asked {
		t.Errorf("changed in a detail, it is %s, held: %q", again.State, again.Held)
	}
	b.remove(again.ID) // a person may
	b.is(b.carryOut(again.ID), remediate.Confirmed)
}

// What somebody kept does not become the policy's to remove by a change of some detail.
func TestWhatSomebodyKeptIsAskedAgainNotRemoved(t *testing.T) {
	b := newBench(t, crm())
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	_, err := b.desk.Decide(c.ID, remediate.Verdict{By: boss, Why: "hand-over", Until: connectors.DateOf(b.now, time.UTC) + 20}, b.now)
	ok(t, err)
	b.mode = scanner.ModeAuto
	b.can = connectors.Abilities(connectors.CanDisable)
	next := b.follow("run-2", leaver("E1", "crm", "ann"))[0]
	says(t, b.is(next, remediate.Asked).Held, "E9", "hand-over")
}

// Asked again, an old decision is no decision: what lapses is nobody's.
func TestALapseIsNobodysDecision(t *testing.T) {
	b := newBench(t, crm())
	b.mode = scanner.ModeAuto
	b.can = connectors.Abilities(connectors.CanDisable)
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	_, err := b.desk.Decide(c.ID, remediate.Verdict{By: boss, Why: "hand-over", Until: connectors.DateOf(b.now, time.UTC) + 20}, b.now)
	ok(t, err)
	_, err = b.desk.Ask(c.ID, 0, "E9", b.now)
	ok(t, err)
	b.now = b.now.Add(6 * 24 * time.Hour)
	passed, err := b.desk.Deadlines(b.now)
	ok(t, err)
	if len(passed) != 1 || passed[0].State != remediate.Lapsed || passed[0].Decision != nil {
		t.Errorf("lapsed as %+v", passed)
	}
}

// Tonight one app could not be read: what was decided about a leaver's accounts in all of them stands.
func TestAnAppThatWasNotReadUndoesNoDecision(t *testing.T) {
	b := newBench(t, newWorld(map[connectors.AppID][]connectors.Account{"crm": {account("ann", "E1")}, "erp": {account("ann", "E1")}}))
	c := b.follow("run-1", leaver("E1", "crm", "ann"), leaver("E1", "erp", "ann"))[0]
	b.remove(c.ID)
	_, err := b.desk.Follow(b.plan(leaver("E1", "crm", "ann")), "run-2", b.now, func(*remediate.Item) bool { return false })
	ok(t, err)
	b.is(b.kept(c.ID), remediate.Remove)
}

func TestADecisionIsAboutOnePersonsAccess(t *testing.T) {
	b := newBench(t, crm())
	mine, theirs := b.plan(residue("E1", "crm", "ann", "reader")), b.plan(residue("E2", "crm", "ann", "reader"))
	theirs.Items[0].Group, theirs.Items[0].Findings = mine.Items[0].Group, mine.Items[0].Findings
	if mine.Items[0].Hash() == theirs.Items[0].Hash() {
		t.Error("a decision on one owner's access holds for another's, who might have made it")
	}
}

// Telling takes its time: who decided meanwhile is not asked again, and their word stands.
func TestWhoDecidedWhileOthersWereToldIsNotAskedAgain(t *testing.T) {
	b := newBench(t, crm())
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	seen := c.Rev
	_, err := b.desk.Decide(c.ID, remediate.Verdict{By: boss, Why: "hand-over", Until: connectors.DateOf(b.now, time.UTC) + 20}, b.now)
	ok(t, err)
	if _, err := b.desk.Ask(c.ID, seen, "E8", b.now); !errors.Is(err, remediate.ErrStale) {
		t.Errorf("asked again: %v", err)
	}
	if c = b.is(b.kept(c.ID), remediate.Keep); c.Decision == nil {
		t.Error("the decision is lost")
	}
}
