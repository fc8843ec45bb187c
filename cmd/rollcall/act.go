package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/remediate"
)

func (p *program) actCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "act",
		Short: "change apps for rollcall serve, as another user who alone has the secrets for that",
		Long: `act is for who wants reading and acting apart: rollcall serve reads with secrets that can change nothing, and has every change
made by this process, which runs as another user and has others ([app.acting]). It takes no word from anybody but [act]
reader, changes only apps with write = true, nothing that is protected or break-glass, makes no more changes in a day than [act] per_day (counted since it started), and stops while a file
named STOP is beside its socket. What it changes is in its log; what was decided, and what came of it, is in the ledger.`,
		Args: args(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error { return p.act(c.Context()) },
	}
}

func (p *program) act(ctx context.Context) error {
	c, err := loadConfigFor(true, p.configPath, os.ReadFile, p.now(), resolveSecret(filepath.Dir(p.configPath), p.env))
	if err != nil {
		return err
	}
	a, err := p.newActor(c)
	if err != nil {
		return err
	}
	if a.reader == p.uid {
		return fmt.Errorf("act: user %d is [act] reader itself: reading and acting are not apart; run act as another user", p.uid)
	}
	if err := os.Remove(c.Act.Socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("act: %w", err)
	}
	l, err := net.Listen("unix", c.Act.Socket)
	if err != nil {
		return fmt.Errorf("act: the socket: %w", err)
	}
	defer l.Close()
	if err := os.Chmod(c.Act.Socket, 0o666); err != nil { // the kernel says who asks, and everybody else is refused
		return fmt.Errorf("act: %w", err)
	}
	defer context.AfterFunc(ctx, func() { l.Close() })()
	a.log.Info("acting", "version", version(), "socket", c.Act.Socket, "for_user", a.reader, "apps", len(a.apps))
	notifySystemd(p.env, "READY=1")
	a.serve(ctx, l)
	notifySystemd(p.env, "STOPPING=1")
	a.log.Info("stopped")
	return nil
}

// actor makes changes for the process that reads.
type actor struct {
	log    *slog.Logger
	now    func() time.Time
	peer   func(net.Conn) (int, error)
	reader int
	apps   map[connectors.AppID]connectors.App
	limits remediate.Limits // of which it heeds what is protected
	perDay int
	stop   string // while this file is there, nothing is changed

	calls callLimit

	mu   sync.Mutex
	made [2][]time.Time // of changes, and of what was taken back, within the last day
}

func (p *program) newActor(c *config) (*actor, error) {
	if c.Act == nil {
		return nil, errors.New("act: the configuration has no [act]")
	}
	reader, err := c.Act.readerUID()
	if err != nil {
		return nil, err
	}
	return &actor{log: newLog(p.stderr), now: p.now, peer: peerUID, reader: reader, apps: c.Writable, limits: c.Remediate.Limits, perDay: c.Act.PerDay,
		stop: filepath.Join(filepath.Dir(c.Act.Socket), stopFile)}, nil
}

// longestChange bounds one change; what takes longer is left to be found out by a fresh read.
const longestChange = 5 * time.Minute

// serve makes the changes that come over a socket, until it is closed; it waits for those under way.
func (a *actor) serve(ctx context.Context, l net.Listener) {
	var all sync.WaitGroup
	defer all.Wait()
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			a.log.Warn("socket", "error", err.Error())
			time.Sleep(100 * time.Millisecond) // out of files, most likely
			continue
		}
		if !a.calls.enter() {
			conn.Close()
			continue
		}
		all.Go(func() {
			defer a.calls.leave()
			defer conn.Close()
			work, stop := context.WithTimeout(context.WithoutCancel(ctx), longestChange)
			defer stop()
			a.answer(work, conn)
		})
	}
}

// changeCall is what the reading process asks for.
type changeCall struct {
	Action remediate.Action   `json:"action"`
	Back   bool               `json:"back"` // it takes it back
	Before connectors.Account `json:"before"`
}

// changed is the answer. Kind is the connectors' error that it is; empty with an Error: whether it was done is not known.
type changed struct {
	Receipt connectors.Receipt `json:"receipt"`
	Error   string             `json:"error,omitempty"`
	Kind    string             `json:"kind,omitempty"`
}

// errorKinds are the errors whose meaning crosses the socket.
var errorKinds = map[string]error{"not_found": connectors.ErrNotFound, "forbidden": connectors.ErrForbidden, "transient": connectors.ErrTransient}

