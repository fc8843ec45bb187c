//go:build integration

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// house is the program itself, as users of this machine start it.
type house struct {
	t        *testing.T
	bin, dir string
	svc      *slowService
}

// slowService answers when it is told to.
type slowService struct {
	service
	mu   sync.Mutex
	hold chan struct{} // nil: at once
	came chan struct{}
}

func (s *slowService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	hold := s.hold
	s.mu.Unlock()
	if hold != nil {
		select {
		case s.came <- struct{}{}:
		default:
		}
		select {
		case <-hold:
		case <-r.Context().Done():
			return
		}
	}
	s.service.ServeHTTP(w, r)
}

func (s *slowService) wait(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !on && s.hold != nil {
		close(s.hold)
		s.hold = nil
	}
	if on {
		s.hold, s.came = make(chan struct{}), make(chan struct{}, 1)
	}
}

const (
	ownUser   = 64001 // the daemon's
	firstUser = 64002 // E01
	otherUser = 64003 // E03
	theGroup  = 64000
)

func newHouse(t *testing.T) *house {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("this test starts programs as several users, so it must run as root, as it does in CI")
	}
	dir, err := os.MkdirTemp("/var/tmp", "rollcall-serve-") // a test's own folder lets no other user through
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	h := &house{t: t, dir: dir, bin: filepath.Join(dir, "rollcall"), svc: &slowService{}}
	if out, err := exec.Command("go", "build", "-o", h.bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i, n := range []string{"ada", "ben", "cleo"} {
		h.svc.users = append(h.svc.users, &scimUser{fmt.Sprint("u", i+1), n + "@kiln.example", true, fmt.Sprintf("E0%d", i+1)})
	}
	server := httptest.NewServer(h.svc)
	t.Cleanup(func() { h.svc.wait(false); server.Close() })
	h.write("people.csv", "id,first,last,mail,status,end\nE01,Ada,Alder,ada@kiln.example,active,\nE02,Ben,Birch,ben@kiln.example,terminated,2025-12-31\nE03,Cleo,Cedar,cleo@kiln.example,active,\n")
	h.write("policy.toml", "[rules.orphaned_account]\nmode = \"ask\"\n")
	h.write("token", "secret")
	h.write("rollcall.toml", shopConfig(server.URL, fmt.Sprintf(`approvers = ["E01", "E03"]
[identities.uid]
%d = "E01"
%d = "E03"
[serve]
group = "%d"
stop_within = "2s"`, firstUser, otherUser, theGroup)))
	if err := os.Mkdir(filepath.Join(dir, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"state", "token"} {
		if err := os.Chown(filepath.Join(dir, name), ownUser, theGroup); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) write(name, text string) {
	h.t.Helper()
	mode := os.FileMode(0o644)
	if name == "token" {
		mode = 0o600
	}
	if err := os.WriteFile(filepath.Join(h.dir, name), []byte(text), mode); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) command(uid int, args ...string) *exec.Cmd {
	c := exec.Command(h.bin, args...)
	c.Dir = h.dir
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + h.dir}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid), Groups: []uint32{theGroup}}}
	return c
}

// as runs a command as a user, and wants its exit code.
func (h *house) as(uid, want int, args ...string) string {
	h.t.Helper()
	out, err := h.command(uid, args...).CombinedOutput()
	code := 0
	if x, ok := err.(*exec.ExitError); ok {
		code = x.ExitCode()
	} else if err != nil {
		h.t.Fatal(err)
	}
	if code != want {
		h.t.Fatalf("rollcall %s as %d: exit code %d, want %d\n%s", strings.Join(args, " "), uid, code, want, out)
	}
	return string(out)
}

// running is a daemon that was started.
type running struct {
	cmd   *exec.Cmd
	lines chan string
	log   bytes.Buffer // read once lines is closed
	h     *house
}

func (h *house) serve(env ...string) *running {
	h.t.Helper()
	cmd := h.command(ownUser, "serve")
	cmd.Env = append(cmd.Env, env...)
	return h.start(cmd, `"msg":"serving"`)
}

// start starts a program that goes on, and waits for it to say a text.
func (h *house) start(cmd *exec.Cmd, says string) *running {
	h.t.Helper()
	r := &running{cmd: cmd, lines: make(chan string, 1000), h: h}
	pipe, err := r.cmd.StderrPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { r.cmd.Process.Kill(); r.cmd.Wait() })
	go func() {
		defer close(r.lines)
		for s := bufio.NewScanner(pipe); s.Scan(); {
			r.lines <- s.Text()
		}
	}()
	r.until(says)
	return r
}

