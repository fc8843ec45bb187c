package httpx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/connectors"
)

// dropped takes the request and closes the connection: the change may have been made.
func dropped(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}

func TestSend(t *testing.T) {
	c, _, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got := fmt.Sprint(r.Method, " ", r.URL.Path, " ", r.Header.Get("Content-Type"), " ", r.Header.Get("If-Match"), " ", string(body))
		if want := `PATCH /api/Users/1 application/scim+json W/"7" {}`; got != want {
			t.Errorf("the server got %s; want %s", got, want)
		}
		w.Header().Set("Date", "Mon, 02 Mar 2026 10:00:00 GMT")
		w.Header().Set("X-Request-Id", "req-1/"+token)
		w.WriteHeader(http.StatusNoContent)
	})
	res, err := c.Send(t.Context(), Write{Method: "PATCH", Ref: "/Users/1", ContentType: "application/scim+json", Body: []byte("{}"), IfMatch: `W/"7"`})
	if err != nil {
		t.Fatal(err)
	}
	want := connectors.Receipt{RequestID: "req-1/" + redacted, At: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), Changed: true}
	if got := res.Receipt(true); got != want || res.Tries != 1 || !strings.HasPrefix(res.Page.Request, "PATCH http") {
		t.Errorf("receipt %+v of %+v", got, res)
	}
}

// What a change that failed may be sent again for, and what its error says of whether it was made: a class says that it
// was not.
func TestSendAgain(t *testing.T) {
	later := status(503, "Retry-After", "1")
	for _, c := range []struct {
		name    string
		repeat  Repeat
		answers []http.HandlerFunc
		tries   int
		class   error // nil = unknown, errOK = it succeeded
		says    string
	}{
		{"throttled", IfNotDone, []http.HandlerFunc{status(429), status(204)}, 2, errOK, ""},
		{"throttled for ever", IfNotDone, []http.HandlerFunc{status(429)}, 6, connectors.ErrTransient, ""},
		{"told to come later", IfNotDone, []http.HandlerFunc{later, status(204)}, 2, errOK, ""},
		{"throttled, once only", Never, []http.HandlerFunc{status(429), status(204)}, 1, connectors.ErrTransient, ""},
		{"unavailable without a word", IfNotDone, []http.HandlerFunc{status(503), status(204)}, 1, nil, "not known"},
		{"a gateway gave up", IfNotDone, []http.HandlerFunc{status(504), status(204)}, 1, nil, "not known"},
		{"a gateway gave up, absolute", Always, []http.HandlerFunc{status(504), status(204)}, 2, errOK, ""},
		{"lost", IfNotDone, []http.HandlerFunc{dropped, status(204)}, 1, nil, "not known"},
		{"lost, absolute", Always, []http.HandlerFunc{dropped, status(204)}, 2, errOK, ""},
		{"lost, then throttled", Always, []http.HandlerFunc{dropped, status(429)}, 6, nil, "not known"},
		{"lost, then forbidden", Always, []http.HandlerFunc{dropped, status(403)}, 2, nil, "not known"},
		{"lost, then gone", Always, []http.HandlerFunc{dropped, status(404)}, 2, connectors.ErrNotFound, ""},
		{"deleted, lost, then gone", Always, []http.HandlerFunc{dropped, status(404)}, 2, nil, "not known"},
		{"deleted, lost, then out of order", Always, []http.HandlerFunc{dropped, status(500)}, 2, nil, "status 500"},
		{"deleted before", Always, []http.HandlerFunc{status(404)}, 1, connectors.ErrNotFound, ""},
		{"out of order", Always, []http.HandlerFunc{status(500), status(204)}, 1, nil, "status 500"},
		{"forbidden", Always, []http.HandlerFunc{status(403)}, 1, connectors.ErrForbidden, "lacks the permission to change"},
		{"gone", Always, []http.HandlerFunc{status(404)}, 1, connectors.ErrNotFound, ""},
		{"changed in between", Always, []http.HandlerFunc{status(412, "X-Request-Id", "r7")}, 1, nil, "request id r7"},
		{"redirected", Always, []http.HandlerFunc{status(302, "Location", "/login")}, 1, nil, "set url to where it leads"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, next := 0, answers(c.answers...)
			var serving sync.Mutex // a lost answer is no sign that the server is done
			client, _, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				serving.Lock()
				defer serving.Unlock()
				n++
				next(w, r)
			})
			method := "PATCH"
			if strings.HasPrefix(c.name, "deleted") {
				method = "DELETE"
			}
			_, err := client.Send(t.Context(), Write{Method: method, Ref: "/Users/1", Repeat: c.repeat})
			checkClass(t, err, c.class)
			serving.Lock()
			defer serving.Unlock()
			if n != c.tries || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%d tries, want %d; error %v, want it to say %q", n, c.tries, err, c.says)
			}
		})
	}
}

var errOK = errors.New("none")

func checkClass(t *testing.T, err, class error) {
	t.Helper()
	if class == errOK {
		if err != nil {
			t.Errorf("got %v", err)
		}
		return
	}
	if err == nil {
		t.Fatal("no error")
	}
	for _, c := range []error{connectors.ErrNotFound, connectors.ErrForbidden, connectors.ErrTransient} {
		if errors.Is(err, c) != (c == class) {
			t.Errorf("the error is %v; want class %v", err, class)
		}
	}
}

// Where nobody could be reached, nothing was changed, and it may be tried again whatever it is.
func TestSendToNobody(t *testing.T) {
	for name, err := range map[string]error{
		"dial":     &net.OpError{Op: "dial", Err: errors.New("no route to host")},
		"no name":  &net.DNSError{Err: "no such host", Name: "api.example", IsNotFound: true},
		"time-out": context.DeadlineExceeded,
	} {
		client, err := New(env(&http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, err })}),
			Settings{Base: "https://api.example", Token: "env:TOKEN", Sleep: func(context.Context, time.Duration) error { return nil }})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Send(t.Context(), Write{Method: "PATCH", Ref: "/Users/1"})
		if unsent := name != "time-out"; errors.Is(err, connectors.ErrTransient) != unsent {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestRequestID(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"X-Request-ID", "a-1", "a-1"},
		{"x-amzn-RequestId", "dad0c91c", "dad0c91c"},
		{"CF-Ray", "8a-TXL", "8a-TXL"},
		{"X-Request-ID", "two words", ""},
		{"X-Request-ID", strings.Repeat("x", 200), ""},
		{"X-Other", "a", ""},
	} {
		h := http.Header{}
		h.Set(c.name, c.value)
		if got := new(Client).requestID(h); got != c.want {
			t.Errorf("%s: %s: got %q", c.name, c.value, got)
		}
	}
}
