package remediate

import (
	"time"

	"rollcall/connectors"
)

// Journal keeps cases and what was done to apps. Each method records all of its change, and an event that tells of it, or
// nothing; the ledger implements it.
type Journal interface {
	// Case gives a case by its id; connectors.ErrNotFound where there is none.
	Case(id string) (*Case, error)
	// Live gives the case of a group that has not ended; nil where there is none.
	Live(group string) (*Case, error)
	// Cases gives all cases for which keep holds, oldest first.
	Cases(keep func(*Case) bool) ([]*Case, error)
	// LiveCases gives, of the cases that have not ended and of those whose being taken back has not, those for which keep holds,
	// oldest first. What it costs does not grow with the cases that have ended.
	LiveCases(keep func(*Case) bool) ([]*Case, error)
	// LastEnded gives the case of a group that ended last; nil where none has.
	LastEnded(group string) (*Case, error)
	// Put records a case as changed by somebody; what says how, in the words of the event. The case kept so far must have
	// the revision before: ErrStale otherwise. A first revision is a new case, and its group must have no live one.
	Put(c *Case, before int, by Identity, what string, at time.Time) error
	// Replace records, both or neither, a case as it ended and the new one that comes in its place. before is the revision of
	// the one that ends, as in Put.
	Replace(old *Case, before int, next *Case, by Identity, what string, at time.Time) error
	// Changed counts the accounts that were changed, or may have been, since a moment: every step meant or done.
	Changed(since time.Time) (Tally, error)
	// AdminsGone counts, by app, administrators that were taken out since a moment.
	AdminsGone(app connectors.AppID, since time.Time) (int, error)
	// AddLift records a lift; Lifts gives those made since a moment.
	AddLift(l Lift, by Identity) error
	Lifts(since time.Time) ([]Lift, error)
}
