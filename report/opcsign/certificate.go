package opcsign

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"time"
)

// leaf is the certificate of KeyInfo that XAdES names, or else its first. KeyInfo itself is not signed.
func (v *verifier) leaf() *x509.Certificate {
	for _, c := range v.sig.certs {
		if named, _ := v.sig.namesCertificate(c); named {
			return c
		}
	}
	if len(v.sig.certs) > 0 {
		return v.sig.certs[0]
	}
	return nil
}

// namesCertificate compares a certificate with the first of XAdES SigningCertificate, which is the signer's (ETSI TS 101 903 §7.2.2).
func (s *signature) namesCertificate(c *x509.Certificate) (named, weak bool) {
	certs := s.signingCert.elements(nsXades, "Cert")
	if len(certs) == 0 {
		return false, false
	}
	digest := certs[0].only(nsXades, "CertDigest")
	h, known := digestMethods[digest.only(nsDsig, "DigestMethod").algorithm()]
	value, err := base64Of(digest.only(nsDsig, "DigestValue"))
	if !known || err != nil || string(hashOf(h, c.Raw)) != string(value) {
		return false, false
	}
	serial := certs[0].path(nsXades, "IssuerSerial").only(nsDsig, "X509SerialNumber")
	return serial == nil || serial.textOf() == c.SerialNumber.String(), h == crypto.SHA1
}

// checkCertificate: the signature names it, it was valid, it is trusted.
func (v *verifier) checkCertificate(leaf *x509.Certificate) {
	r := v.report
	if leaf == nil {
		r.add(AspectCertificate, Fails, r.Part, "there is none that can be read")
		r.add(AspectTrust, Fails, "", "there is no certificate")
		return
	}
	name := leaf.Subject.String()
	named, weak := v.sig.namesCertificate(leaf)
	switch {
	case v.sig.signingCert == nil:
		r.add(AspectCertificate, Weak, r.Part, "%q; the signature has no XAdES properties that name its certificate, as before Office 2010", name)
	case !named:
		r.add(AspectCertificate, Fails, r.Part, "the signature names another certificate than that of %q, which it carries", name)
	default:
		r.add(AspectCertificate, holds(weak), r.Part, "%q%s", name, sha1Note(weak))
	}
	at, says := v.sig.time, "as the signer says"
	if !r.TimestampAt.IsZero() {
		at, says = r.TimestampAt, "as its timestamp proves"
	}
	v.checkValidity(leaf, at, says)
	v.checkTrust(leaf, at)
}

func (v *verifier) checkValidity(leaf *x509.Certificate, at time.Time, says string) {
	r, state, words := v.report, Holds, "valid at"
	if at.Before(leaf.NotBefore) || at.After(leaf.NotAfter) {
		state, words = Fails, "not valid at"
	} else if !maySign(leaf) {
		state, words = Fails, "not meant for signing, although valid at"
	}
	r.add(AspectValidity, state, "", "%s the time of signing, %s, %s (from %s to %s)", words, stamp(at), says, stamp(leaf.NotBefore), stamp(leaf.NotAfter))
}

func (v *verifier) checkTrust(leaf *x509.Certificate, at time.Time) {
	r := v.report
	if slices.ContainsFunc(v.o.Certificates, leaf.Equal) {
		r.add(AspectTrust, Holds, "", "%q is the certificate that was given", leaf.Subject)
		return
	}
	if v.o.Roots != nil {
		err := chain(leaf, v.sig.certs, v.o.Roots, at, x509.ExtKeyUsageAny)
		if err == nil {
			r.add(AspectTrust, Holds, "", "%q is from an authority that was given", leaf.Subject)
			return
		}
		r.add(AspectTrust, Fails, "", "%q is not from an authority that was given (%v)", leaf.Subject, err)
		return
	}
	if len(v.o.Certificates) > 0 {
		r.add(AspectTrust, Fails, "", "%q is not the certificate that was given: somebody else signed", leaf.Subject)
		return
	}
	r.add(AspectTrust, NotChecked, "", "no certificate and no authority was given to compare %q with", leaf.Subject)
}

func chain(leaf *x509.Certificate, others []*x509.Certificate, roots *x509.CertPool, at time.Time, usage x509.ExtKeyUsage) error {
	between := x509.NewCertPool()
	for _, c := range others {
		between.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{usage}})
	return err
}

// oversized tells of a certificate with a key made to keep its checker busy.
func oversized(c *x509.Certificate) bool {
	key, ok := c.PublicKey.(*rsa.PublicKey)
	return ok && key.N.BitLen() > 16384
}

func shortKey(c *x509.Certificate) bool {
	key, ok := c.PublicKey.(*rsa.PublicKey)
	return ok && key.N.BitLen() < 2048
}
