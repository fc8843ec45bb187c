package signkey

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
)

// Source is what a file, or whatever else keeps it, holds. The name is what errors call it.
type Source struct {
	Name string
	Data []byte
}

// maxSource is far more than any key with its chain needs.
const maxSource = 1 << 20

// Identity is a key with the certificate that names its owner.
type Identity struct {
	Key         crypto.Signer
	Certificate *x509.Certificate
	Chain       []*x509.Certificate // the other certificates that were given, in their order; usually those of authorities
}

// Read takes the key from one source (PEM: PKCS#8, PKCS#1 or SEC 1; or PKCS#12) and its certificate from the other (PEM or
// DER) or, when that one is the zero Source, from the same. Of several certificates the key's own is found by the key, wherever it
// stands. The password is that of PKCS#12; it may be empty.
//
// What Read returns can be signed with: the two belong together, the key is strong enough, and the certificate does not
// forbid signing. Whether it is valid at some moment is ValidAt's question.
func Read(key, certificate Source, password string) (*Identity, error) {
	for _, s := range []Source{key, certificate} {
		if len(s.Data) > maxSource {
			return nil, fmt.Errorf("%s: %d bytes are no key and no certificate: name another file", s.Name, len(s.Data))
		}
	}
	signer, certs, err := readKey(key, password)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key.Name, err)
	}
	if err := strong(signer.Public()); err != nil {
		return nil, fmt.Errorf("%s: %w", key.Name, err)
	}
	at := key.Name
	if certificate.Name != "" && !bytes.Equal(certificate.Data, key.Data) {
		more, err := readCertificates(certificate.Data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", certificate.Name, err)
		}
		certs, at = append(more, certs...), certificate.Name
	}
	id, err := join(signer, certs, key.Name)
	if err == nil {
		err = signs(id.Certificate)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	return id, nil
}

// join finds the key's certificate.
func join(signer crypto.Signer, certs []*x509.Certificate, keyName string) (*Identity, error) {
	if len(certs) == 0 {
		return nil, errors.New("there is a key and no certificate: name the file that holds the certificate too")
	}
	id := &Identity{Key: signer}
	for _, c := range certs {
		if id.Certificate == nil && same(signer.Public(), c.PublicKey) {
			id.Certificate = c
			continue
		}
		id.Chain = append(id.Chain, c)
	}
	if id.Certificate == nil {
		return nil, fmt.Errorf("the certificate (%q, SHA-256 %s) does not belong to the key in %s: name the key it was made for, or the certificate made for this key",
			certs[0].Subject.String(), Fingerprint(certs[0]), keyName)
	}
	id.Chain = without(id.Chain, id.Certificate)
	return id, nil
}

// without leaves out every copy of a certificate: a chain may hold the leaf as well.
func without(certs []*x509.Certificate, c *x509.Certificate) []*x509.Certificate {
	var rest []*x509.Certificate
	for _, o := range certs {
		if !o.Equal(c) {
			rest = append(rest, o)
		}
	}
	return rest
}

// signs refuses a certificate whose authority issued it for something else. One that says nothing of usage may be used.
func signs(c *x509.Certificate) error {
	if c.KeyUsage != 0 && c.KeyUsage&usage == 0 {
		return fmt.Errorf("the certificate (%q) is not for signing documents: its key usage has neither digitalSignature nor nonRepudiation; have one issued that has", c.Subject.String())
	}
	return nil
}
