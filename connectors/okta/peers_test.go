//go:build integration

package okta

import (
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The servers here are from npm. They need node and npm, and once the npm registry; what is installed is kept in the user's
// cache.

// install makes a folder with the packages of testdata/<name>/package.json. The folder's name holds the hash of that file,
// and it appears only when it is whole.
func install(t *testing.T, name string) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is missing: install Node.js 18.20 or later with npm (https://nodejs.org, or apt install nodejs npm)", tool)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	src := filepath.Join("testdata", name)
	b, err := os.ReadFile(filepath.Join(src, "package.json"))
	check(t, err)
	dir := filepath.Join(cache, "rollcall-test", fmt.Sprintf("%s-%x", name, sha256.Sum256(b))[:len(name)+13])
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	check(t, os.MkdirAll(filepath.Dir(dir), 0o755))
	part, err := os.MkdirTemp(filepath.Dir(dir), "part-")
	check(t, err)
	defer os.RemoveAll(part)
	check(t, os.CopyFS(part, os.DirFS(src)))
	npm := exec.Command("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts")
	npm.Dir = part
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("npm install in %s: %v\n%s", part, err, out)
	}
	if err := os.Rename(part, dir); err != nil {
		if _, there := os.Stat(dir); there != nil { // another test run was not first either
			t.Fatal(err)
		}
	}
	return dir
}

// run starts a program that listens on the address, and ends it with the test. A relative program is one of the folder.
func run(t *testing.T, addr, dir, program string, args ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	check(t, err)
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	check(t, cmd.Start())
	done := make(chan struct{})
	go func() { cmd.Wait(); close(done) }()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-done
		log.Close()
	})
	for deadline := time.Now().Add(2 * time.Minute); ; {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
			return
		}
		select {
		case <-done:
		case <-time.After(100 * time.Millisecond):
			if time.Now().Before(deadline) {
				continue
			}
		}
		said, _ := os.ReadFile(log.Name())
		t.Fatalf("%s %v does not listen on %s: it said\n%s", program, args, addr, said)
	}
}

// freeAddr is an address of this machine where nothing listens.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	return l.Addr().String()
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
