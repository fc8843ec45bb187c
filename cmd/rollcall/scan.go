package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rollcall/connectors"
	"rollcall/report"
	"rollcall/scanner"
)

type scanFlags struct {
	format, app, person, kind string
	asOf, failOn              string
	accounts, profile         string
	noWorkbook, noHistory     bool
	quiet                     bool
}

func (p *program) scanCommand() *cobra.Command {
	var f scanFlags
	c := &cobra.Command{
		Use:   "scan",
		Short: "read the roster and every app, and report what is wrong",
		Long: `scan reads the roster and every app, ties accounts to people, judges them, prints what it found and leaves
findings.jsonl and a workbook in a run folder. It changes nothing in any app.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 findings at or above --fail-on, 4 done but a source was incomplete.`,
		Args: args(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error { return p.scan(c.Context(), f) },
	}
	fs := c.Flags()
	fs.StringVar(&f.format, "format", "table", "what to print: table, json, jsonl or csv")
	fs.StringVar(&f.app, "app", "", "print findings of this `APP` only (everything is judged all the same)")
	fs.StringVar(&f.person, "person", "", "print findings of the person with this `ID` only")
	fs.StringVar(&f.kind, "kind", "", "print findings of this `KIND` only")
	fs.StringVar(&f.asOf, "as-of", "", "judge as of this `DATE` (YYYY-MM-DD); such a run is never recorded")
	fs.StringVar(&f.failOn, "fail-on", "", "exit with 3 when a finding (of those asked for) has this `SEVERITY` or a higher one")
	fs.StringVar(&f.accounts, "accounts", "", "also write one line of JSON per account to this `FILE`")
	fs.BoolVar(&f.noWorkbook, "no-workbook", false, "write no workbook")
	fs.BoolVar(&f.noHistory, "no-history", false, "neither read nor write the ledger: judge as if it were the first run")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "show no progress")
	fs.StringVar(&f.profile, "profile", "", "write CPU and heap profiles into this `DIR`, for reporting a slow case")
	return c
}

func (p *program) scan(ctx context.Context, f scanFlags) error {
	o, failOn, err := f.check()
	if err != nil {
		return usageError{err}
	}
	config := p.configHere
	if f.noHistory { // which needs no ledger
		config = p.config
	}
	c, err := config()
	if err != nil {
		return err
	}
	if f.app != "" && c.app(connectors.AppID(f.app)) == nil {
		return usageError{fmt.Errorf("--app %s: no such app in %s%s", f.app, c.Path, nearest(f.app, texts(appIDs(c.Apps))))}
	}
	if f.profile != "" && p.daemon != nil {
		return usageError{errors.New("--profile: the run is the daemon's own; stop rollcall serve, or profile with --no-history in a state directory of its own (--state)")}
	}
	stop, err := profile(f.profile)
	if err != nil {
		return err
	}
	if !f.quiet {
		o.Progress = p.progress(ctx, len(c.Apps)+1)
	}
	r, asked, err := p.runOnce(ctx, c, o)
	if perr := stop(); err == nil {
		err = perr
	}
	if err != nil {
		return err
	}
	if f.person != "" && r.Result.Who(connectors.PersonID(f.person)) == nil {
		return usageError{fmt.Errorf("--person %s: the roster has no such person (the run itself is in %s)", f.person, r.Paths.Dir)}
	}
	if err := p.show(r, asked, f); err != nil {
		return err
	}
	switch {
	case !r.Result.Complete():
		return exitCode(exitIncomplete)
	case failOn != nil && asked.AtLeast(*failOn):
		return exitCode(exitFindings)
	}
	return nil
}

// check reads the flags that have a form of their own.
func (f *scanFlags) check() (runOptions, *scanner.Severity, error) {
	o := runOptions{Workbook: !f.noWorkbook, Accounts: f.accounts, NoHistory: f.noHistory}
	if f.filter() != "" {
		o.Shown = func(x *scanner.Found) bool { return f.asks(x.App, x.Person, x.Kind) }
	}
	if !slices.Contains([]string{"table", "json", "jsonl", "csv"}, f.format) {
		return o, nil, fmt.Errorf("--format %s: want table, json, jsonl or csv", f.format)
	}
	if f.asOf != "" {
		d, err := connectors.ParseDate(f.asOf)
		if err != nil {
			return o, nil, fmt.Errorf("--as-of: %w", err)
		}
		o.AsOf = d
	}
	if f.kind != "" && !slices.Contains(scanner.Kinds, scanner.Kind(f.kind)) {
		return o, nil, fmt.Errorf("--kind %s: no such kind%s", f.kind, nearest(f.kind, texts(scanner.Kinds)))
	}
	if f.failOn == "" {
		return o, nil, nil
	}
	var s scanner.Severity
	if err := s.UnmarshalText([]byte(f.failOn)); err != nil {
		return o, nil, fmt.Errorf("--fail-on: %w", err)
	}
	return o, &s, nil
}

