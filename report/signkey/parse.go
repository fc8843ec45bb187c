package signkey

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

var (
	errEncrypted = errors.New("the private key in it is encrypted as PEM, which is not read: make PKCS#12 of it (openssl pkcs12 -export -inkey KEY -in CERTIFICATE -out FILE.p12) and name its password")
	errTwoKeys   = errors.New("it holds more than one private key: leave the one to sign with")
	errBroken    = errors.New("the private key in it cannot be read: it is damaged, or of an unknown kind")
	errNoPEM     = errors.New("no PEM block in it can be read: it is damaged, or cut off")
)

func isPEM(data []byte) bool { return bytes.Contains(data, []byte("-----BEGIN ")) }

// readKey finds the one private key, and the certificates beside it.
func readKey(s Source, password string) (crypto.Signer, []*x509.Certificate, error) {
	if len(bytes.TrimSpace(s.Data)) == 0 {
		return nil, nil, errors.New("it is empty; want a private key")
	}
	if !isPEM(s.Data) {
		return readPKCS12(s.Data, password)
	}
	key, certs, err := readPEM(s.Data)
	if err == nil && key == nil {
		err = errors.New("it holds no private key; name the file that does")
	}
	return key, certs, err
}

// readCertificates reads a source that others may read: a private key must not lie there.
func readCertificates(data []byte) ([]*x509.Certificate, error) {
	if !isPEM(data) {
		certs, err := x509.ParseCertificates(data)
		if err != nil || len(certs) == 0 {
			return nil, errors.New("it is no certificate; want PEM (-----BEGIN CERTIFICATE-----) or DER")
		}
		return certs, nil
	}
	key, certs, err := readPEM(data)
	switch {
	case key != nil || errors.Is(err, errEncrypted):
		return nil, errors.New("a private key lies beside the certificate: keep it in a file of its own, which only its owner can read")
	case err == nil && len(certs) == 0:
		err = errors.New("it holds no certificate")
	}
	return certs, err
}

// readPEM reads every block of a PEM file. Blocks of other kinds are passed over, but for those that show a mistake.
func readPEM(data []byte) (key crypto.Signer, certs []*x509.Certificate, err error) {
	blocks := 0
	for {
		var b *pem.Block
		if b, data = pem.Decode(data); b == nil {
			break
		}
		blocks++
		switch {
		case b.Type == "CERTIFICATE":
			c, err := x509.ParseCertificate(b.Bytes)
			if err != nil {
				return nil, nil, fmt.Errorf("a certificate in it cannot be read (%w): ask whoever issued it for another copy", err)
			}
			certs = append(certs, c)
		case strings.HasSuffix(b.Type, "PRIVATE KEY"):
			if key != nil {
				return nil, nil, errTwoKeys
			}
			if key, err = pemKey(b); err != nil {
				return nil, nil, err
			}
		case strings.HasSuffix(b.Type, "CERTIFICATE REQUEST"):
			return nil, nil, errors.New("it is a request for a certificate: send it to your authority, and name here the certificate that comes back")
		case b.Type == "PKCS7":
			return nil, nil, errors.New("it is PKCS#7, which is not read: openssl pkcs7 -print_certs -in FILE -out FILE.crt makes PEM of it")
		}
	}
	if blocks == 0 {
		return nil, nil, errNoPEM
	}
	return key, certs, nil
}

// pemKey reads a private key. The standard library's reasons are left out: they speak of functions, not of files.
func pemKey(b *pem.Block) (crypto.Signer, error) {
	if b.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(b.Headers["Proc-Type"], "ENCRYPTED") {
		return nil, errEncrypted
	}
	var key any
	var err error
	switch b.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(b.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(b.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(b.Bytes)
	default:
		return nil, fmt.Errorf("it holds a private key of an unknown kind (%.40q): want PKCS#8, PKCS#1 or SEC 1", b.Type)
	}
	return asSigner(key, err)
}

func asSigner(key any, err error) (crypto.Signer, error) {
	signer, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return nil, errBroken
	}
	return signer, nil
}
