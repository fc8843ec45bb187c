package ledger

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"rollcall/scanner"
)

// A change is committed before it is mirrored. Whatever part of the mirror a crash leaves, the next Open completes it.
func TestTheMirrorCatchesUp(t *testing.T) {
	dir := filled(t)
	path := filepath.Join(dir, mirrorName)
	whole, err := os.ReadFile(path)
	ok(t, err)
	rapid.Check(t, func(t *rapid.T) {
		left := whole[:rapid.IntRange(0, len(whole)).Draw(t, "left")]
		ok(t, os.WriteFile(path, left, 0o600))
		end(t, begin(t, dir))
		if got, _ := os.ReadFile(path); !bytes.Equal(got, whole) {
			t.Fatalf("mended to %d bytes, want the %d there were", len(got), len(whole))
		}
	})
	ok(t, os.Remove(path))
	end(t, begin(t, dir))
}

// A mirror with lines longer than what is read at once, and more of them than are copied at once.
func TestManyAndLongEvents(t *testing.T) {
	l := begin(t, t.TempDir())
	ok(t, l.AddRuling(noon, scanner.Ruling{Finding: "long", Because: "policy", Note: strings.Repeat("because ", 40_000), Actor: "dana"}))
	l = reopen(t, l)
	links := make([]scanner.Link, 2500)
	for i := range links {
		links[i] = scanner.Link{App: "crm", Account: "a", Person: "E1", Evidence: "badge", Actor: "dana"}
	}
	ok(t, l.AcceptLinks(noon, links...))
	l = reopen(t, l)
	end(t, l)
	ok(t, os.Remove(l.path(mirrorName)))
	end(t, begin(t, l.dir))
}

func TestAMirrorAheadOfTheDatabaseIsRefused(t *testing.T) {
	dir := filled(t)
	l := begin(t, dir)
	backup := filepath.Join(t.TempDir(), "backup.db")
	ok(t, l.Backup(backup))
	_, err := l.RecordRun(aRun(3))
	ok(t, err)
	end(t, l)
	ok(t, os.Rename(backup, filepath.Join(dir, dbName)))
	if _, err := Open(dir, Options{Timeout: time.Millisecond}); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "older copy") {
		t.Fatalf("got %v, want ErrDamaged", err)
	}
	ok(t, os.Rename(filepath.Join(dir, mirrorName), filepath.Join(dir, "kept.jsonl"))) // as the message says
	end(t, begin(t, dir))
}

func TestVerifyFindsChanges(t *testing.T) {
	replace := func(name, old, new string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			b, err := os.ReadFile(filepath.Join(dir, name))
			ok(t, err)
			if !bytes.Contains(b, []byte(old)) {
				t.Fatalf("no %q in %s", old, name)
			}
			ok(t, os.WriteFile(filepath.Join(dir, name), bytes.Replace(b, []byte(old), []byte(new), 1), 0o600))
		}
	}
	for name, change := range map[string]func(t *testing.T, dir string){
		"mirror, first line":  replace(mirrorName, `"cron"`, `"evil"`),
		"mirror, last line":   replace(mirrorName, `"1 of 2 records"`, `"0 of 2 records"`),
		"mirror, a line more": replace(mirrorName, "\n", "\n\n"),
		"database, an event": func(t *testing.T, dir string) {
			inDB(t, dir, func(tx *bbolt.Tx) error {
				b := tx.Bucket(bEvents)
				return b.Put(seqKey(2), bytes.Replace(b.Get(seqKey(2)), []byte(`"cron"`), []byte(`"evil"`), 1))
			})
		},
		"database, an event gone": func(t *testing.T, dir string) {
			inDB(t, dir, func(tx *bbolt.Tx) error { return tx.Bucket(bEvents).Delete(seqKey(2)) })
		},
		"database, the last event gone": func(t *testing.T, dir string) {
			inDB(t, dir, func(tx *bbolt.Tx) error {
				seq, _ := lastEvent(tx.Bucket(bEvents))
				return tx.Bucket(bEvents).Delete(seqKey(seq))
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filled(t)
			change(t, dir)
			l, err := Open(dir, Options{Timeout: time.Millisecond})
			if err == nil {
				err = l.Verify()
				l.Close()
			}
			if err == nil {
				t.Error("nothing was noticed")
			}
		})
	}
}

func inDB(t *testing.T, dir string, fn func(tx *bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, dbName), 0o600, &bbolt.Options{Timeout: time.Second})
	ok(t, err)
	ok(t, db.Update(fn))
	ok(t, db.Close())
}

// The chain as its comment describes it, checked with nothing but text and SHA-256.
func TestAStrangerCanCheckTheMirror(t *testing.T) {
	dir := filled(t)
	state, err := os.ReadFile(filepath.Join(dir, markerName))
	ok(t, err)
	mirror, err := os.ReadFile(filepath.Join(dir, mirrorName))
	ok(t, err)
	previous := strings.TrimSpace(string(state))
	for line := range strings.Lines(string(mirror)) {
		bare, rest, found := strings.Cut(line, `,"hash":"`)
		hash := strings.TrimSuffix(rest, "\"}\n")
		if sum := fmt.Sprintf("%x", sha256.Sum256([]byte(previous+bare+"}"))); !found || sum != hash {
			t.Fatalf("%s: got %s", line, sum)
		}
		previous = hash
	}
	if n := bytes.Count(mirror, []byte("\n")); n != 5 {
		t.Errorf("%d events, want 2 runs, a link, a ruling, a refused roster", n)
	}
}

func TestAnEventNeedsATimeAndAnActor(t *testing.T) {
	l := begin(t, t.TempDir())
	defer end(t, l)
	for _, r := range []Run{{ID: "r", AsOf: monday, Actor: "cron"}, {ID: "r", AsOf: monday, At: noon}} {
		if _, err := l.RecordRun(r); err == nil {
			t.Errorf("%+v was recorded", r)
		}
	}
	if last, err := l.LastRun(); last != nil || err != nil {
		t.Errorf("a refused run left %v, %v", last, err)
	}
}
