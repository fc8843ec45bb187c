package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
)

// How often a change may fail before the rest is left: a service that refuses once will mostly refuse again.
const (
	failuresInARow = 2
	patience       = 90 * time.Second
	lookEvery      = 3 * time.Second
)

// carrier carries out what the guards let pass.
type carrier struct {
	p     *program
	c     *config
	led   *ledger.Ledger
	desk  *remediate.Desk
	apply *remediate.Applier
	out   *settled
	again bool // these were tried before: one that fails for good must not keep all others from being done
}

// carry does those of the cases whose items may go. The first is the canary: if it fails, nothing else is tried. Between two
// cases the kill switch is looked at again.
func (x *carrier) carry(ctx context.Context, due []*remediate.Case, free []remediate.Item) error {
	may := map[string]bool{}
	for _, it := range free {
		may[it.Group] = true
	}
	tried, failed := 0, 0
	for _, k := range due {
		if !may[k.Item.Group] {
			continue
		}
		if why := x.c.killed(); why != "" {
			x.out.Halted = "the kill switch is on: " + why
			return nil
		}
		if k.State == remediate.Open {
			if _, err := x.desk.Release(k.ID, x.p.now()); overtaken(err) {
				x.out.Overtaken = append(x.out.Overtaken, k.ID)
				continue
			} else if err != nil {
				return err
			}
		}
		done, err := x.apply.Case(ctx, k.ID, remediate.Policy)
		if overtaken(err) || errors.Is(err, remediate.ErrMayNot) { // who asked to have it taken back may have left since
			x.out.Overtaken = append(x.out.Overtaken, k.ID)
			continue
		}
		if err != nil {
			return err
		}
		x.out.Done = append(x.out.Done, done)
		tried++
		if done.State != remediate.Failed {
			failed = 0
			continue
		}
		if failed++; !x.again && (tried == 1 || failed >= failuresInARow) {
			x.out.Halted = fmt.Sprintf("%s; the rest waits until that is understood", done.Why)
			return nil
		}
	}
	return nil
}

// overtaken tells whether somebody changed a case between its being looked at and its being carried out: their word counts,
// and the others are carried out all the same.
func overtaken(err error) bool {
	return errors.Is(err, remediate.ErrStale) || errors.Is(err, remediate.ErrMove)
}

// applier is what changes apps.
func (p *program) applier(c *config, led *ledger.Ledger) *remediate.Applier {
	people := sync.OnceValue(func() *runPlan { return peopleOfNewest(c, led) })
	return &remediate.Applier{Journal: led, Apps: c.Writable, Fit: newFitness(c, led).check, ForgetUse: c.Privacy.noSignIns(), Now: p.now, Wait: p.wait, Patience: patience, Look: lookEvery, Trace: p.traces.actions,
		Same: func(id connectors.PersonID) connectors.PersonID { return people().same(id) },
		Left: func(id connectors.PersonID) (string, error) { return people().leftBy(led, id) }}
}

// wait lets time pass between two looks at an account.
func (p *program) wait(ctx context.Context, d time.Duration) error {
	if p.pause != nil {
		return p.pause(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
