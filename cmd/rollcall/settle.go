package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/remediate/slackdesk"
	"rollcall/report"
	"rollcall/scanner"
)

// settled is what settle did.
type settled struct {
	Opened    []*remediate.Case
	Told      []string          // who was told of the cases that wait for an answer
	Untold    []untold          // of which nobody could be told
	Back      []*remediate.Case // of people who are back from leave: given back, or to be
	Passed    []*remediate.Case // whose deadline came
	Ended     []*remediate.Case // approved ahead, and cancelled
	Trips     []remediate.Trip
	Batch     string           // hash of what the guards looked at: what a lift names
	Stopped   []remediate.Item // by a guard
	OnHold    int              // accounts whose retention is over, and which are on legal hold
	Done      []*remediate.Case
	Overtaken []string // cases that somebody changed meanwhile
	Halted    string   // why the rest was not tried
}

// settle carries out what was decided: cases are brought up to date with the newest plan, deadlines pass, the guards look
// at everything that is due, and what none of them stops is done: one account first, and the rest only if that went well.
func (p *program) settle(ctx context.Context, c *config, led *ledger.Ledger) (*settled, error) {
	last, err := led.LastRun()
	if err != nil || last == nil {
		return &settled{}, err
	}
	plan, err := readPlan(c, last)
	if errors.Is(err, errNoPlan) {
		return nil, cmp.Or(needsRun(led), err)
	}
	if err != nil {
		return nil, err
	}
	return p.settleBy(ctx, c, led, plan, plan.judged, nil)
}

// settleBy settles by one plan; judged tells of which groups it says anything. within bounds what is changed in apps; nil: all
// that is due.
func (p *program) settleBy(ctx context.Context, c *config, led *ledger.Ledger, plan *runPlan, judged, within func(*remediate.Item) bool) (out *settled, err error) {
	if p.daemon != nil {
		defer func() {
			if out != nil {
				p.daemon.figures.settled(out)
				p.daemon.clean(out.Done)
			}
		}()
	}
	ctx, end := p.traces.span(ctx, "settle", runAttribute.String(plan.Run))
	defer func() { end(err) }()
	if _, err := p.allowed(c, led); err != nil { // what is looser the guards say
		return nil, err
	}
	now := p.now()
	desk := p.desk(c, led, plan)
	out = &settled{}
	if out.Opened, err = desk.Follow(plan.Plan, plan.Run, now, judged); err != nil {
		return nil, err
	}
	if err := plan.followAhead(c, desk, now, out); err != nil {
		return nil, err
	}
	if out.Passed, err = desk.Deadlines(now); err != nil {
		return nil, err
	}
	if err := p.tell(ctx, c, led, plan, out); err != nil {
		return nil, err
	}
	if err := p.restoreReturned(ctx, c, led, plan, out); err != nil {
		return nil, err
	}
	if err := p.retire(ctx, c, led, plan, out); err != nil {
		return nil, err
	}
	due, err := p.due(led, plan, now)
	if err != nil {
		return nil, err
	}
	if within != nil {
		due = slices.DeleteFunc(due, func(k *remediate.Case) bool { return !within(&k.Item) })
	}
	if len(due) > 0 {
		if err := p.carryDue(ctx, c, led, plan, due, out); err != nil {
			return out, err
		}
	}
	return out, tickets(c, led)
}

// carryDue carries on with what was being given back, asks the guards about the rest that is due, and carries out what none
// of them stops.
func (p *program) carryDue(ctx context.Context, c *config, led *ledger.Ledger, plan *runPlan, due []*remediate.Case, out *settled) error {
	back, old, fresh := parted(due)
	x := &carrier{p: p, c: c, led: led, desk: p.desk(c, led, plan), apply: p.applier(c, led), out: out, again: true}
	if err := x.carry(ctx, back, items(back)); err != nil || out.Halted != "" || len(old)+len(fresh) == 0 { // on any ground; see remediate.CheckUndo
		return err
	}
	ground, err := p.ground(c, led, plan)
	if err != nil {
		return err
	}
	batch := items(fresh)
	out.Batch, out.Trips = remediate.HashItems(batch), remediate.Check(batch, ground, &c.Remediate.Limits)
	bound, err := led.Bindings()
	if err != nil {
		return err
	}
	if stop, ok := remediate.StopOf(plan.Run, fresh, out.Trips, p.actor(), p.whoAmI(c), bound, p.now()); ok { // so that a second person can let it pass
		if err := led.AddStop(stop); err != nil {
			return err
		}
	}
	free, stopped := remediate.Pass(batch, out.Trips)
	if err := p.hold(c, led, plan, fresh, out.Trips, p.now()); err != nil {
		return err
	}
	// What has begun was counted when it began; it goes on where the ground is still firm.
	trips := shaky(items(old), ground, c)
	goOn, wait := remediate.Pass(items(old), trips)
	out.Trips, out.Stopped = append(out.Trips, trips...), append(stopped, wait...)
	x.again = false
	if err := x.carry(ctx, fresh, free); err != nil || out.Halted != "" {
		return err
	}
	x.again = true
	return x.carry(ctx, old, goOn)
}

