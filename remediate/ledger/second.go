package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"rollcall/connectors"
	"rollcall/remediate"
)

// AddStop records that a batch was stopped. Of one that is stopped again, everybody who ran it is kept: waiting for a
// schedule to run it makes nobody a second person.
func (l *Ledger) AddStop(s remediate.Stop) error {
	if s.Plan == "" || len(s.By) != 1 {
		return errors.New("ledger: a stopped batch: its hash and who ran it must be given")
	}
	return l.change("a stopped batch", func(tx *bbolt.Tx) error {
		var before remediate.Stop
		if _, err := getJSON(tx.Bucket(bStops), []byte(s.Plan), &before); err != nil {
			return err
		}
		actor := s.By[0]
		s.By = append(slices.DeleteFunc(before.By, func(by string) bool { return by == actor }), actor)
		for _, i := range before.Ran {
			if !slices.Contains(s.Ran, i) {
				s.Ran = append(s.Ran, i)
			}
		}
		return errors.Join(putJSON(tx.Bucket(bStops), []byte(s.Plan), s), l.addEvent(tx, s.At, actor, "batch stopped", s))
	})
}

// Stop gives a stopped batch by its hash, or by the start of it; connectors.ErrNotFound where there is none.
func (l *Ledger) Stop(hash string) (s *remediate.Stop, err error) {
	err = l.read("stopped batches", func(tx *bbolt.Tx) error {
		c := tx.Bucket(bStops).Cursor()
		for k, v := c.Seek([]byte(hash)); k != nil && len(k) >= len(hash) && string(k[:len(hash)]) == hash; k, v = c.Next() {
			if s != nil {
				return fmt.Errorf("%q fits several stopped batches; give more of the hash", hash)
			}
			s = &remediate.Stop{}
			if err := json.Unmarshal(v, s); err != nil {
				return fmt.Errorf("%w (%q: %v): %s", ErrDamaged, k, err, restore)
			}
		}
		if s == nil || len(hash) < 8 {
			s = nil
			return fmt.Errorf("no stopped batch %q: %w", hash, connectors.ErrNotFound)
		}
		return nil
	})
	return s, err
}

// PutEvent records an announced event, or that it was approved.
func (l *Ledger) PutEvent(e remediate.Event, what string, by remediate.Identity, at time.Time) error {
	if !by.Somebody() {
		return fmt.Errorf("ledger: an announced event: %w: it is not known who you are", remediate.ErrMayNot)
	}
	return l.change("an announced event", func(tx *bbolt.Tx) error {
		return errors.Join(putJSON(tx.Bucket(bAnnounced), []byte(e.ID), e), l.addEvent(tx, at, by.String(), "event: "+what, e))
	})
}

// AnnouncedEvents gives all events that were announced, in the order of their first days.
func (l *Ledger) AnnouncedEvents() (list []remediate.Event, err error) {
	err = l.read("announced events", func(tx *bbolt.Tx) error {
		return tx.Bucket(bAnnounced).ForEach(func(k, v []byte) error {
			var e remediate.Event
			if err := json.Unmarshal(v, &e); err != nil {
				return fmt.Errorf("%w (%q: %v): %s", ErrDamaged, k, err, restore)
			}
			list = append(list, e)
			return nil
		})
	})
	slices.SortStableFunc(list, func(a, b remediate.Event) int { return int(a.From) - int(b.From) })
	return list, err
}

// PutAllowed records what is allowed from now on.
func (l *Ledger) PutAllowed(a remediate.Allowed) error {
	if a.By == "" || a.At.IsZero() {
		return errors.New("ledger: what is allowed: who allowed it and when must be given")
	}
	return l.change("what is allowed", func(tx *bbolt.Tx) error {
		return errors.Join(putJSON(tx.Bucket(bMeta), kAllowed, a), tx.Bucket(bMeta).Delete(kLoosening), l.addEvent(tx, a.At, a.By, "allowed", a))
	})
}

// PutLoosening records what people said so far of letting something looser hold.
func (l *Ledger) PutLoosening(x remediate.Loosening, by remediate.Identity, at time.Time) error {
	if !by.Somebody() {
		return fmt.Errorf("ledger: a word on what is allowed: %w: it is not known who you are", remediate.ErrMayNot)
	}
	return l.change("a word on what is allowed", func(tx *bbolt.Tx) error {
		return errors.Join(putJSON(tx.Bucket(bMeta), kLoosening, x), l.addEvent(tx, at, by.String(), "one of two allows", x))
	})
}

// Loosening gives what people said so far of letting something of that hash hold in place of what holds; empty where nobody
// said anything of just that.
func (l *Ledger) Loosening(hash, before string) (x remediate.Loosening, err error) {
	err = l.read("words on what is allowed", func(tx *bbolt.Tx) error {
		_, err := getJSON(tx.Bucket(bMeta), kLoosening, &x)
		return err
	})
	if x.Hash != hash || x.Before != before {
		x = remediate.Loosening{Hash: hash, Before: before}
	}
	return x, err
}

// Allowed gives what was allowed last; nil where nobody ever kept it.
func (l *Ledger) Allowed() (a *remediate.Allowed, err error) {
	err = l.read("what is allowed", func(tx *bbolt.Tx) error {
		var x remediate.Allowed
		found, err := getJSON(tx.Bucket(bMeta), kAllowed, &x)
		if found && err == nil {
			a = &x
		}
		return err
	})
	return a, err
}
