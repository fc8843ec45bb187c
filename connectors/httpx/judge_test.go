package httpx

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
)

func says(code int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for n := 0; n < len(header); n += 2 {
			w.Header().Set(header[n], header[n+1])
		}
		w.WriteHeader(code)
		io.WriteString(w, body)
	}
}

// Each vendor's way to say "not so fast", and how long that is waited; and what looks like it and is not.
func TestThrottledInEveryForm(t *testing.T) {
	date := noon.Format(http.TimeFormat)
	in := func(d time.Duration) string { return fmt.Sprint(noon.Add(d).Unix()) }
	google := func(reason string) string {
		return `{"error":{"code":403,"message":"no","errors":[{"domain":"usageLimits","reason":"` + reason + `"}]}}`
	}
	slack := OKField(map[string]error{"missing_scope": connectors.ErrForbidden, "user_not_found": connectors.ErrNotFound})
	ok := says(200, `{"ok":true}`)
	for _, c := range []struct {
		name  string
		judge Judge
		first http.HandlerFunc
		waits string
		err   error // nil: the second try succeeds
		says  string
	}{
		{"Retry-After in a fraction", nil, says(429, "", "Retry-After", "2.5"), "[2.5s]", nil, ""},
		{"Graph without Retry-After", nil, says(429, ""), "[1s]", nil, ""},
		{"Okta: a moment, by its own clock", nil, says(429, "", "X-Rate-Limit-Limit", "600", "X-Rate-Limit-Remaining", "0", "X-Rate-Limit-Reset", in(50*time.Second), "Date", date), "[50s]", nil, ""},
		{"Okta: too many at once", nil, says(429, "", "X-Rate-Limit-Limit", "0", "X-Rate-Limit-Remaining", "0", "X-Rate-Limit-Reset", in(50*time.Second), "Date", date), "[1s]", nil, ""},
		{"HiBob: a moment, in milliseconds", nil, says(429, "", "X-RateLimit-Reset", in(30*time.Second)+"000", "Date", date), "[30s]", nil, ""},
		{"GitLab: seconds", nil, says(429, "", "RateLimit-Reset", "20"), "[20s]", nil, ""},
		{"a moment past", nil, says(429, "", "X-RateLimit-Reset", in(-time.Hour), "Date", date), "[1s]", nil, ""},
		{"a limit that was not reached", nil, says(429, "", "X-RateLimit-Remaining", "7", "X-RateLimit-Reset", in(time.Hour), "Date", date), "[1s]", nil, ""},
		{"GitHub: 403, nothing left", nil, says(403, `{"message":"API rate limit exceeded"}`, "X-RateLimit-Limit", "60", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(90*time.Second), "Date", date), "[1m30s]", nil, ""},
		{"GitHub: secondary limit", nil, says(403, `{"message":"You have exceeded a secondary rate limit."}`), "[1m0s]", nil, ""},
		{"GitHub: secondary limit, told", nil, says(403, `{"message":"You have exceeded a secondary rate limit."}`, "Retry-After", "5"), "[5s]", nil, ""},
		{"GitHub: no permission", nil, says(403, `{"message":"Must have admin rights"}`, "X-RateLimit-Remaining", "4999", "X-RateLimit-Reset", in(time.Hour), "Date", date), "[]", connectors.ErrForbidden, "lacks a permission"},
		{"Google: userRateLimitExceeded", nil, says(403, google("userRateLimitExceeded")), "[1s]", nil, ""},
		{"Google: quotaExceeded", nil, says(403, google("quotaExceeded")), "[1s]", nil, ""},
		{"Google: details", nil, says(403, `{"error":{"status":"PERMISSION_DENIED","details":[{"reason":"RATE_LIMIT_EXCEEDED"}]}}`), "[1s]", nil, ""},
		{"Google: of the day", nil, says(403, google("dailyLimitExceeded")), "[]", connectors.ErrTransient, "used up"},
		{"Google: no permission", nil, says(403, google("forbidden")), "[]", connectors.ErrForbidden, "lacks a permission"},
		{"Salesforce: of the day", nil, says(403, `[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`), "[]", connectors.ErrTransient, "24 hours"},
		{"Salesforce: no permission", nil, says(403, `[{"errorCode":"INSUFFICIENT_ACCESS"}]`), "[]", connectors.ErrForbidden, ""},
		{"Slack: 200, ratelimited", slack, says(200, `{"ok":false,"error":"ratelimited"}`, "Retry-After", "9"), "[9s]", nil, ""},
		{"Slack: 200, no scope", slack, says(200, `{"ok":false,"error":"missing_scope"}`), "[]", connectors.ErrForbidden, "missing_scope"},
		{"Slack: 200, not there", slack, says(200, `{"ok":false,"error":"user_not_found"}`), "[]", connectors.ErrNotFound, "user_not_found"},
		{"Slack: 200, its own trouble", slack, says(200, `{"ok":false,"error":"internal_error"}`), "[1s]", nil, ""},
		{"Slack: 200, another error", slack, says(200, `{"ok":false,"error":"ekm_access_denied"}`), "[]", errOther, "ekm_access_denied"},
		{"Slack: 200, no word of it", slack, says(200, `<html>`), "[]", errOther, "does not say whether it worked"},
		{"Slack: 429", slack, says(429, ``, "Retry-After", "3"), "[3s]", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, waits, _ := serve(t, answers(c.first, ok), func(s *Settings) { s.Judge = c.judge }, frozen)
			_, err := client.Get(t.Context(), "/Users")
			switch {
			case c.err == nil:
				checkClass(t, err, errOK)
			case c.err == errOther:
				checkClass(t, err, nil)
			default:
				checkClass(t, err, c.err)
			}
			if got := fmt.Sprint(*waits); got != c.waits {
				t.Errorf("waited %s; want %s", got, c.waits)
			}
			if err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v; want it to say %q", err, c.says)
			}
		})
	}
}

