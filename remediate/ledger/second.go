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

// AddStop records that a batch was stopped: the same one again only brings its record up to date.
func (l *Ledger) AddStop(s remediate.Stop) error {
	if s.Plan == "" || s.By == "" {
		return errors.New("ledger: a stopped batch: its hash and who ran it must be given")
	}
	return l.change("a stopped batch", func(tx *bbolt.Tx) error {
		return errors.Join(putJSON(tx.Bucket(bStops), []byte(s.Plan), s), l.addEvent(tx, s.At, s.By, "batch stopped", s))
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
