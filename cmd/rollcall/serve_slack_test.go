package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/remediate/slackdesk"
	"rollcall/remediate/slackdesk/slacktest"
)

// What is decided in Slack while the daemon is at work is carried out by it at once, under the same guards, and the card
// says so.
func TestDecidedInSlackIsCarriedOutByTheDaemon(t *testing.T) {
	s, fake, desk := slackDaemon(t, "")
	if err := desk.Refresh(t.Context(), s.clock.now()); err != nil {
		t.Fatal(err)
	}
	var card slacktest.Message
	for _, m := range fake.Messages("") {
		if strings.Contains(m.Reads(), "Ben Birch") {
			card = m
		}
	}
	for _, b := range card.Buttons() {
		if b.Action == "rollcall_remove" {
			fake.Send(fake.Press(card, "U0ADA", b))
		}
	}
	desk.Settle()
	select {
	case <-s.d.settleSoon:
	default:
		t.Fatal("the daemon was not told that something was decided")
	}
	if err := s.d.settleNow(s.d.work); err != nil {
		t.Fatal(err)
	}
	if s.active() != "u1 u3 u4 u5" {
		t.Errorf("active: %s\n%s", s.active(), s.log.String())
	}
	if f, ok := s.d.slackFigures(); !ok || f.Taken != 1 {
		t.Errorf("%+v", f)
	}
	if log := s.log.String(); strings.Contains(log, fake.BotToken) || strings.Contains(log, fake.SigningSecret) {
		t.Error("a secret is in the log")
	}
}

// A configuration whose desk in Slack cannot be made is refused whole: the old one goes on, in Slack as well.
func TestAReloadWhoseSlackFailsChangesNothing(t *testing.T) {
	s := serveShop(t, "ask", "")
	s.withSlack()
	s.listen()
	old := s.d.taken.Load()
	desk, err := s.d.makeSlack(old.config)
	if err != nil {
		t.Fatal(err)
	}
	s.d.slack.desk = desk
	config := s.read("rollcall.toml")
	s.write("rollcall.toml", strings.Replace(strings.Replace(config, "file:bot", "file:none", 1), "warm_up = 0", "warm_up = 5", 1))
	s.d.reload(old.config)
	if s.d.taken.Load() != old || s.d.slack.desk != desk || !strings.Contains(s.log.String(), "the old one holds") {
		t.Errorf("it was taken up\n%s", s.log.String())
	}
	if c, err := s.d.config(); err != nil || c.Remediate.Limits.WarmUp != 0 {
		t.Errorf("what is carried out goes by the new one: %v", err)
	}
	allowed, err := s.d.led.Allowed()
	if err != nil || allowed.Least["warm_up"] != 0 {
		t.Errorf("the ledger holds the new one to be what is allowed: %+v %v", allowed, err)
	}
	s.write("rollcall.toml", config+"[serve]\nwatch = \"30m\"\nlisten = \"127.0.0.1:0\"\n")
	s.d.reload(old.config)
	s.says(s.log.String(), "hold", "\"keys\":\"[serve] listen\"")
	select {
	case <-s.d.watchAnew:
	default:
		t.Error("the new interval of the watch is not taken up")
	}
	s.d.stopSlack()
	s.d.slack.ending.Wait()
}

// What was decided in Slack and could not be carried out is tried again without anybody deciding anything more; a panic is no
// end of it.
func TestWhatWasDecidedInSlackIsTriedAgain(t *testing.T) {
	s := serveShop(t, "auto", "")
	s.listen()
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.write("state/tasks", "where a folder is to be")
	ctx, stop := context.WithCancel(t.Context())
	var tries atomic.Int32
	var defect atomic.Bool
	s.d.p.now = func() time.Time {
		if defect.Load() {
			panic("a defect")
		}
		return s.clock.now()
	}
	s.d.p.pause = func(_ context.Context, d time.Duration) error {
		s.clock.add(d)
		n := tries.Add(1)
		defect.Store(n == 2)
		if n == triesUntilAlert+1 {
			return os.Remove(filepath.Join(s.dir, "state", "tasks"))
		}
		return nil
	}
	s.d.decided()
	done := make(chan struct{})
	go func() { s.d.settleDecided(ctx); close(done) }()
	for !strings.Contains(s.log.String(), `"msg":"settled"`) {
		<-s.d.settledSoon
	}
	stop()
	<-done
	if s.alerts() != 1 || strings.Count(s.log.String(), `"msg":"PANIC`) != 1 || s.active() != "u1 u3 u4 u5" {
		t.Errorf("%d alerts, active: %s\n%s", s.alerts(), s.active(), s.log.String())
	}
}

