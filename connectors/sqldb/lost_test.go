//go:build integration

package sqldb

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"

	"rollcall/connectors"
)

// losing is a way to a server on which an answer is lost: the connection ends when the words are sent, after (the server
// gets them) or before.
func losing(words string, after bool) func(*connectors.Env) {
	return func(e *connectors.Env) {
		e.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, network, addr)
			return &losingConn{Conn: c, words: []byte(words), after: after}, err
		}
	}
}

type losingConn struct {
	net.Conn
	words []byte
	after bool
	lost  atomic.Bool
}

var errLost = errors.New("connection reset by peer")

func (c *losingConn) Write(p []byte) (int, error) {
	if !bytes.Contains(bytes.ToLower(p), c.words) {
		return c.Conn.Write(p)
	}
	c.lost.Store(true)
	if !c.after {
		c.Conn.Close()
		return 0, errLost
	}
	return c.Conn.Write(p)
}

func (c *losingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p) // the server has answered, so that it is done
	if c.lost.Load() {
		c.Conn.Close()
		return 0, errLost
	}
	return n, err
}

// lost tries a change whose answer is lost: where it may have been made, the error has no class; made again, it is done.
func lost(t *testing.T, whole connectors.App, lossy connectors.App, id connectors.AccountID, want error) {
	t.Helper()
	before, err := whole.(connectors.Getter).Account(t.Context(), id)
	check(t, err)
	r, err := lossy.(connectors.Disabler).Disable(t.Context(), before)
	if err == nil || r.Changed {
		t.Fatalf("%+v, %v; want an error", r, err)
	}
	for _, class := range []error{connectors.ErrForbidden, connectors.ErrNotFound, connectors.ErrTransient} {
		if errors.Is(err, class) != (class == want) {
			t.Errorf("%v: is %v: %v", err, class, errors.Is(err, class))
		}
	}
	now, err := whole.(connectors.Getter).Account(t.Context(), id)
	check(t, err)
	if want != nil && now.Enabled != connectors.Yes {
		t.Errorf("nothing was to be changed, and the account shows Enabled %v", now.Enabled)
	}
	_, err = whole.(connectors.Disabler).Disable(t.Context(), before)
	check(t, err)
	_, err = whole.(connectors.Disabler).Enable(t.Context(), before)
	check(t, err)
}

func (c *cluster) lost(t *testing.T) {
	config := AppConfig{User: "scan_rw", Address: c.socket()}
	whole := c.open(t, config)
	lost(t, whole, c.open(t, config, losing("commit", true)), c.id(t, "leaver"), nil)
	lost(t, whole, c.open(t, config, losing("nologin", true)), c.id(t, "leaver"), connectors.ErrTransient) // not committed
	lost(t, whole, c.open(t, config, losing("nologin", false)), c.id(t, "leaver"), connectors.ErrTransient)
}

func (m *maria) lost(t *testing.T) {
	config := AppConfig{User: "scan_rw", Address: m.socket()}
	lost(t, m.open(t, config), m.open(t, config, losing("account lock", true)), "leaver@%", nil)
}

// cut is a way to a server that ends after so many bytes of answers.
func cut(after int) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		return &cutConn{c, after}, err
	}
}

type cutConn struct {
	net.Conn
	left int
}

func (c *cutConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		c.Conn.Close()
		return 0, errors.New("connection reset by peer")
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}
