package scanner

import (
	"fmt"
	"slices"
	"strings"

	"rollcall/connectors"
)

// Mode says what may follow from a finding: nothing but its report, a question to somebody, or the action itself.
type Mode uint8

const (
	ModeReport Mode = iota // what holds where the policy is silent
	ModeAsk
	ModeAuto
)

var modeNames = []string{"report", "ask", "auto"}

func (m Mode) String() string               { return modeNames[m] }
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (m *Mode) UnmarshalText(b []byte) error {
	i := slices.Index(modeNames, string(b))
	if i < 0 {
		return fmt.Errorf("mode %q: want one of %s", b, strings.Join(modeNames, ", "))
	}
	*m = Mode(i)
	return nil
}

// Mode is what the policy lets follow from a kind of finding in an app: the app's own word, else the rule's, else report.
func (p *Policy) Mode(app connectors.AppID, kind Kind) Mode {
	if m := p.App[app].Rules[kind].Mode; m != nil {
		return *m
	}
	if m := p.Rules[kind].Mode; m != nil {
		return *m
	}
	return ModeReport
}

// MayBeAutomatic tells whether a finding is one whose action may be carried out without a person's decision, where the
// policy says auto (DESIGN, Law 2): the tie is exact; a leaver is one by HR's own word on every linked record, not by an end
// date alone; and what the verdict rests on is policy, not what peers hold or a history that is too short.
func (f *Finding) MayBeAutomatic() bool {
	if f.Grade != Exact || f.fact(FactBasis) == BasisPeers {
		return false
	}
	switch f.Kind {
	case OrphanedAccount:
		return (f.Reason == ReasonLeaver || f.Reason == ReasonContractEnded) && f.fact(factHRStatus) == connectors.Terminated.String()
	case ExcessAccess:
		return f.Reason != ReasonHistoryUnknown
	case LeaveNotSuspended, EarlyAccess, MoverStacking, StalePrivilege, ExpiredGrant:
		return true
	}
	return false // a stale account's owner may be on a long case; what came back needs somebody to find out why
}

// factHRStatus is the fact that says what HR calls a leaver.
const factHRStatus = "hr status"

// FactCredential is the name of the fact that says which key or token a dormant_credential is about.
const FactCredential = "credential"

// Credential is the key or token a finding is about; empty where it is about something else.
func (f *Finding) Credential() connectors.CredentialID {
	return connectors.CredentialID(f.fact(FactCredential))
}

// fact is the value of the fact of that name, empty where there is none.
func (f *Finding) fact(name string) string {
	for _, e := range f.Evidence {
		if e.Name == name {
			return e.Value
		}
	}
	return ""
}