// slackDaemon is a daemon whose people are in Slack: Ada (E01), bound by E03.
func slackDaemon(t *testing.T, lines string) (*servedShop, *slacktest.Fake, *slackdesk.Desk) {
	t.Helper()
	s := serveShop(t, "ask", "")
	fake := s.withSlack()
	if lines != "" {
		s.write("rollcall.toml", strings.Replace(s.read("rollcall.toml"), "[slack]\n", "[slack]\n"+lines+"\n", 1))
	}
	s.listen()
	if err := s.d.led.Bind(remediate.Binding{User: "U0ADA", Team: fake.TeamID, Person: "E01", Address: "ada@kiln.example", At: s.clock.now()}, remediate.Identity{Person: "E03", Proof: "uid 1003"}); err != nil {
		t.Fatal(err)
	}
	s.as(1001, 0, "", "scan", "-q")
	s.as(1001, 0, "", "settle")
	c := s.d.taken.Load().config
	desk, err := s.d.makeSlack(c)
	if err != nil {
		t.Fatal(err)
	}
	s.d.startSlack(desk)
	t.Cleanup(func() { s.d.stopSlack(); s.d.slack.ending.Wait() })
	fake.ByHTTP(s.d.handler(c))
	return s, fake, desk
}

// A second admin confirms who was bound, and Slack and the roster still agree on it; not who bound them, and not who they are.
func TestConfirmWhoIsBound(t *testing.T) {
	s, fake, _ := slackDaemon(t, `may_scan = ["E01", "E03", "E04"]`)
	s.says(s.as(1001, 0, "1\n", "slack", "confirm"), "U0ADA", "your own account", "nothing for you to confirm")
	s.says(s.as(1003, 0, "1\n", "slack", "confirm"), "you tied U0ADA to E01", "nothing for you to confirm")
	s.says(s.as(1002, 1, "1\n", "slack", "confirm"), "none of [slack] admins")
	fake.Add(slacktest.User{ID: "U0ADA", Name: "ada", Email: "somebody@kiln.example"})
	s.says(s.as(1004, 0, "1\n", "slack", "confirm"), "has another address than the roster", "nothing for you to confirm")
	fake.Add(slacktest.User{ID: "U0ADA", Name: "ada", Email: "ada@kiln.example"})
	s.says(s.as(1004, 1, "2\n", "slack", "confirm"), "bound by E03 (uid 1003)", "nothing was confirmed")
	s.says(s.as(1004, 0, "1\n", "slack", "confirm"), "1 are confirmed, by E04 (uid 1004)")
	s.says(s.as(1004, 0, "", "slack", "status"), "confirmed by E04 (uid 1004)")
	s.says(s.as(1004, 0, "", "slack", "check"), "ok   people: 1 are bound")
}

// A scan that was asked for in Slack is one at a time, is waited for at the end, and tells what it found in the app that was
// named, alone.
func TestScanAskedForInSlack(t *testing.T) {
	s, fake, desk := slackDaemon(t, `may_scan = ["E01"]`)
	say := func(words string) string {
		t.Helper()
		return fake.Send(fake.Command("U0ADA", "/rollcall", words)).Said()
	}
	s.says(say("scan cmr"), `there is no app "cmr"`, "crm")
	release, err := s.d.turn.take(t.Context(), "a test", nil)
	if err != nil {
		t.Fatal(err)
	}
	s.clock.add(time.Hour)
	s.says(say("scan crm"), "A scan has started, of everything.", "crm")
	s.says(say("scan"), "No scan was started: one that was asked for in Slack is under way")
	before := len(fake.Messages("U0ADA"))
	s.d.stopSlack()
	release()
	s.d.slack.ending.Wait()
	list := fake.Messages("U0ADA")
	if len(list) != before+1 {
		t.Fatalf("%d messages came of it\n%s", len(list)-before, s.log.String())
	}
	s.says(list[before].Reads(), "The scan is done: run ", "Findings in crm: ", "orphaned_account: ")
	last, err := recordedRun(s.d.led, "")
	if err != nil || last.Actor != "E01 (slack U0ADA)" || !strings.Contains(list[before].Reads(), last.ID) {
		t.Errorf("the run %+v (%v) is not the one that was told of", last, err)
	}
	desk.Settle()
	if s.d.slack.scanning.Load() {
		t.Error("it still counts as under way")
	}
}

