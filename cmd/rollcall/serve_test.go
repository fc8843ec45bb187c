package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
)

// Every command works the same whether the daemon holds the state directory or nobody does.
func TestCommandsThroughTheDaemon(t *testing.T) {
	s := serveShop(t, "ask", "")
	s.listen()
	s.says(s.as(1001, 0, "", "scan", "-q"), "1 finding: 1 high")
	s.says(s.as(1001, 0, "", "runs", "list"), "by E01 (uid 1001)")
	s.says(s.as(1002, 0, "", "scan", "-q", "--format", "csv"), "orphaned_account")
	s.says(s.as(1001, 0, "", "settle"), "1 cases opened")
	id := s.caseID()
	s.says(s.as(1002, 1, "", "cases", "remove", id, "--reason", "x"), "it is about your own access")
	s.says(s.as(serviceUID, 1, "", "cases", "remove", id, "--reason", "x"), "it is the user that the daemon runs as")
	s.says(s.as(1001, 0, "", "cases", "remove", id, "--reason", "he has left"), "remove, by E01 (uid 1001)")
	s.says(s.as(1001, 0, "", "settle"), "confirmed")
	if s.active() != "u1 u3 u4 u5" {
		t.Errorf("active: %s", s.active())
	}
	s.says(s.as(1001, 2, "", "cases", "remove"), "wants the id of one case")
	s.says(s.as(1001, 1, "", "ledger", "rebuild"), "nothing was done")
	s.says(s.as(1001, 1, "", "serve"), "another daemon is at work")
	s.says(s.as(1001, 0, "", "ledger", "export"), `"what":"case: confirmed"`)
	s.says(s.as(1001, 2, "", "scan", "--profile", s.dir), "stop rollcall serve")
}

// What somebody types reaches the command, and files are read and written by the process that they started.
func TestFilesAndTypingThroughTheDaemon(t *testing.T) {
	s := serveShop(t, "report", "")
	s.listen()
	s.as(1001, 0, "", "scan", "-q")
	s.says(s.as(1001, 1, "E05\n", "offboard", "E04", "--reason", "an exercise"), "that is not the person's id")
	s.says(s.as(1001, 1, "", "offboard", "E04", "--reason", "an exercise"), "that is not the person's id")
	s.says(s.as(1001, 0, "E04\n", "offboard", "E04", "--reason", "an exercise"), "disable dora@kiln.example", "case c-")
	book := filepath.Join(s.dir, "book.xlsx")
	s.says(s.as(1001, 0, "", "report", "--out", book), book)
	info, err := os.Stat(book)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() < 10_000 {
		t.Fatal(info, err)
	}
	s.says(s.as(1001, 1, "", "verify", book), "workbook               holds", "asked for")
	s.says(s.as(1001, 1, "", "report", "--out", filepath.Join(s.dir, "no", "such", "folder.xlsx")), "no such file or directory")
	s.says(s.as(1001, 1, "", "verify", filepath.Join(s.dir, "none.xlsx")), "none.xlsx: no such file or directory")
	s.write("links.csv", "app,account_id,person_id,evidence\ncrm,u3,E03,asked her\n")
	s.says(s.as(1001, 0, "", "links", "accept", "--file", filepath.Join(s.dir, "links.csv")), "recorded 1 links")
	s.write("stricter.toml", "[rules.orphaned_account]\nmode = \"report\"\n")
	s.as(1001, 0, "", "policy", "diff", filepath.Join(s.dir, "stricter.toml"))
	s.says(s.as(1001, 2, "", "policy", "suggest", "--out", filepath.Join(s.dir, "p.toml")), "writes no file that could be there already")
	accounts := filepath.Join(s.dir, "accounts.out")
	s.as(1001, 0, "", "scan", "-q", "--accounts", accounts)
	if b, err := os.ReadFile(accounts); err != nil || strings.Count(string(b), "\n") != 5 {
		t.Errorf("%v: %s", err, b)
	}
}

