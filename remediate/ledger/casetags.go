package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"rollcall/remediate"
	"rollcall/scanner"
)

// What is asked of cases that have ended, too, has tags: a key for each, so that an answer costs what it gives.

const (
	tagRun       = "run "       // the run, 0: every case of it
	tagShadow    = "shadow "    // a rule would have acted in it unasked
	tagSuspended = "suspended " // it suspended somebody who is on leave
	tagDisabled  = "disabled "  // when it was confirmed: it disabled accounts of which nobody was asked yet what becomes of them
)

// tags are the keys under which a case is found.
func tags(c *remediate.Case) (keys [][]byte) {
	if c.ID == "" {
		return nil
	}
	add := func(parts ...[]byte) { keys = append(keys, bytes.Join(append(parts, []byte(c.ID)), nil)) }
	add([]byte(tagRun), []byte(c.Run), []byte{0})
	if len(c.Item.Shadow) > 0 {
		add([]byte(tagShadow))
	}
	if c.State != remediate.Confirmed {
		return keys
	}
	if slices.Equal(c.Item.Kinds, []scanner.Kind{scanner.LeaveNotSuspended}) {
		add([]byte(tagSuspended))
	}
	if slices.ContainsFunc(c.Steps, func(s remediate.Step) bool { return s.Retained() }) {
		add([]byte(tagDisabled), moment(c.At))
	}
	return keys
}

// moment sorts as times do.
func moment(t time.Time) []byte { return binary.BigEndian.AppendUint64(nil, uint64(t.UnixNano())) }

// retag has a case found under what it is now, and no longer under what it was.
func retag(tx *bbolt.Tx, old, now *remediate.Case) error {
	b, is := tx.Bucket(bTags), tags(now)
	for _, key := range tags(old) {
		if !slices.ContainsFunc(is, func(k []byte) bool { return bytes.Equal(k, key) }) {
			if err := b.Delete(key); err != nil {
				return err
			}
		}
	}
	for _, key := range is {
		if err := b.Put(key, []byte(now.ID)); err != nil {
			return err
		}
	}
	return nil
}

// tagCases makes the tags of a ledger that was begun without them.
func tagCases(tx *bbolt.Tx) error {
	return errors.Join(createBuckets(tx, bTags), tx.Bucket(bCases).ForEach(func(id, _ []byte) error {
		c, err := loadCase(tx, string(id))
		if err != nil {
			return err
		}
		return retag(tx, &remediate.Case{}, c)
	}))
}

// tagged gives the cases whose tags begin with something, up to an end where one is given, oldest first.
func (l *Ledger) tagged(what, begin string, end []byte) (list []*remediate.Case, err error) {
	err = l.read(what, func(tx *bbolt.Tx) error {
		c := tx.Bucket(bTags).Cursor()
		for k, id := c.Seek([]byte(begin)); k != nil && bytes.HasPrefix(k, []byte(begin)) && (end == nil || bytes.Compare(k, end) < 0); k, id = c.Next() {
			one, err := loadCase(tx, string(id))
			if err != nil {
				return fmt.Errorf("case %s: %w", id, err)
			}
			list = append(list, one)
		}
		return nil
	})
	slices.SortStableFunc(list, byAge)
	return list, err
}

// CasesOf gives the cases that a run opened.
func (l *Ledger) CasesOf(run string) ([]*remediate.Case, error) {
	return l.tagged("the cases of run "+run, tagRun+run+"\x00", nil)
}

// ShadowCases gives the cases in which a rule would have acted unasked, if it were not in shadow.
func (l *Ledger) ShadowCases() ([]*remediate.Case, error) {
	return l.tagged("cases of rules in shadow", tagShadow, nil)
}

// Suspensions gives the confirmed cases that suspended somebody for their leave.
func (l *Ledger) Suspensions() ([]*remediate.Case, error) {
	return l.tagged("suspensions", tagSuspended, nil)
}

// Disabled gives the cases that were confirmed before a moment and disabled accounts of which nobody was asked yet what becomes
// of them.
func (l *Ledger) Disabled(before time.Time) ([]*remediate.Case, error) {
	return l.tagged("accounts that were disabled", tagDisabled, append([]byte(tagDisabled), moment(before)...))
}