func (a *actor) answer(ctx context.Context, conn net.Conn) {
	uid, perr := a.peer(conn)
	w := newWire(conn)
	w.patience = takenWithin
	if perr != nil || uid != a.reader {
		a.log.Warn("refused: it is not the user that is acted for", "uid", uid, "error", perr)
		w.sendJSON(frameEnd, changed{Error: fmt.Sprintf("act: user %d is not [act] reader", uid), Kind: "forbidden"})
		return
	}
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	kind, b, err := w.receive()
	if errors.Is(err, io.EOF) { // somebody looked whether it is there
		return
	}
	var ch changeCall
	if err == nil && kind == frameCall {
		err = json.Unmarshal(b, &ch)
	}
	if err != nil || kind != frameCall {
		a.log.Warn("what came is no change", "uid", uid, "error", err)
		return
	}
	receipt, err := a.make(ctx, &ch)
	out := changed{Receipt: receipt}
	if err != nil {
		out.Error = err.Error()
		for name, is := range errorKinds {
			if errors.Is(err, is) {
				out.Kind = name
			}
		}
	}
	if err := w.sendJSON(frameEnd, out); err != nil {
		a.log.Warn("the answer was not taken", "error", err.Error())
	}
}

// make makes a change, if nothing forbids it.
func (a *actor) make(ctx context.Context, ch *changeCall) (r connectors.Receipt, err error) {
	log := a.log.With("app", ch.Action.App, "action", ch.Action.Verb, "account", ch.Action.Account, "back", ch.Back)
	defer func() {
		if x := recover(); x != nil {
			err = fmt.Errorf("act panicked; this is a defect of rollcall: %v", x)
		}
		if err != nil {
			log.Warn("not made", "error", err.Error())
		}
	}()
	app := a.apps[ch.Action.App]
	switch {
	case app == nil:
		return r, fmt.Errorf("act: %s is no app with write = true: %w", ch.Action.App, connectors.ErrForbidden)
	case ch.Before.ID != ch.Action.Account || ch.Before.ID == "":
		return r, fmt.Errorf("act: what is to be changed is not what was read: %w", connectors.ErrForbidden)
	}
	if _, err := os.Stat(a.stop); !errors.Is(err, os.ErrNotExist) {
		return r, fmt.Errorf("act: the kill switch is on: %s is there: %w", a.stop, connectors.ErrTransient)
	}
	if !ch.Back {
		if err := a.protects(ctx, app, &ch.Action, ch.Before.Username); err != nil {
			return r, err
		}
	}
	if !a.mayMake(ch.Back) {
		return r, fmt.Errorf("act: %d changes were made within a day, which is [act] per_day: %w", a.perDay, connectors.ErrTransient)
	}
	if ch.Back {
		r, err = remediate.Restore(ctx, app, &ch.Action, ch.Before)
	} else {
		r, err = remediate.Change(ctx, app, &ch.Action, ch.Before)
	}
	if err == nil {
		log.Info("made", "request", r.RequestID, "changed", r.Changed)
	}
	return r, err
}

// protects says why an account is not to be changed, whatever the reading process says of it: it is read anew.
func (a *actor) protects(ctx context.Context, app connectors.App, do *remediate.Action, as string) error {
	get, ok := app.(connectors.Getter)
	if !ok {
		return fmt.Errorf("act: %s cannot be read account by account: %w", do.App, connectors.ErrForbidden)
	}
	if teller, ok := connectors.SelfOf(app); ok {
		self, err := teller.Self(ctx)
		if err != nil {
			return err
		}
		if self.Account != "" && self.Account == do.Account {
			return fmt.Errorf("act: it is the account that rollcall itself uses in %s: %w", do.App, connectors.ErrForbidden)
		}
	}
	now, err := get.Account(ctx, do.Account)
	switch {
	case err != nil:
		return err
	case now.Username != as:
		return fmt.Errorf("act: %s in %s is not the account that was read; does [app.acting] lead to another tenant? %w", do.Account, do.App, connectors.ErrForbidden)
	case now.Class == connectors.BreakGlass:
		return fmt.Errorf("act: %s in %s is a break-glass account: %w", now.Username, do.App, connectors.ErrForbidden)
	case a.limits.Shields(remediate.Target{App: do.App, Account: do.Account, Login: now.Username}):
		return fmt.Errorf("act: %s in %s is protected by the configuration: %w", now.Username, do.App, connectors.ErrForbidden)
	}
	return nil
}

// mayMake counts a change, if there may be one more; what is taken back is counted apart.
func (a *actor) mayMake(back bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	made, now := &a.made[0], a.now()
	if back {
		made = &a.made[1]
	}
	for len(*made) > 0 && now.Sub((*made)[0]) >= 24*time.Hour {
		*made = (*made)[1:]
	}
	if len(*made) >= a.perDay {
		return false
	}
	*made = append(*made, now)
	return true
}
