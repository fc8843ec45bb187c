package scanner

// nextSteps is what to do about a finding, for the one who must.
var nextSteps = map[Kind]string{
	OrphanedAccount:   "Find out whose account it is: link it to its owner, register it as a service or shared account, or disable it.",
	UnconfirmedOwner:  "Confirm whose account it is, so that it can be judged.",
	LeaveNotSuspended: "Suspend the account until its owner is back, or record why it must work.",
	EarlyAccess:       "Disable the account until the first day, or set a grace period if making accounts ahead is usual here.",
	StaleAccount:      "Ask its owner whether the account is needed; if not, disable it.",
	StalePrivilege:    "Ask its owner whether the entitlement is needed; if not, remove it.",
	MoverStacking:     "Remove the entitlement, or have the present manager ask for it anew.",
	ExcessAccess:      "Ask the manager why it is held: remove it, or add it to the role in the policy.",
	SoDConflict:       "Take one of the two sides away, or record an exception with an owner and an expiry.",
	OwnerlessAccount:  "Name an employed owner in the register, or disable the account.",
	DuplicateAccount:  "Keep one account and disable the other, or record what the second one is for.",
	MissingAccess:     "Grant it, or correct the role in the policy.",
	ReappearedAccess:  "Find out who gave it back, and remove it again.",
	SignInAfterExit:   "Disable the account and end its sessions now; then find out who signed in and what they did.",
	DormantCredential: "Revoke the credential, or rotate it if something still needs it.",
	WeakSignIn:        "Turn on the second factor, and turn off the local login.",
	ExpiredGrant:      "Remove the entitlement, or have it granted anew with a new end.",
}

// NextStep is what to do about a finding of this kind and reason.
func NextStep(kind Kind, reason string) string {
	switch reason {
	case ReasonLeaver:
		return "Disable the account; take back its sessions and credentials; hand over what it owns."
	case ReasonContractEnded:
		return "Ask whether the contract was extended: if it was, have HR correct the date; if not, disable the account."
	case ReasonHistoryUnknown:
		return "Ask the manager whether an earlier role explains it; if none does, remove it."
	}
	return nextSteps[kind]
}

// meanings say what each kind of finding means.
var meanings = map[Kind]string{
	OrphanedAccount:   "an enabled human account whose owner has left, or who has none",
	UnconfirmedOwner:  "a human account with only a likely owner, who is to be confirmed; never a removal",
	LeaveNotSuspended: "enabled while its owner is on extended leave",
	EarlyAccess:       "enabled before its owner's first day",
	StaleAccount:      "an enabled account without a sign-in for too long",
	StalePrivilege:    "an entitlement unused for too long",
	MoverStacking:     "an entitlement that an earlier role explains and the present one does not",
	ExcessAccess:      "an entitlement that no role its owner ever held explains",
	SoDConflict:       "two entitlements that the policy says one person must not hold",
	OwnerlessAccount:  "a service, shared, break-glass or guest account without an employed owner or sponsor",
	DuplicateAccount:  "one person, two enabled accounts of the same class in one app",
	MissingAccess:     "an entitlement that the person's role must have and lacks",
	ReappearedAccess:  "something a case removed and confirmed clean is back",
	SignInAfterExit:   "a sign-in later than the owner's last day",
	DormantCredential: "a key or token that nobody has used or rotated for too long",
	WeakSignIn:        "no second factor where the policy wants one, or a local login beside single sign-on",
	ExpiredGrant:      "an entitlement granted until a day that has passed",
}

// Meaning says in one phrase what findings of a kind are.
func Meaning(k Kind) string { return meanings[k] }
