package httpx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"rollcall/connectors"
)

// tokens gives the token of the next request. The zero value with a fixed token never changes.
type tokens struct {
	client *Client
	grant  *grant // nil: fixed

	gate    chan struct{} // held by who looks at, or asks for, the token
	token   string
	renewAt time.Time // zero: when the service refuses it
	expires time.Time
}

// get gives a token that is good for a while; it asks for one where there is none. Should a renewal fail while the old one
// is still good, that one is given.
func (t *tokens) get(ctx context.Context) (string, error) {
	if t.grant == nil {
		return t.token, nil
	}
	select {
	case t.gate <- struct{}{}:
		defer func() { <-t.gate }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	now := t.client.now()
	if t.token != "" && (t.renewAt.IsZero() || now.Before(t.renewAt)) {
		return t.token, nil
	}
	err := t.renew(ctx, now)
	if err != nil && (t.token == "" || !now.Before(t.expires)) {
		return "", err
	}
	return t.token, nil
}

// forget drops a token that the service refused. It tells whether another can be had.
func (t *tokens) forget(token string) bool {
	if t.grant == nil {
		return false
	}
	t.gate <- struct{}{}
	if t.token == token { // otherwise somebody was faster
		t.token = ""
	}
	<-t.gate
	return true
}

func (t *tokens) renew(ctx context.Context, now time.Time) error {
	got, err := t.grant.ask(ctx, t.client, now)
	if err != nil {
		return err
	}
	t.client.secrets.passing(got.AccessToken, got.RefreshToken)
	t.token, t.renewAt, t.expires = got.AccessToken, time.Time{}, time.Time{}
	if life := lifetime(got); life > 0 {
		t.expires = now.Add(life)
		t.renewAt = t.expires.Add(-min(5*time.Minute, life/5))
	}
	return nil
}

// lifetime is what the answer says; 0 when it does not. The library's own Expiry goes by another clock.
func lifetime(t *oauth2.Token) time.Duration {
	const most = 366 * 24 * time.Hour
	s, err := strconv.ParseFloat(fmt.Sprint(t.Extra("expires_in")), 64) // a number, or one written as text
	if err != nil || s <= 0 {
		return 0
	}
	return time.Duration(min(s, most.Seconds()) * float64(time.Second))
}

// ask makes one request for a token.
func (g *grant) ask(ctx context.Context, c *Client, now time.Time) (*oauth2.Token, error) {
	conf := clientcredentials.Config{ClientID: g.id, ClientSecret: g.secret, TokenURL: g.url, Scopes: g.scopes,
		AuthStyle: oauth2.AuthStyleInParams, EndpointParams: map[string][]string{}}
	if g.inHeader {
		conf.AuthStyle = oauth2.AuthStyleInHeader
	}
	for name, v := range g.params {
		conf.EndpointParams[name] = v
	}
	if g.signer != nil {
		assertion, err := g.signer.sign(g.claims, now)
		if err != nil {
			return nil, fmt.Errorf("the assertion could not be signed: %w", err)
		}
		conf.EndpointParams[g.assertAs] = []string{assertion}
	}
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	got, err := conf.Token(context.WithValue(ctx, oauth2.HTTPClient, &g.http))
	if err != nil {
		return nil, c.tokenFailure(g.url, err)
	}
	return got, nil
}

// tokenError is why there is no token: the request that needed it was not sent.
type tokenError struct {
	url   string
	cause error
	res   *http.Response // nil: no answer
	class error
}

func (e *tokenError) Error() string { return fmt.Sprintf("no token from %s: %v", e.url, e.cause) }
func (e *tokenError) Unwrap() error { return e.cause }

const tokenHint = "check the client id, its secret or key, the scopes, and the token url"

// tokenFailure keeps of an error what says why, without what was sent.
func (c *Client) tokenFailure(at string, err error) error {
	e := &tokenError{url: c.redact(at), class: connectors.ErrForbidden}
	var said *oauth2.RetrieveError
	if !errors.As(err, &said) {
		// The library wraps what net/http says, but for an answer that breaks off.
		e.cause = c.cause(err)
		if lost := errors.As(err, new(*url.Error)) || strings.HasPrefix(err.Error(), "oauth2: cannot fetch token"); lost && passes(err) {
			e.class = connectors.ErrTransient
		}
		return e
	}
	e.res = said.Response
	e.cause = fmt.Errorf("status %s; the server said: %s", said.Response.Status, excerpt([]byte(c.redact(string(said.Body)))))
	if said.ErrorCode != "" {
		e.cause = errors.New(excerpt([]byte(c.redact(said.ErrorCode + ": " + said.ErrorDescription))))
	}
	if class(e.res.StatusCode) == connectors.ErrTransient || said.ErrorCode == "temporarily_unavailable" || said.ErrorCode == "slow_down" {
		e.class = connectors.ErrTransient
	}
	return e
}
