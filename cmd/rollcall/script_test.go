package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptNow is the moment at which every script runs.
var scriptNow = time.Date(2027, 1, 15, 9, 30, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"rollcall": func() {
			p := &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, now: func() time.Time { return scriptNow }, env: os.Getenv}
			os.Exit(p.run(context.Background(), os.Args[1:]))
		},
	})
}

// TestScripts runs the transcripts of testdata/script: each is what a person types, and what they get. A script starts
// in a directory that holds the demo company as a clone does.
func TestScripts(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join(root, "testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			if err := os.CopyFS(filepath.Join(env.WorkDir, "testdata", "company"), os.DirFS(filepath.Join(root, "testdata", "company"))); err != nil {
				return err
			}
			env.Setenv("COLUMNS", "1000") // sentences are not broken, so that scripts can look for them
			b, err := os.ReadFile(filepath.Join(root, "config.example.toml"))
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(env.WorkDir, "config.example.toml"), b, 0o644)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "replace": replace, "capture": capture},
	})
}

// exits N CMD ARGS…: runs rollcall and wants exactly that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE rollcall ARGS…")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	if exit, ok := err.(interface{ ExitCode() int }); ok {
		code = strconv.Itoa(exit.ExitCode())
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}

// replace FILE OLD NEW: edits a file in place; OLD must be there.
func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace FILE OLD NEW")
	}
	path := ts.MkAbs(args[0])
	text := ts.ReadFile(path)
	changed := strings.ReplaceAll(text, args[1], args[2])
	if changed == text {
		ts.Fatalf("%s has no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(path, []byte(changed), 0o644))
}

// capture NAME FILE REGEXP: sets $NAME to what the first group of the expression finds in the file (or in "stdout").
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: capture NAME FILE REGEXP")
	}
	re, err := regexp.Compile(args[2])
	ts.Check(err)
	m := re.FindStringSubmatch(ts.ReadFile(args[1]))
	if len(m) < 2 {
		ts.Fatalf("%s has nothing like %q", args[1], args[2])
	}
	ts.Setenv(args[0], m[1])
}
