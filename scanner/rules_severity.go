package scanner

// severities is what a finding of each kind can cost, unless the policy says otherwise ([rules.KIND] severity = …).
// Where the access is privileged it is one higher, but for kinds that say nothing of how much one account may do:
// sign_in_after_exit, sod_conflict (its rule has a severity of its own), duplicate_account and missing_access.
var severities = map[Kind]Severity{
	SignInAfterExit:   Critical, // somebody was in who should not have been
	OrphanedAccount:   High,     // a leaver can still get in
	ReappearedAccess:  High,     // a removal did not hold
	SoDConflict:       High,
	MoverStacking:     Medium,
	OwnerlessAccount:  Medium, // break-glass counts as privileged
	LeaveNotSuspended: Medium,
	ExpiredGrant:      Medium,
	ExcessAccess:      Medium,
	DormantCredential: Medium,
	WeakSignIn:        Medium,
	EarlyAccess:       Low,
	StaleAccount:      Low,
	StalePrivilege:    Low,
	DuplicateAccount:  Low,
	UnconfirmedOwner:  Low,
	MissingAccess:     Low,
}

// The cases in which a kind's severity is another one.
const (
	severityNoOwner        = Medium // orphaned_account: nobody is known to be able to get in
	severityHistoryUnknown = Low    // excess_access: an earlier role may explain it
	severityPeers          = Low    // mover_stacking, excess_access: no policy says so, only what others hold
	severityPeersUnknown   = Info   // excess_access: only what others hold says so, and an earlier role may explain it
	severityPossibleRehire = Medium // unconfirmed_owner: one of the two it could be has left
	severityEarlyAndUsed   = Medium // early_access: somebody signed in before the first day
)

// sev is the severity of a finding of this rule: what the policy says, else base, one higher for privileged access.
func (r *ruleSet) sev(base Severity, privileged bool) Severity {
	switch {
	case r.severity != nil:
		return *r.severity
	case privileged && base < Critical:
		return base + 1
	}
	return base
}
