package httpx

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"rollcall/connectors"
)

const token = "tok/en+1"

func env(h *http.Client) connectors.Env {
	return connectors.Env{HTTP: h, Secret: func(ref string) (string, error) {
		if ref != "env:TOKEN" {
			return "", fmt.Errorf("%q is not a reference", ref)
		}
		return token + "\n", nil
	}}
}

// serve starts a server and a client of it, with the waits it would have made.
func serve(t *testing.T, h http.HandlerFunc, change ...func(*Settings)) (*Client, *[]time.Duration, string) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	waits := new([]time.Duration)
	s := Settings{Base: srv.URL + "/api/", Token: "env:TOKEN", Jitter: still, Sleep: func(ctx context.Context, d time.Duration) error {
		*waits = append(*waits, d)
		return ctx.Err()
	}}
	for _, c := range change {
		c(&s)
	}
	c, err := New(env(srv.Client()), s)
	if err != nil {
		t.Fatal(err)
	}
	return c, waits, srv.URL
}

// still is no jitter, so that waits can be foretold.
func still() float64 { return 0 }

// answers gives the answers in turn, the last one for ever.
func answers(fs ...http.HandlerFunc) http.HandlerFunc {
	n := 0
	return func(w http.ResponseWriter, r *http.Request) {
		f := fs[min(n, len(fs)-1)]
		n++
		f(w, r)
	}
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		io.WriteString(w, "{}")
	}
}

func TestGetAccountsForThePage(t *testing.T) {
	body := strings.Repeat("x", 70_000)
	c, _, base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer "+token {
			t.Errorf("Authorization is %q", got)
		}
		if r.URL.Path != "/api/Users" || r.URL.RawQuery != "count=2&after=a%2Fb" {
			t.Errorf("asked for %s", r.URL)
		}
		io.WriteString(w, body)
	})
	res, err := c.Get(t.Context(), "/Users?count=2&after=a%2Fb")
	if err != nil {
		t.Fatal(err)
	}
	want := connectors.Page{Request: "GET " + base + "/api/Users?count=2&after=a%2Fb", Bytes: 70_000, SHA256: sha256.Sum256([]byte(body))}
	if res.Page != want || string(res.Body) != body {
		t.Errorf("page is %+v; want %+v", res.Page, want)
	}
}

func TestRetrySchedule(t *testing.T) {
	date := "Mon, 02 Mar 2026 10:00:00 GMT"
	for _, c := range []struct {
		name    string
		answers []http.HandlerFunc
		waits   string
		err     error
	}{
		{"at once", []http.HandlerFunc{status(200)}, "[]", nil},
		{"doubles", []http.HandlerFunc{status(503), status(502), status(504), status(429), status(200)}, "[1s 2s 4s 8s]", nil},
		{"gives up", []http.HandlerFunc{status(503)}, "[1s 2s 4s 8s 16s]", connectors.ErrTransient},
		{"waits as told in seconds", []http.HandlerFunc{status(429, "Retry-After", "30"), status(200)}, "[30s]", nil},
		{"waits as told by a date", []http.HandlerFunc{
			status(429, "Retry-After", "Mon, 02 Mar 2026 10:01:10 GMT", "Date", date), status(200)}, "[1m10s]", nil},
		{"a date past is no wait", []http.HandlerFunc{
			status(429, "Retry-After", "Mon, 02 Mar 2026 09:00:00 GMT", "Date", date), status(200)}, "[1s]", nil},
		{"too short a wait grows", []http.HandlerFunc{
			status(429, "Retry-After", "1"), status(429, "Retry-After", "1"), status(429, "Retry-After", "1"), status(200)}, "[1s 2s 4s]", nil},
		{"nonsense is ignored", []http.HandlerFunc{status(429, "Retry-After", "soon"), status(200)}, "[1s]", nil},
		{"too long a wait", []http.HandlerFunc{status(429, "Retry-After", "3600")}, "[]", connectors.ErrTransient},
		{"absurd wait", []http.HandlerFunc{status(429, "Retry-After", "18446744073709551615")}, "[]", connectors.ErrTransient},
		{"all waits together", []http.HandlerFunc{status(429, "Retry-After", "200")}, "[3m20s]", connectors.ErrTransient},
		{"broken off", []http.HandlerFunc{status(200, "Content-Length", "99"), status(200)}, "[1s]", nil},
		{"wrong token", []http.HandlerFunc{status(401)}, "[]", connectors.ErrForbidden},
		{"no permission", []http.HandlerFunc{status(403)}, "[]", connectors.ErrForbidden},
		{"not there", []http.HandlerFunc{status(404)}, "[]", connectors.ErrNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, waits, _ := serve(t, answers(c.answers...))
			_, err := client.Get(t.Context(), "/Users")
			if !errors.Is(err, c.err) {
				t.Errorf("error is %v; want %v", err, c.err)
			}
			if got := fmt.Sprint(*waits); got != c.waits {
				t.Errorf("waited %s; want %s", got, c.waits)
			}
		})
	}
}

