package slackdesk_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/slackdesk"
	"rollcall/scanner"
)

// hostile are names and texts that HR or an app might hold.
var hostile = []string{"<!channel>", "<!here|here>", "<@U0ADA>", "<#C0ANY>", "<https://evil.example|Keep access>", "https://evil.example/x", "*bold* _it_ ~no~ `code`",
	"> quoted\n\n2. CRITICAL: Somebody Else", ":rotating_light:", "&lt;!channel&gt;", "a\u202egnp.exe", "zero\u200bwidth\u2066x", "tab\tnul\x00bell\a", strings.Repeat("long ", 9000),
	strings.Repeat("e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301", 60), "مرحبا 🎉", "=HYPERLINK(\"http://evil.example\")", "mailto:x@evil.example", "\xff\xfe broken", "{{template}}", ""}

// links is what Slack would make something of.
var links = regexp.MustCompile(`<[!@#a-zA-Z]|://`)

// No name of a person, an account, an app or a rule, and nothing that somebody writes, can add formatting, links or mentions:
// it is shown as plain text, in which there are none.
func TestNothingIsInjected(t *testing.T) {
	for _, evil := range hostile {
		t.Run(fmt.Sprintf("%.20q", evil), func(t *testing.T) {
			both(t, func(t *testing.T, r *rig) {
				for id := range crew {
					r.folk.change(id, func(w *slackdesk.Who) { w.Name = evil })
				}
				it := item("sam", "E10", scanner.StaleAccount)
				it.Why, it.Held, it.Stops, it.Residual = evil, evil, []string{evil}, []string{evil, evil}
				it.Targets[0].Login = evil
				a := row("sam", "E10")
				it.Targets[0].Fingerprint = remediate.Fingerprint(&a)
				it.Actions = append(it.Actions, remediate.Action{Verb: remediate.Ticket, App: connectors.AppID(evil), Account: connectors.AccountID(evil), Task: evil})
				k := r.open(it)
				it.Group += "2"
				other := r.open(it)
				r.refresh()
				m := r.card(ada)
				r.keep(m, ada, "it stays: "+evil, "2026-05-01")
				r.press(r.card(ada), ada, isWrong)
				last := r.card(ada)
				for _, b := range last.Buttons() {
					if b.Action == isWrong {
						r.send(r.slack.Press(last, ada, b))
						r.send(r.slack.Submit(r.form(ada), ada, map[string]string{"because": "owner", "why": "wrong: " + evil}))
					}
				}
				r.refresh()
				for _, to := range r.slack.Messages(channel) {
					for _, b := range to.Buttons() {
						if b.Action == remove {
							r.send(r.slack.Press(to, cleo, b))
						}
					}
				}
				one, err := r.led.Case(k.ID)
				ok(t, err)
				two, err := r.led.Case(other.ID)
				ok(t, err)
				if one.State > two.State {
					one, two = two, one
				}
				if one.State != remediate.Keep || two.State != remediate.Remove {
					t.Fatalf("%s and %s: nothing was decided; log:\n%s", one.State, two.State, r.log)
				}
				r.carry(two.ID)
				r.refresh()
				r.send(r.slack.Command(cleo, "/rollcall", "status "+evil))
				everything := 0
				for _, m := range r.slack.Messages("") {
					if m.Text != strings.ToValidUTF8(m.Text, "") || links.MatchString(m.Text) || len(evil) > 3 && strings.Contains(m.Text, evil) {
						t.Errorf("the text of a notification: %q", m.Text)
					}
					everything += inert(t, m.Blocks)
				}
				for _, v := range append(r.slack.Views(ada), r.slack.Views(cleo)...) {
					var body struct{ Blocks json.RawMessage }
					ok(t, json.Unmarshal(v.Body, &body))
					everything += inert(t, body.Blocks)
				}
				if everything < 19 {
					t.Errorf("only %d texts were looked at", everything)
				}
			})
		})
	}
}

// inert looks at every text object of blocks.
func inert(t *testing.T, blocks json.RawMessage) (n int) {
	t.Helper()
	var list any
	ok(t, json.Unmarshal(blocks, &list))
	var walk func(any)
	walk = func(x any) {
		switch x := x.(type) {
		case []any:
			for _, y := range x {
				walk(y)
			}
		case map[string]any:
			if s, text := x["text"].(string); text {
				n++
				if x["type"] != "plain_text" || x["emoji"] != false {
					t.Errorf("%v is no plain text", x)
				}
				if links.MatchString(s) || !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\a\t\u202e\u200b\u2066") {
					t.Errorf("shown as it is: %q", s)
				}
				for line := range strings.Lines(s) {
					if strings.HasPrefix(line, "2. CRITICAL") {
						t.Errorf("a name made a line of its own: %q", s)
					}
				}
			}
			for _, y := range x {
				walk(y)
			}
		}
	}
	walk(list)
	return n
}
