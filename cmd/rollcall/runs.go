package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"rollcall/remediate/ledger"
)

// openLedger opens the ledger of the configured state directory; where a daemon holds it, see configHere.
func (p *program) openLedger() (*config, *ledger.Ledger, error) {
	c, err := p.configHere()
	if err != nil {
		return nil, nil, err
	}
	led, err := p.ledger(c, ledger.Options{Holder: "rollcall"})
	return c, led, err
}

// ledger opens the ledger, or gives the one that the daemon holds; closing that closes nothing.
func (p *program) ledger(c *config, o ledger.Options) (*ledger.Ledger, error) {
	if p.daemon != nil {
		return p.daemon.led.Lend(), nil
	}
	return ledger.Open(c.State, o)
}

func (p *program) runsCommand() *cobra.Command {
	var limit int
	list := &cobra.Command{
		Use:   "list",
		Short: "list the recorded runs, newest first",
		Args:  args(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			_, led, err := p.openLedger()
			if err != nil {
				return err
			}
			defer led.Close()
			runs, err := led.Runs(limit)
			if err != nil {
				return err
			}
			for _, r := range runs {
				state := "complete"
				if !r.Complete {
					state = "INCOMPLETE"
				}
				fmt.Fprintf(p.stdout, "%s  %s  as of %s  %-10s  %d findings  by %s\n", r.ID, r.At.UTC().Format(time.RFC3339), r.AsOf, state, r.Findings, r.Actor)
			}
			if len(runs) == 0 {
				fmt.Fprintln(p.stdout, "no run yet; start one with: rollcall scan")
			}
			return nil
		},
	}
	list.Flags().IntVar(&limit, "limit", 20, "how many")
	return group("runs", "the recorded runs", list, p.pruneCommand())
}
