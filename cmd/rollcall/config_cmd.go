package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (p *program) configCommand() *cobra.Command {
	check := &cobra.Command{
		Use:   "check",
		Short: "read the configuration and the policy and report every mistake, with line and remedy",
		Args:  args(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			c, err := p.config()
			if err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, "%s is in order: roster from %s, %d apps", c.Path, c.Roster.Info().Location, len(c.Apps))
			if c.Policy.File != "" {
				fmt.Fprintf(p.stdout, ", policy %s", c.Policy.File)
			}
			fmt.Fprintf(p.stdout, ", as of %s (%s)\n", c.AsOf, c.Zone)
			for _, a := range c.Apps {
				i := a.Source.Info()
				fmt.Fprintf(p.stdout, "  %-16s %-5s %s\n", a.ID, i.Kind, i.Location)
			}
			if c.Pinned {
				fmt.Fprintln(p.stdout, "as_of is pinned: every run judges that same day; remove it for real use")
			}
			fmt.Fprintln(p.stdout, "next: rollcall sources check")
			return nil
		},
	}
	return group("config", "the configuration", check, p.approveConfigCommand())
}
