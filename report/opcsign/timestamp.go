package opcsign

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// signatureTimestamps are the tokens over the signature value, ETSI TS 101 903 §7.3 (XAdES-T).
func (s *signature) signatureTimestamps() []*element {
	return s.unsigned.elements(nsXades, "SignatureTimeStamp")
}

// clockSkew is how much later than its timestamp a signature may say it was made.
const clockSkew = 10 * time.Minute

// checkTimestamps reports the tokens apart from the signature; what counts is the earliest that holds.
func (v *verifier) checkTimestamps() {
	const most = 8
	r := v.report
	all := v.sig.signatureTimestamps()
	if len(all) == 0 {
		r.add(AspectTimestamp, Absent, r.Part, "the signature has none: its time is what the signer says")
		return
	}
	for i, el := range all {
		if i == most {
			r.add(AspectTimestamp, Fails, r.Part, "there are more than %d", most)
			return
		}
		t, err := v.sig.timestamp(el)
		if err == nil && v.sig.time.After(t.time.Add(clockSkew)) {
			err = fmt.Errorf("the signature says it was made at %s, after its timestamp", stamp(v.sig.time))
		}
		if err != nil {
			r.add(AspectTimestamp, Fails, r.Part, "the timestamp is not one of this signature: %v", err)
			continue
		}
		r.add(AspectTimestamp, holds(t.weak), r.Part, "%s, by %q%s", stamp(t.time), t.signer.Subject, sha1Note(t.weak))
		v.checkAuthority(t)
	}
}

// checkAuthority: only a timestamp from an authority that is trusted proves the time.
func (v *verifier) checkAuthority(t *token) {
	r := v.report
	if v.o.TimestampRoots == nil {
		r.add(AspectAuthority, NotChecked, "", "no timestamp authority was given to compare %q with", t.signer.Subject)
		return
	}
	if err := chain(t.signer, t.others, v.o.TimestampRoots, t.time, x509.ExtKeyUsageTimeStamping); err != nil {
		r.add(AspectAuthority, Fails, "", "%q is not from a timestamp authority that was given (%v)", t.signer.Subject, err)
		return
	}
	r.add(AspectAuthority, Holds, "", "%q is from an authority that was given", t.signer.Subject)
	if r.TimestampAt.IsZero() || t.time.Before(r.TimestampAt) {
		r.TimestampAt = t.time
	}
}

// timestamp reads one token and compares its imprint with the signature value, canonicalised.
func (s *signature) timestamp(el *element) (*token, error) {
	der, err := base64Of(el.only(nsXades, "EncapsulatedTimeStamp"))
	if err != nil {
		return nil, errors.New("it has no token in base64")
	}
	t, err := parseToken(der)
	if err != nil {
		return nil, err
	}
	var signed []byte
	switch algorithm := el.only(nsDsig, "CanonicalizationMethod").algorithm(); algorithm {
	case "", c14n:
		signed = canonical(s.valueEl, false)
	case c14nExc:
		signed = canonicalExclusive(s.valueEl)
	default:
		return nil, fmt.Errorf("its canonicalisation %q is not accepted", algorithm)
	}
	if !bytes.Equal(t.imprint, hashOf(t.hash, signed)) {
		return nil, errors.New("it is over something else")
	}
	return t, nil
}
