package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"rollcall/connectors"
	"rollcall/scanner"
)

// Keys of the roster bucket.
var (
	kFacts         = []byte("facts")   // RosterFacts of the accepted roster
	kPeople        = []byte("people")  // its lines, packed
	kRoles         = []byte("roles")   // role history grown from all accepted rosters, packed
	kMissing       = []byte("missing") // counters of absence, packed
	kPending       = []byte("pending")
	kPendingPeople = []byte("pending people")
)

type (
	people  = map[connectors.PersonID]scanner.RosterLine
	roles   = map[connectors.PersonID][]scanner.SeenRole
	missing = map[connectors.PersonID]int
)

// PendingRoster is a roster that was too unlike the accepted one to be trusted: a person accepts it, or mends its source.
type PendingRoster struct {
	Facts   scanner.RosterFacts `json:"facts"`
	Reasons []string            `json:"reasons"`
	At      time.Time           `json:"at"`
	Actor   string              `json:"actor"`
}

// Roster gives the facts and lines of the last accepted roster; nil before the first.
func (l *Ledger) Roster() (facts *scanner.RosterFacts, err error) {
	err = l.read("the accepted roster", func(tx *bbolt.Tx) (err error) {
		facts, err = loadRoster(tx)
		return err
	})
	return facts, err
}

func loadRoster(tx *bbolt.Tx) (*scanner.RosterFacts, error) {
	b := tx.Bucket(bRoster)
	var f scanner.RosterFacts
	if found, err := getJSON(b, kFacts, &f); !found || err != nil {
		return nil, err
	}
	var err error
	f.People, err = unpackPeople(b.Get(kPeople))
	return &f, err
}

// Roles gives, for each person of any accepted roster, the roles those rosters showed, oldest first.
func (l *Ledger) Roles() (history map[connectors.PersonID][]scanner.SeenRole, err error) {
	err = l.read("role history", func(tx *bbolt.Tx) (err error) {
		history, err = unpackRoles(tx.Bucket(bRoster).Get(kRoles))
		return err
	})
	return history, err
}

// Missing gives, for each person an accepted roster had and the last one has not, in how many in a row.
func (l *Ledger) Missing() (counts map[connectors.PersonID]int, err error) {
	err = l.read("missing people", func(tx *bbolt.Tx) (err error) {
		counts, err = unpackMissing(tx.Bucket(bRoster).Get(kMissing))
		return err
	})
	return counts, err
}

// SetPendingRoster keeps a refused roster, in the place of any refused before, for people to look at and accept.
func (l *Ledger) SetPendingRoster(p PendingRoster) error {
	if p.Facts.SHA256 == "" || len(p.Reasons) == 0 {
		return errors.New("ledger: keeping a refused roster: it needs its SHA-256 and the reasons")
	}
	return l.change("a refused roster", func(tx *bbolt.Tx) error {
		b := tx.Bucket(bRoster)
		return errors.Join(
			putJSON(b, kPending, p),
			b.Put(kPendingPeople, packPeople(p.Facts.People)),
			l.addEvent(tx, p.At, p.Actor, "roster refused", p))
	})
}

// PendingRoster gives the refused roster that waits for a decision, its lines included; nil when there is none.
func (l *Ledger) PendingRoster() (p *PendingRoster, err error) {
	err = l.read("the refused roster", func(tx *bbolt.Tx) (err error) {
		p, err = loadPending(tx)
		return err
	})
	return p, err
}

func loadPending(tx *bbolt.Tx) (*PendingRoster, error) {
	b := tx.Bucket(bRoster)
	var p PendingRoster
	if found, err := getJSON(b, kPending, &p); !found || err != nil {
		return nil, err
	}
	var err error
	p.Facts.People, err = unpackPeople(b.Get(kPendingPeople))
	return &p, err
}

func dropPending(tx *bbolt.Tx) error {
	b := tx.Bucket(bRoster)
	return errors.Join(b.Delete(kPending), b.Delete(kPendingPeople))
}

// AcceptRoster makes the refused roster with that SHA-256 the accepted one, as if a run had trusted it.
func (l *Ledger) AcceptRoster(sha256, actor, reason string, at time.Time) error {
	if reason == "" {
		return errors.New("ledger: accepting a roster: say why the change is true")
	}
	return l.change("the acceptance of a roster", func(tx *bbolt.Tx) error {
		p, err := loadPending(tx)
		switch {
		case err != nil:
			return err
		case p == nil:
			return errors.New("no refused roster waits to be accepted")
		case p.Facts.SHA256 != sha256:
			return fmt.Errorf("the roster that waits to be accepted is %s, not %s: look at it again", p.Facts.SHA256, sha256)
		}
		return errors.Join(advanceRoster(tx, &p.Facts), dropPending(tx), l.addEvent(tx, at, actor, "roster accepted", struct {
			Facts  scanner.RosterFacts `json:"facts"`
			Reason string              `json:"reason"`
		}{p.Facts, reason}))
	})
}

// advanceRoster makes f the accepted roster, and grows role history and the counters of absence by it.
func advanceRoster(tx *bbolt.Tx, f *scanner.RosterFacts) error {
	b := tx.Bucket(bRoster)
	old, err := loadRoster(tx)
	if err != nil {
		return err
	}
	history, err := unpackRoles(b.Get(kRoles))
	if err != nil {
		return err
	}
	counts, err := unpackMissing(b.Get(kMissing))
	if err != nil {
		return err
	}
	growRoles(history, f)
	if old != nil && isAnotherPull(old, f) {
		countMissing(counts, old.People, f.People)
	}
	return errors.Join(
		putJSON(b, kFacts, f),
		putChanged(b, kPeople, packPeople(f.People)),
		putChanged(b, kRoles, packRoles(history)),
		putChanged(b, kMissing, packMissing(counts)))
}

// isAnotherPull tells whether f is later evidence than the last roster: the same bytes read twice on one day are one
// look at HR, and a day gone by is no later look.
func isAnotherPull(last, f *scanner.RosterFacts) bool {
	return f.AsOf > last.AsOf || f.AsOf == last.AsOf && f.SHA256 != last.SHA256
}

// growRoles appends what f shows where it differs from what was last known. A blank says nothing.
func growRoles(history roles, f *scanner.RosterFacts) {
	for id, line := range f.People {
		now := scanner.SeenRole{On: f.AsOf, Role: line.Role, Department: line.Department, Title: line.Title}
		if now == (scanner.SeenRole{On: f.AsOf}) {
			continue
		}
		seen := history[id]
		if n := len(seen); n > 0 {
			last := seen[n-1]
			if now.On < last.On || now == (scanner.SeenRole{On: now.On, Role: last.Role, Department: last.Department, Title: last.Title}) {
				continue
			}
		}
		history[id] = append(seen, now)
	}
}

// countMissing brings the counters from one pull to the next. Who is back is counted no more.
func countMissing(counts missing, before, now people) {
	for id := range counts {
		if _, here := now[id]; here {
			delete(counts, id)
		} else {
			counts[id]++
		}
	}
	for id := range before {
		if _, here := now[id]; !here && counts[id] == 0 {
			counts[id] = 1
		}
	}
}

// putChanged spares the file what has not changed.
func putChanged(b *bbolt.Bucket, key, v []byte) error {
	if bytes.Equal(b.Get(key), v) {
		return nil
	}
	return b.Put(key, v)
}
