package slacktest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// patience is how long is waited for what must come. It is no measure of anything: a slow machine may take its time.
const patience = 2 * time.Minute

// Socket Mode, as it is seen from Slack: up to ten connections, over any of which an envelope may go, and an answer or none.
type socket struct {
	f     *Fake
	mu    sync.Mutex
	conns []*link
	dials int
	sent  int // envelopes, each as often as it was written to a connection
	acked int // answers that were read

	acks    map[string]chan json.RawMessage
	serial  int
	ghosts  int           // connections that Slack counts and nobody listens to
	deaf    bool          // answers are not read
	silent  bool          // no pings
	refuse  string        // each connection ends at once, for this reason
	hello   string        // app id that hello names
	arrived chan struct{} // a connection was made
	every   time.Duration
	wait    time.Duration
}

type link struct {
	ws   *websocket.Conn
	mu   sync.Mutex
	open int  // envelopes that are not answered yet; guarded, as what follows, by the socket's lock
	over bool // it was cut off, or the app was asked to leave it
}

func (l *link) write(v any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ws.SetWriteDeadline(time.Now().Add(patience))
	return l.ws.WriteJSON(v)
}

func (s *socket) begin(f *Fake) {
	s.f, s.acks, s.arrived, s.every, s.wait, s.hello = f, map[string]chan json.RawMessage{}, make(chan struct{}, 10000), time.Second, patience, f.AppID
}

func (s *socket) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.conns {
		l.over = true
		l.ws.Close()
	}
}

// settled waits until the connections that are over are gone, so that what comes next goes over a new one for certain.
func (s *socket) settled() {
	for until := time.Now().Add(patience); time.Now().Before(until); <-time.After(time.Millisecond) {
		s.mu.Lock()
		left := slices.ContainsFunc(s.conns, func(l *link) bool { return l.over })
		s.mu.Unlock()
		if !left {
			return
		}
	}
}

func (s *socket) ticket(base string) string {
	return "ws" + strings.TrimPrefix(base, "http") + "/link/?ticket=secret-ticket&app_id=" + s.f.AppID
}

func (f *Fake) serveSocket(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	ws, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	s, l := &f.socket, &link{ws: ws}
	s.settled()
	s.mu.Lock()
	s.dials++
	refuse, count, app := s.refuse, len(s.conns)+1+s.ghosts, s.hello
	if refuse == "" {
		s.conns = append(s.conns, l)
	}
	s.mu.Unlock()
	defer s.drop(l)
	if refuse != "" {
		l.write(map[string]any{"type": "disconnect", "reason": refuse})
		s.arrived <- struct{}{}
		return
	}
	l.write(map[string]any{"type": "hello", "num_connections": count, "connection_info": map[string]any{"app_id": app}, "debug_info": map[string]any{"host": "h"}})
	stop := make(chan struct{})
	defer close(stop)
	go s.ping(l, stop)
	s.arrived <- struct{}{}
	for {
		var ack struct {
			ID      string          `json:"envelope_id"`
			Payload json.RawMessage `json:"payload"`
		}
		s.mu.Lock()
		deaf := s.deaf
		s.mu.Unlock()
		if deaf {
			<-time.After(50 * time.Millisecond)
			continue
		}
		if err := ws.ReadJSON(&ack); err != nil {
			return
		}
		s.mu.Lock()
		l.open--
		s.acked++
		if c := s.acks[ack.ID]; c != nil {
			delete(s.acks, ack.ID)
			c <- ack.Payload
		}
		s.mu.Unlock()
	}
}

func (s *socket) ping(l *link, stop chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(s.every):
			s.mu.Lock()
			silent := s.silent
			s.mu.Unlock()
			if !silent {
				l.mu.Lock()
				l.ws.WriteControl(websocket.PingMessage, []byte("ping"), time.Now().Add(time.Second))
				l.mu.Unlock()
			}
		}
	}
}

