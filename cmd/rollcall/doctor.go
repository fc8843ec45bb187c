package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/report/signkey"
	"rollcall/scanner"
)

func (p *program) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "check state, disk, clock, keys, schedules, sources and what waits, in one table", Args: args(0, "no arguments"),
		Long: `doctor looks at everything that keeps the roll from being called, or its findings from being acted upon, and changes nothing.
Sources are shown as the last run saw them; to read them anew: rollcall sources check.

Exit codes: 0 all is well, 4 something needs a look.`,
		RunE: func(*cobra.Command, []string) error { return p.doctor() },
	}
}

// diagnosis prints one line per check.
type diagnosis struct {
	*program
	ill int
}

func (d *diagnosis) line(what string, well bool, format string, a ...any) {
	state := "ok"
	if !well {
		state = "LOOK"
		d.ill++
	}
	fmt.Fprintf(d.stdout, "%-26s %-5s %s\n", report.Plain(what), state, report.Plain(fmt.Sprintf(format, a...)))
}

// Below these, a disk, and before a certificate ends, somebody should know.
const (
	leastFree     = 1 << 30
	oldRun        = 48 * time.Hour
	clockBackward = 5 * time.Minute
)

func (p *program) doctor() error {
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	d := &diagnosis{program: p}
	d.line("configuration", true, "%s is in order", c.Path)
	d.stateDirectory(c)
	last, err := led.LastRun()
	if err != nil {
		return err
	}
	d.ledger(led, last)
	d.key(c)
	d.service(c, led)
	if err := d.run(c, last); err != nil {
		return err
	}
	if err := d.acting(c, led); err != nil {
		return err
	}
	if d.ill > 0 {
		fmt.Fprintf(p.stdout, "%d need a look\n", d.ill)
		return exitCode(exitIncomplete)
	}
	fmt.Fprintln(p.stdout, "all is well")
	return nil
}

func (d *diagnosis) stateDirectory(c *config) {
	info, err := os.Stat(c.State)
	if err != nil {
		d.line("state directory", false, "%v", err)
		return
	}
	d.line("state directory", info.Mode().Perm()&0o067 == 0, "%s, mode %04o; others must neither read nor write it", c.State, info.Mode().Perm())
	var fs syscall.Statfs_t
	if err := syscall.Statfs(c.State, &fs); err != nil {
		d.line("disk", false, "%v", err)
		return
	}
	free, runs := int64(fs.Bavail)*int64(fs.Bsize), size(filepath.Join(c.State, "runs"))
	keep := "kept for ever"
	if c.KeepAtMost > 0 {
		keep = fmt.Sprintf("kept for %d days", int(c.KeepAtMost.Hours()/24))
	}
	d.line("disk", free >= leastFree, "%d MiB are free; runs take %d MiB, and are %s", free>>20, runs>>20, keep)
}

func (d *diagnosis) ledger(led *ledger.Ledger, last *ledger.RunRecord) {
	head, err := led.Head()
	if err == nil {
		err = led.Verify()
	}
	d.line("ledger", err == nil, "%d events, each follows from the one before%s", head.Seq, because(err))
	if last != nil {
		ahead := last.At.Sub(d.now())
		d.line("clock", ahead < clockBackward, "%s; the last run was at %s", d.now().UTC().Format(time.RFC3339), last.At.UTC().Format(time.RFC3339))
	}
}

func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

func (d *diagnosis) key(c *config) {
	if c.Sign == nil {
		d.line("signing key", true, "reports are not signed: there is no section [sign]")
		return
	}
	id, err := c.identity()
	if err != nil {
		d.line("signing key", false, "%v", err)
		return
	}
	left := signkey.DaysLeft(id.Certificate, d.now())
	d.line("signing key", left >= soonDays, "its certificate is valid for %d days more", left)
}

// service tells of the daemon and its schedules.
func (d *diagnosis) service(c *config, led *ledger.Ledger) {
	if c.Act != nil {
		says, conn, err := "at work", net.Conn(nil), error(nil)
		if conn, err = net.DialTimeout("unix", c.Act.Socket, 5*time.Second); err == nil {
			conn.Close()
		} else {
			says = "nothing can be carried out: " + err.Error()
		}
		d.line("rollcall act", err == nil, "%s", says)
	}
	d.line("rollcall serve", true, "%s", map[bool]string{true: "at work", false: "not at work: runs happen when somebody starts them"}[d.daemon != nil])
	for _, s := range c.Serve.Schedules {
		slot, err := led.Slot(s.Name)
		switch {
		case err != nil:
			d.line("schedule "+s.Name, false, "%v", err)
		case slot == nil:
			d.line("schedule "+s.Name, d.daemon != nil, "nothing was due yet; rollcall serve runs it next at %s", s.next(d.now()).In(s.Zone).Format(time.RFC3339))
		default:
			says := "went well last for " + slot.Succeeded.In(s.Zone).Format(time.RFC3339)
			if slot.Succeeded.IsZero() {
				says = "has not run yet, and is known since " + slot.Since.In(s.Zone).Format(time.RFC3339)
			}
			if slot.Failures > 0 {
				says += fmt.Sprintf("; failed %d times since: %s", slot.Failures, slot.Problem)
			}
			d.line("schedule "+s.Name, !s.overdue(slot.Good(), d.now()) && slot.Failures == 0, "%s; next at %s; %d missed", says, s.next(d.now()).In(s.Zone).Format(time.RFC3339), slot.Missed)
		}
	}
}

// run tells of the last run and of the sources as it saw them.
func (d *diagnosis) run(c *config, last *ledger.RunRecord) error {
	if last == nil {
		d.line("last run", false, "there is none yet; start one with: rollcall scan")
		return nil
	}
	age := d.now().Sub(last.At)
	d.line("last run", age < oldRun && last.Complete, "%s, %d hours ago, %s", last.ID, int(age.Hours()), map[bool]string{true: "complete", false: "INCOMPLETE"}[last.Complete])
	b, err := os.ReadFile(filepath.Join(c.State, "runs", last.ID, "run.json"))
	if err != nil {
		d.line("sources", false, "%v", err)
		return nil
	}
	r, err := report.ReadReview(b)
	if err != nil {
		return err
	}
	for i := range r.Result.Sources {
		s := &r.Result.Sources[i]
		says := fmt.Sprintf("%d rows, %d left out, read in %s", s.Read, s.Rejected+s.SideRejected, s.Ended.Sub(s.Started).Round(time.Millisecond))
		if s.Problem != "" {
			says += "; " + s.Problem
		}
		d.line("source "+s.Name, s.State == scanner.SourceOK, "%s", says)
		d.own(s, connectors.DateOf(d.now(), c.Zone))
	}
	return nil
}

// acting tells what keeps decisions from being carried out.
func (d *diagnosis) acting(c *config, led *ledger.Ledger) error {
	if why := c.killed(); why != "" {
		d.line("kill switch", false, "it is on: %s", why)
	}
	loosened, err := d.loosened(c, led)
	if err != nil {
		return err
	}
	if loosened != "" {
		d.line("allowed", false, "%s", loosened)
	}
	states, late, err := countCases(led, d.now())
	if err != nil {
		d.line("cases", false, "%v", err)
		return nil
	}
	open := 0
	for _, n := range states {
		open += n
	}
	d.line("cases", late == 0, "%d have not ended; the answer is overdue of %d", open, late)
	return nil
}
