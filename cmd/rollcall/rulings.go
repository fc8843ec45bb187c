package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/report"
	"rollcall/scanner"
)

func (p *program) findingsRulingsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "rulings", Short: "list the findings that were said to be wrong, and why", Args: args(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			_, led, err := p.openLedger()
			if err != nil {
				return err
			}
			defer led.Close()
			rulings, err := led.Rulings()
			if err != nil {
				return err
			}
			for _, r := range rulings {
				because := r.Because
				if r.Class != "" {
					because += " (" + r.Class + ")"
				}
				fmt.Fprintf(p.stdout, "%s  %s %s  because of %s, by %s on %s: %s\n", r.Finding, report.Plain(string(r.App)), report.Plain(string(r.Account)),
					because, r.Actor, r.On, report.Plain(r.Note))
			}
			if len(rulings) == 0 {
				fmt.Fprintln(p.stdout, "no finding was said to be wrong")
			}
			return nil
		},
	}
}

func (p *program) findingsRightCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "right FINDING",
		Short: "take back that a finding was wrong",
		Long: `right takes a ruling of findings wrong back. A tie that was recorded with --because owner is a link of its own:
take that back with: rollcall links revoke APP ACCOUNT`,
		Args: args(1, "the id of one finding; see: rollcall findings rulings"),
		RunE: func(_ *cobra.Command, a []string) error {
			_, led, err := p.openLedger()
			if err != nil {
				return err
			}
			defer led.Close()
			rulings, err := led.Rulings()
			if err != nil {
				return err
			}
			var hits []scanner.FindingID
			for _, r := range rulings {
				if strings.HasPrefix(string(r.Finding), a[0]) {
					hits = append(hits, r.Finding)
				}
			}
			if len(hits) != 1 {
				return fmt.Errorf("%d rulings are about a finding %q; see: rollcall findings rulings", len(hits), a[0])
			}
			if err := led.RevokeRuling(hits[0], p.actor(), p.now()); err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, "taken back; the next scan judges %s as if it had never been said to be wrong\n", hits[0])
			return nil
		},
	}
}
