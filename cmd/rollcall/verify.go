package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/report/opcsign"
)

type verifyFlags struct {
	cert, ca, tsa, witness string
}

func (p *program) verifyCommand() *cobra.Command {
	var f verifyFlags
	c := &cobra.Command{
		Use:   "verify FILE",
		Short: "check a workbook: its signature, that all of it is signed, by whom, when, and that it fits the run it is of",
		Long: `verify needs nothing but the file and the signer's certificate (--cert), or that of the authority that issued it (--ca).
Where the configuration is at hand it also checks the run's folder against the manifest that the workbook names, and the
ledger's chain of events. One line per check; what could not be checked says so.

Exit codes: 0 every check that could be made holds, and the certificate is one that was given; 1 not.`,
		Args: args(1, "one workbook"),
		RunE: func(cmd *cobra.Command, a []string) error { return p.verify(cmd.Context(), a[0], f) },
	}
	fs := c.Flags()
	fs.StringVar(&f.cert, "cert", "", "the signer's certificate, a PEM `FILE`; [sign] names it when absent")
	fs.StringVar(&f.ca, "ca", "", "certificates of authorities that signers are trusted from, a PEM `FILE`")
	fs.StringVar(&f.tsa, "tsa", "", "certificates of timestamp authorities, a PEM `FILE`")
	fs.StringVar(&f.witness, "witness", "", "the `FILE` of heads that an outside witness kept")
	return c
}

// checks prints one line per check and counts those that fail.
type checks struct {
	*program
	failed int
}

func (c *checks) line(what string, holds bool, format string, a ...any) {
	state := "holds"
	if !holds {
		state = "FAILS"
		c.failed++
	}
	c.say(what, state, format, a...)
}

func (c *checks) say(what, state, format string, a ...any) {
	fmt.Fprintf(c.stdout, "%-22s %-12s %s\n", what, state, report.Plain(fmt.Sprintf(format, a...)))
}

func (p *program) verify(ctx context.Context, path string, f verifyFlags) error {
	c, led, err := p.atHand()
	if err != nil {
		return err
	}
	if led != nil {
		defer led.Close()
	}
	file, err := p.openFile(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	trust, err := f.trust(p, c)
	if err != nil {
		return err
	}
	signed, err := opcsign.Verify(ctx, file, info.Size(), trust)
	if err != nil {
		return err
	}
	out := &checks{program: p}
	out.signature(signed)
	out.run(c, led, file, info.Size())
	if err := out.ledger(led, f.witness); err != nil {
		return err
	}
	if out.failed > 0 || !signed.OK() {
		fmt.Fprintln(p.stdout, "NOT VERIFIED: see the lines that do not hold")
		return exitCode(exitFailed)
	}
	fmt.Fprintln(p.stdout, "VERIFIED: every check that could be made here holds")
	return nil
}

// atHand is the configuration and the ledger, where they are: a stranger has neither.
func (p *program) atHand() (*config, *ledger.Ledger, error) {
	if _, err := os.Stat(p.configPath); errors.Is(err, fs.ErrNotExist) && p.configPath == defaultConfig {
		return nil, nil, nil
	}
	c, err := p.configHere()
	if err != nil {
		return nil, nil, err
	}
	led, err := p.ledger(c, ledger.Options{Holder: "rollcall verify", ReadOnly: true})
	if errors.Is(err, ledger.ErrNone) {
		return c, nil, nil
	}
	return c, led, err
}

// trust is whom the flags trust; without --cert and --ca, the configuration's own certificate.
func (f *verifyFlags) trust(p *program, c *config) (o opcsign.VerifyOptions, err error) {
	if f.cert != "" {
		if o.Certificates, err = certificates("--cert", f.cert, p.openFile); err != nil {
			return o, err
		}
	}
	for _, pool := range []struct {
		flag, path string
		to         **x509.CertPool
	}{{"--ca", f.ca, &o.Roots}, {"--tsa", f.tsa, &o.TimestampRoots}} {
		if pool.path == "" {
			continue
		}
		list, err := certificates(pool.flag, pool.path, p.openFile)
		if err != nil {
			return o, err
		}
		*pool.to = x509.NewCertPool()
		for _, cert := range list {
			(*pool.to).AddCert(cert)
		}
	}
	if f.cert == "" && f.ca == "" && c != nil && c.Sign != nil && c.Sign.Certificate != "" {
		o.Certificates, err = certificates("[sign] certificate", c.path(c.Sign.Certificate), os.Open)
	}
	return o, err
}

// certificates reads every certificate of a file.
func certificates(what, path string, open func(string) (*os.File, error)) (list []*x509.Certificate, err error) {
	f, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", what, path, err)
		}
		list = append(list, cert)
	}
	if len(list) == 0 {
		cert, err := x509.ParseCertificate(data)
		if err != nil {
			return nil, fmt.Errorf("%s %s: it has no certificate: want PEM or DER", what, path)
		}
		list = append(list, cert)
	}
	return list, nil
}

