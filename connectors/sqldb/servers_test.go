//go:build integration

package sqldb

import (
	"net"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
	"testing"
	"time"

	"rollcall/connectors/connectortest/peer"
)

// Here is how servers that nobody here wrote are installed, started on loopback, and stopped.

// as makes a command run as another user: database servers refuse to run as root.
func as(t *testing.T, name string, program string, args ...string) *exec.Cmd {
	t.Helper()
	uid, gid := ids(t, name)
	cmd := exec.Command(program, args...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: &syscall.Credential{Uid: uid, Gid: gid}}
	return cmd
}

func ids(t *testing.T, name string) (uid, gid uint32) {
	t.Helper()
	u, err := user.Lookup(name)
	check(t, err)
	n, err := strconv.ParseUint(u.Uid, 10, 32)
	check(t, err)
	g, err := strconv.ParseUint(u.Gid, 10, 32)
	check(t, err)
	return uint32(n), uint32(g)
}

// dirOf is a folder that belongs to a user; its name leaves room for the names of sockets.
func dirOf(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "db")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	own(t, name, dir)
	return dir
}

func own(t *testing.T, name string, files ...string) {
	t.Helper()
	uid, gid := ids(t, name)
	for _, f := range files {
		check(t, os.Chown(f, int(uid), int(gid)))
	}
}

// serve starts a server that runs until the test ends, and waits until ready says so. stop is the signal that ends it.
func serve(t *testing.T, cmd *exec.Cmd, log string, stop os.Signal, ready func() error) {
	t.Helper()
	out, err := os.Create(log)
	check(t, err)
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	check(t, cmd.Start())
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		cmd.Process.Signal(stop)
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
	})
	for begun := time.Now(); ; {
		err := ready()
		if err == nil {
			return
		}
		select {
		case <-ended:
			t.Fatalf("%s ended: %s", cmd.Path, tail(log))
		case <-time.After(50 * time.Millisecond):
		}
		if time.Since(begun) > 3*time.Minute {
			t.Fatalf("%s is not ready: %v\n%s", cmd.Path, err, tail(log))
		}
	}
}

func tail(file string) []byte {
	b, _ := os.ReadFile(file)
	return b[max(0, len(b)-3000):]
}

// freePort is one of loopback on which nothing listens now.
func freePort(t *testing.T) string {
	t.Helper()
	_, port, err := net.SplitHostPort(peer.Free(t))
	check(t, err)
	return port
}
