package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"rollcall/remediate/ledger"
	"rollcall/scanner"
	"rollcall/scanner/evidence"
)

func (p *program) replayCommand() *cobra.Command {
	var identity string
	c := &cobra.Command{
		Use:   "replay [RUN | FOLDER]",
		Short: "derive a run's findings again from its sealed inputs, and compare them byte for byte",
		Long: `replay reads nothing but the folder of a run: it checks every file against the manifest, judges the sealed inputs
again, and compares what it finds with the run's findings.jsonl, byte for byte. RUN is a recorded run (the last one
without an argument) or the path of a run's folder, which needs neither configuration nor ledger.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, got []string) error {
			run := ""
			if len(got) > 0 {
				run = got[0]
			}
			return p.replay(cmd.Context(), run, identity)
		},
	}
	c.Flags().StringVar(&identity, "identity", "", "age identity `FILE` that opens encrypted inputs")
	return c
}

func (p *program) replay(ctx context.Context, run, identity string) error {
	dir, recorded, err := p.runDir(run)
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
	for _, s := range problems {
		fmt.Fprintln(p.stdout, "manifest: "+s)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%s is not as the run left it (%d differences, above): nothing was derived from it", dir, len(problems))
	}
	fmt.Fprintf(p.stdout, "manifest: all %d files are as the run left them (SHA-256 %s)\n", len(m.Files), sum)
	switch {
	case recorded == nil:
		fmt.Fprintln(p.stdout, "ledger:   not at hand; whether this is the manifest of the run as recorded was not checked")
	case recorded.ManifestSHA256 != sum:
		return fmt.Errorf("the ledger has another manifest for the run %s (SHA-256 %s): the folder was replaced", recorded.ID, recorded.ManifestSHA256)
	default:
		fmt.Fprintln(p.stdout, "ledger:   it recorded this manifest when the run ended")
	}
	n, err := p.derive(ctx, dir, identity)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "findings: %d derived again from the sealed inputs by rules version %d: the same, byte for byte\n", n, m.Rules)
	return nil
}

// runDir is the folder of a run, and what the ledger recorded of it, where that is at hand.
func (p *program) runDir(run string) (string, *ledger.RunRecord, error) {
	if p.daemon == nil { // which looks at no folder on somebody's word
		if info, err := os.Stat(run); run != "" && err == nil && info.IsDir() {
			return run, nil, nil
		}
	}
	c, err := p.configHere()
	if err != nil {
		return "", nil, err
	}
	led, err := p.ledger(c, ledger.Options{Holder: "rollcall", ReadOnly: true})
	if err != nil {
		return "", nil, err
	}
	defer led.Close()
	r, err := recordedRun(led, run)
	if err != nil {
		return "", nil, err
	}
	return filepath.Join(c.State, "runs", r.ID), r, nil
}

// derive judges the sealed inputs of a folder again and compares the findings.
func (p *program) derive(ctx context.Context, dir, identity string) (findings int, err error) {
	played, err := p.openSealed(dir, identity)
	if err != nil {
		return 0, err
	}
	tmp, err := os.MkdirTemp("", "rollcall-replay-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(tmp)
	in := played.Input
	register, err := in.History.Register()
	if err != nil {
		return 0, err
	}
	found, err := newFindings(tmp, appIDs(in.Apps), in.AsOf, register)
	if err != nil {
		return 0, err
	}
	in.Workers, in.Clock, in.Found = runtime.GOMAXPROCS(0), p.now, found.take
	holdMemory(in.Roster, true)
	if _, err = scanner.Scan(ctx, in); err == nil {
		err = played.Err()
	}
	if err = errors.Join(err, found.close()); err != nil {
		return 0, err
	}
	return found.all.Total(), same(filepath.Join(dir, findingsName), filepath.Join(tmp, findingsName))
}

// openSealed opens what a run sealed, with the policy it was judged by; identity is the file of a key that opens it, where
// it is encrypted.
func (p *program) openSealed(dir, identity string) (*evidence.Played, error) {
	ids, err := p.identities(identity)
	if err != nil {
		return nil, err
	}
	played, err := evidence.Replay(func(name string) (io.ReadCloser, error) {
		return os.Open(filepath.Join(dir, filepath.FromSlash(name)))
	}, ids)
	if err != nil {
		return nil, err
	}
	played.Input.Policy, err = sealedPolicy(dir, played.Input)
	return played, err
}

func (p *program) identities(path string) (evidence.Identities, error) {
	if path == "" {
		return nil, nil
	}
	f, err := p.openFile(path)
	if err != nil {
		return nil, fmt.Errorf("--identity: %w", err)
	}
	defer f.Close()
	ids, err := evidence.ParseIdentities(f)
	if err != nil {
		return nil, fmt.Errorf("--identity %s: %w", path, err)
	}
	return ids, nil
}

// sealedPolicy reads the policy a run was judged by.
func sealedPolicy(dir string, in scanner.Input) (*scanner.Policy, error) {
	if in.Policy.File == "" {
		return in.Policy, in.Policy.Prepare()
	}
	f, err := readTOML(filepath.Join(dir, policyName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("replay: %s is missing: the run was judged by a policy (%s)", filepath.Join(dir, policyName), in.Policy.File)
	}
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	return decodePolicy(f, in.Policy.File, appIDs(in.Apps))
}

// same compares the findings of a run with those derived again, and shows the first line that differs.
func same(recorded, derived string) error {
	a, err := os.Open(recorded)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := os.Open(derived)
	if err != nil {
		return err
	}
	defer b.Close()
	ra, rb := bufio.NewReaderSize(a, 1<<16), bufio.NewReaderSize(b, 1<<16)
	for n := 1; ; n++ {
		la, errA := ra.ReadBytes('\n')
		lb, errB := rb.ReadBytes('\n')
		if !bytes.Equal(la, lb) {
			return fmt.Errorf("the findings are not those of the run: line %d of %s is\n  %s\nbut from the sealed inputs follows\n  %s", n, recorded, orNothing(la), orNothing(lb))
		}
		if errA != nil || errB != nil {
			if errA == io.EOF && errB == io.EOF {
				return nil
			}
			return errors.Join(errA, errB)
		}
	}
}

func orNothing(line []byte) string {
	if len(line) == 0 {
		return "(nothing: the list ends)"
	}
	return string(bytes.TrimRight(line, "\n"))
}
