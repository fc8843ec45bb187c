package httpx

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"rollcall/connectors"
)

// retry tries until the answer is one, or trying again cannot help or would take too long. The waits double from one
// second; a longer one that the service asks for is honoured. A token that the service refuses is renewed once.
func (c *Client) retry(ctx context.Context, r request) (*Response, error) {
	if e := c.resting(r); e != nil {
		return nil, e
	}
	res, err := c.tries(ctx, r)
	if ctx.Err() == nil {
		c.breaker.ended(c.now(), down(err))
	}
	return res, err
}

func (c *Client) tries(ctx context.Context, r request) (*Response, error) {
	waited, refusals, doubt, renewed := time.Duration(0), 0, false, false
	var failure *Error
	for n := 1; ; n++ {
		wait, ok, err := c.enter(ctx, c.set.MaxWait-waited)
		waited += wait
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s %s: %w", r.method, c.redact(r.url.String()), err)
		case !ok && failure == nil:
			failure = c.notSent(r, "")
			fallthrough
		case !ok:
			return nil, failure.tooLong(wait, waited-wait, c.set.MaxWait)
		}
		t := c.attempt(ctx, r)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s %s: %w", r.method, c.redact(r.url.String()), ctx.Err())
		}
		if t.err == nil && t.verdict == nil {
			t.res.Tries = n
			return t.res, nil
		}
		if t.status() == http.StatusUnauthorized && !renewed && c.tokens.forget(t.token) {
			renewed = true // nothing was done, whatever the request is
			continue
		}
		failure = c.failure(r, t, n)
		if refused(t.err) {
			refusals++
		}
		if !r.reads {
			doubt = failure.mayBeDone(doubt, t.notDone())
		}
		if !t.again() || !r.repeat.allows(doubt) || n >= c.set.Attempts || refusals >= mostRefusals {
			return nil, failure
		}
		wait = c.jittered(max(time.Second<<min(n-1, 5), t.wait(c.now)))
		if waited += wait; waited > c.set.MaxWait {
			return nil, failure.tooLong(wait, waited-wait, c.set.MaxWait)
		}
		if err := c.sleep(ctx, wait); err != nil {
			return nil, fmt.Errorf("%s %s: %w", r.method, c.redact(r.url.String()), err)
		}
	}
}

func (e *Error) tooLong(wait, waited, most time.Duration) *Error {
	e.hint(fmt.Sprintf("the next try would be in %v, after %v of waiting; at most %v is spent on one request", wait, waited, most))
	return e
}

// down tells whether a request ended without an answer of the service itself: nobody answered, or a gateway did.
func down(err error) bool {
	var e *Error
	if !errors.As(err, &e) || errors.Is(err, errNotSent) {
		return false
	}
	return e.Cause != nil && passes(e.Cause) || e.Status > http.StatusInternalServerError && class(e.Status) == connectors.ErrTransient
}

func (c *Client) jittered(wait time.Duration) time.Duration {
	return wait + time.Duration(c.set.Jitter()*float64(min(wait/2, 5*time.Second)))
}

// attempt is one try, and what it means.
type attempt struct {
	token   string
	res     *Response // nil: no whole answer
	err     error
	verdict *Verdict // nil: the answer is one, or there is none
}

func (c *Client) attempt(ctx context.Context, r request) attempt {
	t := attempt{}
	if t.token, t.err = c.tokens.get(ctx); t.err != nil {
		return t
	}
	if t.res, t.err = c.try(ctx, r, t.token); t.err == nil {
		t.verdict = c.judge(r, t.res)
		c.learn(t)
	}
	return t
}

// learn tells the pace of an answer.
func (c *Client) learn(t attempt) {
	now := c.now()
	if t.status() < 500 && t.verdict != nil && errors.Is(t.verdict.Class, connectors.ErrTransient) && !t.verdict.Final && !t.verdict.MayBeDone {
		c.pace.refused(now, t.wait(c.now))
		return
	}
	c.pace.took(now, t.res.Header)
}

func (t attempt) status() int {
	if t.res == nil {
		return 0
	}
	return t.res.Status
}

// mostRefusals is how often a request is refused by the machine itself before that is believed: nothing that is overloaded
// answers so, and somebody waits.
const mostRefusals = 2

func refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

func noSuchHost(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// again tells whether the same request may well succeed later.
func (t attempt) again() bool {
	if t.err != nil {
		return passes(t.err)
	}
	return errors.Is(t.verdict.Class, connectors.ErrTransient) && !t.verdict.Final
}

// passes tells whether what stood in the way of an answer may be gone later.
func passes(err error) bool {
	var cert *tls.CertificateVerificationError
	var token *tokenError
	switch {
	case errors.As(err, &token):
		return token.class == connectors.ErrTransient
	case errors.Is(err, errOtherOrigin), errors.Is(err, errRedirects), errors.Is(err, errWriteRedirected),
		errors.Is(err, errTokenRedirected), errors.Is(err, errTooLarge):
		return false
	}
	return !errors.As(err, &cert) && !noSuchHost(err)
}

// wait is how long the service asks to wait; 0 when it does not say.
func (t attempt) wait(now func() time.Time) time.Duration {
	var token *tokenError
	switch {
	case errors.As(t.err, &token) && token.res != nil:
		return toldWait(token.res.Header, now)
	case t.err != nil:
		return 0
	}
	return max(t.verdict.Wait, toldWait(t.res.Header, now))
}
