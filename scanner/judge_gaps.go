package scanner

// gap is a reason why something could not be judged. Each is counted per app: what is not judged is said, never passed
// over as if it were well.
type gap uint8

const (
	gapRoster gap = iota
	gapIncomplete
	gapBlind
	gapMissingOnce
	gapLeaveStart
	gapLastDay
	gapNoSignIn
	gapSignInBlank
	gapNeverSignedIn
	gapSignInUnknown
	gapNoUse
	gapUseBlank
	gapNeverUsed
	gapCredential
	gapMoverPolicy
	gapMoverRole
	gapMoverPeers
	gapMoverHistory
	gapMoverGrant
	gapExcessPolicy
	gapExcessRole
	gapExcessUnknown
	gapExcessPeers
	gapMissingLikely
	gapStaleOff
	gapUseOff
	gapExitOff
	gapDormantOff
	gapCount
)

var gapTexts = [gapCount]struct {
	kind Kind
	why  string
}{
	gapRoster:        {OrphanedAccount, "the roster is not trusted: no account was judged by its owner"},
	gapIncomplete:    {OrphanedAccount, "the account list is incomplete: verdicts on owners were taken back"},
	gapBlind:         {OrphanedAccount, "the roster row of the person it fits was left out: mend the row"},
	gapMissingOnce:   {OrphanedAccount, "the account names a person who is absent from one roster only: absence must be seen twice"},
	gapLeaveStart:    {LeaveNotSuspended, "HR says that the owner is on leave, but not since when"},
	gapLastDay:       {SignInAfterExit, "HR says that the owner has left, but not when"},
	gapNoSignIn:      {StaleAccount, "the app does not report sign-ins"},
	gapSignInBlank:   {StaleAccount, "no account of the app shows a sign-in: the app does not seem to report them"},
	gapNeverSignedIn: {StaleAccount, "never signed in, and not known since when the account exists"},
	gapSignInUnknown: {StaleAccount, "the app does not tell whether anybody ever signed in"},
	gapNoUse:         {StalePrivilege, "the app does not report the use of entitlements"},
	gapUseBlank:      {StalePrivilege, "no entitlement of the app shows a use: the app does not seem to report it"},
	gapNeverUsed:     {StalePrivilege, "never used, and not known since when it is held"},
	gapCredential:    {DormantCredential, "neither its creation nor its last use is known"},
	gapMoverPolicy:   {MoverStacking, "the policy does not say what the owner's role may have here, and the account list is incomplete: peers cannot tell"},
	gapMoverRole:     {MoverStacking, "HR gives the owner no role, or none that has begun"},
	gapMoverPeers:    {MoverStacking, "the policy does not say what the owner's role may have here, and too few others have the same roles to tell"},
	gapMoverHistory:  {MoverStacking, "no earlier role of the owner is known"},
	gapMoverGrant:    {MoverStacking, "the owner's earlier role explains it, but not known is whether it was granted before the move"},
	gapExcessPolicy:  {ExcessAccess, "the policy does not say what the owner's role may have here, and the account list is incomplete: peers cannot tell"},
	gapExcessRole:    {ExcessAccess, "HR gives the owner no role, or none that has begun"},
	gapExcessUnknown: {ExcessAccess, "the policy does not know a role that the owner held"},
	gapExcessPeers:   {ExcessAccess, "the policy does not say what the owner's role may have here, and too few others have the same roles to tell"},
	gapStaleOff:      {StaleAccount, timesOff},
	gapUseOff:        {StalePrivilege, timesOff},
	gapExitOff:       {SignInAfterExit, timesOff},
	gapDormantOff:    {DormantCredential, timesOff},
	gapMissingLikely: {MissingAccess, "an account here is likely the person's but not confirmed, or a row of its entitlements was left out"},
}

// timesOff is why nothing is judged that rests on when something was used, where the company has agreed not to look at that.
const timesOff = "sign-in times are switched off: [privacy] sign_in_times = false"

// TimeKinds rest on when somebody signed in or used something.
var TimeKinds = []Kind{StaleAccount, StalePrivilege, SignInAfterExit, DormantCredential}

// notJudged lists what was counted.
func (aj *appJudge) notJudged() []NotJudged {
	var list []NotJudged
	for g, n := range aj.gaps {
		if n > 0 {
			list = append(list, NotJudged{Kind: gapTexts[g].kind, App: aj.app.ID, Why: gapTexts[g].why, Count: n})
		}
	}
	return list
}
