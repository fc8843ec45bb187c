// Package httpx is the HTTP transport of the connectors: it reads pages from one origin, and changes things there, with one
// token; it waits and tries again where that helps and is safe, accounts for every page, and never shows the token.
package httpx

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rollcall/connectors"
)

// Settings say what a Client talks to. The zero value of all but Base and Token is a sensible choice.
type Settings struct {
	Base      string // absolute URL that paths are joined to; no request leaves its origin
	Token     string // reference of the secret: "env:NAME", "file:PATH", "exec:…"
	Scheme    string // what the Authorization header says before the token; "Bearer" when empty
	Accept    string // media types; "application/json" when empty
	PlainHTTP bool   // http:// to other hosts than this one is allowed: the token then crosses the network readable

	MaxBody  int64         // the largest page, in bytes; 64 MiB when 0
	Attempts int           // tries of one request; 6 when 0
	MaxWait  time.Duration // all waits between the tries of one request together; 5 minutes when 0
	Sleep    func(context.Context, time.Duration) error
}

// Client talks to one origin. It may be used by several goroutines at once.
type Client struct {
	set   Settings
	http  http.Client
	base  *url.URL
	token string
}

// Response is an answer that was read whole, with a status of 200 to 299.
type Response struct {
	Header    http.Header
	Body      []byte
	Page      connectors.Page // what a Trace wants to know of it; the bytes are those of Body
	RequestID string          // by which the service knows the request; empty where it gives none
	Tries     int             // how often the request was sent
}

const maxRedirects = 5

// New checks the settings and resolves the token; it sends nothing. How long one try may take is for the Timeout of
// env.HTTP to say.
func New(env connectors.Env, s Settings) (*Client, error) {
	if env.HTTP == nil {
		return nil, errors.New("no HTTP client is given: this command must not use the network")
	}
	base, err := parseBase(s.Base, s.PlainHTTP)
	if err != nil {
		return nil, err
	}
	c := &Client{set: s.withDefaults(), http: *env.HTTP, base: base}
	if env.Secret == nil {
		return nil, errors.New("no way to resolve the token is given")
	}
	if c.token, err = env.Secret(s.Token); err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	if c.token = strings.TrimSpace(c.token); c.token == "" || strings.ContainsAny(c.token, "\r\n") {
		return nil, errors.New("token: the secret is empty or has several lines; want the token alone")
	}
	c.http.CheckRedirect = c.checkRedirect
	return c, nil
}

func (s Settings) withDefaults() Settings {
	if s.Scheme == "" {
		s.Scheme = "Bearer"
	}
	if s.Accept == "" {
		s.Accept = "application/json"
	}
	if s.MaxBody == 0 {
		s.MaxBody = 64 << 20
	}
	if s.Attempts == 0 {
		s.Attempts = 6
	}
	if s.MaxWait == 0 {
		s.MaxWait = 5 * time.Minute
	}
	if s.Sleep == nil {
		s.Sleep = sleep
	}
	return s
}

func parseBase(s string, plain bool) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, errors.New("url: not a URL; want https://host/path") // err would print it, password and all
	case u.User != nil:
		return nil, errors.New("url: it holds a user name or password; leave that out and refer to the secret in token")
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return nil, fmt.Errorf("url %q: want https://host/path", s)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("url: want it without ? and #")
	case u.Scheme == "http" && !plain && !loopback(u.Hostname()):
		return nil, fmt.Errorf("url %q: http:// would send the token readable over the network; want https://", s)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Base is the URL that paths are joined to, for people to read.
func (c *Client) Base() string { return c.redact(c.base.String()) }

// Get reads ref: a path below the base, with its query, or a link the server gave, which must lead to the same origin.
// Path segments are the caller's to escape. The error, if any, is an *Error or the context's.
func (c *Client) Get(ctx context.Context, ref string) (*Response, error) {
	return c.do(ctx, ref, request{method: http.MethodGet, repeat: Always})
}

// request is one request, however often it is tried.
type request struct {
	method string
	url    *url.URL
	header http.Header
	body   []byte
	repeat Repeat
}

// writes tells whether the request changes something.
func (r request) writes() bool { return r.method != http.MethodGet }

func (c *Client) do(ctx context.Context, ref string, r request) (*Response, error) {
	u, err := c.resolve(ref)
	if err != nil {
		return nil, &Error{Method: r.method, URL: c.redact(ref), Cause: err}
	}
	r.url = u
	return c.retry(ctx, r)
}

func (c *Client) resolve(ref string) (*url.URL, error) {
	if strings.HasPrefix(ref, "/") && !strings.HasPrefix(ref, "//") {
		ref = c.base.String() + ref
	}
	u, err := url.Parse(ref)
	if err != nil {
		return nil, errors.New("not a URL")
	}
	if u.User != nil || origin(u) != origin(c.base) {
		return nil, fmt.Errorf("%w: %s instead of %s", errOtherOrigin, origin(u), origin(c.base))
	}
	return u, nil
}

var errOtherOrigin = errors.New("the link leads to another origin, which must not see the token")

func (c *Client) checkRedirect(r *http.Request, via []*http.Request) error {
	switch {
	case via[0].Method != http.MethodGet:
		return errWriteRedirected
	case len(via) > maxRedirects:
		return errRedirects
	}
	_, err := c.resolve(r.URL.String())
	return err
}

var errRedirects = fmt.Errorf("more than %d redirects", maxRedirects)

// origin is scheme, host and port.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)]
	}
	return strings.ToLower(u.Scheme) + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// try sends the request once and reads the whole answer. The status is 0 when the answer is not whole.
func (c *Client) try(ctx context.Context, q request) (*Response, int, error) {
	r, err := http.NewRequestWithContext(ctx, q.method, q.url.String(), bytes.NewReader(q.body))
	if err != nil {
		return nil, 0, err
	}
	for name, values := range q.header {
		r.Header[name] = values
	}
	r.Header.Set("Authorization", c.set.Scheme+" "+c.token)
	r.Header.Set("Accept", c.set.Accept)
	res, err := c.http.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, c.set.MaxBody+1))
	switch {
	case err != nil:
		return nil, 0, fmt.Errorf("the answer broke off after %d bytes: %w", len(body), err)
	case int64(len(body)) > c.set.MaxBody:
		return nil, 0, fmt.Errorf("%w: more than %d bytes; ask for smaller pages", errTooLarge, c.set.MaxBody)
	}
	return &Response{Header: res.Header, Body: body, RequestID: c.requestID(res.Header), Page: connectors.Page{
		Request: q.method + " " + c.redact(q.url.String()),
		Bytes:   int64(len(body)),
		SHA256:  sha256.Sum256(body),
	}}, res.StatusCode, nil
}

var errTooLarge = errors.New("the answer is too large")
