package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rollcall/remediate/ledger"
)

// handClock is a clock that a test sets.
type handClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *handClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *handClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = t
}

func (c *handClock) add(d time.Duration) { c.set(c.now().Add(d)) }

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// served is a shop whose state a daemon holds.
type servedShop struct {
	*shop
	clock handClock
	log   lockedBuffer
	uid   atomic.Int32 // of whoever calls
	owner atomic.Int32 // of the configuration's files
	d     *daemon

	slackURL string
	stop     func() error
}

const serviceUID = 990

// serveShop makes a shop; more is added to its configuration.
func serveShop(t *testing.T, mode, more string) *servedShop {
	t.Helper()
	s := &servedShop{shop: newShop(t, mode)}
	s.clock.set(scriptNow)
	s.uid.Store(1001)
	s.owner.Store(1002)
	s.config(more)
	return s
}

// config adds to the shop's configuration, in place of what was added before.
func (s *servedShop) config(more string) {
	s.t.Helper()
	path := filepath.Join(s.dir, "rollcall.toml")
	b, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	old, _, _ := strings.Cut(string(b), "\n# more\n")
	s.write("rollcall.toml", old+"\n# more\n"+more)
}

func (s *servedShop) program() *program {
	return &program{stdin: strings.NewReader(""), stdout: &s.log, stderr: &s.log, now: s.clock.now, env: func(string) string { return "" }, uid: serviceUID, slackURL: s.slackURL,
		configPath: filepath.Join(s.dir, "rollcall.toml"), pause: func(_ context.Context, d time.Duration) error { s.clock.add(d); return nil }}
}

// begin makes the daemon, which holds the ledger; it looks at its schedules when the test says so.
func (s *servedShop) begin() {
	s.t.Helper()
	d := newDaemon(s.program())
	d.peer = func(net.Conn) (int, error) { return int(s.uid.Load()), nil }
	d.owner = func(os.FileInfo) int { return int(s.owner.Load()) }
	up, err := d.readUp(d.p.configPath, "")
	if err != nil {
		s.t.Fatal(err)
	}
	d.taken.Store(up)
	if err := d.hold(up.config); err != nil {
		s.t.Fatal(err)
	}
	work, cancel := context.WithCancel(context.Background())
	d.work = work
	s.d, s.stop = d, func() error { cancel(); d.tell.Wait(); return d.led.Close() }
}

// listen has the daemon take commands.
func (s *servedShop) listen() {
	s.t.Helper()
	s.begin()
	l, err := listen(s.d.taken.Load().config)
	if err != nil {
		s.t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() { s.d.acceptCalls(l) })
	closeLedger := s.stop
	s.stop = func() error { l.Close(); all.Wait(); return closeLedger() }
	s.t.Cleanup(func() { s.stop() })
}

// look has the daemon look at the clock, and waits for what it starts.
func (s *servedShop) look() {
	var all sync.WaitGroup
	s.d.look(&all)
	all.Wait()
	s.d.tell.Wait()
}

func (s *servedShop) slot(name string) ledger.Slot {
	s.t.Helper()
	slot, err := s.d.led.Slot(name)
	if err != nil || slot == nil {
		s.t.Fatal(slot, err)
	}
	return *slot
}

func (s *servedShop) runs() (out []ledger.RunRecord) {
	s.t.Helper()
	out, err := s.d.led.Runs(0)
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

func (s *servedShop) alerts() int { return strings.Count(s.log.String(), `"msg":"ALERT"`) }

// as runs a command as a user of the machine.
func (s *servedShop) as(uid, want int, typed string, args ...string) string {
	s.t.Helper()
	s.uid.Store(int32(uid))
	s.shop.now = s.clock.now()
	s.shop.uid = uid
	return s.rollcall(want, typed, args...)
}

func nightly(cron string) string {
	return fmt.Sprintf("[[schedule]]\nname = \"nightly\"\ncron = %q\nmode = \"settle\"\n", cron)
}
