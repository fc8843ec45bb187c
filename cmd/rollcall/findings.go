package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

func (p *program) findingsCommand() *cobra.Command {
	return group("findings", "the findings of the last run: list them, or say that one is wrong", p.findingsListCommand(), p.findingsWrongCommand(), p.findingsRulingsCommand(), p.findingsRightCommand())
}

func (p *program) findingsListCommand() *cobra.Command {
	var f scanFlags
	var run string
	c := &cobra.Command{
		Use:   "list",
		Short: "print the findings of the last run again, all of them",
		Args:  args(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			if _, _, err := f.check(); err != nil {
				return usageError{err}
			}
			c, led, err := p.openLedger()
			if err != nil {
				return err
			}
			defer led.Close()
			past, err := readRun(c, led, run)
			if err != nil {
				return err
			}
			if err := f.known(c, led); err != nil {
				return err
			}
			return p.listFindings(past, f)
		},
	}
	fs := c.Flags()
	fs.StringVar(&f.format, "format", "table", "what to print: table, jsonl or csv")
	fs.StringVar(&f.app, "app", "", "of this `APP` only")
	fs.StringVar(&f.person, "person", "", "of the person with this `ID` only")
	fs.StringVar(&f.kind, "kind", "", "of this `KIND` only")
	fs.StringVar(&run, "run", "", "of the run with this `ID`, instead of the last one")
	return c
}

// listFindings prints the findings of a recorded run, and what the run was.
func (p *program) listFindings(past *pastRun, f scanFlags) error {
	findings := f.filtered(past.Findings)
	if !past.Complete {
		fmt.Fprintf(p.stderr, "rollcall: INCOMPLETE: the run %s could not read or trust every source; more may be wrong than is listed\n", past.ID)
	}
	switch f.format {
	case "csv":
		return report.WriteCSV(p.stdout, findings)
	case "jsonl":
		return report.WriteJSONL(p.stdout, findings)
	case "json":
		return usageError{errors.New("findings list prints table, jsonl or csv; how a run went is in its run.json")}
	}
	fmt.Fprintf(p.stdout, "run %s, as of %s\n", past.ID, past.AsOf)
	return report.WriteFindingsTable(p.stdout, findings, p.tableOptions())
}

// known refuses filters that name nothing there is: no finding of theirs would look like good news.
func (f *scanFlags) known(c *config, led *ledger.Ledger) error {
	if f.app != "" && c.app(connectors.AppID(f.app)) == nil {
		return usageError{fmt.Errorf("--app %s: no such app in %s%s", f.app, c.Path, nearest(f.app, texts(appIDs(c.Apps))))}
	}
	if f.person == "" {
		return nil
	}
	if err := onRoster(led, connectors.PersonID(f.person)); err != nil {
		return usageError{fmt.Errorf("--person: %w", err)}
	}
	return nil
}

// wrongFlags are what `findings wrong` is told beside the finding.
type wrongFlags struct {
	because, person, class, note string
	nobody                       bool
}

func (p *program) findingsWrongCommand() *cobra.Command {
	var w wrongFlags
	c := &cobra.Command{
		Use:   "wrong FINDING",
		Short: "say that a finding is wrong, and mend its cause",
		Long: `wrong records who said so, when and on what evidence, and mends what made the finding wrong:
  --because owner    the account is somebody else's: --person ID links it to its true owner, --nobody says it is not
                     the owner named. The next run uses the link.
  --because class    the account is not what it was taken for: --class human|guest|service|shared|break_glass
  --because hr-data  the roster is wrong. The finding is set aside for 30 days while HR mends it, and re-opens then,
                     or as soon as the evidence changes.
  --because policy   the policy is wrong: likewise 30 days; the lines that would mend it are printed.`,
		Args: args(1, "the id of one finding"),
		RunE: func(_ *cobra.Command, a []string) error { return p.findingWrong(a[0], w) },
	}
	fs := c.Flags()
	fs.StringVar(&w.because, "because", "", "owner, class, hr-data or policy")
	fs.StringVar(&w.person, "person", "", "the true owner's `ID` (with --because owner)")
	fs.BoolVar(&w.nobody, "nobody", false, "the named owner is not the owner (with --because owner)")
	fs.StringVar(&w.class, "class", "", "what the account really is (with --because class)")
	fs.StringVar(&w.note, "note", "", "why, in words, for the record (required)")
	return c
}

