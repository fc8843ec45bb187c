package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// migration brings a ledger from one schema to the next.
type migration func(tx *bbolt.Tx) error

// migrations[i] leads from schema i+1 to schema i+2.
var migrations = []migration{
	func(tx *bbolt.Tx) error { return createBuckets(tx, bSignOffs, bWorkbooks) },
	func(tx *bbolt.Tx) error { return createBuckets(tx, bCases, bLive, bTouched, bLifts) },
	func(tx *bbolt.Tx) error { return createBuckets(tx, bSlots, bStops, bAnnounced) },
	func(tx *bbolt.Tx) error { return createBuckets(tx, bBindings, bDelegations, bPasses, bCards, bButtons) },
	indexCases,
	tagCases,
}

func createBuckets(tx *bbolt.Tx, names ...[]byte) error {
	for _, name := range names {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	return nil
}

// migrate brings an older ledger up to date, in one transaction, after a copy of it was put beside it.
func (l *Ledger) migrate(steps []migration) error {
	_, has, err := l.readMeta()
	if err != nil || has == len(steps)+1 {
		return err
	}
	if has < 1 {
		return fmt.Errorf("%w: %s says no schema: %s", ErrDamaged, dbName, restore)
	}
	if err := l.Backup(l.path(fmt.Sprintf("%s.schema-%d", dbName, has))); err != nil {
		return err
	}
	err = l.guarded(func() error {
		return l.db.Update(func(tx *bbolt.Tx) error {
			for _, step := range steps[has-1:] {
				if err := step(tx); err != nil {
					return err
				}
			}
			return setSchema(tx, len(steps)+1)
		})
	})
	if err != nil {
		return fmt.Errorf("bringing schema %d to %d; nothing is changed: %w", has, len(steps)+1, err)
	}
	return nil
}

// Backup writes a whole, checked copy of the database to path. To restore it, put it in the place of rollcall.db. Best
// done when nothing is recorded: what is recorded meanwhile makes the file grow, since nothing can be written over.
func (l *Ledger) Backup(path string) error {
	if err := l.backup(path); err != nil {
		return fmt.Errorf("ledger: backup to %s: %w", path, err)
	}
	return nil
}

func (l *Ledger) backup(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = l.view(func(tx *bbolt.Tx) error {
		_, err := tx.WriteTo(f)
		return err
	})
	if err == nil {
		err = checkFile(f, true)
	}
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
