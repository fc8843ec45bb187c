package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"rollcall/remediate"
	"rollcall/report"
)

func (p *program) settleCommand() *cobra.Command {
	var again bool
	c := &cobra.Command{
		Use:   "settle",
		Short: "carry out what was decided, under the guards, and read back that it happened",
		Long: `settle opens cases for the last run's plan, lets deadlines pass, and carries out what was decided or what the policy
calls automatic: one account first, and the rest only if that went well. Every guard is asked before anything is done.

Exit codes: 0 done, 1 failed, 4 a guard stopped something or something could not be carried out.`,
		Args: args(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.runSettle(cmd.Context(), again) },
	}
	c.Flags().BoolVar(&again, "tell-again", false, "try at once whom it could not tell, also where it had given up")
	return c
}

func (p *program) runSettle(ctx context.Context, again bool) error {
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	if again {
		box, err := readOutbox(c.State, p.now(), c.Remediate.Answer)
		if err != nil {
			return err
		}
		box.anew()
		if err := box.save(); err != nil {
			return err
		}
	}
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
	if len(s.Untold) > 0 {
		fmt.Fprintf(w, "%s:\n", number(len(s.Untold), "case that nobody could be told of", "cases that nobody could be told of"))
	}
	for _, u := range s.Untold {
		fmt.Fprintf(w, "    %s  %s; %s\n", u.Case, report.Plain(cmp.Or(u.Why, "nobody was tried")), u.then())
	}
	if s.OnHold > 0 {
		fmt.Fprintf(w, "%s: nobody is asked to delete anything of them\n", number(s.OnHold, "account whose retention is over is on legal hold", "accounts whose retention is over are on legal hold"))
	}
	for _, k := range s.Ended {
		fmt.Fprintf(w, "%s  cancelled: %s\n", k.ID, report.Plain(k.Why))
	}
	for _, k := range s.Opened {
		if k.IsAhead() {
			fmt.Fprintf(w, "%s  %s\n", k.ID, report.Plain(k.Why))
		}
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
	for _, id := range s.Overtaken {
		fmt.Fprintf(w, "%s  was changed by somebody meanwhile, and left alone\n", id)
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
