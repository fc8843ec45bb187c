package opcsign

import (
	"crypto"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// The two messages of the timestamp protocol, RFC 3161 §2.4, for whoever carries them: over HTTP as
// application/timestamp-query and application/timestamp-reply (§3.4).

// timestampRequest is the query for a token over an imprint. The nonce, a random number, may be nil.
func timestampRequest(imprint []byte, hash crypto.Hash, nonce *big.Int) ([]byte, error) {
	var oid asn1.ObjectIdentifier
	switch hash {
	case crypto.SHA256:
		oid = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	case crypto.SHA384:
		oid = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	case crypto.SHA512:
		oid = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
	default:
		return nil, fmt.Errorf("opcsign: timestamp request: the hash %v is not one of SHA-256, SHA-384, SHA-512", hash)
	}
	if len(imprint) != hash.Size() {
		return nil, fmt.Errorf("opcsign: timestamp request: the imprint has %d bytes, %v has %d", len(imprint), hash, hash.Size())
	}
	der, err := asn1.Marshal(struct {
		Version     int
		Imprint     messageImprint
		Nonce       *big.Int `asn1:"optional"`
		Certificate bool
	}{1, messageImprint{pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: asn1.NullRawValue}, imprint}, nonce, true})
	if err != nil {
		return nil, fmt.Errorf("opcsign: timestamp request: %w", err)
	}
	return der, nil
}

// timestampToken takes the token out of an authority's reply, or says why it gave none. With a nonce, the reply must be
// to the request that had it.
func timestampToken(reply []byte, nonce *big.Int) ([]byte, error) {
	var resp struct {
		Status struct {
			Status int
			Text   []asn1.RawValue `asn1:"optional"`
			Fail   asn1.BitString  `asn1:"optional"`
		}
		Token asn1.RawValue `asn1:"optional"`
	}
	fail := func(err error) ([]byte, error) { return nil, fmt.Errorf("opcsign: timestamp reply: %w", err) }
	if len(reply) > maxToken {
		return fail(fmt.Errorf("it is larger than %d KiB", maxToken>>10))
	}
	if rest, err := asn1.Unmarshal(reply, &resp); err != nil || len(rest) > 0 {
		return fail(fmt.Errorf("it is not one of RFC 3161 (%v)", err))
	}
	if resp.Status.Status > 1 || len(resp.Token.FullBytes) == 0 {
		text := ""
		for _, s := range resp.Status.Text {
			text += fmt.Sprintf(": %q", s.Bytes)
		}
		return fail(fmt.Errorf("the authority refused (status %d)%s", resp.Status.Status, text))
	}
	t, err := parseToken(resp.Token.FullBytes)
	if err != nil {
		return fail(err)
	}
	if nonce != nil && (t.nonce == nil || t.nonce.Cmp(nonce) != 0) {
		return fail(errors.New("it answers another request: the nonce differs"))
	}
	return resp.Token.FullBytes, nil
}