// shaky are the guards that trip because the ground is not firm; those that count are for what begins.
func shaky(batch []remediate.Item, ground *remediate.Ground, c *config) []remediate.Trip {
	return slices.DeleteFunc(remediate.Check(batch, ground, &c.Remediate.Limits), func(t remediate.Trip) bool { return t.Counts() })
}

// hold has people decide on what the policy would have done on the day too many people left at once: by the next run that
// guard has nothing to compare with any more, and must not have been lifted by waiting.
func (p *program) hold(c *config, led *ledger.Ledger, plan *runPlan, fresh []*remediate.Case, trips []remediate.Trip, now time.Time) error {
	i := slices.IndexFunc(trips, func(t remediate.Trip) bool { return t.Guard == remediate.GuardLeft })
	if i < 0 {
		return nil
	}
	for _, k := range fresh {
		if k.State != remediate.Open {
			continue
		}
		if _, err := p.desk(c, led, plan).Hold(k.ID, trips[i].Says, now); err != nil && !overtaken(err) {
			return err
		}
	}
	return nil
}

// begun tells whether a case, or its being taken back, was interrupted, or failed and is tried again: it was decided, and
// counted, when it began.
func begun(c *remediate.Case) bool {
	if c.Undo != nil {
		return c.State != remediate.Undone
	}
	return c.State == remediate.Intent || c.State == remediate.Applied || c.State == remediate.Failed
}

// parted are the cases whose being taken back was interrupted, those that have begun, and those that have not.
func parted(due []*remediate.Case) (back, old, fresh []*remediate.Case) {
	for _, c := range due {
		switch {
		case c.Undo != nil:
			back = append(back, c)
		case begun(c):
			old = append(old, c)
		default:
			fresh = append(fresh, c)
		}
	}
	return back, old, fresh
}

// tell sends what nobody was asked about yet, what is to be asked again, and what somebody could not be told, to whom [notify]
// names. For a case that somebody was told of, the time for an answer begins; one that nobody could be told of is counted.
func (p *program) tell(ctx context.Context, c *config, led *ledger.Ledger, plan *runPlan, out *settled) error {
	if !c.Notify.tells() {
		return nil
	}
	box, err := readOutbox(c.State, p.now(), c.Remediate.Answer)
	if err != nil {
		fmt.Fprintf(p.stderr, "rollcall: %s\n", report.Plain(err.Error()))
		return nil
	}
	ask, err := toTell(led, box, slices.Concat(out.Opened, out.Passed))
	if err != nil {
		return err
	}
	told, problems := p.notify(ctx, c, ask, box)
	if err := box.save(); err != nil {
		problems = append(problems, fmt.Errorf("notify: %w", err))
	}
	for _, err := range problems {
		fmt.Fprintf(p.stderr, "rollcall: %s\n", report.Plain(err.Error()))
	}
	out.Untold = box.untold()
	desk := p.desk(c, led, plan)
	for _, k := range ask {
		who := strings.Join(told[k.ID], "; ")
		if who == "" {
			continue
		}
		if !slices.Contains(out.Told, who) {
			out.Told = append(out.Told, who)
		}
		now, err := led.Case(k.ID) // telling takes its time, and somebody may have decided meanwhile
		if err != nil {
			return err
		}
		if now.State == remediate.Open {
			if _, err := desk.Ask(k.ID, now.Rev, who, p.now()); err != nil && !overtaken(err) {
				return err
			}
		}
	}
	return nil
}

