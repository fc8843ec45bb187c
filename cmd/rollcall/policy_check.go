package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"rollcall/report"
	"rollcall/scanner"
)

func (p *program) policyCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check [FILE]",
		Short: "hold the policy against the roster and the apps: what in it means nothing there, and what it forgets",
		Long: `check reads the policy (FILE, or the configuration's), the roster and every app, and lists roles that nobody has,
roles the policy forgets, entitlements that no account holds, owners who left, and exceptions past their day, each with
the line it stands on. Nothing is recorded. Mistakes that would stop a scan make it fail; the rest are warnings.`,
		Args: atMostOne("the policy file"),
		RunE: func(c *cobra.Command, a []string) error { return p.policyCheck(c.Context(), a) },
	}
}

// atMostOne takes one argument or none.
func atMostOne(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, got []string) error {
		if len(got) <= 1 {
			return nil
		}
		return usageError{fmt.Errorf("%s wants at most %s; see: %s --help", c.CommandPath(), what, c.CommandPath())}
	}
}

func (p *program) policyCheck(ctx context.Context, a []string) error {
	c, err := p.configHere()
	if err != nil {
		return err
	}
	if len(a) == 1 {
		if c, err = p.withPolicy(c, a[0]); err != nil {
			return err
		}
	}
	if c.policyFile == nil {
		return fmt.Errorf("policy check: %s names no policy; give a FILE, or draft one with: rollcall policy suggest --out FILE", c.Path)
	}
	in, done, err := p.scanInput(c)
	if err != nil {
		return err
	}
	defer done()
	r, err := scanner.CheckPolicy(ctx, in)
	if err != nil {
		return fmt.Errorf("policy check: %w", err)
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(p.stdout, "%s: %s\n", c.policyFile.at(w.Path), report.Plain(w.Message))
	}
	for _, l := range r.LeftOut {
		fmt.Fprintf(p.stdout, "%s could not be held against it: %s\n", l.App, report.Plain(l.Why))
	}
	fmt.Fprintf(p.stdout, "%s is in order, with %s; it names %d of the %d roles that %s have; as of %s\n", c.policyFile.path,
		many(len(r.Warnings), "warning", "warnings"), r.Roles-r.Unknown, r.Roles, many(r.People, "person", "people"), r.AsOf)
	if len(r.LeftOut) > 0 {
		return exitCode(exitIncomplete)
	}
	return nil
}
