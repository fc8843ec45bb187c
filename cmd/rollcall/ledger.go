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
	return group("ledger", "the record of what was seen, decided and done", verify, export)
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
	c, err := p.config()
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
