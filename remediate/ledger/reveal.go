package ledger

import (
	"errors"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

// Reveal is that somebody was told who stands behind a pseudonym. The name itself is not recorded: the record is about who
// looked, and must not become the list that the pseudonyms keep apart.
type Reveal struct {
	Run       string    `json:"run"`
	Pseudonym string    `json:"pseudonym"`
	Key       string    `json:"key"` // the id of the key, not the key
	Reason    string    `json:"reason"`
	At        time.Time `json:"at"`
	Actor     string    `json:"actor"`
}

// RecordReveal records one, before anybody is told.
func (l *Ledger) RecordReveal(r Reveal) error {
	if r.Run == "" || r.Pseudonym == "" || r.Key == "" || strings.TrimSpace(r.Reason) == "" {
		return errors.New("ledger: revealing a pseudonym: run, pseudonym, key and reason must be given")
	}
	r.At = r.At.UTC()
	return l.change("the revealing of a pseudonym", func(tx *bbolt.Tx) error { return l.addEvent(tx, r.At, r.Actor, "pseudonym revealed", r) })
}
