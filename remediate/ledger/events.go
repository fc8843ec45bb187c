package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"go.etcd.io/bbolt"
)

// event is one change. Its line, in the file and in the mirror, is this object with a last member "hash" added: the
// SHA-256, in hex, of the previous event's hash (for the first one, the state id in ledger.id) followed by the line as
// it is without that member. printf '%s%s' "$previous" "$line" | sha256sum checks it.
type event struct {
	Seq   uint64    `json:"seq"`
	Time  time.Time `json:"time"`
	Actor string    `json:"actor"`
	What  string    `json:"what"`
	Body  any       `json:"body"`
}

const (
	hashOpen  = `,"hash":"`
	hashClose = `"}`
	hashLen   = len(hashOpen) + 2*sha256.Size + len(hashClose)
)

var errChain = errors.New("the events' hash chain is broken")

// addEvent appends an event to the chain, inside the transaction of the change it tells of.
func (l *Ledger) addEvent(tx *bbolt.Tx, at time.Time, actor, what string, body any) error {
	if at.IsZero() || actor == "" {
		return fmt.Errorf("%s: an event needs a time and an actor", what)
	}
	b := tx.Bucket(bEvents)
	b.FillPercent = 1 // only ever appended to
	seq, last := lastEvent(b)
	prev := l.state
	if last != nil {
		prev = hashOf(last)
	}
	line, err := json.Marshal(event{Seq: seq + 1, Time: at.UTC(), Actor: actor, What: what, Body: body})
	if err != nil {
		return err
	}
	sum := chain(prev, line)
	line = append(line[:len(line)-1], hashOpen+sum+hashClose...)
	return b.Put(seqKey(seq+1), line)
}

// lastEvent gives the last event's number and line; 0 and nil when there is none. The line is the transaction's.
func lastEvent(b *bbolt.Bucket) (uint64, []byte) {
	k, v := b.Cursor().Last()
	if k == nil {
		return 0, nil
	}
	return binary.BigEndian.Uint64(k), v
}

// chain is the hash of a line without its hash, in hex.
func chain(prev string, line []byte) string {
	h := sha256.New()
	io.WriteString(h, prev)
	h.Write(line)
	return hex.EncodeToString(h.Sum(nil))
}

// hashOf cuts the hash out of a line; empty when there is none.
func hashOf(line []byte) string {
	if len(line) < hashLen || !bytes.HasPrefix(line[len(line)-hashLen:], []byte(hashOpen)) {
		return ""
	}
	return string(line[len(line)-hashLen+len(hashOpen) : len(line)-len(hashClose)])
}

// eventsAfter copies out up to a thousand lines that follow the event seq.
func (l *Ledger) eventsAfter(seq uint64) (lines [][]byte, err error) {
	err = l.view(func(tx *bbolt.Tx) error {
		c := tx.Bucket(bEvents).Cursor()
		next := seq + 1
		for k, v := c.Seek(seqKey(next)); k != nil && len(lines) < 1000; k, v = c.Next() {
			if binary.BigEndian.Uint64(k) != next {
				return fmt.Errorf("%w: event %d is missing: %s", errChain, next, restore)
			}
			lines = append(lines, bytes.Clone(v))
			next++
		}
		return nil
	})
	return lines, err
}

// Verify checks that every event follows from the one before, and that the mirror holds the same events and no others.
func (l *Ledger) Verify() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.verify(); err != nil {
		return fmt.Errorf("ledger: verifying: %w", err)
	}
	return nil
}

func (l *Ledger) verify() error {
	f, err := os.Open(l.path(mirrorName))
	if err != nil {
		return fmt.Errorf("%w; it is written anew when the ledger is next opened for writing", err)
	}
	defer f.Close()
	mirrored := newLines(f)
	prev, seq := l.state, uint64(0)
	for {
		lines, err := l.eventsAfter(seq)
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			break
		}
		for _, line := range lines {
			seq++
			if prev, err = checkEvent(prev, seq, line); err != nil {
				return err
			}
			switch got, err := mirrored.next(); {
			case err == io.EOF:
				return fmt.Errorf("%s ends before event %d; it catches up when the ledger is next opened for writing", mirrorName, seq)
			case err != nil:
				return err
			case !bytes.Equal(got, line):
				return fmt.Errorf("%s, line %d, is not event %d of %s: move the mirror away; it is written anew when the ledger is next opened for writing", mirrorName, seq, seq, dbName)
			}
		}
	}
	if _, err := mirrored.next(); err != io.EOF {
		return fmt.Errorf("%s goes on after event %d, the last of %s (%v)", mirrorName, seq, dbName, err)
	}
	return nil
}

// checkEvent checks one line against the hash before it and gives its own.
func checkEvent(prev string, seq uint64, line []byte) (string, error) {
	hash := hashOf(line)
	if hash == "" {
		return "", fmt.Errorf("%w: event %d has no hash: %s", errChain, seq, restore)
	}
	bare := append(bytes.Clone(line[:len(line)-hashLen]), '}')
	var e event
	if err := json.Unmarshal(bare, &e); err != nil || e.Seq != seq {
		return "", fmt.Errorf("%w: event %d cannot be read as such (%v): %s", errChain, seq, err, restore)
	}
	if chain(prev, bare) != hash {
		return "", fmt.Errorf("%w: event %d, or one before it, was changed: %s", errChain, seq, restore)
	}
	return hash, nil
}
