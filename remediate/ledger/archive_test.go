package ledger

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// busy makes a ledger with so many events.
func busy(t *testing.T, dir string, n int) *Ledger {
	t.Helper()
	l, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	for i := range n {
		if err := l.PutSlot(Slot{Schedule: strings.Repeat("s", 1+i%7), Problem: strings.Repeat("x", 200)}, "test", "tester", time.Unix(int64(i), 0)); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// A backup made while things are recorded restores to a ledger that verifies, and says what it said.
func TestBackupAndRestore(t *testing.T) {
	l := busy(t, t.TempDir(), 50)
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if err := l.PutSlot(Slot{Schedule: "beside"}, "test", "tester", time.Unix(int64(i), 0)); err != nil {
				done <- err
				return
			}
		}
	}()
	var b bytes.Buffer
	if err := l.Archive(&b, time.Unix(1e9, 0)); err != nil {
		t.Fatal(err)
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "new")
	if err := Restore(bytes.NewReader(b.Bytes()), dir); err != nil {
		t.Fatal(err)
	}
	again, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	head, err := again.Head()
	if err != nil || head.Seq < 50 {
		t.Fatal(head, err)
	}
	if had, err := l.HadHead(head); err != nil || !had {
		t.Errorf("the restored head %+v is none of the ledger's: %v", head, err)
	}
	if err := again.Verify(); err != nil {
		t.Error(err)
	}
	if err := Restore(bytes.NewReader(b.Bytes()), dir); err == nil || !strings.Contains(err.Error(), "move the old ledger away") {
		t.Errorf("a ledger was written over: %v", err)
	}
}

// A backup that is cut short, changed or something else leaves nothing behind.
func TestBadBackupsRestoreNothing(t *testing.T) {
	l := busy(t, t.TempDir(), 20)
	var b bytes.Buffer
	if err := l.Archive(&b, time.Unix(1e9, 0)); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	changed := bytes.Clone(whole)
	at := bytes.LastIndex(changed, []byte("xxxxx"))
	changed[at] = 'y'
	for what, text := range map[string][]byte{"empty": nil, "cut short": whole[:len(whole)/2], "cut in the mirror": whole[:len(whole)-4<<10], "changed": changed, "something else": bytes.Repeat([]byte("no tar "), 1000)} {
		dir := t.TempDir()
		if err := Restore(bytes.NewReader(text), dir); err == nil {
			t.Errorf("%s: it was restored", what)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s: %v is left (%v)", what, left, err)
		}
	}
}

// Compacting changes nothing but the size, and is refused while somebody has the ledger.
func TestCompact(t *testing.T) {
	dir := t.TempDir()
	l := busy(t, dir, 400)
	head, err := l.Head()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Compact(dir); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("it was compacted under somebody's hands: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	before, after, err := Compact(dir)
	if err != nil || after > before {
		t.Fatal(before, after, err)
	}
	again, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got, err := again.Head(); err != nil || got != head {
		t.Errorf("%+v, want %+v (%v)", got, head, err)
	}
	if err := again.Verify(); err != nil {
		t.Error(err)
	}
}

// Who waits for the lock while the file is compacted must not end up with the old file, which nobody will ever open again.
func TestWhoWaitsForACompactionGetsTheNewFile(t *testing.T) {
	dir := t.TempDir()
	l := busy(t, dir, 30)
	path := filepath.Join(dir, dbName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	type got struct {
		l   *Ledger
		err error
	}
	waiter := make(chan got)
	go func() {
		l, err := Open(dir, Options{Timeout: time.Minute})
		waiter <- got{l, err}
	}()
	for opened(t, path) < 2 { // it has the old file open, and waits for its lock
		runtime.Gosched()
	}
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	w := <-waiter
	if w.err != nil {
		t.Fatal(w.err)
	}
	if err := w.l.PutSlot(Slot{Schedule: "kept"}, "test", "tester", time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if err := w.l.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if s, err := again.Slot("kept"); err != nil || s == nil {
		t.Errorf("what was recorded is lost: %v %v", s, err)
	}
}

// opened counts how often this process has a file open.
func opened(t *testing.T, path string) (n int) {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatalf("this test looks at /proc, which Linux has: %v", err)
	}
	for _, fd := range list {
		if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && to == path {
			n++
		}
	}
	return n
}
