package main

import (
	"context"
	"errors"
	"fmt"

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
Of whoever has left, by the newest roster, it gives nothing back unless --although-left says that this is meant.

Exit codes: 0 done, 1 failed or refused, 4 something was left as it is.`,
		Args: args(1, "the id of one case or run; see: rollcall cases list --all"),
		RunE: func(cmd *cobra.Command, a []string) error { return p.undo(cmd.Context(), a[0], f) },
	}
	c.Flags().StringVar(&f.reason, "reason", "", "`WHY`; it is recorded, and shown to the auditor")
	c.Flags().BoolVar(&f.left, "although-left", false, "also give back to somebody who has left, by the newest roster")
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
	plan, err := newestPlan(c, led)
	if err != nil { // without one, people are known as they are called
		plan = &runPlan{}
	}
	by, err := p.mayGiveBack(c, plan)
	if err != nil {
		return err
	}
	roster, err := led.Roster()
	if err != nil {
		return err
	}
	apply, some := p.applier(c, led), false
	for _, k := range cases {
		ground := &remediate.Ground{Now: p.now(), Kill: c.killed()}
		if trips := remediate.CheckUndo([]remediate.Item{k.Item}, ground, &c.Remediate.Limits); len(trips) > 0 {
			return fmt.Errorf("case %s is not taken back: %s", k.ID, trips[0].Says)
		}
		if who := k.Item.Person; !f.left && who != by.Person && plan.left(roster, who) {
			some = true
			fmt.Fprintf(p.stdout, "%s: not taken back: %s has left, by the roster of %s; if the access is to come back all the same, add --although-left\n",
				k.ID, report.Plain(string(who)), roster.AsOf)
			continue
		}
		n, left, err := apply.Undo(ctx, k.ID, by, f.reason)
		for _, l := range left {
			fmt.Fprintf(p.stdout, "not taken back: %s\n", report.Plain(l))
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "%s: %s, by %s\n", n.ID, n.State, report.Plain(by.String()))
	}
	if some {
		return exitCode(exitIncomplete)
	}
	return nil
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
	of, err := led.Cases(func(k *remediate.Case) bool { return k.Run == id && k.State != remediate.Undone && k.Touched() })
	if err != nil || len(of) > 0 {
		return of, err
	}
	k, err := findCase(led, id)
	return []*remediate.Case{k}, err
}