// Somebody who decides faster than anybody reads is named in the next report.
func TestRubberStampsAreNoted(t *testing.T) {
	s := newShop(t, "report")
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	led, err := ledger.Open(s.dir+"/state", ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	desk := &remediate.Desk{Journal: led, LongestKeep: 90}
	s.now = s.now.Add(time.Hour)
	for i := range 30 {
		it := remediate.Item{Group: "g" + string(rune('a'+i)), Person: "E05", Actions: []remediate.Action{{Verb: remediate.Ticket, App: "crm", Account: "u5"}}}
		k, err := desk.Open(&it, "r", s.now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := desk.Decide(k.ID, remediate.Verdict{By: remediate.Identity{Person: "E01", Proof: "uid 1001"}, Why: "fine", Until: connectors.DateOf(s.now, time.UTC) + 9}, s.now.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if err := led.Close(); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(time.Hour)
	s.says(s.rollcall(0, "", "scan", "-q", "--no-workbook"), "E01 decided 30 cases within 29 seconds", "faster than anybody reads")
}

// withSlack has cases decided in a Slack of the test's own.
func (s *servedShop) withSlack() *slacktest.Fake {
	s.t.Helper()
	fake := slacktest.New(s.t, s.clock.now)
	fake.Add(slacktest.User{ID: "U0ADA", Name: "ada", Email: "ada@kiln.example"})
	fake.AddChannel(slacktest.Channel{ID: "G0SECURITY", Name: "security", Private: true})
	s.write("rollcall.toml", strings.Replace(s.read("rollcall.toml"), "[remediate]", "[slack]\nbot_token = \"file:bot\"\nsigning_secret = \"file:signing\"\nchannel = \"G0SECURITY\"\nadmins = [\"E01\", \"E03\", \"E04\"]\nquiet_hours = \"\"\nweekend = []\n[remediate]", 1))
	s.write("bot", fake.BotToken)
	s.write("signing", fake.SigningSecret)
	s.slackURL = fake.URL()
	return fake
}

// withSlackBySocket does so with Socket Mode.
func (s *servedShop) withSlackBySocket() *slacktest.Fake {
	s.t.Helper()
	fake := s.withSlack()
	s.write("rollcall.toml", strings.Replace(s.read("rollcall.toml"), "signing_secret = \"file:signing\"", "app_token = \"file:app\"", 1))
	s.write("app", fake.AppToken)
	return fake
}

// Somebody who speaks in Slack needs no user of the machine: their word counts wherever the second one speaks, for as long as
// they are bound there.
func TestAWordInSlackCountsAtTheMachine(t *testing.T) {
	s := serveShop(t, "ask", "")
	s.limits("retention = \"90d\"\nmax_age = \"9000h\"\n", `approvers = ["E01", "E05"]`) // E05 has no user
	s.write("rollcall.toml", strings.Replace(s.read("rollcall.toml"), "[remediate]", "[slack]\nbot_token = \"file:bot\"\nsigning_secret = \"file:signing\"\nmay_offboard = [\"E04\"]\n[remediate]", 1))
	s.listen()
	cleo := remediate.Identity{Person: "E03", Proof: "uid 1003"}
	bind := func(user string, person connectors.PersonID) {
		t.Helper()
		if err := s.d.led.Bind(remediate.Binding{User: user, Team: "T1", Person: person, At: s.clock.now()}, cleo); err != nil {
			t.Fatal(err)
		}
	}
	bind("U0EVE", "E05")
	bind("U0DORA", "E04")
	s.as(1001, 0, "", "scan", "-q")
	s.as(1001, 0, "", "settle")
	s.as(1001, 0, "", "cases", "remove", s.caseID(), "--reason", "left")
	s.as(1001, 0, "", "settle")
	s.clock.add(91 * 24 * time.Hour)
	s.as(1001, 0, "", "scan", "-q")
	s.as(1001, 0, "", "settle")
	id, _, _ := strings.Cut(s.as(1001, 0, "", "cases", "list"), " ")
	word := func(by remediate.Identity) {
		t.Helper()
		k, err := s.d.led.Case(id)
		if err != nil {
			t.Fatal(err)
		}
		k.Rev++
		k.Votes = []remediate.Decision{{By: by, Why: "pressed", At: s.clock.now(), Item: k.ItemHash}}
		if err := s.d.led.Put(k, k.Rev-1, by, "said", s.clock.now()); err != nil {
			t.Fatal(err)
		}
	}
	remove := []string{"cases", "remove", id, "--reason", "nobody needs it"}
	for name, by := range map[string]remediate.Identity{
		"somebody else's account":       {Person: "E05", Proof: "slack U0DORA"},
		"an account that nobody bound":  {Person: "E05", Proof: "slack U0NOBODY"},
		"an account by its address":     {Person: "E05", Proof: "slack U0NEW by address"},
		"who may not decide on this":    {Person: "E04", Proof: "slack U0DORA"},
		"a user that is not configured": {Person: "E05", Proof: "uid 1005"},
	} {
		word(by)
		if out := s.as(1001, 0, "", remove...); !strings.Contains(out, "it takes another person") {
			t.Errorf("%s: %s", name, out)
		}
	}
	word(remediate.Identity{Person: "E05", Proof: "slack U0EVE"})
	s.says(s.as(1001, 0, "", remove...), "remove, by E01")
}
