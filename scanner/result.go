package scanner

import (
	"time"

	"rollcall/connectors"
)

// Result is all a scan found. Findings are sorted (CompareFindings), and empty where Input.Found took them; sources stand
// in the configuration's order, the roster first.
type Result struct {
	AsOf      connectors.Date
	Findings  []Finding
	Accepted  []Finding // findings that a valid exception covers; not among Findings
	Roster    *RosterFacts
	Blind     []connectors.PersonID             // people whose roster rows were left out
	Persons   []*Person                         // everybody on the roster, by id
	Who       func(connectors.PersonID) *Person // by the id of any of a person's records; nil for a stranger
	Sources   []SourceReport
	Untrusted []string    // why the roster is not trusted: the report is INCOMPLETE and nothing that rests on it was judged
	NotJudged []NotJudged // what could not be assessed, counted
	People    int         // human beings; Records is the roster's rows
	Records   int
	Notes     []string
}

// Complete tells whether every source was read whole and the roster is trusted.
func (r *Result) Complete() bool {
	for _, s := range r.Sources {
		if s.State != SourceOK {
			return false
		}
	}
	return len(r.Untrusted) == 0
}

// SourceState says how a pull ended.
type SourceState string

const (
	SourceOK         SourceState = "ok"
	SourceIncomplete SourceState = "incomplete" // partial, or too unlike the last one
	SourceFailed     SourceState = "failed"
)

// SourceReport accounts for every row of one source. Read = Matched + Unmatched + NonHuman + Rejected always holds.
type SourceReport struct {
	Name           string // app id, or "roster"
	Title          string
	Owner          string
	Info           connectors.Info
	State          SourceState
	Whole          bool   // it was read to its end; State may find fault with it all the same
	Problem        string // what made it incomplete or failed, and what to do
	Read           int    // rows the source gave, rejected ones included
	Matched        int    // human accounts with an owner (exact, strong or proposed); for the roster: records joined into people
	Unmatched      int    // human accounts with none, or an ambiguous one
	NonHuman       int    // service, shared, break-glass and guest accounts
	Rejected       int
	SideRejected   int // rows of the other collections (entitlements, job history) left out
	Enabled        int
	Grades         [5]int   // human accounts by Grade
	Rejects        []Reject // the first ones, for people to look at
	Notes          []string
	Unseen         []connectors.AccountID // accounts in rows that were left out
	UnseenRights   []connectors.AccountID // accounts of whose entitlements or credentials a row was left out
	UnseenRoles    []connectors.PersonID  // people of whose role history a row was left out
	SideUnreadable int                    // rows of other lists left out of which it cannot be known whose they are
	Unreadable     int                    // rows left out of which it cannot be known whose they are
	Entitlements   int
	ProviderTotal  int // -1 = it does not say
	Previous       int // accounts in the last complete pull; -1 = none
	Pages          int
	Bytes          int64
	SHA256         string // over the pages' hashes in order; of the file itself when there is one page
	Files          []FileHash
	Started, Ended time.Time
	Self           *connectors.Self `json:",omitempty"` // as whom it was read, of which tenant; nil: it does not say. The caller of Scan fills it in
}

// TiesOut tells whether every row is accounted for.
func (s SourceReport) TiesOut() bool { return s.Read == s.Matched+s.Unmatched+s.NonHuman+s.Rejected }

// Reject is one row left out, and why.
type Reject struct {
	Collection connectors.Collection
	Where      connectors.Where
	Why        string
}

// FileHash is one page as received.
type FileHash struct {
	Request string
	Bytes   int64
	SHA256  string
}

// NotJudged counts what a rule could not assess, and why.
type NotJudged struct {
	Kind  Kind
	App   connectors.AppID
	Why   string
	Count int
}

// AccountLine is what a scan says of one account: a line of accounts.jsonl and of the workbook's Population.
type AccountLine struct {
	App     connectors.AppID
	Account *connectors.Account // valid during the call only
	Class   connectors.Class
	ClassBy string // what settled the class
	Match   Match
	Power   bool // it is enabled and holds something privileged, by its app's word or the configuration's
}
