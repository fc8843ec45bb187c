package remediate_test

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
)

// alone runs a test in a program of its own, where a full disk hurts nobody else; true says that this is that program.
func alone(t *testing.T) bool {
	t.Helper()
	const env = "ROLLCALL_ALONE"
	if os.Getenv(env) != "" {
		return true
	}
	c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	c.Env = append(os.Environ(), env+"=1")
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("in a program of its own: %v\n%s", err, out)
	}
	return false
}

// fullDisk has every write to a file fail, as on a full disk, until what it gives is called.
func fullDisk(t *testing.T) (room func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var was syscall.Rlimit
	ok(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was))
	ok(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1, Max: was.Max}))
	return func() { ok(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was)) }
}

// Where nothing can be written down, nothing is done; and with room again, it goes on where it stood.
func TestAFullDiskStopsBeforeAnythingIsDone(t *testing.T) {
	if !alone(t) {
		return
	}
	b := newBench(t, crm())
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	b.remove(c.ID)
	room := fullDisk(t)
	_, err := b.apply.Case(t.Context(), c.ID, remediate.Policy)
	_, decideErr := b.desk.Decide(c.ID, remediate.Verdict{By: boss, Why: "w", Until: connectors.DateOf(noon, time.UTC) + 3}, noon)
	room()
	if err == nil || decideErr == nil {
		t.Errorf("on a full disk a case is changed: %v, %v", err, decideErr)
	}
	if b.w.ours("", "") > 0 {
		t.Errorf("something was done of which nothing is written down: %v", b.w.Effects)
	}
	b.reopen()
	b.is(b.kept(c.ID), remediate.Remove)
	b.is(b.carryOut(c.ID), remediate.Confirmed)
	ok(t, b.led.Verify())
}

// The disk fills up between the call and its outcome: what was done is found again, and not done twice.
func TestADiskThatFillsUpInTheMiddle(t *testing.T) {
	if !alone(t) {
		return
	}
	for _, step := range []string{"before intent: disable", "before call", "after call", "before applied", "before confirmed"} {
		t.Run(step, func(t *testing.T) {
			b := newBench(t, crm())
			c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
			b.remove(c.ID)
			var room func()
			b.apply.At = func(s string) {
				if s == step && room == nil {
					room = fullDisk(t)
				}
			}
			_, err := b.apply.Case(t.Context(), c.ID, remediate.Policy)
			b.apply.At = nil
			if room == nil {
				t.Fatal("it never came so far")
			}
			room()
			if err == nil {
				t.Error("what cannot be written down is no error")
			}
			b.reopen()
			b.is(b.carryOut(c.ID), remediate.Confirmed)
			for _, what := range []string{"disable", "end sessions", "revoke k1"} {
				if n := b.w.ours("crm/ann", what); n != 1 {
					t.Errorf("%s was done %d times with effect", what, n)
				}
			}
			ok(t, b.led.Verify())
		})
	}
}

// A ledger that can only be read lets nothing be decided and nothing be done.
func TestAReadOnlyLedgerLetsNothingBeDone(t *testing.T) {
	b := newBench(t, crm())
	c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
	b.remove(c.ID)
	ok(t, b.led.Close())
	var err error
	b.led, err = ledger.Open(b.dir, ledger.Options{ReadOnly: true})
	ok(t, err)
	b.wire()
	if _, err := b.apply.Case(t.Context(), c.ID, remediate.Policy); err == nil {
		t.Error("carried out")
	}
	if _, err := b.desk.Ask(c.ID, 0, "E9", noon); err == nil {
		t.Error("asked")
	}
	if b.w.ours("", "") > 0 {
		t.Errorf("something was done: %v", b.w.Effects)
	}
}

// Cut off or emptied, also while it is open, the database is refused, nothing is acted upon, and it is rebuilt.
func TestADamagedLedgerLetsNothingBeDoneAndIsRebuilt(t *testing.T) {
	for name, size := range map[string]int64{"emptied": 0, "cut off": 8192} {
		for _, open := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				b := newBench(t, crm())
				c := b.follow("run-1", leaver("E1", "crm", "ann"))[0]
				b.remove(c.ID)
				b.killAt(c.ID, "after intent: disable")
				db := filepath.Join(b.dir, "rollcall.db")
				if !open {
					ok(t, b.led.Close())
				}
				ok(t, os.Truncate(db, size))
				if open {
					if _, err := b.apply.Case(t.Context(), c.ID, remediate.Policy); !errors.Is(err, ledger.ErrDamaged) {
						t.Errorf("open: got %v, want ErrDamaged", err)
					}
					b.led.Close()
				} else if _, err := ledger.Open(b.dir, ledger.Options{}); !errors.Is(err, ledger.ErrDamaged) {
					t.Errorf("closed: got %v, want ErrDamaged", err)
				}
				if b.w.ours("", "") > 0 {
					t.Errorf("something was done: %v", b.w.Effects)
				}
				ok(t, os.Rename(db, db+".damaged"))
				_, err := ledger.Rebuild(b.dir, b.now, "test")
				ok(t, err)
				b.led = openLedger(t, b.dir)
				b.wire()
				b.is(b.carryOut(c.ID), remediate.Confirmed)
				_, _, err = b.apply.Undo(t.Context(), c.ID, boss, "a mistake")
				ok(t, err)
				if b.w.get("crm/ann").Enabled != connectors.Yes {
					t.Error("the state before was not rebuilt")
				}
				ok(t, b.led.Verify())
			})
		}
	}
}
