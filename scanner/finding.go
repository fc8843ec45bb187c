// Package scanner turns pulls into findings: it joins the roster into people, ties accounts to them, and judges each
// account by rules. It reads no clock and no environment: what it needs is in its parameters.
package scanner

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rollcall/connectors"
)

// Kind is what is wrong; the strings are those of every output.
type Kind string

const (
	OrphanedAccount   Kind = "orphaned_account"
	UnconfirmedOwner  Kind = "unconfirmed_owner"
	LeaveNotSuspended Kind = "leave_not_suspended"
	EarlyAccess       Kind = "early_access"
	StaleAccount      Kind = "stale_account"
	StalePrivilege    Kind = "stale_privilege"
	MoverStacking     Kind = "mover_stacking"
	ExcessAccess      Kind = "excess_access"
	SoDConflict       Kind = "sod_conflict"
	OwnerlessAccount  Kind = "ownerless_account"
	DuplicateAccount  Kind = "duplicate_account"
	MissingAccess     Kind = "missing_access"
	ReappearedAccess  Kind = "reappeared_access"
	SignInAfterExit   Kind = "sign_in_after_exit"
	DormantCredential Kind = "dormant_credential"
	WeakSignIn        Kind = "weak_sign_in"
	ExpiredGrant      Kind = "expired_grant"
)

// Kinds lists them all, in the order reports use.
var Kinds = []Kind{OrphanedAccount, SignInAfterExit, ReappearedAccess, SoDConflict, MoverStacking, OwnerlessAccount,
	LeaveNotSuspended, EarlyAccess, ExpiredGrant, ExcessAccess, StaleAccount, StalePrivilege, DormantCredential, WeakSignIn,
	DuplicateAccount, UnconfirmedOwner, MissingAccess}

// RightsKinds rest on the entitlements and credentials of accounts, RoleKinds on the role history of people.
var (
	RightsKinds = []Kind{SoDConflict, MoverStacking, ExcessAccess, StalePrivilege, ExpiredGrant, DormantCredential, MissingAccess, ReappearedAccess}
	RoleKinds   = []Kind{MoverStacking, ExcessAccess, MissingAccess}
)

// Reasons of an orphaned_account, and the reason of an excess_access that history is too short to explain.
const (
	ReasonLeaver         = "leaver"
	ReasonContractEnded  = "contract_ended"
	ReasonNoOwner        = "no_owner"
	ReasonHistoryUnknown = "history_unknown"
)

// Severity orders findings by what they can cost.
type Severity uint8

const (
	Info Severity = iota
	Low
	Medium
	High
	Critical
)

var severityNames = []string{"info", "low", "medium", "high", "critical"}

func (s Severity) String() string               { return severityNames[s] }
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *Severity) UnmarshalText(b []byte) error {
	i := slices.Index(severityNames, string(b))
	if i < 0 {
		return fmt.Errorf("severity %q: want one of %s", b, strings.Join(severityNames, ", "))
	}
	*s = Severity(i)
	return nil
}

// FindingID is stable across runs: it is derived from what is wrong with what, not from when it was seen.
type FindingID string

// Finding is one thing wrong.
type Finding struct {
	ID          FindingID
	Kind        Kind
	Reason      string
	Severity    Severity
	App         connectors.AppID
	Account     connectors.AccountID // empty for missing_access where the person has no account
	Entitlement connectors.EntitlementID
	Person      connectors.PersonID // the owner, or the likely owner of an unconfirmed_owner
	Related     []Related
	Group       string // findings of one group are decided in one case
	Grade       Grade
	By          By
	Why         string // one plain sentence for the person who must act
	Evidence    []Fact // the values the rule looked at, in the order a reader wants them
	Controls    []string
	FirstSeen   connectors.Date // day of the first run that found it
	TimesSeen   int
	BackAgain   bool // it had gone and came back
}

// FactLogin is the name of the fact that says by what name people know the account: ids are often opaque.
const FactLogin = "login"

// Login is what people know the account by: its user name or, lacking one, its id.
func (f *Finding) Login() string {
	if login := f.fact(FactLogin); login != "" {
		return login
	}
	return string(f.Account)
}

// Related is another account or entitlement that takes part in a finding.
type Related struct {
	App         connectors.AppID         `json:"app"`
	Account     connectors.AccountID     `json:"account_id,omitempty"`
	Entitlement connectors.EntitlementID `json:"entitlement,omitempty"`
}

// Fact is one value a rule looked at. In JSON, the facts of a finding are one object in this order.
type Fact struct{ Name, Value string }

// findingNumber derives what an id is made of. extra tells apart what the anchor does not: the rule of a SoD conflict, a
// credential.
func findingNumber(f *Finding, extra string) uint64 {
	var buf [256]byte
	b := buf[:0]
	for _, s := range [...]string{string(f.Kind), string(f.App), string(f.Account), string(f.Entitlement), extra} {
		b = append(append(strconv.AppendInt(b, int64(len(s)), 10), ':'), s...)
	}
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:8])
}

// CompareFindings is the order of every output: most severe first, then by kind, person, app and account, so that it
// depends on nothing but the findings.
func CompareFindings(a, b *Finding) int {
	switch {
	case a.Severity != b.Severity:
		return -cmp.Compare(a.Severity, b.Severity)
	case a.Kind != b.Kind:
		return cmp.Compare(slices.Index(Kinds, a.Kind), slices.Index(Kinds, b.Kind))
	case a.Reason != b.Reason:
		return cmp.Compare(a.Reason, b.Reason)
	}
	return compareAnchors(a, b)
}

// SortFindings puts findings in the order of every report: the most severe first, then by kind, person, app and account.
func SortFindings(all []Finding) {
	slices.SortFunc(all, func(a, b Finding) int { return CompareFindings(&a, &b) })
}

// compareAnchors is CompareFindings for findings of one severity, kind and reason.
func compareAnchors(a, b *Finding) int {
	if c := cmp.Compare(a.Person, b.Person); c != 0 {
		return c
	}
	if c := cmp.Compare(a.App, b.App); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Account, b.Account); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.Entitlement, b.Entitlement), cmp.Compare(a.ID, b.ID))
}
