package slackdesk_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"rollcall/remediate"
	"rollcall/remediate/slackdesk"
	"rollcall/remediate/slackdesk/slacktest"
)

// What is no form of this app, of this workspace, as it was opened, is refused and leaves no trace.
func TestForgedForms(t *testing.T) {
	inner := func(p slacktest.Payload, key string) slacktest.Payload { return p[key].(slacktest.Payload) }
	view := func(p slacktest.Payload) map[string]any { return p["view"].(map[string]any) }
	for _, c := range []struct {
		name, why string
		spoil     func(p slacktest.Payload)
	}{
		{"other app", "other app", func(p slacktest.Payload) { p["api_app_id"] = "A0OTHER" }},
		{"no app", "other app", func(p slacktest.Payload) { delete(p, "api_app_id") }},
		{"other team", "other workspace", func(p slacktest.Payload) { inner(p, "team")["id"] = "T0OTHER" }},
		{"missing team", "other workspace", func(p slacktest.Payload) { delete(p, "team") }},
		{"user of another team", "other workspace", func(p slacktest.Payload) { inner(p, "user")["team_id"] = "T0OTHER" }},
		{"user of no team", "other workspace", func(p slacktest.Payload) { delete(inner(p, "user"), "team_id") }},
		{"no user", "malformed", func(p slacktest.Payload) { delete(inner(p, "user"), "id") }},
		{"unknown form", "unknown button", func(p slacktest.Payload) { view(p)["callback_id"] = "approve" }},
		{"another form", "another message's button", func(p slacktest.Payload) { view(p)["callback_id"] = "rollcall_what_is_wrong" }},
		{"the form that offboards", "another message's button", func(p slacktest.Payload) { view(p)["callback_id"] = "rollcall_offboard" }},
		{"guessed token", "unknown button", func(p slacktest.Payload) { view(p)["private_metadata"] = "AAAAAAAAAAAAAAAAAAAAAAAA" }},
		{"no token", "unknown button", func(p slacktest.Payload) { delete(view(p), "private_metadata") }},
		{"a form that was closed", "malformed", func(p slacktest.Payload) { p["type"] = "view_closed" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			both(t, func(t *testing.T, r *rig) {
				k := r.stale()
				r.refresh()
				r.press(r.card(ada), ada, keepIt)
				fields := map[string]string{"why": "needed for the audit", "until": "2026-06-01", "because": "hr-data", "typed": "E10"}
				p := r.slack.Submit(r.form(ada), ada, fields)
				c.spoil(p)
				r.slack.Send(p)
				r.desk.Settle()
				r.is(k.ID, remediate.Asked)
				if f := r.desk.Figures(); f.Refused[c.why] == 0 || len(r.rulings())+len(r.prog.offboarded) > 0 {
					t.Errorf("refused for %v, want %q; %q", f.Refused, c.why, r.prog.offboarded)
				}
				r.send(r.slack.Submit(r.form(ada), ada, fields)) // what was refused has used nothing up
				r.is(k.ID, remediate.Keep)
			})
		})
	}
}

// A form that is sent twice decides once.
func TestFormTwice(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		k := r.stale()
		r.refresh()
		r.press(r.card(ada), ada, keepIt)
		p := r.slack.Submit(r.form(ada), ada, map[string]string{"why": "needed for the audit", "until": "2026-06-01"})
		r.send(p)
		rev := r.is(k.ID, remediate.Keep).Rev
		if r.set.AppToken == "" {
			p = r.slack.Submit(r.form(ada), ada, map[string]string{"why": "needed for the audit", "until": "2026-06-02"})
		}
		contains(t, r.send(p).Said(), "Already decided by E01")
		if c := r.is(k.ID, remediate.Keep); c.Rev != rev || c.Decision.Until.String() != "2026-06-01" {
			t.Errorf("decided twice: %+v", c.Decision)
		}
	})
}

// A signed request that comes once more, word for word, is not taken again, whatever it said.
func TestReplayedPress(t *testing.T) {
	r := newRig(t, "http")
	k := r.stale()
	r.refresh()
	m := r.card(ada)
	body := slacktest.Body(r.slack.Press(m, ada, button(t, m, remove)))
	h := slacktest.Sign(r.slack.SigningSecret, body, time.Now())
	for _, want := range []int{200, 409} {
		if got := r.slack.Post(body, h).Status; got != want {
			t.Errorf("answered %d, want %d", got, want)
		}
		r.desk.Settle()
	}
	if c := r.is(k.ID, remediate.Remove); c.Rev != 3 {
		t.Errorf("revision %d", c.Rev)
	}
	r.refusedFor("replayed")
}

// A desk that listens over Socket Mode has no signing secret: by HTTP nothing is taken, signed with nothing least of all.
func TestNoSecretNoHTTP(t *testing.T) {
	r := newRig(t, "socket")
	k := r.stale()
	r.refresh()
	m := r.card(ada)
	r.slack.ByHTTP(r.desk.Handler())
	body := slacktest.Body(r.slack.Press(m, ada, button(t, m, remove)))
	if got := r.slack.Post(body, slacktest.Sign("", body, time.Now())).Status; got != 401 {
		t.Errorf("answered %d", got)
	}
	r.desk.Settle()
	r.is(k.ID, remediate.Asked)
}

