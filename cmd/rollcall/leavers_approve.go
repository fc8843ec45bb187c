package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

type approveFlags struct {
	reason, at, identity string
}

func (p *program) approveAheadCommand() *cobra.Command {
	var f approveFlags
	c := &cobra.Command{
		Use:   "approve PERSON",
		Short: "decide ahead that all access of somebody who will leave is closed when their last day has ended",
		Long: `approve decides on the plan that "rollcall leavers --plan PERSON" shows. When the last day has ended in the company's time
zone, "rollcall settle" carries it out, under the guards, if the newest run still shows that the person leaves by that day.
An exit that was rescinded or moved to a later day cancels it; what has changed of the accounts until then is asked anew.
Where it is urgent, --at names an earlier time on the last day.`,
		Args: args(1, "a person's id"),
		RunE: func(c *cobra.Command, a []string) error {
			return p.approveAhead(c.Context(), connectors.PersonID(a[0]), f)
		},
	}
	fs := c.Flags()
	fs.StringVar(&f.reason, "reason", "", "`WHY`; it is recorded, and shown to the auditor")
	fs.StringVar(&f.at, "at", "", "the `TIME` on the last day (HH:MM) at which it is urgent to be done, instead of its end")
	fs.StringVar(&f.identity, "identity", "", "age identity `FILE` that opens encrypted inputs")
	return c
}

// aheadPlan makes the plan of somebody who will leave.
func (p *program) aheadPlan(ctx context.Context, c *config, led *ledger.Ledger, id connectors.PersonID, identity string) (*runPlan, *scanner.Person, error) {
	last, err := recordedRun(led, "")
	if err != nil {
		return nil, nil, err
	}
	plan, who, err := p.personPlan(ctx, c, led, last, id, identity, func(who *scanner.Person, day connectors.Date, g *gatherer) *remediate.Plan {
		return remediate.Ahead(who.ID, who.Name(), day, g.subjects, g)
	})
	if err != nil {
		return nil, nil, err
	}
	switch e := plan.Exits[who.ID]; {
	case plan.Roster != "":
		return nil, nil, fmt.Errorf("the roster of run %s is not to be relied upon: %s", last.ID, plan.Roster)
	case who.Ended(plan.AsOf):
		return nil, nil, fmt.Errorf("%s (%s) has left already, by the run %s: use rollcall offboard %s", who.Name(), who.ID, last.ID, who.ID)
	case !e.Last.Known():
		return nil, nil, fmt.Errorf("HR names no last day of %s (%s), by the run %s: there is nothing to approve ahead", who.Name(), who.ID, last.ID)
	}
	return plan, who, nil
}

func (p *program) showAhead(ctx context.Context, id connectors.PersonID, identity string) error {
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	plan, who, err := p.aheadPlan(ctx, c, led, id, identity)
	if err != nil {
		return err
	}
	it := &plan.Plan.Items[0]
	fmt.Fprintf(p.stdout, "%s (%s): the last day is %s; cut-off %s; by the run %s\n", report.Plain(who.Name()), who.ID, it.LastDay, c.moment(cutOff(it.LastDay, c.Zone)), plan.Run)
	showItem(p.stdout, it)
	k, err := led.Live(it.Group)
	if err != nil {
		return err
	}
	switch {
	case k == nil:
		fmt.Fprintf(p.stdout, "\nto have it done then: rollcall leavers approve %s --reason …\n", who.ID)
	case k.ItemHash != it.Hash():
		fmt.Fprintf(p.stdout, "\ncase %s is about other accounts than these%s\n", k.ID, c.approvedWords(k))
	default:
		fmt.Fprintf(p.stdout, "\ncase %s%s\n", k.ID, c.approvedWords(k))
	}
	return nil
}

// moment writes a time in the company's time zone.
func (c *config) moment(t time.Time) string { return t.In(c.Zone).Format("2006-01-02 15:04 MST") }

// approvedWords says what was approved ahead of somebody; empty where nothing was.
func (c *config) approvedWords(k *remediate.Case) string {
	switch {
	case k == nil:
		return ""
	case k.State.Decided() && k.Decision != nil:
		return fmt.Sprintf("; approved by %s: closed at %s", report.Plain(k.Decision.By.String()), c.moment(k.NotBefore))
	}
	return fmt.Sprintf("; case %s is %s", k.ID, k.State)
}

func (p *program) approveAhead(ctx context.Context, id connectors.PersonID, f approveFlags) error {
	if strings.TrimSpace(f.reason) == "" {
		return usageError{errors.New("leavers approve wants --reason: why is this person's access closed?")}
	}
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	if err := p.onlyAllowed(c, led); err != nil {
		return err
	}
	plan, who, err := p.aheadPlan(ctx, c, led, id, f.identity)
	if err != nil {
		return err
	}
	by := p.whoAmI(c)
	by.Person = plan.same(by.Person)
	if !by.Somebody() {
		return fmt.Errorf("this is not yours to decide: user %d of this machine is no person that [identities] uid names%s", p.uid, p.isNobody())
	}
	it, now := &plan.Plan.Items[0], p.now()
	at, err := c.cutOffAt(it.LastDay, f.at, now)
	if err != nil {
		return err
	}
	desk := p.desk(c, led, plan)
	k, err := desk.OpenAhead(it, plan.Run, by, at, now)
	if err != nil {
		return err
	}
	if !k.State.Decided() {
		if k, err = desk.Decide(k.ID, remediate.Verdict{Remove: true, By: by, Why: f.reason, Rev: k.Rev, Item: it.Hash()}, now); err != nil {
			return err
		}
	}
	showItem(p.stdout, it)
	fmt.Fprintf(p.stdout, "\n%s: %s, by %s; %s (%s) is closed at %s by rollcall settle, if the newest run still shows that they leave by %s\n",
		k.ID, k.State, report.Plain(by.String()), report.Plain(who.Name()), who.ID, c.moment(k.NotBefore), it.LastDay)
	fmt.Fprintln(p.stdout, "settle wants a run that was made after this and is not too old: scan, then settle, before and after the cut-off")
	return nil
}

// cutOffAt is when it is done: when the last day has ended, or at an earlier time of it.
func (c *config) cutOffAt(day connectors.Date, at string, now time.Time) (time.Time, error) {
	if at == "" {
		return cutOff(day, c.Zone), nil
	}
	clock, err := time.Parse("15:04", at)
	if err != nil {
		return time.Time{}, usageError{fmt.Errorf("--at %q: want a time on the last day, such as 17:30", at)}
	}
	d := day.Time()
	t := time.Date(d.Year(), d.Month(), d.Day(), clock.Hour(), clock.Minute(), 0, 0, c.Zone)
	if t.Before(now) {
		return time.Time{}, fmt.Errorf("%s has passed: to close all of it now, use rollcall offboard", c.moment(t))
	}
	return t, nil
}
