package opcsign

import (
	"context"
	"crypto"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"sync"
	"testing"
	"time"
)

// A timestamp authority for tests, with an error for each thing that a token must get right.

var tsaID = sync.OnceValue(func() identity {
	return newIdentity("Test TSA", fixedKey(elliptic.P256(), 4), func(c *x509.Certificate) {
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}
		c.IsCA, c.BasicConstraintsValid = true, true
	})
})

// tokenFaults plants one fault into a token.
type tokenFaults struct {
	content, digest, cert, value, noAttributes, usage bool
	at                                                time.Time
}

func newToken(imprint []byte, fault tokenFaults) []byte {
	sha256OID := asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	id := tsaID()
	if fault.usage {
		id = p256ID()
	}
	at := signedAt.Add(2 * time.Second)
	if !fault.at.IsZero() {
		at = fault.at
	}
	alg := pkix.AlgorithmIdentifier{Algorithm: sha256OID}
	info := must(asn1.Marshal(struct {
		Version int
		Policy  asn1.ObjectIdentifier
		Imprint messageImprint
		Serial  *big.Int
		Time    time.Time `asn1:"generalized"`
	}{1, asn1.ObjectIdentifier{1, 2, 3}, messageImprint{alg, imprint}, big.NewInt(7), at.UTC()}))
	attr := func(oid asn1.ObjectIdentifier, value any) attribute {
		return attribute{oid, []asn1.RawValue{{FullBytes: must(asn1.Marshal(value))}}}
	}
	contentType, digest, cert := oidTSTInfo, hashOf(crypto.SHA256, info), hashOf(crypto.SHA256, id.cert.Raw)
	if fault.content {
		contentType = oidSignedData
	}
	if fault.digest {
		digest = hashOf(crypto.SHA256, []byte("else"))
	}
	if fault.cert {
		cert = hashOf(crypto.SHA256, otherID().cert.Raw)
	}
	attrs := must(asn1.MarshalWithParams([]attribute{
		attr(oidContentType, contentType), attr(oidMessageDigest, digest),
		attr(oidSigningCertV2, struct{ Certs []struct{ Hash []byte } }{[]struct{ Hash []byte }{{cert}}}),
	}, "set"))
	value := must(id.key.Sign(nil, hashOf(crypto.SHA256, attrs), crypto.SHA256))
	if fault.value {
		value = must(otherID().key.Sign(nil, hashOf(crypto.SHA256, attrs), crypto.SHA256))
	}
	attrs[0] = 0xa0
	if fault.noAttributes {
		attrs = []byte{}
	}
	si := signerInfo{Version: 1, Digest: alg, Algorithm: pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}}, Value: value}
	si.ID.FullBytes = must(asn1.Marshal(struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}{asn1.RawValue{FullBytes: id.cert.RawIssuer}, id.cert.SerialNumber}))
	si.Signed.FullBytes = attrs
	ci := contentInfo{Type: oidSignedData}
	ci.Content.Version, ci.Content.Algorithms, ci.Content.Signers = 3, []pkix.AlgorithmIdentifier{alg}, []signerInfo{si}
	ci.Content.Content.Type, ci.Content.Content.Bytes = oidTSTInfo, info
	ci.Content.Certificates = asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: id.cert.Raw}
	return must(asn1.Marshal(ci))
}

func testAuthority(_ context.Context, imprint []byte, _ crypto.Hash) ([]byte, error) {
	return newToken(imprint, tokenFaults{}), nil
}

func TestTokenFaults(t *testing.T) {
	imprint := hashOf(crypto.SHA256, []byte("value"))
	if _, err := parseToken(newToken(imprint, tokenFaults{})); err != nil {
		t.Fatalf("a right token: %v", err)
	}
	for name, fault := range map[string]tokenFaults{
		"content type": {content: true}, "digest": {digest: true}, "certificate": {cert: true}, "signature": {value: true},
		"no attributes": {noAttributes: true}, "usage": {usage: true}, "expired": {at: signedAt.AddDate(9, 0, 0)},
	} {
		if _, err := parseToken(newToken(imprint, fault)); err == nil {
			t.Errorf("%s: the token is accepted", name)
		}
	}
	// One in BER, as some authorities send: the outer lengths left open.
	der := newToken(imprint, tokenFaults{})
	var outer asn1.RawValue
	must(asn1.Unmarshal(der, &outer))
	ber := append(append([]byte{0x30, 0x80}, outer.Bytes...), 0, 0)
	if _, err := parseToken(ber); err != nil {
		t.Errorf("a token in BER: %v", err)
	}
}

func TestTimestampMessages(t *testing.T) {
	imprint, nonce := hashOf(crypto.SHA256, []byte("value")), big.NewInt(99)
	req, err := timestampRequest(imprint, crypto.SHA256, nonce)
	if err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		Version int
		Imprint messageImprint
		Nonce   *big.Int
		CertReq bool
	}
	if rest, err := asn1.Unmarshal(req, &parsed); err != nil || len(rest) > 0 || !parsed.CertReq || parsed.Nonce.Cmp(nonce) != 0 || string(parsed.Imprint.Hashed) != string(imprint) {
		t.Errorf("the request reads back as %+v, %v", parsed, err)
	}
	token := newToken(imprint, tokenFaults{})
	type status struct{ Status int }
	reply := func(n int, token []byte) []byte {
		return must(asn1.Marshal(struct {
			Status status
			Token  asn1.RawValue `asn1:"optional"`
		}{status{n}, asn1.RawValue{FullBytes: token}}))
	}
	if got, err := timestampToken(reply(0, token), nil); err != nil || string(got) != string(token) {
		t.Errorf("granted: %v", err)
	}
	for name, f := range map[string]func() ([]byte, error){
		"refused":       func() ([]byte, error) { return timestampToken(reply(2, nil), nil) },
		"another nonce": func() ([]byte, error) { return timestampToken(reply(0, token), nonce) },
		"garbage":       func() ([]byte, error) { return timestampToken([]byte("no"), nil) },
		"SHA-1":         func() ([]byte, error) { return timestampRequest(make([]byte, 20), crypto.SHA1, nil) },
		"short":         func() ([]byte, error) { return timestampRequest(imprint[1:], crypto.SHA256, nil) },
	} {
		if _, err := f(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
