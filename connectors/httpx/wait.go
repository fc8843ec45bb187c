package httpx

import (
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
	remaining, reset := rateLimit(h)
	if remaining > 0 || reset == "" { // it is not this limit that was reached
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

// rateLimit reads what is left until when. The headers go by three names: X-Rate-Limit- (Okta), X-RateLimit- (GitHub, HiBob and
// others) and RateLimit- (GitLab, and the IETF's draft). -1: it does not say.
func rateLimit(h http.Header) (remaining int, reset string) {
	for _, prefix := range []string{"X-Rate-Limit-", "X-Ratelimit-", "Ratelimit-"} {
		if reset = strings.TrimSpace(h.Get(prefix + "Reset")); reset == "" {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(h.Get(prefix + "Remaining")))
		if err != nil {
			n = -1
		}
		return n, reset
	}
	return -1, ""
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
