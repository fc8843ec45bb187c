// Package signkey makes and reads the key and the certificate that reports are signed with.
//
// Bytes in, bytes out: it opens no file and asks no clock; moments and randomness are given to it. (Since Go 1.26 the
// standard library draws keys and signatures from the system's own generator whatever it is given; serial numbers come
// from the given one.) No error holds anything of a private key or a password.
package signkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
	"io"
	"strings"
)

// Type is a kind of key that this package makes.
type Type string

const (
	RSA2048   Type = "rsa2048"
	RSA3072   Type = "rsa3072" // the default: what every program that checks signatures in workbooks knows
	RSA4096   Type = "rsa4096"
	ECDSAP256 Type = "ecdsa-p256"
	ECDSAP384 Type = "ecdsa-p384"
)

// Types are all of them, the default first.
func Types() []Type { return []Type{RSA3072, RSA2048, RSA4096, ECDSAP256, ECDSAP384} }

// What a key must have to be accepted. The upper bound keeps a hostile key from taking minutes.
const (
	minRSA = 2048
	maxRSA = 8192
)

// Generate makes a key.
func Generate(rand io.Reader, t Type) (crypto.Signer, error) {
	switch t {
	case RSA2048:
		return rsa.GenerateKey(rand, 2048)
	case RSA3072:
		return rsa.GenerateKey(rand, 3072)
	case RSA4096:
		return rsa.GenerateKey(rand, 4096)
	case ECDSAP256:
		return ecdsa.GenerateKey(elliptic.P256(), rand)
	case ECDSAP384:
		return ecdsa.GenerateKey(elliptic.P384(), rand)
	}
	var known []string
	for _, t := range Types() {
		known = append(known, string(t))
	}
	return nil, fmt.Errorf("signkey: no kind of key is called %q; want one of %s", t, strings.Join(known, ", "))
}

// Describe names a public key's kind and size: "RSA 3072", "ECDSA P-256".
func Describe(pub crypto.PublicKey) string {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Curve.Params().Name
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", pub), "*")
}

// strong refuses a key that is too weak, or of a kind that those who check the signature may not know.
func strong(pub crypto.PublicKey) error {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < minRSA || n > maxRSA {
			return fmt.Errorf("the key is RSA with %d bits; want %d to %d (3072 is a good choice): make a new one", n, minRSA, maxRSA)
		}
		return nil
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() && k.Curve != elliptic.P384() {
			return fmt.Errorf("the key is %s; only the curves P-256 and P-384, and RSA, are signed with: make a new one", Describe(pub))
		}
		return nil
	}
	return fmt.Errorf("the key is of a kind (%s) that is not signed with; want RSA, or ECDSA on P-256 or P-384: make a new one", Describe(pub))
}

// same says whether two public keys are one.
func same(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}
