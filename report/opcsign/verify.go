package opcsign

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
)

// VerifyOptions say whom to trust. All of it may be missing; the report then says what was not checked.
type VerifyOptions struct {
	// Certificates are signers that are trusted as they are.
	Certificates []*x509.Certificate
	// Roots are authorities whose certificates are trusted as signers.
	Roots *x509.CertPool
	// TimestampRoots are authorities of timestamps.
	TimestampRoots *x509.CertPool
	// Limits bound what reading the package may cost.
	Limits Limits
}

// Verify checks the signatures of a package. Whatever is wrong with the package is in the report; the error is the
// source's or the context's. It reads each part once and holds none of them in memory but what the signatures rest on.
func Verify(ctx context.Context, src io.ReaderAt, size int64, o VerifyOptions) (*Report, error) {
	report, err := verify(ctx, src, size, &o)
	if err != nil {
		return nil, fmt.Errorf("opcsign: verify: %w", err)
	}
	return report, nil
}

func verify(ctx context.Context, src io.ReaderAt, size int64, o *VerifyOptions) (*Report, error) {
	report := &Report{}
	p, err := open(src, size, o.Limits, false)
	if err == nil && len(p.sigs) > maxSignatures {
		err = refuse("", "it has %d signatures, more than the limit of %d", len(p.sigs), maxSignatures)
	}
	if err != nil {
		return report, report.refused(AspectPackage, err)
	}
	report.Checks = append(report.Checks, newCheck(AspectPackage, Holds, "", fmt.Sprintf("%d parts", len(p.parts))))
	if len(p.sigs) == 0 {
		detail := "the package is not signed"
		if t := p.traces(); len(t) > 0 {
			detail = "no relationship leads to a signature, although " + t[0] + " looks like one"
		}
		report.Checks = append(report.Checks, newCheck(AspectSignature, Fails, "", detail))
		return report, nil
	}
	parsed, err := p.parseSignatures(report)
	if err != nil {
		return nil, err
	}
	sums, err := p.sum(ctx, p.wanted(parsed))
	if err != nil {
		return nil, err
	}
	for i, s := range parsed {
		if s != nil {
			v := &verifier{pkg: p, sig: s, sums: sums, o: o, report: &report.Signatures[i]}
			v.run()
		}
	}
	return report, nil
}

const maxSignatures = 64

// parseSignatures reads the signature parts; one that cannot be read is nil, and the report says why.
func (p *opened) parseSignatures(report *Report) ([]*signature, error) {
	parsed := make([]*signature, len(p.sigs))
	for i, name := range p.sigs {
		q, _ := p.part(name)
		report.Signatures = append(report.Signatures, SignatureReport{Part: q.name})
		data, err := p.readXML(q.name, p.files[name])
		if err == nil {
			parsed[i], err = parseSignature(data)
		}
		if err := report.Signatures[i].refused(AspectSignature, at(q.name, err)); err != nil {
			return nil, err
		}
	}
	return parsed, nil
}

// refused notes a refusal as a check that fails; any other error is given back.
func (r *Report) refused(a Aspect, err error) error {
	var why *refusal
	if !errors.As(err, &why) {
		return err
	}
	r.Checks = append(r.Checks, newCheck(a, Fails, why.part, why.why))
	return nil
}

func (s *SignatureReport) refused(a Aspect, err error) error {
	var r Report
	err = r.refused(a, err)
	for _, c := range r.Checks {
		s.add(c.Aspect, c.State, c.Part, "%s", c.Detail)
	}
	return err
}

// wanted are the digests that the manifests need: of each part's bytes, once for each hash function.
func (p *opened) wanted(signatures []*signature) map[string][]crypto.Hash {
	want := map[string][]crypto.Hash{}
	for _, s := range signatures {
		if s == nil {
			continue
		}
		for _, m := range s.manifest {
			name := fold(m.part)
			if p.files[name] != nil && len(m.transforms) == 0 && !slices.Contains(want[name], m.digest.hash) {
				want[name] = append(want[name], m.digest.hash)
			}
		}
	}
	return want
}

// verifier checks one signature.
type verifier struct {
	pkg    *opened
	sig    *signature
	sums   sums
	o      *VerifyOptions
	report *SignatureReport
	odd    bool // relationships were digested in a form that is not the standard's
}

func (v *verifier) run() {
	r, s := v.report, v.sig
	r.Method, r.Time, r.Comments = s.method.String(), s.time, s.purpose
	r.add(AspectSignature, Holds, r.Part, "signed %s, %q", stamp(s.time), s.purpose)
	leaf := v.leaf()
	r.Signer = leaf
	v.checkValue(leaf)
	v.checkObjects()
	covered := v.checkManifest()
	v.checkCoverage(covered)
	v.checkTimestamps()
	v.checkCertificate(leaf)
}

// checkValue: the signature value fits SignedInfo and the key.
func (v *verifier) checkValue(leaf *x509.Certificate) {
	r, s := v.report, v.sig
	if leaf == nil {
		r.add(AspectValue, Fails, r.Part, "the signature has no certificate that can be read")
		return
	}
	err := s.method.verify(leaf.PublicKey, canonical(s.info, s.comments), s.value)
	switch {
	case err != nil:
		r.add(AspectValue, Fails, r.Part, "the signature value does not fit what it signs and the certificate's key (%v)", err)
	case s.method.hash == crypto.SHA1:
		r.add(AspectValue, Weak, r.Part, "%s: SHA-1 is no longer trusted", s.method)
	case shortKey(leaf):
		r.add(AspectValue, Weak, r.Part, "%s, with a key of less than 2048 bits", s.method)
	default:
		r.add(AspectValue, Holds, r.Part, "%s", s.method)
	}
}

// checkObjects: what SignedInfo names is what was signed.
func (v *verifier) checkObjects() {
	r, weak := v.report, false
	for _, o := range v.sig.objects {
		comments, err := onlyC14N(o.transforms)
		if err != nil {
			r.add(AspectObjects, Fails, r.Part, "#%s: %v", o.id, err)
			continue
		}
		weak = weak || o.digest.hash == crypto.SHA1
		if string(hashOf(o.digest.hash, canonical(o.el, comments))) != string(o.digest.value) {
			r.add(AspectObjects, Fails, r.Part, "#%s was changed after signing", o.id)
		}
	}
	if !r.failed(AspectObjects) {
		r.add(AspectObjects, holds(weak), r.Part, "%d unchanged%s", len(v.sig.objects), sha1Note(weak))
	}
}

// onlyC14N allows no transform, or Canonical XML 1.0.
func onlyC14N(transforms []*element) (comments bool, err error) {
	if len(transforms) == 0 {
		return false, nil
	}
	algorithm := transforms[0].algorithm()
	if len(transforms) > 1 || algorithm != c14n && algorithm != c14nComments {
		return false, fmt.Errorf("the transform %q is not accepted", transforms[len(transforms)-1].algorithm())
	}
	return algorithm == c14nComments, nil
}

func holds(weak bool) State {
	if weak {
		return Weak
	}
	return Holds
}

func sha1Note(weak bool) string {
	if weak {
		return "; digests by SHA-1, which is no longer trusted"
	}
	return ""
}
