package slackdesk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
)

// Socket Mode is spoken here rather than through slack-go's client: that one connects again without any pause when a
// connection opens and is dropped, sends acks on whichever connection comes next and blocks on the 21st, and does not say why
// Slack disconnects.

const (
	pingTime  = 30 * time.Second // Slack pings every few seconds; silence means that the connection is dead
	writeTime = 5 * time.Second
	goodFor   = 30 * time.Second // a connection that lived so long was a good one: the next may follow at once
	pauseMost = 5 * time.Minute
)

// fatal are the words with which Slack says that trying again is of no use.
var fatal = []string{"invalid_auth", "account_inactive", "not_authed", "token_revoked", "token_expired", "missing_scope", "no_permission",
	"team_access_not_granted", "not_allowed_token_type", "link_disabled", "app_is_disabled", "another app's token"}

// lost is why a connection ended.
type lost struct{ reason string }

func (l *lost) Error() string { return "slack: the connection ended: " + l.reason }

// listen keeps a connection to Slack. Between two there is a pause that grows while they do not last.
func (d *Desk) listen(ctx context.Context) error {
	for short := 0; ; {
		began := d.deps.Now()
		err := d.guarded(func() error { return d.connection(ctx) })
		if ctx.Err() != nil {
			d.connected(func(f *Figures) { f.Connected = false })
			return nil
		}
		reason := plain(err.Error(), 300)
		var l *lost
		var api *apiError
		var p *panicked
		switch {
		case errors.As(err, &p):
			d.deps.Log.Error("slack: what came could not be worked on", "error", err)
			reason = "rollcall panicked; its log says where"
		case errors.As(err, &l):
			reason = l.reason
		case errors.As(err, &api) && api.code != "":
			reason = api.code
		}
		stop := slices.Contains(fatal, reason)
		d.connected(func(f *Figures) {
			if f.Connected, f.LastDisconnect = false, reason; stop {
				f.Fatal = reason
			}
		})
		if stop {
			return fmt.Errorf("slack: Slack will not have the app connect: %s; see rollcall slack check", reason)
		}
		if short++; d.deps.Now().Sub(began) >= goodFor {
			short = 0
		}
		pause := d.pause(short)
		d.deps.Log.Warn("slack: connecting again", "reason", reason, "after", pause)
		if err := d.deps.Wait(ctx, pause); err != nil {
			return nil
		}
	}
}

// pause grows from a second to minutes, each time by chance between half of it and all, so that many do not come at once. It
// is never shorter than Slack asks for.
func (d *Desk) pause(short int) time.Duration {
	var b [1]byte
	d.deps.Random.Read(b[:]) // any value will do
	most := min(time.Second<<min(short, 10), pauseMost)
	pause := most/2 + time.Duration(b[0])*most/2/255
	d.mu.Lock()
	defer d.mu.Unlock()
	return max(pause, d.limited["apps.connections.open"].Sub(d.deps.Now()))
}

func (d *Desk) connected(how func(*Figures)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	how(&d.fig)
}

// envelope is what comes over a connection.
type envelope struct {
	Type        string          `json:"type"`
	ID          string          `json:"envelope_id"`
	Payload     json.RawMessage `json:"payload"`
	Reason      string          `json:"reason"`
	Connections int             `json:"num_connections"`
	Info        struct {
		AppID string `json:"app_id"`
	} `json:"connection_info"`
}

