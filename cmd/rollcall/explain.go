package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
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
			dir, findings, err := lastFindings(c, led, run)
			if err != nil {
				return err
			}
			f, err := findFinding(findings, a[0])
			if err != nil {
				return err
			}
			ch, err := readChain(dir, f)
			if err != nil {
				return err
			}
			return p.explain(c, ch)
		},
	}
	c.Flags().StringVar(&run, "run", "", "of the run with this `ID`, instead of the last one")
	return c
}

// chain is a finding with the rows it was made from.
type chain struct {
	f       *scanner.Finding
	account *report.AccountRow // nil when the finding is about none, or the run kept none
	records []personRow        // HR's, of the person it names
}

// readChain finds the rows in the run's folder. A run without a workbook kept none.
func readChain(dir string, f *scanner.Finding) (chain, error) {
	ch := chain{f: f}
	in, err := os.Open(filepath.Join(dir, "accounts.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		return ch, nil
	}
	if err != nil {
		return ch, err
	}
	defer in.Close()
	for a, err := range report.ReadAccounts(in) {
		if err != nil {
			return ch, fmt.Errorf("%s: %w", in.Name(), err)
		}
		if a.App == f.App && a.Account == f.Account {
			ch.account = &a
			break
		}
	}
	ch.records, err = readPeople(filepath.Join(dir, peopleName), f.Person)
	return ch, err
}

func (p *program) explain(c *config, ch chain) error {
	w := bufio.NewWriter(p.stdout)
	f := ch.f
	kind := string(f.Kind)
	if f.Reason != "" {
		kind += " (" + f.Reason + ")"
	}
	fmt.Fprintf(w, "%s  %s, %s\n%s\n\n", f.ID, kind, f.Severity, report.Plain(f.Why))
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
	fmt.Fprintln(w, "\nthe rows it was made from:")
	if ch.account == nil && len(ch.records) == 0 {
		fmt.Fprintln(w, "  not kept: the run was made without a workbook")
	}
	if ch.account != nil {
		row("account row", ch.account.Row)
		row("", sourceLine(c, ch.account.Row))
	}
	for _, r := range ch.records {
		row("hr record "+string(r.Record), r.Row)
		row("", sourceLine(c, r.Row))
	}
	fmt.Fprintln(w, "\nwhat it rests on, in the order it was looked at:")
	for _, e := range f.Evidence {
		row(e.Name, e.Value)
		row("", c.policyAt(e))
	}
	fmt.Fprintf(w, "\nfirst seen on %s, seen in %d runs; supports %s\n", f.FirstSeen, f.TimesSeen, strings.Join(f.Controls, ", "))
	if next := scanner.NextStep(f.Kind, f.Reason); next != "" {
		fmt.Fprintf(w, "what to do: %s\n", next)
	}
	fmt.Fprintf(w, "if it is wrong: rollcall findings wrong %s --because owner|class|hr-data|policy --note …\n", f.ID)
	return w.Flush()
}

// sourceLine is the line that a row "file:line" of a text file stands on, as the file is today.
func sourceLine(c *config, row string) string {
	file, number, ok := strings.Cut(row, ".csv:")
	n, err := strconv.Atoi(number)
	if !ok || err != nil {
		return ""
	}
	f, err := os.Open(c.path(file + ".csv"))
	if err != nil {
		return ""
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for ; s.Scan(); n-- {
		if n == 1 {
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
