package peer

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Debian installs packages unless a program is there, named as for a shell, or by a path that may have wildcards. A package
// may not start what it brings.
func Debian(t testing.TB, program string, packages ...string) {
	t.Helper()
	found, _ := filepath.Glob(program)
	if _, err := exec.LookPath(program); err == nil || strings.Contains(program, "/") && len(found) > 0 {
		return
	}
	const policy = "/usr/sbin/policy-rc.d"
	if _, err := os.Stat(policy); errors.Is(err, os.ErrNotExist) {
		check(t, os.WriteFile(policy, []byte("#!/bin/sh\nexit 101\n"), 0o755))
		defer os.Remove(policy)
	}
	apt := func(args ...string) ([]byte, error) {
		cmd := exec.Command("apt-get", append([]string{"-qq", "-o", "DPkg::Lock::Timeout=300"}, args...)...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		return cmd.CombinedOutput()
	}
	install := append([]string{"install", "-y", "--no-install-recommends"}, packages...)
	if _, err := apt(install...); err == nil {
		return
	}
	apt("update")
	if out, err := apt(install...); err != nil {
		t.Fatalf("%s is missing, and apt-get install %s failed (it wants root, and Debian): %v\n%s", program, strings.Join(packages, " "), err, out)
	}
}

// Address is one of loopback's that is the test's own until it ends: for servers whose ports are fixed, at which nothing may
// listen there.
func Address(t testing.TB, ports ...int) string {
	t.Helper()
next:
	for n := 1; n < 250; n++ {
		ip := fmt.Sprintf("127.0.77.%d", n)
		lock, err := os.OpenFile(filepath.Join(os.TempDir(), "rollcall-test-"+ip), os.O_CREATE|os.O_RDWR, 0o666)
		check(t, err)
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
			lock.Close()
			continue
		}
		for _, p := range ports {
			l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", ip, p))
			if err != nil {
				lock.Close()
				continue next
			}
			l.Close()
		}
		t.Cleanup(func() { lock.Close() })
		return ip
	}
	t.Fatalf("no loopback address has the ports %d free", ports)
	return ""
}
