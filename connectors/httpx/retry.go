package httpx

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// retry tries until the answer is one, or trying again cannot help or would take too long. The waits double from one
// second, so that the same answers give the same schedule; a longer Retry-After is honoured.
func (c *Client) retry(ctx context.Context, r request) (*Response, error) {
	waited, refusals, doubt := time.Duration(0), 0, false
	for n := 1; ; n++ {
		res, status, err := c.try(ctx, r)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s %s: %w", r.method, c.redact(r.url.String()), ctx.Err())
		}
		if err == nil && status/100 == 2 {
			res.Tries = n
			return res, nil
		}
		failure := c.failure(r, res, status, err, n)
		if refused(err) {
			refusals++
		}
		if r.writes() {
			doubt = failure.mayBeDone(doubt, notDone(res, status, err))
		}
		if !again(status, err) || !r.repeat.allows(doubt) || n >= c.set.Attempts || refusals >= mostRefusals {
			return nil, failure
		}
		wait := max(time.Second<<min(n-1, 5), retryAfter(res))
		if waited += wait; waited > c.set.MaxWait {
			failure.Hint = fmt.Sprintf("the next try would be in %v, after %v of waiting; at most %v is spent on one request",
				wait, waited-wait, c.set.MaxWait)
			return nil, failure
		}
		if err := c.set.Sleep(ctx, wait); err != nil {
			return nil, fmt.Errorf("%s %s: %w", r.method, c.redact(r.url.String()), err)
		}
	}
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
func again(status int, err error) bool {
	var cert *tls.CertificateVerificationError
	switch {
	case errors.Is(err, errOtherOrigin), errors.Is(err, errRedirects), errors.Is(err, errWriteRedirected), errors.Is(err, errTooLarge):
		return false
	case errors.As(err, &cert), noSuchHost(err):
		return false
	case err != nil:
		return true
	}
	return throttledOrDown(status)
}

func throttledOrDown(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

const tooLong = 1 << 31 * time.Second // stands for any wait that is longer than any run

// retryAfter is how long the server asks to wait; 0 when it does not say. A moment is measured on the server's own
// clock, as its Date header shows it.
func retryAfter(res *Response) time.Duration {
	if res == nil {
		return 0
	}
	v := strings.TrimSpace(res.Header.Get("Retry-After"))
	if s, err := strconv.ParseUint(v, 10, 64); err == nil {
		return time.Duration(min(s, uint64(tooLong/time.Second))) * time.Second
	}
	until, err1 := http.ParseTime(v)
	now, err2 := http.ParseTime(res.Header.Get("Date"))
	if err1 != nil || err2 != nil {
		return 0
	}
	return max(0, until.Sub(now))
}

// sleep waits, unless the context ends first.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
