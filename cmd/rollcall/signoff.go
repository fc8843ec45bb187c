package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/remediate/ledger"
	"rollcall/report"
)

func (p *program) signoffCommand() *cobra.Command {
	var s ledger.SignOff
	c := &cobra.Command{
		Use:   "signoff [RUN]",
		Short: "record that somebody looked through a run, and write its workbook with that",
		Long: `signoff records name, role and statement of whoever looked through a run, bound to the run's manifest, and writes the
workbook again with it, signed where [sign] says with what. Name and role are what they say of themselves; the record
also has the user of this machine. Without RUN it is the last recorded run.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, a []string) error { return p.signoff(c.Context(), strings.Join(a, ""), s) },
	}
	f := c.Flags()
	f.StringVar(&s.Name, "name", "", "`NAME` of who looked through it")
	f.StringVar(&s.Role, "role", "", "their `ROLE`")
	f.StringVar(&s.Statement, "statement", "I have looked through this review and its findings.", "what they say of it")
	return c
}

func (p *program) signoff(ctx context.Context, run string, s ledger.SignOff) error {
	if strings.TrimSpace(s.Name) == "" || strings.TrimSpace(s.Role) == "" || strings.TrimSpace(s.Statement) == "" {
		return usageError{errors.New("signoff wants --name and --role, and a statement that is not empty")}
	}
	spareMemory()
	c, led, err := p.openLedger()
	if err != nil {
		return err
	}
	defer led.Close()
	rec, err := recordedRun(led, run)
	if err != nil {
		return err
	}
	dir, r, err := readReview(c, rec.ID)
	if err != nil {
		return err
	}
	m, sum, err := readManifest(dir)
	if err != nil {
		return err
	}
	problems, err := m.check(dir)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return fmt.Errorf("%s is not as the run left it (%s): it cannot be signed off", dir, problems[0])
	}
	if _, err := c.signing(p.now()); err != nil { // before anything is recorded
		return err
	}
	names, err := c.workbookNames()
	if err != nil {
		return err
	}
	s.Run, s.ManifestSHA256, s.At, s.Actor = rec.ID, sum, p.now().UTC(), p.actor()
	if err := led.RecordSignOff(s); err != nil {
		return err
	}
	r.Manifest = sum
	r.SignOff = &report.SignOff{Name: s.Name, Role: s.Role, Statement: s.Statement, At: s.At, Manifest: sum}
	out := filepath.Join(dir, "rollcall-"+rec.ID+".xlsx")
	if err := p.signWorkbook(ctx, c, led, dir, out, r, &reportFlags{names: names}, "signed off"); err != nil {
		return err
	}
	p.witness(ctx, c, led, rec.ID, sum)
	fmt.Fprintf(p.stdout, "run %s is signed off by %s, %s\n%s\n", rec.ID, report.Plain(s.Name), report.Plain(s.Role), out)
	return nil
}
