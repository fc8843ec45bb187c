package opcsign

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// Timestamp tokens: CMS signed data (RFC 5652) around a TSTInfo (RFC 3161 §2.4.2).

// maxToken bounds a token; genuine ones have some thousand bytes.
const maxToken = 256 << 10

var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCert   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12} // RFC 2634
	oidSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47} // RFC 5035
)

var oidHashes = map[string]crypto.Hash{
	"1.3.14.3.2.26": crypto.SHA1, "2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384, "2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

// oidSignatures are signature algorithms with their hash; 0: the digest algorithm says it.
var oidSignatures = map[string]crypto.Hash{
	"1.2.840.113549.1.1.1": 0, "1.2.840.10045.2.1": 0,
	"1.2.840.113549.1.1.5": crypto.SHA1, "1.2.840.113549.1.1.11": crypto.SHA256,
	"1.2.840.113549.1.1.12": crypto.SHA384, "1.2.840.113549.1.1.13": crypto.SHA512,
	"1.2.840.10045.4.1": crypto.SHA1, "1.2.840.10045.4.3.2": crypto.SHA256,
	"1.2.840.10045.4.3.3": crypto.SHA384, "1.2.840.10045.4.3.4": crypto.SHA512,
}

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content signedData `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version    int
	Algorithms []pkix.AlgorithmIdentifier `asn1:"set"`
	Content    struct {
		Type  asn1.ObjectIdentifier
		Bytes []byte `asn1:"explicit,optional,tag:0"`
	}
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	CRLs         asn1.RawValue `asn1:"optional,tag:1"`
	Signers      []signerInfo  `asn1:"set"`
}

type signerInfo struct {
	Version   int
	ID        asn1.RawValue
	Digest    pkix.AlgorithmIdentifier
	Signed    asn1.RawValue `asn1:"optional,tag:0"`
	Algorithm pkix.AlgorithmIdentifier
	Value     []byte
	Unsigned  asn1.RawValue `asn1:"optional,tag:1"`
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

type messageImprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Hashed    []byte
}

type tstInfo struct {
	Version  int
	Policy   asn1.ObjectIdentifier
	Imprint  messageImprint
	Serial   *big.Int
	Time     time.Time `asn1:"generalized"`
	Accuracy struct {
		Seconds int `asn1:"optional"`
		Millis  int `asn1:"optional,tag:0"`
		Micros  int `asn1:"optional,tag:1"`
	} `asn1:"optional"`
	Ordering   bool          `asn1:"optional"`
	Nonce      *big.Int      `asn1:"optional"`
	Authority  asn1.RawValue `asn1:"optional,explicit,tag:0"`
	Extensions asn1.RawValue `asn1:"optional,tag:1"`
}

// token is a timestamp whose signature its certificate confirms.
type token struct {
	time    time.Time
	hash    crypto.Hash // of the imprint
	imprint []byte
	nonce   *big.Int
	signer  *x509.Certificate
	others  []*x509.Certificate
	weak    bool // SHA-1 in the imprint or the signature
}

// parseToken reads a token and checks its signature. Whether its authority is trusted is another question.
func parseToken(raw []byte) (*token, error) {
	if len(raw) > maxToken {
		return nil, fmt.Errorf("it is larger than %d KiB", maxToken>>10)
	}
	der, err := derOf(raw)
	var ci contentInfo
	if err == nil {
		_, err = asn1.Unmarshal(der, &ci)
	}
	if err != nil {
		return nil, fmt.Errorf("it is not a timestamp token (%w)", err)
	}
	sd := &ci.Content
	if !ci.Type.Equal(oidSignedData) || !sd.Content.Type.Equal(oidTSTInfo) || len(sd.Signers) != 1 {
		return nil, errors.New("it is not a timestamp with one signer")
	}
	var info tstInfo
	if rest, err := asn1.Unmarshal(sd.Content.Bytes, &info); err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("what it states cannot be read (%v)", err)
	}
	t := &token{time: info.Time.UTC(), hash: oidHashes[info.Imprint.Algorithm.Algorithm.String()], imprint: info.Imprint.Hashed, nonce: info.Nonce}
	if t.hash == 0 {
		return nil, fmt.Errorf("its imprint uses the unknown hash %v", info.Imprint.Algorithm.Algorithm)
	}
	t.weak = t.hash == crypto.SHA1
	return t, t.checkSigner(sd)
}

// checkSigner finds the signer's certificate in the token and checks the signed attributes (RFC 5652 §5.4, RFC 3161 §2.4.2).
func (t *token) checkSigner(sd *signedData) error {
	si := &sd.Signers[0]
	for rest := sd.Certificates.Bytes; len(rest) > 0; {
		var raw asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &raw); err != nil {
			return fmt.Errorf("its certificates cannot be read (%w)", err)
		}
		c, err := x509.ParseCertificate(raw.FullBytes)
		if err != nil || oversized(c) {
			continue // one that is not the signer's does not matter
		}
		if t.signer == nil && si.names(c) {
			t.signer = c
		} else {
			t.others = append(t.others, c)
		}
	}
	if t.signer == nil {
		return errors.New("it does not have its authority's certificate: ask for one with the certificate")
	}
	digest := oidHashes[si.Digest.Algorithm.String()]
	method, known := oidSignatures[si.Algorithm.Algorithm.String()]
	if method == 0 {
		method = digest
	}
	if !known || digest == 0 {
		return fmt.Errorf("it is signed by an unknown method (%v with %v)", si.Algorithm.Algorithm, si.Digest.Algorithm)
	}
	t.weak = t.weak || digest == crypto.SHA1 || method == crypto.SHA1
	if len(si.Signed.FullBytes) == 0 {
		return errors.New("its signature covers no attributes, which RFC 3161 demands")
	}
	signed := slices.Clone(si.Signed.FullBytes)
	signed[0] = 0x31 // the SET that was signed, in place of the tag it is sent with
	if err := t.checkAttributes(signed, hashOf(digest, sd.Content.Bytes)); err != nil {
		return err
	}
	return t.checkValue(hashOf(method, signed), method, si.Value)
}

func (si *signerInfo) names(c *x509.Certificate) bool {
	if si.ID.Class == asn1.ClassContextSpecific {
		return si.ID.Tag == 0 && len(c.SubjectKeyId) > 0 && bytes.Equal(si.ID.Bytes, c.SubjectKeyId)
	}
	var id struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	_, err := asn1.Unmarshal(si.ID.FullBytes, &id)
	return err == nil && bytes.Equal(id.Issuer.FullBytes, c.RawIssuer) && id.Serial.Cmp(c.SerialNumber) == 0
}

// checkAttributes: what is signed must be this content, a TSTInfo, by this certificate.
func (t *token) checkAttributes(signed, digest []byte) error {
	var attrs []attribute
	if rest, err := asn1.UnmarshalWithParams(signed, &attrs, "set"); err != nil || len(rest) > 0 {
		return fmt.Errorf("its signed attributes cannot be read (%v)", err)
	}
	var typed, digested, bound bool
	for _, a := range attrs {
		if len(a.Values) != 1 {
			continue
		}
		value := a.Values[0]
		switch {
		case a.Type.Equal(oidContentType):
			var oid asn1.ObjectIdentifier
			_, err := asn1.Unmarshal(value.FullBytes, &oid)
			typed = err == nil && oid.Equal(oidTSTInfo)
		case a.Type.Equal(oidMessageDigest):
			digested = value.Tag == asn1.TagOctetString && bytes.Equal(value.Bytes, digest)
		case a.Type.Equal(oidSigningCert) || a.Type.Equal(oidSigningCertV2):
			bound = bindsCertificate(value.FullBytes, a.Type.Equal(oidSigningCertV2), t.signer)
		}
	}
	if !typed || !digested {
		return errors.New("its signature is over another content")
	}
	if !bound {
		return errors.New("its signature names another certificate")
	}
	return nil
}

// bindsCertificate reads ESSCertID (RFC 2634 §5.4) or ESSCertIDv2 (RFC 5035 §4); the first is the signer's.
func bindsCertificate(der []byte, v2 bool, c *x509.Certificate) bool {
	var list struct {
		Certs    []asn1.RawValue
		Policies asn1.RawValue `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(der, &list); err != nil || len(list.Certs) == 0 {
		return false
	}
	h, rest := crypto.SHA1, list.Certs[0].Bytes
	if v2 {
		h = crypto.SHA256
		var algorithm pkix.AlgorithmIdentifier
		if after, err := asn1.Unmarshal(rest, &algorithm); err == nil {
			h, rest = oidHashes[algorithm.Algorithm.String()], after
		}
	}
	var hash []byte
	_, err := asn1.Unmarshal(rest, &hash)
	return err == nil && h != 0 && bytes.Equal(hash, hashOf(h, c.Raw))
}

func (t *token) checkValue(digest []byte, h crypto.Hash, value []byte) error {
	ok := false
	switch key := t.signer.PublicKey.(type) {
	case *rsa.PublicKey:
		ok = rsa.VerifyPKCS1v15(key, h, digest, value) == nil
	case *ecdsa.PublicKey:
		ok = ecdsa.VerifyASN1(key, digest, value)
	}
	if !ok {
		return errors.New("its signature does not fit its certificate")
	}
	if t.time.Before(t.signer.NotBefore) || t.time.After(t.signer.NotAfter) {
		return errors.New("its authority's certificate was not valid at its time")
	}
	if !slices.Contains(t.signer.ExtKeyUsage, x509.ExtKeyUsageTimeStamping) {
		return errors.New("its certificate is not for timestamps")
	}
	return nil
}
