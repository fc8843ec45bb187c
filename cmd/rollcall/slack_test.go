package main

import (
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"rollcall/remediate/ledger"
	"rollcall/remediate/slackdesk"
	"rollcall/remediate/slackdesk/slacktest"
)

// slackShop is a shop whose people are in Slack.
type slackShop struct {
	*shop
	slack *slacktest.Fake
}

func newSlackShop(t *testing.T, lines string) *slackShop {
	s := &slackShop{shop: newShop(t, "ask")}
	s.slack = slacktest.New(t, func() time.Time { return s.now })
	for _, u := range []slacktest.User{{ID: "U0ADA", Name: "ada", Email: "ada@kiln.example"}, {ID: "U0CLEO", Name: "cleo", Email: "cleo@kiln.example", Restricted: true}} {
		s.slack.Add(u)
	}
	s.slackURL, s.secrets = s.slack.URL(), map[string]string{"BOT": s.slack.BotToken, "SIGNING": s.slack.SigningSecret}
	s.slack.AddChannel(slacktest.Channel{ID: "G0SECURITY", Name: "security", Private: true})
	s.write("rollcall.toml", strings.Replace(s.read("rollcall.toml"), "[remediate]", "[slack]\nbot_token = \"env:BOT\"\nsigning_secret = \"env:SIGNING\"\nchannel = \"G0SECURITY\"\nadmins = [\"E01\", \"E03\"]\nmay_scan = [\"E01\"]\n"+lines+"\n[remediate]", 1))
	return s
}