// A lift takes somebody else than who ran and who decided, whom it is not about, and who is an approver.
func TestASecondPersonLetsABatchPass(t *testing.T) {
	s := serveShop(t, "ask", "")
	s.limits("per_run = 1\nper_day = 1\napp_at_least = 1\napp_percent = \"1%\"\n", `approvers = ["E01", "E03", "E04"]`)
	s.write("people.csv", strings.ReplaceAll(s.read("people.csv"), "E05,Eve,Elm,eve@kiln.example,active,", "E05,Eve,Elm,eve@kiln.example,terminated,2026-12-31"))
	s.listen()
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.as(1001, 0, "", "settle")
	for _, line := range strings.Split(strings.TrimSpace(s.as(1001, 0, "", "cases", "list")), "\n") {
		id, _, _ := strings.Cut(line, " ")
		s.as(1001, 0, "", "cases", "remove", id, "--reason", "left")
	}
	out := s.as(1003, 4, "", "settle")
	s.says(out, "STOPPED by cap_run", "a second person can let exactly that pass")
	_, hash, _ := strings.Cut(out, "plan approve ")
	hash, _, _ = strings.Cut(hash, " ")
	approve := []string{"plan", "approve", hash, "--reason", "two people left, HR confirms"}
	s.says(s.as(1001, 1, "", approve...), "you decided on a case of it")
	s.says(s.as(1003, 1, "", approve...), "you ran it")
	s.says(s.as(1002, 1, "", approve...), "E02 does not work here")
	s.says(s.as(0, 1, "", approve...), "root can be anybody")
	s.says(s.as(1044, 1, "", approve...), "is no person")
	s.says(s.as(serviceUID, 1, "", approve...), "so is nobody")
	s.says(s.as(1004, 1, "", "plan", "approve", hash), "needs a reason")
	s.says(s.as(1004, 1, "", "plan", "approve", "00000000", "--reason", "x"), "no batch with the hash")
	s.says(s.as(1004, 0, "", approve...), "lifted: cap_run", "by E04 (uid 1004)")
	s.clock.add(remediate.LiftTime)
	s.says(s.as(1001, 4, "", "settle"), "STOPPED by cap_run") // the hour is over
	s.says(s.as(1003, 1, "", approve...), "you ran it")       // though somebody else ran it last
	if s.svc.patches != 0 {
		t.Fatal("the caps stopped nothing")
	}
	s.as(1004, 0, "", approve...)
	s.says(s.as(1001, 0, "", "settle"), "2 cases carried out")
	if s.active() != "u1 u3 u4" {
		t.Errorf("active: %s", s.active())
	}
}

// Whoever has several users of the machine is one person under all of them.
func TestOnePersonUnderTwoUsersIsNoSecondPerson(t *testing.T) {
	s := serveShop(t, "ask", "")
	s.limits("per_run = 0\nretention = \"90d\"\nmax_age = \"9000h\"\n", `approvers = ["E01", "E03", "E04"]`)
	s.write("rollcall.toml", strings.Replace(s.read("rollcall.toml"), "[identities.uid]\n", "[identities.uid]\n1013 = \"E03\"\n", 1))
	s.listen()
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.as(1001, 0, "", "settle")
	id := s.caseID()
	s.as(1001, 0, "", "cases", "remove", id, "--reason", "left")
	out := s.as(1003, 4, "", "settle")
	_, hash, _ := strings.Cut(out, "plan approve ")
	hash, _, _ = strings.Cut(hash, " ")
	approve := []string{"plan", "approve", hash, "--reason", "HR confirms"}
	s.says(s.as(1013, 1, "", approve...), "you ran it")
	s.as(1004, 0, "", approve...)
	s.says(s.as(1001, 0, "", "settle"), "confirmed")
	s.clock.add(91 * 24 * time.Hour)
	s.as(1001, 0, "", "settle")
	retired, _, _ := strings.Cut(s.as(1001, 0, "", "cases", "list"), " ")
	s.says(s.as(1003, 0, "", "cases", "remove", retired, "--reason", "nobody needs it"), "it takes another person")
	s.says(s.as(1013, 0, "", "cases", "remove", retired, "--reason", "agreed"), "it takes another person")
	out = s.as(1003, 0, "", "announce", "--count", "8", "--from", "2027-04-10", "--until", "2027-04-30", "--reason", "the kiln at Oakham closes")
	event, _, _ := strings.Cut(out, " ")
	s.says(s.as(1013, 1, "", "announce", "approve", event, "--reason", "x"), "you announced it")
}

