package signkey

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Subject is whom a certificate names.
type Subject struct {
	Company string // required; stands as common name and as organisation
	Unit    string // optional
	Country string // optional: two letters, as in ISO 3166
}

// name checks a subject against the lengths that X.520 allows, since some readers refuse longer ones.
func (s Subject) name() (pkix.Name, error) {
	n := pkix.Name{CommonName: s.Company, Organization: []string{s.Company}}
	if err := nameText("company", s.Company); err != nil {
		return n, err
	}
	if s.Unit != "" {
		if err := nameText("unit", s.Unit); err != nil {
			return n, err
		}
		n.OrganizationalUnit = []string{s.Unit}
	}
	if s.Country != "" {
		if len(s.Country) != 2 || strings.Trim(s.Country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return n, fmt.Errorf("signkey: country %q: want two capital letters, such as DE or US", s.Country)
		}
		n.Country = []string{s.Country}
	}
	return n, nil
}

func nameText(what, s string) error {
	switch n := utf8.RuneCountInString(s); {
	case strings.TrimSpace(s) == "":
		return fmt.Errorf("signkey: the %s's name is empty: a certificate must say whose it is", what)
	case strings.TrimSpace(s) != s, !utf8.ValidString(s), strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Errorf("signkey: the %s's name %q has blanks around it or characters that cannot be printed", what, s)
	case n > 64:
		return fmt.Errorf("signkey: the %s's name has %d characters; certificates hold at most 64", what, n)
	}
	return nil
}

// usage is what the certificate is for: signing, and standing by what was signed. No extended usage is set, for that of
// document signing (RFC 9336) is younger than many a program that will check these signatures.
const usage = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment

// SelfSigned makes a certificate for a key, signed by the key itself. It is no authority: it can sign no other.
func SelfSigned(rand io.Reader, key crypto.Signer, s Subject, from, until time.Time) (*x509.Certificate, error) {
	name, err := s.name()
	if err != nil {
		return nil, err
	}
	if err := issuable(key); err != nil {
		return nil, err
	}
	if from, until = from.UTC().Truncate(time.Second), until.UTC().Truncate(time.Second); !until.After(from) {
		return nil, errors.New("signkey: the certificate would end before it begins")
	}
	serial, err := newSerial(rand)
	if err != nil {
		return nil, err
	}
	id, err := keyID(key.Public())
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: name, NotBefore: from, NotAfter: until,
		KeyUsage: usage, BasicConstraintsValid: true, SubjectKeyId: id}
	der, err := x509.CreateCertificate(rand, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("signkey: make the certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// Request makes a certificate signing request (PKCS#10, DER) for the company's own authority. It asks for the usage
// that SelfSigned sets; what the authority grants is its own decision, and Read checks it.
func Request(rand io.Reader, key crypto.Signer, s Subject) ([]byte, error) {
	name, err := s.name()
	if err != nil {
		return nil, err
	}
	if err := issuable(key); err != nil {
		return nil, err
	}
	bits, err := asn1.Marshal(asn1.BitString{Bytes: []byte{0xc0}, BitLength: 2}) // digitalSignature, contentCommitment
	if err != nil {
		return nil, err
	}
	template := &x509.CertificateRequest{Subject: name,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 15}, Critical: true, Value: bits}}}
	der, err := x509.CreateCertificateRequest(rand, template, key)
	if err != nil {
		return nil, fmt.Errorf("signkey: make the request: %w", err)
	}
	return der, nil
}

func issuable(key crypto.Signer) error {
	if err := strong(key.Public()); err != nil {
		return fmt.Errorf("signkey: %w", err)
	}
	return nil
}

// newSerial is a positive number of 127 random bits: certificates of one name are told apart by it.
func newSerial(rand io.Reader) (*big.Int, error) {
	b := make([]byte, 16)
	if _, err := io.ReadFull(rand, b); err != nil {
		return nil, fmt.Errorf("signkey: no randomness for the serial number: %w", err)
	}
	b[0] = b[0]&0x7f | 0x40
	return new(big.Int).SetBytes(b), nil
}

// keyID names a key by the first 160 bits of its SHA-256 (RFC 7093, method 1).
func keyID(pub crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, fmt.Errorf("signkey: %w", err)
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, fmt.Errorf("signkey: %w", err)
	}
	sum := sha256.Sum256(info.Key.Bytes)
	return sum[:20], nil
}

// EncodeKey is the key as PEM (PKCS#8, not encrypted).
func EncodeKey(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, errors.New("signkey: this key cannot be written out: it is of an unknown kind, or lives in a device")
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// EncodeCertificate is the certificate as PEM.
func EncodeCertificate(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// EncodeRequest is a request that Request made, as PEM.
func EncodeRequest(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
}
