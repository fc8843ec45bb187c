package ledger

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"

	"go.etcd.io/bbolt"
)

// Buckets, and the keys of those that hold a few large values.
var (
	bMeta    = []byte("meta")
	bEvents  = []byte("events")   // seq → line
	bRuns    = []byte("runs")     // seq → RunRecord
	bRunIDs  = []byte("run ids")  // id → seq
	bDiffs   = []byte("diffs")    // seq of a run → packed Diff
	bRoster  = []byte("roster")   // see roster.go
	bPulls   = []byte("pulls")    // app → PullFacts
	bFinding = []byte("register") // see register.go
	bGrants  = []byte("grants")   // app → packed first-seen days
	bLinks   = []byte("links")    // app, account, person → Link
	bRulings = []byte("rulings")  // finding → Ruling

	// Since schema 2.
	bSignOffs  = []byte("sign-offs") // run, 0, number → SignOff
	bWorkbooks = []byte("workbooks") // SHA-256 → Workbook

	// Since schema 3.
	bCases   = []byte("cases")      // id → Case
	bLive    = []byte("live cases") // group → id of its case that has not ended
	bTouched = []byte("touched")    // time, case, step → account that the step changed
	bLifts   = []byte("lifts")      // time, number → Lift

	// Since schema 4.
	bSlots     = []byte("slots")     // schedule → Slot
	bStops     = []byte("stops")     // hash of a batch → Stop
	bAnnounced = []byte("announced") // id → Event

	// Since schema 5.
	bBindings    = []byte("chat bindings")    // chat account → Binding
	bDelegations = []byte("chat delegations") // person → Delegation
	bPasses      = []byte("chat passes")      // case, 0, person → PassedOn
	bCards       = []byte("chat cards")       // id → Card
	bButtons     = []byte("chat buttons")     // hash of a token → Button

	// Since the schema of indexCases.
	bEnded = []byte("ended cases")            // group → id of its case that ended last
	bBack  = []byte("cases being taken back") // id → nothing

	// Since the schema of tagCases.
	bTags = []byte("case tags") // tag → id; see casetags.go

	buckets = [][]byte{bMeta, bEvents, bRuns, bRunIDs, bDiffs, bRoster, bPulls, bFinding, bGrants, bLinks, bRulings, bSignOffs, bWorkbooks, bCases, bLive, bTouched, bLifts, bSlots, bStops, bAnnounced,
		bBindings, bDelegations, bPasses, bCards, bButtons, bEnded, bBack, bTags}

	kState   = []byte("state")
	kSchema  = []byte("schema")
	kAllowed = []byte("allowed")

	kLoosening = []byte("loosening") // what people said so far of what is to be allowed
)

var errReadOnly = errors.New("ledger: not open for writing")

// guarded turns what bbolt panics with over a damaged file, reads beyond the end of a cut-off mapping included, into an
// error.
func guarded(fn func() error) (err error, panicked bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err, panicked = fmt.Errorf("%w (%v): %s", ErrDamaged, p, restore), true
		}
	}()
	return fn(), false
}

// guarded runs a transaction. A panic may leave bbolt's locks held: after one, nothing is asked of bbolt any more, since
// that could wait for ever.
func (l *Ledger) guarded(fn func() error) error {
	if err := l.broken.Load(); err != nil {
		return *err
	}
	err, panicked := guarded(fn)
	if panicked {
		l.broken.Store(&err)
	}
	return err
}

// view runs fn in a read transaction. fn copies out what it keeps and calls nothing beyond this package.
func (l *Ledger) view(fn func(tx *bbolt.Tx) error) error {
	return l.guarded(func() error { return l.db.View(fn) })
}

// read is view for what the outside asks for.
func (l *Ledger) read(what string, fn func(tx *bbolt.Tx) error) error {
	if err := l.view(fn); err != nil {
		return fmt.Errorf("ledger: reading %s: %w", what, err)
	}
	return nil
}

// change runs fn in one write transaction and then brings the mirror up to date.
func (l *Ledger) change(what string, fn func(tx *bbolt.Tx) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mirror == nil {
		return errReadOnly
	}
	if err := l.guarded(func() error { return l.db.Update(fn) }); err != nil {
		return fmt.Errorf("ledger: recording %s: %w", what, err)
	}
	if err := l.catchUp(); err != nil {
		return fmt.Errorf("ledger: %s is recorded, but not yet in the mirror; the next change or start mends that: %w", what, err)
	}
	return nil
}

// readMeta reads the state id and the schema; both are zero in a new file.
func (l *Ledger) readMeta() (state string, schema int, err error) {
	err = l.view(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bMeta)
		if b == nil {
			return nil
		}
		state = string(b.Get(kState))
		if v := b.Get(kSchema); len(v) == 8 {
			schema = int(binary.BigEndian.Uint64(v))
		}
		return nil
	})
	return state, schema, err
}

// found makes a new file a ledger with a state id of its own.
func (l *Ledger) found(schema int) (state string, err error) {
	var id [16]byte
	rand.Read(id[:])
	state = hex.EncodeToString(id[:])
	return state, l.guarded(func() error {
		return l.db.Update(func(tx *bbolt.Tx) error {
			if err := createBuckets(tx, buckets...); err != nil {
				return err
			}
			return errors.Join(tx.Bucket(bMeta).Put(kState, []byte(state)), setSchema(tx, schema))
		})
	})
}

func setSchema(tx *bbolt.Tx, n int) error { return tx.Bucket(bMeta).Put(kSchema, seqKey(uint64(n))) }

// seqKey is big-endian, so that keys sort as numbers do.
func seqKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func putJSON(b *bbolt.Bucket, key []byte, v any) error {
	j, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return b.Put(key, j)
}

// getJSON leaves v alone when there is nothing under the key.
func getJSON(b *bbolt.Bucket, key []byte, v any) (found bool, err error) {
	j := b.Get(key)
	if j == nil {
		return false, nil
	}
	if err := json.Unmarshal(j, v); err != nil {
		return false, fmt.Errorf("%w (%q: %v): %s", ErrDamaged, key, err, restore)
	}
	return true, nil
}