// Access goes back to somebody who has left on the word of two people alone.
func TestGivingBackToALeaverTakesTwo(t *testing.T) {
	s := serveShop(t, "ask", "")
	s.write("rollcall.toml", strings.Replace(s.read("rollcall.toml"), "[identities.uid]\n", "[identities.uid]\n1011 = \"E01\"\n", 1))
	s.listen()
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.as(1001, 0, "", "settle")
	id := s.caseID()
	s.as(1001, 0, "", "cases", "remove", id, "--reason", "left")
	s.says(s.as(1001, 0, "", "settle"), "confirmed")
	undo := []string{"undo", id, "--reason", "HR was wrong"}
	s.says(s.as(1001, 4, "", undo...), "E02 has left, by the roster of", "two people say so")
	undo = append(undo, "--although-left")
	s.says(s.as(1002, 1, "", undo...), "it is about your own access")
	s.says(s.as(1001, 4, "", undo...), "it takes another person")
	s.says(s.as(1011, 4, "", undo...), "it takes another person")
	if s.active() != "u1 u3 u4 u5" {
		t.Fatalf("given back on one person's word: %s", s.active())
	}
	s.says(s.as(1003, 0, "", undo...), "undone, by E03")
	if s.active() != "u1 u2 u3 u4 u5" {
		t.Errorf("active: %s", s.active())
	}
}

// So many people at once stop everything, unless one person announced it and another said that it is true.
func TestAnnouncedEvents(t *testing.T) {
	s := serveShop(t, "ask", "")
	s.limits("", `approvers = ["E01", "E03"]`)
	people := "id,first,last,mail,status,end\n"
	for i := 1; i <= 40; i++ {
		people += fmt.Sprintf("E%02d,Ann%d,Oak%d,a%d@kiln.example,active,\n", i, i, i, i)
	}
	s.write("people.csv", people)
	s.listen()
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	left := people
	for i := 31; i <= 38; i++ {
		left = strings.Replace(left, fmt.Sprintf("a%d@kiln.example,active,", i), fmt.Sprintf("a%d@kiln.example,terminated,2027-01-14", i), 1)
	}
	s.write("people.csv", left)
	s.clock.add(24 * time.Hour)
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.says(s.as(1001, 0, "", "plan"), "STOPPED by many_left", "8 of the 40 people")
	announce := []string{"announce", "--count", "8", "--from", "2027-01-10", "--until", "2027-01-20", "--reason", "the kiln at Oakham closes"}
	s.says(s.as(1044, 1, "", announce...), "is no person")
	s.says(s.as(1001, 1, "", "announce", "--count", "0", "--from", "2027-01-10", "--until", "2027-01-20", "--reason", "x"), "want 1 or more")
	s.says(s.as(1001, 1, "", "announce", "--count", "8", "--from", "2027-01-10", "--until", "2028-01-20", "--reason", "x"), "too many for one event")
	out := s.as(1001, 0, "", announce...)
	id, _, _ := strings.Cut(out, " ")
	s.says(s.as(1001, 0, "", "plan"), "STOPPED by many_left") // one person's word is not enough
	s.says(s.as(1001, 1, "", "announce", "approve", id, "--reason", "x"), "you announced it")
	s.says(s.as(1004, 1, "", "announce", "approve", id, "--reason", "x"), "is not one of [remediate] approvers")
	s.says(s.as(1003, 0, "", "announce", "approve", id, "--reason", "the board decided it"), "is approved")
	s.says(s.as(1003, 1, "", "announce", "approve", id, "--reason", "x"), "approved it already")
	s.says(s.as(1001, 0, "", "announce", "list"), "approved by E03 (uid 1003)", "the kiln at Oakham closes")
	if out := s.as(1001, 0, "", "plan"); strings.Contains(out, "many_left") {
		t.Error(out)
	}
	s.clock.add(10 * 24 * time.Hour)
	s.says(s.as(1001, 0, "", "plan"), "STOPPED by many_left") // it is over
}

