package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/report"
)

func (p *program) settleCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "settle",
		Short: "carry out what was decided, under the guards, and read back that it happened",
		Long: `settle opens cases for the last run's plan, lets deadlines pass, and carries out what was decided or what the policy
calls automatic: one account first, and the rest only if that went well. Every guard is asked before anything is done.

Exit codes: 0 done, 1 failed, 4 a guard stopped something or something could not be carried out.`,
		Args: args(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.runSettle(cmd.Context()) },
	}
}

func (p *program) runSettle(ctx context.Context) error {
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	s, err := p.settle(ctx, c, led)
	if errors.Is(err, errNoPlan) { // that is how most begin; whoever runs it after every scan must not be told of a failure
		fmt.Fprintf(p.stdout, "nothing to settle: %v\n", err)
		return nil
	}
	if err != nil {
		return err
	}
	s.show(p.stdout)
	for _, k := range s.Done {
		if k.State == remediate.Failed || k.State == remediate.Drifted {
			return exitCode(exitIncomplete)
		}
	}
	if len(s.Trips) > 0 || s.Halted != "" {
		return exitCode(exitIncomplete)
	}
	return nil
}

func (s *settled) show(w io.Writer) {
	fmt.Fprintf(w, "%d cases opened, %d deadlines passed, %d cases carried out\n", len(s.Opened), len(s.Passed), len(s.Done))
	for _, who := range s.Told {
		fmt.Fprintf(w, "told %s\n", report.Plain(who))
	}
	for _, k := range s.Passed {
		fmt.Fprintf(w, "%s  %s: %s\n", k.ID, k.State, report.Plain(k.Why))
	}
	for _, k := range s.Back {
		if k.State == remediate.Undone {
			fmt.Fprintf(w, "%s  given back: %s is back from leave\n", k.ID, report.Plain(string(k.Item.Person)))
		} else {
			fmt.Fprintf(w, "%s  %s is back from leave; give back what was suspended with: rollcall undo %s --reason …\n", k.ID, report.Plain(string(k.Item.Person)), k.ID)
		}
	}
	for _, k := range s.Done {
		fmt.Fprintf(w, "%s  %-9s %s\n", k.ID, k.State, report.Plain(k.Item.Group))
		if k.Why != "" {
			fmt.Fprintf(w, "    %s\n", report.Plain(k.Why))
		}
		for _, st := range k.Steps {
			fmt.Fprintf(w, "    %-8s %s\n", st.Progress, report.Plain(k.Item.Say(&st.Action)))
		}
		for _, left := range k.Item.Residual {
			fmt.Fprintf(w, "    goes on working: %s\n", report.Plain(left))
		}
	}
	for _, t := range s.Trips {
		fmt.Fprintf(w, "STOPPED by %s: %s\n", t.Guard, report.Plain(t.Says))
	}
	if len(s.Stopped) > 0 {
		fmt.Fprintf(w, "%d cases wait; what was looked at has the hash %s\n", len(s.Stopped), s.Batch)
		if slices.ContainsFunc(s.Trips, func(t remediate.Trip) bool { return t.Liftable() }) {
			fmt.Fprintf(w, "a second person can let exactly that pass for an hour: rollcall plan approve %s --reason …\n", s.Batch[:12])
		}
	}
	if s.Halted != "" {
		fmt.Fprintf(w, "HALTED: %s\n", report.Plain(s.Halted))
	}
}

func (p *program) undoCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   "undo CASE | RUN",
		Short: "take back what a case, or all cases of a run, did: every account gets back what it had, as the journal kept it",
		Args:  args(1, "the id of one case or run; see: rollcall cases list --all"),
		RunE:  func(cmd *cobra.Command, a []string) error { return p.undo(cmd.Context(), a[0], reason) },
	}
	c.Flags().StringVar(&reason, "reason", "", "`WHY`; it is recorded, and shown to the auditor")
	return c
}

func (p *program) undo(ctx context.Context, id, reason string) error {
	if reason == "" {
		return usageError{fmt.Errorf("undo wants --reason: why is it taken back?")}
	}
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	cases, err := undoable(led, id)
	if err != nil {
		return err
	}
	by := p.whoAmI(c)
	switch {
	case !by.Somebody() && len(c.Remediate.UID) > 0:
		return fmt.Errorf("this is not yours to take back: user %d of this machine is no person that [identities] uid names%s", p.uid, p.isNobody())
	case !by.Somebody():
		by = remediate.Identity{Proof: p.actor() + " at the machine"} // nobody has a proven name here: giving back must not wait for one
	default:
		if plan, err := newestPlan(c, led); err == nil { // without one, as they are called
			by.Person = plan.same(by.Person)
		}
	}
	apply := p.applier(c, led)
	for _, k := range cases {
		n, left, err := apply.Undo(ctx, k.ID, by, reason)
		for _, l := range left {
			fmt.Fprintf(p.stdout, "not taken back: %s\n", report.Plain(l))
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "%s: %s, by %s\n", n.ID, n.State, report.Plain(by.String()))
	}
	return nil
}

// undoable are the cases to be taken back: one, or all of a run that changed something.
func undoable(led *ledger.Ledger, id string) ([]*remediate.Case, error) {
	of, err := led.Cases(func(k *remediate.Case) bool { return k.Run == id && k.State != remediate.Undone && k.Touched() })
	if err != nil || len(of) > 0 {
		return of, err
	}
	k, err := findCase(led, id)
	return []*remediate.Case{k}, err
}
