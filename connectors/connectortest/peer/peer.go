// Package peer installs servers that nobody at rollcall wrote, starts them on loopback, and ends them with the test: for the
// integration tests of the connectors. What it lacks it fetches, from npm or, as root, from Debian; what cannot be had fails
// the test and says what to install.
package peer

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Limits of a server: to be there, and to end when it is told to, before it is made to.
const (
	patience     = 3 * time.Minute
	lastPatience = 10 * time.Second
)

// Serve starts a server and waits until a line of what it writes matches ready; it gives the first group of the match, which
// is where the server listens: one that may choose its port itself never finds it taken.
func Serve(t testing.TB, cmd *exec.Cmd, ready string) string {
	t.Helper()
	s := start(t, cmd)
	mark, at := regexp.MustCompile(ready), ""
	s.await(t, func() bool {
		m := mark.FindStringSubmatch(s.output())
		if m != nil {
			at = m[1]
		}
		return m != nil
	})
	return at
}

// ServeAt starts a server that is told where to listen, and waits until it does. It gives the file that holds what the server
// writes.
func ServeAt(t testing.TB, cmd *exec.Cmd, address string) (log string) {
	t.Helper()
	s := start(t, cmd)
	s.await(t, func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return s.log
}

// Free is an address of loopback where nothing listens now: for servers that cannot choose a port themselves.
func Free(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	return l.Addr().String()
}

// server is one that runs until the test ends.
type server struct {
	cmd   *exec.Cmd
	log   string // what it writes: a file, so that nothing of it is under way
	ended chan struct{}
}

func start(t testing.TB, cmd *exec.Cmd) *server {
	t.Helper()
	s := &server{cmd: cmd, log: filepath.Join(t.TempDir(), "log"), ended: make(chan struct{})}
	out, err := os.Create(s.log)
	check(t, err)
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it may start others
	check(t, cmd.Start())
	go func() { cmd.Wait(); close(s.ended) }()
	t.Cleanup(s.end)
	return s
}

func (s *server) end() {
	s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(lastPatience):
	}
	syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.ended
}

// await waits until the server is ready. It looks every so often: the server is another process.
func (s *server) await(t testing.TB, ready func() bool) {
	t.Helper()
	for begun := time.Now(); ; {
		if ready() {
			return
		}
		select {
		case <-s.ended:
			t.Fatalf("%s ended:\n%s", s, s.output())
		case <-time.After(50 * time.Millisecond):
		}
		if time.Since(begun) > patience {
			t.Fatalf("%s was not ready within %v:\n%s", s, patience, s.output())
		}
	}
}

func (s *server) String() string { return strings.Join(s.cmd.Args, " ") }

func (s *server) output() string {
	b, _ := os.ReadFile(s.log)
	return string(b)
}

// Run runs a program to its end, and gives what it says.
func Run(t testing.TB, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s, in %s: %v\n%s", strings.Join(cmd.Args, " "), cmd.Dir, err, out)
	}
	return string(out)
}
