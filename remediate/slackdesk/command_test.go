package slackdesk_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/slackdesk"
	"rollcall/remediate/slackdesk/slacktest"
	"rollcall/scanner"
)

func (r *rig) command(user, words string) string {
	r.t.Helper()
	return r.send(r.slack.Command(user, "/rollcall", words)).Said()
}

func TestCommands(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		contains(t, r.command(ada, ""), "/rollcall pending", "/rollcall offboard @person")
		contains(t, r.command(ada, "pending"), "Nothing waits for you.")
		k := r.stale()
		r.open(item("sue", "E11", scanner.StaleAccount))
		contains(t, r.command(sam, "pending"), "Nothing waits for you.") // their own is not theirs to decide
		contains(t, r.command(ada, "pending"), "2 cases you may decide")
		m := r.card(ada)
		contains(t, m.Reads(), "Waiting for you: 2 cases")
		r.press(m, ada, remove)
		r.is(k.ID, remediate.Remove)

		for _, who := range []string{ada, sam} {
			contains(t, r.command(who, "scan"), "not for you")
			contains(t, r.command(who, "status"), "not for you")
			contains(t, r.command(who, "offboard <@U0SUE|sue>"), "not for you")
		}
		contains(t, r.command(cleo, "scan"), "has started")
		contains(t, r.command(cleo, "scan crm"), "has started")
		if want := []string{" by E03 (slack U0CLEO)", "crm by E03 (slack U0CLEO)"}; !slices.Equal(r.prog.scanned, want) {
			t.Errorf("scanned %q", r.prog.scanned)
		}
		contains(t, textOf(r.card(cleo)), "done: 3 findings in crm")
		r.prog.busy = errors.New("one is under way")
		contains(t, r.command(cleo, "scan"), "No scan was started: one is under way")
		contains(t, r.command(dora, "scan"), "not for you") // an approver, and no more
		contains(t, r.command(dora, "status"), "all is well", "wait for an answer")
	})
}

func TestOffboardCommand(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		contains(t, r.command(cleo, "offboard <@U0CLEO>"), "Nobody closes their own access")
		contains(t, r.command(cleo, "offboard @sam"), "by their Slack account")
		contains(t, r.command(cleo, "offboard <@U0NOBODY>"), "not tied to anybody")
		if a := r.command(cleo, "offboard <@U0SAM|sam>"); a != "" {
			t.Fatal(a)
		}
		v := r.form(cleo)
		contains(t, r.send(r.slack.Submit(v, cleo, map[string]string{"why": "x", "typed": "E10"})).Said(), "Say why")
		contains(t, r.send(r.slack.Submit(v, cleo, map[string]string{"why": "dismissed", "typed": "E11"})).Said(), "Nothing was done")
		contains(t, r.send(r.slack.Submit(v, dora, map[string]string{"why": "dismissed", "typed": "E10"})).Said(), "did not work")
		if a := r.send(r.slack.Submit(v, cleo, map[string]string{"why": "dismissed", "typed": "E10"})).Said(); a != "" {
			t.Fatal(a)
		}
		contains(t, r.send(r.slack.Submit(v, cleo, map[string]string{"why": "dismissed again", "typed": "E10"})).Said(), "was sent already")
		if want := []string{"E10 by E03 (slack U0CLEO): dismissed"}; !slices.Equal(r.prog.offboarded, want) {
			t.Errorf("offboarded %q", r.prog.offboarded)
		}
		contains(t, textOf(r.card(cleo)), "Offboarding of E10", "all closed")
	})
}

// Who gives a command is looked at as who presses a button is.
func TestWhoMayNotCommand(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.slack.Add(slacktest.User{ID: "U0GUEST", Restricted: true}, slacktest.User{ID: "U0FAR", Team: "T0OTHER"}, slacktest.User{ID: "U0NEW"})
		for user, why := range map[string]string{"U0GUEST": "guest", "U0FAR": "malformed", "U0NEW": "nobody's account"} {
			r.command(user, "pending")
			r.refusedFor(why)
		}
		p := r.slack.Command(cleo, "/rollcall", "scan")
		p["api_app_id"] = "A0OTHER"
		r.send(p)
		p = r.slack.Command(cleo, "/another", "scan")
		r.send(p)
		if len(r.prog.scanned) != 0 {
			t.Errorf("scanned %q", r.prog.scanned)
		}
	})
}

func TestDeputyCommand(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		for words, says := range map[string]string{"deputy <@U0ADA> 2026-03-02 2026-03-05": "that yourself", "deputy <@U0OLDA> 2026-03-05 2026-03-02": "from which day",
			"deputy <@U0OLDA> 2026-02-01 2026-02-02": "from which day", "deputy <@U0OLDA> 2026-03-02 2027-03-02": "three months", "deputy <@U0NOBODY> 2026-03-02 2026-03-05": "not tied"} {
			contains(t, r.command(ada, words), says)
		}
		contains(t, r.command(ada, "deputy <@U0OLDA|olda> 2026-03-02 2026-03-05"), "From 2026-03-02 to 2026-03-05 E05 decides in your place.")
		r.stale()
		r.refresh()
		contains(t, textOf(r.card(olda)), "Olda (E05) decides in place of Ada (E01).")
	})
}

