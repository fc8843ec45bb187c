package notify

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rollcall/remediate"
	"rollcall/scanner"
)

// hook is a webhook to a server, with a clock that moves by the waits alone.
func hook(url string) (*Webhook, *[]time.Duration) {
	now, waits := noon, &[]time.Duration{}
	return &Webhook{URL: url, Secret: key32, HTTP: &http.Client{}, Now: func() time.Time { return now }, Each: 5 * time.Second,
		Wait: func(_ context.Context, d time.Duration) error {
			now = now.Add(d)
			*waits = append(*waits, d)
			return nil
		}}, waits
}

// A receiver checks what it gets, and knows by the key what it has had.
func TestWebhook(t *testing.T) {
	d := New([]*remediate.Case{leaver("c-1", scanner.High)}, Options{})
	body, err := d.JSON()
	if err != nil {
		t.Fatal(err)
	}
	had, tries := map[string]int{}, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ := io.ReadAll(r.Body)
		at := noon.Add([]time.Duration{0, time.Second, 8 * time.Second}[tries])
		if err := Verify(key32, r.Header, got, at, 0); err != nil || string(got) != string(body) || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("try %d: %v: %s %q", tries, err, r.Method, got)
		}
		had[r.Header.Get(HeaderKey)]++
		switch tries++; tries {
		case 1:
			w.WriteHeader(http.StatusBadGateway)
		case 2:
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		default:
			w.WriteHeader(http.StatusAccepted)
		}
	}))
	defer server.Close()
	w, waits := hook(server.URL)
	if err := w.Send(t.Context(), body, d.Key); err != nil {
		t.Fatal(err)
	}
	if had[d.Key] != 3 || len(had) != 1 || fmt.Sprint(*waits) != "[1s 7s]" {
		t.Errorf("had %v, waited %v", had, *waits)
	}
}

// Each answer but 2xx is a failure; some are worth another try. No error shows the secret or the address.
func TestWebhookAnswers(t *testing.T) {
	for status, c := range map[int]struct {
		tries int
		want  string
	}{
		http.StatusNoContent:             {1, ""},
		http.StatusBadRequest:            {1, "it answered 400 Bad Request"},
		http.StatusUnauthorized:          {1, "does it have the same secret"},
		http.StatusGone:                  {1, "it answered 410"},
		http.StatusTooManyRequests:       {4, "429 Too Many Requests (tried 4 times)"},
		http.StatusInternalServerError:   {4, "it answered 500"},
		http.StatusNotImplemented:        {1, "it answered 501"},
		http.StatusTemporaryRedirect:     {1, "leads to other.example; redirects are not followed"},
		http.StatusMovedPermanently:      {1, "leads to other.example"},
		http.StatusNotModified:           {1, "leads to other.example"},
		http.StatusNonAuthoritativeInfo:  {1, ""},
		http.StatusServiceUnavailable:    {4, "it answered 503"},
		http.StatusRequestEntityTooLarge: {1, "it answered 413"},
	} {
		tries := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			tries++
			w.Header().Set("Location", "https://other.example/x?token=tell")
			w.WriteHeader(status)
		}))
		w, _ := hook(server.URL + "/path-token?token=query-token")
		check(t, fmt.Sprint(status), w.Send(t.Context(), []byte("{}"), "k"), c.want)
		if tries != c.tries {
			t.Errorf("%d: %d tries, want %d", status, tries, c.tries)
		}
		server.Close()
	}
}

func check(t *testing.T, name string, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v; want %q", name, err, want)
	}
	for ; err != nil; err = errors.Unwrap(err) {
		for _, secret := range []string{string(key32), "path-token", "query-token", "tell", "\x1b"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error shows %q: %v", name, secret, err)
			}
		}
	}
}

// No redirect is followed, not even on the same host: a POST would become a GET, and its 200 would say nothing.
func TestWebhookFollowsNoRedirect(t *testing.T) {
	followed := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/there" {
			followed = true
			return
		}
		http.Redirect(w, r, "/there", http.StatusPermanentRedirect)
	}))
	defer server.Close()
	w, _ := hook(server.URL)
	if err := w.Send(t.Context(), []byte("{}"), "k"); err == nil || followed {
		t.Errorf("followed: %v, %v", followed, err)
	}
}

// raw is a server that treats each connection its own way.
func raw(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	return l.Addr().String()
}

func TestWebhookHostileServers(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	for name, c := range map[string]struct {
		serve func(net.Conn)
		want  string
	}{
		"hangs":        {func(net.Conn) { <-hang }, "no answer in time"},
		"cuts":         {func(net.Conn) {}, "no answer"},
		"talks":        {func(c net.Conn) { io.WriteString(c, "\x1b[2J nonsense\r\n\r\n") }, "no answer"},
		"endless":      {func(c net.Conn) { io.WriteString(c, "HTTP/1.1 500 x\r\n\r\n"); io.Copy(c, forever{}) }, "it answered 500"},
		"endless head": {func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nX: "); io.Copy(c, forever{}) }, "no answer"},
	} {
		w, _ := hook("http://" + raw(t, func(conn net.Conn) {
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				c.serve(conn)
			}
		}))
		w.Each, w.Tries = 300*time.Millisecond, 2
		check(t, name, w.Send(t.Context(), []byte("{}"), "k"), c.want)
	}
	ctx, stop := context.WithCancel(t.Context())
	w, waits := hook("http://" + raw(t, func(net.Conn) { stop(); <-hang }))
	if err := w.Send(ctx, []byte("{}"), "k"); !errors.Is(err, context.Canceled) || len(*waits) > 0 {
		t.Errorf("stopped: %v, waited %v", err, *waits)
	}
}

type forever struct{}

func (forever) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// What cannot be sent safely is not sent.
func TestWebhookRefuses(t *testing.T) {
	for url, want := range map[string]string{
		"http://hooks.example.com/x":           "https://",
		"https://u:tell@hooks.example.com/":    "leave that out",
		"ftp://hooks.example.com":              "want an address",
		"https://hooks.example.com/%zz":        "want an address",
		"":                                     "want an address",
		"https://":                             "want an address",
		"http://localhost.example.com/x":       "https://",
		"https://hooks.example.com/#tell":      "want an address",
		"http://127.0.0.1.example.com/rolecal": "https://",
	} {
		w, _ := hook(url)
		check(t, url, w.Send(t.Context(), nil, "k"), want)
	}
	w, _ := hook("https://hooks.example.com/")
	w.Secret = []byte("tell")
	check(t, "short secret", w.Send(t.Context(), nil, "k"), "the secret has 4 bytes; want at least 16")
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	w, waits := hook(server.URL)
	check(t, "unknown certificate", w.Send(t.Context(), nil, "k"), "its certificate is not believed")
	if len(*waits) > 0 {
		t.Error("an unknown certificate was tried again")
	}
}
