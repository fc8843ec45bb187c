// Package evidence seals what a run read, row by row as it is read, and replays it: the same sealed inputs give the same
// findings, byte for byte, without the sources, the network or the ledger.
//
// A sealed source is what came through connectors.Trace and the iterator, in their order: one JSON object a line, each
// with one key that says what it is. A line is never rewritten; the files are compressed with Zstandard (RFC 8878) and,
// where recipients are given, encrypted to them (age, https://age-encryption.org/v1), so that whoever holds the folder
// need not hold the people's data.
package evidence

import (
	"errors"
	"fmt"
	"io"
	"path"

	"rollcall/scanner"
)

// format is the version of sealed files. A reader knows every version up to its own.
const format = 1

// The names of the sealed files. Sources have a folder of their own, so that no app's id can meet another file's name.
const (
	settingsName = "settings.json"
	memoryName   = "memory.jsonl"
	sourcesDir   = "inputs"
	rosterName   = "roster"
)

func sourceName(name string) string { return path.Join(sourcesDir, name+".jsonl") }

// Create makes one of the sealed files, by a slash-separated name.
type Create func(name string) (io.WriteCloser, error)

// Seal is the sealing of one run.
type Seal struct {
	create     Create
	recipients Recipients
	sealed     []*file
}

// New seals through create, encrypted to the recipients where there are any.
func New(create Create, recipients Recipients) *Seal {
	return &Seal{create: create, recipients: recipients}
}

// Input is in with every source and the history replaced by ones that seal what they give. The settings that decide
// verdicts are sealed at once; the policy is not, since whoever read it has it as it was written. Whatever else reads the
// history for this run must do so through what is returned.
func (s *Seal) Input(in scanner.Input) (scanner.Input, error) {
	if err := s.settings(&in); err != nil {
		return in, err
	}
	in.Roster = sealedRoster{in.Roster, s.file(sourceName(rosterName))}
	apps := make([]scanner.App, len(in.Apps))
	for i, a := range in.Apps {
		a.Source = sealedApp{a.Source, s.file(sourceName(string(a.ID)))}
		apps[i] = a
	}
	in.Apps = apps
	in.History = newRecorder(in.History, s.file(memoryName))
	return in, nil
}

func (s *Seal) file(name string) *file {
	f := &file{name: name, open: func() (io.WriteCloser, error) { return s.create(name + s.recipients.suffix()) }, to: s.recipients}
	s.sealed = append(s.sealed, f)
	return f
}

// Close ends the files. Its error says that the run is not sealed, whatever went wrong first.
func (s *Seal) Close() error {
	var errs []error
	for _, f := range s.sealed {
		if err := f.close(); err != nil {
			errs = append(errs, fmt.Errorf("sealing %s: %w", f.name, err))
		}
	}
	s.sealed = nil
	return errors.Join(errs...)
}

// header is the first line of every sealed file.
type header struct {
	Sealed int       `json:"sealed"`
	Info   *infoLine `json:"info,omitempty"`
}

func (h header) check() error {
	switch {
	case h.Sealed < 1:
		return errors.New("it does not begin as a sealed file does: it is another file, or was cut")
	case h.Sealed > format:
		return fmt.Errorf("it was sealed by a newer rollcall (format %d; this one knows up to %d): replay it with that version", h.Sealed, format)
	}
	return nil
}
