package slackdesk

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/slack-go/slack"
)

const (
	bodyMost   = 1 << 20
	answerTime = 2500 * time.Millisecond // Slack waits three seconds
	seenFor    = 10 * time.Minute        // longer than a signature is good for
)

// Handler takes interactions and commands by HTTP. What is not signed with the signing secret within the last five minutes is
// not read at all, and what came before is not taken again.
func (d *Desk) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := d.guarded(func() error { d.serve(w, r); return nil }); err != nil {
			d.deps.Log.Error("slack: what came by HTTP could not be worked on", "error", err)
			http.Error(w, "that did not work", http.StatusInternalServerError)
		}
	})
}

func (d *Desk) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "want POST", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMost))
	if err != nil {
		http.Error(w, "too long, or cut off", http.StatusBadRequest)
		return
	}
	if !d.signed(r.Header, body) {
		d.refuse(&press{Kind: "http"}, &refusal{Code: refSignature})
		http.Error(w, "not signed by Slack", http.StatusUnauthorized)
		return
	}
	if d.seen.before(r.Header.Get("X-Slack-Signature"), d.deps.Now()) {
		d.refuse(&press{Kind: "http"}, &refusal{Code: refReplay})
		http.Error(w, "this came before", http.StatusConflict)
		return
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	form, err := url.ParseQuery(string(body)) // the bytes that were signed, and never the address
	if err != nil || kind != "application/x-www-form-urlencoded" || len(form["payload"])+len(form["command"]) != 1 {
		d.refuse(&press{Kind: "http"}, &refusal{Code: refMalformed})
		http.Error(w, "want one payload", http.StatusBadRequest)
		return
	}
	ctx, stop := context.WithTimeout(r.Context(), d.answers)
	defer stop()
	var answer any
	if form.Has("command") {
		answer = d.command(ctx, commandOf(form))
	} else {
		var ic slack.InteractionCallback
		if err := json.Unmarshal([]byte(form.Get("payload")), &ic); err != nil {
			d.refuse(&press{Kind: "http"}, &refusal{Code: refMalformed})
			http.Error(w, "want one payload", http.StatusBadRequest)
			return
		}
		answer = d.interaction(ctx, &ic)
	}
	if answer == nil {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(answer)
}

// signed tells whether Slack signed these very bytes, not long ago.
func (d *Desk) signed(h http.Header, body []byte) bool {
	v, err := slack.NewSecretsVerifier(h, d.set.SigningSecret)
	if err != nil {
		return false
	}
	v.Write(body)
	return v.Ensure() == nil
}

func commandOf(form url.Values) *slack.SlashCommand {
	return &slack.SlashCommand{TeamID: form.Get("team_id"), ChannelID: form.Get("channel_id"), UserID: form.Get("user_id"), Command: form.Get("command"),
		Text: form.Get("text"), TriggerID: form.Get("trigger_id"), APIAppID: form.Get("api_app_id")}
}

// seen remembers signatures: each is good for five minutes, and that it came already nobody else knows.
type seen struct {
	mu sync.Mutex
	at map[string]time.Time
}

func newSeen() *seen { return &seen{at: map[string]time.Time{}} }

// before tells whether a signature came before, and remembers it.
func (s *seen) before(signature string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, at := range s.at {
		if now.Sub(at) > seenFor {
			delete(s.at, k)
		}
	}
	_, known := s.at[signature]
	if !known {
		s.at[signature] = now
	}
	return known
}
