package remediate_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

// batch has n automatic items, each disabling one account.
func batch(app string, n int) (items []remediate.Item) {
	for i := range n {
		id := connectors.AccountID(fmt.Sprintf("%s-%03d", app, i))
		items = append(items, remediate.Item{Group: app + string(id), Mode: scanner.ModeAuto,
			Targets: []remediate.Target{{App: connectors.AppID(app), Account: id, Login: "login-" + string(id), Class: "human", Exact: true}},
			Actions: []remediate.Action{{Verb: remediate.Disable, App: connectors.AppID(app), Account: id, Undo: remediate.Exact}}})
	}
	return items
}

func adminsOf(items []remediate.Item) []remediate.Item {
	for i := range items {
		items[i].Targets[0].Admin = true
	}
	return items
}

// of has items be one person's, each in a group of its own.
func of(person connectors.PersonID, items []remediate.Item) []remediate.Item {
	for i := range items {
		items[i].Person = person
	}
	return items
}

func deleting(items []remediate.Item) []remediate.Item  { return also(remediate.Delete, items) }
func archiving(items []remediate.Item) []remediate.Item { return also(remediate.Archive, items) }

func also(v remediate.Verb, items []remediate.Item) []remediate.Item {
	for i := range items {
		a := items[i].Actions[0]
		a.Verb, a.Undo = v, remediate.None
		items[i].Actions = append(items[i].Actions, a)
	}
	return items
}

// firm is ground on which anything may be done.
func firm(enabled int) *remediate.Ground {
	return &remediate.Ground{Now: noon, ReadAt: noon.Add(-time.Hour), Runs: 99, Apps: map[connectors.AppID]remediate.AppState{"crm": {Enabled: enabled, Admins: 50}, "erp": {Enabled: enabled, Admins: 50}}}
}

func guards(trips []remediate.Trip) (list []remediate.Guard) {
	for _, t := range trips {
		if !slices.Contains(list, t.Guard) {
			list = append(list, t.Guard)
		}
	}
	slices.Sort(list)
	return list
}

