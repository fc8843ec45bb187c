package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/report"
	"rollcall/scanner"
)

func (p *program) explainCommand() *cobra.Command {
	var run string
	c := &cobra.Command{
		Use:   "explain FINDING",
		Short: "print the whole chain behind a finding: source row, match, role history, rule, policy",
		Args:  args(1, "the id of one finding (its beginning will do)"),
		RunE: func(_ *cobra.Command, a []string) error {
			c, led, err := p.openLedger()
			if err != nil {
				return err
			}
			defer led.Close()
			_, findings, err := lastFindings(c, led, run)
			if err != nil {
				return err
			}
			f, err := findFinding(findings, a[0])
			if err != nil {
				return err
			}
			return p.explain(c, f)
		},
	}
	c.Flags().StringVar(&run, "run", "", "of the run with this `ID`, instead of the last one")
	return c
}

func (p *program) explain(c *config, f *scanner.Finding) error {
	w := bufio.NewWriter(p.stdout)
	kind := string(f.Kind)
	if f.Reason != "" {
		kind += " (" + f.Reason + ")"
	}
	fmt.Fprintf(w, "%s  %s, %s\n", f.ID, kind, f.Severity)
	fmt.Fprintf(w, "%s\n\n", report.Plain(f.Why))
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "  %-22s %s\n", report.Plain(name), report.Plain(value))
		}
	}
	row("app", string(f.App))
	row("account", string(f.Account))
	row("entitlement", string(f.Entitlement))
	row("person", string(f.Person))
	row("match", f.Grade.String()+" by "+f.By.String())
	for _, r := range f.Related {
		row("with", strings.TrimSpace(fmt.Sprintf("%s %s %s", r.App, r.Account, r.Entitlement)))
	}
	fmt.Fprintln(w, "\nwhat it rests on, in the order it was looked at:")
	for _, e := range f.Evidence {
		row(e.Name, e.Value)
		if at := sourceLine(c, e); at != "" {
			row("", at)
		}
		if at := c.policyAt(e); at != "" {
			row("", at)
		}
	}
	fmt.Fprintf(w, "\nfirst seen on %s, seen in %d runs; supports %s\n", f.FirstSeen, f.TimesSeen, strings.Join(f.Controls, ", "))
	if next := scanner.NextStep(f.Kind, f.Reason); next != "" {
		fmt.Fprintf(w, "what to do: %s\n", next)
	}
	fmt.Fprintf(w, "if it is wrong: rollcall findings wrong %s --because owner|class|hr-data|policy --note …\n", f.ID)
	return w.Flush()
}

// sourceLine is the row itself that a fact of the form "file:line" names, as it stands in the file today.
func sourceLine(c *config, e scanner.Fact) string {
	i := strings.LastIndexByte(e.Value, ':')
	if i < 0 || !strings.HasSuffix(e.Name, "row") && !strings.HasSuffix(e.Name, "record") {
		return ""
	}
	var line int
	if _, err := fmt.Sscanf(e.Value[i+1:], "%d", &line); err != nil || line < 1 {
		return ""
	}
	if !strings.HasSuffix(e.Value[:i], ".csv") {
		return ""
	}
	f, err := os.Open(c.path(e.Value[:i]))
	if err != nil {
		return ""
	}
	defer f.Close()
	return nthLine(f, line)
}

func nthLine(r io.Reader, n int) string {
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if n--; n == 0 {
			return "reads: " + strings.ToValidUTF8(s.Text(), "\uFFFD")
		}
	}
	return ""
}

// policyAt turns a fact that names a place in the policy into file and line.
func (c *config) policyAt(e scanner.Fact) string {
	if c.policyFile == nil || e.Name != "policy" {
		return ""
	}
	return c.policyFile.at(e.Value)
}

// app is the configured app of that id, nil without one.
func (c *config) app(id connectors.AppID) *scanner.App {
	for i := range c.Apps {
		if c.Apps[i].ID == id {
			return &c.Apps[i]
		}
	}
	return nil
}
