package httpx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"rollcall/connectors"
)

// Error is a request that did not give a page, or did not make a change as far as is known. It is connectors.ErrNotFound,
// ErrForbidden or ErrTransient where its class is known, and its Cause. Of a request that writes, a class says as well that
// nothing was changed: where that cannot be known, there is none.
type Error struct {
	Method string
	URL    string // secrets replaced
	Status int    // 0 = no answer
	Body   []byte // of the answer, its first part, secrets replaced
	Tries  int
	Class  error // nil = none of the three
	Cause  error // what went wrong below HTTP
	Hint   string

	RequestID string // by which the service knows the last try
	MayBeDone bool   // of a request that writes: one of the tries may have been carried out
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: ", e.Method, e.URL)
	switch {
	case e.Cause != nil:
		b.WriteString(e.Cause.Error())
	default:
		fmt.Fprintf(&b, "status %d %s", e.Status, http.StatusText(e.Status))
	}
	if e.Class != nil {
		fmt.Fprintf(&b, " (%v)", e.Class)
	}
	if e.Tries > 1 {
		fmt.Fprintf(&b, ", tried %d times", e.Tries)
	}
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	if e.RequestID != "" {
		b.WriteString("; request id " + e.RequestID)
	}
	if s := excerpt(e.Body); s != "" {
		fmt.Fprintf(&b, "; the server said: %s", s)
	}
	return b.String()
}

func (e *Error) Unwrap() []error {
	var out []error
	for _, err := range []error{e.Class, e.Cause} {
		if err != nil {
			out = append(out, err)
		}
	}
	return out
}

// failure is the error of one try.
func (c *Client) failure(r request, t attempt, tries int) *Error {
	e := &Error{Method: r.method, URL: c.redact(r.url.String()), Status: t.status(), Tries: tries}
	if t.err != nil {
		c.unanswered(e, t.err)
		return e
	}
	const kept = 4 << 10
	e.Class, e.RequestID = t.verdict.Class, t.res.RequestID
	e.Body = []byte(c.redact(string(t.res.Body[:min(len(t.res.Body), 16*kept)]))) // a secret is not cut in half
	e.Body = e.Body[:min(len(e.Body), kept)]
	switch {
	case t.verdict.Why != "":
		e.Hint = c.redact(t.verdict.Why)
	case e.Status == http.StatusUnauthorized:
		e.Hint = "the token is wrong or has expired"
	case e.Status == http.StatusForbidden && !r.reads:
		e.Hint = "the token lacks the permission to change this"
	case e.Status == http.StatusForbidden:
		e.Hint = "the token lacks a permission"
	}
	return e
}

// unanswered says why there is no answer.
func (c *Client) unanswered(e *Error, err error) {
	e.Cause = c.cause(err)
	if passes(err) {
		e.Class = connectors.ErrTransient
	}
	var token *tokenError
	switch {
	case errors.As(err, &token):
		e.Class, e.Hint = token.class, tokenHint
	case errors.Is(err, context.DeadlineExceeded): // of the try: the caller's own ends otherwise
		e.Hint = fmt.Sprintf("there was no whole answer within %v", c.set.Timeout)
	case refused(err):
		e.Hint = "nothing listens there: check host and port in url, that the service is up, and any proxy or firewall between"
	case noSuchHost(err):
		e.Hint = "check the host in url, and that this machine can resolve its name"
	}
}

// cause strips the URL that net/http puts into its errors, secrets and all, and what is left of the token.
func (c *Client) cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if s := c.redact(err.Error()); s != err.Error() {
		return errors.New(s)
	}
	return err
}

// excerpt is a body as one short line of printable text.
func excerpt(body []byte) string {
	const most = 200
	s := strings.ToValidUTF8(string(body), "")
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return s
}