// What becomes of an account that has been disabled for the retention period is decided by two people, never by one twice.
func TestTwoPeopleDecideWhatBecomesOfADisabledAccount(t *testing.T) {
	s := serveShop(t, "ask", "")
	s.limits("retention = \"90d\"\nmax_age = \"9000h\"\n", `approvers = ["E01", "E03"]`)
	s.listen()
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.as(1001, 0, "", "settle")
	first := s.caseID()
	s.as(1001, 0, "", "cases", "remove", first, "--reason", "left")
	s.says(s.as(1001, 0, "", "settle"), "confirmed")
	s.says(s.as(1001, 0, "", "settle"), "0 cases opened")
	s.clock.add(91 * 24 * time.Hour)
	s.says(s.as(1001, 0, "", "settle"), "1 cases opened")
	s.says(s.as(1001, 0, "", "settle"), "0 cases opened")
	list := s.as(1001, 0, "", "cases", "list")
	id, _, _ := strings.Cut(list, " ")
	s.says(list, "has been disabled since 2027-01-15", "the 90 days that it was to be kept are over")
	s.says(s.as(1001, 0, "", "cases", "remove", id, "--reason", "nobody needs it"), "open, by E01", "it takes another person")
	s.says(s.as(1001, 0, "", "cases", "remove", id, "--reason", "really"), "it takes another person")
	s.says(s.as(1003, 0, "", "cases", "remove", id, "--reason", "agreed"), "remove, by E03")
	s.says(s.as(1001, 0, "", "settle"), "1 cases carried out", "by hand, in crm: archive or delete the account ben@kiln.example")
	s.says(s.as(1001, 0, "", "settle"), "0 cases opened")
}

// What nobody proves is refused: without the daemon there is no second person.
func TestNoSecondPersonWithoutADaemon(t *testing.T) {
	s := newShop(t, "ask")
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.says(s.rollcall(1, "", "plan", "approve", "abcdefgh", "--reason", "x"), "start rollcall serve")
	s.says(s.rollcall(1, "", "announce", "--count", "3", "--from", "2027-01-01", "--until", "2027-01-02", "--reason", "x"), "start rollcall serve")
}

// A run that is missed while nobody serves is run once, late, and says so; one that went well is not run again.
func TestMissedSlotsAreCaughtUp(t *testing.T) {
	s := serveShop(t, "report", nightly("15 2 * * *"))
	s.clock.set(moment(t, "2027-01-10T12:00:00Z"))
	s.begin()
	s.look()
	if n := len(s.runs()); n != 0 {
		t.Fatalf("%d runs though nothing was due", n)
	}
	s.clock.set(moment(t, "2027-01-11T02:15:05Z"))
	s.look()
	s.look()
	if n := len(s.runs()); n != 1 {
		t.Fatalf("%d runs", n)
	}
	if x := s.slot("nightly"); x.CatchUp || x.Missed != 0 || !x.Succeeded.Equal(moment(t, "2027-01-11T02:15:00Z")) {
		t.Errorf("%+v", x)
	}
	s.stop()
	s.clock.set(moment(t, "2027-01-14T09:00:00Z")) // three moments later
	s.begin()
	defer s.stop()
	s.look()
	s.look()
	runs := s.runs()
	if len(runs) != 2 || runs[0].Actor != "rollcall serve, schedule nightly (catch-up)" {
		t.Fatalf("%d runs: %+v", len(runs), runs[0])
	}
	if x := s.slot("nightly"); !x.CatchUp || x.Missed != 2 || !x.Succeeded.Equal(moment(t, "2027-01-14T02:15:00Z")) {
		t.Errorf("%+v", x)
	}
	if s.alerts() != 1 || !strings.Contains(s.log.String(), "2 moments before") {
		t.Errorf("%d alerts: %s", s.alerts(), s.log.String())
	}
}

