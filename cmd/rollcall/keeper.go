package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

// keeper takes every account of a scan: a line of accounts.jsonl for the workbook, and its grants for the ledger's
// first-seen history. Apps are read side by side, so each has a file of its own until they are joined.
type keeper struct {
	dir              string
	accounts, grants bool

	mu    sync.Mutex
	files map[connectors.AppID]*accountFile
	logs  map[connectors.AppID]*ledger.GrantLog
}

type accountFile struct {
	f   *os.File
	w   *bufio.Writer
	buf []byte
	err error
}

// app is the scanner's Sink.
func (k *keeper) app(id connectors.AppID) func(*scanner.AccountLine) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out *accountFile
	var log *ledger.GrantLog
	if k.accounts {
		out = k.create(id)
	}
	if k.grants {
		if k.logs == nil {
			k.logs = map[connectors.AppID]*ledger.GrantLog{}
		}
		log = &ledger.GrantLog{}
		k.logs[id] = log
	}
	if out == nil && log == nil {
		return nil
	}
	return func(l *scanner.AccountLine) error {
		if log != nil {
			log.Add(l.Account.ID, "")
			for i := range l.Account.Entitlements {
				log.Add(l.Account.ID, l.Account.Entitlements[i].ID)
			}
		}
		if out == nil {
			return nil
		}
		return out.write(l)
	}
}

func (k *keeper) create(id connectors.AppID) *accountFile {
	f, err := os.OpenFile(filepath.Join(k.dir, "accounts."+string(id)+".part"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	out := &accountFile{f: f, err: err}
	if err == nil {
		out.w = bufio.NewWriterSize(f, 1<<16)
	}
	if k.files == nil {
		k.files = map[connectors.AppID]*accountFile{}
	}
	k.files[id] = out
	return out
}

func (a *accountFile) write(l *scanner.AccountLine) error {
	if a.err != nil {
		return fmt.Errorf("accounts of %s: %w", l.App, a.err)
	}
	a.buf = append(report.AppendAccount(a.buf[:0], l), '\n')
	_, a.err = a.w.Write(a.buf)
	return a.err
}

// join makes one file of all, in the configuration's order, and removes the parts.
func (k *keeper) join(path string, apps []scanner.App) error {
	err := writeFile(path, func(w io.Writer) error {
		for _, app := range apps {
			part := k.files[app.ID]
			if part == nil || part.f == nil {
				continue
			}
			if err := part.w.Flush(); err != nil {
				return err
			}
			if _, err := part.f.Seek(0, io.SeekStart); err != nil {
				return err
			}
			if _, err := io.Copy(w, part.f); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, k.close())
}

func (k *keeper) close() error {
	var errs []error
	for _, part := range k.files {
		if part.f != nil {
			errs = append(errs, part.f.Close(), os.Remove(part.f.Name()))
		}
	}
	k.files = nil
	return errors.Join(errs...)
}

// log is what an app's pull granted, nil when nothing was kept.
func (k *keeper) log(id connectors.AppID) *ledger.GrantLog { return k.logs[id] }
