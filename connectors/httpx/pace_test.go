package httpx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/connectors"
)

// frozen is a clock that stands still: what passes is what was slept.
func frozen(s *Settings) { s.Now = func() time.Time { return noon } }

// What an answer says of the limit is heeded before it is reached.
func TestPaceStopsBeforeTheLimit(t *testing.T) {
	in := func(d time.Duration) string { return fmt.Sprint(noon.Add(d).Unix()) }
	for _, c := range []struct {
		name   string
		header []string
		waits  string
	}{
		{"plenty left", []string{"X-RateLimit-Remaining", "500", "X-RateLimit-Limit", "1000", "X-RateLimit-Reset", in(time.Minute)}, "[]"},
		{"little left is spread", []string{"X-RateLimit-Remaining", "9", "X-RateLimit-Limit", "1000", "X-RateLimit-Reset", in(time.Minute)}, "[6s 6s]"},
		{"nothing left", []string{"X-Rate-Limit-Remaining", "0", "X-Rate-Limit-Limit", "600", "X-Rate-Limit-Reset", in(42 * time.Second)}, "[42s]"},
		{"nothing left, in seconds", []string{"RateLimit-Remaining", "0", "RateLimit-Limit", "600", "RateLimit-Reset", "17"}, "[17s 17s]"},
		{"no limit told", []string{"X-RateLimit-Remaining", "0"}, "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, waits, _ := serve(t, status(200, append(c.header, "Date", noon.Format(http.TimeFormat))...), frozen)
			if strings.HasPrefix(c.name, "nothing left") && c.waits == "[42s]" { // the server's clock goes on as well
				n := 0
				client, waits, _ = serve(t, func(w http.ResponseWriter, r *http.Request) {
					status(200, append(c.header, "Date", noon.Add(time.Duration(n)*42*time.Second).Format(http.TimeFormat))...)(w, r)
					n++
				}, frozen)
			}
			for range 3 {
				if _, err := client.Get(t.Context(), "/Users"); err != nil {
					t.Fatal(err)
				}
			}
			if got := fmt.Sprint(*waits); got != c.waits {
				t.Errorf("waited %s; want %s", got, c.waits)
			}
		})
	}
}

// A wait that is longer than a request may take is said, and nothing is sent.
func TestPaceTooLong(t *testing.T) {
	sent := 0
	c, waits, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		sent++
		status(200, "X-RateLimit-Remaining", "0", "X-RateLimit-Limit", "5000", "X-RateLimit-Reset", "2400")(w, r)
	}, frozen)
	if _, err := c.Get(t.Context(), "/Users"); err != nil {
		t.Fatal(err)
	}
	_, err := c.Send(t.Context(), Write{Method: "PUT", Ref: "/Users/1"})
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, connectors.ErrTransient) || e.MayBeDone || !strings.Contains(err.Error(), "in 40m0s") || sent != 1 || len(*waits) > 0 {
		t.Errorf("got %v after %d requests and waits %v", err, sent, *waits)
	}
}

// storm is a host that takes one request a second and a half, says so only by refusing, and has a clock that goes by what is slept.
type storm struct {
	mu      sync.Mutex
	now     time.Time
	next    time.Time
	refused int
	answers int
}

func (s *storm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now.Before(s.next) {
		s.refused++
		status(429)(w, r)
		return
	}
	s.answers++
	s.next = s.now.Add(1500 * time.Millisecond)
	status(200)(w, r)
}

func (s *storm) sleep(ctx context.Context, d time.Duration) error {
	s.mu.Lock()
	s.now = s.now.Add(d)
	s.mu.Unlock()
	return ctx.Err()
}

// Against a host that refuses what comes too soon, requests are spread until it refuses few; once it is calm, they are let
// closer again.
func TestPaceAdaptsTo429Storm(t *testing.T) {
	s := &storm{now: noon}
	c, _, _ := serve(t, s.ServeHTTP, func(set *Settings) {
		set.Sleep, set.Now = s.sleep, func() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.now }
	})
	const requests = 200
	for range requests {
		if _, err := c.Get(t.Context(), "/Users"); err != nil {
			t.Fatal(err)
		}
	}
	took := s.now.Sub(noon)
	t.Logf("%d requests: %d refused, %v for each", requests, s.refused, took/requests)
	if s.refused > requests/8 {
		t.Errorf("%d of %d requests were refused: the pace does not learn", s.refused, requests)
	}
	if took > 3*requests*1500*time.Millisecond {
		t.Errorf("it took %v, where the host takes one in 1.5s: the pace is too slow", took)
	}
	s.mu.Lock()
	s.next = time.Time{}
	s.mu.Unlock()
	c.pace.mu.Lock()
	gap := c.pace.gap
	c.pace.mu.Unlock()
	for range 10 * calm {
		c.pace.took(noon, nil)
	}
	if c.pace.gap != 0 || gap == 0 {
		t.Errorf("the gap was %v and is %v", gap, c.pace.gap)
	}
}

