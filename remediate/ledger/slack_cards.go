package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"rollcall/remediate"
)

// Cards gives every card, in no particular order.
func (l *Ledger) Cards() ([]remediate.Card, error) {
	return listed[remediate.Card](l, "cards", bCards)
}

// PutCard records a card as it is now, and what its new buttons stand for.
func (l *Ledger) PutCard(c remediate.Card, buttons map[string]remediate.Button) error {
	if c.ID == "" || len(c.Items) == 0 {
		return errors.New("ledger: recording a card: it needs an id and at least one case")
	}
	return l.change("a card", func(tx *bbolt.Tx) error {
		errs := []error{putJSON(tx.Bucket(bCards), []byte(c.ID), c)}
		for hash, t := range buttons {
			errs = append(errs, putJSON(tx.Bucket(bButtons), []byte(hash), t))
		}
		return errors.Join(errs...)
	})
}

// Button gives what a button stands for, by the hash of its token; nil where there is no such button.
func (l *Ledger) Button(hash string) (t *remediate.Button, err error) {
	if hash == "" {
		return nil, nil
	}
	err = l.read("a button", func(tx *bbolt.Tx) error {
		var found remediate.Button
		there, err := getJSON(tx.Bucket(bButtons), []byte(hash), &found)
		if there && err == nil {
			t = &found
		}
		return err
	})
	return t, err
}

// Sweep forgets buttons that stopped working before a moment, and cards that were posted before it.
func (l *Ledger) Sweep(before time.Time) error {
	return l.change("old cards", func(tx *bbolt.Tx) error {
		return errors.Join(
			sweep(tx.Bucket(bButtons), func(t *remediate.Button) bool { return t.Expires.Before(before) }),
			sweep(tx.Bucket(bCards), func(c *remediate.Card) bool { return c.At.Before(before) }))
	})
}

func sweep[T any](b *bbolt.Bucket, old func(*T) bool) error {
	var gone [][]byte
	c := b.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		var x T
		if err := json.Unmarshal(v, &x); err != nil {
			return fmt.Errorf("%w (%q: %v): %s", ErrDamaged, k, err, restore)
		}
		if old(&x) {
			gone = append(gone, bytes.Clone(k))
		}
	}
	for _, k := range gone {
		if err := b.Delete(k); err != nil {
			return err
		}
	}
	return nil
}