// Slack has its answer before anything slow is done.
func TestAnsweredBeforeTheWork(t *testing.T) {
	for _, transport := range []string{"socket", "http"} {
		t.Run(transport, func(t *testing.T) {
			gate := make(chan struct{})
			r := newRig(t, transport, func(r *rig) {
				r.deps.Look = func(context.Context, *remediate.Case) (string, error) { <-gate; return "", nil }
			})
			k := r.stale()
			r.refresh()
			m := r.card(ada)
			r.press(m, ada, keepIt)
			if a := r.slack.Send(r.slack.Submit(r.form(ada), ada, map[string]string{"why": "needed for the audit", "until": "2026-06-01"})); a.Status != 200 {
				t.Errorf("the form was answered %d", a.Status)
			}
			if a := r.slack.Send(r.slack.Press(m, ada, button(t, m, remove))); a.Status != 200 {
				t.Errorf("the button was answered %d", a.Status)
			}
			r.is(k.ID, remediate.Asked)
			close(gate)
			r.desk.Settle()
			if c, err := r.led.Case(k.ID); err != nil || c.Decision == nil || c.Rev != 3 {
				t.Errorf("nothing came of it, or too much (%v): %+v", err, c)
			}
		})
	}
}

// Without a run to go by, nobody may decide anything, whatever was bound.
func TestNobodyIsKnown(t *testing.T) {
	for _, transport := range []string{"socket", "http"} {
		t.Run(transport, func(t *testing.T) {
			var none error
			r := newRig(t, transport, func(r *rig) {
				people := r.deps.People
				r.deps.People = func() (slackdesk.People, error) {
					if none != nil {
						return nil, none
					}
					return people()
				}
			})
			k := r.stale()
			r.refresh()
			m := r.card(ada)
			r.press(m, ada, isWrong)
			v := r.form(ada)
			none = errors.New("there is no run")
			r.press(m, ada, remove)
			r.told(ada, "nothing was decided")
			contains(t, r.send(r.slack.Submit(v, ada, map[string]string{"because": "policy", "why": "they may have it"})).Said(), "could not be recorded")
			contains(t, r.command(ada, "pending"), "there is no run to go by")
			r.is(k.ID, remediate.Asked)
			if len(r.rulings()) != 0 {
				t.Error("something was ruled")
			}
			none = nil
			r.press(m, ada, remove)
			r.is(k.ID, remediate.Remove)
		})
	}
}

// An account that cannot be read now is decided about: it is read once more before anything is changed. That is logged.
func TestAccountCannotBeRead(t *testing.T) {
	for _, transport := range []string{"socket", "http"} {
		r := newRig(t, transport, func(r *rig) {
			r.deps.Look = func(context.Context, *remediate.Case) (string, error) { return "", errors.New("the app is down") }
		})
		k := r.stale()
		r.refresh()
		r.press(r.card(ada), ada, remove)
		r.is(k.ID, remediate.Remove)
		contains(t, r.log.String(), "could not be read before the decision", "the app is down")
	}
}

// Slack wants patience while somebody presses: nothing is decided on a guess, they are told, and the next press counts.
func TestPressIsLimited(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		k := r.stale()
		r.refresh()
		m := r.card(ada)
		r.pass(11 * time.Minute)
		r.slack.Fail("users.info", slacktest.Failure{RetryAfter: 30})
		for range 2 {
			r.press(m, ada, remove)
		}
		r.is(k.ID, remediate.Asked)
		r.told(ada, "could not be checked just now")
		r.pass(31 * time.Second)
		r.slack.Fail("views.open", slacktest.Failure{RetryAfter: 30})
		r.press(m, ada, keepIt)
		r.told(ada, "The form could not be opened. Press again.")
		r.press(m, ada, remove)
		r.is(k.ID, remediate.Remove)
	})
}

// Whom it is no honest mistake of is told nothing that they could use: not why, and of whom it is.
func TestRefusedWithoutAWord(t *testing.T) {
	for name, u := range map[string]slacktest.User{"guest": {ID: ada, Restricted: true}, "bot": {ID: ada, Bot: true}, "stranger": {ID: ada, Stranger: true}, "deactivated": {ID: ada, Deleted: true}} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, r *rig) {
				r.stale()
				r.refresh()
				r.pass(11 * time.Minute)
				r.slack.Add(u)
				r.press(r.card(ada), ada, remove)
				said := strings.Join(r.slack.Ephemerals(ada), "")
				contains(t, said, "That did not work: this is not yours to decide, or the card is out of date.")
				for _, word := range []string{name, "Sam", "E10", "sam", "crm"} {
					if strings.Contains(said, word) {
						t.Errorf("it says %q: %s", word, said)
					}
				}
			})
		})
	}
}
