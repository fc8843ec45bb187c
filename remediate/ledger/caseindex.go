package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"rollcall/remediate"
)

// The cases that have ended outnumber the rest by far after some years. What is asked of them every night has an index, so
// that a night costs what lives.

// LiveCases gives the cases for which keep holds, of those that have not ended and those whose being taken back has not: all
// that anything can follow from unasked. Oldest first.
func (l *Ledger) LiveCases(keep func(*remediate.Case) bool) (list []*remediate.Case, err error) {
	err = l.read("live cases", func(tx *bbolt.Tx) error {
		var ids []string
		collect := func(id []byte) { ids = append(ids, string(id)) }
		if err := errors.Join(tx.Bucket(bLive).ForEach(func(_, id []byte) error { collect(id); return nil }),
			tx.Bucket(bBack).ForEach(func(id, _ []byte) error { collect(id); return nil })); err != nil {
			return err
		}
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			c, err := loadCase(tx, id)
			if err != nil {
				return fmt.Errorf("case %s: %w", id, err)
			}
			list = append(list, c)
		}
		return nil
	})
	if keep != nil {
		list = slices.DeleteFunc(list, func(c *remediate.Case) bool { return !keep(c) })
	}
	slices.SortStableFunc(list, byAge)
	return list, err
}

func byAge(a, b *remediate.Case) int {
	return cmp.Or(a.Opened.Compare(b.Opened), cmp.Compare(a.ID, b.ID))
}

// LastEnded gives the case of a group that ended last; nil where none has.
func (l *Ledger) LastEnded(group string) (c *remediate.Case, err error) {
	err = l.read("the cases of "+group, func(tx *bbolt.Tx) (err error) {
		if id := tx.Bucket(bEnded).Get([]byte(group)); id != nil {
			c, err = loadCase(tx, string(id))
		}
		return err
	})
	return c, err
}

// index keeps which case of a group has not ended, which ended last, and which is being taken back.
func index(tx *bbolt.Tx, c *remediate.Case) error { return errors.Join(live(tx, c), ended(tx, c)) }

func ended(tx *bbolt.Tx, c *remediate.Case) error {
	back, id := tx.Bucket(bBack), []byte(c.ID)
	if c.Undo != nil && c.State != remediate.Undone {
		return errors.Join(back.Put(id, nil), endedLast(tx, c))
	}
	return errors.Join(back.Delete(id), endedLast(tx, c))
}

func endedLast(tx *bbolt.Tx, c *remediate.Case) error {
	b, group := tx.Bucket(bEnded), []byte(c.Item.Group)
	if !c.State.Ended() {
		return nil
	}
	if id := b.Get(group); id != nil && string(id) != c.ID {
		other, err := loadCase(tx, string(id))
		if err != nil {
			return err
		}
		if other.At.After(c.At) {
			return nil
		}
	}
	return b.Put(group, []byte(c.ID))
}

// indexCases makes the index of a ledger that was begun without it.
func indexCases(tx *bbolt.Tx) error {
	if err := createBuckets(tx, bEnded, bBack); err != nil {
		return err
	}
	return tx.Bucket(bCases).ForEach(func(id, _ []byte) error {
		c, err := loadCase(tx, string(id))
		if err != nil {
			return err
		}
		return ended(tx, c)
	})
}
