package httpx

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
)

// Judge says what an answer means where its status does not. It is asked of every whole answer; nil: the status decides.
type Judge func(*Response) *Verdict

// Verdict is what is wrong with an answer.
type Verdict struct {
	Class     error         // connectors.ErrTransient is tried again where that is safe; nil: no class
	Wait      time.Duration // before that, at least
	Final     bool          // not tried again in spite of its class: the service will not be ready in time
	MayBeDone bool          // what was asked for may have been carried out all the same
	Why       string        // for people
}

// judge is what an answer means; nil: it is one.
func (c *Client) judge(r request, res *Response) *Verdict {
	if c.set.Judge != nil {
		if v := c.set.Judge(res); v != nil {
			return v
		}
	}
	if r.takes(res.Status) {
		return nil
	}
	v := &Verdict{Class: class(res.Status), MayBeDone: !undone(res)}
	if res.Status == http.StatusForbidden {
		v.forbidden(res)
	}
	return v
}

func class(status int) error {
	switch status {
	case http.StatusNotFound:
		return connectors.ErrNotFound
	case http.StatusUnauthorized, http.StatusForbidden:
		return connectors.ErrForbidden
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return connectors.ErrTransient
	}
	return nil
}

// forbidden tells a 403 that means "not so fast" from one that means "not you": taken for the latter, it would pass for a
// missing permission, and for the former, it would be asked again for nothing.
func (v *Verdict) forbidden(res *Response) {
	words := reasons(res.Body)
	said := func(any ...string) bool {
		return slices.ContainsFunc(any, func(s string) bool { return slices.Contains(words, s) })
	}
	switch {
	case said("REQUEST_LIMIT_EXCEEDED"): // Salesforce: of a rolling day
		v.throttled("the day's requests are used up: what is left of them comes back over 24 hours")
		v.Final = true
	case said("dailyLimitExceeded"): // Google
		v.throttled("the day's requests are used up")
		v.Final = true
	case said("userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded", "RATE_LIMIT_EXCEEDED"): // Google
		v.throttled("the service's rate limit is reached")
	case strings.Contains(strings.ToLower(string(res.Body[:min(len(res.Body), 4<<10)])), "secondary rate limit"): // GitHub
		v.throttled("the service's secondary rate limit is reached")
		if res.Header.Get("Retry-After") == "" {
			v.Wait = time.Minute
		}
	case res.Header.Get("Retry-After") != "", res.Header.Get("X-Ratelimit-Remaining") == "0": // GitHub
		v.throttled("the service's rate limit is reached")
	}
}

func (v *Verdict) throttled(why string) { v.Class, v.Why = connectors.ErrTransient, why }

// reasons are the words for programs in an error's body, as Google and Salesforce write them.
func reasons(body []byte) []string {
	var google struct {
		Error struct {
			Errors, Details []struct{ Reason string }
		}
	}
	var salesforce []struct{ ErrorCode string }
	var out []string
	if json.Unmarshal(body, &google) == nil {
		for _, e := range append(google.Error.Errors, google.Error.Details...) {
			out = append(out, e.Reason)
		}
	}
	if json.Unmarshal(body, &salesforce) == nil {
		for _, e := range salesforce {
			out = append(out, e.ErrorCode)
		}
	}
	return out
}

// OKField judges the answers of services that say with status 200 whether it worked, as Slack does: {"ok": false, "error":
// "ratelimited"}. classes says what the errors mean that matter; a rate limit is known.
func OKField(classes map[string]error) Judge {
	return func(res *Response) *Verdict {
		if res.Status != http.StatusOK {
			return nil
		}
		var said struct {
			OK    *bool
			Error string
		}
		switch err := json.Unmarshal(res.Body, &said); {
		case err != nil || said.OK == nil:
			return &Verdict{Why: "the answer does not say whether it worked", MayBeDone: true}
		case *said.OK:
			return nil
		}
		v := &Verdict{Class: classes[said.Error], Why: "the service says: " + excerpt([]byte(said.Error))}
		switch said.Error {
		case "ratelimited", "rate_limited":
			v.Class = connectors.ErrTransient
		case "internal_error", "fatal_error", "service_unavailable", "request_timeout": // Slack: it may have gone on
			v.Class, v.MayBeDone = connectors.ErrTransient, true
		}
		return v
	}
}
