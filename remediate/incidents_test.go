package remediate_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/inmem"
	"rollcall/remediate"
	"rollcall/scanner"
)

// The incidents of tools like this one, each on the whole way from the sources to what would be done, in a company whose
// policy lets everything be automatic. Each ends with nothing wrongly done, and with words that name the cause. The names
// are those of the reports: see the notes on the domain and on peers.

// The control: with nothing wrong, a leaver is closed. What keeps the others harmless is not that nothing ever happens.
func TestNoIncident(t *testing.T) {
	c := newCompany(t)
	c.leaves(3)
	o := c.night()
	if o.err != nil || len(o.done) != 1 || c.w.get("directory/"+string(login(person(3)).ID)).Enabled != connectors.No {
		t.Errorf("a leaver is not closed: %s", o.said())
	}
	ok(t, c.led.Verify())
}

var errDown = errors.New("dial ldap.made-up.example:636: connection refused")

// An LDAP server that does not answer was taken for one without users: 43 people were deleted.
func TestIncidentOPNsense10128UnreachableServer(t *testing.T) {
	c := newCompany(t)
	c.leaves(3)
	c.sides["directory"] = inmem.Source{Fail: errDown}
	c.night().harmless(t, "connection refused")
	c.hr.Fail = errDown
	o := c.night().harmless(t, "roster", "connection refused")
	if o.err == nil {
		t.Error("without a roster the run goes on")
	}
}

// A search that succeeds and is empty: the base does not match any more, or the bind account lost its rights.
func TestIncidentWgPortal744SuccessfulEmptySearch(t *testing.T) {
	c := newCompany(t)
	c.leaves(3)
	c.lists["directory"] = func([]connectors.Account) []connectors.Account { return nil }
	c.night().harmless(t, "lists no accounts at all")
}

// An empty list of users as the source of truth: everybody was deactivated.
func TestIncidentGitea7949EmptyListOfPeople(t *testing.T) {
	c := newCompany(t)
	c.hr.Rows = nil
	if o := c.night().harmless(t, "has no people", "every account would look orphaned"); o.err == nil {
		t.Error("the run goes on without people")
	}
}

// ssosync saw no users in one cycle, removed all of them, and made them anew in the next, without their permissions.
func TestIncidentSsosync194NoUsersInOneCycle(t *testing.T) {
	c := newCompany(t)
	rows := c.hr.Rows
	c.hr.Rows, c.hr.NoTotal = nil, true
	c.night().harmless(t, "has no people")
	c.hr.Rows = rows
	c.night().quiet(t)
}

// After that was fixed, a partial answer removed many.
func TestIncidentSsosync236PartialAnswer(t *testing.T) {
	c := newCompany(t)
	c.hr.Fail, c.hr.FailAfter = errors.New("read: connection reset"), 20
	c.night().harmless(t, "was not read whole", "connection reset")
}

// Racing jobs cleared a cache key, and a batch in the middle came back empty: its users were marked inactive.
func TestIncidentTeem2024RacingEmptyBatch(t *testing.T) {
	for _, total := range []bool{true, false} {
		c := newCompany(t)
		c.leaves(3)
		hole := func(rows []connectors.Account) []connectors.Account { return slices.Delete(slices.Clone(rows), 20, 40) }
		c.hr.Rows, c.hr.NoTotal = slices.Delete(c.hr.Rows, 20, 40), true
		c.lists["directory"], c.sides["directory"] = hole, inmem.Source{NoTotal: !total}
		c.night().harmless(t, "its records fell from 60", "to 40", "the last complete pull")
	}
}

// After an upgrade a reconciliation processed only part of the users, and marked the others deleted.
func TestIncidentAuvik2026PartlyProcessed(t *testing.T) {
	c := newCompany(t)
	c.hr.Rows = c.hr.Rows[:31]
	c.night().harmless(t, "the roster is not to be relied upon", "its records fell from 60", "to 31")
}

// A page cap: the provider says how many there are, and fewer came.
func TestIncidentFleet49365PageCap(t *testing.T) {
	c := newCompany(t)
	c.leaves(3)
	c.apply.Apps["directory"] = &app{w: c.w, id: "directory"}
	c.sides["directory"] = inmem.Source{PageSize: 20, Fail: errors.New("page 3: 500 Internal Server Error"), FailAfter: 40}
	c.night().harmless(t, "page 3: 500", "the account list is incomplete: verdicts on owners were taken back")
}

