package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const kindsBegin, kindsEnd = "<!-- rollcall connectors --markdown -->\n", "<!-- end -->\n"

// TestREADMEKinds: the README's table of the kinds of source is what the code says of them.
func TestREADMEKinds(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, begun := strings.Cut(string(readme), kindsBegin)
	got, _, ended := strings.Cut(after, kindsEnd)
	if !begun || !ended {
		t.Fatalf("the README has no table between %q and %q", kindsBegin, kindsEnd)
	}
	if want := kindTable(kindRows()); got != want {
		t.Errorf("the README's table is not that of the code; put there what `rollcall connectors --markdown` prints:\n%s", want)
	}
}