// toTell are the cases that somebody is, or may be, still to be told of. asked are those that the desk asked about just now:
// what came back, and what was kept until now; of them everybody is told again.
func toTell(led *ledger.Ledger, box *outbox, asked []*remediate.Case) ([]*remediate.Case, error) {
	for _, k := range asked {
		if k.State == remediate.Asked {
			box.begin(k.ID)
		}
	}
	ask, err := led.LiveCases(func(k *remediate.Case) bool {
		return k.State == remediate.Open && k.Item.Mode == scanner.ModeAsk || k.State == remediate.Asked && box.Cases[k.ID] != nil
	})
	if err != nil {
		return nil, err
	}
	waits := map[string]bool{}
	for _, k := range ask {
		if waits[k.ID] = true; box.Cases[k.ID] == nil {
			box.begin(k.ID)
		}
	}
	box.only(waits)
	return ask, nil
}

// restoreReturned gives those who are back from leave what was suspended, from the journal, where the policy suspended it
// unasked; where people decided, or the ground is not firm, people are told.
func (p *program) restoreReturned(ctx context.Context, c *config, led *ledger.Ledger, plan *runPlan, out *settled) error {
	if len(plan.Returned) == 0 {
		return nil
	}
	ground, err := p.ground(c, led, plan)
	if err != nil {
		return err
	}
	for _, id := range plan.Returned {
		k, err := led.Case(id)
		if err != nil {
			return err
		}
		if k.State != remediate.Confirmed {
			continue
		}
		if k.Decision == nil && p.now().Sub(k.At) <= remediate.UndoWindow && len(shaky([]remediate.Item{k.Item}, ground, c)) == 0 {
			n, _, err := p.applier(c, led).Undo(ctx, id, remediate.Policy, "its owner is back from leave")
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil: // one app that is down must not keep all else from being done
				fmt.Fprintf(p.stderr, "rollcall: %s is not given back yet: %s\n", id, report.Plain(err.Error()))
			}
			k = n
		}
		out.Back = append(out.Back, k)
	}
	return nil
}

// desk is the desk over the ledger, with the people as a run knew them.
func (p *program) desk(c *config, led *ledger.Ledger, plan *runPlan) *remediate.Desk {
	atTheMachine := plan.mayDecide(c)
	d := &remediate.Desk{Journal: led, Answer: c.Remediate.Answer, LongestKeep: c.Remediate.Keep, Same: plan.same, Bound: led.Bindings,
		MayDecide: func(by remediate.Identity, k *remediate.Case) error {
			if bySlack(by) { // who spoke there needs no user here
				return p.mayDecideInSlack(c, led, new(slackKnown), by, k)
			}
			return atTheMachine(by, k)
		}}
	if c.Slack != nil { // what takes two people there must not take one here
		d.Two = slackdesk.Two
	}
	return d
}

// due are the cases that are to be carried out now, in the order of the plan: what was decided, what lapsed, what the
// policy releases, and what was interrupted.
func (p *program) due(led *ledger.Ledger, plan *runPlan, now time.Time) ([]*remediate.Case, error) {
	due, err := led.LiveCases(func(c *remediate.Case) bool {
		return (c.State.Decided() || begun(c) || c.State == remediate.Open && c.Item.Mode == scanner.ModeAuto && c.Held == "") && !now.Before(c.NotBefore)
	})
	closing := map[connectors.PersonID]bool{} // whose access is closed as it was approved ahead: the policy has nothing to do there
	for _, c := range due {
		if c.IsAhead() {
			closing[c.Item.Person] = true
		}
	}
	due = slices.DeleteFunc(due, func(c *remediate.Case) bool { return c.State == remediate.Open && closing[c.Item.Person] })
	place := map[string]int{}
	for i := range plan.Plan.Items {
		place[plan.Plan.Items[i].Group] = i
	}
	slices.SortStableFunc(due, func(a, b *remediate.Case) int { return place[a.Item.Group] - place[b.Item.Group] })
	return due, err
}

func items(cases []*remediate.Case) []remediate.Item {
	out := make([]remediate.Item, len(cases))
	for i, c := range cases {
		out[i] = c.Item
	}
	return out
}
