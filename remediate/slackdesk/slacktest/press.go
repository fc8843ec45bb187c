package slacktest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"
)

// Payload is what Slack sends; a test may spoil it before it is sent.
type Payload map[string]any

func (f *Fake) trigger(user string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.serial++
	id := fmt.Sprintf("%d.trigger", f.serial)
	f.triggers[id] = trigger{user, f.now()}
	return id
}

func (f *Fake) team(user string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if u := f.users[user]; u != nil {
		return u.Team
	}
	return f.TeamID
}

// Press is a button of a message, pressed by an account.
func (f *Fake) Press(m Message, user string, b Button) Payload {
	return Payload{"type": "block_actions", "api_app_id": f.AppID, "token": "legacy", "trigger_id": f.trigger(user),
		"team": Payload{"id": f.TeamID, "domain": "company"}, "user": Payload{"id": user, "username": "name", "team_id": f.team(user)},
		"channel": Payload{"id": m.Channel, "name": "directmessage"}, "message": Payload{"type": "message", "ts": m.TS, "text": m.Text},
		"container":    Payload{"type": "message", "message_ts": m.TS, "channel_id": m.Channel, "is_ephemeral": false},
		"response_url": "https://hooks.slack.invalid/actions/1",
		"actions":      []any{Payload{"type": "button", "action_id": b.Action, "block_id": b.Block, "value": b.Value, "action_ts": "1.2", "text": Payload{"type": "plain_text", "text": b.Label}}}}
}

// Submit is a form, sent by an account with values by action id.
func (f *Fake) Submit(v View, user string, fields map[string]string) Payload {
	var body map[string]any
	json.Unmarshal(v.Body, &body)
	values := Payload{}
	for id, s := range fields {
		field := Payload{"type": "plain_text_input", "value": s}
		switch id {
		case "until":
			field = Payload{"type": "datepicker", "selected_date": s}
		case "because":
			field = Payload{"type": "static_select", "selected_option": Payload{"value": s}}
		}
		values[id] = Payload{id: field}
	}
	body["id"], body["team_id"], body["app_id"], body["state"] = v.ID, f.TeamID, f.AppID, Payload{"values": values}
	return Payload{"type": "view_submission", "api_app_id": f.AppID, "team": Payload{"id": f.TeamID}, "user": Payload{"id": user, "team_id": f.team(user)}, "trigger_id": f.trigger(user), "view": body}
}

// Command is a slash command, given by an account.
func (f *Fake) Command(user, command, words string) Payload {
	return Payload{"command": command, "text": words, "user_id": user, "user_name": "name", "team_id": f.team(user), "team_domain": "company", "channel_id": "C0ANY",
		"channel_name": "any", "trigger_id": f.trigger(user), "api_app_id": f.AppID, "token": "legacy"}
}

// Answer is what Slack was answered with.
type Answer struct {
	Status  int // by HTTP; 200 over Socket Mode, 0 where no answer came
	Payload json.RawMessage
}

// Said are all words of an answer.
func (a Answer) Said() string {
	var p struct {
		Text   string
		Blocks json.RawMessage
		Errors map[string]string
	}
	json.Unmarshal(a.Payload, &p)
	out := texts(p.Blocks)
	for _, e := range p.Errors {
		out += e + "\n"
	}
	return out
}

// Send sends a payload the way that is set, and waits for the answer.
func (f *Fake) Send(p Payload) Answer {
	if f.handler == nil {
		return f.socket.send(p)
	}
	body := Body(p)
	return f.Post(body, Sign(f.SigningSecret, body, time.Now()))
}

// Body is how a payload is sent by HTTP.
func Body(p Payload) []byte {
	if _, ok := p["command"]; ok {
		form := url.Values{}
		for k, v := range p {
			form.Set(k, fmt.Sprint(v))
		}
		return []byte(form.Encode())
	}
	text, _ := json.Marshal(p)
	return []byte(url.Values{"payload": {string(text)}}.Encode())
}

// Sign makes the headers with which Slack signs a body.
func Sign(secret string, body []byte, at time.Time) http.Header {
	stamp := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	h := http.Header{}
	h.Set("Content-Type", "application/x-www-form-urlencoded")
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return h
}

// Post sends a body with headers to the handler, as they are.
func (f *Fake) Post(body []byte, h http.Header) Answer {
	r := httptest.NewRequest(http.MethodPost, "/slack", strings.NewReader(string(body)))
	r.Header = h.Clone()
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	a := Answer{Status: w.Code}
	if w.Body.Len() > 0 && w.Code == http.StatusOK {
		a.Payload = w.Body.Bytes()
	}
	return a
}