// until reads the log until a line holds a text.
func (r *running) until(text string) string {
	r.h.t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case line, ok := <-r.lines:
			r.log.WriteString(line + "\n")
			if !ok {
				r.h.t.Fatalf("the daemon ended before it said %s:\n%s", text, r.log.String())
			}
			if strings.Contains(line, text) {
				return line
			}
		case <-deadline:
			r.h.t.Fatalf("the daemon does not say %s:\n%s", text, r.log.String())
		}
	}
}

func (r *running) signal(s os.Signal) {
	r.h.t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		r.h.t.Fatal(err)
	}
}

func (h *house) has(out string, words ...string) {
	h.t.Helper()
	for _, w := range words {
		if !strings.Contains(out, w) {
			h.t.Errorf("%q is missing from\n%s", w, out)
		}
	}
}

// Users are who the kernel says they are; there is one daemon; it survives kill -9, reads its configuration again, and parks
// what is under way when it must stop.
func TestIntegrationServe(t *testing.T) {
	h := newHouse(t)
	notify := filepath.Join(h.dir, "notify")
	sd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: notify, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer sd.Close()
	os.Chmod(notify, 0o777)
	d := h.serve("NOTIFY_SOCKET=" + notify)
	b := make([]byte, 100)
	if n, err := sd.Read(b); err != nil || string(b[:n]) != "READY=1" {
		t.Fatalf("%q %v", b[:n], err)
	}
	if n, err := sd.Read(b); err != nil || string(b[:n]) != "WATCHDOG=1" {
		t.Fatalf("%q %v", b[:n], err)
	}

	h.has(h.as(firstUser, 0, "scan", "-q", "--no-workbook"), "1 finding")
	h.has(h.as(otherUser, 0, "runs", "list"), fmt.Sprintf("by E01 (uid %d)", firstUser))
	h.as(firstUser, 0, "settle")
	id, _, _ := strings.Cut(h.as(firstUser, 0, "cases", "list"), " ")
	h.has(h.as(0, 1, "cases", "remove", id, "--reason", "x"), "root can be anybody")
	h.has(h.as(ownUser, 1, "cases", "remove", id, "--reason", "x"), "so is nobody")
	h.has(h.as(otherUser, 0, "cases", "remove", id, "--reason", "left"), fmt.Sprintf("by E03 (uid %d)", otherUser))
	h.has(h.as(firstUser, 0, "settle"), "confirmed")
	h.has(h.as(ownUser, 1, "serve"), "another daemon is at work")
	stranger := h.command(firstUser, "runs", "list")
	stranger.SysProcAttr.Credential.Groups = nil
	if out, err := stranger.CombinedOutput(); err == nil || !strings.Contains(string(out), "this user may not speak to it") {
		t.Errorf("who is not in the group: %v\n%s", err, out)
	}

	h.write("rollcall.toml.bad", "")
	good, _ := os.ReadFile(filepath.Join(h.dir, "rollcall.toml"))
	h.write("rollcall.toml", string(good)+"\nnonsense = 1\n")
	d.signal(syscall.SIGHUP)
	d.until("the old one holds")
	h.write("rollcall.toml", string(good))
	d.signal(syscall.SIGHUP)
	d.until("was taken up")

	d.signal(syscall.SIGKILL)
	d.cmd.Wait()
	d = h.serve()
	h.has(h.as(firstUser, 0, "cases", "show", id), "is confirmed")
	h.has(h.as(firstUser, 0, "ledger", "verify"), "each follows from the one before")

	// Told to stop in the middle of a run: it waits its while, then the run is given up, and nothing of it is recorded.
	h.svc.wait(true)
	scan := h.command(firstUser, "scan", "-q", "--no-workbook")
	var out bytes.Buffer
	scan.Stdout, scan.Stderr = &out, &out
	if err := scan.Start(); err != nil {
		t.Fatal(err)
	}
	<-h.svc.came
	d.signal(syscall.SIGTERM)
	d.until(`"msg":"stopped"`)
	if err := d.cmd.Wait(); err != nil {
		t.Errorf("the daemon ended with %v", err)
	}
	scan.Wait()
	h.svc.wait(false)
	d = h.serve()
	if n := strings.Count(h.as(firstUser, 0, "runs", "list"), "\n"); n != 1 {
		t.Errorf("%d runs after one was given up; its command said:\n%s", n, out.String())
	}
	d.signal(os.Interrupt)
	d.until(`"msg":"stopped"`)
	d.cmd.Wait()

	// Without the daemon nothing of it is in the way: the state's own user goes on by the lock.
	h.has(h.as(ownUser, 0, "runs", "list"), "1 findings")
}

