package remediate_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/scanner"
)

// TestCrash kills a program that carries out cases against faulty apps, at boundaries between its steps and at any time,
// and starts it again until it ends. The whole of it, with hundreds of runs, is an integration test.
func TestCrash(t *testing.T) {
	c := &crasher{t: t, ended: map[remediate.State]int{}}
	c.boundaries(9)
	for first := uint64(1000); c.killed < 60 && !t.Failed(); first += 2 {
		c.storms(first, 2)
	}
	c.report()
}

// crasher runs scenarios and counts what became of them.
type crasher struct {
	t       *testing.T
	mu      sync.Mutex
	started int // programs
	killed  int
	exact   int // accounts that were changed, taken back, and found exactly as they were
	calls   int // changes that were really made
	ended   map[remediate.State]int
}

func (c *crasher) report() {
	c.t.Logf("%d programs started, %d of them killed; %d changes made; %d changed accounts given back exactly; cases ended: %v", c.started, c.killed, c.calls, c.exact, c.ended)
	if c.exact == 0 {
		c.t.Error("no undo was compared")
	}
}

// boundaries kills a program without faults at every step-th boundary, once in each phase, until it ends before it comes
// so far.
func (c *crasher) boundaries(step int) {
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			for at := 1 + worker*step; ; at += workers * step {
				once := func(attempt int) (int, time.Duration) {
					if attempt == 0 {
						return at, 0
					}
					return 0, 0
				}
				if c.scenario(uint64(at), false, once) == 0 || c.t.Failed() {
					return
				}
			}
		})
	}
	wg.Wait()
}

// workers is how many scenarios go on at once.
const workers = 2

// storms kills programs among faulty apps again and again, after a few steps or after some milliseconds.
func (c *crasher) storms(first, n uint64) {
	var wg sync.WaitGroup
	for worker := range uint64(workers) {
		wg.Go(func() {
			for seed := first + worker; seed < first+n && !c.t.Failed(); seed += workers {
				r := rand.New(rand.NewPCG(seed, 1))
				c.scenario(seed, true, func(attempt int) (int, time.Duration) {
					switch {
					case attempt >= 6:
						return 0, 0
					case r.IntN(3) > 0:
						return 1 + r.IntN(12), 0
					}
					return 0, time.Duration(10+r.IntN(50)) * time.Millisecond
				})
			}
		})
	}
	wg.Wait()
}

// scenario is one company's way: cases are decided, carried out, checked, taken back, checked. It gives how many programs
// were killed on it.
func (c *crasher) scenario(seed uint64, faults bool, kill func(attempt int) (at int, after time.Duration)) (killed int) {
	s := newScenario(c.t, seed, faults)
	s.crasher = c
	for _, undo := range []bool{false, true} {
		for attempt := 0; ; attempt++ {
			at, after := kill(attempt)
			if !s.program(undo, at, after) {
				break
			}
			killed++
		}
		if c.t.Failed() {
			return killed
		}
		if undo {
			s.checkTakenBack()
		} else {
			s.checkSettled()
		}
	}
	return killed
}

// scenario keeps what the checks need to know.
type scenario struct {
	*crasher
	dir     string
	seed    uint64
	now     time.Time
	was     map[string]connectors.Account
	decided []string // ids of cases
}

// newScenario makes a world and a ledger with cases that were decided, by people, by the policy and by silence, and such
// that were not.
func newScenario(t *testing.T, seed uint64, faults bool) *scenario {
	s := &scenario{dir: stateDir(t), seed: seed, now: noon}
	w := newWorld(map[connectors.AppID][]connectors.Account{
		"crm": {withKey(account("ann", "E1", "reader", "team-red"), "k1"), account("cid", "E3", "old-role", "new-role"), withKey(account("dan", "E4"), "k4")},
		"erp": {account("ann", "E1", "clerk"), account("eve", "E5", "old-role")},
		"dir": {account("bob", "E2", "team-a", "team-b"), account("fay", "E6")},
	})
	b := &bench{t: t, dir: filepath.Join(s.dir, "state"), w: w, now: noon, can: everything}
	b.led = openLedger(t, b.dir)
	defer func() { ok(t, b.led.Close()) }()
	b.wire()
	s.was = maps.Clone(w.Accounts)
	auto, ask := scanner.ModeAuto, scanner.ModeAsk
	plan := remediate.MakePlan([]scanner.Finding{leaver("E1", "crm", "ann"), leaver("E1", "erp", "ann"), leaver("E2", "dir", "bob"), residue("E3", "crm", "cid", "old-role"),
		leaver("E4", "crm", "dan"), residue("E5", "erp", "eve", "old-role"), leaver("E6", "dir", "fay")},
		&scanner.Policy{Rules: map[scanner.Kind]scanner.Rule{scanner.OrphanedAccount: {Mode: &auto}, scanner.MoverStacking: {Mode: &ask}}}, b)
	cases, err := b.desk.Follow(plan, "run-1", b.now, always)
	ok(t, err)
	for _, c := range cases {
		switch c.Item.Person {
		case "E1", "E3":
			b.remove(c.ID)
		case "E5":
			_, err := b.desk.Decide(c.ID, remediate.Verdict{By: boss, Why: "hand-over", Until: connectors.DateOf(noon, time.UTC) + 30}, noon)
			ok(t, err)
		case "E6":
			_, err := b.desk.Ask(c.ID, 0, "E9", noon.AddDate(0, 0, -9))
			ok(t, err)
		}
		if c.Item.Person != "E4" && c.Item.Person != "E5" {
			s.decided = append(s.decided, c.ID)
		}
	}
	_, err = b.desk.Deadlines(noon)
	ok(t, err)
	w.path, w.Faults = filepath.Join(s.dir, "world.json"), faults
	w.save()
	return s
}

// program runs a child; it tells whether the child was killed.
func (s *scenario) program(undo bool, at int, after time.Duration) bool {
	s.now = s.now.Add(time.Minute)
	text, err := json.Marshal(errand{Dir: s.dir, Seed: s.seed, Undo: undo, KillAt: at, Now: s.now})
	if err != nil {
		panic(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), childEnv+"="+string(text)), &stderr
	if err := cmd.Start(); err != nil {
		s.t.Error(err)
		return false
	}
	if after > 0 {
		time.Sleep(after)
		cmd.Process.Kill()
	}
	err = cmd.Wait()
	status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started++
	if status.Signaled() && status.Signal() == syscall.SIGKILL {
		s.killed++
		return true
	}
	if err != nil {
		s.t.Errorf("seed %d: %v\n%s", s.seed, err, stderr.String())
	}
	return false
}

// open reads what the programs left.
func (s *scenario) open() (*ledger.Ledger, *world) {
	led := openLedger(s.t, filepath.Join(s.dir, "state"))
	w, err := loadWorld(filepath.Join(s.dir, "world.json"), s.seed)
	ok(s.t, err)
	return led, w
}