func TestManifest(t *testing.T) {
	for address, socket := range map[string]bool{"": true, "https://rollcall.example.com/slack": false} {
		var m struct {
			Features struct {
				Commands []struct {
					Command, URL string
					Escape       bool `json:"should_escape"`
				} `json:"slash_commands"`
			}
			OAuth struct{ Scopes struct{ Bot []string } } `json:"oauth_config"`
			Set   struct {
				Interactivity struct {
					Enabled bool   `json:"is_enabled"`
					URL     string `json:"request_url"`
				}
				Socket   bool `json:"socket_mode_enabled"`
				Rotation bool `json:"token_rotation_enabled"`
			} `json:"settings"`
		}
		ok(t, json.Unmarshal([]byte(slackdesk.Manifest("", address)), &m))
		if m.Set.Socket != socket || !m.Set.Interactivity.Enabled || m.Set.Interactivity.URL != address || m.Set.Rotation || m.Features.Commands[0].Command != "/rollcall" ||
			m.Features.Commands[0].URL != address || !m.Features.Commands[0].Escape {
			t.Errorf("%+v", m)
		}
		for _, s := range m.OAuth.Scopes.Bot {
			if strings.Contains(s, "history") || strings.Contains(s, "admin") || strings.Contains(s, "public") {
				t.Errorf("it asks for %s", s)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	all := func(r *rig) (s string) {
		for _, c := range r.desk.Check(t.Context()) {
			s += c.What + ": " + c.Bad + "|" + c.Says + "\n"
		}
		return s
	}
	r := newRig(t, "socket")
	good := all(r)
	contains(t, good, "bot token: |app A0ROLLCALL in workspace T0COMPANY", "app-level token: |", "channel: |private")
	for name, c := range map[string]struct {
		how  func(r *rig)
		want string
	}{
		"bot token": {func(r *rig) { r.slack.Fail("auth.test", slacktest.Failure{Error: "invalid_auth"}) }, "bot token: slack: auth.test: invalid_auth"},
		"scopes":    {func(r *rig) { r.slack.Scopes("chat:write,users:read,im:write,commands") }, "the token lacks groups:read, users:read.email"},
		"more scopes": {func(r *rig) {
			r.slack.Scopes("chat:write,commands,groups:read,im:write,users:read,users:read.email,channels:history")
		}, "more than it needs: channels:history"},
		"app token": {func(r *rig) {
			r.slack.Fail("apps.connections.open", slacktest.Failure{Error: "not_allowed_token_type"})
		}, "connections:write"},
		"Slack Connect": {func(r *rig) { r.slack.AddChannel(slacktest.Channel{ID: channel, Private: true, ExtShared: true}) }, "channel: it is shared with another workspace"},
		"org shared":    {func(r *rig) { r.slack.AddChannel(slacktest.Channel{ID: channel, Private: true, OrgShared: true}) }, "channel: it is shared with another workspace"},
		"public":        {func(r *rig) { r.slack.AddChannel(slacktest.Channel{ID: channel}) }, "channel: it is public"},
		"archived":      {func(r *rig) { r.slack.AddChannel(slacktest.Channel{ID: channel, Private: true, Archived: true}) }, "channel: it is archived"},
		"not in it":     {func(r *rig) { r.slack.AddChannel(slacktest.Channel{ID: channel, Private: true, NotMember: true}) }, "/invite"},
		"no channel":    {func(r *rig) { r.slack.Fail("conversations.info", slacktest.Failure{Error: "channel_not_found"}) }, "channel_not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "socket")
			c.how(r)
			contains(t, all(r), c.want)
		})
	}
	if n := len(r.slack.Messages("")); n != 0 {
		t.Errorf("a check posted %d messages", n)
	}
}

func TestPropose(t *testing.T) {
	r := newRig(t, "http")
	r.slack.Add(slacktest.User{ID: "U1A", Email: "a@made-up.example"}, slacktest.User{ID: "U1B", Email: "b@made-up.example", Restricted: true},
		slacktest.User{ID: "U1C", Email: "c@made-up.example", Deleted: true})
	who := func(id, address string) slackdesk.Who {
		return slackdesk.Who{ID: connectors.PersonID(id), Name: id, Address: address, Works: true}
	}
	r.slack.Fail("users.lookupByEmail", slacktest.Failure{RetryAfter: 2})
	list, err := r.desk.Propose(t.Context(), []slackdesk.Who{who("E20", "a@made-up.example"), who("E21", "b@made-up.example"), who("E22", "c@made-up.example"),
		who("E23", ""), who("E24", "A@made-up.example"), who("E25", "ada@made-up.example"), who("E01", "ada@made-up.example"), who("E26", "nobody@made-up.example")})
	ok(t, err)
	var got []string
	for _, p := range list {
		got = append(got, string(p.Who.ID)+" "+p.User+" "+p.Why)
	}
	want := []string{"E20 U1A ", "E21  the account is no full member's of this workspace", "E22  no active account has that address", "E23  the roster has no work address",
		"E24  the account is another person's already", "E25  the account is another person's already", "E26  no active account has that address"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if !slices.Contains(r.waited, 2*time.Second) {
		t.Errorf("Slack asked for patience, and got %v", r.waited)
	}
}

// Without any of what it needs there is no desk.
func TestNew(t *testing.T) {
	if _, err := slackdesk.New(slackdesk.Settings{BotToken: "x"}, slackdesk.Deps{}); err == nil {
		t.Error("a desk without a transport")
	}
	if _, err := slackdesk.New(slackdesk.Settings{BotToken: "x", AppToken: "y"}, slackdesk.Deps{}); err == nil {
		t.Error("a desk without cases")
	}
}