// A run that fails is tried again, later each time, until its next moment; then somebody is alerted, once.
func TestFailingRunsAreTriedAgainThenAlerted(t *testing.T) {
	s := serveShop(t, "report", nightly("0 * * * *"))
	s.clock.set(moment(t, "2027-01-10T12:30:00Z"))
	s.begin()
	defer func() { s.stop() }()
	s.look()
	good := s.read("people.csv")
	s.write("people.csv", "")
	tries := 0
	for s.clock.set(moment(t, "2027-01-10T13:00:00Z")); s.clock.now().Before(moment(t, "2027-01-10T14:00:00Z")); s.clock.add(20 * time.Second) {
		before := strings.Count(s.log.String(), `"run failed"`)
		s.look()
		tries += strings.Count(s.log.String(), `"run failed"`) - before
	}
	if tries < 5 || tries > 9 || s.alerts() != 0 {
		t.Fatalf("%d tries, %d alerts", tries, s.alerts())
	}
	s.write("people.csv", good)
	s.look()
	s.look()
	x := s.slot("nightly")
	if s.alerts() != 1 || x.Missed != 1 || !x.Succeeded.Equal(moment(t, "2027-01-10T14:00:00Z")) || x.Failures != 0 {
		t.Errorf("%d alerts, %+v", s.alerts(), x)
	}
}

// A clock that shows next year for a moment must not silence the schedule until then.
func TestClockPutBack(t *testing.T) {
	s := serveShop(t, "report", nightly("15 2 * * *"))
	s.clock.set(moment(t, "2027-01-10T12:00:00Z"))
	s.begin()
	defer func() { s.stop() }()
	s.look()
	s.clock.set(moment(t, "2028-01-10T12:00:00Z"))
	s.look()
	s.clock.set(moment(t, "2027-01-10T12:05:00Z"))
	s.look()
	before := len(s.runs())
	s.clock.set(moment(t, "2027-01-11T02:15:01Z"))
	s.look()
	if len(s.runs()) != before+1 {
		t.Errorf("%d runs, then %d", before, len(s.runs()))
	}
	s.clock.add(-30 * time.Second) // a small step back runs nothing twice
	s.look()
	s.clock.add(time.Minute)
	s.look()
	if len(s.runs()) != before+1 {
		t.Errorf("the clock went back a little, and the run came twice")
	}
}

// A configuration with a mistake is refused, and the old one holds; a right one is taken up.
func TestReload(t *testing.T) {
	s := serveShop(t, "report", nightly("15 2 * * *"))
	s.begin()
	defer func() { s.stop() }()
	old := s.d.taken.Load().config
	s.config(nightly("15 2 * * * *"))
	s.d.reload(old)
	if !strings.Contains(s.log.String(), "the old one holds") || s.d.taken.Load().config != old {
		t.Fatal(s.log.String())
	}
	s.write("policy.toml", "[rules.orphaned_account]\nmode = \"ask\"\n")
	if c, err := s.d.config(); err != nil || acts(c.Policy) {
		t.Errorf("a policy is followed that was not taken up: %v", err)
	}
	s.config(nightly("30 3 * * *"))
	s.d.reload(old)
	if c, err := s.d.config(); err != nil || !acts(c.Policy) || c.Serve.Schedules[0].Cron != "30 3 * * *" {
		t.Errorf("%v", err)
	}
	s.config(strings.Replace(nightly("30 3 * * *"), "[[schedule]]", "[[schedule]]", 1))
	s.write("rollcall.toml", strings.Replace(s.read("rollcall.toml"), `state = "state"`, `state = "elsewhere"`, 1))
	s.d.reload(old)
	if c, _ := s.d.config(); filepath.Base(c.State) != "state" || !strings.Contains(s.log.String(), "another directory") {
		t.Error("the daemon moved")
	}
}