// All requests of a client wait when one of them was told to.
func TestPaceIsShared(t *testing.T) {
	first := true
	var mu sync.Mutex
	c, waits, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if first {
			first = false
			status(429, "Retry-After", "30")(w, r)
			return
		}
		status(200)(w, r)
	}, frozen, func(s *Settings) { s.Attempts = 1 })
	if _, err := c.Get(t.Context(), "/Users"); !errors.Is(err, connectors.ErrTransient) {
		t.Fatal(err)
	}
	if _, err := c.Get(t.Context(), "/Groups"); err != nil || fmt.Sprint(*waits) != "[30s]" {
		t.Errorf("another request: %v, waits %v", err, *waits)
	}
}

// A host that is down is not asked for ever: whoever has much to ask learns it soon, and one request at a time tries again.
func TestBreaker(t *testing.T) {
	sent, up := 0, false
	at := noon
	c, _, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if sent++; !up {
			status(503)(w, r)
			return
		}
		status(404)(w, r)
	}, func(s *Settings) { s.Attempts, s.Now = 2, func() time.Time { return at } })
	get := func() error {
		_, err := c.Send(t.Context(), Write{Method: "PUT", Ref: "/Users/1", Repeat: Always})
		return err
	}
	for range breaksAfter {
		if err := get(); err == nil || errors.Is(err, errNotSent) {
			t.Fatalf("got %v", err)
		}
	}
	sent = 0
	var e *Error
	if err := get(); !errors.As(err, &e) || !errors.Is(err, errNotSent) || !errors.Is(err, connectors.ErrTransient) || e.MayBeDone || sent != 0 {
		t.Errorf("after %d failures: %v, %d requests", breaksAfter, err, sent)
	}
	at = at.Add(coolsFor)
	if err := get(); errors.Is(err, errNotSent) || sent != 2 {
		t.Errorf("after a while: %v, %d requests", err, sent)
	}
	if err := get(); !errors.Is(err, errNotSent) {
		t.Errorf("still down: %v", err)
	}
	at = at.Add(coolsFor)
	if _, open := c.breaker.open(c.now()); open {
		t.Error("nothing is let through any more")
	}
	if _, open := c.breaker.open(c.now()); !open {
		t.Error("a second one is let through while the first is under way")
	}
	at, up = at.Add(coolsFor), true
	for range 2 { // an answer of the service itself, if only to say no
		if err := get(); !errors.Is(err, connectors.ErrNotFound) {
			t.Errorf("up again: %v", err)
		}
	}
}

// What is refused or out of order is an answer: it opens no breaker.
func TestBreakerIsForNoAnswer(t *testing.T) {
	for _, code := range []int{401, 403, 404, 409, 429, 500, 501} {
		c, _, _ := serve(t, status(code), func(s *Settings) { s.Attempts = 1 })
		for range breaksAfter + 2 {
			if _, err := c.Get(t.Context(), "/Users"); errors.Is(err, errNotSent) {
				t.Errorf("status %d: %v", code, err)
			}
		}
	}
}

func TestJitterStaysWithinAHalf(t *testing.T) {
	for _, c := range []struct {
		jitter float64
		waits  string
	}{{0, "[1s 2s 4s 8s 16s]"}, {0.5, "[1.25s 2.5s 5s 10s 18.5s]"}, {1, "[1.5s 3s 6s 12s 21s]"}} {
		client, waits, _ := serve(t, status(503), func(s *Settings) { s.Jitter = func() float64 { return c.jitter } })
		client.Get(t.Context(), "/Users")
		if got := fmt.Sprint(*waits); got != c.waits {
			t.Errorf("jitter %v: waited %s; want %s", c.jitter, got, c.waits)
		}
	}
	client, waits, _ := serve(t, status(503), func(s *Settings) { s.Jitter = nil })
	client.Get(t.Context(), "/Users")
	for n, w := range *waits {
		if d := time.Second << n; w < d || w > d+d/2 {
			t.Errorf("wait %d is %v", n, w)
		}
	}
	if slices.Equal(*waits, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}) {
		t.Error("without a jitter of the test's own there was none")
	}
}

// A try that gets no answer in its time is one more that failed: the caller's own deadline is not what passed.
func TestTimeoutOfOneTry(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	n := 0
	c, waits, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n++; n == 1 {
			w.(http.Flusher).Flush() // the answer begins, and does not end
			select {
			case <-hang:
			case <-r.Context().Done():
			}
			return
		}
		status(200)(w, r)
	}, func(s *Settings) { s.Timeout = 200 * time.Millisecond })
	if _, err := c.Get(t.Context(), "/Users"); err != nil || fmt.Sprint(*waits) != "[1s]" {
		t.Errorf("got %v, waits %v", err, *waits)
	}
	c, _, _ = serve(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}, func(s *Settings) { s.Timeout, s.Attempts = 20*time.Millisecond, 2 })
	_, err := c.Get(t.Context(), "/Users")
	if !errors.Is(err, connectors.ErrTransient) || !strings.Contains(err.Error(), "no whole answer within 20ms") {
		t.Errorf("got %v", err)
	}
}
