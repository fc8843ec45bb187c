package remediate_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
)

// The incidents that people could not stop, lift or take back.

// A contract was not renewed in the HR tool, and a chain of automatic revocations followed that nobody could stop; undoing
// it took three weeks. Here the end date alone is asked about, the kill switch stops, one command takes it all back, and
// what was taken back is not done again.
func TestIncidentDialloContractNotRenewed(t *testing.T) {
	c := newCompany(t)
	c.hr.Rows[4].End = connectors.DateOf(c.now, time.UTC) - 3 // HR still says active
	c.night().harmless(t, "though HR still says active", "not certain enough to act upon unasked")
	c.leaves(4)
	c.kill = "the file STOP is there"
	c.night().harmless(t, "kill_switch", "the file STOP is there")
	c.kill = ""
	before := c.w.get("directory/" + string(login(person(4)).ID))
	o := c.night()
	if len(o.done) != 1 || o.done[0].State != remediate.Confirmed {
		t.Fatalf("without the switch: %s", o.said())
	}
	_, left, err := c.apply.Undo(t.Context(), o.done[0].ID, boss, "the contract goes on; HR is told")
	ok(t, err)
	if now := c.w.get("directory/" + string(before.ID)); !same(now, before) {
		t.Errorf("taken back: %+v, was %+v", now, before)
	}
	if len(left) == 0 {
		t.Error("it is not said that sessions do not come back")
	}
	for range 8 { // HR is still not mended
		c.night().harmless(t)
	}
	live, err := c.led.Live("leaver:E104")
	ok(t, err)
	says(t, live.Held, "taken back by E9", "the contract goes on")
}

// A guard that could never be cleared, or only by weakening it for good: a lift holds for one plan, for one hour.
func TestIncidentKonode18GuardThatCannotBeCleared(t *testing.T) {
	c := newCompany(t)
	c.leaves(1, 3, 5, 7, 9)
	o := c.night().harmless(t, "cap_app")
	lift := remediate.Lift{Plan: "another plan", By: "E8 (uid 1008)", Reason: "the site closes", At: c.now.Add(24*time.Hour - time.Minute)}
	ok(t, c.led.AddLift(lift, other))
	c.night().harmless(t, "cap_app")
	lift.Plan, lift.At = remediate.HashItems(o.batch), c.now.Add(22*time.Hour)
	ok(t, c.led.AddLift(lift, other))
	c.night().harmless(t, "cap_app") // made two hours before
	lift.At = c.now.Add(24*time.Hour - time.Minute)
	ok(t, c.led.AddLift(lift, other))
	if o := c.night(); len(o.done) != 5 {
		t.Errorf("lifted for this plan: %s", o.said())
	}
	c.now = c.now.Add(48 * time.Hour)
	c.leaves(11, 13, 15, 17, 19)
	c.night().harmless(t, "cap_app") // the guard is as strong as before
}

// A removal by mistake is found out weeks later, when the caps are used up, the roster is broken and nobody has scanned: none
// of that keeps it from being taken back. The kill switch does, since it says that nothing is changed anywhere.
func TestIncidentRestoredFromBackupInstead(t *testing.T) {
	items := adminsOf(batch("crm", 40))
	ground := &remediate.Ground{Now: noon, Roster: "it is empty", Left: 40, Worked: 41, Apps: map[connectors.AppID]remediate.AppState{"crm": {Problem: "page 3"}},
		Changed: remediate.Tally{All: 99, App: map[connectors.AppID]int{"crm": 99}}, ThisRun: 99}
	lim := remediate.Limits{Protected: []string{"*/*"}, LegalHold: []string{"*/*"}, WarmUp: 9, MinAdmins: 9}
	if len(remediate.Check(items, ground, &lim)) < 9 {
		t.Fatal("nothing stops it: this test tests nothing")
	}
	if trips := remediate.CheckUndo(items, ground, &lim); len(trips) > 0 {
		t.Errorf("giving back is stopped: %+v", trips)
	}
	ground.Kill = "the file STOP is there"
	if trips := remediate.CheckUndo(items, ground, &lim); len(trips) != 1 || trips[0].Guard != remediate.GuardKill {
		t.Errorf("with the kill switch on: %+v", trips)
	}
}