// Who hangs up stops what was started for them, and gives the turn on.
func TestHangingUpStopsTheCommand(t *testing.T) {
	s := serveShop(t, "report", "")
	s.listen()
	release, err := s.d.turn.take(context.Background(), "a run", nil)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("unix", socketPath(filepath.Join(s.dir, "state")))
	if err != nil {
		t.Fatal(err)
	}
	w := newWire(conn)
	w.sendJSON(frameCall, call{Version: version(), Args: []string{"scan", "-q"}, Dir: s.dir})
	if kind, b, err := w.receive(); err != nil || kind != frameErr || !strings.Contains(string(b), "waiting for a run, since") {
		t.Fatalf("%c %s %v", kind, b, err)
	}
	conn.Close()
	s.says(s.as(1001, 0, "", "runs", "list"), "no run yet") // beside it
	release()
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	if n := len(s.runs()); n != 1 {
		t.Errorf("%d runs", n)
	}
}

// Nothing that comes over the socket does the daemon harm.
func TestHostileCalls(t *testing.T) {
	s := serveShop(t, "report", "")
	s.listen()
	for _, bytes := range []string{"", "c", "GET / HTTP/1.1\r\n\r\n", "c\xff\xff\xff\xff", "c\x00\x00\x00\x02{]", "x\x00\x00\x00\x00", "c\x00\x00\x00\x0b{\"args\":[1]"} {
		conn, err := net.Dial("unix", socketPath(filepath.Join(s.dir, "state")))
		if err != nil {
			t.Fatal(err)
		}
		conn.Write([]byte(bytes))
		conn.(*net.UnixConn).CloseWrite()
		conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		for b := make([]byte, 512); ; {
			if _, err := conn.Read(b); err != nil {
				if os.IsTimeout(err) {
					t.Errorf("%q: it does not hang up", bytes)
				}
				break
			}
		}
		conn.Close()
	}
	s.says(s.as(1001, 0, "", "runs", "list"), "no run yet")
	out := s.as(1001, 1, "", "explain", "no-such-finding")
	if strings.Contains(out, "panic") {
		t.Error(out)
	}
}

// What is looser than what was allowed is not acted by until somebody who was an approver before says so; what is tighter
// holds at once.
func TestLooseningTakesASecondPerson(t *testing.T) {
	s := serveShop(t, "ask", "")
	s.limits("", `approvers = ["E01", "E03"]`)
	s.listen()
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.as(1001, 0, "", "settle")
	id := s.caseID()
	s.as(1001, 0, "", "cases", "remove", id, "--reason", "left")
	config := s.read("rollcall.toml")
	s.write("rollcall.toml", strings.Replace(strings.Replace(config, "[identities.uid]", "per_run = 500\n[identities.uid]", 1), `"E01", "E03"`, `"E01", "E03", "E04"`, 1))
	s.d.reload(s.d.taken.Load().config)
	out := s.as(1001, 4, "", "settle")
	s.says(out, "STOPPED by configuration", "per_run is 500 instead of 10", "E04 is an approver")
	if s.svc.patches != 0 {
		t.Fatal("it was acted by what nobody allowed")
	}
	_, hash, _ := strings.Cut(out, "config approve ")
	hash, _, _ = strings.Cut(hash, " ")
	s.says(s.as(1004, 1, "", "config", "approve", hash, "--reason", "x"), "E04 is not one of [remediate] approvers") // by its own word alone
	s.says(s.as(1001, 1, "", "config", "approve", "00000000", "--reason", "x"), "look at it again")
	s.says(s.as(1001, 2, "", "config", "approve", hash), "wants --reason")
	s.says(s.as(1003, 0, "", "config", "approve", hash, "--reason", "we are more by now"), "approved: per_run is 500 instead of 10")
	s.says(s.as(1003, 1, "", "config", "approve", hash, "--reason", "x"), "nothing to approve")
	s.says(s.as(1001, 0, "", "settle"), "confirmed")
	s.write("rollcall.toml", config) // tighter again: at once; and then looser takes somebody once more
	s.d.reload(s.d.taken.Load().config)
	s.write("policy.toml", "[rules.orphaned_account]\nmode = \"auto\"\n")
	s.says(s.as(1001, 0, "", "settle"), "0 cases carried out")
	s.d.reload(s.d.taken.Load().config)
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.says(s.as(1001, 0, "", "plan"), "orphaned_account in crm is auto instead of ask")
}

