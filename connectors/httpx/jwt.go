package httpx

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"time"
)

// signer signs assertions: JSON Web Tokens in the compact form (RFC 7515, RFC 7519), by the algorithms of RFC 7518 that the
// vendors take. golang.org/x/oauth2/jws has no header for a certificate, and RS256 alone.
type signer struct {
	key    crypto.Signer
	alg    string
	header map[string]string
}

// newSigner chooses the algorithm where none is named.
func newSigner(key crypto.Signer, cert *x509.Certificate, id, alg string) (*signer, error) {
	_, isRSA := key.(*rsa.PrivateKey)
	switch {
	case alg != "":
	case !isRSA:
		alg = "ES256"
	case cert != nil:
		alg = "PS256"
	default:
		alg = "RS256"
	}
	if want := map[string]bool{"RS256": true, "PS256": true, "ES256": false}; func() bool { rsaKey, ok := want[alg]; return !ok || rsaKey != isRSA }() {
		return nil, fmt.Errorf("algorithm %q does not go with this key; want RS256 or PS256 of an RSA key, ES256 of an EC one", alg)
	}
	if cert != nil {
		if pub, ok := cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok || !pub.Equal(key.Public()) {
			return nil, errors.New("the certificate is of another key")
		}
	}
	s := &signer{key: key, alg: alg, header: map[string]string{"alg": alg, "typ": "JWT"}}
	if id != "" {
		s.header["kid"] = id
	}
	if cert != nil {
		sum := sha256.Sum256(cert.Raw)
		s.header["x5t#S256"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return s, nil
}

// assertionLife is how long an assertion is good for: long enough for clocks that differ, and no longer than all vendors
// take (Okta and Google one hour, Salesforce three minutes).
const assertionLife = 3 * time.Minute

// sign makes an assertion of the claims, with times and an id of its own.
func (s *signer) sign(claims map[string]any, now time.Time) (string, error) {
	id := make([]byte, 16)
	rand.Read(id) // never fails
	claims = maps.Clone(claims)
	claims["iat"], claims["exp"], claims["jti"] = now.Unix(), now.Add(assertionLife).Unix(), hex.EncodeToString(id)
	header, err := json.Marshal(s.header)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(body)
	sig, err := s.signature(sha256.Sum256([]byte(text)))
	if err != nil {
		return "", err
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig), nil
}

func (s *signer) signature(sum [32]byte) ([]byte, error) {
	switch s.alg {
	case "PS256":
		return s.key.Sign(rand.Reader, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	case "ES256": // RFC 7518 §3.4: both numbers, 32 bytes each
		der, err := s.key.Sign(rand.Reader, sum[:], crypto.SHA256)
		if err != nil {
			return nil, err
		}
		var n struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(der, &n); err != nil {
			return nil, err
		}
		out := make([]byte, 64)
		n.R.FillBytes(out[:32])
		n.S.FillBytes(out[32:])
		return out, nil
	}
	return s.key.Sign(rand.Reader, sum[:], crypto.SHA256)
}

// parseKey finds a private key in PEM, and the certificate beside it, if any. No error shows what was read.
func parseKey(text []byte) (crypto.Signer, *x509.Certificate, error) {
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, nil, errors.New("no private key in PEM (\"-----BEGIN PRIVATE KEY-----\") in it")
		}
		var key any
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		case "ENCRYPTED PRIVATE KEY":
			return nil, nil, errors.New("the key is encrypted: keep it decrypted where the reference points to")
		default:
			continue
		}
		if err != nil {
			return nil, nil, errors.New("the key in PEM cannot be read: it is damaged, or of a kind that is not known")
		}
		switch k := key.(type) {
		case *rsa.PrivateKey:
			return k, firstCertificate(text), nil
		case *ecdsa.PrivateKey:
			if k.Curve == elliptic.P256() {
				return k, firstCertificate(text), nil
			}
		}
		return nil, nil, errors.New("want an RSA key, or an EC key on P-256")
	}
}

func firstCertificate(text []byte) *x509.Certificate {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return nil
		}
		if block.Type == "CERTIFICATE" {
			if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
				return cert
			}
		}
	}
}
