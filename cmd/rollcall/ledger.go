package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"rollcall/remediate/ledger"
)

func (p *program) ledgerCommand() *cobra.Command {
	verify := &cobra.Command{
		Use: "verify", Short: "check that every event follows from the one before, and that the mirror has the same", Args: args(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error { return p.verifyLedger() },
	}
	export := &cobra.Command{
		Use: "export", Short: "print the events, one JSON object a line, each with the hash that chains it to the one before", Args: args(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error { return p.exportLedger() },
	}
	rebuild := &cobra.Command{
		Use: "rebuild", Short: "make a lost database anew from the mirror of its events", Args: args(0, "no arguments"),
		Long: `rebuild makes rollcall.db anew from events.jsonl, where the database is gone: cases with all they did, lifts, links, rulings,
sign-offs, workbooks and runs. It says what cannot be made again. It never writes over a database: move a damaged one away first.`,
		RunE: func(*cobra.Command, []string) error { return p.rebuildLedger() },
	}
	restore := &cobra.Command{
		Use: "restore FILE", Short: "put a backup into a state directory that has no ledger", Args: args(1, "a file that rollcall backup wrote"),
		RunE: func(_ *cobra.Command, a []string) error { return p.restoreLedger(a[0]) },
	}
	compact := &cobra.Command{
		Use: "compact", Short: "write the database anew, without the room that old values left", Args: args(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error { return p.compactLedger() },
	}
	return group("ledger", "the record of what was seen, decided and done", verify, export, rebuild, restore, compact)
}

func (p *program) rebuildLedger() error {
	c, err := p.configHere()
	if err != nil {
		return err
	}
	if err := p.notBeside("ledger rebuild"); err != nil {
		return err
	}
	r, err := ledger.Rebuild(c.State, p.now(), p.actor())
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "made anew from %d events: %d runs, %d cases, %d lifts, %d links, %d rulings, %d sign-offs, %d workbooks\n",
		r.Events, r.Runs, r.Cases, r.Lifts, r.Links, r.Rulings, r.SignOffs, r.Workbooks)
	if r.Torn {
		fmt.Fprintln(p.stdout, "the mirror's last line was cut short, and was left out")
	}
	for _, s := range r.Lost {
		fmt.Fprintf(p.stdout, "not to be had from events: %s\n", s)
	}
	return nil
}

func (p *program) verifyLedger() error {
	_, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	if err := led.Verify(); err != nil {
		return err
	}
	head, err := led.Head()
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%d events, each follows from the one before; the mirror has the same\nhead %s\n", head.Seq, head.Hash)
	return nil
}

func (p *program) exportLedger() error {
	c, err := p.configHere()
	if err != nil {
		return err
	}
	f, err := os.Open(filepath.Join(c.State, ledger.MirrorName))
	if errors.Is(err, os.ErrNotExist) {
		return errors.New("there is no ledger yet; start one with: rollcall scan")
	}
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(p.stdout, f)
	return err
}
