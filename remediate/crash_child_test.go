package remediate_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/scanner"
)

// childEnv tells the test's own program, started again, that it is the one that is killed.
const childEnv = "ROLLCALL_CRASH_CHILD"

// errand is what a child is to do.
type errand struct {
	Dir    string
	Seed   uint64
	Undo   bool // take back all that was done, instead of carrying out what was decided
	KillAt int  // which boundary between two steps it is killed at; 0 = none
	Now    time.Time
}

// child carries out what was decided, or takes it back, as a program does that is started again and again.
func child() int {
	var e errand
	if err := json.Unmarshal([]byte(os.Getenv(childEnv)), &e); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	if err := e.run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	return 0
}

func (e *errand) run(ctx context.Context) error {
	w, err := loadWorld(filepath.Join(e.Dir, "world.json"), e.Seed)
	if err != nil {
		return err
	}
	led, err := ledger.Open(filepath.Join(e.Dir, "state"), ledger.Options{Holder: "crash test"})
	if err != nil {
		return err
	}
	a := e.applier(led, w)
	if e.Undo {
		err = takeBack(ctx, a)
	} else {
		err = settleAll(ctx, a)
	}
	return errors.Join(err, led.Close())
}

// applier has a clock of its own: time passes where it waits.
func (e *errand) applier(led *ledger.Ledger, w *world) *remediate.Applier {
	apps := map[connectors.AppID]connectors.App{}
	for _, id := range []connectors.AppID{"crm", "erp", "dir"} {
		apps[id] = &app{w: w, id: id}
	}
	now, at := e.Now, 0
	return &remediate.Applier{Journal: led, Apps: apps, Now: func() time.Time { now = now.Add(time.Millisecond); return now }, Patience: 10 * time.Second, Look: 2 * time.Second,
		Wait: func(ctx context.Context, d time.Duration) error { now = now.Add(d); return ctx.Err() },
		At: func(string) {
			if at++; at == e.KillAt {
				syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {} // the signal is on its way
			}
		}}
}

// tries is how often a program tries what failed before it leaves that to people.
const tries = 3

// settleAll carries out everything that is due: the policy's part is released first.
func settleAll(ctx context.Context, a *remediate.Applier) error {
	desk := &remediate.Desk{Journal: a.Journal, Answer: time.Hour}
	auto, err := a.Journal.Cases(func(c *remediate.Case) bool { return c.State == remediate.Open && c.Item.Mode == scanner.ModeAuto })
	if err != nil {
		return err
	}
	for _, c := range auto {
		if _, err := desk.Release(c.ID, a.Now()); err != nil {
			return err
		}
	}
	for range tries {
		due, err := a.Journal.Cases(func(c *remediate.Case) bool {
			return c.State.Decided() || c.State == remediate.Intent || c.State == remediate.Applied || c.State == remediate.Failed
		})
		if err != nil {
			return err
		}
		for _, c := range due {
			if _, err := a.Case(ctx, c.ID, remediate.Policy); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeBack undoes every case that did anything, as often as the apps need.
func takeBack(ctx context.Context, a *remediate.Applier) error {
	for range 20 {
		done, err := a.Journal.Cases(func(c *remediate.Case) bool { return c.State != remediate.Undone && len(c.Steps) > 0 })
		if err != nil || len(done) == 0 {
			return err
		}
		for _, c := range done {
			_, _, err := a.Undo(ctx, c.ID, boss, "all of it was a mistake")
			if errors.Is(err, remediate.ErrStale) {
				return err
			}
		}
	}
	return nil
}
