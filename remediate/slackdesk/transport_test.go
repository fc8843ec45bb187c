package slackdesk_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/remediate"
	"rollcall/remediate/slackdesk"
	"rollcall/remediate/slackdesk/slacktest"
)

// What is not signed by Slack, just now, over just these bytes, and for the first time, is not taken.
func TestSignature(t *testing.T) {
	for _, c := range []struct {
		name, why string
		status    int
		send      func(r *rig, body []byte) int
	}{
		{"bad signature", "bad signature", 401, func(r *rig, body []byte) int {
			return r.slack.Post(body, slacktest.Sign("another secret", body, time.Now())).Status
		}},
		{"no signature", "bad signature", 401, func(r *rig, body []byte) int {
			return r.slack.Post(body, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}).Status
		}},
		{"no secret", "bad signature", 401, func(r *rig, body []byte) int {
			return r.slack.Post(body, slacktest.Sign("", body, time.Now())).Status
		}},
		{"other bytes", "bad signature", 401, func(r *rig, body []byte) int {
			return r.slack.Post(append(body, '&'), slacktest.Sign(r.slack.SigningSecret, body, time.Now())).Status
		}},
		{"six minutes old", "bad signature", 401, func(r *rig, body []byte) int {
			return r.slack.Post(body, slacktest.Sign(r.slack.SigningSecret, body, time.Now().Add(-6*time.Minute))).Status
		}},
		{"from the future", "bad signature", 401, func(r *rig, body []byte) int {
			return r.slack.Post(body, slacktest.Sign(r.slack.SigningSecret, body, time.Now().Add(6*time.Minute))).Status
		}},
		{"replay", "replayed", 409, func(r *rig, _ []byte) int {
			body := slacktest.Body(slacktest.Payload{"type": "shortcut", "api_app_id": "A0OTHER"})
			h := slacktest.Sign(r.slack.SigningSecret, body, time.Now())
			r.slack.Post(body, h)
			return r.slack.Post(body, h).Status
		}},
		{"payload in the address", "malformed", 400, func(r *rig, body []byte) int {
			empty := []byte("x=1")
			req := httptest.NewRequest(http.MethodPost, "/slack?"+string(body), strings.NewReader(string(empty)))
			req.Header = slacktest.Sign(r.slack.SigningSecret, empty, time.Now())
			w := httptest.NewRecorder()
			r.desk.Handler().ServeHTTP(w, req)
			return w.Code
		}},
		{"two payloads", "malformed", 400, func(r *rig, body []byte) int {
			twice := []byte(string(body) + "&" + string(body))
			return r.slack.Post(twice, slacktest.Sign(r.slack.SigningSecret, twice, time.Now())).Status
		}},
		{"no JSON", "malformed", 400, func(r *rig, _ []byte) int {
			body := []byte("payload=%7B")
			return r.slack.Post(body, slacktest.Sign(r.slack.SigningSecret, body, time.Now())).Status
		}},
		{"other content type", "malformed", 400, func(r *rig, body []byte) int {
			h := slacktest.Sign(r.slack.SigningSecret, body, time.Now())
			h.Set("Content-Type", "application/json")
			return r.slack.Post(body, h).Status
		}},
		{"too long", "", 400, func(r *rig, _ []byte) int {
			body := []byte("payload=" + strings.Repeat("x", 2<<20))
			return r.slack.Post(body, slacktest.Sign(r.slack.SigningSecret, body, time.Now())).Status
		}},
		{"GET", "", 405, func(r *rig, _ []byte) int {
			w := httptest.NewRecorder()
			r.desk.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/slack", nil))
			return w.Code
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, "http")
			k := r.stale()
			r.refresh()
			m := r.card(ada)
			if got := c.send(r, slacktest.Body(r.slack.Press(m, ada, button(t, m, remove)))); got != c.status {
				t.Errorf("answered %d, want %d", got, c.status)
			}
			r.desk.Settle()
			r.is(k.ID, remediate.Asked)
			if c.why != "" {
				r.refusedFor(c.why)
			}
		})
	}
}

// The app is asked to connect anew, or cut off: it comes again after a pause that grows while connections do not last.
func TestReconnects(t *testing.T) {
	for _, reason := range []string{"warning", "refresh_requested", "too_many_websockets", "cut"} {
		t.Run(reason, func(t *testing.T) {
			r := newRig(t, "socket")
			k := r.stale()
			r.refresh()
			if reason == "cut" {
				r.slack.Cut()
			} else {
				r.slack.Disconnect(reason)
			}
			r.slack.Connected()
			r.press(r.card(ada), ada, remove)
			r.is(k.ID, remediate.Remove)
			f := r.desk.Figures()
			if f.Connects != 2 || !f.Connected || reason != "cut" && f.LastDisconnect != reason {
				t.Errorf("figures: %+v", f)
			}
			if !f.LastInteraction.Equal(noon) {
				t.Errorf("last interaction %s", f.LastInteraction)
			}
		})
	}
}

