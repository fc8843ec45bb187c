package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/scanner"
)

// leaving gives Dora a last day.
func (s *shop) leaving(day string) {
	s.t.Helper()
	people, _ := os.ReadFile(filepath.Join(s.dir, "people.csv"))
	before, rest, _ := strings.Cut(string(people), "dora@kiln.example,active,")
	_, after, _ := strings.Cut(rest, "\n")
	s.write("people.csv", before+"dora@kiln.example,active,"+day+"\n"+after)
}

func (s *shop) scan(at string) {
	s.t.Helper()
	now, err := time.Parse(time.RFC3339, at)
	if err != nil {
		s.t.Fatal(err)
	}
	s.now = now
	s.rollcall(0, "", "scan", "-q")
}

// A future leaver's plan is shown, approved by somebody who may, and carried out when the last day has ended: also where the
// policy itself lets nothing follow.
func TestApprovedAhead(t *testing.T) {
	s := newShop(t, "report")
	s.leaving("2027-01-31")
	s.scan("2027-01-15T09:30:00Z")
	s.says(s.rollcall(0, "", "leavers", "--plan", "E04"), "Dora Dale (E04): the last day is 2027-01-31; cut-off 2027-02-01 00:00 UTC", "disable dora@kiln.example in crm", "rollcall leavers approve E04")
	s.says(s.rollcall(2, "", "leavers", "approve", "E04"), "wants --reason")
	s.says(s.rollcall(1, "", "leavers", "approve", "E03", "--reason", "x"), "HR names no last day of Cleo Cedar (E03)")
	s.says(s.rollcall(1, "", "leavers", "approve", "E02", "--reason", "x"), "has left already", "rollcall offboard E02")
	s.uid = 0
	s.says(s.rollcall(1, "", "leavers", "approve", "E04", "--reason", "x"), "root can be anybody")
	s.uid = 1003
	s.says(s.rollcall(1, "", "leavers", "approve", "E04", "--reason", "x"), "E03 is neither the manager of E04")
	s.uid = 1001
	s.says(s.rollcall(0, "", "leavers", "approve", "E04", "--reason", "leaves us"), "remove, by E01 (uid 1001)", "Dora Dale (E04) is closed at 2027-02-01 00:00 UTC by rollcall settle")
	s.says(s.rollcall(0, "", "leavers"), "2027-01-31  E04        Dora Dale: can sign in to crm; approved by E01 (uid 1001): closed at 2027-02-01 00:00 UTC")
	s.says(s.rollcall(0, "", "cases", "show", s.caseID()), "not before 2027-02-01 00:00 UTC, and only while HR says that the last day is 2027-01-31 or earlier")
	s.says(s.rollcall(1, "", "settle"), "1 plan that was approved ahead waits for a run", "scan again")
	s.scan("2027-01-31T23:00:00Z")
	s.says(s.rollcall(0, "", "settle"), "0 cases carried out")
	if s.svc.patches != 0 {
		t.Fatal("it was done before the cut-off")
	}
	s.now = s.now.Add(48 * time.Hour) // past the cut-off, by a reading that is too old
	s.says(s.rollcall(4, "", "settle"), "STOPPED by age")
	s.scan("2027-02-03T02:00:00Z")
	s.says(s.rollcall(0, "", "settle"), "1 cases carried out", "confirmed leaver-ahead:E04")
	if s.active() != "u1 u2 u3 u5" {
		t.Errorf("active: %s", s.active())
	}
	s.says(s.rollcall(0, "", "ledger", "verify"), "each follows from the one before")
}

