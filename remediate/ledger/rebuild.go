package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

// Rebuilt says what a rebuilt ledger has again, and what it has not.
type Rebuilt struct {
	Events, Cases, Lifts, Links, Rulings, Runs, SignOffs, Workbooks int
	Torn                                                            bool     // the mirror ends in a line that was cut short, and was left out
	Lost                                                            []string // what no event carries
}

// lost is what no event carries. What the guards need, the counts of the last roster and of the last lists, is not of it.
var lost = []string{"since when findings and grants are known", "what each run found", "the roster's lines: role history grown from earlier rosters, and who was absent how often", "a refused roster that waited to be accepted"}

// Rebuild makes a new rollcall.db of the mirror, where the database is gone: cases with all they did, lifts, links, rulings,
// sign-offs, workbooks, runs and the counts that the next run is held against. The events' chain is checked from the state
// id on, goes on in the new database, and says that it was rebuilt. It refuses to write over a database, whatever its state:
// move it away first.
func Rebuild(dir string, at time.Time, actor string) (*Rebuilt, error) {
	r, err := rebuild(dir, at, actor)
	if err != nil {
		return nil, fmt.Errorf("ledger %s: rebuilding %s from %s: %w", dir, dbName, mirrorName, err)
	}
	return r, nil
}

func rebuild(dir string, at time.Time, actor string) (*Rebuilt, error) {
	path := func(name string) string { return filepath.Join(dir, name) }
	if _, err := os.Lstat(path(dbName)); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is there (%v): move it away and keep it, so that nothing is written over", dbName, err)
	}
	marker, err := os.ReadFile(path(markerName))
	if err != nil || strings.TrimSpace(string(marker)) == "" {
		return nil, fmt.Errorf("the chain of events starts from what is in %s, and that cannot be read (%v): restore it", markerName, err)
	}
	mirror, err := os.Open(path(mirrorName))
	if err != nil {
		return nil, err
	}
	defer mirror.Close()
	made := path(dbName + ".rebuilt")
	if err := os.Remove(made); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	db, err := bbolt.Open(made, 0o600, &bbolt.Options{Timeout: time.Second, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return nil, err
	}
	b := &builder{l: &Ledger{dir: dir, db: db, state: strings.TrimSpace(string(marker))}, out: &Rebuilt{Lost: lost}}
	err = b.l.guarded(func() error { return db.Update(func(tx *bbolt.Tx) error { return b.all(tx, mirror, at, actor) }) })
	if err := errors.Join(err, db.Close()); err != nil {
		os.Remove(made)
		return nil, err
	}
	if err := os.Rename(made, path(dbName)); err != nil {
		return nil, err
	}
	return b.out, syncDir(dir)
}

// builder plays events again.
type builder struct {
	l   *Ledger
	out *Rebuilt
}

// all makes the whole database in one transaction: it is there, or it is not.
func (b *builder) all(tx *bbolt.Tx, mirror io.Reader, at time.Time, actor string) error {
	if err := errors.Join(createBuckets(tx, buckets...), tx.Bucket(bMeta).Put(kState, []byte(b.l.state)), setSchema(tx, len(migrations)+1)); err != nil {
		return err
	}
	lines, prev := newLines(mirror), b.l.state
	for seq := uint64(1); ; seq++ {
		line, err := lines.next()
		if err == io.EOF {
			break
		}
		if errors.Is(err, errTorn) { // a write that was cut short
			b.out.Torn = true
			break
		}
		if err != nil {
			return err
		}
		if prev, err = checkEvent(prev, seq, line); err != nil {
			return fmt.Errorf("%s, line %d: %w", mirrorName, seq, err)
		}
		if err := errors.Join(tx.Bucket(bEvents).Put(seqKey(seq), line), b.play(tx, line)); err != nil {
			return fmt.Errorf("%s, line %d: %w", mirrorName, seq, err)
		}
		b.out.Events++
	}
	if b.out.Events == 0 {
		return errors.New("it has no events")
	}
	for n, bucket := range map[*int][]byte{&b.out.Cases: bCases, &b.out.Lifts: bLifts, &b.out.Links: bLinks, &b.out.Rulings: bRulings, &b.out.Runs: bRuns,
		&b.out.SignOffs: bSignOffs, &b.out.Workbooks: bWorkbooks} {
		if err := tx.Bucket(bucket).ForEach(func(_, _ []byte) error { *n++; return nil }); err != nil {
			return err
		}
	}
	return b.l.addEvent(tx, at, actor, "ledger rebuilt from its mirror", struct {
		Events int      `json:"events"`
		Lost   []string `json:"lost"`
	}{b.out.Events, b.out.Lost})
}

// played is an event as a line has it.
type played struct {
	Time  time.Time       `json:"time"`
	Actor string          `json:"actor"`
	What  string          `json:"what"`
	Body  json.RawMessage `json:"body"`
}
