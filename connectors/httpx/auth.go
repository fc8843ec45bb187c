package httpx

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"rollcall/connectors"
)

// Auth says how a client comes by access tokens that expire, instead of one fixed token: it is a ClientCredentials, a
// JWTBearer or a ServiceAccount. Tokens are asked for when the first request is made, renewed before they expire, and once
// after the service refused one; nothing but the request for a token goes to the token endpoint.
type Auth interface {
	// grant checks the settings and resolves the secrets; it sends nothing.
	grant(c *Client, env connectors.Env) (*grant, error)
}

// ClientCredentials is the grant of RFC 6749 §4.4: the program itself is what is authorised. It proves itself by a client
// secret, or by a signed assertion (private_key_jwt: RFC 7523 §2.2, OpenID Connect Core §9).
type ClientCredentials struct {
	TokenURL string // may lie on another origin than Base
	ClientID string
	Scopes   []string
	Params   map[string]string // further parameters of the token request; no secrets

	Secret   string // reference of the client secret; or:
	InHeader bool   // the secret is sent as HTTP Basic authentication (client_secret_basic) instead of in the body

	Key         string // reference of a private key in PEM: RSA, or EC P-256
	KeyID       string // "kid" of the assertion's header; Okta wants it where a client has several keys
	Certificate string // reference of the certificate in PEM, whose thumbprint becomes "x5t#S256" as Entra wants it; empty: that beside the key, if any
	Audience    string // "aud" of the assertion; TokenURL when empty
	Algorithm   string // "RS256", "PS256", "ES256"; empty: PS256 beside a certificate (as Entra recommends), else RS256, or ES256 of an EC key
}

func (a ClientCredentials) grant(c *Client, env connectors.Env) (*grant, error) {
	g, err := c.newGrant(a.TokenURL)
	switch {
	case err != nil:
		return nil, err
	case a.ClientID == "":
		return nil, errors.New("client id: it is missing")
	case (a.Secret == "") == (a.Key == ""):
		return nil, errors.New("want either a client secret or a private key to prove the client by")
	}
	g.id, g.scopes, g.inHeader = a.ClientID, a.Scopes, a.InHeader
	for name, v := range a.Params {
		g.params.Set(name, v)
	}
	if a.Secret != "" {
		g.secret, err = c.secretLine(env, "client secret", a.Secret)
		return g, err
	}
	if g.signer, err = c.signer(env, a.Key, a.Certificate, a.KeyID, a.Algorithm); err != nil {
		return nil, err
	}
	g.params.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	g.assertAs = "client_assertion"
	g.claims = map[string]any{"iss": a.ClientID, "sub": a.ClientID, "aud": or(a.Audience, a.TokenURL)}
	return g, nil
}

// JWTBearer is the grant of RFC 7523 §2.1: an assertion of ours, signed, is the authorisation.
type JWTBearer struct {
	TokenURL  string // may lie on another origin than Base
	Issuer    string
	Subject   string // on whose behalf; empty: not said
	Audience  string // TokenURL when empty
	Scopes    []string
	Key       string // reference of a private key in PEM: RSA, or EC P-256
	KeyID     string
	Algorithm string // as in ClientCredentials
}

func (a JWTBearer) grant(c *Client, env connectors.Env) (*grant, error) {
	g, err := c.bearer(a)
	if err != nil {
		return nil, err
	}
	g.signer, err = c.signer(env, a.Key, "", a.KeyID, a.Algorithm)
	return g, err
}