// Each guard below, at and above its limit.
func TestGuards(t *testing.T) {
	lim := remediate.Limits{PerRun: 10, PerDay: 20, AppPercent: 5, AppAtLeast: 3, MinAdmins: 2, MaxAge: 26 * time.Hour, WarmUp: 3, Protected: []string{"crm/login-crm-00[1]", "erp/*-007"},
		LegalHold: []string{"E7", "erp/login-erp-003", "ERP/erp-004"}}
	type g = remediate.Ground
	for _, x := range []struct {
		name  string
		batch []remediate.Item
		on    func(*g)
		want  []remediate.Guard
	}{
		{"nothing", nil, nil, nil},
		{"below all", batch("crm", 1), nil, nil},
		{"a run's cap", batch("crm", 10), nil, nil},
		{"above a run's cap", batch("crm", 11), nil, []remediate.Guard{remediate.GuardPerRun}},
		{"a run's cap, in parts", batch("crm", 4), func(s *g) { s.ThisRun = 6 }, nil},
		{"above a run's cap, in parts", batch("crm", 4), func(s *g) { s.ThisRun = 7 }, []remediate.Guard{remediate.GuardPerRun}},
		{"a day's cap", batch("crm", 5), func(s *g) { s.Changed.All = 15 }, nil},
		{"above a day's cap", batch("crm", 5), func(s *g) { s.Changed.All = 16 }, []remediate.Guard{remediate.GuardPerDay}},
		{"nothing to do after a full day", nil, func(s *g) { s.Changed.All = 99 }, nil},
		{"a small app", batch("crm", 3), func(s *g) { s.Apps["crm"] = remediate.AppState{Enabled: 4, Admins: 9} }, nil},
		{"above a small app's", batch("crm", 4), func(s *g) { s.Apps["crm"] = remediate.AppState{Enabled: 4, Admins: 9} }, []remediate.Guard{remediate.GuardPerApp}},
		{"percent", batch("crm", 4), func(s *g) { s.Apps["crm"] = remediate.AppState{Enabled: 80, Admins: 9} }, nil},
		{"just under the next percent", batch("crm", 4), func(s *g) { s.Apps["crm"] = remediate.AppState{Enabled: 79, Admins: 9} }, []remediate.Guard{remediate.GuardPerApp}},
		{"percent with what was changed", batch("crm", 2), func(s *g) {
			s.Apps["crm"] = remediate.AppState{Enabled: 80, Admins: 9}
			s.Changed = remediate.Tally{All: 3, App: map[connectors.AppID]int{"crm": 3}}
		}, []remediate.Guard{remediate.GuardPerApp}},
		{"another app's changes", batch("crm", 4), func(s *g) {
			s.Apps["crm"] = remediate.AppState{Enabled: 80, Admins: 9}
			s.Changed = remediate.Tally{All: 9, App: map[connectors.AppID]int{"erp": 9}}
		}, nil},
		{"enough admins", adminsOf(batch("crm", 3)), func(s *g) { s.Apps["crm"] = remediate.AppState{Enabled: 500, Admins: 5} }, nil},
		{"too few admins", adminsOf(batch("crm", 3)), func(s *g) { s.Apps["crm"] = remediate.AppState{Enabled: 500, Admins: 4} }, []remediate.Guard{remediate.GuardAdmins}},
		{"too few after the last run", adminsOf(batch("crm", 3)), func(s *g) { s.Apps["crm"] = remediate.AppState{Enabled: 500, Admins: 5, Gone: 1} }, []remediate.Guard{remediate.GuardAdmins}},
		{"as old as allowed", batch("crm", 1), func(s *g) { s.ReadAt = noon.Add(-26 * time.Hour) }, nil},
		{"older", batch("crm", 1), func(s *g) { s.ReadAt = noon.Add(-26*time.Hour - 1) }, []remediate.Guard{remediate.GuardAge}},
		{"from the future", batch("crm", 1), func(s *g) { s.ReadAt = noon.Add(1) }, []remediate.Guard{remediate.GuardAge}},
		{"of no time", batch("crm", 1), func(s *g) { s.ReadAt = time.Time{} }, []remediate.Guard{remediate.GuardAge}},
		{"warm", batch("crm", 1), func(s *g) { s.Runs = 3 }, nil},
		{"not warm", batch("crm", 1), func(s *g) { s.Runs = 2 }, []remediate.Guard{remediate.GuardWarmUp}},
		{"killed", batch("crm", 1), func(s *g) { s.Kill = "STOP" }, []remediate.Guard{remediate.GuardKill}},
		{"no roster", batch("crm", 1), func(s *g) { s.Roster = "half of it" }, []remediate.Guard{remediate.GuardRoster}},
		{"an app not read", batch("crm", 1), func(s *g) { delete(s.Apps, "crm") }, []remediate.Guard{remediate.GuardSource}},
		{"an app half read", batch("crm", 1), func(s *g) { s.Apps["crm"] = remediate.AppState{Problem: "page 3", Enabled: 500} }, []remediate.Guard{remediate.GuardSource}},
		{"another app half read", batch("crm", 1), func(s *g) { s.Apps["erp"] = remediate.AppState{Problem: "page 3"} }, nil},
		{"protected", batch("erp", 8), nil, []remediate.Guard{remediate.GuardProtected}},
		{"disabling on hold", of("E7", batch("crm", 1)), nil, nil},
		{"deleting", deleting(of("E8", batch("crm", 1))), nil, nil},
		{"deleting on hold", deleting(of("E7", batch("crm", 1))), nil, []remediate.Guard{remediate.GuardHold}},
		{"archiving on hold", archiving(of("E7", batch("crm", 1))), nil, []remediate.Guard{remediate.GuardHold}},
		{"deleting under another id", deleting(of("E7-2", batch("crm", 1))), func(s *g) { s.Same = map[connectors.PersonID]connectors.PersonID{"E7": "E7-2"} }, []remediate.Guard{remediate.GuardHold}},
		{"deleting an account on hold", deleting(batch("erp", 4)), nil, []remediate.Guard{remediate.GuardHold}},
		{"deleting one by its id", deleting(batch("erp", 5)[4:]), nil, []remediate.Guard{remediate.GuardHold}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := firm(500)
			if x.on != nil {
				x.on(s)
			}
			trips := remediate.Check(x.batch, s, &lim)
			if got := guards(trips); !slices.Equal(got, x.want) {
				t.Errorf("trips %v, want %v: %+v", got, x.want, trips)
			}
			for _, trip := range trips {
				if trip.Says == "" {
					t.Errorf("%s says nothing", trip.Guard)
				}
			}
		})
	}
}

