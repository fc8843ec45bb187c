package httpx

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"rollcall/connectors"
)

// breaker stops asking a host that is down: whoever has to change a hundred accounts there should not wait for each of them.
type breaker struct {
	mu    sync.Mutex
	fails int // requests in a row that ended without an answer of the service, all their tries used up
	until time.Time
}

const (
	breaksAfter = 3
	coolsFor    = time.Minute
)

// open tells until when nothing is sent; one more request is let through each time that has passed.
func (b *breaker) open(now time.Time) (time.Time, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fails < breaksAfter {
		return time.Time{}, false
	}
	if now.Before(b.until) {
		return b.until, true
	}
	b.until = now.Add(coolsFor)
	return time.Time{}, false
}

func (b *breaker) ended(now time.Time, down bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !down {
		b.fails = 0
		return
	}
	b.fails++
	b.until = now.Add(coolsFor)
}

var errNotSent = errors.New("not sent")

// notSent is the error of a request that is left for later.
func (c *Client) notSent(r request, hint string) *Error {
	return &Error{Method: r.method, URL: c.redact(r.url.String()), Class: connectors.ErrTransient, Cause: errNotSent, Hint: hint}
}

// resting says that nothing is sent for a while; nil: it may be.
func (c *Client) resting(r request) *Error {
	now := c.now()
	until, open := c.breaker.open(now)
	if !open {
		return nil
	}
	return c.notSent(r, fmt.Sprintf("the service did not answer %d requests in a row; it is asked again in %v", breaksAfter, until.Sub(now).Round(time.Second)))
}
