// Package slacktest is a Slack to test against, made from what Slack documents and shares no code with the client: a Web API,
// Socket Mode, a directory of accounts, a store of messages that can be looked at, and helpers that press buttons, send forms
// and give commands the way Slack sends them, signed or in envelopes. It can be told to fail in every way that Slack does.
package slacktest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// TB is what the fake needs of a test.
type TB interface {
	Helper()
	Errorf(string, ...any)
	Fatalf(string, ...any)
	Cleanup(func())
}

// User is an account of the workspace.
type User struct {
	ID, Name, Email, Team, Zone                         string
	Deleted, Bot, Restricted, UltraRestricted, Stranger bool
}

// Channel is a conversation that people are in.
type Channel struct {
	ID, Name                                           string
	Private, ExtShared, OrgShared, Archived, NotMember bool
}

// Message is what was posted, as it stands now.
type Message struct {
	Channel, TS, Thread, Text string
	Blocks                    json.RawMessage
	Updates                   int
	Gone                      bool // deleted by somebody: it cannot be changed
	Closed                    bool // too old to be changed
}

// Ephemeral is what one person was shown.
type Ephemeral struct {
	Channel, User string
	Blocks        json.RawMessage
}

// View is a form that was opened.
type View struct {
	ID, User string
	Body     json.RawMessage
}

// Failure is how the next call of a method fails.
type Failure struct {
	Error      string // Slack's word, with ok: false
	RetryAfter int    // seconds, with status 429
	Status     int    // of a server in trouble
	Lost       bool   // it is done, and the answer is lost
}

// Fake is a Slack workspace with one app in it.
type Fake struct {
	BotToken, AppToken, SigningSecret, AppID, TeamID string

	t      TB
	server *httptest.Server

	mu         sync.Mutex
	users      map[string]*User
	channels   map[string]*Channel
	messages   []*Message
	ephemerals []Ephemeral
	views      []View
	failures   map[string][]Failure
	calls      map[string]int
	scopes     string
	triggers   map[string]trigger
	serial     int
	now        func() time.Time
	handler    http.Handler // where interactions go by HTTP; nil: over Socket Mode
	socket     socket
}

type trigger struct {
	user string
	at   time.Time
}

// New starts a workspace. now is its clock.
func New(t TB, now func() time.Time) *Fake {
	f := &Fake{BotToken: "xoxb-1-secret-bot-token", AppToken: "xapp-1-secret-app-token", SigningSecret: "8f742231b10e-signing-secret", AppID: "A0ROLLCALL", TeamID: "T0COMPANY",
		t: t, users: map[string]*User{}, channels: map[string]*Channel{}, failures: map[string][]Failure{}, calls: map[string]int{}, triggers: map[string]trigger{}, now: now,
		scopes: "chat:write,commands,groups:read,im:write,users:read,users:read.email"}
	f.socket.begin(f)
	mux := http.NewServeMux()
	mux.HandleFunc("/api/", f.serveAPI)
	mux.HandleFunc("/link/", f.serveSocket)
	f.server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

// Close ends the workspace.
func (f *Fake) Close() {
	f.socket.end()
	f.server.Close()
}

// URL is where the Web API is.
func (f *Fake) URL() string { return f.server.URL + "/api/" }

// ByHTTP has interactions go to a handler, signed.
func (f *Fake) ByHTTP(h http.Handler) { f.handler = h }

// Add adds accounts, or changes them; without a team they are of this workspace.
func (f *Fake) Add(users ...User) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, u := range users {
		if u.Team == "" {
			u.Team = f.TeamID
		}
		f.users[u.ID] = &u
	}
}

// AddChannel adds a channel.
func (f *Fake) AddChannel(c Channel) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.channels[c.ID] = &c
}

// Scopes sets what the bot token may do.
func (f *Fake) Scopes(s string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.scopes = s
}

// Fail has the next calls of a method fail, one after the other.
func (f *Fake) Fail(method string, how ...Failure) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failures[method] = append(f.failures[method], how...)
}

// Calls is how often a method was called.
func (f *Fake) Calls(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[method]
}

// Messages gives what was posted, the oldest first, as it stands now. A channel is named by its id, a direct message by the
// account; empty: all.
func (f *Fake) Messages(to string) (list []Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.messages {
		if to == "" || m.Channel == to || m.Channel == room(to) {
			list = append(list, *m)
		}
	}
	return list
}

// Spoil makes a message one that cannot be changed any more: deleted, or too old.
func (f *Fake) Spoil(ts string, how func(*Message)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.messages {
		if m.TS == ts {
			how(m)
		}
	}
}

// Ephemerals gives what was shown to one person alone.
func (f *Fake) Ephemerals(user string) (list []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.ephemerals {
		if e.User == user {
			list = append(list, texts(e.Blocks))
		}
	}
	return list
}

// Views gives the forms that somebody has been shown.
func (f *Fake) Views(user string) (list []View) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, v := range f.views {
		if v.User == user {
			list = append(list, v)
		}
	}
	return list
}

// Everything is all that the app has ever sent that people or others can see, to be searched for what must not be in it.
func (f *Fake) Everything() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var b strings.Builder
	for _, m := range f.messages {
		fmt.Fprintln(&b, m.Text, string(m.Blocks))
	}
	for _, e := range f.ephemerals {
		fmt.Fprintln(&b, string(e.Blocks))
	}
	for _, v := range f.views {
		fmt.Fprintln(&b, string(v.Body))
	}
	return b.String()
}

// Text is all that people read on a message.
func (m Message) Reads() string { return texts(m.Blocks) }

func room(user string) string { return "D" + user }
