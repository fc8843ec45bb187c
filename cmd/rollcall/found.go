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
	"sync/atomic"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

// findings takes the findings of a scan app by app, while others are still read, and holds none of them: their lines go
// to a file on the disk, and what the terminal and the ledger want of them to digests.
type findings struct {
	asOf     connectors.Date
	register map[scanner.FindingID]scanner.Seen
	shown    func(*scanner.Finding) bool // which of them the caller asked to see
	recorded bool                        // the ledger is to hear of them

	spool *os.File
	end   atomic.Int64 // of what was written
	mu    sync.Mutex
	runs  []stretch
	all   report.Digest
	asked report.Digest
	found []ledger.Found
}

// stretch is a piece of the spool: lines of one app that are of one severity, kind and reason, in order.
type stretch struct {
	severity scanner.Severity
	kind     scanner.Kind
	reason   string
	app      connectors.AppID
	part     int // of the app's lines
	at, n    int64
}

func newFindings(dir string, asOf connectors.Date, register map[scanner.FindingID]scanner.Seen) (*findings, error) {
	f, err := os.OpenFile(filepath.Join(dir, "findings.part"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &findings{asOf: asOf, register: register, spool: f}, nil
}

// lineBytes are gathered before they are written.
const lineBytes = 1 << 18

// take is the scanner's Found.
func (f *findings) take(app connectors.AppID, found iter.Seq[*scanner.Finding]) error {
	t := &taker{findings: f, buf: make([]byte, 0, lineBytes+lineBytes/8)}
	for x := range found {
		if t.err = cmp.Or(t.err, t.add(app, x)); t.err != nil {
			break
		}
	}
	if err := t.flush(); err != nil {
		return fmt.Errorf("findings of %s: %w", app, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.runs = append(f.runs, t.runs...)
	f.all.Merge(&t.all)
	f.asked.Merge(&t.asked)
	f.found = append(f.found, t.found...)
	return nil
}

// taker takes the findings of one app.
type taker struct {
	*findings
	runs       []stretch
	buf        []byte
	all, asked report.Digest
	found      []ledger.Found
	scopes     ledger.Scopes
	err        error
}

func (t *taker) add(app connectors.AppID, x *scanner.Finding) error {
	remember(x, t.register, t.asOf)
	t.all.Add(x)
	if t.shown != nil && t.shown(x) {
		t.asked.Add(x)
	}
	if t.recorded {
		t.found = append(t.found, t.scopes.Found(x))
	}
	if n := len(t.runs); n == 0 || len(t.buf) >= lineBytes || t.runs[n-1].severity != x.Severity || t.runs[n-1].kind != x.Kind || t.runs[n-1].reason != x.Reason {
		if err := t.flush(); err != nil {
			return err
		}
		t.runs = append(t.runs, stretch{severity: x.Severity, kind: x.Kind, reason: x.Reason, app: app, part: n})
	}
	t.buf = append(report.AppendFinding(t.buf, x), '\n')
	return nil
}

// flush writes the lines gathered for the last run.
func (t *taker) flush() error {
	if t.err != nil || len(t.buf) == 0 {
		return t.err
	}
	r := &t.runs[len(t.runs)-1]
	r.n = int64(len(t.buf))
	r.at = t.end.Add(r.n) - r.n
	_, t.err = t.spool.WriteAt(t.buf, r.at)
	t.buf = t.buf[:0]
	return t.err
}

// write makes the file of all lines: the most severe first, then by kind, reason and app.
func (f *findings) write(path string) error {
	slices.SortFunc(f.runs, func(a, b stretch) int {
		return cmp.Or(scanner.CompareFindings(&scanner.Finding{Severity: a.severity, Kind: a.kind, Reason: a.reason, App: a.app},
			&scanner.Finding{Severity: b.severity, Kind: b.kind, Reason: b.reason, App: b.app}), cmp.Compare(a.part, b.part))
	})
	out, err := createPrivate(path)
	if err != nil {
		return err
	}
	for _, r := range f.runs {
		if err != nil {
			break
		}
		if _, err = f.spool.Seek(r.at, io.SeekStart); err == nil {
			_, err = io.Copy(out, io.LimitReader(f.spool, r.n)) // in the kernel, where it can
		}
	}
	return errors.Join(err, out.Close(), f.close())
}

// close takes the spool away; a second time it does nothing.
func (f *findings) close() error {
	if f.spool == nil {
		return nil
	}
	spool := f.spool
	f.spool = nil
	return errors.Join(spool.Close(), os.Remove(spool.Name()))
}
