package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

func TestFilesAreTheOwnersAlone(t *testing.T) {
	dir := filled(t)
	for name, want := range map[string]fs.FileMode{"": 0o700 | fs.ModeDir, dbName: 0o600, mirrorName: 0o600, markerName: 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		ok(t, err)
		if info.Mode() != want {
			t.Errorf("%q has mode %v, want %v", name, info.Mode(), want)
		}
	}
	ok(t, os.Chmod(filepath.Join(dir, dbName), 0o644))
	l := begin(t, dir)
	defer end(t, l)
	if info, err := os.Stat(filepath.Join(dir, dbName)); err != nil || info.Mode() != 0o600 {
		t.Errorf("a database others may read stays so: %v %v", info.Mode(), err)
	}
}

func TestASecondOpenSaysWhoHasIt(t *testing.T) {
	l := begin(t, t.TempDir())
	for _, o := range []Options{{Timeout: time.Millisecond}, {Timeout: time.Millisecond, ReadOnly: true}} {
		_, err := Open(l.dir, o)
		want := fmt.Sprintf("process %d (test)", os.Getpid())
		if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want ErrLocked by %s", o, err, want)
		}
	}
	end(t, reopen(t, l))
	ok(t, os.WriteFile(filepath.Join(l.dir, holderName), []byte("nonsense"), 0o600))
	if got := holder(filepath.Join(l.dir, holderName)); got != "another process" {
		t.Errorf("an unreadable note names %q", got)
	}
}

// Every length a full disk, a broken copy or a crash may leave: an error or, where only unused space is cut, all the data.
func TestACutOffFileIsAnErrorNotACrash(t *testing.T) {
	dir := filled(t)
	whole, err := os.ReadFile(filepath.Join(dir, dbName))
	ok(t, err)
	f, err := os.Open(filepath.Join(dir, dbName))
	ok(t, err)
	pages, size, err := readHeader(f)
	f.Close()
	ok(t, err)
	need := int(pages * size)
	lengths := []int{0, 1, 15, 16, 79, 80, 4095, 4096, 4097, 8191, 8192, 8193, need - 1, need, need + 1}
	for n := 12288; n < need; n += 4096 + 512 {
		lengths = append(lengths, n)
	}
	for _, n := range lengths {
		ok(t, os.WriteFile(filepath.Join(dir, dbName), whole[:n], 0o600))
		l, err := Open(dir, Options{Timeout: time.Millisecond})
		switch {
		case n < need && !errors.Is(err, ErrDamaged):
			t.Fatalf("cut to %d of %d bytes: got %v, want ErrDamaged", n, need, err)
		case n >= need:
			ok(t, err)
			ok(t, errors.Join(readAll(l)...))
			end(t, l)
		}
	}
}

// Past the checks of Open, a page that is gone or nonsense must still end in an error.
func TestDamagedPagesAreErrorsNotCrashes(t *testing.T) {
	dir := filled(t)
	whole, err := os.ReadFile(filepath.Join(dir, dbName))
	ok(t, err)
	damaged := 0
	for _, fill := range []byte{0, 0xff, 0x5a} {
		for page := 0; page+4096 <= min(len(whole), 64*4096); page += 4096 {
			b := bytes.Clone(whole)
			copy(b[page:], bytes.Repeat([]byte{fill}, 4096))
			dir := copyState(t, dir) // a damaged file stays locked as long as the process lives
			ok(t, os.WriteFile(filepath.Join(dir, dbName), b, 0o600))
			l, err := Open(dir, Options{Timeout: time.Millisecond})
			if err == nil {
				err = errors.Join(append(readAll(l), l.Close())...)
			}
			if err != nil {
				damaged++
			}
		}
	}
	if damaged < 20 {
		t.Errorf("only %d damaged pages were noticed", damaged)
	}
}