// An exit that was rescinded or put off is not carried out: that is said, and nothing is left to wait.
func TestAheadCancelled(t *testing.T) {
	for day, want := range map[string]string{"": "cancelled: E04 was to leave on 2027-01-31, and HR names no last day any more", "2027-02-28": "cancelled: the last day of E04 was 2027-01-31 and is 2027-02-28 now"} {
		s := newShop(t, "ask")
		s.leaving("2027-01-31")
		s.scan("2027-01-15T09:30:00Z")
		s.rollcall(0, "", "leavers", "approve", "E04", "--reason", "leaves us")
		s.rollcall(0, "", "settle") // nothing has changed
		s.leaving(day)
		s.scan("2027-02-01T02:00:00Z")
		s.says(s.rollcall(0, "", "settle"), want)
		s.rollcall(0, "", "settle")
		if s.svc.patches != 0 || strings.Contains(s.rollcall(0, "", "cases", "list"), "E04") {
			t.Errorf("%d changes\n%s", s.svc.patches, s.rollcall(0, "", "cases", "list"))
		}
	}
}

// Whom the newest roster does not show is missing, which is no exit: nothing is done, and it is said.
func TestAheadOfSomebodyMissing(t *testing.T) {
	s := newShop(t, "ask")
	s.leaving("2027-01-31")
	s.scan("2027-01-15T09:30:00Z")
	s.rollcall(0, "", "leavers", "approve", "E04", "--reason", "leaves us")
	people, _ := os.ReadFile(filepath.Join(s.dir, "people.csv"))
	_, dora, _ := strings.Cut(string(people), "E04")
	dora, _, _ = strings.Cut(dora, "\n")
	s.write("people.csv", strings.Replace(string(people), "E04"+dora+"\n", "", 1))
	s.scan("2027-02-01T02:00:00Z")
	s.says(s.rollcall(4, "", "settle"), "STOPPED by exit: E04 is not on the newest roster")
	if s.svc.patches != 0 {
		t.Error("something was changed")
	}
}

// Where the policy would close it too, it is done once, and nothing is left over.
func TestAheadBesideThePolicy(t *testing.T) {
	s := newShop(t, "auto")
	s.leaving("2027-01-31")
	s.scan("2027-01-15T09:30:00Z")
	s.rollcall(0, "", "settle") // Ben's
	s.rollcall(0, "", "leavers", "approve", "E04", "--reason", "leaves us")
	people, _ := os.ReadFile(filepath.Join(s.dir, "people.csv"))
	s.write("people.csv", strings.Replace(string(people), "dora@kiln.example,active,", "dora@kiln.example,terminated,", 1))
	s.scan("2027-02-01T02:00:00Z")
	s.says(s.rollcall(0, "", "settle"), "1 cases carried out", "confirmed leaver-ahead:E04")
	s.scan("2027-02-02T02:00:00Z")
	s.says(s.rollcall(0, "", "settle"), "0 cases carried out")
	if s.active() != "u1 u3 u5" || s.svc.patches != 2 || !strings.Contains(s.rollcall(0, "", "cases", "list"), "no case is open") {
		t.Errorf("active: %s after %d changes\n%s", s.active(), s.svc.patches, s.rollcall(0, "", "cases", "list"))
	}
}

// Urgent: at a time of the last day itself, in the company's time zone. What changes before is asked anew.
func TestAheadAtATime(t *testing.T) {
	s := newShop(t, "ask")
	text, _ := os.ReadFile(filepath.Join(s.dir, "rollcall.toml"))
	s.write("rollcall.toml", "time_zone = \"Europe/Berlin\"\n"+string(text))
	s.leaving("2027-01-31")
	s.scan("2027-01-15T09:30:00Z")
	s.says(s.rollcall(2, "", "leavers", "approve", "E04", "--reason", "x", "--at", "5pm"), "want a time on the last day")
	s.says(s.rollcall(0, "", "leavers", "approve", "E04", "--reason", "leaves us"), "closed at 2027-02-01 00:00 CET")
	s.says(s.rollcall(0, "", "leavers", "approve", "E04", "--reason", "to a competitor", "--at", "17:30"), "closed at 2027-01-31 17:30 CET")
	s.svc.users[3].UserName = "dora.dale@kiln.example"
	s.scan("2027-01-31T10:00:00Z")
	s.says(s.rollcall(0, "", "settle"), "asked anew: dora.dale@kiln.example in crm has changed since")
	s.says(s.rollcall(0, "", "leavers"), "case c-", "is asked")
	s.now = time.Date(2027, 1, 31, 16, 29, 0, 0, time.UTC)
	s.says(s.rollcall(0, "", "leavers", "approve", "E04", "--reason", "still", "--at", "17:30"), "closed at 2027-01-31 17:30 CET")
	s.rollcall(0, "", "settle")
	if s.svc.patches != 0 {
		t.Fatal("done before the time")
	}
	s.now = s.now.Add(time.Minute)
	s.says(s.rollcall(0, "", "settle"), "confirmed leaver-ahead:E04")
	s.says(s.rollcall(1, "", "leavers", "approve", "E04", "--reason", "x", "--at", "17:00"), "has passed", "rollcall offboard")
	if s.active() != "u1 u2 u3 u5" {
		t.Errorf("active: %s", s.active())
	}
}

