package opcsign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha1" // old Office signatures are verified, and labelled weak
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// Algorithm identifiers of XML-DSig, XML Encryption and RFC 4051/6931. SHA-1 is only for reading.
const (
	digestSHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"

	more        = "http://www.w3.org/2001/04/xmldsig-more#"
	rsaSHA256   = more + "rsa-sha256"
	ecdsaSHA256 = more + "ecdsa-sha256"
	ecdsaSHA384 = more + "ecdsa-sha384"
)

var digestMethods = map[string]crypto.Hash{
	nsDsig + "sha1": crypto.SHA1,
	digestSHA256:    crypto.SHA256,
	more + "sha384": crypto.SHA384,
	"http://www.w3.org/2001/04/xmlenc#sha512": crypto.SHA512,
}

type signatureMethod struct {
	hash  crypto.Hash
	ecdsa bool // else RSA, PKCS #1 v1.5
}

var signatureMethods = map[string]signatureMethod{
	nsDsig + "rsa-sha1":   {crypto.SHA1, false},
	rsaSHA256:             {crypto.SHA256, false},
	more + "rsa-sha384":   {crypto.SHA384, false},
	more + "rsa-sha512":   {crypto.SHA512, false},
	more + "ecdsa-sha1":   {crypto.SHA1, true},
	ecdsaSHA256:           {crypto.SHA256, true},
	ecdsaSHA384:           {crypto.SHA384, true},
	more + "ecdsa-sha512": {crypto.SHA512, true},
}

func (m signatureMethod) String() string {
	if m.ecdsa {
		return "ECDSA with " + m.hash.String()
	}
	return "RSA with " + m.hash.String()
}

func hashOf(h crypto.Hash, data []byte) []byte {
	w := h.New()
	w.Write(data)
	return w.Sum(nil)
}

// verify checks a signature value as XML-DSig writes it: for ECDSA r and s, each as wide as the curve (RFC 4051 §2.3.6).
func (m signatureMethod) verify(public crypto.PublicKey, signed, value []byte) error {
	digest := hashOf(m.hash, signed)
	switch key := public.(type) {
	case *rsa.PublicKey:
		if !m.ecdsa {
			return rsa.VerifyPKCS1v15(key, m.hash, digest, value)
		}
	case *ecdsa.PublicKey:
		if m.ecdsa {
			width := (key.Curve.Params().BitSize + 7) / 8
			if len(value) != 2*width {
				return fmt.Errorf("it is %d bytes long; r and s of this curve are %d", len(value), 2*width)
			}
			r, s := new(big.Int).SetBytes(value[:width]), new(big.Int).SetBytes(value[width:])
			if !ecdsa.Verify(key, digest, r, s) {
				return errors.New("it does not fit")
			}
			return nil
		}
	}
	return fmt.Errorf("the method is %s, the certificate's key is a %T", m, public)
}

// fixedWidth turns the DER that a crypto.Signer gives into the form of XML-DSig.
func fixedWidth(der []byte, key *ecdsa.PublicKey) ([]byte, error) {
	var sig struct{ R, S *big.Int }
	width := (key.Curve.Params().BitSize + 7) / 8
	rest, err := asn1.Unmarshal(der, &sig)
	if err != nil || len(rest) > 0 || sig.R.Sign() <= 0 || sig.S.Sign() <= 0 || sig.R.BitLen() > 8*width || sig.S.BitLen() > 8*width {
		return nil, errors.New("the signer did not return an ECDSA signature in DER, as crypto.Signer demands")
	}
	out := make([]byte, 2*width)
	sig.R.FillBytes(out[:width])
	sig.S.FillBytes(out[width:])
	return out, nil
}