// connection is one connection, from its beginning to its end. The error says why it ended.
func (d *Desk) connection(ctx context.Context) error {
	if _, _, err := d.self(ctx); err != nil {
		return err
	}
	_, at, err := d.api.StartSocketModeContext(ctx)
	if err != nil {
		return d.safe("apps.connections.open", err)
	}
	if d.set.APIURL == "" && !strings.HasPrefix(at, "wss://") {
		return &lost{"its address is not encrypted"}
	}
	dial := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: 45 * time.Second, WriteBufferSize: 32 << 10}
	ws, res, err := dial.DialContext(ctx, at, nil)
	if res != nil && res.Body != nil {
		res.Body.Close()
	}
	if err != nil {
		return &lost{"it could not be opened"} // the error may hold the address, which lets anybody in
	}
	c := &conn{ws: ws}
	defer c.close()
	defer context.AfterFunc(ctx, c.close)()
	ws.SetReadLimit(bodyMost)
	ws.SetPingHandler(func(data string) error {
		ws.SetReadDeadline(time.Now().Add(pingTime))
		return c.write(websocket.PongMessage, []byte(data))
	})
	for {
		ws.SetReadDeadline(time.Now().Add(pingTime))
		_, text, err := ws.ReadMessage()
		if err != nil {
			return &lost{"it was cut off, or silent for too long"}
		}
		var e envelope
		if err := json.Unmarshal(text, &e); err != nil {
			d.refuse(&press{Kind: "socket"}, &refusal{Code: refMalformed})
			continue
		}
		if err := d.envelope(ctx, c, &e); err != nil {
			return err
		}
	}
}

// envelope takes one message. Slack has its answer before anything slow is done: a button's at once, a form's or a command's
// with what is to be said.
func (d *Desk) envelope(ctx context.Context, c *conn, e *envelope) error {
	switch e.Type {
	case "hello":
		app, _, err := d.self(ctx)
		if err != nil {
			return err
		}
		if e.Info.AppID != "" && e.Info.AppID != app {
			return &lost{"another app's token"}
		}
		d.connected(func(f *Figures) { f.Connected, f.Connections, f.Connects = true, e.Connections, f.Connects+1 })
		if e.Connections > 1 {
			d.deps.Log.Warn("slack: the app is connected more than once: presses get lost on connections that nobody listens to any more", "connections", e.Connections)
		}
	case "disconnect":
		return &lost{plain(e.Reason, 60)}
	case "interactive":
		var ic slack.InteractionCallback
		if err := json.Unmarshal(e.Payload, &ic); err != nil {
			d.refuse(&press{Kind: "socket"}, &refusal{Code: refMalformed})
			return c.ack(e.ID, nil)
		}
		if ic.Type != slack.InteractionTypeViewSubmission {
			d.interaction(ctx, &ic) // which only begins it
			return c.ack(e.ID, nil)
		}
		d.answer(c, e.ID, func(ctx context.Context) any { return d.interaction(ctx, &ic) })
	case "slash_commands":
		var cmd slack.SlashCommand
		if err := json.Unmarshal(e.Payload, &cmd); err != nil {
			d.refuse(&press{Kind: "socket"}, &refusal{Code: refMalformed})
			return c.ack(e.ID, nil)
		}
		d.answer(c, e.ID, func(ctx context.Context) any { return d.command(ctx, &cmd) })
	default:
		if e.ID != "" {
			return c.ack(e.ID, nil)
		}
	}
	return nil
}

// answer works out what Slack is to be answered, beside the reading of what comes next.
func (d *Desk) answer(c *conn, id string, work func(context.Context) any) {
	d.later(d.answers, func(ctx context.Context) {
		if err := c.ack(id, work(ctx)); err != nil {
			d.deps.Log.Warn("slack: an answer did not get through", "error", err)
		}
	})
}

// conn is a connection that several may write to.
type conn struct {
	ws     *websocket.Conn
	mu     sync.Mutex
	closed bool
}

func (c *conn) write(kind int, data []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return &lost{"it is closed"}
	}
	c.ws.SetWriteDeadline(time.Now().Add(writeTime))
	if err := c.ws.WriteMessage(kind, data); err != nil {
		return &lost{"it takes no answers any more"}
	}
	return nil
}

func (c *conn) ack(id string, payload any) error {
	text, err := json.Marshal(struct {
		ID      string `json:"envelope_id"`
		Payload any    `json:"payload,omitempty"`
	}{id, payload})
	if err != nil {
		return err
	}
	return c.write(websocket.TextMessage, text)
}

// close says goodbye, so that Slack does not go on counting a connection that nobody listens to.
func (c *conn) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.closed = true
	c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	c.ws.Close()
}