func TestCutOff(t *testing.T) {
	for _, x := range []struct{ zone, day, want string }{
		{"UTC", "2027-01-31", "2027-02-01T00:00:00Z"},
		{"America/New_York", "2026-10-31", "2026-11-01T04:00:00Z"},
		{"Asia/Beirut", "2026-03-28", "2026-03-28T22:00:00Z"}, // its midnight is skipped: the day ends at one
		{"Pacific/Auckland", "2027-01-31", "2027-01-31T11:00:00Z"},
	} {
		zone, err := time.LoadLocation(x.zone)
		if err != nil {
			t.Fatal(err)
		}
		day, err := connectors.ParseDate(x.day)
		if err != nil {
			t.Fatal(err)
		}
		if got := cutOff(day, zone).UTC().Format(time.RFC3339); got != x.want {
			t.Errorf("%s ends at %s in %s, want %s", x.day, got, x.zone, x.want)
		}
	}
}

// Who has another employment without an end does not leave; of several that end, the last counts.
func TestExitOf(t *testing.T) {
	rec := func(status connectors.WorkStatus, end connectors.Date) *connectors.Person {
		return &connectors.Person{Status: status, End: end}
	}
	const today = 1000
	for name, x := range map[string]struct {
		records []*connectors.Person
		last    connectors.Date
		gone    bool
	}{
		"stays":                     {[]*connectors.Person{rec(connectors.Active, 0)}, 0, false},
		"leaves":                    {[]*connectors.Person{rec(connectors.Active, 1010)}, 1010, false},
		"today":                     {[]*connectors.Person{rec(connectors.Active, today)}, today, false},
		"contractor, then employee": {[]*connectors.Person{rec(connectors.Active, 1010), rec(connectors.Preboarding, 0)}, 0, false},
		"two that end":              {[]*connectors.Person{rec(connectors.Active, 1010), rec(connectors.Active, 1005)}, 1010, false},
		"hired again":               {[]*connectors.Person{rec(connectors.Terminated, 900), rec(connectors.Active, 1010)}, 1010, false},
		"gone":                      {[]*connectors.Person{rec(connectors.Terminated, 900), rec(connectors.Terminated, 0)}, 900, true},
	} {
		if e := exitOf(&scanner.Person{Records: x.records}, today); e.Last != x.last || e.Gone != x.gone {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

// An offboarded person's tasks are done when a later run sees them done, also where the policy lets nothing follow.
func TestOffboardedByHandIsConfirmed(t *testing.T) {
	s := newShop(t, "report")
	text, _ := os.ReadFile(filepath.Join(s.dir, "rollcall.toml"))
	s.write("rollcall.toml", strings.Replace(string(text), "write = true", "write = false", 1))
	s.scan("2027-01-15T09:30:00Z")
	s.says(s.rollcall(4, "E03\n", "offboard", "E03", "--reason", "left"), "a person has to do it")
	s.scan("2027-01-15T10:30:00Z")
	s.rollcall(0, "", "settle")
	s.says(s.rollcall(0, "", "cases", "list"), "applied")
	s.svc.users[2].Active = false
	s.scan("2027-01-15T11:30:00Z")
	s.rollcall(0, "", "settle")
	s.says(s.rollcall(0, "", "cases", "list", "--all"), "confirmed")
}