var errOther = errors.New("of no class")

// A change that the service says failed, by status 200, was not made; one that it lost itself in may have been.
func TestOKFieldOfAChange(t *testing.T) {
	for body, may := range map[string]bool{`{"ok":false,"error":"cant_kick_self"}`: false, `{"ok":false,"error":"fatal_error"}`: true, `{}`: true} {
		c, _, _ := serve(t, says(200, body), func(s *Settings) { s.Judge = OKField(nil) })
		_, err := c.Send(t.Context(), Write{Method: "POST", Ref: "/kick"})
		var e *Error
		if !errors.As(err, &e) || e.MayBeDone != may || e.Tries != 1 {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

// A reading that needs a body is a reading: sent again after a lost answer, its errors have their classes.
func TestRead(t *testing.T) {
	n := 0
	c, waits, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got := fmt.Sprint(r.Method, " ", r.URL.Path, " ", r.Header.Get("Content-Type"), " ", r.Header.Get("Consistencylevel"), " ", r.Header.Get("Authorization"), " ", r.Header.Get("Accept"), " ", string(body))
		if want := "POST /api/$batch application/json eventual Bearer " + token + ` application/json {"requests":[]}`; got != want {
			t.Errorf("the server got %s; want %s", got, want)
		}
		if n++; n == 1 {
			dropped(w, r)
			return
		}
		status(200)(w, r)
	})
	q := Read{Method: "POST", Ref: "/$batch", ContentType: "application/json", Body: []byte(`{"requests":[]}`),
		Header: http.Header{"ConsistencyLevel": {"eventual"}, "authorization": {"Basic mine"}}}
	if _, err := c.Read(t.Context(), q); err != nil || fmt.Sprint(*waits) != "[1s]" {
		t.Errorf("got %v, waits %v", err, *waits)
	}
	c, _, _ = serve(t, dropped)
	_, err := c.Read(t.Context(), q)
	checkClass(t, err, connectors.ErrTransient)
	c, _, _ = serve(t, status(403))
	_, err = c.Read(t.Context(), q)
	checkClass(t, err, connectors.ErrForbidden)
	if !strings.Contains(err.Error(), "lacks a permission") {
		t.Errorf("got %v", err)
	}
	c, _, _ = serve(t, status(302, "Location", "/api/login"))
	if _, err = c.Read(t.Context(), q); !errors.Is(err, errWriteRedirected) {
		t.Errorf("a redirect of a POST: %v", err)
	}
}

func TestNotModified(t *testing.T) {
	c, _, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) })
	res, err := c.Read(t.Context(), Read{Ref: "/Users", Header: http.Header{"if-none-match": {`"v1"`}}})
	if err != nil || res.Status != http.StatusNotModified {
		t.Errorf("got %v, %v", res, err)
	}
	if _, err := c.Get(t.Context(), "/Users"); err == nil {
		t.Error("304 that nobody asked for was taken as an answer")
	}
}
