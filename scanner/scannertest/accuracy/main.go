// Command accuracy makes companies up, scans them, and prints how right the scan was, as Markdown.
//
//	go run ./scanner/scannertest/accuracy -people 300 -apps 12 -seeds 1,2,3 -noise 0,1,2
//
// With -show N it lists the first errors of each level of noise; with -write DIR it also writes each company as the files
// of the data dictionary, with a rollcall.toml to scan them by.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"rollcall/scanner/scannertest"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "accuracy:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	fs := flag.NewFlagSet("accuracy", flag.ContinueOnError)
	people := fs.Int("people", 300, "people HR knows, leavers included")
	apps := fs.Int("apps", 12, "apps")
	seeds := fs.String("seeds", "1,2,3", "seeds, parted by commas: one company each")
	noise := fs.String("noise", "0,1,2", "levels of noise, parted by commas: 0 clean, 1 realistic, 2 dirty")
	show := fs.Int("show", 0, "list so many errors of each level of noise")
	write := fs.String("write", "", "also write the companies into this directory")
	if err := fs.Parse(args); err != nil {
		return err
	}
	levels, err := numbers("noise", *noise)
	if err != nil {
		return err
	}
	from, err := numbers("seeds", *seeds)
	if err != nil {
		return err
	}
	for _, level := range levels {
		f := scannertest.NewFigures()
		for _, seed := range from {
			dir := ""
			if *write != "" {
				dir = filepath.Join(*write, fmt.Sprintf("noise%d-seed%d", level, seed))
			}
			o := scannertest.Options{People: *people, Apps: *apps, Seed: uint64(seed), Noise: level}
			if err := one(f, o, dir); err != nil {
				return err
			}
		}
		fmt.Fprintf(out, "### Noise %d: %d companies of %d people and %d apps, %d accounts (seeds %s)\n\n%s\n", level, len(from), *people, *apps, f.Accounts, *seeds, f.Markdown())
		for _, m := range f.Misses[:min(*show, len(f.Misses))] {
			fmt.Fprintln(out, m)
		}
	}
	return nil
}

// one makes a company up, scans it and adds its figures.
func one(f *scannertest.Figures, o scannertest.Options, dir string) error {
	c, err := scannertest.New(o)
	if err != nil {
		return err
	}
	if dir != "" {
		if err := c.Write(dir); err != nil {
			return err
		}
	}
	res, verdicts, err := scannertest.Scan(context.Background(), c.Input())
	if err != nil {
		return err
	}
	f.Score(c, res.Findings, verdicts)
	return nil
}

func numbers(name, s string) ([]int, error) {
	var out []int
	for part := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 0 {
			return nil, fmt.Errorf("-%s %q: want whole numbers parted by commas", name, s)
		}
		out = append(out, n)
	}
	return out, nil
}