// A Slack that takes every connection and ends it at once is not asked thousands of times.
func TestDisconnectStorm(t *testing.T) {
	r := newRig(t, "socket")
	r.slack.Refuse("too_many_websockets")
	r.slack.Disconnect("refresh_requested")
	for range 12 {
		r.slack.Connected()
	}
	r.slack.Refuse("")
	eventually(t, func() bool { return r.desk.Figures().Connects == 2 })
	r.mu.Lock()
	defer r.mu.Unlock()
	var sum time.Duration
	for i, d := range r.waited {
		if sum += d; d < time.Second || i > 0 && i < 8 && d <= r.waited[i-1]/2 {
			t.Errorf("pause %d is %v, after %v", i, d, r.waited[max(i-1, 0)])
		}
	}
	if len(r.waited) < 12 || sum < 10*time.Minute {
		t.Errorf("%d connections within %v", len(r.waited), sum)
	}
}

// What no other try can mend ends the listening, and is said.
func TestFatal(t *testing.T) {
	for name, c := range map[string]struct {
		how  func(r *rig)
		want string
	}{
		"link disabled": {func(r *rig) { r.slack.Refuse("link_disabled") }, "link_disabled"},
		"token revoked": {func(r *rig) { r.slack.Fail("apps.connections.open", slacktest.Failure{Error: "token_revoked"}) }, "token_revoked"},
		"scope missing": {func(r *rig) { r.slack.Fail("apps.connections.open", slacktest.Failure{Error: "missing_scope"}) }, "missing_scope"},
		"another's app": {func(r *rig) { r.slack.OtherApp("A0OTHER") }, "another app's token"},
		"not that token": {func(r *rig) {
			r.slack.Fail("apps.connections.open", slacktest.Failure{Error: "not_allowed_token_type"})
		}, "not_allowed_token_type"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "socket")
			c.how(r)
			r.slack.Disconnect("refresh_requested")
			err := <-r.failed
			contains(t, err.Error(), c.want)
			if f := r.desk.Figures(); f.Fatal != c.want || f.Connected {
				t.Errorf("figures: %+v", f)
			}
		})
	}
}

// A 429, or a server in trouble, while connecting is waited out, as long as it asks.
func TestConnectingIsLimited(t *testing.T) {
	r := newRig(t, "socket")
	r.slack.Fail("apps.connections.open", slacktest.Failure{RetryAfter: 77}, slacktest.Failure{Status: 500}, slacktest.Failure{Error: "internal_error"})
	r.slack.Disconnect("refresh_requested")
	r.slack.Connected()
	r.mu.Lock()
	defer r.mu.Unlock()
	long := false
	for _, d := range r.waited {
		long = long || d >= 77*time.Second
	}
	if !long {
		t.Errorf("waited %v", r.waited)
	}
}

// Slack counts connections that nobody listens to: presses get lost on them, and that is said.
func TestNumConnections(t *testing.T) {
	r := newRig(t, "socket")
	r.slack.Ghosts(2)
	r.slack.Disconnect("refresh_requested")
	r.slack.Connected()
	r.press(func() slacktest.Message { r.stale(); r.refresh(); return r.card(ada) }(), ada, notMine)
	if f := r.desk.Figures(); f.Connections != 3 {
		t.Errorf("figures: %+v", f)
	}
	contains(t, r.log.String(), "connected more than once")
}

// However many answers Slack does not read, presses go on being taken.
func TestAnswersAreNotRead(t *testing.T) {
	r := newRig(t, "socket")
	k := r.stale()
	r.refresh()
	m := r.card(ada)
	r.slack.Deaf(true)
	for range 200 {
		if !r.slack.Throw(r.slack.Press(m, ada, button(t, m, notMine)), 1) {
			t.Fatal("the connection is gone")
		}
	}
	r.slack.Throw(r.slack.Press(m, cleo, button(t, m, remove)), 1) // another's message
	r.slack.Throw(r.slack.Press(m, ada, button(t, m, remove)), 1)
	eventually(t, func() bool {
		c, err := r.led.Case(k.ID)
		return err == nil && c.State == remediate.Remove
	})
}

// Of what is posted while the answer gets lost, the buttons work: whoever presses one proves that the message is there.
func TestLostAnswer(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		k := r.stale()
		r.slack.Fail("chat.postMessage", slacktest.Failure{Lost: true})
		if err := r.desk.Refresh(t.Context(), r.clock()); err == nil {
			t.Error("nothing is said of the lost answer")
		}
		r.is(k.ID, remediate.Open) // nobody is known to have been asked
		first := r.card(ada)
		r.refresh()
		if n := len(r.slack.Messages(ada)); n != 2 {
			t.Fatalf("%d messages", n)
		}
		r.press(first, ada, remove)
		r.is(k.ID, remediate.Remove)
		for _, m := range r.slack.Messages(ada) {
			if len(m.Buttons()) != 0 {
				t.Errorf("a card still has buttons:\n%s", m.Reads())
			}
		}
	})
}