// "If more than 10 % or so would be deleted, stop": the HR tool ended a whole department by mistake.
func TestIncidentOwnCloud29547TooManyAtOnce(t *testing.T) {
	c := newCompany(t)
	c.leaves(1, 3, 5, 7, 9, 11, 13)
	c.night().harmless(t, "cap_app", "7 accounts of directory", "at most 3 of its 60")
}

// A threshold that trips stops before anything is committed, and running again does not carry a part of it out.
func TestIncidentAzureDocs44661SecondRunAfterATrip(t *testing.T) {
	c := newCompany(t)
	c.leaves(1, 3, 5, 7, 9, 11, 13)
	for range 6 {
		o := c.night().harmless(t, "cap_app", "7 accounts of directory")
		if len(o.done) > 0 {
			t.Fatalf("a part was carried out: %v", o.done)
		}
	}
}

// With so many ended at once that the roster itself is not believed, nobody is even judged.
func TestIncidentMidPointHRDisabledThousands(t *testing.T) {
	c := newCompany(t)
	for i := range 20 {
		c.leaves(i)
	}
	c.night().harmless(t, "its employed people fell from 60", "to 40")
}

// A surname change looked like a leaver and a joiner: the user was deleted and the vault with it.
func TestIncidentBitwarden397SurnameChange(t *testing.T) {
	for _, id := range []bool{true, false} {
		c := newCompany(t, func(c *company) {
			if !id {
				for key, a := range c.w.Accounts {
					a.EmployeeID = ""
					c.w.Accounts[key] = a
				}
			}
		})
		p := &c.hr.Rows[4]
		p.FormerLastName, p.LastName, p.WorkEmail = p.LastName, "Newname", "newname@made-up.example"
		c.night().harmless(t)
	}
}

// A new address was taken for a new person, and the old one's account deleted.
func TestIncidentSsoready164AddressChange(t *testing.T) {
	c := newCompany(t, func(c *company) {
		for key, a := range c.w.Accounts {
			a.EmployeeID = ""
			c.w.Accounts[key] = a
		}
	})
	c.hr.Rows[4].WorkEmail = "somebody.else@made-up.example"
	c.night().harmless(t)
}

// A deleted user's tombstone name took the place of the address.
func TestIncidentOnyx14074TombstoneAddress(t *testing.T) {
	c := newCompany(t)
	key := "directory/" + string(login(person(4)).ID)
	c.w.set(key, func(a *connectors.Account) {
		a.EmployeeID, a.Email, a.Username, a.DisplayName = "", "0f3a9c_"+a.Email, "0f3a9c", ""
	})
	c.night().harmless(t, "Nobody on the roster fits this account", "not certain enough to act upon unasked")
}

// A contractor becomes an employee and has two records; the old one ends.
func TestIncidentOktaTwoRecordsOfOneHuman(t *testing.T) {
	for name, second := range map[string]func(*connectors.Person){
		"linked":     func(p *connectors.Person) { p.Previous = "E104" },
		"not linked": func(p *connectors.Person) { p.WorkEmail = "fi.la@made-up.example" },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCompany(t)
			p := c.hr.Rows[4]
			p.ID, p.Start = "E900", connectors.Date(20514)
			second(&p)
			c.leaves(4)
			c.hr.Rows[4].Employment, c.hr.Rows[4].End = connectors.Contractor, 20513
			c.hr.Rows = append(c.hr.Rows, p)
			words := []string{}
			if name == "not linked" {
				words = append(words, "could be one human being, hired again")
			}
			c.night().harmless(t, words...)
		})
	}
}

// Flagged as orphaned although the owner still worked there: HR's export left out a row.
func TestIncidentCoeStarterKit9213OwnerStillEmployed(t *testing.T) {
	c := newCompany(t)
	rows := c.hr.Rows
	c.hr.Rows = slices.Delete(slices.Clone(rows), 4, 5)
	c.night().harmless(t)
	c.night().harmless(t, "absent from one roster only: absence must be seen twice")
	c.night().harmless(t, "ask HR whether that person has left", "not certain enough")
	c.hr.Rows = rows
	c.night().quiet(t)
}

// New accounts that nobody has signed in to yet were called inactive; "never" was shown as 1970.
func TestIncidentChromiumDashboard2913NeverSignedIn(t *testing.T) {
	c := newCompany(t)
	key := "directory/" + string(login(person(4)).ID)
	c.w.set(key, func(a *connectors.Account) { a.LastSignIn, a.Created = 0, connectors.Date(20512) })
	c.night().quiet(t)
	c.w.set(key, func(a *connectors.Account) { a.Created = 18000 })
	c.night().harmless(t, "not certain enough to act upon unasked") // and an old one is asked about
}

