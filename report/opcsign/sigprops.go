package opcsign

import (
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"
	"time"
)

// parseProperties reads XAdES: [MS-OFFCRYPTO] 2.5.2.6, ETSI TS 101 903 §7.2.
func (s *signature) parseProperties(el *element) {
	props := el.only(nsXades, "SignedSignatureProperties")
	if t := props.only(nsXades, "SigningTime"); t != nil {
		s.time = parseTime(t.textOf())
	}
	if s.signingCert = props.only(nsXades, "SigningCertificate"); s.signingCert == nil {
		s.signingCert = props.only(nsXades, "SigningCertificateV2")
	}
	s.unsigned = el.parent.path(nsXades, "UnsignedProperties", "UnsignedSignatureProperties")
}

func (s *signature) parseKeyInfo(info *element) {
	const maxCerts = 16
	for _, d := range info.elements(nsDsig, "X509Data") {
		for _, c := range d.elements(nsDsig, "X509Certificate") {
			der, err := base64Of(c)
			if err != nil {
				continue
			}
			if cert, err := x509.ParseCertificate(der); err == nil && len(s.certs) < maxCerts && !oversized(cert) {
				s.certs = append(s.certs, cert)
			}
		}
	}
}

// algorithm is the Algorithm attribute; empty when the element is missing.
func (el *element) algorithm() string {
	if el == nil {
		return ""
	}
	return el.attr("Algorithm")
}

func parseTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

func base64Of(el *element) ([]byte, error) {
	text := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n", r) {
			return -1
		}
		return r
	}, el.textOf())
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(b) == 0 {
		return nil, refuse("", "a value of the signature is missing or not base64")
	}
	return slices.Clip(b), nil
}