// The account went to somebody else meanwhile: what its owner had is not theirs, and what else was taken comes back.
func TestIncidentUndoForWhoeverHasTheAccountNow(t *testing.T) {
	for name, change := range map[string]func(*connectors.Account){
		"another employee": func(a *connectors.Account) { a.EmployeeID = "E4711" },
		"another owner":    func(a *connectors.Account) { a.OwnerRef = "E4711" },
		"a service":        func(a *connectors.Account) { a.Class = connectors.Service },
	} {
		b := newBench(t, newWorld(map[connectors.AppID][]connectors.Account{"crm": {account("ann", "E1", "team-a")}, "erp": {account("ann", "E1", "team-b")}}))
		b.w.set("crm/ann", func(a *connectors.Account) { a.OwnerRef = "E1" })
		c := b.follow("run-1", leaver("E1", "crm", "ann"), leaver("E1", "erp", "ann"))[0]
		b.remove(c.ID)
		b.is(b.carryOut(c.ID), remediate.Confirmed)
		b.w.set("crm/ann", change)
		c, left, err := b.apply.Undo(t.Context(), c.ID, boss, "they never left")
		ok(t, err)
		b.is(c, remediate.Undone)
		if b.w.get("crm/ann").Enabled != connectors.No || b.w.get("erp/ann").Enabled != connectors.Yes {
			t.Errorf("%s: crm %s, erp %s", name, b.w.get("crm/ann").Enabled, b.w.get("erp/ann").Enabled)
		}
		if !slices.ContainsFunc(left, func(s string) bool { return strings.Contains(s, "ann in crm: the account is somebody else's now") }) {
			t.Errorf("%s: it says %q", name, left)
		}
	}
	b := newBench(t, crm()) // who is called otherwise now gets back what was theirs
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	b.remove(c.ID)
	b.is(b.carryOut(c.ID), remediate.Confirmed)
	b.w.set("crm/ann", func(a *connectors.Account) { a.Email, a.DisplayName = "ann.new@made-up.example", "Ann New" })
	_, _, err := b.apply.Undo(t.Context(), c.ID, boss, "they never left")
	ok(t, err)
	if b.w.get("crm/ann").Enabled != connectors.Yes {
		t.Error("a new address kept it from coming back")
	}
}

func TestALiftIsAProvenPersons(t *testing.T) {
	c := newCompany(t)
	for _, by := range []remediate.Identity{nobody, rootUser, remediate.Policy} {
		if err := c.led.AddLift(remediate.Lift{Plan: "p", By: "x", Reason: "r", At: c.now}, by); !errors.Is(err, remediate.ErrMayNot) {
			t.Errorf("lifted by %v: %v", by, err)
		}
	}
}

// admins makes some people administrators of the directory.
func admins(who ...int) func(*company) {
	return func(c *company) {
		c.policy.Allow("Clerk", "directory", "team-admin")
		for _, i := range who {
			key := "directory/" + string(login(person(i)).ID)
			a := c.w.Accounts[key]
			a.Entitlements = append(a.Entitlements, connectors.Entitlement{ID: "team-admin", Privileged: true})
			c.w.Accounts[key] = a
		}
	}
}

// The last administrator leaves: in DefGuard, Langfuse, Probo and milo nobody could come in any more.
func TestIncidentDefGuard3184LastAdmin(t *testing.T) {
	c := newCompany(t, admins(3))
	c.leaves(3)
	c.night().harmless(t, "last_admin", "directory would keep 0 of its 1", "name another first")
	c = newCompany(t, admins(3, 5))
	c.leaves(3, 5)
	c.night().harmless(t, "last_admin", "directory would keep 0 of its 2")
}

// And over two runs: one each night.
func TestIncidentLangfuse13530LastAdminOverTwoRuns(t *testing.T) {
	c := newCompany(t, admins(3, 5))
	c.leaves(3)
	if o := c.night(); len(o.done) != 1 {
		t.Fatalf("the first of two: %s", o.said())
	}
	c.leaves(5)
	c.night().harmless(t, "last_admin", "directory would keep 0 of its 1")
}

