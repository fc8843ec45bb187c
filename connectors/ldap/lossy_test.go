//go:build integration

package ldap

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
)

// cutAfter makes connections that break at the request after so many.
func cutAfter(dial dialer, most int) dialer {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &cut{c, most}, nil
	}
}

type cut struct {
	net.Conn
	left int
}

func (c *cut) Write(b []byte) (int, error) {
	if c.left--; c.left < 0 {
		c.Close()
		return 0, errors.New("the line was cut")
	}
	return c.Conn.Write(b)
}

// deafAfter is a connection that breaks when the answer to so many requests comes: the request did arrive.
type deafAfter struct {
	net.Conn
	left atomic.Int32
}

func (c *deafAfter) Write(b []byte) (int, error) {
	c.left.Add(-1)
	return c.Conn.Write(b)
}

func (c *deafAfter) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.left.Load() <= 0 {
		c.Close()
		return 0, errors.New("the line was cut")
	}
	return n, err
}

// losing breaks the first connection at the answer to its nth request. It counts the connections.
func losing(dial dialer, nth int32, dials *int) dialer {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if *dials++; *dials > 1 || err != nil {
			return c, err
		}
		d := &deafAfter{Conn: c}
		d.left.Store(nth)
		return d, nil
	}
}
