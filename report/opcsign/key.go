package opcsign

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf16"
)

// Options say who signs, when and what for.
type Options struct {
	// Signer holds the private key: RSA of 2048 bits or more, or ECDSA on P-256 or P-384. It may live in a token or a
	// key service.
	Signer crypto.Signer
	// Certificate is the signer's; only it is put into the package.
	Certificate *x509.Certificate
	// Time is when it is signed, kept to the second.
	Time time.Time
	// Comments are the purpose that viewers show; up to 255 characters.
	Comments string
	// Rand is handed to the Signer. It may be nil: the keys of the standard library then sign deterministically (RFC 6979).
	Rand io.Reader
	// Timestamp asks an authority (RFC 3161) for a token over the imprint, with the authority's certificate in it.
	// Nil: no timestamp. When it fails, the package is signed without, and Result says why.
	Timestamp func(ctx context.Context, imprint []byte, hash crypto.Hash) (token []byte, err error)
	// Digests are the SHA-256 sums of parts, by ZIP name, from a writer that has hashed them; the others are read.
	Digests map[string]Digest
	// Replace takes away the signatures a package has; without it a signed package is refused.
	Replace bool
	// Limits bound what reading the package may cost.
	Limits Limits
}

// usable gives the signature method for a key that may sign at that time with that certificate.
func (o *Options) usable() (string, error) {
	if o.Signer == nil || o.Certificate == nil {
		return "", errors.New("a signer and its certificate are needed")
	}
	if o.Time.IsZero() || o.Time.Year() < 1 || o.Time.Year() > 9999 {
		return "", errors.New("the time of signing is needed")
	}
	if n := len(utf16.Encode([]rune(o.Comments))); n > 255 {
		return "", fmt.Errorf("the comments have %d characters; Office keeps 255: shorten them", n)
	}
	for _, r := range o.Comments {
		if r < ' ' || r == 0xfffd || r == 0xfffe || r == 0xffff {
			return "", fmt.Errorf("the comments have the character %U, which XML cannot hold or viewers cannot show: leave it out", r)
		}
	}
	method, err := methodFor(o.Signer.Public())
	if err != nil {
		return "", err
	}
	return method, o.certificateFits()
}

func methodFor(public crypto.PublicKey) (string, error) {
	switch key := public.(type) {
	case *rsa.PublicKey:
		if n := key.N.BitLen(); n < 2048 {
			return "", fmt.Errorf("the RSA key has %d bits: make one of at least 2048", n)
		}
		return rsaSHA256, nil
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			return ecdsaSHA256, nil
		case elliptic.P384():
			return ecdsaSHA384, nil
		}
		return "", fmt.Errorf("the ECDSA key is on %s: use P-256 or P-384", key.Curve.Params().Name)
	}
	return "", fmt.Errorf("a key of the type %T cannot sign packages: use RSA, or ECDSA on P-256 or P-384", public)
}

func (o *Options) certificateFits() error {
	c, name := o.Certificate, o.Certificate.Subject.String()
	if pub, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok || !pub.Equal(o.Signer.Public()) {
		return fmt.Errorf("the certificate of %q is not that of the signing key: give the two that belong together", name)
	}
	at := o.Time.UTC().Truncate(time.Second)
	if at.After(c.NotAfter) {
		return fmt.Errorf("the certificate of %q expired on %s: renew it", name, c.NotAfter.UTC().Format(time.RFC3339))
	}
	if at.Before(c.NotBefore) {
		return fmt.Errorf("the certificate of %q is valid only from %s on: sign with one that is valid at %s, or check the clock",
			name, c.NotBefore.UTC().Format(time.RFC3339), at.Format(time.RFC3339))
	}
	if !maySign(c) {
		return fmt.Errorf("the certificate of %q is not for signing: it needs the key usage digitalSignature or nonRepudiation", name)
	}
	return nil
}

// maySign tells whether the key usage lets a certificate sign documents (RFC 5280 §4.2.1.3); without one, all is allowed.
func maySign(c *x509.Certificate) bool {
	return c.KeyUsage == 0 || c.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) != 0
}

// sign gives a signature value as XML-DSig writes it, checked: a token or key service that holds another key is found out here.
func (o *Options) sign(method string, signed []byte) ([]byte, error) {
	m := signatureMethods[method]
	value, err := o.Signer.Sign(o.Rand, hashOf(m.hash, signed), m.hash)
	if err != nil {
		return nil, fmt.Errorf("the signing key: %w", err)
	}
	if key, ok := o.Signer.Public().(*ecdsa.PublicKey); ok {
		if value, err = fixedWidth(value, key); err != nil {
			return nil, err
		}
	}
	if err := m.verify(o.Certificate.PublicKey, signed, value); err != nil {
		return nil, fmt.Errorf("the signing key made a signature that the certificate does not confirm (%w): check which key it uses", err)
	}
	return value, nil
}