func (w *wrongFlags) check() error {
	class, known := connectors.ParseClass(w.class)
	switch {
	case w.note == "":
		return errors.New("--note is required: say why in a few words, for the record")
	case w.because == scanner.BecauseOwner && (w.person == "") == !w.nobody:
		return errors.New("--because owner wants either --person ID (the true owner) or --nobody")
	case w.because == scanner.BecauseClass && (!known || class == connectors.ClassUnknown):
		return errors.New("--because class wants --class human, guest, service, shared or break_glass")
	case w.because == scanner.BecauseOwner, w.because == scanner.BecauseClass, w.because == scanner.BecauseHRData, w.because == scanner.BecausePolicy:
		return nil
	}
	return fmt.Errorf("--because %q: want owner, class, hr-data or policy", w.because)
}

func (p *program) findingWrong(id string, w wrongFlags) error {
	if err := w.check(); err != nil {
		return usageError{err}
	}
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	past, err := readRun(c, led, "")
	if err != nil {
		return err
	}
	f, _, err := findAnywhere(c, led, past, id)
	if err != nil {
		return err
	}
	today := connectors.DateOf(p.now(), c.Zone)
	if c.Pinned {
		today = c.AsOf
	}
	ruling := scanner.Ruling{Finding: f.ID, Because: w.because, App: f.App, Account: f.Account, Person: f.Person,
		Class: w.class, Evidence: scanner.EvidenceDigest(f), Note: w.note, Actor: p.actor(), On: today}
	if w.because == scanner.BecauseOwner {
		if err := p.mendOwner(c, led, f, w, today); err != nil {
			return err
		}
	}
	if err := led.AddRuling(p.now(), ruling); err != nil {
		return err
	}
	p.afterRuling(f, w)
	return nil
}

// mendOwner records the tie that the finding got wrong.
func (p *program) mendOwner(c *config, led *ledger.Ledger, f *scanner.Finding, w wrongFlags, today connectors.Date) error {
	link := scanner.Link{App: f.App, Account: f.Account, Person: connectors.PersonID(w.person), Actor: p.actor(), On: today, Evidence: "finding " + string(f.ID) + " ruled wrong: " + w.note}
	if f.Account == "" {
		return fmt.Errorf("finding %s is about no account, so its owner cannot be wrong", f.ID)
	}
	if w.nobody {
		link.Person, link.Not = f.Person, true
		if f.Person == "" {
			return fmt.Errorf("finding %s names no owner; give the true one with --person ID", f.ID)
		}
	}
	if err := onRoster(led, link.Person); err != nil {
		return err
	}
	return led.AcceptLinks(p.now(), link)
}

func (p *program) afterRuling(f *scanner.Finding, w wrongFlags) {
	fmt.Fprintf(p.stdout, "recorded: %s (%s, %s %s) is wrong because of %s\n", f.ID, f.Kind, f.App, f.Account, w.because)
	switch w.because {
	case scanner.BecauseOwner:
		fmt.Fprintln(p.stdout, "the tie is recorded; the next scan judges the account by it (see: rollcall links list)")
	case scanner.BecauseClass:
		fmt.Fprintf(p.stdout, "the account counts as %s from the next scan on\n", w.class)
	case scanner.BecauseHRData:
		fmt.Fprintf(p.stdout, "it is set aside for %d days; ask HR to mend the record of %s until then\n", scanner.RulingDays, f.Person)
	case scanner.BecausePolicy:
		fmt.Fprintf(p.stdout, "it is set aside for %d days; to mend it for good, change the policy, for example:\n%s", scanner.RulingDays, policyLines(f))
	}
}

// policyLines proposes the lines of policy that would have kept a finding from being made.
func policyLines(f *scanner.Finding) string {
	if f.Entitlement != "" {
		role := "ROLE"
		for _, e := range f.Evidence {
			if e.Name == "present role" {
				role = e.Value
			}
		}
		return fmt.Sprintf("\n  [roles.%q]\n  allow = { %s = [%q] }   # beside what the role has already\n", role, f.App, f.Entitlement)
	}
	return fmt.Sprintf("\n  [[exception]]\n  id = \"…\"\n  kind = %q\n  app = %q\n  account = %q\n  reason = \"…\"\n  owner = \"EMPLOYEE ID\"\n  expires = \"YYYY-MM-DD\"\n", f.Kind, f.App, f.Account)
}

// findFinding takes a whole id or a beginning that only one finding has.
func findFinding(findings []scanner.Finding, id string) (*scanner.Finding, error) {
	var hit *scanner.Finding
	full := id
	if !strings.HasPrefix(full, "f-") {
		full = "f-" + id
	}
	for i := range findings {
		if !strings.HasPrefix(string(findings[i].ID), full) {
			continue
		}
		if hit != nil {
			return nil, fmt.Errorf("several findings of the last run start with %q: give more of the id", id)
		}
		hit = &findings[i]
	}
	if hit == nil {
		return nil, fmt.Errorf("the last run has no finding %q; see: rollcall findings list", id)
	}
	return hit, nil
}
