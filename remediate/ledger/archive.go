package ledger

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"rollcall/connectors"
)

// archived are the files of a backup, in its order: the state id first, so that a reader knows whose it is.
var archived = []string{markerName, dbName, mirrorName}

// Archive writes a consistent copy of the ledger while it is open: a tar of the state id, the database and the mirror of its
// events up to the same one. Runs are folders of files that never change: any tool copies them.
func (l *Ledger) Archive(w io.Writer, at time.Time) error {
	if err := l.archive(w, at); err != nil {
		return fmt.Errorf("ledger: backup: %w", err)
	}
	return nil
}

func (l *Ledger) archive(w io.Writer, at time.Time) error {
	tmp, err := os.MkdirTemp(l.dir, "backup-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	db, mirror := filepath.Join(tmp, dbName), filepath.Join(tmp, mirrorName)
	if err := l.both(db, mirror); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(tmp, markerName), []byte(l.state+"\n"), 0o600); err != nil {
		return err
	}
	t := tar.NewWriter(w)
	for _, name := range archived {
		if err := addFile(t, filepath.Join(tmp, name), name, at); err != nil {
			return err
		}
	}
	return t.Close()
}

// both copies the database and the mirror while nothing can be recorded, so that they end in the same event.
func (l *Ledger) both(db, mirror string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mirror == nil {
		return errReadOnly
	}
	if err := l.backup(db); err != nil {
		return err
	}
	to, err := os.OpenFile(mirror, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, io.NewSectionReader(l.mirror.f, 0, l.mirror.size))
	return errors.Join(err, to.Close())
}

func addFile(t *tar.Writer, path, name string, at time.Time) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := t.WriteHeader(&tar.Header{Name: name, Size: info.Size(), Mode: 0o600, ModTime: at.UTC().Truncate(time.Second), Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err = io.Copy(t, f)
	return err
}

// Restore puts a backup into a directory that has no ledger, and checks it: its chain of events, its mirror, that it opens.
// What cannot be restored whole is not restored at all.
func Restore(r io.Reader, dir string) error {
	if err := restoreTo(r, dir); err != nil {
		return fmt.Errorf("ledger %s: restoring a backup; nothing is changed: %w", dir, err)
	}
	return nil
}

func restoreTo(r io.Reader, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, name := range archived {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there (%v): move the old ledger away first, and keep it", name, err)
		}
	}
	tmp, err := os.MkdirTemp(dir, "restore-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	t := tar.NewReader(r)
	for _, name := range archived {
		h, err := t.Next()
		if err != nil || h.Name != name || h.Typeflag != tar.TypeReg {
			return fmt.Errorf("it is no backup that rollcall wrote: %s is wanted at this place (%v)", name, err)
		}
		to, err := os.OpenFile(filepath.Join(tmp, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(to, t)
		if err := errors.Join(err, to.Sync(), to.Close()); err != nil {
			return err
		}
	}
	if err := opens(tmp); err != nil {
		return err
	}
	for _, name := range []string{mirrorName, dbName, markerName} { // without its marker, a database that is cut short here is seen to be one
		if err := os.Rename(filepath.Join(tmp, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return syncDir(dir)
}

// opens tells whether a ledger opens and holds.
func opens(dir string) error {
	l, err := open(dir, Options{Holder: "rollcall restore"}, migrations)
	if err != nil {
		return err
	}
	return errors.Join(l.Verify(), l.Close())
}

// RecordPruned notes that the folder of a run was taken away for its age.
func (l *Ledger) RecordPruned(run string, on connectors.Date, actor string, at time.Time) error {
	return l.change("a pruned run", func(tx *bbolt.Tx) error {
		return l.addEvent(tx, at, actor, "run pruned", struct {
			Run string          `json:"run"`
			On  connectors.Date `json:"on"`
		}{run, on})
	})
}
