//go:build integration

package ldap

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"rollcall/connectors/connectortest/peer"
)

// What the tests with directories that nobody here wrote have in common.

// shortDir is a folder whose name leaves room for the names of sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "dir")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// run runs a program to its end.
func run(t testing.TB, stdin string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	return peer.Run(t, cmd)
}

// ldif writes an entry.
func ldif(b *bytes.Buffer, dn string, lines ...string) {
	fmt.Fprintf(b, "dn: %s\n%s\n\n", dn, strings.Join(lines, "\n"))
}