func TestOtherStatusIsNoClass(t *testing.T) {
	c, waits, _ := serve(t, status(500))
	_, err := c.Get(t.Context(), "/Users")
	for _, class := range []error{connectors.ErrNotFound, connectors.ErrForbidden, connectors.ErrTransient} {
		if errors.Is(err, class) {
			t.Errorf("status 500 is taken for %v", class)
		}
	}
	if err == nil || len(*waits) > 0 {
		t.Errorf("error %v after %d waits", err, len(*waits))
	}
}

// roundTrip is a transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// refusing is an address at which nothing listens.
func refusing(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(status(200))
	srv.Close()
	return srv.URL
}

// Where nothing answers at all, somebody is to know it soon; a server that is only slow or down gets its time.
func TestNoServer(t *testing.T) {
	fails := func(err error) http.RoundTripper {
		return roundTrip(func(*http.Request) (*http.Response, error) { return nil, err })
	}
	for _, c := range []struct {
		name  string
		via   http.RoundTripper
		waits string
		says  string
		err   error
	}{
		{"refused", http.DefaultTransport, "[1s]", "connection refused (try again later), tried 2 times; nothing listens there: check host and port", connectors.ErrTransient},
		{"no such host", fails(&net.DNSError{Err: "no such host", Name: "api.example", IsNotFound: true}), "[]", "no such host; check the host in url", nil},
		{"names not resolved in time", fails(&net.DNSError{Err: "i/o timeout", Name: "api.example", IsTimeout: true}), "[1s 2s 4s 8s 16s]", "tried 6 times", connectors.ErrTransient},
		{"no answer in time", fails(os.ErrDeadlineExceeded), "[1s 2s 4s 8s 16s]", "tried 6 times", connectors.ErrTransient},
	} {
		t.Run(c.name, func(t *testing.T) {
			var waits []time.Duration
			client, err := New(env(&http.Client{Transport: c.via}), Settings{Base: refusing(t), Token: "env:TOKEN", Jitter: still,
				Sleep: func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Get(t.Context(), "/Users")
			if err == nil || c.err != nil && !errors.Is(err, c.err) || c.err == nil && errors.Is(err, connectors.ErrTransient) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v; want it to say %q", err, c.says)
			}
			if got := fmt.Sprint(waits); got != c.waits {
				t.Errorf("waited %s; want %s", got, c.waits)
			}
		})
	}
}

// A server that restarts refuses for a moment between two answers.
func TestRefusedOnceIsTriedOn(t *testing.T) {
	n := 0
	once := roundTrip(func(r *http.Request) (*http.Response, error) {
		if n++; n == 2 {
			return nil, fmt.Errorf("dial: %w", syscall.ECONNREFUSED)
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	srv := httptest.NewServer(answers(status(503), status(503), status(200)))
	defer srv.Close()
	c, err := New(env(&http.Client{Transport: once}), Settings{Base: srv.URL, Token: "env:TOKEN", Sleep: func(context.Context, time.Duration) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(t.Context(), "/Users"); err != nil || n != 4 {
		t.Errorf("%d tries, %v", n, err)
	}
}

func TestCancelledIsNotTransient(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c, _, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		cancel() // while the request is under way: the server would never answer
		<-r.Context().Done()
	})
	_, err := c.Get(ctx, "/Users")
	if !errors.Is(err, context.Canceled) || errors.Is(err, connectors.ErrTransient) {
		t.Errorf("got %v", err)
	}
}

func TestCancelledWhileWaiting(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c, _, _ := serve(t, status(503), func(s *Settings) {
		s.Sleep = func(ctx context.Context, _ time.Duration) error {
			cancel()
			return sleep(ctx, time.Hour)
		}
	})
	if _, err := c.Get(ctx, "/Users"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTooLargePage(t *testing.T) {
	c, waits, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "123456") },
		func(s *Settings) { s.MaxBody = 5 })
	if _, err := c.Get(t.Context(), "/Users"); !errors.Is(err, errTooLarge) || len(*waits) > 0 {
		t.Errorf("got %v after %d waits", err, len(*waits))
	}
	c, _, _ = serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "12345") },
		func(s *Settings) { s.MaxBody = 5 })
	if _, err := c.Get(t.Context(), "/Users"); err != nil {
		t.Errorf("a page of just the limit: %v", err)
	}
}
