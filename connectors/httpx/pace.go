package httpx

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// pace keeps all requests of a client, which speaks to one host, within the limits that the host shows. Nothing is sent
// before the moment that an answer named, or while nothing is left; and where the host goes on refusing, or does not say for
// how long, requests are spread: further with every refusal, closer again as it takes them.
type pace struct {
	gate chan struct{} // held by who waits for its turn, so that the others stand behind it

	mu       sync.Mutex
	until    time.Time     // nothing is sent before
	gap      time.Duration // between two requests
	last     time.Time     // when one was let through
	refusals int           // since it was calm
	taken    int           // answers since the last refusal
}

const (
	firstGap = 100 * time.Millisecond
	mostGap  = 10 * time.Second
	calm     = 20 // answers in a row after which requests are let closer
)

// due is how long the next request has to wait.
func (p *pace) due(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	wait := max(0, p.until.Sub(now))
	if p.gap > 0 && !p.last.IsZero() {
		wait = max(wait, p.gap-now.Sub(p.last))
	}
	return wait
}

// refused learns from an answer that meant "not so fast", and for how long.
func (p *pace) refused(now time.Time, told time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if told == 0 || p.refusals > 0 {
		p.gap = min(max(2*p.gap, firstGap), mostGap)
	}
	p.refusals++
	p.taken = 0
	p.wait(now, told)
}

func (p *pace) wait(now time.Time, d time.Duration) {
	if at := now.Add(d); at.After(p.until) {
		p.until = at
	}
}

// took learns from any other answer, and stops in time where it says that nothing is left. Where little is, that is spread
// over the time there is.
func (p *pace) took(now time.Time, h http.Header) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken++; p.taken >= calm {
		p.taken, p.refusals = 0, 0
		if p.gap /= 2; p.gap < firstGap {
			p.gap = 0
		}
	}
	left, most, reset := rateLimit(h)
	if left < 0 || most <= 0 {
		return
	}
	switch d := until(reset, h, func() time.Time { return now }); {
	case left == 0:
		p.wait(now, d)
	case left <= most/20:
		p.wait(now, d/time.Duration(left+1))
	}
}

// enter waits for a request's turn, but not longer than left: else it says for how long it would be.
func (c *Client) enter(ctx context.Context, left time.Duration) (waited time.Duration, ok bool, err error) {
	select {
	case c.pace.gate <- struct{}{}:
		defer func() { <-c.pace.gate }()
	case <-ctx.Done():
		return 0, false, ctx.Err()
	}
	wait := c.pace.due(c.now())
	if wait > left {
		return wait, false, nil
	}
	if wait > 0 {
		err = c.sleep(ctx, wait)
	}
	c.pace.mu.Lock()
	c.pace.last = c.now()
	c.pace.mu.Unlock()
	return wait, err == nil, err
}