func (c *checks) signature(r *opcsign.Report) {
	for k := range r.All() {
		detail := k.Detail
		if k.Part != "" {
			detail = k.Part + ": " + detail
		}
		if k.State == opcsign.Fails {
			c.failed++
			c.say(string(k.Aspect), "FAILS", "%s", detail)
			continue
		}
		c.say(string(k.Aspect), string(k.State), "%s", detail)
	}
	for _, s := range r.Signatures {
		if s.Signer != nil {
			c.say("signed", "", "by %s, on %s (UTC), %s", s.Signer.Subject, s.Time.UTC().Format("2006-01-02 15:04:05"), s.Method)
		}
	}
}

// run holds the workbook against the folder of the run it names.
func (c *checks) run(cfg *config, led *ledger.Ledger, file *os.File, size int64) {
	stated, err := report.ReadStated(file, size)
	if err != nil {
		c.say("run", "absent", "%v", err)
		return
	}
	if stated.Manifest == "" {
		c.say("manifest", "absent", "the workbook is of run %s, which was not recorded and has no sealed inputs", stated.Run)
		return
	}
	if led == nil {
		c.say("manifest", "not checked", "the workbook names run %s and its manifest %s; the run's folder and the ledger are not at hand", stated.Run, stated.Manifest)
		return
	}
	c.manifest(led, filepath.Join(cfg.State, "runs", stated.Run), stated)
	rec, _, err := led.Run(stated.Run)
	switch {
	case err != nil:
		c.line("run", false, "the ledger has no run %s: %v", stated.Run, err)
	default:
		c.line("run", rec.ManifestSHA256 == stated.Manifest, "the ledger recorded run %s with the manifest %s", stated.Run, orNone(rec.ManifestSHA256))
	}
	_, sum, err := hashOf(io.NewSectionReader(file, 0, size))
	known, lerr := led.Workbook(sum)
	if err = errors.Join(err, lerr); err != nil {
		c.line("workbook", false, "%v", err)
		return
	}
	if known == nil {
		c.line("workbook", false, "the ledger does not know this file (SHA-256 %s): rollcall did not write it as it is", sum)
		return
	}
	c.line("workbook", true, "written by rollcall on %s (UTC), %s", known.At.UTC().Format("2006-01-02 15:04:05"), known.What)
}

// manifest holds the folder of a run against the manifest that the workbook names.
func (c *checks) manifest(led *ledger.Ledger, dir string, stated report.Stated) {
	m, sum, err := readManifest(dir)
	if errors.Is(err, fs.ErrNotExist) || err != nil && !exists(dir) {
		c.say("manifest", "not checked", "the folder %s is not there", dir)
		return
	}
	if err != nil {
		c.line("manifest", false, "%v", err)
		return
	}
	if sum != stated.Manifest {
		c.line("manifest", false, "%s has the SHA-256 %s, the workbook names %s", filepath.Join(dir, manifestName), sum, stated.Manifest)
		return
	}
	problems, err := m.check(dir)
	if err != nil {
		problems = append(problems, err.Error())
	}
	for _, s := range problems {
		c.line("manifest", false, "%s", s)
	}
	had, err := led.HadHead(m.Head)
	if m.Head.Ledger != "" && (err != nil || !had) {
		c.line("checkpoint", false, "the ledger's chain does not go through event %d, as the manifest saw it when run %s ended: it was written anew since (%v)", m.Head.Seq, m.Run, err)
	}
	if len(problems) == 0 {
		c.line("manifest", true, "all %d files of run %s are as the run left them; rollcall replay derives the findings again", len(m.Files), m.Run)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

// ledger checks the chain of events, and what a witness kept of it.
func (c *checks) ledger(led *ledger.Ledger, witness string) error {
	if led == nil {
		c.say("ledger", "not checked", "it is not at hand")
		if witness != "" {
			return errors.New("--witness: what a witness kept is held against the ledger, which is not at hand: name its configuration with --config")
		}
		return nil
	}
	err := led.Verify()
	head, herr := led.Head()
	if err = errors.Join(err, herr); err != nil {
		c.line("ledger", false, "%v", err)
	} else {
		c.line("ledger", true, "its chain of %d events is whole; its head is %s", head.Seq, head.Hash)
	}
	if witness == "" {
		return nil
	}
	kept, err := c.openFile(witness)
	if err != nil {
		return fmt.Errorf("--witness: %w", err)
	}
	defer kept.Close()
	agree, problems, err := heard(led, kept)
	if err != nil {
		return fmt.Errorf("--witness %s: %w", witness, err)
	}
	for _, s := range problems {
		c.line("witness", false, "%s", s)
	}
	if len(problems) == 0 {
		c.line("witness", true, "all %d heads that it kept are in the chain", agree)
	}
	return nil
}