// Slack says no, or that it wants patience: nothing counts as asked, and it is asked later.
func TestPostIsRefused(t *testing.T) {
	for _, how := range []slacktest.Failure{{RetryAfter: 30}, {Error: "channel_not_found"}, {Error: "ratelimited"}, {Status: 503}} {
		t.Run(how.Error, func(t *testing.T) {
			r := newRig(t, "http")
			k := r.stale()
			r.slack.Fail("chat.postMessage", how)
			if err := r.desk.Refresh(t.Context(), r.clock()); err == nil {
				t.Error("nothing is said of it")
			}
			r.is(k.ID, remediate.Open)
			if how.RetryAfter > 0 {
				r.refresh()
				if n := r.slack.Calls("chat.postMessage"); n != 1 {
					t.Errorf("Slack wants to be left alone, and was asked %d times", n)
				}
				r.pass(31 * time.Second)
			}
			r.refresh()
			r.is(k.ID, remediate.Asked)
		})
	}
}

// A message that was deleted, or is too old to be changed: the decision stands all the same.
func TestMessageCannotBeChanged(t *testing.T) {
	for _, how := range []func(*slacktest.Message){func(m *slacktest.Message) { m.Gone = true }, func(m *slacktest.Message) { m.Closed = true }} {
		both(t, func(t *testing.T, r *rig) {
			k := r.stale()
			r.refresh()
			m := r.card(ada)
			r.slack.Spoil(m.TS, how)
			r.press(m, ada, remove)
			r.is(k.ID, remediate.Remove)
			calls := r.slack.Calls("chat.update")
			r.refresh()
			if r.slack.Calls("chat.update") != calls {
				t.Error("it is tried over and over")
			}
			contains(t, r.log.String(), "cannot be changed any more")
		})
	}
}

// chat.update is limited: the card tells the truth as soon as Slack lets it.
func TestUpdateIsLimited(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		k := r.stale()
		r.refresh()
		r.refresh()
		r.slack.Fail("chat.update", slacktest.Failure{RetryAfter: 60})
		r.press(r.card(ada), ada, remove)
		r.is(k.ID, remediate.Remove)
		if !has(r.card(ada), remove) {
			t.Fatal("the card was changed all the same")
		}
		r.refresh()
		if n := r.slack.Calls("chat.update"); n != 2 {
			t.Errorf("Slack wants to be left alone, and was asked %d times", n)
		}
		r.pass(61 * time.Second)
		r.refresh()
		contains(t, textOf(r.card(ada)), "REMOVE ACCESS, decided by")
	})
}

// A desk that starts anew knows its cards and what their buttons stand for.
func TestRestart(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		k := r.stale()
		r.refresh()
		m := r.card(ada)
		r.stop()
		r.start()
		r.press(m, ada, remove)
		r.is(k.ID, remediate.Remove)
		if n := len(r.slack.Messages("")); n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}

// A panic, wherever it is, is logged with where it was, and takes nothing else with it.
func TestPanic(t *testing.T) {
	for _, transport := range []string{"socket", "http"} {
		for name, trap := range map[string]func(r *rig) *func(){
			"who may decide": func(r *rig) *func() {
				spring, people := func() {}, r.deps.People
				r.deps.People = func() (slackdesk.People, error) { spring(); return people() }
				return &spring
			},
			"what the time is": func(r *rig) *func() { // which is asked where envelopes are read
				spring, now := func() {}, r.deps.Now
				r.deps.Now = func() time.Time { spring(); return now() }
				return &spring
			},
		} {
			t.Run(transport+" "+name, func(t *testing.T) {
				var mu sync.Mutex
				var spring *func()
				r := newRig(t, transport, func(r *rig) { spring = trap(r) })
				armed := false
				arm := func() { mu.Lock(); armed = true; mu.Unlock() }
				*spring = func() {
					mu.Lock()
					defer mu.Unlock()
					if armed {
						armed = false
						panic("what was that? " + r.slack.BotToken)
					}
				}
				k := r.stale()
				arm()
				if err := r.desk.Refresh(t.Context(), noon); err == nil || !strings.Contains(err.Error(), "slackdesk.") {
					t.Fatalf("a refresh that panicked says %v, and not where", err)
				}
				r.refresh()
				m, panics := r.card(ada), 0
				for _, p := range []slacktest.Payload{r.slack.Press(m, ada, button(t, m, remove)), r.slack.Command(ada, "/rollcall", "pending")} {
					arm()
					if transport == "http" {
						r.slack.Send(p)
					} else {
						r.slack.Throw(p, 1)
					}
					panics++
					eventually(t, func() bool { return strings.Count(r.log.String(), "it panicked") == panics })
					r.desk.Settle()
					eventually(t, func() bool { // where it was the connection, there is another
						return transport == "http" || r.desk.Figures().Connects == 1+strings.Count(r.log.String(), "what came could not be worked on")
					})
				}
				r.is(k.ID, remediate.Asked)
				contains(t, r.log.String(), "transport_test.go")
				if strings.Contains(r.log.String(), r.slack.BotToken) {
					t.Error("a secret is in the log")
				}
				r.press(m, ada, remove)
				r.is(k.ID, remediate.Remove)
			})
		}
	}
}
