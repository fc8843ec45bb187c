package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

func (p *program) planCommand() *cobra.Command {
	var identity string
	var all bool
	c := &cobra.Command{
		Use:   "plan",
		Short: "show what the last run proposes to do, and what each guard thinks of it",
		Long: `plan shows what would follow from the findings of the last run: which accounts would be disabled, which entitlements
removed, what an app cannot do and a person has to, and which guard stops what. It changes nothing; "rollcall settle"
carries out what was decided. With --all it also shows what the policy only lets be reported: what would be done if it
said ask. For that the run's sealed inputs are judged again.`,
		Args: args(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.plan(cmd.Context(), all, identity) },
	}
	c.Flags().BoolVar(&all, "all", false, "also what the policy only lets be reported")
	c.Flags().StringVar(&identity, "identity", "", "age identity `FILE` that opens encrypted inputs, for --all")
	c.AddCommand(p.approveCommand())
	return c
}

func (p *program) plan(ctx context.Context, all bool, identity string) error {
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	last, err := recordedRun(led, "")
	if err != nil {
		return err
	}
	var plan *runPlan
	if all {
		plan, err = p.planAnew(ctx, c, led, last, identity)
	} else {
		plan, err = readPlan(c, last)
	}
	if err != nil {
		return err
	}
	ground, err := p.ground(c, led, plan)
	if err != nil {
		return err
	}
	return showPlan(p.stdout, plan, ground, &c.Remediate.Limits)
}

// planAnew makes the plan of a recorded run from its sealed inputs, with all that the policy only lets be reported.
func (p *program) planAnew(ctx context.Context, c *config, led *ledger.Ledger, run *ledger.RunRecord, identity string) (*runPlan, error) {
	pl, err := newPlanner(c, led, true)
	if err != nil {
		return nil, err
	}
	result, err := p.judgeSealed(ctx, c, run, identity, func(in *scanner.Input) error {
		in.Sink, in.Found = pl.beside(in.Sink, in.Found)
		return nil
	})
	if err != nil {
		return nil, err
	}
	plan := pl.planOf(run, result, c)
	return plan, plan.aftermath(c, led, result, pl.serves)
}

// showPlan prints a plan, riskiest first, and what the guards think.
func showPlan(w io.Writer, plan *runPlan, ground *remediate.Ground, lim *remediate.Limits) error {
	fmt.Fprintf(w, "Plan of run %s, as of %s: %d groups of findings\nhash %s\n", plan.Run, plan.AsOf, len(plan.Plan.Items), plan.Plan.Hash)
	for i := range plan.Plan.Items {
		showItem(w, &plan.Plan.Items[i])
	}
	var batch []remediate.Item
	for _, it := range plan.Plan.Items {
		if it.Mode == scanner.ModeAuto {
			batch = append(batch, it)
		}
	}
	fmt.Fprintf(w, "\nGuards, of the %d that the policy would carry out unasked:\n", len(batch))
	trips := remediate.Check(batch, ground, lim)
	for _, t := range trips {
		fmt.Fprintf(w, "  STOPPED by %s: %s\n", t.Guard, report.Plain(t.Says))
	}
	if len(trips) == 0 {
		fmt.Fprintln(w, "  none trips")
	}
	return nil
}

func showItem(w io.Writer, it *remediate.Item) {
	fmt.Fprintf(w, "\n%-6s %-8s %s\n", it.Mode, it.Severity, report.Plain(it.Group))
	fmt.Fprintf(w, "       %s\n", report.Plain(it.Why))
	for _, a := range it.Actions {
		fmt.Fprintf(w, "       - %s\n", report.Plain(it.Say(&a)))
	}
	hold := ""
	if it.LegalHold != "" {
		hold = it.LegalHold + ": may be disabled, not deleted"
	}
	for _, line := range []struct{ label, text string }{{"legal hold", hold}, {"stops", strings.Join(it.Stops, "; ")}, {"takes over", strings.Join(it.TakesOver, "; ")},
		{"goes on working", strings.Join(it.Residual, "; ")}, {"asked, because", it.Held}} {
		if line.text != "" {
			fmt.Fprintf(w, "       %s: %s\n", line.label, report.Plain(line.text))
		}
	}
}
