// Package httpx is the HTTP transport of the connectors: it reads pages from one origin, and changes things there, with one
// token, or with those that a token endpoint gives (OAuth 2.0); it keeps the host's pace, waits and tries again where that helps and is
// safe, accounts for every page, and never shows a secret.
package httpx

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"rollcall/connectors"
)

// Settings say what a Client talks to. Base is wanted, and either Token or Auth; the zero value of the others is a sensible
// choice.
type Settings struct {
	Base      string // absolute URL that paths are joined to; no request leaves its origin
	Token     string // reference of a token that does not expire: "env:NAME", "file:PATH", "exec:…"
	Auth      Auth   // how to come by tokens that do
	Scheme    string // what the Authorization header says before the token; "Bearer" when empty
	Accept    string // media types; "application/json" when empty
	PlainHTTP bool   // http:// to other hosts than this one is allowed: the token then crosses the network readable

	MaxBody  int64         // the largest page, in bytes; 64 MiB when 0
	Attempts int           // tries of one request; 6 when 0
	MaxWait  time.Duration // all waits between the tries of one request together; 5 minutes when 0
	Timeout  time.Duration // of one try, its answer read whole; 2 minutes when 0
	Judge    Judge         // what answers of this vendor mean; nil: as their status says

	Sleep  func(context.Context, time.Duration) error
	Now    func() time.Time // time.Now when nil
	Jitter func() float64   // from 0 to 1: how much of a half is added to a wait, so that many do not come back at once; random when nil
}

// Client talks to one origin. It may be used by several goroutines at once.
type Client struct {
	set     Settings
	http    http.Client
	base    *url.URL
	tokens  *tokens
	secrets secrets
	pace    pace
	breaker breaker

	slept sync.Mutex
	ahead time.Duration // how much more was slept than the clock shows
}

// Response is an answer that was read whole, with a status of 200 to 299, or 304 where If-None-Match asked for it.
type Response struct {
	Status    int
	Header    http.Header
	Body      []byte
	Page      connectors.Page // what a Trace wants to know of it; the bytes are those of Body
	RequestID string          // by which the service knows the request; empty where it gives none
	Tries     int             // how often the request was sent
}

const maxRedirects = 5

// New checks the settings and resolves the secrets; it sends nothing.
func New(env connectors.Env, s Settings) (*Client, error) {
	if env.HTTP == nil {
		return nil, errors.New("no HTTP client is given: this command must not use the network")
	}
	base, err := parseBase(s.Base, s.PlainHTTP)
	if err != nil {
		return nil, err
	}
	c := &Client{set: s.withDefaults(), http: *env.HTTP, base: base, pace: pace{gate: make(chan struct{}, 1)}}
	c.http.CheckRedirect = c.checkRedirect
	if c.tokens, err = c.authorise(env); err != nil {
		return nil, err
	}
	return c, nil
}

// authorise makes what gives the tokens.
func (c *Client) authorise(env connectors.Env) (*tokens, error) {
	switch {
	case c.set.Auth != nil && c.set.Token != "":
		return nil, errors.New("token: another way to authorise is set as well; want one of them")
	case c.set.Auth != nil:
		g, err := c.set.Auth.grant(c, env)
		if err != nil {
			return nil, err
		}
		return &tokens{client: c, grant: g, gate: make(chan struct{}, 1)}, nil
	}
	token, err := c.secretLine(env, "token", c.set.Token)
	return &tokens{token: token}, err
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
	if s.Timeout == 0 {
		s.Timeout = 2 * time.Minute
	}
	if s.Sleep == nil {
		s.Sleep = sleep
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Jitter == nil {
		s.Jitter = rand.Float64
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
	return c.Read(ctx, Read{Ref: ref})
}

// Read is a request that changes nothing, so that it may be sent as often as it takes.
type Read struct {
	Method      string // GET when empty; POST for a query that is sent as a body, such as a batch of readings
	Ref         string // as for Get
	Header      http.Header
	ContentType string
	Body        []byte // must hold no secret
}

// Read makes the request. Of answers other than 200 to 299 it takes 304, where Header has If-None-Match.
func (c *Client) Read(ctx context.Context, q Read) (*Response, error) {
	return c.do(ctx, q.Ref, request{method: or(q.Method, http.MethodGet), header: headers(q.Header, q.ContentType, ""), body: q.Body, repeat: Always, reads: true})
}

func headers(more http.Header, contentType, ifMatch string) http.Header {
	h := http.Header{}
	for name, values := range more {
		h[http.CanonicalHeaderKey(name)] = values
	}
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	if ifMatch != "" {
		h.Set("If-Match", ifMatch)
	}
	return h
}

// request is one request, however often it is tried.
type request struct {
	method string
	url    *url.URL
	header http.Header
	body   []byte
	repeat Repeat
	reads  bool // it changes nothing
}

// takes tells whether a status is that of an answer.
func (r request) takes(status int) bool {
	return status/100 == 2 || r.reads && status == http.StatusNotModified && r.header.Get("If-None-Match") != ""
}

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

// try sends the request once and reads the whole answer.
func (c *Client) try(ctx context.Context, q request, token string) (*Response, error) {
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, q.method, q.url.String(), bytes.NewReader(q.body))
	if err != nil {
		return nil, err
	}
	for name, values := range q.header {
		r.Header[name] = values
	}
	r.Header.Set("Authorization", c.set.Scheme+" "+token)
	if r.Header.Get("Accept") == "" {
		r.Header.Set("Accept", c.set.Accept)
	}
	res, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, c.set.MaxBody+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the answer broke off after %d bytes: %w", len(body), err)
	case int64(len(body)) > c.set.MaxBody:
		return nil, fmt.Errorf("%w: more than %d bytes; ask for smaller pages", errTooLarge, c.set.MaxBody)
	}
	return &Response{Status: res.StatusCode, Header: res.Header, Body: body, RequestID: c.requestID(res.Header), Page: connectors.Page{
		Request: q.method + " " + c.redact(q.url.String()),
		Bytes:   int64(len(body)),
		SHA256:  sha256.Sum256(body),
	}}, nil
}

// deadline is that of one try.
func (c *Client) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.set.Timeout)
}

var errTooLarge = errors.New("the answer is too large")
