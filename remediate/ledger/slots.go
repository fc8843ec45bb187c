package ledger

import (
	"errors"
	"time"

	"go.etcd.io/bbolt"
)

// Slot is where a schedule stands: which of its moments was dealt with last, and how.
type Slot struct {
	Schedule  string    `json:"schedule"`
	Since     time.Time `json:"since"`              // when the schedule became known: what was due before is not owed
	Dealt     time.Time `json:"dealt"`              // the last moment that was run, or given up
	Succeeded time.Time `json:"succeeded,omitzero"` // the last moment whose run went well
	At        time.Time `json:"at,omitzero"`        // when that run ended
	Run       string    `json:"run,omitempty"`      // and its id
	CatchUp   bool      `json:"catch_up,omitempty"` // it was run late
	Missed    int       `json:"missed,omitempty"`   // moments that nothing was run for, since Since
	Trying    time.Time `json:"trying,omitzero"`    // the moment that failed so far and is tried again
	Ran       string    `json:"ran,omitempty"`      // the run of Trying that went well, where only settling it failed
	Failures  int       `json:"failures,omitempty"` // of Trying
	Problem   string    `json:"problem,omitempty"`  // of the last failure
	Alerted   time.Time `json:"alerted,omitzero"`   // the moment for which somebody was last alerted
}

// Good is the last moment whose run went well; before the first, when the schedule became known: nothing is overdue by what
// was due earlier.
func (s *Slot) Good() time.Time {
	if s.Succeeded.IsZero() {
		return s.Since
	}
	return s.Succeeded
}

// Slot gives where a schedule stands; nil when it is not known yet.
func (l *Ledger) Slot(schedule string) (s *Slot, err error) {
	err = l.read("a schedule", func(tx *bbolt.Tx) error {
		var x Slot
		found, err := getJSON(tx.Bucket(bSlots), []byte(schedule), &x)
		if found && err == nil {
			s = &x
		}
		return err
	})
	return s, err
}

// PutSlot records where a schedule stands; what says what happened, in the words of the event.
func (l *Ledger) PutSlot(s Slot, what, actor string, at time.Time) error {
	return l.change("a schedule", func(tx *bbolt.Tx) error {
		return errors.Join(putJSON(tx.Bucket(bSlots), []byte(s.Schedule), s), l.addEvent(tx, at, actor, "schedule: "+what, s))
	})
}