// Where it is not known who wrote the files, two approvers say that they may be looser, so that one of them did not. Where it
// is, that one's word does not count.
func TestLooseningByNobodyKnownTakesTwo(t *testing.T) {
	for name, owner := range map[string]int{"root": 0, "the daemon's own user": serviceUID, "a user that is no person": 1044, "a file that others can write": unknownOwner} {
		t.Run(name, func(t *testing.T) {
			s := serveShop(t, "ask", "")
			s.owner.Store(int32(owner))
			s.limits("", `approvers = ["E01", "E03", "E04"]`)
			s.write("rollcall.toml", strings.Replace(s.read("rollcall.toml"), "[identities.uid]\n", "[identities.uid]\n990 = \"E05\"\n1013 = \"E03\"\n", 1))
			s.listen()
			s.as(1001, 0, "", "scan", "-q", "--no-workbook")
			loosen := func(perRun int) (approve []string) {
				s.write("rollcall.toml", strings.Replace(s.read("rollcall.toml"), "[identities.uid]\n", fmt.Sprintf("per_run = %d\n[identities.uid]\n", perRun), 1))
				s.d.reload(s.d.taken.Load().config)
				out := s.as(1003, 0, "", "config", "approve")
				s.says(out, fmt.Sprintf("looser: per_run is %d instead of 10", perRun))
				_, hash, _ := strings.Cut(out, "config approve ")
				hash, _, _ = strings.Cut(hash, " ")
				return []string{"config", "approve", hash, "--reason", "we are more by now"}
			}
			approve := loosen(500)
			s.says(s.as(1003, 0, "", approve...), "noted, by E03", "it takes another approver", "it is not known who wrote the files")
			s.says(s.as(1013, 0, "", approve...), "it takes another approver") // themselves under another user
			s.says(s.as(1001, 0, "", "plan"), "STOPPED by configuration")
			s.write("rollcall.toml", strings.Replace(s.read("rollcall.toml"), "per_run = 500\n", "", 1))
			again := loosen(600) // what was said of one is not said of another
			s.says(s.as(1001, 0, "", again...), "it takes another approver")
			s.says(s.as(serviceUID, 1, "", again...), "so is nobody")
			s.says(s.as(1004, 0, "", again...), "approved: per_run is 600 instead of 10")
			if out := s.as(1001, 0, "", "plan"); strings.Contains(out, "STOPPED by configuration") {
				t.Error(out)
			}
			allowed, err := s.d.led.Allowed()
			if err != nil || allowed.By != "E01 (uid 1001) and E04 (uid 1004)" {
				t.Errorf("allowed by %q: %v", allowed.By, err)
			}
		})
	}
	t.Run("an approver", func(t *testing.T) {
		s := serveShop(t, "ask", "")
		s.owner.Store(1003)
		s.limits("", `approvers = ["E01", "E03"]`)
		s.listen()
		s.as(1001, 0, "", "scan", "-q", "--no-workbook")
		s.owner.Store(1001) // whose it is by now says nothing: it was read as E03's
		s.write("rollcall.toml", strings.Replace(s.read("rollcall.toml"), "[identities.uid]\n", "per_run = 500\n[identities.uid]\n", 1))
		s.owner.Store(1003)
		s.d.reload(s.d.taken.Load().config)
		s.owner.Store(1001)
		_, hash, _ := strings.Cut(s.as(1001, 0, "", "config", "approve"), "config approve ")
		hash, _, _ = strings.Cut(hash, " ")
		s.says(s.as(1003, 1, "", "config", "approve", hash, "--reason", "mine"), "a file of it is yours")
		s.says(s.as(1001, 0, "", "config", "approve", hash, "--reason", "looked through"), "approved: per_run is 500")
	})
}

