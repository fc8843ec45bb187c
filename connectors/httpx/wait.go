package httpx

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const tooLong = 1 << 31 * time.Second // stands for any wait that is longer than any run

// toldWait is how long a service asks to wait, in whatever form; 0 when it does not say. A moment is measured on the
// service's own clock, as its Date header shows it, and else on ours.
func toldWait(h http.Header, now func() time.Time) time.Duration {
	if d, ok := retryAfter(h, now); ok {
		return d
	}
	if h.Get("X-Rate-Limit-Limit") == "0" { // Okta: too many at once; its reset is of another limit
		return 0
	}
	left, _, reset := rateLimit(h)
	if left > 0 || reset == "" { // it is not this limit that was reached
		return 0
	}
	return until(reset, h, now)
}

// retryAfter reads RFC 9110 §10.2.3: seconds, of which some services send a fraction, or a date.
func retryAfter(h http.Header, now func() time.Time) (time.Duration, bool) {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if s, err := strconv.ParseFloat(v, 64); err == nil && s >= 0 {
		return seconds(s), true
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	return max(0, at.Sub(clock(h, now))), true
}

// rateLimit reads how many requests are left, of how many, and until when. The headers go by three names: X-Rate-Limit-
// (Okta), X-RateLimit- (GitHub, HiBob and others) and RateLimit- (GitLab). -1: it does not say.
func rateLimit(h http.Header) (left, most int, reset string) {
	number := func(name string) int {
		n, err := strconv.Atoi(strings.TrimSpace(h.Get(name)))
		if err != nil {
			return -1
		}
		return n
	}
	for _, prefix := range []string{"X-Rate-Limit-", "X-Ratelimit-", "Ratelimit-"} {
		if reset = strings.TrimSpace(h.Get(prefix + "Reset")); reset != "" {
			return number(prefix + "Remaining"), number(prefix + "Limit"), reset
		}
	}
	return -1, -1, ""
}

// until reads a moment: seconds from now, or since 1970, or milliseconds since then; the sizes tell them apart.
func until(reset string, h http.Header, now func() time.Time) time.Duration {
	s, err := strconv.ParseFloat(reset, 64)
	switch {
	case err != nil || s < 0 || math.IsNaN(s):
		return 0
	case s >= 1e12:
		s /= 1e3
	case s < 1e9:
		return seconds(s)
	}
	return max(0, seconds(s-float64(clock(h, now).Unix())))
}

func seconds(s float64) time.Duration {
	if !(s < tooLong.Seconds()) {
		return tooLong
	}
	return time.Duration(s * float64(time.Second))
}

func clock(h http.Header, now func() time.Time) time.Time {
	if t, err := http.ParseTime(h.Get("Date")); err == nil {
		return t
	}
	return now()
}

// now is the time, to which what was slept always adds, whoever does the sleeping.
func (c *Client) now() time.Time {
	c.slept.Lock()
	defer c.slept.Unlock()
	return c.set.Now().Add(c.ahead)
}

func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	from := c.now()
	if err := c.set.Sleep(ctx, d); err != nil {
		return err
	}
	if short := d - c.now().Sub(from); short > 0 {
		c.slept.Lock()
		c.ahead += short
		c.slept.Unlock()
	}
	return nil
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