func texts[S ~string](in []S) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return out
}

// show prints the findings that were asked for.
func (p *program) show(r *report.Review, asked *report.Digest, f scanFlags) error {
	shown := *r
	result := *r.Result
	shown.Result, shown.Digest = &result, asked
	shown.Filter = f.filter()
	if f.format == "table" {
		return report.WriteTable(p.stdout, &shown, p.tableOptions())
	}
	p.warnIncomplete(&result)
	if f.format == "jsonl" {
		return f.copyOut(p.stdout, r.Paths.Findings)
	}
	if err := load(&shown); err != nil {
		return err
	}
	result.Findings = f.filtered(result.Findings)
	if f.format == "json" {
		return report.WriteJSON(p.stdout, &shown)
	}
	return report.WriteCSV(p.stdout, result.Findings)
}

// warnIncomplete names what was not read whole where the format printed has no place for it.
func (p *program) warnIncomplete(r *scanner.Result) {
	for i := range r.Sources {
		if s := &r.Sources[i]; s.State != scanner.SourceOK {
			fmt.Fprintf(p.stderr, "rollcall: INCOMPLETE: %s is %s: %s\n", s.Name, s.State, s.Problem)
		}
	}
}

// filtered keeps the findings the flags ask for.
func (f *scanFlags) filtered(in []scanner.Finding) []scanner.Finding {
	return slices.DeleteFunc(slices.Clone(in), func(x scanner.Finding) bool { return !f.asked(&x) })
}

// asked tells whether the flags ask for a finding.
func (f *scanFlags) asked(x *scanner.Finding) bool { return f.asks(x.App, x.Person, x.Kind) }

func (f *scanFlags) asks(app connectors.AppID, person connectors.PersonID, kind scanner.Kind) bool {
	return (f.app == "" || string(app) == f.app) && (f.person == "" || string(person) == f.person) && (f.kind == "" || string(kind) == f.kind)
}

// copyOut prints the file of findings, in its order: app by app. It holds one finding at a time.
func (f *scanFlags) copyOut(w io.Writer, path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	if f.filter() == "" {
		_, err := io.Copy(w, in)
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	var line []byte
	for x, err := range report.ReadFindings(in) {
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if !f.asked(&x) {
			continue
		}
		line = append(report.AppendFinding(line[:0], &x), '\n')
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

func (f *scanFlags) filter() string {
	var parts []string
	for _, x := range []struct{ name, value string }{{"--app", f.app}, {"--person", f.person}, {"--kind", f.kind}} {
		if x.value != "" {
			parts = append(parts, x.name+" "+x.value)
		}
	}
	return strings.Join(parts, " ")
}

// progress tells on standard error how each source fares.
func (p *program) progress(ctx context.Context, of int) func(scanner.SourceReport, bool) {
	done := 0
	return func(s scanner.SourceReport, ended bool) {
		if !ended || ctx.Err() != nil {
			return
		}
		done++
		took := s.Ended.Sub(s.Started).Round(time.Millisecond)
		line := fmt.Sprintf("[%*d/%d] %-14s %-10s %8d rows  %v", len(fmt.Sprint(of)), done, of, s.Name, s.State, s.Read, took)
		if s.Problem != "" {
			line += "\n        " + s.Problem
		}
		fmt.Fprintln(p.stderr, line)
	}
}

// profile starts a CPU profile and returns what ends it and writes the heap's.
func profile(dir string) (stop func() error, err error) {
	if dir == "" {
		return func() error { return nil }, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("--profile: %w", err)
	}
	cpu, err := createPrivate(filepath.Join(dir, "cpu.pprof"))
	if err != nil {
		return nil, fmt.Errorf("--profile: %w", err)
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return nil, fmt.Errorf("--profile: %w", err)
	}
	return func() error {
		pprof.StopCPUProfile()
		if err := cpu.Close(); err != nil {
			return fmt.Errorf("--profile: %w", err)
		}
		heap, err := createPrivate(filepath.Join(dir, "heap.pprof"))
		if err != nil {
			return fmt.Errorf("--profile: %w", err)
		}
		defer heap.Close()
		runtime.GC()
		return pprof.WriteHeapProfile(heap)
	}, nil
}
