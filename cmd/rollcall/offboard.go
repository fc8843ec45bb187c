package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

type offboardFlags struct {
	reason, identity string
}

func (p *program) offboardCommand() *cobra.Command {
	var f offboardFlags
	c := &cobra.Command{
		Use:   "offboard PERSON",
		Short: "close every account of one person, in every app, in one action",
		Long: `offboard shows what would be done to every account of a person that the last run tied to them for sure, asks for the
person's id to be typed, does it under the guards, reads back that it happened, and ends with a table: app, what was done,
confirmed at. What an app cannot do is listed as a task. Scan first, so that it goes by what is there today.

Exit codes: 0 all confirmed, 1 failed or refused, 4 something is left.`,
		Args: args(1, "a person's id"),
		RunE: func(c *cobra.Command, a []string) error { return p.offboard(c.Context(), connectors.PersonID(a[0]), f) },
	}
	fs := c.Flags()
	fs.StringVar(&f.reason, "reason", "", "`WHY`; it is recorded, and shown to the auditor")
	fs.StringVar(&f.identity, "identity", "", "age identity `FILE` that opens encrypted inputs")
	return c
}

func (p *program) offboard(ctx context.Context, id connectors.PersonID, f offboardFlags) error {
	if strings.TrimSpace(f.reason) == "" {
		return usageError{errors.New("offboard wants --reason: why is this person's access closed?")}
	}
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	last, err := recordedRun(led, "")
	if err != nil {
		return err
	}
	plan, who, err := p.personPlan(ctx, c, led, last, id, f.identity, offboardPlan)
	if err != nil {
		return err
	}
	by := p.whoAmI(c)
	by.Person = plan.same(by.Person)
	if !by.Somebody() {
		return fmt.Errorf("this is not yours to do: user %d of this machine is no person that [identities] uid names%s", p.uid, p.isNobody())
	}
	it := &plan.Plan.Items[0]
	fmt.Fprintf(p.stdout, "%s (%s), by the run %s of %s:\n", report.Plain(who.Name()), who.ID, last.ID, last.At.UTC().Format("2006-01-02 15:04 (UTC)"))
	showItem(p.stdout, it)
	if err := p.typed(who.ID); err != nil {
		return err
	}
	return p.carryOffboard(ctx, c, led, plan, by, f.reason)
}

// typed asks for an id to be typed: a habit of answering yes is no decision.
func (p *program) typed(id connectors.PersonID) error {
	fmt.Fprintf(p.stdout, "\nType %s to close all of it: ", id)
	line, err := bufio.NewReader(p.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if strings.TrimSpace(line) != string(id) {
		return errors.New("that is not the person's id; nothing was done")
	}
	return nil
}

func (p *program) carryOffboard(ctx context.Context, c *config, led *ledger.Ledger, plan *runPlan, by remediate.Identity, reason string) error {
	it, now := &plan.Plan.Items[0], p.now()
	if err := p.onlyAllowed(c, led); err != nil {
		return err
	}
	desk := p.desk(c, led, plan)
	k, err := led.Live(it.Group)
	if err == nil && k == nil {
		k, err = desk.Open(it, plan.Run+"/"+now.UTC().Format(time.RFC3339), now)
	}
	if err != nil {
		return err
	}
	if k.State == remediate.Open || k.State == remediate.Asked || k.State == remediate.Expired {
		if k, err = desk.Decide(k.ID, remediate.Verdict{Remove: true, By: by, Why: reason, Rev: k.Rev}, now); err != nil {
			return err
		}
	}
	out := &settled{}
	if err := p.carryDue(ctx, c, led, plan, []*remediate.Case{k}, out); err != nil {
		return err
	}
	out.Opened = nil
	return p.offboarded(out, k)
}

// offboarded prints the table it all ends with.
func (p *program) offboarded(s *settled, k *remediate.Case) error {
	if len(s.Done) > 0 {
		k = s.Done[0]
	}
	fmt.Fprintf(p.stdout, "\n%-16s %-64s %s\n", "APP", "WHAT", "CONFIRMED AT (UTC)")
	left := k.State != remediate.Confirmed
	for _, st := range k.Steps {
		at := string(st.Progress)
		switch {
		case !st.SeenAt.IsZero():
			at = st.SeenAt.UTC().Format("2006-01-02 15:04:05")
		case st.Action.Verb == remediate.Ticket:
			at = "a person has to do it"
		case st.Problem != "":
			at += ": " + st.Problem
		}
		fmt.Fprintf(p.stdout, "%-16s %-64s %s\n", report.Plain(string(st.Action.App)), report.Plain(k.Item.Say(&st.Action)), report.Plain(at))
	}
	for _, t := range s.Trips {
		fmt.Fprintf(p.stdout, "STOPPED by %s: %s\n", t.Guard, report.Plain(t.Says))
	}
	if k.Why != "" {
		fmt.Fprintf(p.stdout, "%s: %s\n", k.State, report.Plain(k.Why))
	}
	for _, r := range k.Item.Residual {
		fmt.Fprintf(p.stdout, "goes on working: %s\n", report.Plain(r))
	}
	fmt.Fprintf(p.stdout, "case %s; take it back with: rollcall undo %s --reason …\n", k.ID, k.ID)
	if left || len(s.Trips) > 0 {
		return exitCode(exitIncomplete)
	}
	return nil
}

func offboardPlan(who *scanner.Person, _ connectors.Date, g *gatherer) *remediate.Plan {
	return remediate.Offboard(who.ID, who.Name(), g.subjects, g)
}

// personPlan makes the plan of one person from the sealed inputs of a run: every account that is theirs for sure.
func (p *program) personPlan(ctx context.Context, c *config, led *ledger.Ledger, run *ledger.RunRecord, id connectors.PersonID, identity string,
	plans func(*scanner.Person, connectors.Date, *gatherer) *remediate.Plan) (*runPlan, *scanner.Person, error) {
	g := newGatherer(c, id)
	result, err := p.judgeSealed(ctx, c, run, identity, func(in *scanner.Input) error {
		in.Sink, g.policy = g.sink, in.Policy
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	who := result.Who(id)
	if who == nil {
		return nil, nil, usageError{fmt.Errorf("nobody on the roster of run %s has the id %q", run.ID, id)}
	}
	pl := &planner{admins: g.admins}
	plan := pl.planOf(run, result, c)
	plan.Plan = plans(who, plan.Exits[who.ID].Last, g)
	plan.people(result, c.Remediate.UID)
	if err := plan.aftermath(c, led, result, map[connectors.PersonID][]string{who.ID: g.serves(who)}); err != nil {
		return nil, nil, err
	}
	if len(plan.Plan.Items) == 0 {
		return nil, nil, fmt.Errorf("%s (%s) has no enabled account in any app that was read", who.Name(), who.ID)
	}
	return plan, who, nil
}
