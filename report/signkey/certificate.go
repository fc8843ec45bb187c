package signkey

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"strings"
	"time"
)

// Fingerprint is the SHA-256 of the certificate as people compare it: capital hexadecimal, in pairs.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}

// ValidAt refuses a certificate that is not yet, or no longer, valid at a moment: what is signed with it would not be
// believed.
func ValidAt(c *x509.Certificate, now time.Time) error {
	switch {
	case now.Before(c.NotBefore):
		return fmt.Errorf("the certificate (%q) is valid only from %s on, and it is %s: wait, or see whether this machine's clock is right", c.Subject.String(), moment(c.NotBefore), moment(now))
	case now.After(c.NotAfter):
		return fmt.Errorf("the certificate (%q) expired on %s: nothing can be signed with it any more; make or ask for a new one", c.Subject.String(), moment(c.NotAfter))
	}
	return nil
}

// DaysLeft is how many whole days a certificate is still valid; negative once it has expired.
func DaysLeft(c *x509.Certificate, now time.Time) int {
	left := c.NotAfter.Sub(now)
	if left < 0 {
		return -1 - int(-left/(24*time.Hour))
	}
	return int(left / (24 * time.Hour))
}

// SelfIssued says whether a certificate names itself as its issuer: nobody vouches for it but its owner.
func SelfIssued(c *x509.Certificate) bool { return string(c.RawSubject) == string(c.RawIssuer) }

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
