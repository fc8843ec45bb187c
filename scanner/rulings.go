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

// ruledWrong are the rulings that set a finding aside on the day: because of HR data or policy, and not too old.
func ruledWrong(rulings []Ruling, asOf connectors.Date) map[FindingID]Ruling {
	holds := map[FindingID]Ruling{}
	for _, r := range rulings {
		if (r.Because == BecauseHRData || r.Because == BecausePolicy) && asOf <= r.On+RulingDays {
			holds[r.Finding] = r
		}
	}
	return holds
}
