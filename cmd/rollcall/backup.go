package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
)

func (p *program) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "write a consistent copy of the ledger, while it is in use", Args: args(1, "the file to write"),
		Long: `backup writes a tar of the ledger: the database, the mirror of its events up to the same one, and its id. It can be taken
while rollcall serve is at work. It holds personal data, and the file is readable by its owner alone. The folders of runs
never change once they are there: copy them with any tool. To restore: rollcall ledger restore FILE`,
		RunE: func(_ *cobra.Command, a []string) error { return p.backup(a[0]) },
	}
}

func (p *program) backup(name string) error {
	_, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	path, deliver, done, err := p.outFile(name)
	if err != nil {
		return err
	}
	defer done()
	half := path + ".part"
	defer os.Remove(half)
	if err := writeFile(half, func(w io.Writer) error { return led.Archive(w, p.now()) }); err != nil {
		return err
	}
	if err := os.Rename(half, path); err != nil {
		return err
	}
	if err := deliver(); err != nil {
		return err
	}
	head, err := led.Head()
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s: the ledger with its %d events\n", name, head.Seq)
	return nil
}

// notBeside refuses what must not be done while a daemon holds the state directory.
func (p *program) notBeside(what string) error {
	if p.daemon != nil {
		return fmt.Errorf("%s: rollcall serve holds the state directory: stop it first; nothing was done", what)
	}
	return nil
}

func (p *program) restoreLedger(name string) error {
	if err := p.notBeside("ledger restore"); err != nil {
		return err
	}
	c, err := p.configHere()
	if err != nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := ledger.Restore(f, c.State); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s is restored and checked; put the folders of its runs back into %s\n", name, filepath.Join(c.State, "runs"))
	return nil
}

func (p *program) compactLedger() error {
	if err := p.notBeside("ledger compact"); err != nil {
		return err
	}
	c, err := p.configHere()
	if err != nil {
		return err
	}
	before, after, err := ledger.Compact(c.State)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%d bytes, from %d\n", after, before)
	return nil
}

func (p *program) pruneCommand() *cobra.Command {
	var dry bool
	c := &cobra.Command{
		Use: "prune", Short: "take away the folders of runs that are older than [evidence] keep_at_most", Args: args(0, "no arguments"),
		Long: `prune takes away the folders of runs, with all they read and found, once they are older than [evidence] keep_at_most. What
the ledger knows of them stays: that they were, their counts, and the hashes of what they left. The newest complete run
and those of cases that have not ended are never taken away. rollcall serve does it after each run of a schedule.`,
		RunE: func(*cobra.Command, []string) error { return p.prune(dry) },
	}
	c.Flags().BoolVar(&dry, "dry-run", false, "only say which")
	return c
}

func (p *program) prune(dry bool) error {
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	if c.KeepAtMost == 0 {
		fmt.Fprintln(p.stdout, "runs are kept for ever, since [evidence] has no keep_at_most")
		return nil
	}
	old, err := c.oldRuns(led, p.now())
	if err != nil {
		return err
	}
	for _, r := range old {
		fmt.Fprintf(p.stdout, "%s, of %s\n", r.ID, r.At.UTC().Format(time.DateOnly))
		if !dry {
			if err := c.dropRun(led, &r, p.actor(), p.now()); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(p.stdout, "%d runs are older than %d days\n", len(old), int(c.KeepAtMost.Hours()/24))
	return nil
}

// oldRuns are the recorded runs whose folders are there and may be taken away.
func (c *config) oldRuns(led *ledger.Ledger, now time.Time) (old []ledger.RunRecord, err error) {
	runs, err := led.Runs(0)
	if err != nil {
		return nil, err
	}
	needed := map[string]bool{}
	for _, r := range runs { // the newest first
		if needed[r.ID] = true; r.Complete {
			break
		}
	}
	live, err := led.LiveCases(nil)
	if err != nil {
		return nil, err
	}
	for _, k := range live {
		needed[baseRun(k.Run)] = true
	}
	for _, r := range runs {
		if _, err := os.Stat(filepath.Join(c.State, "runs", r.ID)); err == nil && !needed[r.ID] && now.Sub(r.At) > c.KeepAtMost {
			old = append(old, r)
		}
	}
	return old, nil
}

// dropRun takes away the folder of a run. That it is gone for its age is in the ledger first, so that nobody takes it for lost.
func (c *config) dropRun(led *ledger.Ledger, r *ledger.RunRecord, actor string, now time.Time) error {
	if err := led.RecordPruned(r.ID, connectors.DateOf(now, c.Zone), actor, now); err != nil {
		return err
	}
	dir := filepath.Join(c.State, "runs", r.ID)
	gone := dir + partial // half of a run's folder must not look like a run's
	if err := os.Rename(dir, gone); err != nil {
		return err
	}
	return os.RemoveAll(gone)
}

// size is how many bytes lie below a directory.
func size(dir string) (bytes int64) {
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				bytes += info.Size()
			}
		}
		return nil
	})
	return bytes
}
