package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
	"rollcall/report"
)

func (p *program) revealCommand() *cobra.Command {
	var key, reason, run string
	c := &cobra.Command{
		Use: "reveal PSEUDONYM", Short: "say who or what stands behind a pseudonym, for who holds the key; it is recorded", Args: args(1, "one pseudonym, as a workbook has it"),
		Long: `reveal says who or what stands behind a pseudonym of a workbook. It takes the key that the workbook was made with, read by
who asks from a file of their own, and a reason. That it was asked, by whom and why is recorded before it is said.`,
		RunE: func(_ *cobra.Command, a []string) error { return p.reveal(strings.TrimSpace(a[0]), key, reason, run) },
	}
	f := c.Flags()
	f.StringVar(&key, "key", "", "the `FILE` with the key (required)")
	f.StringVar(&reason, "reason", "", "`WHY` it must be known; it is recorded (required)")
	f.StringVar(&run, "run", "", "the `RUN` that the workbook is of, instead of the last one")
	return c
}

// errFound ends the looking.
var errFound = errors.New("found")

func (p *program) reveal(pseudonym, key, reason, run string) error {
	if key == "" || strings.TrimSpace(reason) == "" {
		return usageError{errors.New("report reveal wants --key FILE, the key that the workbook was made with, and --reason")}
	}
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	b, err := p.readFile(key)
	if err != nil {
		return fmt.Errorf("--key: %w", err)
	}
	names, err := report.NewPseudonyms([]byte(strings.TrimRight(string(b), "\r\n")))
	if err != nil {
		return fmt.Errorf("--key: %w", err)
	}
	rec, err := recordedRun(led, run)
	if err != nil {
		return err
	}
	original, who, err := findPseudonym(c, led, rec.ID, names, pseudonym)
	if err != nil {
		return err
	}
	if original == "" {
		return fmt.Errorf("no pseudonym %q in the workbook of run %s under the key %s; the Summary of the workbook names both: give its run with --run", pseudonym, rec.ID, names.KeyID())
	}
	if err := led.RecordReveal(ledger.Reveal{Run: rec.ID, Pseudonym: pseudonym, Key: names.KeyID(), Reason: strings.TrimSpace(reason), At: p.now(), Actor: p.actor()}); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s is %s\n", pseudonym, report.Plain(strings.TrimSpace(original+" "+who)))
	return nil
}

// findPseudonym makes a run's workbook again, without keeping it, and listens for the pseudonym.
func findPseudonym(c *config, led *ledger.Ledger, run string, names *report.Pseudonyms, pseudonym string) (original, who string, err error) {
	dir, r, err := readReview(c, run)
	if err != nil {
		return "", "", err
	}
	if err := signedOff(led, r); err != nil {
		return "", "", err
	}
	names.Told = func(made, of string) {
		if made == pseudonym {
			original = of
		}
	}
	err = withRows(dir, r, &reportFlags{names: names}, func(shown *report.Review, rows accountRows) error {
		if original != "" {
			return errFound
		}
		return report.WriteWorkbook(io.Discard, shown, rows)
	})
	if err != nil && !errors.Is(err, errFound) {
		return "", "", err
	}
	if one := r.Person(connectors.PersonID(original)); one != nil && one.Now != nil {
		who = "(" + one.Name() + ")"
	}
	return original, who, nil
}
