package signkey

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"

	"software.sslmate.com/src/go-pkcs12"
)

// readPKCS12 reads a .p12 or .pfx file.
func readPKCS12(data []byte, password string) (crypto.Signer, []*x509.Certificate, error) {
	if !bearable(data, 0) {
		return nil, nil, fmt.Errorf("it asks for more than %d rounds to try a password: export it anew with fewer", maxRounds)
	}
	key, leaf, chain, err := pkcs12.DecodeChain(data, password)
	if err != nil {
		return nil, nil, pkcs12Error(err, password)
	}
	signer, err := asSigner(key, nil)
	return signer, append([]*x509.Certificate{leaf}, chain...), err
}

// pkcs12Error says what to do about the file, in words that hold nothing of it.
func pkcs12Error(err error, password string) error {
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword) || errors.Is(err, pkcs12.ErrDecryption):
		if password == "" {
			return errors.New("it needs a password: name where that is kept")
		}
		return errors.New("the password does not open it")
	case errors.As(err, new(pkcs12.NotImplementedError)):
		return errors.New("it is encrypted or laid out in a way that is not read here: export it anew, with AES-256 and SHA-256 (what openssl 3 does by itself)")
	}
	return errors.New("it is neither a PEM file nor a PKCS#12 file with one key and its certificate, or it is damaged")
}

// maxRounds bounds what a file may make us work before its password is known to be right. Those who make such files ask
// for 2,000 to 1,000,000.
const maxRounds = 2_000_000

// maxDepth is more than the levels of a file in which a count can stand.
const maxDepth = 32

// bearable looks for counts of rounds before anything is computed. In every structure that has one (PKCS#12's MacData and
// PBE parameters, PBKDF2's) it is the number after the salt, an OCTET STRING; and what is nested is looked into, sequences
// in octet strings too. What is no DER is left for the reader proper to refuse.
func bearable(der []byte, depth int) bool {
	if depth > maxDepth {
		return false
	}
	salted := false
	for len(der) > 0 {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(der, &v)
		if err != nil {
			return true
		}
		der = rest
		if salted && v.Class == asn1.ClassUniversal && v.Tag == asn1.TagInteger {
			var n int64
			if _, err := asn1.Unmarshal(v.FullBytes, &n); err != nil || n > maxRounds {
				return false
			}
		}
		salted = v.Class == asn1.ClassUniversal && v.Tag == asn1.TagOctetString
		if (v.IsCompound || salted && isSequence(v.Bytes)) && !bearable(v.Bytes, depth+1) {
			return false
		}
	}
	return true
}

// isSequence tells a nested structure from what is encrypted, which may begin like one by chance.
func isSequence(der []byte) bool {
	var v asn1.RawValue
	rest, err := asn1.Unmarshal(der, &v)
	return err == nil && len(rest) == 0 && v.IsCompound && v.Class == asn1.ClassUniversal && v.Tag == asn1.TagSequence
}
