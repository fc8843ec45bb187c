package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
	"rollcall/scanner"
)

func (p *program) rosterCommand() *cobra.Command {
	return group("roster", "the accepted roster, and one that was not believed", p.rosterShowCommand(), p.rosterDiffCommand(), p.rosterAcceptCommand())
}

func (p *program) rosterShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "show the accepted roster's figures and those of one that waits to be accepted", Args: args(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			_, led, err := p.openLedger()
			if err != nil {
				return err
			}
			defer led.Close()
			accepted, pending, err := rosters(led)
			if err != nil {
				return err
			}
			if accepted == nil {
				fmt.Fprintln(p.stdout, "no roster has been accepted yet; the first scan does it")
			} else {
				p.rosterFigures("accepted", accepted)
			}
			if pending == nil {
				fmt.Fprintln(p.stdout, "none waits to be accepted")
				return nil
			}
			p.rosterFigures("waiting", &pending.Facts)
			for _, why := range pending.Reasons {
				fmt.Fprintf(p.stdout, "  not believed: %s\n", why)
			}
			fmt.Fprintln(p.stdout, "see what changed with: rollcall roster diff; say that it is true with: rollcall roster accept --reason …")
			return nil
		},
	}
}

func rosters(led *ledger.Ledger) (*scanner.RosterFacts, *ledger.PendingRoster, error) {
	accepted, err := led.Roster()
	if err != nil {
		return nil, nil, err
	}
	pending, err := led.PendingRoster()
	return accepted, pending, err
}

func (p *program) rosterFigures(what string, f *scanner.RosterFacts) {
	fmt.Fprintf(p.stdout, "%s: as of %s, %d records, %d employed; empty cells: status %d, work email %d, role %d; SHA-256 %.16s…\n",
		what, f.AsOf, f.Records, f.Employed, f.Blank["status"], f.Blank["work_email"], f.Blank["role"], f.SHA256)
}

func (p *program) rosterDiffCommand() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use: "diff", Short: "list who the waiting roster adds, drops and changes", Args: args(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			_, led, err := p.openLedger()
			if err != nil {
				return err
			}
			defer led.Close()
			accepted, pending, err := rosters(led)
			if err != nil {
				return err
			}
			if accepted == nil || pending == nil {
				fmt.Fprintln(p.stdout, "no roster waits to be accepted")
				return nil
			}
			lines := rosterDiff(accepted, &pending.Facts)
			for i, l := range lines {
				if i == 40 && !all {
					fmt.Fprintf(p.stdout, "… %d more: rollcall roster diff --all\n", len(lines)-i)
					break
				}
				fmt.Fprintln(p.stdout, l)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&all, "all", false, "list every record")
	return c
}

// rosterDiff says record by record what changed: gone first, since that is what costs people their access.
func rosterDiff(was, is *scanner.RosterFacts) []string {
	type change struct {
		rank int
		id   connectors.PersonID
		text string
	}
	var changes []change
	for id, old := range was.People {
		now, ok := is.People[id]
		switch {
		case !ok:
			changes = append(changes, change{0, id, fmt.Sprintf("gone     %s (was %s, %s)", id, old.Status, cmp.Or(old.Role, old.Title))})
		case now.Ended && !old.Ended:
			changes = append(changes, change{1, id, fmt.Sprintf("ended    %s (was %s)", id, old.Status)})
		case now.Status != old.Status:
			changes = append(changes, change{2, id, fmt.Sprintf("status   %s: %s, was %s", id, now.Status, old.Status)})
		case now != old:
			changes = append(changes, change{3, id, fmt.Sprintf("changed  %s: role %q, was %q", id, now.Role, old.Role)})
		}
	}
	for id, now := range is.People {
		if _, ok := was.People[id]; !ok {
			changes = append(changes, change{4, id, fmt.Sprintf("new      %s (%s, %s)", id, now.Status, cmp.Or(now.Role, now.Title))})
		}
	}
	slices.SortFunc(changes, func(a, b change) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.id, b.id)) })
	lines := make([]string, len(changes))
	for i, c := range changes {
		lines[i] = c.text
	}
	return lines
}

func (p *program) rosterAcceptCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "accept", Short: "say that the waiting roster is true", Args: args(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			if reason == "" {
				return usageError{errors.New("--reason is required: say why the change is true, for the record")}
			}
			_, led, err := p.openLedger()
			if err != nil {
				return err
			}
			defer led.Close()
			pending, err := led.PendingRoster()
			if err != nil {
				return err
			}
			if pending == nil {
				return errors.New("no roster waits to be accepted")
			}
			if err := led.AcceptRoster(pending.Facts.SHA256, p.actor(), reason, p.now()); err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, "accepted: %d records, %d employed; the next scan judges by it\n", pending.Facts.Records, pending.Facts.Employed)
			return nil
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why the change is true, for the record (required)")
	return c
}