func (s *socket) drop(l *link) {
	l.ws.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, x := range s.conns {
		if x == l {
			s.conns = append(s.conns[:i], s.conns[i+1:]...)
			return
		}
	}
}

// envelope wraps a payload.
func (s *socket) envelope(p Payload) (id string, e Payload, ack chan json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	id = fmt.Sprintf("envelope-%d", s.serial)
	kind := "interactive"
	if _, ok := p["command"]; ok {
		kind = "slash_commands"
	}
	ack = make(chan json.RawMessage, 1)
	s.acks[id] = ack
	return id, Payload{"type": kind, "envelope_id": id, "payload": p, "accepts_response_payload": true}, ack
}

// over sends an envelope over any connection; false: there is none.
func (s *socket) over(e Payload) bool {
	s.mu.Lock()
	if len(s.conns) == 0 {
		s.mu.Unlock()
		return false
	}
	l := s.conns[rand.IntN(len(s.conns))]
	l.over = l.over || e["type"] == "disconnect"
	if e["envelope_id"] != nil {
		l.open++
		s.sent++
	}
	s.mu.Unlock()
	return l.write(e) == nil
}

func (s *socket) send(p Payload) Answer {
	_, e, ack := s.envelope(p)
	for until := time.Now().Add(s.wait); !s.over(e); {
		if time.Now().After(until) {
			return Answer{}
		}
		<-time.After(time.Millisecond)
	}
	select {
	case a := <-ack:
		return Answer{Status: http.StatusOK, Payload: a}
	case <-time.After(s.wait):
		return Answer{}
	}
}

// Throw sends a payload over Socket Mode so many times, and waits for no answer; false: there was no connection, or it broke.
func (f *Fake) Throw(p Payload, times int) bool {
	_, e, _ := f.socket.envelope(p)
	all := true
	for range times {
		all = f.socket.over(e) && all
	}
	return all
}

// Live is how many connections there are, and how many envelopes are on them that the app has not answered. What was on a
// connection that broke is lost, and does not count.
func (f *Fake) Live() (connections, unanswered int) {
	s := &f.socket
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.conns {
		unanswered += l.open
	}
	return len(s.conns), unanswered
}

// Envelopes is how many were sent over any connection, whether or not it broke, and how many answers came.
func (f *Fake) Envelopes() (sent, answered int) {
	f.socket.mu.Lock()
	defer f.socket.mu.Unlock()
	return f.socket.sent, f.socket.acked
}

// Connected waits until the app has connected once more.
func (f *Fake) Connected() {
	f.t.Helper()
	select {
	case <-f.socket.arrived:
	case <-time.After(patience):
		f.t.Fatalf("the app did not connect within %v", patience)
	}
}

// Dials is how often the app connected.
func (f *Fake) Dials() int {
	f.socket.mu.Lock()
	defer f.socket.mu.Unlock()
	return f.socket.dials
}

// Disconnect asks the app to connect anew, for a reason.
func (f *Fake) Disconnect(reason string) {
	f.socket.over(Payload{"type": "disconnect", "reason": reason, "debug_info": Payload{"host": "h"}})
}

// Cut ends all connections without a word.
func (f *Fake) Cut() { f.socket.end() }

// Refuse has each new connection end at once, for a reason; empty: no more.
func (f *Fake) Refuse(reason string) { f.socket.set(func(s *socket) { s.refuse = reason }) }

// Ghosts has Slack count so many connections more than there are.
func (f *Fake) Ghosts(n int) { f.socket.set(func(s *socket) { s.ghosts = n }) }

// Deaf has Slack read no answers.
func (f *Fake) Deaf(yes bool) { f.socket.set(func(s *socket) { s.deaf = yes }) }

// OtherApp has Slack say that the app-level token is another app's.
func (f *Fake) OtherApp(id string) { f.socket.set(func(s *socket) { s.hello = id }) }

func (s *socket) set(how func(*socket)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	how(s)
}
