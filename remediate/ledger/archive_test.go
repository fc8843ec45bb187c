package ledger

import (
	"bytes"
	"os"
	"path/filepath"
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