func (c *Client) bearer(a JWTBearer) (*grant, error) {
	g, err := c.newGrant(a.TokenURL)
	switch {
	case err != nil:
		return nil, err
	case a.Issuer == "":
		return nil, errors.New("issuer: it is missing")
	}
	g.params.Set("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
	g.assertAs = "assertion"
	g.claims = map[string]any{"iss": a.Issuer, "aud": or(a.Audience, a.TokenURL)}
	if a.Subject != "" {
		g.claims["sub"] = a.Subject
	}
	if len(a.Scopes) > 0 {
		g.claims["scope"] = strings.Join(a.Scopes, " ")
	}
	return g, nil
}

// ServiceAccount is Google's JWT bearer grant: the JSON key file of a service account, which may act as a user of a
// Workspace domain (https://developers.google.com/identity/protocols/oauth2/service-account).
type ServiceAccount struct {
	JSON     string // reference of the key file's text
	Subject  string // address of the user to act as (domain-wide delegation); empty: the service account itself
	Scopes   []string
	TokenURL string // instead of the file's token_uri
}

func (a ServiceAccount) grant(c *Client, env connectors.Env) (*grant, error) {
	text, err := c.secretText(env, "service account", a.JSON)
	if err != nil {
		return nil, err
	}
	var file struct {
		Type         string `json:"type"`
		ClientEmail  string `json:"client_email"`
		PrivateKey   string `json:"private_key"`
		PrivateKeyID string `json:"private_key_id"`
		TokenURI     string `json:"token_uri"`
	}
	if json.Unmarshal([]byte(text), &file) != nil || file.Type != "service_account" || file.ClientEmail == "" || file.PrivateKey == "" {
		return nil, errors.New(`service account: the secret is not the JSON key file of a service account ("type": "service_account"); make one at IAM & Admin > Service accounts > Keys`)
	}
	c.secrets.add(file.PrivateKey)
	g, err := c.bearer(JWTBearer{TokenURL: or(a.TokenURL, file.TokenURI), Issuer: file.ClientEmail, Subject: a.Subject, Scopes: a.Scopes})
	if err != nil {
		return nil, err
	}
	key, _, err := parseKey([]byte(file.PrivateKey))
	if err != nil {
		return nil, fmt.Errorf("service account: private_key: %w", err)
	}
	g.signer, err = newSigner(key, nil, file.PrivateKeyID, "")
	return g, err
}

// signer resolves a private key and what its signatures say of it.
func (c *Client) signer(env connectors.Env, keyRef, certRef, id, alg string) (*signer, error) {
	pem, err := c.secretText(env, "private key", keyRef)
	if err != nil {
		return nil, err
	}
	key, cert, err := parseKey([]byte(pem))
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	if certRef != "" {
		text, err := env.Secret(certRef)
		if err != nil {
			return nil, fmt.Errorf("certificate: %w", err)
		}
		if cert = firstCertificate([]byte(text)); cert == nil {
			return nil, errors.New("certificate: no PEM block CERTIFICATE in it")
		}
	}
	s, err := newSigner(key, cert, id, alg)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	return s, nil
}

// secretText resolves a reference; what it gives is never shown again.
func (c *Client) secretText(env connectors.Env, what, ref string) (string, error) {
	switch {
	case env.Secret == nil:
		return "", fmt.Errorf("no way to resolve the %s is given", what)
	case ref == "":
		return "", fmt.Errorf("%s: it is missing; want \"env:NAME\", \"file:PATH\" or \"exec:COMMAND\"", what)
	}
	s, err := env.Secret(ref)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	if s = strings.TrimSpace(s); s == "" {
		return "", fmt.Errorf("%s: the secret is empty", what)
	}
	c.secrets.add(s)
	return s, nil
}

// secretLine is for secrets that are one line.
func (c *Client) secretLine(env connectors.Env, what, ref string) (string, error) {
	s, err := c.secretText(env, what, ref)
	if err == nil && strings.ContainsAny(s, "\r\n") {
		err = fmt.Errorf("%s: the secret has several lines; want the %s alone", what, what)
	}
	return s, err
}

// grant is how tokens are asked for, ready to be used.
type grant struct {
	http     http.Client
	url      string
	id       string
	secret   string
	inHeader bool
	scopes   []string
	params   url.Values

	signer   *signer // nil: proves itself by the secret
	assertAs string  // the parameter that takes the assertion
	claims   map[string]any
}

var errTokenRedirected = errors.New("the token endpoint sends the request elsewhere, which is not followed; name where it leads")

func (c *Client) newGrant(tokenURL string) (*grant, error) {
	if tokenURL == "" {
		return nil, errors.New("token url: it is missing")
	}
	u, err := parseBase(tokenURL, c.set.PlainHTTP)
	if err != nil {
		return nil, fmt.Errorf("token %w", err)
	}
	g := &grant{http: c.http, url: u.String(), params: url.Values{}}
	g.http.CheckRedirect = func(*http.Request, []*http.Request) error { return errTokenRedirected }
	return g, nil
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
