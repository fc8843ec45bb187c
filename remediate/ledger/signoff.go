package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// SignOff is somebody's word that they looked through a run. Name and role are what they say of themselves; Actor is who
// the operating system says they are.
type SignOff struct {
	Run            string    `json:"run"`
	Name           string    `json:"name"`
	Role           string    `json:"role"`
	Statement      string    `json:"statement"`
	ManifestSHA256 string    `json:"manifest_sha256"` // of what they looked through
	At             time.Time `json:"at"`
	Actor          string    `json:"actor"`
}

// RecordSignOff records a sign-off of a recorded run, beside those it has.
func (l *Ledger) RecordSignOff(s SignOff) error {
	if s.Run == "" || s.Name == "" || s.Role == "" || s.Statement == "" || s.ManifestSHA256 == "" {
		return errors.New("ledger: signing off: run, name, role, statement and the hash of the manifest must be given")
	}
	s.At = s.At.UTC()
	return l.change("a sign-off of "+s.Run, func(tx *bbolt.Tx) error {
		rec, _, err := loadRun(tx, tx.Bucket(bRunIDs).Get([]byte(s.Run)))
		if err != nil {
			return err
		}
		if rec.ManifestSHA256 != s.ManifestSHA256 {
			return fmt.Errorf("the run was recorded with another manifest (SHA-256 %q): the folder is not what the run left", rec.ManifestSHA256)
		}
		b := tx.Bucket(bSignOffs)
		n, err := b.NextSequence()
		if err != nil {
			return err
		}
		return errors.Join(putJSON(b, append(append([]byte(s.Run), 0), seqKey(n)...), s), l.addEvent(tx, s.At, s.Actor, "run signed off", s))
	})
}

// SignOffs gives the sign-offs of a run, in the order they were given.
func (l *Ledger) SignOffs(run string) (list []SignOff, err error) {
	err = l.read("the sign-offs of "+run, func(tx *bbolt.Tx) (err error) {
		list, err = all[SignOff](tx.Bucket(bSignOffs), append([]byte(run), 0))
		return err
	})
	return list, err
}

// Workbook is a workbook that rollcall wrote.
type Workbook struct {
	Run    string    `json:"run"`
	SHA256 string    `json:"sha256"`
	What   string    `json:"what"`             // "of the run", "signed off", …
	Signed string    `json:"signed,omitempty"` // SHA-256 of the certificate it was signed with
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`
}

// RecordWorkbook records that a workbook was written: whoever has the ledger can tell it from any other.
func (l *Ledger) RecordWorkbook(w Workbook) error {
	if w.Run == "" || w.SHA256 == "" {
		return errors.New("ledger: recording a workbook: its run and its hash must be given")
	}
	w.At = w.At.UTC()
	return l.change("the workbook of "+w.Run, func(tx *bbolt.Tx) error {
		return errors.Join(putJSON(tx.Bucket(bWorkbooks), []byte(w.SHA256), w), l.addEvent(tx, w.At, w.Actor, "workbook written", w))
	})
}

// Workbook gives what is recorded of the workbook with this SHA-256; nil when nothing is.
func (l *Ledger) Workbook(sha256 string) (w *Workbook, err error) {
	err = l.read("a workbook", func(tx *bbolt.Tx) error {
		var rec Workbook
		found, err := getJSON(tx.Bucket(bWorkbooks), []byte(sha256), &rec)
		if found && err == nil {
			w = &rec
		}
		return err
	})
	return w, err
}

// Head is the end of the chain of events: whoever keeps it can tell later whether anything before it was changed.
type Head struct {
	Ledger string `json:"ledger"` // the state id
	Seq    uint64 `json:"seq"`
	Hash   string `json:"hash"`
}

// Head gives the present head; its Seq is 0 before the first event.
func (l *Ledger) Head() (h Head, err error) {
	h = Head{Ledger: l.state, Hash: l.state}
	err = l.read("the head", func(tx *bbolt.Tx) error {
		seq, line := lastEvent(tx.Bucket(bEvents))
		if line != nil {
			h.Seq, h.Hash = seq, hashOf(line)
		}
		return nil
	})
	return h, err
}

// HadHead tells whether the chain went through a head: false means that events up to it were changed or are missing.
func (l *Ledger) HadHead(h Head) (had bool, err error) {
	err = l.read("an earlier head", func(tx *bbolt.Tx) error {
		if h.Seq == 0 {
			had = h.Ledger == l.state && h.Hash == l.state
			return nil
		}
		line := tx.Bucket(bEvents).Get(binary.BigEndian.AppendUint64(nil, h.Seq))
		had = h.Ledger == l.state && line != nil && hashOf(line) == h.Hash
		return nil
	})
	return had, err
}
