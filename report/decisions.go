package report

import (
	"time"

	"rollcall/connectors"
	"rollcall/scanner"
)

// Verdict is what was decided of an access.
type Verdict string

const (
	Keep   Verdict = "keep"
	Remove Verdict = "remove"
	Lapsed Verdict = "lapsed" // nobody decided in time, and the policy's default held: never somebody's decision
)

// Decision is what became of one finding that was put to somebody: a row of the sheet Decisions.
type Decision struct {
	Finding     scanner.FindingID
	Case        string
	Verdict     Verdict
	Actor       string         // who decided, or "policy" where a deadline did
	Role        string         // as what: manager, app owner, …
	Independent connectors.Tri // whether the one who decided is neither the owner nor the one who granted it
	Reason      string
	Asked       time.Time
	Decided     time.Time
	Channel     string          // how it was asked: slack, cli, page
	Message     string          // where the asking can be seen
	Shown       string          // hash of what was shown to the one who decided
	Until       connectors.Date // a keep holds until then; 0 = no end
}

// ActionResult is how far an action got.
type ActionResult string

const (
	ActionDone   ActionResult = "done"
	ActionFailed ActionResult = "failed"
	ActionIntent ActionResult = "intent only" // the outcome was never recorded: it is to be read back
)

// Action is one change that was made in an app, and the proof of it: a row of the sheet Remediation log.
type Action struct {
	ID        string
	Finding   scanner.FindingID
	Case      string
	App       connectors.AppID
	Account   connectors.AccountID
	What      string // disable, remove entitlement, …
	Off       bool   `json:",omitempty"` // it disables the account
	Mode      string // automatic, approved, by hand, dry run
	Before    string // the state before, as it was journalled
	Requested time.Time
	Executed  time.Time
	Actor     string
	Result    ActionResult
	Request   string         // the app's own id of the request
	Confirmed time.Time      // of the fresh read that came after
	Clean     connectors.Tri // whether that read showed the change
	UndoUntil time.Time
	Undone    connectors.Tri
}

// Period is what a report of several runs says beside the last of them.
type Period struct {
	From, To connectors.Date
	Runs     []PastRun // oldest first
	Closed   []Closed  // findings that went in it, in the order in which they did
	// HRSaid is the as-of day of the first roster of the period that showed that a person has left; 0 where the roster before
	// it is not known.
	HRSaid func(connectors.PersonID) connectors.Date
}

// PastRun is one recorded run of a period.
type PastRun struct {
	ID                     string
	At                     time.Time
	AsOf                   connectors.Date
	Complete               bool
	Findings               int
	New, Still, Back, Gone int
}

// Closed is a finding that was there and is gone.
type Closed struct {
	Finding scanner.Finding
	Seen    connectors.Date // as-of day of the last run that found it; 0 = not known
	Gone    connectors.Date // as-of day of the first run that looked and did not
}
