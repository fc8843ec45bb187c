package main

import (
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/remediate/slackdesk/slacktest"
)

// What is decided in Slack while the daemon is at work is carried out by it at once, under the same guards, and the card
// says so.
func TestDecidedInSlackIsCarriedOutByTheDaemon(t *testing.T) {
	s := serveShop(t, "ask", "")
	fake := slacktest.New(t, s.clock.now)
	fake.Add(slacktest.User{ID: "U0ADA", Name: "ada", Email: "ada@kiln.example"})
	fake.AddChannel(slacktest.Channel{ID: "G0SECURITY", Name: "security", Private: true})
	s.write("rollcall.toml", strings.Replace(s.read("rollcall.toml"), "[remediate]", "[slack]\nbot_token = \"file:bot\"\nsigning_secret = \"file:signing\"\nchannel = \"G0SECURITY\"\nadmins = [\"E01\"]\nquiet_hours = \"\"\nweekend = []\n[remediate]", 1))
	s.write("bot", fake.BotToken)
	s.write("signing", fake.SigningSecret)
	s.slackURL = fake.URL()
	s.listen()
	if err := s.d.led.Bind(remediate.Binding{User: "U0ADA", Team: fake.TeamID, Person: "E01", Address: "ada@kiln.example", At: s.clock.now()}, remediate.Identity{Person: "E03", Proof: "uid 1003"}); err != nil {
		t.Fatal(err)
	}
	s.as(1001, 0, "", "scan", "-q")
	s.as(1001, 0, "", "settle")
	c := s.d.taken.Load().config
	desk, err := s.d.program(nil).slackDesk(c, s.d.led, s.d.log, s.d.decided)
	if err != nil {
		t.Fatal(err)
	}
	s.d.slack.desk = desk
	fake.ByHTTP(s.d.handler(c))
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