// Whoever points the roster, an app, the notices or the witness elsewhere needs a second person: nothing is carried out, nor
// decided, until then. One more app beside the others needs none.
func TestRedirectingTakesASecondPerson(t *testing.T) {
	s := serveShop(t, "ask", "[notify]\nwebhook = \"https://hooks.example/a\"\nsecret = \"env:A\"\n[witness]\nfile = \"heads\"\n[evidence]\nkeep_at_most = \"800d\"\n")
	s.listen()
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.write("others.csv", "id,first,last,mail,status,end\n")
	was := s.read("rollcall.toml")
	for change, want := range map[string][2]string{
		`roster.file is "others.csv" instead of "people.csv"`:  {`file = "people.csv"`, `file = "others.csv"`},
		`notify.webhook is "https://hooks.example/… (SHA-256`:  {"example/a", "example/b"},
		`witness.file is not set any more; it was "heads"`:     {"[witness]\nfile = \"heads\"\n", ""},
		`evidence.keep_at_most (days) is 700 instead of 800`:   {`"800d"`, `"700d"`},
		`crm: url is "http://127.0.0.1:1" instead of "http://`: {`url = "http`, `url = "http://127.0.0.1:1" # "http`},
		`crm is not read any more`:                             {`id = "crm"`, `id = "crm2"`},
	} {
		text := strings.Replace(was, want[0], want[1], 1)
		if text == was {
			t.Fatalf("%q is not there", want[0])
		}
		s.write("rollcall.toml", text)
		s.d.reload(s.d.taken.Load().config)
		s.says(s.as(1001, 0, "", "config", "approve"), "looser: "+change)
	}
	s.says(s.as(1001, 0, "", "plan"), "STOPPED by configuration")
	s.says(s.as(1001, 1, "", "announce", "--count", "8", "--from", "2027-01-10", "--until", "2027-01-20", "--reason", "x"), "nothing is decided for now")
	s.write("rollcall.toml", was+"[[app]]\nid = \"erp\"\nkind = \"csv\"\nfile = \"people.csv\"\ncolumns = { id = \"id\" }\n")
	s.write("policy.toml", "[app.crm.rules.orphaned_account]\nmode = \"ask\"\n")
	s.d.reload(s.d.taken.Load().config)
	if out := s.as(1001, 0, "", "plan"); strings.Contains(out, "STOPPED by configuration") {
		t.Error(out)
	}
}

// A case that somebody decides otherwise while a settling is under way is left alone, and does not keep the others from
// being carried out.
func TestADecisionOvertakesASettling(t *testing.T) {
	s := serveShop(t, "ask", "")
	s.write("people.csv", strings.ReplaceAll(s.read("people.csv"), "E05,Eve,Elm,eve@kiln.example,active,", "E05,Eve,Elm,eve@kiln.example,terminated,2026-12-31"))
	s.listen()
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.as(1001, 0, "", "settle")
	var ids []string
	for _, line := range strings.Split(strings.TrimSpace(s.as(1001, 0, "", "cases", "list")), "\n") {
		id, _, _ := strings.Cut(line, " ")
		ids = append(ids, id)
		s.as(1001, 0, "", "cases", "remove", id, "--reason", "left")
	}
	once := true
	s.svc.asked = func() { // while the first account is read afresh, the second case is decided otherwise
		if !once {
			return
		}
		once = false
		led := s.d.led
		desk := &remediate.Desk{Journal: led, LongestKeep: 90}
		for _, id := range ids {
			k, err := led.Case(id)
			if err != nil {
				t.Error(err)
				return
			}
			if k.Item.Person == "E05" {
				if _, err := desk.Decide(id, remediate.Verdict{By: remediate.Identity{Person: "E03", Proof: "uid 1003"}, Why: "she stays after all", Until: connectors.DateOf(s.clock.now(), time.UTC) + 30}, s.clock.now()); err != nil {
					t.Error(err)
				}
			}
		}
	}
	s.says(s.as(1001, 0, "", "settle"), "1 cases carried out", "was changed by somebody meanwhile, and left alone")
	s.svc.asked = nil
	if s.active() != "u1 u3 u4 u5" {
		t.Errorf("active: %s", s.active())
	}
}