// desk opens the desk over the shop's ledger, as the daemon does.
func (s *slackShop) desk() (*slackdesk.Desk, func()) {
	s.t.Helper()
	p := s.program(io.Discard, "")
	c, err := p.config()
	if err != nil {
		s.t.Fatal(err)
	}
	led, err := ledger.Open(c.State, ledger.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	desk, err := p.slackDesk(c, led, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.slack.ByHTTP(desk.Handler())
	return desk, func() { led.Close() }
}

// The whole way: set up, bound, asked in Slack, decided there, carried out, told, and taken back there.
func TestSlackFromSetUpToUndo(t *testing.T) {
	s := newSlackShop(t, `quiet_hours = ""
weekend = []`)
	s.says(s.rollcall(0, "", "slack", "manifest"), `"socket_mode_enabled": true`, `"chat:write"`)
	s.says(s.rollcall(2, "", "slack", "manifest", "--url", "http://x"), "https://")
	s.rollcall(0, "", "scan", "-q")
	s.says(s.rollcall(1, "", "slack", "check"), "ok   bot token: app A0ROLLCALL", "ok   channel: private", "BAD  people: nobody is bound")
	s.uid = 1002
	s.says(s.rollcall(1, "1\n", "slack", "bind"), "none of [slack] admins")
	s.uid = 1001
	s.says(s.rollcall(0, "", "slack", "bind"), "E01", "it is your own account", "there is nobody to bind")
	s.uid = 1003
	s.says(s.rollcall(1, "2\n", "slack", "bind"), "E01", "U0ADA", "E03", "no full member", "nobody was bound")
	s.says(s.rollcall(0, "1\n", "slack", "bind"), "1 are bound, by E03 (uid 1003)", "rollcall slack confirm")
	s.says(s.rollcall(0, "", "slack", "check"), "ok   people: 1 are bound", "note 1 of them by one admin alone")
	s.says(s.rollcall(0, "", "slack", "status"), "1 accounts are bound", "U0ADA        E01", "by E03 (uid 1003), not confirmed yet")
	s.uid = 1004
	s.says(s.rollcall(1, "1\n", "slack", "confirm"), "takes a second person")
	s.uid = 1001
	s.rollcall(0, "", "settle")

	desk, done := s.desk()
	refresh := func() {
		t.Helper()
		if err := desk.Refresh(t.Context(), s.now); err != nil {
			t.Fatal(err)
		}
	}
	refresh()
	card := s.slack.Messages("G0SECURITY")
	if len(card) != 1 {
		t.Fatalf("%d messages", len(card))
	}
	s.says(card[0].Reads(), "Ben Birch (E02), ben@kiln.example in crm", "orphaned account", "Remove access does: disable ben@kiln.example in crm")
	press := func(m slacktest.Message, action string) {
		t.Helper()
		for _, b := range m.Buttons() {
			if b.Action == action {
				s.slack.Send(s.slack.Press(m, "U0ADA", b))
				desk.Settle()
				return
			}
		}
		t.Fatalf("no button %s on\n%s", action, m.Reads())
	}
	press(card[0], "rollcall_remove")
	done()
	s.says(s.rollcall(0, "", "settle"), "confirmed")
	if got := s.active(); got != "u1 u3 u4 u5" {
		t.Errorf("active: %s", got)
	}
	desk, done = s.desk()
	refresh()
	list := s.slack.Messages("G0SECURITY")
	last := list[len(list)-1]
	s.says(list[0].Reads(), "REMOVE ACCESS, decided by Ada Alder (E01)")
	s.says(last.Reads(), "Done, and seen by a fresh read")
	press(last, "rollcall_undo")
	done()
	if got := s.active(); got != "u1 u3 u4 u5" {
		t.Fatalf("given back to a leaver by one press: %s", got)
	}
	s.says(strings.Join(s.slack.Ephemerals("U0ADA"), "\n"), "E02 has left, by the roster of", "two people say so")
	s.hrSays("E02", "active,")
	desk, done = s.desk()
	press(last, "rollcall_undo")
	done()
	if got := s.active(); got != "u1 u2 u3 u4 u5" {
		t.Errorf("active after the undo: %s", got)
	}
	s.says(s.rollcall(0, "", "slack", "bind", "--remove", "U0ADA"), "nobody's any more")
	s.rollcall(0, "", "ledger", "verify")
}

// What is said to be wrong in Slack is the ruling that `findings wrong` writes, in the name of who pressed: it is listed, holds
// in the next scan, and no settling before that asks again.
func TestSlackWrongIsARuling(t *testing.T) {
	s := newSlackShop(t, `quiet_hours = ""
weekend = []`)
	s.rollcall(0, "", "scan", "-q")
	s.uid = 1003
	s.rollcall(0, "1\n", "slack", "bind")
	s.uid = 1001
	s.rollcall(0, "", "settle")
	s.now = s.now.Add(time.Hour)
	s.rollcall(0, "", "scan", "-q") // a newer run, whose plan has it too
	desk, done := s.desk()
	if err := desk.Refresh(t.Context(), s.now); err != nil {
		t.Fatal(err)
	}
	card := s.slack.Messages("G0SECURITY")[0]
	for _, b := range card.Buttons() {
		if b.Action == "rollcall_wrong" {
			s.slack.Send(s.slack.Press(card, "U0ADA", b))
			desk.Settle()
		}
	}
	form := s.slack.Submit(s.slack.Views("U0ADA")[0], "U0ADA", map[string]string{"because": "hr-data", "why": "he stays until spring"})
	for range 2 {
		s.slack.Send(form)
		desk.Settle()
	}
	if err := desk.Refresh(t.Context(), s.now); err != nil {
		t.Fatal(err)
	}
	list := s.slack.Messages("G0SECURITY")
	s.says(list[0].Reads(), "SAID TO BE WRONG by Ada Alder (E01)", "HR's data are wrong: he stays until spring")
	s.says(list[len(list)-1].Reads(), "Said to be wrong, and set aside", "Ben Birch (E02)")
	done()
	said := s.rollcall(0, "", "findings", "rulings")
	s.says(said, "crm u2  because of hr-data, by E01 (slack U0ADA) on ", "he stays until spring")
	if n := strings.Count(said, "\n"); n != 1 {
		t.Errorf("%d rulings:\n%s", n, said)
	}
	s.rollcall(0, "", "settle")
	s.says(s.rollcall(0, "", "cases", "list", "--all"), "superseded")
	if said := s.rollcall(0, "", "cases", "list"); strings.Contains(said, "u2") || strings.Contains(said, "ben@") {
		t.Errorf("it is asked again:\n%s", said)
	}
	s.now = s.now.Add(time.Hour)
	s.says(s.rollcall(0, "", "scan", "-q"), "1 set aside as wrong")
	s.rollcall(0, "", "ledger", "verify")
	if got := s.active(); got != "u1 u2 u3 u4 u5" {
		t.Errorf("active: %s", got)
	}
}

func TestSlackConfig(t *testing.T) {
	for lines, want := range map[string]string{
		`app_token = "env:APP"`:         "has both app_token and signing_secret",
		`command = "rollcall"`:          `want one word that begins with /`,
		`quiet_hours = "evening"`:       "want two times of day",
		`weekend = ["sabbath"]`:         "no day of the week",
		`remind_after = ["72h", "24h"]`: "each longer than the one before",
		`escalate_after = "0h"`:         "longer than the last of remind_after",
		`may_scann = ["E01"]`:           "may_scan",
		"weekend = [\"monday\",\"tuesday\",\"wednesday\",\"thursday\",\"friday\",\"saturday\",\"sunday\"]": "no day on which anybody",
	} {
		s := newSlackShop(t, lines)
		s.says(s.rollcall(1, "", "config", "check"), want)
	}
	s := newSlackShop(t, "")
	good := s.read("rollcall.toml")
	for from, c := range map[string][2]string{`"env:BOT"`: {`"xoxb-1-literal"`, "written out in the configuration"}, `channel = "G0SECURITY"`: {`channel = "#security"`, "not its name"},
		`signing_secret = "env:SIGNING"`: {"", "has neither app_token"}, `bot_token = "env:BOT"`: {"", "has no bot_token"}} {
		s.write("rollcall.toml", strings.Replace(good, from, c[0], 1))
		s.says(s.rollcall(1, "", "config", "check"), c[1])
	}
	s.write("rollcall.toml", strings.Replace(good, `bot_token = "env:BOT"`, `bot_token = "env:SIGNING"`, 1))
	s.rollcall(0, "", "scan", "-q")
	s.says(s.rollcall(1, "", "slack", "check"), `one begins with "xoxb-"`)
}
