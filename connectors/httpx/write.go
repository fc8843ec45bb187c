package httpx

import (
	"context"
	"errors"
	"net"
	"net/http"

	"rollcall/connectors"
)

// Write is one request that changes something. Its body is sent as it is; it must hold no secret.
type Write struct {
	Method      string
	Ref         string // as for Get
	ContentType string
	Body        []byte
	IfMatch     string // the version the change is meant for; empty = any
	Header      http.Header
	Repeat      Repeat
}

// Repeat says when a request may be sent again. It is the caller who knows what doing it twice would do.
type Repeat uint8

const (
	// IfNotDone sends it again only when no try can have been carried out: for what, done twice, is not what it is done
	// once, such as adding to a list.
	IfNotDone Repeat = iota
	// Always sends it again after a lost answer, too: for what makes something so, whatever it was.
	Always
	// Never sends it once: for what was worked out from a reading that gets older with every wait.
	Never
)

func (r Repeat) allows(doubt bool) bool { return r == Always || r == IfNotDone && !doubt }

// Send makes the request. Redirects are not followed, since most of them would turn a change into a reading that succeeds.
// The error, if any, is an *Error or the context's: with a class, it says that nothing was changed.
func (c *Client) Send(ctx context.Context, w Write) (*Response, error) {
	return c.do(ctx, w.Ref, request{method: w.Method, header: headers(w.Header, w.ContentType, w.IfMatch), body: w.Body, repeat: w.Repeat})
}

var errWriteRedirected = errors.New("the service sends a change elsewhere, which is not followed; set url to where it leads")

// notDone tells whether a try that failed is known to have changed nothing.
func (t attempt) notDone() bool {
	if t.err != nil {
		return unsent(t.err)
	}
	return !t.verdict.MayBeDone
}

// undone tells whether a status says that nothing was changed. A gateway's 502 and 504, a 503 that does not ask to come
// back, a 500, and an answer that never came leave it open: what stands behind may have gone on.
func undone(res *Response) bool {
	if res.Status == http.StatusServiceUnavailable {
		return res.Header.Get("Retry-After") != ""
	}
	return res.Status/100 == 4 && res.Status != http.StatusRequestTimeout || res.Status == http.StatusNotImplemented
}

// unsent tells whether the request did not even leave: there was nobody to send it to.
func unsent(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, new(*tokenError)) || errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") || errors.As(err, &dns) || refused(err)
}

// mayBeDone notes in the error of a writing request whether that or an earlier try can have been carried out: such an
// error has no class, except that what is not there now was not changed either; unless it was to be deleted.
func (e *Error) mayBeDone(before, notDone bool) bool {
	doubt := before || !notDone
	e.MayBeDone = doubt
	switch {
	case doubt && e.Class != nil && (e.Method == http.MethodDelete || !errors.Is(e.Class, connectors.ErrNotFound)):
		e.Class = nil
		e.hint("whether the change was made is not known")
	case !doubt && e.Class == nil && e.Status == 0:
		e.Class = connectors.ErrTransient
	}
	return doubt
}

func (e *Error) hint(s string) {
	if e.Hint != "" {
		s = e.Hint + "; " + s
	}
	e.Hint = s
}

// Receipt is the answer as those who asked for a change want it: who knows it by which name, and when it was.
func (r *Response) Receipt(changed bool) connectors.Receipt {
	at, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		return connectors.Receipt{RequestID: r.RequestID, Changed: changed}
	}
	return connectors.Receipt{RequestID: r.RequestID, At: at.UTC(), Changed: changed}
}

// requestIDs are the headers in which services say by which name they know a request, the most telling first.
var requestIDs = []string{
	"X-Request-Id", "Request-Id", "X-Amzn-Requestid", "X-Amz-Request-Id", "X-Github-Request-Id", "X-Okta-Request-Id",
	"X-Slack-Req-Id", "X-Ms-Request-Id", "X-Correlation-Id", "X-Trace-Id", "Cf-Ray",
}

// requestID is what the first of them says, if it is a short word.
func (c *Client) requestID(h http.Header) string {
	const longest = 128
	for _, name := range requestIDs {
		if id := h.Get(name); id != "" && len(id) <= longest && word(id) {
			return c.redact(id)
		}
	}
	return ""
}

func word(s string) bool {
	for _, b := range []byte(s) {
		if b <= ' ' || b > '~' {
			return false
		}
	}
	return true
}
