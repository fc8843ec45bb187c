package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	var out strings.Builder
	if err := run([]string{"-people", "60", "-apps", "3", "-seeds", "1, 2", "-noise", "0,2", "-write", dir}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"### Noise 0: 2 companies of 60 people and 3 apps", "### Noise 2:", "| orphaned_account (leaver) |", "| employee id |"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output has no %q:\n%s", want, out.String())
		}
	}
	for _, company := range []string{"noise0-seed1", "noise2-seed2"} {
		if _, err := os.Stat(filepath.Join(dir, company, "rollcall.toml")); err != nil {
			t.Error(err)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	for _, args := range [][]string{{"-noise", "3"}, {"-seeds", "one"}, {"-people", "5"}, {"-apps", "0"}, {"-noise", ""}} {
		if err := run(args, new(strings.Builder)); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}