func TestAFileCutOffWhileOpenIsAnErrorNotACrash(t *testing.T) {
	dir := filled(t)
	l := begin(t, dir)
	ok(t, l.Verify())
	ok(t, os.Truncate(filepath.Join(dir, dbName), 8192))
	if errs := readAll(l); !slices.ContainsFunc(errs, func(err error) bool { return errors.Is(err, ErrDamaged) }) {
		t.Errorf("got %v, want ErrDamaged", errs)
	}
	if _, err := l.RecordRun(aRun(3)); !errors.Is(err, ErrDamaged) {
		t.Errorf("recording: got %v, want ErrDamaged", err)
	}
	ok(t, l.Close())
}

func TestALostLedgerNeverLooksLikeAFirstRun(t *testing.T) {
	path := func(dir string) string { return filepath.Join(dir, dbName) }
	for name, lose := range map[string]func(dir string) error{
		"emptied":  func(dir string) error { return os.Truncate(path(dir), 0) },
		"deleted":  func(dir string) error { return os.Remove(path(dir)) },
		"garbage":  func(dir string) error { return os.WriteFile(path(dir), bytes.Repeat([]byte("garbage "), 9999), 0o600) },
		"replaced": func(dir string) error { return os.Rename(path(filled(t)), path(dir)) },
		"new database": func(dir string) error {
			os.Remove(path(dir))
			db, err := bbolt.Open(path(dir), 0o600, nil)
			return errors.Join(err, db.Close())
		},
	} {
		for _, readOnly := range []bool{false, true} {
			dir := copyState(t, filled(t))
			ok(t, lose(dir))
			_, err := Open(dir, Options{Timeout: time.Millisecond, ReadOnly: readOnly})
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "backup") {
				t.Errorf("%s, read-only %v: got %v, want ErrDamaged and what to do", name, readOnly, err)
			}
		}
	}
}

func TestStartsThatWereCutShort(t *testing.T) {
	t.Run("file made, nothing in it", func(t *testing.T) {
		dir := t.TempDir()
		ok(t, os.WriteFile(filepath.Join(dir, dbName), nil, 0o600))
		end(t, begin(t, dir))
	})
	t.Run("no marker yet", func(t *testing.T) {
		dir := filled(t)
		ok(t, os.Remove(filepath.Join(dir, markerName)))
		l := begin(t, dir)
		ok(t, errors.Join(readAll(l)...))
		end(t, l)
		end(t, begin(t, dir))
	})
}

func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir, Options{ReadOnly: true}); !errors.Is(err, ErrNone) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no ledger: got %v, want ErrNone", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("reading left %v", left)
	}
	l, err := Open(filled(t), Options{ReadOnly: true})
	ok(t, err)
	ok(t, errors.Join(readAll(l)...))
	if _, err := l.RecordRun(aRun(9)); err == nil {
		t.Error("a ledger opened read-only was written to")
	}
	end(t, l)
}

func TestADirectoryThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	ok(t, os.WriteFile(file, nil, 0o600))
	if _, err := Open(filepath.Join(file, "state"), Options{}); err == nil || !strings.Contains(err.Error(), "name one that can be written") {
		t.Errorf("below a file: got %v", err)
	}
}

// TestAReadOnlyDirectory runs as somebody who is not the superuser, who may write everywhere.
func TestAReadOnlyDirectory(t *testing.T) {
	if os.Getuid() == 0 {
		const nobody = 65534
		c := exec.Command(readableCopy(t, os.Args[0]), "-test.run=^TestAReadOnlyDirectory$", "-test.v")
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		c.Dir = os.TempDir()
		c.Env = append(os.Environ(), "HOME="+os.TempDir())
		out, err := c.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS") {
			t.Fatalf("as another user: %v\n%s", err, out)
		}
		return
	}
	dir := filled(t)
	ok(t, os.Chmod(dir, 0o500))
	defer os.Chmod(dir, 0o700)
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "writable") {
		t.Errorf("read-only directory: got %v", err)
	}
	l, err := Open(dir, Options{ReadOnly: true})
	ok(t, err)
	end(t, l)
}