func TestLimitsThatNobodySetForbidEverything(t *testing.T) {
	if trips := remediate.Check(batch("crm", 1), firm(500), &remediate.Limits{}); len(trips) == 0 {
		t.Error("the zero value lets something be done")
	}
}

// A trip stops all of its scope and nothing else.
func TestWhatATripStops(t *testing.T) {
	all := append(batch("crm", 4), batch("erp", 2)...)
	s := firm(500)
	s.Apps["crm"] = remediate.AppState{Enabled: 10, Admins: 9}
	free, stopped := remediate.Pass(all, remediate.Check(all, s, &remediate.DefaultLimits))
	if len(free) != 2 || len(stopped) != 4 {
		t.Errorf("a cap of one app lets %d of 6 pass, want the 2 of the other", len(free))
	}
	s.Kill = "STOP"
	if free, _ := remediate.Pass(all, remediate.Check(all, s, &remediate.DefaultLimits)); len(free) > 0 {
		t.Errorf("with the kill switch on, %d pass", len(free))
	}
}

func TestProtectedPatterns(t *testing.T) {
	for _, x := range []struct {
		pattern, login, id string
		want               bool
	}{
		{"crm/ann", "ann", "1", true}, {"crm/ANN", "ann", "1", true}, {"crm/1", "ann", "1", true}, {"crm/an", "ann", "1", false}, {"erp/ann", "ann", "1", false},
		{"crm/a*", "ann", "1", true}, {"crm/a?n", "ann", "1", true}, {"*/ann", "ann", "1", true}, {"crm/*", `corp\ann/x`, "1", true}, {"crm/a[n]n", "a[n]n", "1", true},
		{"crm/a[n]n", "ann", "1", false}, {`crm/ann\`, "bob", "1", true}, {`crm/\[`, "bob", "1", true}, // no pattern at all: too much is safer than nothing
	} {
		it := batch("crm", 1)
		it[0].Targets[0].Login, it[0].Targets[0].Account = x.login, connectors.AccountID(x.id)
		it[0].Actions[0].Account = connectors.AccountID(x.id)
		lim := remediate.DefaultLimits
		lim.Protected = []string{x.pattern}
		if got := len(remediate.Check(it, firm(500), &lim)) > 0; got != x.want {
			t.Errorf("%q protects %q (%s): %v, want %v", x.pattern, x.login, x.id, got, x.want)
		}
	}
}

// Nobody is kept from looking at an emergency account that nobody answers for.
func TestATicketAboutAProtectedAccountIsNotStopped(t *testing.T) {
	it := batch("crm", 1)
	it[0].Targets[0].Class = connectors.BreakGlass.String()
	if got := guards(remediate.Check(it, firm(500), &remediate.DefaultLimits)); !slices.Equal(got, []remediate.Guard{remediate.GuardProtected}) {
		t.Errorf("disabling one trips %v", got)
	}
	it[0].Actions[0].Verb = remediate.Ticket
	if trips := remediate.Check(it, firm(500), &remediate.DefaultLimits); len(trips) > 0 {
		t.Errorf("a ticket trips %+v", trips)
	}
}

// Tickets change nothing and count nowhere.
func TestTicketsDoNotCount(t *testing.T) {
	all := batch("crm", 40)
	for i := range all {
		all[i].Actions[0].Verb = remediate.Ticket
	}
	if trips := remediate.Check(adminsOf(all), firm(500), &remediate.DefaultLimits); len(trips) > 0 {
		t.Errorf("40 tickets trip %v", guards(trips))
	}
}

// A lift is for one plan and one hour, from somebody, with a reason, and of the caps alone.
func TestLifts(t *testing.T) {
	large := adminsOf(batch("crm", 30))
	hash := remediate.HashItems(large)
	good := remediate.Lift{Plan: hash, By: "E8", Reason: "a site closes", At: noon.Add(-59 * time.Minute)}
	with := func(change func(*remediate.Lift)) remediate.Lift { l := good; change(&l); return l }
	for name, x := range map[string]struct {
		lift remediate.Lift
		on   func(*remediate.Ground)
		want []remediate.Guard
	}{
		"lifted":           {good, nil, nil},
		"an hour ago":      {with(func(l *remediate.Lift) { l.At = noon.Add(-time.Hour) }), nil, []remediate.Guard{remediate.GuardPerApp, remediate.GuardPerDay, remediate.GuardPerRun}},
		"in the future":    {with(func(l *remediate.Lift) { l.At = noon.Add(1) }), nil, []remediate.Guard{remediate.GuardPerApp, remediate.GuardPerDay, remediate.GuardPerRun}},
		"of another plan":  {with(func(l *remediate.Lift) { l.Plan = remediate.HashItems(large[1:]) }), nil, []remediate.Guard{remediate.GuardPerApp, remediate.GuardPerDay, remediate.GuardPerRun}},
		"by nobody":        {with(func(l *remediate.Lift) { l.By = "" }), nil, []remediate.Guard{remediate.GuardPerApp, remediate.GuardPerDay, remediate.GuardPerRun}},
		"without a reason": {with(func(l *remediate.Lift) { l.Reason = "" }), nil, []remediate.Guard{remediate.GuardPerApp, remediate.GuardPerDay, remediate.GuardPerRun}},
		"not the switch":   {good, func(s *remediate.Ground) { s.Kill = "STOP" }, []remediate.Guard{remediate.GuardKill}},
		"not the roster":   {good, func(s *remediate.Ground) { s.Roster = "half" }, []remediate.Guard{remediate.GuardRoster}},
		"not the age":      {good, func(s *remediate.Ground) { s.ReadAt = time.Time{} }, []remediate.Guard{remediate.GuardAge}},
		"not a bad source": {good, func(s *remediate.Ground) {
			s.Apps["crm"] = remediate.AppState{Enabled: 500, Admins: 50, Problem: "half"}
		}, []remediate.Guard{remediate.GuardSource}},
		"not the last":      {good, func(s *remediate.Ground) { s.Apps["crm"] = remediate.AppState{Enabled: 500, Admins: 30} }, []remediate.Guard{remediate.GuardAdmins}},
		"not the warm-up":   {good, func(s *remediate.Ground) { s.Runs = 0 }, []remediate.Guard{remediate.GuardWarmUp}},
		"with what changed": {good, func(s *remediate.Ground) { s.Changed.All = 19 }, nil},
	} {
		s := firm(500)
		s.Lifts = []remediate.Lift{x.lift}
		if x.on != nil {
			x.on(s)
		}
		if got := guards(remediate.Check(large, s, &remediate.DefaultLimits)); !slices.Equal(got, x.want) {
			t.Errorf("%s: trips %v, want %v", name, got, x.want)
		}
	}
}

// The caps are kept in the ledger, over restarts: a schedule that carries out one a time does not get past them, and a day
// later they are free again.
func TestCapsAreNotNibbledPast(t *testing.T) {
	accounts := map[connectors.AppID][]connectors.Account{}
	for i := range 9 {
		accounts["crm"] = append(accounts["crm"], account(fmt.Sprint("a", i), fmt.Sprint("E1", i)))
	}
	b := newBench(t, newWorld(accounts))
	done := 0
	once := func(i int) {
		f := leaver(fmt.Sprint("E1", i), "crm", fmt.Sprint("a", i))
		c := b.follow(fmt.Sprint("run-", i, b.now), f)[0]
		changed, err := b.led.Changed(b.now.Add(-24 * time.Hour))
		ok(t, err)
		s := &remediate.Ground{Now: b.now, ReadAt: b.now, Runs: 9, Changed: changed, Apps: map[connectors.AppID]remediate.AppState{"crm": {Enabled: 9, Admins: 1}}}
		if trips := remediate.Check([]remediate.Item{c.Item}, s, &remediate.DefaultLimits); len(trips) > 0 {
			return
		}
		b.remove(c.ID)
		b.is(b.carryOut(c.ID), remediate.Confirmed)
		done++
	}
	for i := range 6 {
		once(i)
		b.reopen()
		b.now = b.now.Add(time.Hour)
	}
	if done != 3 {
		t.Errorf("one at a time, %d of 9 accounts were changed within a day; at most 3 are allowed", done)
	}
	b.now = b.now.Add(24 * time.Hour)
	if once(6); done != 4 {
		t.Errorf("a day later nothing more is done")
	}
}

// What was taken back, or may have been done although the answer was lost, has still been touched.
func TestWhatCountsAsChanged(t *testing.T) {
	b := newBench(t, crm())
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	b.remove(c.ID)
	b.killAt(c.ID, "after intent: disable")
	b.reopen()
	if n, err := b.led.Changed(noon.Add(-time.Hour)); err != nil || n.All != 1 || n.App["crm"] != 1 {
		t.Errorf("meant: %+v %v, want 1", n, err)
	}
	b.is(b.carryOut(c.ID), remediate.Confirmed)
	if n, err := b.led.Changed(noon.Add(-time.Hour)); err != nil || n.All != 1 {
		t.Errorf("three steps on one account count as %+v %v, want 1", n, err)
	}
	_, _, err := b.apply.Undo(t.Context(), c.ID, boss, "a mistake")
	ok(t, err)
	if n, err := b.led.Changed(noon.Add(-time.Hour)); err != nil || n.All != 1 {
		t.Errorf("taken back: %+v %v, want 1", n, err)
	}
}

// A hold stops what it is about alone, says whose it is, and is no reason to ask anew: the plan's hash is as it was.
func TestLegalHold(t *testing.T) {
	lim := remediate.DefaultLimits
	lim.LegalHold = []string{"E7"}
	items := append(deleting(of("E7", batch("crm", 1))), of("E8", batch("erp", 1))...)
	hash := remediate.HashItems(items)
	trips := remediate.Check(items, firm(500), &lim)
	free, stopped := remediate.Pass(items, trips)
	if len(free) != 1 || len(stopped) != 1 || stopped[0].Person != "E7" {
		t.Fatalf("free %v, stopped %v", free, stopped)
	}
	says(t, trips[0].Says, "E7 is on legal hold", "disabled, not archived or deleted", "legal_hold")
	if trips[0].Counts() {
		t.Error("a hold can be lifted as a cap is")
	}
	for i := range items {
		items[i].LegalHold = lim.OnHold(&items[i], nil)
	}
	if items[0].LegalHold == "" || items[1].LegalHold != "" || remediate.HashItems(items) != hash {
		t.Errorf("%q, %q, and the hash %s was %s", items[0].LegalHold, items[1].LegalHold, remediate.HashItems(items), hash)
	}
}
