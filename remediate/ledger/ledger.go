// Package ledger remembers, in one bbolt file, what earlier runs saw and what people ruled: runs, the findings
// register, the accepted roster and the role history grown from it, when each grant was first seen, links and rulings.
// Every change is also an event in an append-only hash chain, mirrored line by line to events.jsonl beside the file.
//
// Rules kept throughout: nothing is called from inside a transaction, transactions are never nested, bytes are copied
// out before a transaction ends, and a read transaction is short. A damaged file is an error, never a crash, and a lost
// one never looks like a first run.
package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"rollcall/scanner"
)

// The files of a ledger, all in its directory.
const (
	dbName     = "rollcall.db"
	markerName = "ledger.id" // the state id: tells a lost or replaced rollcall.db from a first run
	mirrorName = MirrorName
	holderName = "rollcall.pid" // who has rollcall.db open for writing
)

// MirrorName is the file of the events once more, for people and for rebuilding.
const MirrorName = "events.jsonl"

// initialMap is address space, not memory. While the file stays below it, a writer never waits for readers to let go
// of the old mapping.
const initialMap = 1 << 30

// Errors of Open that a caller may act upon.
var (
	ErrLocked  = errors.New("the ledger is in use")
	ErrNone    = fmt.Errorf("there is no ledger yet: %w", fs.ErrNotExist) // only when opened read-only
	ErrDamaged = errors.New("the ledger is damaged or lost")
	ErrNewer   = errors.New("the ledger was written by a newer rollcall")
)

// Options of Open; the zero value is right for a command that writes.
type Options struct {
	ReadOnly bool          // opens an existing ledger, writes nothing at all
	Timeout  time.Duration // to wait for another process; 0 = 2 s. Open never waits for ever
	Holder   string        // what this process is, told to others that find the ledger in use: "rollcall scan"

	opened func() // called when the file was opened, before it is looked at whether it is still the one; of tests
}

// Ledger is an open ledger. Its methods may be called from several goroutines.
type Ledger struct {
	dir   string
	db    *bbolt.DB
	state string // the state id; the events' chain starts from it

	broken atomic.Pointer[error] // set once a transaction panicked

	mu     sync.Mutex // held over a change and its mirroring, so that the mirror has the events in order
	mirror *mirror    // nil when opened read-only
	lent   int        // how often it was lent and not given back
}

var _ scanner.History = (*Ledger)(nil)

// Open opens the ledger in dir, and creates both on a first run. It refuses, with what to do, a ledger that is in use,
// damaged, lost, replaced by another, older than its own mirror, or written by a newer rollcall.
func Open(dir string, o Options) (*Ledger, error) {
	l, err := open(dir, o, migrations)
	if err != nil {
		return nil, fmt.Errorf("ledger %s: %w", dir, err)
	}
	return l, nil
}

func open(dir string, o Options, steps []migration) (*Ledger, error) {
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Second
	}
	if !o.ReadOnly {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("cannot make the directory: %w; name one that can be written as the state directory", err)
		}
	}
	db, err := openDB(dir, o)
	if err != nil {
		return nil, err
	}
	l := &Ledger{dir: dir, db: db}
	if err := l.settle(o, steps); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// settle checks that the file is the one that belongs here and brings it, its marker and its mirror up to date.
func (l *Ledger) settle(o Options, steps []migration) error {
	if o.ReadOnly {
		return l.identify(true, len(steps)+1)
	}
	if err := keepPrivate(l.path(dbName)); err != nil {
		return err
	}
	if err := l.identify(false, len(steps)+1); err != nil {
		return err
	}
	err := l.migrate(steps)
	if err != nil {
		return err
	}
	if l.mirror, err = openMirror(l.path(mirrorName)); err != nil {
		return err
	}
	if err := l.checkMirror(); err != nil {
		return err
	}
	if err := l.catchUp(); err != nil {
		return err
	}
	return writeHolder(l.path(holderName), o.Holder)
}

// Lend gives the ledger to one more user in this process, whose Close gives it back and closes nothing.
func (l *Ledger) Lend() *Ledger {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lent++
	return l
}

// Close releases the ledger to other processes, or gives back one that was lent.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lent > 0 {
		l.lent--
		return nil
	}
	var err error
	if l.mirror != nil {
		os.Remove(l.path(holderName)) // only a note: a stale one does no harm
		err = l.mirror.f.Close()
		l.mirror = nil
	}
	if l.broken.Load() != nil {
		return err // db.Close could wait for ever; the file's lock goes with the process
	}
	return errors.Join(err, l.db.Close())
}

func (l *Ledger) path(name string) string { return filepath.Join(l.dir, name) }
