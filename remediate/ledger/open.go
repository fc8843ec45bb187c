package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// restore ends every message about a ledger that cannot be used.
const restore = "restore " + dbName + " from a backup; only if its history may be lost for good, move the whole directory away and start anew"

// openDB opens the file under its lock. What bbolt would answer with a crash is found before it maps the file.
func openDB(dir string, o Options) (db *bbolt.DB, err error) {
	path := filepath.Join(dir, dbName)
	for tries := 0; ; tries++ {
		var opened os.FileInfo
		err, _ = guarded(func() (err error) {
			db, err = bbolt.Open(path, 0o600, &bbolt.Options{
				ReadOnly:        o.ReadOnly,
				Timeout:         o.Timeout,
				InitialMmapSize: initialMap,
				FreelistType:    bbolt.FreelistMapType,
				OpenFile: func(path string, flag int, mode os.FileMode) (*os.File, error) {
					f, err := openChecked(path, flag, mode)
					if err == nil {
						opened, err = f.Stat()
					}
					return f, err
				},
			})
			return err
		})
		if err != nil {
			break
		}
		if o.opened != nil {
			o.opened()
		}
		// While this one waited for the lock, the file may have been replaced by a compacted one: what is recorded in the old
		// one would be lost.
		if now, serr := os.Stat(path); serr == nil && os.SameFile(opened, now) {
			break
		}
		if err = db.Close(); err == nil && tries == 3 {
			err = fmt.Errorf("%s is replaced again and again while it is opened: find out by whom, and try again", dbName)
		}
		if err != nil {
			break
		}
	}
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%w by %s: wait until it is done, or stop it, and try again", ErrLocked, holder(filepath.Join(dir, holderName)))
	}
	if err != nil {
		return nil, err
	}
	db.AllocSize = 1 << 20 // grow in small steps: a small company's ledger stays small
	return db, nil
}

// openChecked opens the database file unless it is lost, emptied, cut off or something else altogether. It creates one
// only where there is no marker, which says that there was one before.
func openChecked(path string, flag int, mode os.FileMode) (*os.File, error) {
	_, err := os.Stat(filepath.Join(filepath.Dir(path), markerName))
	known := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if known {
		flag &^= os.O_CREATE
	}
	f, err := os.OpenFile(path, flag, mode)
	switch {
	case errors.Is(err, fs.ErrNotExist) && known:
		return nil, fmt.Errorf("%w: %s is gone, though %s says that there was one: %s", ErrDamaged, dbName, markerName, restore)
	case errors.Is(err, fs.ErrNotExist) && flag&os.O_CREATE == 0:
		return nil, ErrNone
	case err != nil:
		return nil, fmt.Errorf("cannot open %s: %w; make it readable and writable for this user", dbName, err)
	}
	if err := checkFile(f, known || flag&os.O_CREATE == 0); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// identify compares the state id and the schema the file holds with the marker beside it, and gives a new file its own.
func (l *Ledger) identify(readOnly bool, schema int) error {
	marker, err := os.ReadFile(l.path(markerName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	marked := strings.TrimSpace(string(marker))
	state, has, err := l.readMeta()
	if err != nil {
		return err
	}
	switch {
	case has > schema:
		return fmt.Errorf("%w: it has schema %d, this one knows up to %d: use the newer rollcall, or restore the backup made before its first start", ErrNewer, has, schema)
	case readOnly && state != "" && has < schema:
		return fmt.Errorf("it has the older schema %d: let a command that writes, such as a scan, open it once", has)
	case state == "" && (marked != "" || readOnly):
		return fmt.Errorf("%w: %s is an empty database: %s", ErrDamaged, dbName, restore)
	case state != "" && marked != "" && state != marked:
		return fmt.Errorf("%w: %s is another ledger's (state %s; %s says %s): %s", ErrDamaged, dbName, state, markerName, marked, restore)
	case state == "":
		if state, err = l.found(schema); err != nil {
			return err
		}
	}
	l.state = state
	if marked == "" && !readOnly { // a first run, one that was cut short, or a ledger restored without its marker
		return writeFile(l.path(markerName), []byte(state+"\n"))
	}
	return nil
}

// keepPrivate takes from others what they could read: a roster is personal data.
func keepPrivate(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return fmt.Errorf("others may read it, and that cannot be changed: %w; let its owner run chmod 600 %s", err, path)
	}
	return nil
}

// writeHolder tells other processes who has the ledger.
func writeHolder(path, who string) error {
	if err := os.WriteFile(path, fmt.Appendf(nil, "%d %s\n", os.Getpid(), who), 0o600); err != nil {
		return fmt.Errorf("cannot write: %w; make the directory writable for this user", err)
	}
	return nil
}

// holder says who has the ledger, as far as it is known: a process killed earlier may have left its note behind.
func holder(path string) string {
	b, _ := os.ReadFile(path)
	number, who, _ := strings.Cut(string(bytes.TrimSpace(b)), " ")
	if pid, err := strconv.Atoi(number); err == nil {
		if p, err := os.FindProcess(pid); err == nil && !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone) {
			return strings.TrimSuffix(fmt.Sprintf("process %d (%s)", pid, who), " ()")
		}
	}
	return "another process"
}

// writeFile writes a small file whole or not at all.
func writeFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
