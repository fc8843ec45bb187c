package opcsign

import (
	"crypto/x509"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode"
)

// State is how a check ended.
type State string

const (
	Holds      State = "holds"
	Weak       State = "weak"        // holds, by means that are no longer trusted, such as SHA-1
	Absent     State = "absent"      // there is nothing to check, and there need not be
	NotChecked State = "not checked" // what it takes was not given
	Fails      State = "fails"
)

// Aspect is what a check is about.
type Aspect string

const (
	AspectPackage       Aspect = "package"        // the ZIP file and its relationships can be read in one way only
	AspectSignature     Aspect = "signature"      // there is one, and it is laid out as ECMA-376 Part 2 demands
	AspectValue         Aspect = "value"          // the signature value fits SignedInfo and the certificate's key
	AspectObjects       Aspect = "signed objects" // what SignedInfo names is unchanged: manifest, comments, time, properties
	AspectParts         Aspect = "parts"
	AspectRelationships Aspect = "relationships"
	AspectTypes         Aspect = "content types"
	AspectCoverage      Aspect = "coverage"    // nothing is in the package that is not signed
	AspectCertificate   Aspect = "certificate" // the signature names this certificate
	AspectValidity      Aspect = "validity"    // the certificate was valid at the time of signing
	AspectTrust         Aspect = "trust"       // the certificate is one that was given, or from an authority that was given
	AspectTimestamp     Aspect = "timestamp"
	AspectAuthority     Aspect = "timestamp authority" // its certificate is from an authority that was given
)

// Check is the outcome of one check: one line for whoever prints it.
type Check struct {
	Aspect Aspect
	State  State
	Part   string // the part it is about, such as "/xl/worksheets/sheet1.xml"; may be empty
	Detail string // in words
}

// String is the check as one line.
func (c Check) String() string {
	part := ""
	if c.Part != "" {
		part = c.Part + ": "
	}
	return fmt.Sprintf("%s: %s: %s%s", c.Aspect, c.State, part, c.Detail)
}

// Report is all that Verify found, in the order of the checks.
type Report struct {
	Checks     []Check // of the package as a whole
	Signatures []SignatureReport
}

// SignatureReport is what one signature says and whether it holds. What it says is to be believed only if it holds.
type SignatureReport struct {
	Part        string // the signature's own part
	Signer      *x509.Certificate
	Method      string    // as in "RSA with SHA-256"
	Time        time.Time // of signing, as the signer states it
	Comments    string
	TimestampAt time.Time // as a timestamp authority that is trusted states it; zero: none does
	Checks      []Check

	failures map[Aspect]int
}

// All are all checks, the package's first.
func (r *Report) All() iter.Seq[Check] {
	return func(yield func(Check) bool) {
		for _, c := range r.Checks {
			if !yield(c) {
				return
			}
		}
		for _, s := range r.Signatures {
			for _, c := range s.Checks {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// Intact tells that nothing was changed since it was signed, by whomever: there is a signature and no check fails. Who
// signed may not have been checked; anybody can sign a changed package anew.
func (r *Report) Intact() bool {
	if len(r.Signatures) == 0 {
		return false
	}
	for c := range r.All() {
		if c.State == Fails {
			return false
		}
	}
	return true
}

// OK tells that all checks hold: the package is Intact and every signature is by a certificate that was given, or from an
// authority that was given. A timestamp is part of it only in that it must not be wrong.
func (r *Report) OK() bool {
	for _, s := range r.Signatures {
		if !slices.ContainsFunc(s.Checks, func(c Check) bool { return c.Aspect == AspectTrust && c.State == Holds }) {
			return false
		}
	}
	return r.Intact()
}

// maxFailures is how many failures of one aspect a report lists; a package may have been given a million.
const maxFailures = 200

// add notes a check.
func (s *SignatureReport) add(a Aspect, state State, part, format string, args ...any) {
	if state == Fails {
		if s.failures == nil {
			s.failures = map[Aspect]int{}
		}
		if s.failures[a]++; s.failures[a] > maxFailures {
			return
		}
		if s.failures[a] == maxFailures {
			part, format, args = "", "there are more than %d failures; the others are not listed", []any{maxFailures - 1}
		}
	}
	s.Checks = append(s.Checks, newCheck(a, state, part, fmt.Sprintf(format, args...)))
}

// newCheck leaves nothing in a check that could steer a terminal: names and texts come from packages that nobody trusts.
func newCheck(a Aspect, state State, part, detail string) Check {
	printable := func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}
	return Check{a, state, strings.Map(printable, part), strings.Map(printable, detail)}
}

// failed tells whether an aspect has failed already.
func (s *SignatureReport) failed(a Aspect) bool { return s.failures[a] > 0 }
