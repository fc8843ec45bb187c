package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew; look at what changed before committing it")

// company copies the demo company to a directory of its own and returns its configuration file.
func company(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	root := filepath.Join("..", "..")
	if err := os.CopyFS(filepath.Join(dir, "testdata", "company"), os.DirFS(filepath.Join(root, "testdata", "company"))); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(root, "config.example.toml"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "rollcall.toml")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs the program at the scripts' moment and returns what it printed.
func run(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	p := &program{stdout: &out, stderr: &errs, now: func() time.Time { return scriptNow }, env: func(string) string { return "" }}
	if code := p.run(context.Background(), args); code != want {
		t.Fatalf("rollcall %s: exit code %d, want %d\n%s", strings.Join(args, " "), code, want, errs.String())
	}
	return out.String()
}

// TestGolden holds what the demo company's scan says against what was looked at and found right.
func TestGolden(t *testing.T) {
	config := company(t)
	golden(t, "findings.jsonl", run(t, 0, "scan", "-q", "-c", config, "--format", "jsonl", "--no-workbook"))
	config = company(t) // a first run again
	table := run(t, 0, "scan", "-q", "-c", config, "--no-workbook")
	golden(t, "table.txt", strings.ReplaceAll(table, filepath.Dir(config)+string(filepath.Separator), ""))
}

// TestReplayOfAnEarlierRun replays a run that was sealed when the rules had their present version. When it fails, a change
// has altered what the same inputs give: if that is meant, raise scanner.RulesVersion and run this test with -update.
func TestReplayOfAnEarlierRun(t *testing.T) {
	sealed := filepath.Join("..", "..", "testdata", "golden", "run")
	if *update {
		config := company(t)
		for range 2 {
			run(t, 0, "scan", "-q", "-c", config, "--no-workbook")
		}
		runs, err := filepath.Glob(filepath.Join(filepath.Dir(config), ".rollcall", "runs", "*-2"))
		if err != nil || len(runs) != 1 {
			t.Fatal(runs, err)
		}
		if err := errors.Join(os.RemoveAll(sealed), os.CopyFS(sealed, os.DirFS(runs[0]))); err != nil {
			t.Fatal(err)
		}
	}
	if out := run(t, 0, "replay", sealed); !strings.Contains(out, "the same, byte for byte") {
		t.Error(out)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("..", "..", "testdata", "golden", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			t.Fatalf("%s differs from line %d on; if it is right, go test ./cmd/rollcall -update, and read the difference.\ngot:  %s\nwant: %s", name, i+1, at(g, i), at(w, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}

// TestOrderAndWorkers: findings.jsonl is the same, byte for byte, for any number of workers and any order of rows.
func TestOrderAndWorkers(t *testing.T) {
	config := company(t)
	want := run(t, 0, "scan", "-q", "-c", config, "--format", "jsonl", "--no-workbook", "--no-history")
	b, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			config := company(t)
			changed := bytes.Replace(b, []byte("workers = 0"), fmt.Appendf(nil, "workers = %d", 1+seed%4), 1)
			if bytes.Equal(changed, b) {
				t.Fatal("the example no longer says workers = 0")
			}
			if err := os.WriteFile(config, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			shuffle(t, filepath.Join(filepath.Dir(config), "testdata", "company"), rand.New(rand.NewPCG(seed, 7)))
			got := run(t, 0, "scan", "-q", "-c", config, "--format", "jsonl", "--no-workbook", "--no-history")
			if got != want {
				g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
				for i := range max(len(g), len(w)) {
					if at(g, i) != at(w, i) {
						t.Fatalf("line %d: %s\nin the files' own order: %s", i+1, at(g, i), at(w, i))
					}
				}
			}
		})
	}
}

// shuffle puts the rows of every file in which a row is a line in another order.
func shuffle(t *testing.T, dir string, r *rand.Rand) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil || len(files) < 8 {
		t.Fatalf("%d files, %v: the company is not there", len(files), err)
	}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(strings.TrimSuffix(string(b), "\n"), "\n")
		last := len(lines) - 1
		if !strings.HasSuffix(lines[last], "\n") {
			lines[last] += "\n"
		}
		rows := lines[1:]
		for i := range rows {
			if strings.Count(rows[i], `"`)%2 != 0 { // a quoted line break: this row is two lines
				rows = nil
				break
			}
		}
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestREADME: the output the README shows is what the program prints.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile(filepath.Join("..", "..", "testdata", "golden", "table.txt"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(readme), "## What it prints\n\n```\n")
	sample, _, closed := strings.Cut(after, "```")
	if !ok || !closed || strings.Count(sample, "\n") < 20 {
		t.Fatal("the README shows no output")
	}
	for line := range strings.Lines(sample) {
		if strings.TrimSpace(line) != "…" && !strings.Contains(string(table), line) {
			t.Errorf("the README shows a line that is not printed: %q", line)
		}
	}
}
