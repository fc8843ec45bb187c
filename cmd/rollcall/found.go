package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

// findings takes the findings of a scan app by app, while others are still read, and holds none of them: their lines go
// to the run's file, and what the terminal and the ledger want of them to digests. The file has the apps in the order of
// their ids, and in each the most severe findings first; last come those that lie across apps.
type findings struct {
	asOf     connectors.Date
	register map[scanner.FindingID]scanner.Seen
	shown    func(*scanner.Found) bool // which of them the caller asked to see
	recorded bool                      // the ledger is to hear of them

	mu    sync.Mutex
	out   *os.File
	order []connectors.AppID // of the apps in the file
	turn  int                // whose lines are written as they come
	lines map[connectors.AppID]*appLines
	free  [][]byte // written, and to be used again: fresh memory for half a gigabyte of lines costs more than making them
	room  int      // bytes of lines that may wait for their turn in memory
	held  int      // bytes that do
	spool *os.File // lines that found no room there
	end   int64    // of the spool
	all   report.Digest
	asked report.Digest
	found []ledger.Found
}

// appLines are the lines of one app that wait for its turn.
type appLines struct {
	pieces []piece
	ended  bool
}

// piece is some lines: in memory, or n bytes of the spool.
type piece struct {
	buf   []byte
	at, n int64
}

// maxHeld bytes of lines wait in memory. Apps are read in the order of the file as far as that goes, so that there are
// seldom more; a slow app can make all others wait for it.
const maxHeld = 24 << 20

// newFindings makes the file of all lines in dir.
func newFindings(dir string, apps []connectors.AppID, asOf connectors.Date, register map[scanner.FindingID]scanner.Seen) (*findings, error) {
	out, err := createPrivate(filepath.Join(dir, findingsName))
	if err != nil {
		return nil, err
	}
	f := &findings{asOf: asOf, register: register, out: out, room: maxHeld, lines: map[connectors.AppID]*appLines{}}
	f.order = append(slices.Sorted(slices.Values(apps)), "")
	for _, app := range f.order {
		f.lines[app] = &appLines{}
	}
	return f, nil
}

// findingsName is the file of a run's findings.
const findingsName = "findings.jsonl"

// lineBytes are gathered before they are handed on.
const lineBytes = 1 << 18

// take is the scanner's Found.
func (f *findings) take(app connectors.AppID, found iter.Seq[*scanner.Found]) error {
	t := &taker{findings: f}
	var err error
	for x := range found {
		if err = t.add(app, x); err != nil {
			break
		}
	}
	if err == nil {
		err = f.put(app, t.buf, true)
	}
	if err != nil {
		return fmt.Errorf("findings of %s: %w", cmp.Or(string(app), "several apps"), err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all.Merge(&t.all)
	f.asked.Merge(&t.asked)
	f.found = append(f.found, t.found...)
	return nil
}

// taker takes the findings of one app.
type taker struct {
	*findings
	buf        []byte
	all, asked report.Digest
	found      []ledger.Found
	scopes     ledger.Scopes
	form       report.Lines
}

func (t *taker) add(app connectors.AppID, x *scanner.Found) (err error) {
	remember(x, t.register, t.asOf)
	t.all.AddFound(x)
	if t.shown != nil && t.shown(x) {
		t.asked.AddFound(x)
	}
	if t.recorded {
		t.found = append(t.found, t.scopes.Taken(x))
	}
	if t.buf == nil {
		t.buf = t.buffer()
	}
	t.buf = append(t.form.Append(t.buf, x), '\n')
	if len(t.buf) >= lineBytes {
		err, t.buf = t.put(app, t.buf, false), nil
	}
	return err
}

func (f *findings) buffer() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.free); n > 0 {
		buf := f.free[n-1][:0]
		f.free = f.free[:n-1]
		return buf
	}
	return make([]byte, 0, lineBytes+lineBytes/8)
}

// put writes lines of an app if it is its turn, and keeps them till then if not. last tells that there are no more.
func (f *findings) put(app connectors.AppID, buf []byte, last bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	lines := f.lines[app]
	lines.ended = last
	if f.order[f.turn] != app {
		return f.hold(lines, buf)
	}
	if err := f.write(buf); err != nil {
		return err
	}
	for f.turn < len(f.order) && f.lines[f.order[f.turn]].ended {
		if f.turn++; f.turn == len(f.order) {
			return nil
		}
		if err := f.release(f.lines[f.order[f.turn]]); err != nil {
			return err
		}
	}
	return nil
}

func (f *findings) write(buf []byte) error {
	_, err := f.out.Write(buf)
	f.spare(buf)
	return err
}

// spareBuffers are kept for the next lines; what waited in more of them was an exception.
const spareBuffers = 16

func (f *findings) spare(buf []byte) {
	if len(f.free) < spareBuffers && cap(buf) > 0 {
		f.free = append(f.free, buf)
	}
}

func (f *findings) hold(lines *appLines, buf []byte) (err error) {
	if f.held+len(buf) <= f.room {
		f.held += len(buf)
		lines.pieces = append(lines.pieces, piece{buf: buf})
		return nil
	}
	if f.spool == nil {
		if f.spool, err = os.OpenFile(f.out.Name()+".part", os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
			return err
		}
	}
	lines.pieces = append(lines.pieces, piece{at: f.end, n: int64(len(buf))})
	_, err = f.spool.WriteAt(buf, f.end)
	f.end += int64(len(buf))
	f.spare(buf)
	return err
}

// release writes the lines of the app whose turn it is.
func (f *findings) release(lines *appLines) (err error) {
	for _, p := range lines.pieces {
		if p.n > 0 {
			_, err = io.Copy(f.out, io.NewSectionReader(f.spool, p.at, p.n))
		} else {
			f.held -= len(p.buf)
			err = f.write(p.buf)
		}
		if err != nil {
			return err
		}
	}
	lines.pieces = nil
	return nil
}

// close ends the file, and takes away what waited; a second time it does nothing.
func (f *findings) close() (err error) {
	if f.out != nil {
		err, f.out = f.out.Close(), nil
	}
	if f.spool != nil {
		err = errors.Join(err, f.spool.Close(), os.Remove(f.spool.Name()))
		f.spool = nil
	}
	return err
}
