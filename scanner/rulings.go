package scanner

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"rollcall/connectors"
)

// Causes a false finding can have; `rollcall findings wrong` takes one of them.
const (
	BecauseOwner  = "owner"   // the account is somebody else's: a link mends it
	BecauseClass  = "class"   // the account is not what it was taken for: a class ruling mends it
	BecauseHRData = "hr-data" // the roster is wrong: HR mends it
	BecausePolicy = "policy"  // the policy is wrong: whoever keeps it mends it
)

// RulingDays is how long a ruling that mends nothing itself (hr-data, policy) sets its finding aside.
const RulingDays = 30

// EvidenceDigest stands for what a finding rests on: a ruling holds only as long as it stays the same.
func EvidenceDigest(f *Finding) string {
	h := sha256.New()
	for _, s := range []string{string(f.ID), string(f.Kind), f.Reason, string(f.Person), f.Grade.String(), f.By.String()} {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// overrule sets aside the findings that people ruled wrong because of HR data or policy, while those rulings hold.
func overrule(findings []Finding, rulings []Ruling, asOf connectors.Date) (open, aside []Finding) {
	holds := map[FindingID]Ruling{}
	for _, r := range rulings {
		if (r.Because == BecauseHRData || r.Because == BecausePolicy) && asOf <= r.On+RulingDays {
			holds[r.Finding] = r
		}
	}
	if len(holds) == 0 {
		return findings, nil
	}
	for i := range findings {
		f := findings[i]
		r, ok := holds[f.ID]
		if !ok || r.Evidence != EvidenceDigest(&f) {
			open = append(open, f)
			continue
		}
		f.Evidence = append(f.Evidence, Fact{"ruled wrong", fmt.Sprintf("%s by %s on %s, until %s: %s", r.Because, r.Actor, r.On, r.On+RulingDays, r.Note)})
		aside = append(aside, f)
	}
	return open, aside
}
