package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"rollcall/report"
	"rollcall/scanner"
)

func (p *program) policyDiffCommand() *cobra.Command {
	var format string
	var all bool
	c := &cobra.Command{
		Use:   "diff NEW",
		Short: "tell what a changed policy would flag and clear, before it is used",
		Long: `diff judges everything twice, by the configuration's policy and by the file NEW, and prints what NEW would flag
that is not flagged now (+), what it would clear (-), and what it would judge otherwise (~). Nothing is recorded.`,
		Args: args(1, "the file of the changed policy"),
		RunE: func(c *cobra.Command, a []string) error {
			if !slices.Contains([]string{"table", "jsonl"}, format) {
				return usageError{fmt.Errorf("--format %s: want table or jsonl", format)}
			}
			return p.policyDiff(c.Context(), a[0], format, all)
		},
	}
	c.Flags().StringVar(&format, "format", "table", "what to print: table or jsonl")
	c.Flags().BoolVar(&all, "all", false, "list every finding in the table")
	return c
}

func (p *program) policyDiff(ctx context.Context, file, format string, all bool) error {
	c, err := p.configHere()
	if err != nil {
		return err
	}
	with, err := p.withPolicy(c, file)
	if err != nil {
		return err
	}
	in, done, err := p.scanInput(c)
	if err != nil {
		return err
	}
	defer done()
	now, err := scanner.Scan(ctx, in)
	if err != nil {
		return err
	}
	in.Policy = with.Policy
	then, err := scanner.Scan(ctx, in)
	if err != nil {
		return err
	}
	changes := comparePolicies(now, then)
	if format == "jsonl" {
		err = writeChanges(p.stdout, changes)
	} else {
		p.showChanges(c, with, changes, all)
	}
	if err == nil && (!now.Complete() || !then.Complete()) {
		p.sayIncomplete(then)
		return exitCode(exitIncomplete)
	}
	return err
}

// withPolicy is the configuration with another policy file, which is named from where the program was started.
func (p *program) withPolicy(c *config, file string) (*config, error) {
	with := *c
	with.read = p.readFile
	if p.caller != nil {
		file = inDir(p.caller.dir, file)
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	if dir, err := filepath.Abs(c.Dir); err == nil {
		if rel, err := filepath.Rel(dir, path); err == nil {
			path = rel
		}
	}
	if err := with.loadPolicy(path, "policy diff"); err != nil {
		return nil, err
	}
	return &with, nil
}

// What a changed policy does to a finding.
const (
	changeNew     = "new"
	changeCleared = "cleared"
	changeJudged  = "changed" // its reason, severity or basis
)

// policyChange is one finding that the other policy judges otherwise.
type policyChange struct {
	what    string
	finding scanner.Finding // as the new policy has it; a cleared one as it is now
	was     scanner.Finding // of a changed one
}

// comparePolicies lists what differs: new ones, then cleared and changed ones, each in the order of every output.
func comparePolicies(now, then *scanner.Result) []policyChange {
	was, is := byID(now.Findings), byID(then.Findings)
	var fresh, cleared, changed []policyChange
	for _, f := range then.Findings {
		old, ok := was[f.ID]
		switch {
		case !ok:
			fresh = append(fresh, policyChange{what: changeNew, finding: f})
		case old.Severity != f.Severity || old.Reason != f.Reason || factOf(old, scanner.FactBasis) != factOf(&f, scanner.FactBasis):
			changed = append(changed, policyChange{changeJudged, f, *old})
		}
	}
	for _, f := range now.Findings {
		if is[f.ID] == nil {
			cleared = append(cleared, policyChange{what: changeCleared, finding: f})
		}
	}
	return slices.Concat(fresh, cleared, changed)
}

func byID(fs []scanner.Finding) map[scanner.FindingID]*scanner.Finding {
	m := make(map[scanner.FindingID]*scanner.Finding, len(fs))
	for i := range fs {
		m[fs[i].ID] = &fs[i]
	}
	return m
}

func factOf(f *scanner.Finding, name string) string {
	for _, e := range f.Evidence {
		if e.Name == name {
			return e.Value
		}
	}
	return ""
}

// writeChanges writes one finding a line, as scan does, after the key "change".
func writeChanges(w io.Writer, changes []policyChange) error {
	var line []byte
	for i := range changes {
		line = append(append(line[:0], `{"change":"`...), changes[i].what...)
		object := len(line)
		line = report.AppendFinding(append(line, '"'), &changes[i].finding)
		line[object+1] = ',' // in the place of the object's own brace
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

const changesShown = 20 // of each sort, unless all are asked for

func (p *program) showChanges(c, with *config, changes []policyChange, all bool) {
	from := "no policy"
	if c.policyFile != nil {
		from = c.policyFile.path
	}
	fmt.Fprintf(p.stdout, "%s instead of %s, as of %s; nothing was recorded\n", with.policyFile.path, from, c.AsOf)
	if len(changes) == 0 {
		fmt.Fprintln(p.stdout, "no finding would be different")
		return
	}
	p.changeCounts(changes)
	shown := map[string]int{}
	for i := range changes {
		ch := &changes[i]
		if shown[ch.what]++; shown[ch.what] <= changesShown || all {
			fmt.Fprintln(p.stdout, changeLine(ch))
		}
	}
	for _, what := range []string{changeNew, changeCleared, changeJudged} {
		if n := shown[what] - changesShown; n > 0 && !all {
			fmt.Fprintf(p.stdout, "… %d more %s: --all, or --format jsonl\n", n, what)
		}
	}
}

// changeCounts prints how many findings of each kind would come, go and change.
func (p *program) changeCounts(changes []policyChange) {
	counts := map[scanner.Kind]map[string]int{}
	for i := range changes {
		k := changes[i].finding.Kind
		if counts[k] == nil {
			counts[k] = map[string]int{}
		}
		counts[k][changes[i].what]++
	}
	for _, k := range scanner.Kinds {
		if n := counts[k]; n != nil {
			fmt.Fprintf(p.stdout, "  %-20s %6d new %6d cleared %6d changed\n", k, n[changeNew], n[changeCleared], n[changeJudged])
		}
	}
}

func changeLine(ch *policyChange) string {
	f := &ch.finding
	sign, severity := map[string]string{changeNew: "+", changeCleared: "-", changeJudged: "~"}[ch.what], f.Severity.String()
	if ch.what == changeJudged && ch.was.Severity != f.Severity {
		severity = ch.was.Severity.String() + " → " + severity
	}
	return fmt.Sprintf("%s %s %s, %s, %s %s: %s", sign, f.ID, f.Kind, severity, f.App, report.Plain(f.Login()), report.Plain(f.Why))
}

// sayIncomplete names the sources that were not read whole.
func (p *program) sayIncomplete(r *scanner.Result) {
	for _, s := range r.Sources {
		if s.State != scanner.SourceOK {
			fmt.Fprintf(p.stderr, "%s is %s, so not everything was compared: %s\n", s.Name, s.State, report.Plain(s.Problem))
		}
	}
}
