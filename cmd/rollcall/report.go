package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/report/opcsign"
	"rollcall/scanner"
)

// reportFlags are what `report` is told beside the run.
type reportFlags struct {
	framework, app, from, to, out string
	names                         *report.Pseudonyms // nil: people are named
}

func (p *program) reportCommand() *cobra.Command {
	var f reportFlags
	var pseudonymous bool
	c := &cobra.Command{
		Use:   "report [RUN]",
		Short: "write the workbook of a recorded run again: all of it, of one framework or app, or of a period",
		Long: `report writes the workbook of a run again from what is in its folder; nothing is read anew. The same run gives the same
bytes. Without RUN it is the last recorded run; with --from and --to it is the last one of the period, and gathers what
the others recorded: the trend, what went and how long it took, and every decision. With --pseudonymous it names nobody:
people and accounts have keyed names, and free texts are withheld.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, a []string) error {
			var asked *bool
			if c.Flags().Changed("pseudonymous") {
				asked = &pseudonymous
			}
			return p.report(c.Context(), strings.Join(a, ""), f, asked)
		},
	}
	c.AddCommand(p.revealCommand())
	fs := c.Flags()
	fs.StringVar(&f.framework, "framework", "", "only findings that bear on this `FRAMEWORK`: "+strings.Join(report.Frameworks(), ", "))
	fs.StringVar(&f.app, "app", "", "only accounts and findings of this `APP`")
	fs.StringVar(&f.from, "from", "", "gather the recorded runs from this `DATE` (YYYY-MM-DD) on")
	fs.StringVar(&f.to, "to", "", "gather the recorded runs up to and including this `DATE`")
	fs.BoolVar(&pseudonymous, "pseudonymous", false, "name nobody, with the key that [privacy] pseudonym_key names; =false names people although [privacy] says otherwise")
	fs.StringVar(&f.out, "out", "", "the `FILE` to write; rollcall-RUN.xlsx, named after what was asked for, when absent")
	return c
}

func (p *program) report(ctx context.Context, id string, f reportFlags, pseudonymous *bool) error {
	if f.framework != "" && !slices.Contains(report.Frameworks(), f.framework) {
		return usageError{fmt.Errorf("--framework %s: no such framework%s", f.framework, nearest(f.framework, report.Frameworks()))}
	}
	spareMemory()
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	if pseudonymous != nil && *pseudonymous {
		f.names, err = c.pseudonyms()
	} else if pseudonymous == nil {
		f.names, err = c.workbookNames()
	}
	if err != nil {
		return err
	}
	past, err := f.gather(c, led)
	if err != nil {
		return err
	}
	if id == "" {
		if id, err = past.last(led); err != nil {
			return err
		}
	}
	dir, r, err := readReview(c, id)
	if err != nil {
		return err
	}
	if err := signedOff(led, r); err != nil {
		return err
	}
	if err := past.tell(c, led, r, f.keep()); err != nil {
		return err
	}
	if err := f.narrow(r); err != nil {
		return err
	}
	out := cmp.Or(f.out, f.name(id))
	path, deliver, done, err := p.outFile(out)
	if err != nil {
		return err
	}
	defer done()
	if err := p.signWorkbook(ctx, c, led, dir, path, r, &f, f.what()); err != nil {
		return err
	}
	if err := deliver(); err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, out)
	return nil
}

// name is that of the file when none is given.
func (f *reportFlags) name(id string) string {
	parts := []string{"rollcall", id}
	if f.names != nil {
		parts = append(parts, "pseudonymous")
	}
	for _, s := range []string{f.framework, f.app, f.from, f.to} {
		if s != "" {
			parts = append(parts, strings.ReplaceAll(s, string(filepath.Separator), "_"))
		}
	}
	return strings.Join(parts, "-") + ".xlsx"
}

// what is what the ledger calls the workbook.
func (f *reportFlags) what() string {
	if f.names != nil {
		return "asked for, pseudonymous"
	}
	return "asked for, with names"
}

// readReview reads what the folder of a run has of its review, but for findings and accounts.
func readReview(c *config, id string) (dir string, r *report.Review, err error) {
	dir = filepath.Join(c.State, "runs", id)
	if id != filepath.Base(id) {
		return "", nil, usageError{fmt.Errorf("%q is no run's id; see: rollcall runs list", id)}
	}
	b, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, fmt.Errorf("there is no run %q in %s; see: rollcall runs list", id, filepath.Dir(dir))
	}
	if err != nil {
		return "", nil, err
	}
	if r, err = report.ReadReview(b); err != nil {
		return "", nil, fmt.Errorf("run %s: %w", id, err)
	}
	if _, r.Person, err = whoIs(filepath.Join(dir, peopleName)); errors.Is(err, fs.ErrNotExist) {
		return "", nil, fmt.Errorf("the run %s kept no list of people and accounts (it was made with --no-workbook), so its workbook cannot be written: scan again", id)
	}
	if err != nil {
		return "", nil, err
	}
	manifest, err := os.ReadFile(filepath.Join(dir, manifestName))
	switch {
	case err == nil:
		r.Manifest = hexSum(manifest)
	case !errors.Is(err, fs.ErrNotExist): // a run that was not recorded has none
		return "", nil, err
	}
	return dir, r, nil
}

// signedOff puts into a review its latest sign-off.
func signedOff(led *ledger.Ledger, r *report.Review) error {
	all, err := led.SignOffs(r.Run)
	if err != nil || len(all) == 0 {
		return err
	}
	last := all[len(all)-1]
	r.SignOff = &report.SignOff{Name: last.Name, Role: last.Role, Statement: last.Statement, At: last.At, Manifest: last.ManifestSHA256}
	return nil
}

// keep tells which findings are asked for; nil is all of them.
func (f *reportFlags) keep() func(*scanner.Finding) bool {
	if f == nil || f.framework == "" && f.app == "" {
		return nil
	}
	return func(x *scanner.Finding) bool {
		return (f.app == "" || string(x.App) == f.app) && (f.framework == "" || report.InFramework(f.framework, x.Kind))
	}
}

// narrow takes out of a review what was not asked for, and says so in it.
func (f *reportFlags) narrow(r *report.Review) error {
	keep := f.keep()
	if keep == nil {
		return nil
	}
	drop := func(x scanner.Finding) bool { return !keep(&x) }
	res := r.Result
	res.Accepted = slices.DeleteFunc(res.Accepted, drop)
	r.Change.Gone, r.Change.Unjudged = slices.DeleteFunc(r.Change.Gone, drop), slices.DeleteFunc(r.Change.Unjudged, drop)
	var words []string
	if r.Framework = f.framework; f.framework != "" {
		words = append(words, "--framework "+f.framework)
	}
	if f.app != "" {
		words = append(words, "--app "+f.app)
		var names []string
		for _, s := range res.Sources[min(1, len(res.Sources)):] {
			names = append(names, s.Name)
		}
		if !slices.Contains(names, f.app) {
			return usageError{fmt.Errorf("--app %s: the run %s read no such app%s", f.app, r.Run, nearest(f.app, names))}
		}
		res.Sources = slices.DeleteFunc(res.Sources, func(s scanner.SourceReport) bool { return s.Name != "roster" && s.Name != f.app })
		res.NotJudged = slices.DeleteFunc(res.NotJudged, func(n scanner.NotJudged) bool { return n.App != "" && string(n.App) != f.app })
	}
	r.Filter = strings.Join(words, " ")
	return nil
}

// accountRows are accounts, as often as they are asked for.
type accountRows = iter.Seq2[report.AccountRow, error]

// accountsIn reads the accounts in a run's folder.
func accountsIn(dir string) accountRows {
	return func(yield func(report.AccountRow, error) bool) {
		file, err := os.Open(filepath.Join(dir, "accounts.jsonl"))
		if err != nil {
			yield(report.AccountRow{}, err)
			return
		}
		defer file.Close()
		report.ReadAccounts(file)(yield)
	}
}

// withRows gives a review with the findings and accounts in a run's folder, those that were asked for, or all; under
// pseudonyms where those are wanted.
func withRows(dir string, r *report.Review, asked *reportFlags, use func(*report.Review, accountRows) error) error {
	file, err := os.Open(filepath.Join(dir, findingsName))
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	findings, err := report.OpenFindings(file, info.Size(), asked.keep())
	if err != nil {
		return fmt.Errorf("%s: %w", file.Name(), err)
	}
	shown := *r
	shown.Findings, shown.Digest = findings.Each, findings.Digest()
	rows := asked.accounts(accountsIn(dir))
	if asked == nil || asked.names == nil {
		return use(&shown, rows)
	}
	people, who, err := whoIs(filepath.Join(dir, peopleName))
	if err != nil {
		return err
	}
	shown.Person = who // of the folder as well, so that the run's own workbook is the one that is written again
	nameless, err := report.Pseudonymize(&shown, asked.names, people, accountsIn(dir))
	if err != nil {
		return err
	}
	changed := nameless.Review()
	if changed.Digest, err = nameless.Digest(); err != nil {
		return err
	}
	return use(changed, nameless.Accounts(rows))
}

// workbookFrom writes a workbook of the findings and accounts in a run's folder, those that were asked for, or all, and
// signs it where sign is not nil. The file is there whole or not at all.
func workbookFrom(ctx context.Context, dir, out string, r *report.Review, asked *reportFlags, sign *signing) (result *opcsign.Result, err error) {
	half := out + ".part"
	defer os.Remove(half)
	err = withRows(dir, r, asked, func(shown *report.Review, rows accountRows) error {
		return writeFile(half, func(w io.Writer) error {
			if sign == nil {
				return report.WriteWorkbook(w, shown, rows)
			}
			var err error
			result, err = report.WriteSigned(ctx, w, shown, rows, sign.options(r.Run))
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", out, err)
	}
	return result, os.Rename(half, out)
}

// accounts are those asked for.
func (f *reportFlags) accounts(all accountRows) accountRows {
	if f == nil || f.app == "" {
		return all
	}
	return func(yield func(report.AccountRow, error) bool) {
		for a, err := range all {
			if (err != nil || a.App == connectors.AppID(f.app)) && !yield(a, err) {
				return
			}
		}
	}
}

// gather finds the recorded runs of the period that was asked for; nil when none was.
func (f *reportFlags) gather(c *config, led *ledger.Ledger) (*pastRuns, error) {
	if f.from == "" && f.to == "" {
		return nil, nil
	}
	from, err := connectors.ParseDate(cmp.Or(f.from, "1970-01-02"))
	if err != nil {
		return nil, usageError{fmt.Errorf("--from: %w", err)}
	}
	to, err := connectors.ParseDate(cmp.Or(f.to, "9999-12-31"))
	if err != nil {
		return nil, usageError{fmt.Errorf("--to: %w", err)}
	}
	return gatherRuns(led, from, to)
}
