package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode"

	"rollcall/report/signkey"
	"rollcall/report/tsa"
)

// signConfig is the section [sign]: what reports are signed with. Without the section they are not signed.
type signConfig struct {
	Key         string `toml:"key"`         // reference to the private key: PEM, or PKCS#12 that holds the certificate too
	Certificate string `toml:"certificate"` // file; may hold the chain; absent: it lies with the key
	Password    string `toml:"password"`    // reference to the password of PKCS#12
	Timestamp   string `toml:"timestamp"`   // address of an authority (RFC 3161); absent: signed without
	Purpose     string `toml:"purpose"`     // stands in the signature, for whoever looks at it
}

// check finds what can be told without opening a file: keys are read when something is to be signed.
func (s *signConfig) check(f *tomlFile) {
	if s == nil {
		return
	}
	switch {
	case s.Key == "":
		f.problem("sign", "[sign] has no key: name where the private key is kept, such as key = \"file:keys/rollcall.key\" (rollcall keys new makes one), or take the section out")
	case !isReference(s.Key):
		f.problem("sign.key", "[sign] key: %v", errLiteralSecret)
	}
	if s.Password != "" && !isReference(s.Password) {
		f.problem("sign.password", "[sign] password: %v", errLiteralSecret)
	}
	if isReference(s.Certificate) {
		f.problem("sign.certificate", "[sign] certificate = %q: a certificate is no secret: name its file alone, such as \"keys/rollcall.crt\"", s.Certificate)
	}
	if u, err := url.Parse(s.Timestamp); s.Timestamp != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil) {
		f.problem("sign.timestamp", "[sign] timestamp: want the address of a timestamp authority, such as \"https://tsa.example/tsr\", without name and password")
	}
	if len(s.Purpose) > 255 || strings.ContainsFunc(s.Purpose, unicode.IsControl) {
		f.problem("sign.purpose", "[sign] purpose: want one line of at most 255 bytes")
	}
}

// signing is what a report is signed with.
type signing struct {
	Signer      crypto.Signer
	Certificate *x509.Certificate
	Chain       []*x509.Certificate // the authorities above it, as far as they were given
	Purpose     string
	At          time.Time
	Timestamp   func(ctx context.Context, imprint []byte, hash crypto.Hash) (token []byte, err error) // nil: none is configured
}

// signing reads the key and its certificate and refuses what could not be signed with now. Without [sign] it is nil.
func (c *config) signing(now time.Time) (*signing, error) {
	if c.Sign == nil {
		return nil, nil
	}
	id, err := c.identity()
	if err != nil {
		return nil, err
	}
	if err := signkey.ValidAt(id.Certificate, now); err != nil {
		return nil, fmt.Errorf("%s: [sign] %w", c.signAt, err)
	}
	s := &signing{Signer: id.Key, Certificate: id.Certificate, Chain: id.Chain, Purpose: c.Sign.Purpose, At: now}
	if c.Sign.Timestamp != "" {
		authority := &tsa.Client{URL: c.Sign.Timestamp, HTTP: &http.Client{Timeout: 30 * time.Second}, Rand: rand.Reader}
		s.Timestamp = authority.Token
	}
	return s, nil
}

// identity reads the configured key and certificate, whenever they are valid. There must be a section [sign].
func (c *config) identity() (*signkey.Identity, error) {
	key := signkey.Source{Name: refName(c.Sign.Key)}
	var certificate signkey.Source
	var password string
	var err error
	if key.Data, err = c.secret(c.Sign.Key); err != nil {
		return nil, fmt.Errorf("%s: [sign] key: %w", c.signAt, err)
	}
	if c.Sign.Certificate != "" {
		certificate.Name = c.Sign.Certificate
		if certificate.Data, err = os.ReadFile(c.path(c.Sign.Certificate)); err != nil {
			return nil, fmt.Errorf("%s: [sign] certificate: %w", c.signAt, err)
		}
	}
	if c.Sign.Password != "" {
		if password, err = textSecret(c.secret)(c.Sign.Password); err != nil {
			return nil, fmt.Errorf("%s: [sign] password: %w", c.signAt, err)
		}
	}
	id, err := signkey.Read(key, certificate, password)
	if err != nil {
		return nil, fmt.Errorf("%s: [sign] %w", c.signAt, err)
	}
	return id, nil
}