// The list still shows the first administrator, whose case was interrupted before it was read and goes on after it.
func TestLastAdminWhileAnotherIsUnderWay(t *testing.T) {
	b := newBench(t, newWorld(map[connectors.AppID][]connectors.Account{"crm": {account("ann", "E1", "admin"), account("ben", "E2", "admin")}}))
	b.admin = map[string]bool{"crm/ann": true, "crm/ben": true}
	cases := b.follow("run-1", leaver("E1", "crm", "ann"), leaver("E2", "crm", "ben"))
	b.remove(cases[0].ID)
	b.killAt(cases[0].ID, "after intent: disable")
	b.now = b.now.Add(time.Hour)
	gone, err := b.led.AdminsGone("crm", b.now)
	ok(t, err)
	ground := &remediate.Ground{Now: b.now, ReadAt: b.now, Runs: 9, Apps: map[connectors.AppID]remediate.AppState{"crm": {Enabled: 2, Admins: 2, Gone: gone}}}
	trips := remediate.Check([]remediate.Item{cases[1].Item}, ground, &remediate.DefaultLimits)
	if !slices.ContainsFunc(trips, func(x remediate.Trip) bool { return x.Guard == remediate.GuardAdmins }) {
		t.Errorf("the second of two administrators may go while the first is going: %v", trips)
	}
	b.is(b.carryOut(cases[0].ID), remediate.Confirmed)
	if gone, err = b.led.AdminsGone("crm", b.now.Add(-time.Second)); err != nil || gone != 1 {
		t.Errorf("done after the list was read, %d are gone (%v), want 1", gone, err)
	}
}

// "No response" and "remove access" locked the sole administrator out.
func TestIncidentAzureDocs108578SilenceLocksOutTheSoleAdmin(t *testing.T) {
	c := newCompany(t, admins(3))
	c.leaves(3)
	c.night()
	live, err := c.led.Live("leaver:E103")
	ok(t, err)
	_, err = c.desk.Ask(live.ID, 0, "E9", c.now)
	ok(t, err)
	c.now = c.now.Add(9 * 24 * time.Hour)
	c.hr.Rows[3].End = connectors.DateOf(c.now, time.UTC) - 7
	c.night().harmless(t, "last_admin")
}

// An offboarding that could not be taken back, since the state before was not saved; roles that nobody could restore.
func TestIncidentCIPP2169UndoRestoresWhatWas(t *testing.T) {
	c := newCompany(t, admins(3, 5, 7))
	c.leaves(3)
	key := "directory/" + string(login(person(3)).ID)
	before := c.w.get(key)
	o := c.night()
	if now := c.w.get(key); len(now.Entitlements) > 0 || now.Enabled != connectors.No {
		t.Fatalf("disabled, it is %+v", now)
	}
	c.reopen()
	_, _, err := c.apply.Undo(t.Context(), o.done[0].ID, boss, "they are back")
	ok(t, err)
	if now := c.w.get(key); !same(now, before) {
		t.Errorf("taken back: %+v, was %+v", now, before)
	}
}

// Somebody attested their own access, and overwrote a removal that another had decided.
func TestIncidentYuzu4752SelfAttestation(t *testing.T) {
	b := newBench(t, crm())
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	b.remove(c.ID)
	until := connectors.DateOf(b.now, time.UTC) + 9
	self := remediate.Identity{Person: "E1", Proof: "uid 1"}
	if _, err := b.desk.Decide(c.ID, remediate.Verdict{By: self, Why: "I need it", Until: until}, b.now); !errors.Is(err, remediate.ErrMayNot) {
		t.Errorf("on their own access: %v", err)
	}
	if _, err := b.desk.Decide(c.ID, remediate.Verdict{By: other, Why: "I saw it open", Until: until, Rev: c.Rev}, b.now); !errors.Is(err, remediate.ErrStale) {
		t.Errorf("over a decision they did not see: %v", err)
	}
	b.is(b.kept(c.ID), remediate.Remove)
}

// Every candidate is read directly before it is touched: the list may be right and old.
func TestIncidentAdcp1830EachCandidateIsReadAgain(t *testing.T) {
	c := newCompany(t)
	c.leaves(3)
	key := "directory/" + string(login(person(3)).ID)
	c.lists["directory"] = func(rows []connectors.Account) []connectors.Account {
		c.w.set(key, func(a *connectors.Account) { a.EmployeeID, a.DisplayName = "E155", "Somebody Else" }) // after the list was read
		return rows
	}
	c.night().harmless(t, "drifted", "has changed since it was decided about")
}
