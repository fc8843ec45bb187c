package main

import (
	"context"
	"fmt"
	"io"
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

type proveFlags struct{ run, out, identity string }

func (p *program) proveCommand() *cobra.Command {
	var f proveFlags
	c := &cobra.Command{
		Use:   "prove PERSON",
		Short: "write one page that says, app by app, whether a person's access is open, closed or was not checked",
		Long: `prove writes a workbook of one page about one person, signed where [sign] says with what: for each app whether their
access is closed, open or was not checked, since when it was seen so, and what said so; and the apps that a directory
gives them and that no source reads (see assigns in config.example.toml). It reads recorded runs, and no app anew.

Exit codes: 0 all closed, 1 failed, 3 something is open or could not be checked.`,
		Args: args(1, "a person's id"),
		RunE: func(c *cobra.Command, a []string) error {
			return p.prove(c.Context(), connectors.PersonID(a[0]), f)
		},
	}
	fs := c.Flags()
	fs.StringVar(&f.run, "run", "", "the `RUN` to go by; the last one when absent")
	fs.StringVar(&f.out, "out", "", "the `FILE` to write; proof-PERSON-RUN.xlsx when absent")
	fs.StringVar(&f.identity, "identity", "", "age identity `FILE` that opens encrypted inputs, for apps that a directory gives")
	return c
}

func (p *program) prove(ctx context.Context, id connectors.PersonID, f proveFlags) error {
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	rec, err := recordedRun(led, f.run)
	if err != nil {
		return err
	}
	dir, r, err := readReview(c, rec.ID)
	if err != nil {
		return err
	}
	who := r.Person(id)
	if who == nil {
		return usageError{fmt.Errorf("nobody on the roster of run %s has the id %q", rec.ID, id)}
	}
	proof, err := proofOf(dir, r, who)
	if err != nil {
		return err
	}
	if err := since(c, led, rec, proof); err != nil {
		return err
	}
	if proof.Unread, err = p.unreadApps(ctx, c, dir, proof, f.identity); err != nil {
		return err
	}
	out := f.out
	if out == "" {
		out = "proof-" + strings.ReplaceAll(string(who.ID), string(filepath.Separator), "_") + "-" + rec.ID + ".xlsx"
	}
	path, deliver, done, err := p.outFile(out)
	if err != nil {
		return err
	}
	defer done()
	if err := p.writeProof(ctx, c, led, proof, path); err != nil {
		return err
	}
	if err := deliver(); err != nil {
		return err
	}
	return p.showProof(proof, out)
}

// proofOf is what one run says of a person.
func proofOf(dir string, r *report.Review, who *scanner.Person) (*report.Proof, error) {
	hr, err := readPeople(filepath.Join(dir, peopleName), who.ID)
	if err != nil {
		return nil, err
	}
	p := &report.Proof{Run: r.Run, Version: r.Version, By: r.By, AsOf: r.Result.AsOf, Read: r.Started, Manifest: r.Manifest, Person: who.ID, Name: who.Name()}
	for _, row := range hr {
		p.HR = append(p.HR, string(row.Record)+": "+row.Said)
	}
	accounts, err := accountsOf(dir, who.ID)
	if err != nil {
		return nil, err
	}
	for i := range r.Result.Sources {
		s := &r.Result.Sources[i]
		if s.Name == "roster" {
			continue
		}
		a := report.ProofApp{App: s.Name, Accounts: accounts[connectors.AppID(s.Name)], How: s.Info.Kind + " " + s.Info.Location, At: s.Started.UTC(), State: stateOf(accounts[connectors.AppID(s.Name)])}
		if s.State != scanner.SourceOK || s.Unreadable > 0 {
			if a.Why = s.Problem; a.Why == "" {
				a.Why = fmt.Sprintf("%d rows cannot be read so far as to say whose they are", s.Unreadable)
			}
			if a.State != report.ProofOpen {
				a.State = report.ProofNotChecked
			}
		}
		p.Apps = append(p.Apps, a)
	}
	if len(r.Result.Untrusted) > 0 {
		for i := range p.Apps {
			p.Apps[i].State, p.Apps[i].Why = report.ProofNotChecked, "the roster was not trusted: "+r.Result.Untrusted[0]
		}
	}
	return p, nil
}

// stateOf is what the accounts of a person in one app come to.
func stateOf(list []report.AccountRow) report.ProofState {
	state := report.ProofNone
	for i := range list {
		a := &list[i]
		sure := a.Grade == scanner.Exact || a.Grade == scanner.Strong
		switch {
		case a.Enabled != connectors.No && sure:
			return report.ProofOpen
		case a.Enabled != connectors.No:
			state = report.ProofLikely
		case state == report.ProofNone:
			state = report.ProofClosed
		}
	}
	return state
}

// accountsOf are a person's accounts in a run, by app; those of which they are the likely owner, or one of two, included.
func accountsOf(dir string, id connectors.PersonID) (map[connectors.AppID][]report.AccountRow, error) {
	f, err := os.Open(filepath.Join(dir, "accounts.jsonl"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[connectors.AppID][]report.AccountRow{}
	for a, err := range report.ReadAccounts(f) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		if a.Person == id || a.RunnerUp == id && a.Grade != scanner.Exact && a.Grade != scanner.Strong {
			if a.Person != id {
				a.Grade = scanner.Ambiguous
			}
			out[a.App] = append(out[a.App], a)
		}
	}
	return out, nil
}

// since goes back through the recorded runs for as long as they saw each app as the last one did. A run that kept no
// accounts says nothing, and is passed over.
func since(c *config, led *ledger.Ledger, last *ledger.RunRecord, proof *report.Proof) error {
	runs, err := led.Runs(0)
	if err != nil {
		return err
	}
	running := map[string]bool{}
	for i := range proof.Apps {
		if a := &proof.Apps[i]; a.State != report.ProofNotChecked {
			running[a.App], a.Since, a.Runs = true, last.AsOf, 1
		}
	}
	for _, run := range runs[:min(len(runs), 1+toldBack)] {
		if run.Seq >= last.Seq || len(running) == 0 {
			continue
		}
		_, r, err := readReview(c, run.ID)
		if err != nil {
			continue // its folder is gone, or it kept no accounts: it says nothing
		}
		who := r.Person(proof.Person)
		if who == nil {
			break
		}
		then, err := proofOf(filepath.Join(c.State, "runs", run.ID), r, who)
		if err != nil {
			return err
		}
		for _, was := range then.Apps {
			i := slices.IndexFunc(proof.Apps, func(a report.ProofApp) bool { return a.App == was.App })
			if i < 0 || !running[was.App] {
				continue
			}
			if was.State != proof.Apps[i].State {
				delete(running, was.App)
				continue
			}
			proof.Apps[i].Since = min(proof.Apps[i].Since, run.AsOf)
			proof.Apps[i].Runs++
		}
	}
	return nil
}

// unreadApps are the apps that directories give a person, by the patterns their configuration has, and that no source reads.
func (p *program) unreadApps(ctx context.Context, c *config, dir string, proof *report.Proof, identity string) ([]report.UnreadApp, error) {
	if len(c.Assigns) == 0 {
		return nil, nil
	}
	played, err := p.openSealed(dir, identity)
	if err != nil {
		return nil, err
	}
	var out []report.UnreadApp
	for _, a := range played.Input.Apps {
		i := slices.IndexFunc(proof.Apps, func(x report.ProofApp) bool { return x.App == string(a.ID) })
		if len(c.Assigns[a.ID]) == 0 || i < 0 || len(proof.Apps[i].Accounts) == 0 {
			continue
		}
		mine := map[connectors.AccountID]bool{}
		for _, acc := range proof.Apps[i].Accounts {
			mine[acc.Account] = true
		}
		for acc, err := range a.Source.Accounts(ctx, silent{}) {
			if err != nil {
				break // the pull ended so when it was sealed: the app is NOT CHECKED anyway
			}
			if !mine[acc.ID] {
				continue
			}
			for _, e := range acc.Entitlements {
				if name := given(string(e.ID), c.Assigns[a.ID]); name != "" && !c.reads(name) {
					out = append(out, report.UnreadApp{Name: name, Directory: string(a.ID), Login: acc.Username, Entitlement: string(e.ID)})
				}
			}
		}
	}
	return out, played.Err()
}

// given is the app that an entitlement gives, by the first pattern that it fits: what its * stands for.
func given(entitlement string, patterns []string) string {
	for _, p := range patterns {
		before, after, _ := strings.Cut(p, "*")
		n := len(entitlement) - len(after)
		if n > len(before) && strings.EqualFold(entitlement[:len(before)], before) && strings.EqualFold(entitlement[n:], after) {
			return entitlement[len(before):n]
		}
	}
	return ""
}

// reads tells whether a source of the configuration is the app of that name.
func (c *config) reads(name string) bool {
	return slices.ContainsFunc(c.Apps, func(a scanner.App) bool {
		return strings.EqualFold(string(a.ID), name) || strings.EqualFold(a.Title, name)
	})
}

// silent is a Trace that does not care: what the pull said of itself was judged when it was read.
type silent struct{}

func (silent) Page(connectors.Collection, connectors.Page)           {}
func (silent) Reject(connectors.Collection, connectors.Where, error) {}
func (silent) Total(connectors.Collection, int)                      {}
func (silent) End(connectors.Collection)                             {}
func (silent) Note(connectors.Collection, string)                    {}

func (p *program) writeProof(ctx context.Context, c *config, led *ledger.Ledger, proof *report.Proof, out string) error {
	sign, err := c.signing(p.now())
	if err != nil {
		return err
	}
	var with *opcsign.Options
	if sign != nil {
		o := sign.options(proof.Run)
		with = &o
	}
	var result *opcsign.Result
	half := out + ".part"
	defer os.Remove(half)
	err = writeFile(half, func(w io.Writer) (err error) {
		result, err = report.WriteProof(ctx, w, proof, with)
		return err
	})
	if err == nil {
		err = os.Rename(half, out)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", out, err)
	}
	p.sayTimestamp(result)
	return p.recordWorkbook(led, proof.Run, out, "proof of "+string(proof.Person), sign, p.now())
}

func (p *program) showProof(proof *report.Proof, out string) error {
	fmt.Fprintf(p.stdout, "%s (%s), as of %s\n", report.Plain(proof.Name), report.Plain(string(proof.Person)), proof.AsOf)
	for _, a := range proof.Apps {
		line := fmt.Sprintf("  %-16s %-12s", a.App, a.State)
		if a.Since.Known() {
			line += " since " + a.Since.String()
		}
		if a.Why != "" {
			line += "  " + a.Why
		}
		fmt.Fprintln(p.stdout, report.Plain(strings.TrimRight(line, " ")))
	}
	for _, u := range proof.Unread {
		fmt.Fprintf(p.stdout, "  %-16s %-12s given by %s, and no source reads it\n", report.Plain(u.Name), report.ProofNotChecked, report.Plain(u.Directory))
	}
	fmt.Fprintln(p.stdout, out)
	if proof.Open() {
		return exitCode(exitFindings)
	}
	return nil
}
