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
)

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