func TestSchemas(t *testing.T) {
	dir := filled(t)
	mark := func(tx *bbolt.Tx) error { return tx.Bucket(bMeta).Put([]byte("migrated"), []byte("yes")) }
	fails := func(tx *bbolt.Tx) error { return errors.Join(mark(tx), errors.New("no")) }

	next := func(m migration) []migration { return append(slices.Clone(migrations), m) }
	if _, err := open(dir, Options{}, next(fails)); err == nil {
		t.Fatal("a failed migration went through")
	}
	end(t, begin(t, dir)) // still the present schema
	l, err := open(dir, Options{}, next(mark))
	ok(t, err)
	ok(t, errors.Join(readAll(l)...))
	end(t, l)
	for _, readOnly := range []bool{false, true} {
		if _, err := Open(dir, Options{ReadOnly: readOnly}); !errors.Is(err, ErrNewer) {
			t.Errorf("newer schema: got %v, want ErrNewer", err)
		}
	}
	ok(t, os.Rename(filepath.Join(dir, fmt.Sprintf("%s.schema-%d", dbName, len(migrations)+1)), filepath.Join(dir, dbName)))
	l = begin(t, dir) // the backup made before
	ok(t, errors.Join(readAll(l)...))
	end(t, l)
	if _, err := open(dir, Options{ReadOnly: true}, next(mark)); err == nil {
		t.Error("an older schema was read as if it were the present one")
	}
}

// TestFirstSchema brings a ledger of the first schema, which had no sign-offs, up to date, and keeps a copy of it.
func TestFirstSchema(t *testing.T) {
	dir := t.TempDir()
	l, err := open(dir, Options{}, nil)
	ok(t, err)
	ok(t, l.db.Update(func(tx *bbolt.Tx) error {
		return errors.Join(tx.DeleteBucket(bSignOffs), tx.DeleteBucket(bWorkbooks))
	}))
	ok(t, l.Close())
	l = begin(t, dir)
	ok(t, errors.Join(readAll(l)...))
	if list, err := l.SignOffs("none"); err != nil || len(list) > 0 {
		t.Error(list, err)
	}
	end(t, l)
	if _, err := os.Stat(filepath.Join(dir, dbName+".schema-1")); err != nil {
		t.Error(err)
	}
}

// readableCopy puts a program where every user may run it.
func readableCopy(t *testing.T, program string) string {
	dir, err := os.MkdirTemp("", "ledger")
	ok(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	ok(t, os.Chmod(dir, 0o755))
	b, err := os.ReadFile(program)
	ok(t, err)
	to := filepath.Join(dir, "ledger.test")
	ok(t, os.WriteFile(to, b, 0o755))
	return to
}

// A file that is replaced whenever it is opened is no ledger: what would be recorded in the old one is lost.
func TestAFileThatIsReplacedEachTimeIsRefused(t *testing.T) {
	dir := t.TempDir()
	end(t, begin(t, dir))
	path := filepath.Join(dir, dbName)
	times := 0
	replace := func() {
		times++
		b, err := os.ReadFile(path)
		ok(t, err)
		ok(t, os.WriteFile(path+".new", b, 0o600))
		ok(t, os.Rename(path+".new", path))
	}
	if l, err := Open(dir, Options{Holder: "test", opened: replace}); err == nil || !strings.Contains(err.Error(), "replaced again and again") || times != 4 {
		t.Fatalf("opened after %d times: %v, %v", times, l, err)
	}
	once := func() {
		if times++; times == 5 {
			replace()
		}
	}
	l, err := Open(dir, Options{Holder: "test", opened: once})
	ok(t, err)
	ok(t, l.RecordWorkbook(Workbook{Run: "r", SHA256: "kept", At: noon, Actor: "dana"}))
	end(t, l)
	l = begin(t, dir)
	if w, err := l.Workbook("kept"); err != nil || w == nil {
		t.Errorf("what was recorded is lost: %v", err)
	}
	end(t, l)
}
