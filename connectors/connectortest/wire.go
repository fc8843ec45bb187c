package connectortest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"rollcall/connectors"
)

// Wire is how the suite comes between a connector and its service.
type Wire struct {
	// Open opens the source as AppHarness.Open does, over the same data, with the transport that wrap makes of its own, and
	// so that it does not really wait.
	Open func(tb testing.TB, wrap func(http.RoundTripper) http.RoundTripper) connectors.App
	// Totals names the JSON fields in which the service tells how many accounts there are. None: it does not tell.
	Totals []string
	// Reads tells POST requests that only read from those that change something; tokens are known to be none. nil: none reads.
	Reads func(*http.Request) bool
	// Spare tells requests of a pull that may be refused without harm, since the pull says so and does without. nil: none.
	Spare func(*http.Request) bool
}

// tap is a transport that notes all that passes, and meddles with it.
type tap struct {
	wire   *Wire
	base   http.RoundTripper
	meddle meddle // nil: nothing

	mu  sync.Mutex
	log []exchange
}

// exchange is one request, and its answer as the service gave it.
type exchange struct {
	n       int // from 0
	method  string
	target  string // path and query
	path    string
	sent    string // the body
	changes bool   // it is to change something
	spare   bool
	answer  []byte
}

func (x exchange) String() string { return x.method + " " + x.target }

// meddle makes of an exchange what the connector is to see. ask gets the answer of the service; who does not call it keeps
// the request from it.
type meddle func(x *exchange, ask func() (*http.Response, error)) (*http.Response, error)

// over opens the source through a tap.
func (s suite[R]) over(tb testing.TB, m meddle) (connectors.App, *tap) {
	tb.Helper()
	t := &tap{wire: &s.wire, meddle: m}
	app := s.wire.Open(tb, func(base http.RoundTripper) http.RoundTripper {
		if base == nil {
			base = http.DefaultTransport
		}
		t.base = base
		return t
	})
	return app, t
}

func (t *tap) RoundTrip(r *http.Request) (*http.Response, error) {
	x, err := t.note(r)
	if err != nil {
		return nil, err
	}
	ask := func() (*http.Response, error) {
		res, err := t.base.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		defer res.Body.Close()
		if x.answer, err = io.ReadAll(res.Body); err != nil {
			return nil, err
		}
		t.mu.Lock()
		t.log[x.n].answer = x.answer
		t.mu.Unlock()
		res.Body = io.NopCloser(bytes.NewReader(x.answer))
		return res, nil
	}
	if t.meddle == nil {
		return ask()
	}
	return t.meddle(x, ask)
}

func (t *tap) note(r *http.Request) (*exchange, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	x := exchange{n: len(t.log), method: r.Method, target: r.URL.RequestURI(), path: r.URL.Path, sent: string(body)}
	x.changes = changes(r, x.sent) && (t.wire.Reads == nil || !t.wire.Reads(r))
	x.spare = t.wire.Spare != nil && t.wire.Spare(r)
	t.log = append(t.log, x)
	return &x, nil
}

// changes tells a request that is to change something: not one for a token (RFC 6749).
func changes(r *http.Request, body string) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	form, err := url.ParseQuery(body)
	return err != nil || !form.Has("grant_type")
}

func (t *tap) all() []exchange {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]exchange(nil), t.log...)
}

// at meddles with the exchange of one number.
func at(n int, m meddle) meddle {
	return func(x *exchange, ask func() (*http.Response, error)) (*http.Response, error) {
		if x.n != n {
			return ask()
		}
		return m(x, ask)
	}
}

// says answers in the service's place.
func says(status int, body string, header ...string) meddle {
	return func(*exchange, func() (*http.Response, error)) (*http.Response, error) {
		return answer(status, body, header...), nil
	}
}

func answer(status int, body string, header ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body))}
}

var errReset = errors.New("connection reset by peer")

// brokenBody is a body that ends too soon.
type brokenBody struct{ io.Reader }

func (b brokenBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = errReset
	}
	return n, err
}

func (brokenBody) Close() error { return nil }

// breaksOff gives half of what the service answers.
func breaksOff(_ *exchange, ask func() (*http.Response, error)) (*http.Response, error) {
	res, err := ask()
	if err != nil {
		return nil, err
	}
	all, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	res.Body = brokenBody{bytes.NewReader(all[:len(all)/2])}
	return res, nil
}
