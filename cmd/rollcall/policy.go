package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"rollcall/scanner"
)

func (p *program) policyCommand() *cobra.Command {
	return group("policy", "who may hold what: draft a policy from what people hold, check it, try a changed one",
		p.policySuggestCommand(), p.policyCheckCommand(), p.policyDiffCommand())
}

type suggestFlags struct {
	out     string
	replace bool
	scanner.Mining
}

func (p *program) policySuggestCommand() *cobra.Command {
	f := suggestFlags{Mining: scanner.DefaultMining}
	c := &cobra.Command{
		Use:   "suggest",
		Short: "draft the policy's role table from what people hold today, as TOML to edit",
		Long: `suggest reads the roster and every app and writes, for each role, what most of its people hold, with how many do.
What people may have kept from an earlier role, and what leavers and a few others hold, is left out. Nothing is recorded.

What is normal need not be right: read it, take out what should not be, and name it as policy in the configuration.`,
		Args: args(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error { return p.policySuggest(c.Context(), f) },
	}
	fs := c.Flags()
	fs.StringVar(&f.out, "out", "", "write to this `FILE`, which must not be there yet, instead of printing")
	fs.BoolVar(&f.replace, "replace", false, "let --out replace a file that is there")
	fs.IntVar(&f.Support, "min-support", f.Support, "at least so many people of a role must hold an entitlement; where there are fewer, its department must agree")
	fs.IntVar(&f.Share, "min-share", f.Share, "and at least so many `PERCENT` of those of the role who have an account in the app")
	return c
}

func (f *suggestFlags) check() error {
	switch {
	case f.Support < 1:
		return fmt.Errorf("--min-support %d: want 1 or more", f.Support)
	case f.Share < 1 || f.Share > 100:
		return fmt.Errorf("--min-share %d: want 1 to 100 (percent)", f.Share)
	case f.replace && f.out == "":
		return errors.New("--replace says what --out may do: give --out FILE with it")
	}
	if _, err := os.Stat(f.out); f.out != "" && !f.replace && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--out %s: the file is there already, and may have been edited: name another one, or say --replace", f.out)
	}
	return nil
}

func (p *program) policySuggest(ctx context.Context, f suggestFlags) error {
	if f.out != "" && p.caller != nil {
		return usageError{errors.New("--out: rollcall serve is at work, and writes no file that could be there already: rollcall policy suggest > FILE")}
	}
	if err := f.check(); err != nil {
		return usageError{err}
	}
	c, err := p.configHere()
	if err != nil {
		return err
	}
	in, done, err := p.scanInput(c)
	if err != nil {
		return err
	}
	defer done()
	m, err := scanner.Mine(ctx, in, f.Mining)
	if err != nil {
		return fmt.Errorf("policy suggest: %w", err)
	}
	var b bytes.Buffer
	writeMined(&b, m)
	if err := p.keepMined(f, b.Bytes()); err != nil {
		return err
	}
	for _, l := range m.LeftOut {
		fmt.Fprintf(p.stderr, "%s was left out: %s\n", l.App, l.Why)
	}
	if len(m.LeftOut) > 0 {
		return exitCode(exitIncomplete)
	}
	return nil
}

// keepMined prints the draft, or writes it to a file that must not be there unless it may be replaced.
func (p *program) keepMined(f suggestFlags, text []byte) error {
	if f.out == "" {
		_, err := p.stdout.Write(text)
		return err
	}
	how := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if f.replace {
		how = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	out, err := os.OpenFile(f.out, how, 0o644)
	if err != nil {
		return fmt.Errorf("policy suggest: %w", err)
	}
	_, err = out.Write(text)
	if err := errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("policy suggest: %w", err)
	}
	fmt.Fprintf(p.stdout, "wrote %s; edit it, then see what it would flag with: rollcall policy diff %s\n", f.out, f.out)
	return nil
}

// scanInput is what a scan that records nothing reads; done closes the ledger, where there is one.
func (p *program) scanInput(c *config) (in scanner.Input, done func(), err error) {
	history, led, err := p.openHistory(c, runOptions{AsOf: c.AsOf}) // as for a question: only read
	if err != nil {
		return in, nil, err
	}
	done = func() {}
	if led != nil {
		done = func() { _ = led.Close() } // nothing was written
	}
	return scanner.Input{Roster: c.Roster, Apps: c.Apps, Policy: c.Policy, History: history, Domains: c.Domains, AsOf: c.AsOf,
		Guard: c.Guard, Workers: c.Workers, Clock: p.now}, done, nil
}
