// Package tsa asks a timestamp authority for a token (RFC 3161, over HTTP): proof that something signed existed by a
// moment that neither the signer nor its clock chose.
//
// The authority sees a hash and a random number, nothing of what was hashed. It is untrusted here: its answer is bounded,
// and must be one to the question that was asked. Whether its signature holds, and whether it is to be trusted, is for
// whoever puts the token to use.
package tsa

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
)

// maxAnswer is far more than a token with its chain takes.
const maxAnswer = 1 << 20

// Doer sends a request; *http.Client does.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Client asks one authority.
type Client struct {
	URL  string
	HTTP Doer      // bounds the time an answer may take
	Rand io.Reader // what nonces are drawn from
}

// Token asks for a token over the imprint, which the hash made, with the authority's certificate in it, and returns it
// (CMS ContentInfo, as the authority encoded it). It is granted, and its imprint and nonce are those sent.
func (c *Client) Token(ctx context.Context, imprint []byte, hash crypto.Hash) ([]byte, error) {
	nonce, err := newNonce(c.Rand)
	if err != nil {
		return nil, fmt.Errorf("tsa: no randomness for a nonce: %w", err)
	}
	query, err := encodeQuery(imprint, hash, nonce)
	if err != nil {
		return nil, fmt.Errorf("tsa: %w", err)
	}
	answer, err := c.post(ctx, query)
	if err == nil {
		answer, err = tokenOf(answer, imprint, hash, nonce)
	}
	if err != nil {
		return nil, fmt.Errorf("tsa: %s: %w", where(c.URL), err)
	}
	return answer, nil
}

// newNonce is a positive number of 64 bits.
func newNonce(rand io.Reader) (*big.Int, error) {
	var b [8]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return nil, err
	}
	b[0] |= 0x80
	return new(big.Int).SetBytes(b[:]), nil
}

func (c *Client) post(ctx context.Context, query []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(query))
	if err != nil {
		return nil, errors.New("this is no address of a timestamp authority; want https://… or http://…")
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	req.Header.Set("Accept", "application/timestamp-reply")
	resp, err := c.HTTP.Do(req)
	if err != nil {
		if e := (*url.Error)(nil); errors.As(err, &e) {
			err = e.Err // the whole address, with what may be a key in it, is not repeated
		}
		return nil, fmt.Errorf("the timestamp authority cannot be reached: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the timestamp authority answers with HTTP status %d %s: see whether the address is right", resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the timestamp authority's answer broke off: %w", err)
	case len(answer) > maxAnswer:
		return nil, fmt.Errorf("the timestamp authority's answer is longer than %d KiB: it is no token", maxAnswer>>10)
	}
	return answer, nil
}

// where is the address without what may be secret in it.
func where(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "the configured address"
	}
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}
