package sqldb

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"rollcall/connectors"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const testPassword = "pass-word-of-the-scanner-4711"

// testEnv knows one secret.
func testEnv(dir string) connectors.Env {
	return connectors.Env{
		Dial: new(net.Dialer).DialContext,
		Dir:  dir,
		Zone: time.UTC,
		Secret: func(ref string) (string, error) {
			if ref != "env:DB" {
				return "", errors.New("no such secret")
			}
			return testPassword, nil
		},
	}
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
