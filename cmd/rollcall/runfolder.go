package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"rollcall/connectors"
	"rollcall/report"
	"rollcall/report/opcsign"
)

// runFolder is where a run leaves its files. It is written under another name and renamed when whole, so that a run that
// was interrupted leaves nothing that looks like a run.
type runFolder struct {
	id, dir, tmp string
	committed    bool
	signed       *opcsign.Result // of the workbook; nil: it is not signed
}

// newRunFolder makes the folder. alone says that no other run can be under way, since this one holds the ledger: what
// others left half-written is then taken away, for it is personal data that nobody will look at.
func newRunFolder(state string, started time.Time, asOf connectors.Date, alone bool) (*runFolder, error) {
	runs := filepath.Join(state, "runs")
	if err := os.MkdirAll(runs, 0o700); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	if alone {
		stale, err := filepath.Glob(filepath.Join(runs, "*"+partial))
		for _, dir := range stale {
			err = errors.Join(err, os.RemoveAll(dir))
		}
		if err != nil {
			return nil, fmt.Errorf("state: %w", err)
		}
	}
	id := runID(started, asOf)
	for n := 2; ; n++ {
		f := &runFolder{id: id, dir: filepath.Join(runs, id)}
		f.tmp = f.dir + partial
		_, err := os.Lstat(f.dir)
		if errors.Is(err, fs.ErrNotExist) {
			err = os.Mkdir(f.tmp, 0o700)
			if err == nil {
				return f, nil
			}
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("state: %w", err)
		}
		id = fmt.Sprintf("%s-%d", runID(started, asOf), n)
	}
}

// partial ends the name of a folder that is not whole yet.
const partial = ".partial"

// discard removes what an unfinished run wrote; after commit it does nothing.
func (f *runFolder) discard() {
	if !f.committed {
		os.RemoveAll(f.tmp)
	}
}

func (f *runFolder) commit(r *report.Review) error {
	if err := os.Rename(f.tmp, f.dir); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	f.committed = true
	r.Paths.Dir = f.dir
	for _, p := range []*string{&r.Paths.Findings, &r.Paths.Accounts, &r.Paths.Workbook} {
		if *p != "" {
			*p = filepath.Join(f.dir, filepath.Base(*p))
		}
	}
	return nil
}

// load reads the findings of a run into its review, for those reports that need every one.
func load(r *report.Review) (err error) {
	if r.Result.Findings == nil {
		r.Result.Findings, err = readFindings(r.Paths.Findings)
	}
	return err
}

// writeFile writes a new file that only its owner can read: everything here is personal data.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := createPrivate(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<16)
	err = write(w)
	return errors.Join(err, w.Flush(), f.Close())
}

// createPrivate creates a file that only its owner can read.
func createPrivate(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
}

// replaceFile gives a private file another content: it has the one or the other, whatever happens.
func replaceFile(path string, text []byte) error {
	f, err := createPrivate(path + ".new")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return writeFile(to, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}