// What is seen from outside answers 200 connections for a minute while the roll is called, and what is hostile does no harm.
func TestIntegrationServeSeenFromOutside(t *testing.T) {
	h := newHouse(t)
	address := freeAddress(t)
	config, _ := os.ReadFile(filepath.Join(h.dir, "rollcall.toml"))
	h.write("rollcall.toml", strings.Replace(string(config), "[serve]", "[serve]\nlisten = "+strconv.Quote(address), 1)+
		"\n[[schedule]]\nname = \"nightly\"\ncron = \"15 2 * * *\"\n")
	d := h.serve()
	h.as(firstUser, 0, "scan", "-q", "--no-workbook")
	var ready struct {
		Ready     bool
		Schedules []readiness
	}
	if err := json.Unmarshal([]byte(fetched(t, "http://"+address+"/readyz")), &ready); err != nil || !ready.Ready || len(ready.Schedules) != 1 {
		t.Errorf("%+v %v", ready, err)
	}
	h.has(fetched(t, "http://"+address+"/metrics"), `rollcall_source_rows{source="crm"} 3`, `rollcall_findings{kind="orphaned_account",severity="high"} 1`,
		`rollcall_schedule_overdue{schedule="nightly"} 0`, `rollcall_run_duration_seconds_count{result="complete"} 1`, `rollcall_commands_total{command="rollcall scan"} 1`)

	h.hostile(address)
	over := time.Now().Add(time.Minute)
	scans := make(chan int)
	go func() {
		n := 0
		for ; time.Now().Before(over); n++ {
			if out, err := h.command(firstUser, "scan", "-q", "--no-workbook").CombinedOutput(); err != nil {
				t.Errorf("a scan under load: %v\n%s", err, out)
			}
		}
		scans <- n
	}()
	took, failed := hammer(200, over, func(n int) *http.Request { return get(address, n) })
	slices.Sort(took)
	if len(took) == 0 || failed > 0 {
		t.Fatalf("%d answers, %d failed", len(took), failed)
	}
	t.Logf("%d answers in 60 s over 200 connections beside %d scans: %d a second, p99 %s", len(took), <-scans, len(took)/60, took[len(took)*99/100])
	d.signal(syscall.SIGTERM)
	d.until(`"msg":"stopped"`)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func fetched(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v\n%s", url, res.StatusCode, err, b)
	}
	return string(b)
}

// get asks for one of what there is to see.
func get(address string, n int) *http.Request {
	r, _ := http.NewRequest(http.MethodGet, "http://"+address+[]string{"/healthz", "/readyz", "/metrics"}[n%3], nil)
	return r
}

// hammer asks over so many connections until a moment, and gives how long each answer took.
func hammer(connections int, over time.Time, request func(n int) *http.Request) (took []time.Duration, failed int) {
	var all sync.WaitGroup
	var mu sync.Mutex
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}, Timeout: 20 * time.Second}
	defer client.CloseIdleConnections()
	for i := range connections {
		all.Go(func() {
			var mine []time.Duration
			bad := 0
			for n := i; time.Now().Before(over); n++ {
				began := time.Now()
				res, err := client.Do(request(n))
				if err == nil {
					_, err = io.Copy(io.Discard, res.Body)
					res.Body.Close()
				}
				if err != nil || res.StatusCode != http.StatusOK {
					bad++
				} else {
					mine = append(mine, time.Since(began))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			took, failed = append(took, mine...), failed+bad
		})
	}
	all.Wait()
	return took, failed
}

// hostile sends what nobody should: each is refused within the server's time, and it answers others all the while.
func (h *house) hostile(address string) {
	h.t.Helper()
	for what, x := range map[string]struct{ send, want string }{
		"another method":         {"DELETE /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "405"},
		"a wrong path":           {"GET /state/rollcall.db HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "404"},
		"a huge header":          {"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", "431"},
		"a huge body":            {"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n" + strings.Repeat("a", 1<<20), "405"},
		"no HTTP":                {"\x16\x03\x01\x00\xff\r\n\r\n", "400"},
		"a line that ends never": {"GET /healthz HTTP/1.1\r\nHost: x\r\nX: ", ""},
		"nothing":                {"", ""},
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			h.t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(30 * time.Second))
		conn.Write([]byte(x.send))
		got, err := io.ReadAll(conn) // until the server hangs up
		if ne, ok := err.(net.Error); ok && ne.Timeout() && x.want == "" {
			h.t.Errorf("%s: the connection is still open after 30 s", what)
		}
		if status, _, _ := strings.Cut(strings.TrimPrefix(string(got), "HTTP/1.1 "), " "); status != x.want {
			h.t.Errorf("%s: %q, want %q", what, status, x.want)
		}
		conn.Close()
	}
}
