package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

// Compact writes the database of a directory anew without the room that deleted and overwritten values left, checks the copy, and puts it
// in its place. Nobody may have the ledger open: it is held for the time. It gives both sizes in bytes.
func Compact(dir string) (before, after int64, err error) {
	before, after, err = compact(dir)
	if err != nil {
		return before, after, fmt.Errorf("ledger %s: compacting %s; nothing is changed: %w", dir, dbName, err)
	}
	return before, after, nil
}

func compact(dir string) (before, after int64, err error) {
	l, err := Open(dir, Options{Holder: "rollcall ledger compact"})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	made := l.path(dbName + ".compact")
	if err := os.Remove(made); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, 0, err
	}
	defer os.Remove(made)
	to, err := bbolt.Open(made, 0o600, &bbolt.Options{Timeout: time.Second, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return 0, 0, err
	}
	const most = 16 << 20 // bytes in one transaction
	err = l.guarded(func() error { return bbolt.Compact(to, l.db, most) })
	if err := errors.Join(err, to.Sync(), to.Close()); err != nil {
		return 0, 0, err
	}
	if err := sameHead(l, made); err != nil {
		return 0, 0, err
	}
	was, err := os.Stat(l.path(dbName))
	if err != nil {
		return 0, 0, err
	}
	is, err := os.Stat(made)
	if err != nil {
		return 0, 0, err
	}
	// The lock is on the file that is replaced: who waits for it opens the new one after it is released.
	if err := os.Rename(made, l.path(dbName)); err != nil {
		return 0, 0, err
	}
	return was.Size(), is.Size(), syncDir(dir)
}

// sameHead tells whether a copy ends in the same event as the ledger.
func sameHead(l *Ledger, path string) error {
	head, err := l.Head()
	if err != nil {
		return err
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return err
	}
	copied := &Ledger{dir: filepath.Dir(path), db: db, state: l.state}
	got, err := copied.Head()
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if got != head {
		return fmt.Errorf("the copy ends in event %d, the ledger in %d", got.Seq, head.Seq)
	}
	return nil
}