// The last sign-in of a web page says nothing about who uses the API: an app that reports none is not judged by it.
func TestIncidentMISP6546SignInsThatTheAppDoesNotSee(t *testing.T) {
	c := newCompany(t, func(c *company) { c.blind = true })
	for key := range c.w.Accounts {
		c.w.set(key, func(a *connectors.Account) { a.LastSignIn = 0 })
	}
	c.night().quiet(t)
}

// Membership that comes through another group was "denied", and stayed.
func TestIncidentAzureDocs90832NestedGroups(t *testing.T) {
	b := newBench(t, crm())
	f := residue("E1", "crm", "ann", "reader")
	b.w.set("crm/ann", func(a *connectors.Account) { a.Entitlements[0].Inherited = "all-staff" })
	c := b.follow("run-1", f)[0]
	says(t, c.Item.Actions[0].Task, "ann holds reader through all-staff", "take it out of that group")
	b.remove(c.ID)
	b.is(b.carryOut(c.ID), remediate.Applied) // it waits for somebody to do it, and is not called done
	b.follow("run-2", f)
	b.is(b.kept(c.ID), remediate.Applied)
}

// Prefixes that must not be touched: somebody "accidentally ended up deleting all my control tower groups".
func TestIncidentSsosync88ProtectedPrefix(t *testing.T) {
	c := newCompany(t, func(c *company) { c.limits.Protected = []string{"*/fi*"} })
	c.leaves(3)
	c.night().harmless(t, "protected", "is protected by the configuration")
}

// A review that nobody did left the access as it was, as if it had been approved.
func TestIncidentTeleport31950MissedReview(t *testing.T) {
	c := newCompany(t)
	c.hr.Rows[4].End = connectors.DateOf(c.now, time.UTC) - 3 // an end date alone is asked
	c.night()
	live, err := c.led.Live("leaver:E104")
	ok(t, err)
	_, err = c.desk.Ask(live.ID, 0, "E9", c.now)
	ok(t, err)
	c.now = c.now.Add(9 * 24 * time.Hour)
	c.night().harmless(t)
	if live, err = c.led.Live("leaver:E104"); err != nil || live.State != remediate.Expired {
		t.Errorf("nobody answered, and the case is %+v (%v)", live, err)
	}
	says(t, live.Why, "nobody answered in time")
}

// Break-glass accounts must be left alone, or nobody can use the standard at all.
func TestIncidentCIPP186BreakGlass(t *testing.T) {
	c := newCompany(t, func(c *company) {
		c.w.Accounts["directory/bg"] = connectors.Account{ID: "bg", Username: "breakglass-01", Enabled: connectors.Yes, Created: 18000, LastSignIn: 20510, OwnerRef: "E130",
			Entitlements: []connectors.Entitlement{{ID: "global-admin", Privileged: true}}}
	})
	c.leaves(30) // who answers for it leaves
	c.night()
	if c.w.get("directory/bg").Enabled != connectors.Yes {
		t.Error("the emergency account is gone")
	}
	// Registered as a human's by mistake, it is protected by its name in the configuration.
	d := newCompany(t, func(c *company) { c.limits.Protected = []string{"directory/fi*ba"} })
	d.leaves(40)
	d.night()
	if key := "directory/" + string(login(person(40)).ID); d.w.ours(key, "") > 0 {
		t.Error("a protected account was changed")
	}
}

// Decided, and silently not applied: groups whose members follow from a rule or from another group.
func TestIncidentAzureDocs74310DenialNotApplied(t *testing.T) {
	c := newCompany(t)
	c.bench.apply.Apps["directory"] = &lying{&app{w: c.w, id: "directory"}}
	c.leaves(3)
	o := c.night()
	says(t, o.said(), "failed", "said that it was done", "a fresh read does not show it")
	if len(o.done) != 1 || o.done[0].State != remediate.Failed {
		t.Errorf("it is not called failed: %s", o.said())
	}
}

// Each run found the same it had removed: what came back is said, and somebody has to find out why.
func TestIncidentDustRejoinedMember(t *testing.T) {
	c := newCompany(t)
	c.leaves(3)
	c.night()
	key := "directory/" + string(login(person(3)).ID)
	c.w.set(key, func(a *connectors.Account) { a.Enabled = connectors.Yes })
	o := c.night()
	if !slices.ContainsFunc(o.res.Findings, func(f scanner.Finding) bool { return f.Kind == scanner.ReappearedAccess }) {
		t.Errorf("it came back, and is not called that: %s", o.said())
	}
}
