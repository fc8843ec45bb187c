package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

type undoFlags struct {
	reason string
	left   bool // although its owner has left
}

func (p *program) undoCommand() *cobra.Command {
	var f undoFlags
	c := &cobra.Command{
		Use:   "undo CASE | RUN",
		Short: "take back what a case, or all cases of a run, did: every account gets back what it had, as the journal kept it",
		Long: `undo gives back what a case took, or all cases of a run. The kill switch stops it, and nothing else that stops what is
taken away: no cap, no age, no roster that is not to be relied upon. An account that is somebody else's by now is left.
Whoever has left, by the newest roster, gets nothing back: mend HR's record and scan, if that is what is wrong. If access is
to come back all the same, two people say so, each with --although-left, through the daemon, which proves who they are.

Exit codes: 0 done, 1 failed or refused, 4 something was left as it is.`,
		Args: args(1, "the id of one case or run; see: rollcall cases list --all"),
		RunE: func(cmd *cobra.Command, a []string) error { return p.undo(cmd.Context(), a[0], f) },
	}
	c.Flags().StringVar(&f.reason, "reason", "", "`WHY`; it is recorded, and shown to the auditor")
	c.Flags().BoolVar(&f.left, "although-left", false, "also give back to somebody who has left, by the newest roster; takes two people")
	return c
}

func (p *program) undo(ctx context.Context, id string, f undoFlags) error {
	if f.reason == "" {
		return usageError{errors.New("undo wants --reason: why is it taken back?")}
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
	by, err := p.mayGiveBack(c, peopleOfNewest(c, led))
	if err != nil {
		return err
	}
	apply, some := p.applier(c, led), false
	for _, k := range cases {
		n, left, err := p.giveBack(ctx, c, apply, k, by, f)
		for _, l := range left {
			fmt.Fprintf(p.stdout, "not taken back: %s\n", report.Plain(l))
		}
		switch {
		case errors.Is(err, remediate.ErrOwnerLeft):
			some = true
			fmt.Fprintf(p.stdout, "not taken back: %s\n", report.Plain(err.Error()))
		case err != nil:
			return err
		case n.Undo == nil:
			some = true
			fmt.Fprintf(p.stdout, "%s: noted, by %s; its owner has left, so it takes another person who says the same\n", n.ID, report.Plain(by.String()))
		default:
			fmt.Fprintf(p.stdout, "%s: %s, by %s\n", n.ID, n.State, report.Plain(by.String()))
		}
	}
	if some {
		return exitCode(exitIncomplete)
	}
	return nil
}

// giveBack takes one case back, unless the kill switch is on: wherever somebody asks for it.
func (p *program) giveBack(ctx context.Context, c *config, apply *remediate.Applier, k *remediate.Case, by remediate.Identity, f undoFlags) (*remediate.Case, []string, error) {
	ground := &remediate.Ground{Now: p.now(), Kill: c.killed()}
	if trips := remediate.CheckUndo([]remediate.Item{k.Item}, ground, &c.Remediate.Limits); len(trips) > 0 {
		return k, nil, fmt.Errorf("case %s is not taken back: %s", k.ID, trips[0].Says)
	}
	if !f.left {
		return apply.Undo(ctx, k.ID, by, f.reason)
	}
	if says, err := apply.Left(k.Item.Person); err != nil || says != "" && p.caller == nil {
		return k, nil, cmp.Or(err, errNoSecond)
	}
	return apply.UndoAlthoughLeft(ctx, k.ID, by, f.reason)
}

// mayGiveBack is who takes something back: a person with a proven name, where the configuration names any.
func (p *program) mayGiveBack(c *config, plan *runPlan) (remediate.Identity, error) {
	by := p.whoAmI(c)
	switch {
	case by.Somebody():
		by.Person = plan.same(by.Person)
	case len(c.Remediate.UID) > 0:
		return by, fmt.Errorf("this is not yours to take back: user %d of this machine is no person that [identities] uid names%s", p.uid, p.isNobody())
	default:
		by = remediate.Identity{Proof: p.actor() + " at the machine"} // nobody has a proven name here: giving back must not wait for one
	}
	return by, nil
}

// peopleOfNewest is the newest run's plan, as far as it is about who is one and the same; without one, people are known by the
// ids they are called.
func peopleOfNewest(c *config, led *ledger.Ledger) *runPlan {
	plan, err := newestPlan(c, led)
	if err != nil {
		return &runPlan{}
	}
	return plan
}

// leftBy says in words that somebody has left, by the newest accepted roster; empty: it does not say so.
func (r *runPlan) leftBy(led *ledger.Ledger, id connectors.PersonID) (string, error) {
	roster, err := led.Roster()
	if err != nil || !r.left(roster, id) {
		return "", err
	}
	return fmt.Sprintf("%s has left, by the roster of %s", id, roster.AsOf), nil
}

// left tells whether somebody has left by a roster: every record of theirs has ended. Who is not on it is missing, which is
// not the same.
func (r *runPlan) left(roster *scanner.RosterFacts, id connectors.PersonID) bool {
	if roster == nil || id == "" {
		return false
	}
	ended := 0
	for record, line := range roster.People {
		switch {
		case r.same(record) != r.same(id):
		case !line.Ended:
			return false
		default:
			ended++
		}
	}
	return ended > 0
}

// undoable are the cases to be taken back: one, or all of a run that changed something.
func undoable(led *ledger.Ledger, id string) ([]*remediate.Case, error) {
	of, err := led.CasesOf(id)
	of = slices.DeleteFunc(of, func(k *remediate.Case) bool { return k.State == remediate.Undone || !k.Touched() })
	if err != nil || len(of) > 0 {
		return of, err
	}
	k, err := findCase(led, id)
	return []*remediate.Case{k}, err
}
