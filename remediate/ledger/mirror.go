package ledger

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"go.etcd.io/bbolt"
)

// mirror is events.jsonl, open for appending.
type mirror struct {
	f    *os.File
	seq  uint64 // the last event it holds
	last []byte // its line, as found when the mirror was opened
	size int64  // up to and including that line; what follows is the remains of a write that was cut short
}

// openMirror finds where the mirror ends. A missing one is created; it catches up from the start.
func openMirror(path string) (*mirror, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot open %s: %w; make it readable and writable for this user", mirrorName, err)
	}
	m := &mirror{f: f}
	if err := m.findEnd(); err != nil {
		f.Close()
		return nil, err
	}
	return m, nil
}

// findEnd reads backwards, in growing steps, until it has the whole last line.
func (m *mirror) findEnd() error {
	info, err := m.f.Stat()
	if err != nil {
		return err
	}
	for window := int64(64 << 10); ; window *= 4 {
		from := max(0, info.Size()-window)
		b := make([]byte, info.Size()-from)
		if _, err := m.f.ReadAt(b, from); err != nil && err != io.EOF {
			return err
		}
		end := bytes.LastIndexByte(b, '\n')
		start := bytes.LastIndexByte(b[:max(end, 0)], '\n')
		if start < 0 && from > 0 {
			continue
		}
		if end < 0 {
			return nil // nothing whole in it
		}
		m.size, m.last = from+int64(end)+1, b[start+1:end]
		var e event
		if err := json.Unmarshal(m.last, &e); err != nil || e.Seq == 0 {
			return fmt.Errorf("%s ends in a line that is no event: move the file away; it is written anew from %s", mirrorName, dbName)
		}
		m.seq = e.Seq
		return nil
	}
}

// checkMirror refuses a mirror that knows of events the database does not have: then the database is an older copy.
func (l *Ledger) checkMirror() error {
	if l.mirror.seq == 0 {
		return nil
	}
	var head uint64
	var same bool
	err := l.view(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bEvents)
		head, _ = lastEvent(b)
		same = bytes.Equal(b.Get(seqKey(l.mirror.seq)), l.mirror.last)
		return nil
	})
	switch {
	case err != nil:
		return err
	case l.mirror.seq > head:
		return fmt.Errorf("%w: %s has %d events and %s, its mirror, %d: %s is an older copy. Restore a newer one; or, if the older one is meant, move %s away and keep it: it alone tells of the later events",
			ErrDamaged, dbName, head, mirrorName, l.mirror.seq, dbName, mirrorName)
	case !same:
		return fmt.Errorf("%w: event %d differs between %s and %s, its mirror. Find out which was changed; if it is the mirror, move it away: it is written anew",
			ErrDamaged, l.mirror.seq, dbName, mirrorName)
	}
	return nil
}

// catchUp appends to the mirror the events it does not have yet: after each change, and at Open those of a change whose
// mirroring was cut short.
func (l *Ledger) catchUp() error {
	m := l.mirror
	for {
		lines, err := l.eventsAfter(m.seq)
		if err != nil || len(lines) == 0 {
			return err
		}
		text := append(bytes.Join(lines, []byte("\n")), '\n')
		if err := m.f.Truncate(m.size); err != nil {
			return err
		}
		if _, err := m.f.WriteAt(text, m.size); err != nil {
			return err
		}
		if err := m.f.Sync(); err != nil {
			return err
		}
		m.seq += uint64(len(lines))
		m.size += int64(len(text))
	}
}

var errTorn = errors.New("the last line has no end")

// lines reads whole lines of any length.
type lines struct{ r *bufio.Reader }

func newLines(r io.Reader) lines { return lines{bufio.NewReaderSize(r, 64<<10)} }

// next gives a line without its end. io.EOF says that there are no more bytes.
func (l lines) next() ([]byte, error) {
	b, err := l.r.ReadBytes('\n')
	if err == io.EOF && len(b) > 0 {
		return nil, errTorn
	}
	return bytes.TrimSuffix(b, []byte("\n")), err
}
