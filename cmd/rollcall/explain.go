package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
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
			past, err := readRun(c, led, run)
			if err != nil {
				return err
			}
			f, dir, err := findAnywhere(c, led, past, a[0])
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
	rows    []report.AccountRow // of the account, then of those that take part; the run may have kept none
	records []personRow         // HR's, of the person it names
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
	of := append([]scanner.Related{{App: f.App, Account: f.Account}}, f.Related...)
	for a, err := range report.ReadAccounts(in) {
		if err != nil {
			return ch, fmt.Errorf("%s: %w", in.Name(), err)
		}
		at := slices.IndexFunc(of, func(r scanner.Related) bool { return r.App == a.App && r.Account == a.Account })
		switch {
		case at == 0:
			ch.rows = slices.Insert(ch.rows, 0, a)
		case at > 0:
			ch.rows = append(ch.rows, a)
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
	if len(ch.rows) == 0 && len(ch.records) == 0 {
		fmt.Fprintln(w, "  not kept: the run was made without a workbook")
	}
	for i := range ch.rows {
		a := &ch.rows[i]
		row(string(a.App)+" account row", a.Row)
		row("", asRead(a))
	}
	for _, r := range ch.records {
		row("hr record "+string(r.Record), r.Row)
		row("", "said: "+r.Said)
	}
	fmt.Fprintln(w, "\nwhat it rests on, in the order it was looked at:")
	if !slices.ContainsFunc(f.Evidence, func(e scanner.Fact) bool { return e.Name == "rule" }) {
		f.Evidence = append(f.Evidence, scanner.Fact{Name: "rule", Value: string(f.Kind) + ": " + scanner.Meaning(f.Kind)})
	}
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

// asRead is what an account's row said, as the run read it: the file may be another one by now.
func asRead(a *report.AccountRow) string {
	var parts []string
	for _, x := range []struct{ name, value string }{{"username", a.Username}, {"name", a.DisplayName}, {"address", a.Email},
		{"employee id", a.EmployeeID}, {"enabled", a.Enabled.String()}, {"created", a.Created.String()}, {"last sign-in", a.LastSignIn.String()}} {
		if x.value != "" {
			parts = append(parts, x.name+" "+x.value)
		}
	}
	return "said: " + strings.Join(parts, ", ")
}

// findAnywhere looks for a finding in a run and, since one that was not compared is still open, in the runs before it.
func findAnywhere(c *config, led *ledger.Ledger, past *pastRun, id string) (*scanner.Finding, string, error) {
	f, err := findFinding(past.Findings, id)
	if err == nil {
		return f, past.Dir, nil
	}
	runs, rerr := led.Runs(toldBack)
	if rerr != nil {
		return nil, "", rerr
	}
	for _, r := range runs {
		if earlier, rerr := readRun(c, led, r.ID); rerr == nil && r.ID < past.ID {
			if f, ferr := findFinding(earlier.Findings, id); ferr == nil {
				return f, earlier.Dir, nil
			}
		}
	}
	return nil, "", err
}

// policyAt turns a fact that names a place in the policy into file and line, and what stands there today.
func (c *config) policyAt(e scanner.Fact) string {
	if c.policyFile == nil {
		return ""
	}
	key := e.Value
	switch e.Name {
	case "policy":
	case "threshold": // "after 90 days (policy.toml rules.stale_account)"
		key = strings.TrimSuffix(key[strings.LastIndexByte(key, ' ')+1:], ")")
	case "rule": // "weak_sign_in: …"
		kind, _, _ := strings.Cut(key, ":")
		key = "rules." + kind
	default:
		return ""
	}
	if line := c.policyFile.text(key); line != "" {
		return c.policyFile.at(key) + "  " + line
	}
	return ""
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
