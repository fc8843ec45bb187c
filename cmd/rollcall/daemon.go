package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"rollcall/remediate"
	"rollcall/remediate/ledger"
)

// daemon is "rollcall serve" as a value: the one owner of a state directory, which runs what is due and carries out the
// commands that others start.
type daemon struct {
	p   *program // of the command that started it: clock, environment, outputs
	log *slog.Logger
	led *ledger.Ledger
	uid int // of the user it runs as

	peer  func(net.Conn) (int, error) // the user at the other end of the socket
	owner func(os.FileInfo) int       // whose a file is
	turn  *turn
	calls callLimit
	work  context.Context // ends when what is under way must stop

	taken atomic.Pointer[takenUp]

	tell        sync.WaitGroup // alerts that are being sent
	slack       slackService
	settleSoon  chan struct{} // something was decided in Slack
	settledSoon chan struct{} // and carried out

	watched       *watched
	rosterChanged chan struct{} // HR's system says so
	watchAnew     chan struct{} // the interval may be another

	putSlot func(s ledger.Slot, what string, at time.Time) error // records where a schedule stands

	figures *figures
	mu      sync.Mutex
	states  map[remediate.State]int // of cases that have not ended, as they were counted …
	late    int
	counted time.Time                 // … then
	state   map[string]*scheduleState // by name, for health and metrics
}

func newDaemon(p *program) *daemon {
	d := &daemon{p: p, log: newLog(p.stderr), uid: p.uid, peer: peerUID, owner: ownerOf, turn: newTurn(p.now), state: map[string]*scheduleState{},
		figures: newFigures(), rosterChanged: make(chan struct{}, 1), watchAnew: make(chan struct{}, 1),
		settleSoon: make(chan struct{}, 1), settledSoon: make(chan struct{}, 1)}
	d.figures.registry.MustRegister(newStanding(d), newSlackGauges(d))
	d.putSlot = func(s ledger.Slot, what string, at time.Time) error {
		return d.led.PutSlot(s, what, "rollcall serve", at)
	}
	return d
}

// safely does something that nobody waits for. A panic in it is a defect; it is logged, counted and an error like any other,
// and the daemon goes on.
func (d *daemon) safely(part string, do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			d.panicked(part, r)
			err = fmt.Errorf("%s panicked; this is a defect of rollcall: %v", part, r)
		}
	}()
	return do()
}

// panicked notes a panic that was recovered from.
func (d *daemon) panicked(part string, r any) {
	d.figures.panics.WithLabelValues(part).Inc()
	d.log.Error("PANIC: this is a defect of rollcall", "part", part, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
}

// takenUp are the files of the configuration as the daemon took them up: until it is told to read them again, it goes by
// these, whatever becomes of the files.
type takenUp struct {
	path   string
	files  map[string][]byte
	owners map[string]int // whose each file was when it was read; see ownerOf
	at     time.Time
	config *config // as it was then: for what does not change with the day
}

// scheduleState is what is known of a schedule beside what the ledger keeps.
type scheduleState struct {
	Slot    ledger.Slot
	Running bool
	Took    time.Duration // of the last run
	Retry   time.Time     // not before
	Unkept  []string      // what happened that the ledger could not be told yet
}

// callLimit bounds how many commands are carried out at once.
type callLimit struct{ n atomic.Int32 }

const mostCalls = 64

func (c *callLimit) enter() bool {
	if c.n.Add(1) > mostCalls {
		c.n.Add(-1)
		return false
	}
	return true
}

func (c *callLimit) leave() { c.n.Add(-1) }

// hold opens the ledger and what else lies in the state directory.
func (d *daemon) hold(c *config) (err error) {
	if d.led, err = ledger.Open(c.State, ledger.Options{Holder: "rollcall serve"}); err != nil {
		return err
	}
	if d.watched, err = readWatched(c.State); err == nil {
		err = d.heed(c)
	}
	if err != nil {
		d.led.Close()
	}
	return err
}

// readUp reads the configuration anew, to be taken up if nothing is wrong with it. Nothing goes by it until then.
func (d *daemon) readUp(path string, state string) (*takenUp, error) {
	t := &takenUp{path: path, files: map[string][]byte{}, owners: map[string]int{}, at: d.p.now()}
	c, err := d.load(t, func(name string) ([]byte, error) {
		b, owner, err := d.readOwned(name)
		if err == nil {
			t.files[name], t.owners[name] = b, owner
		}
		return b, err
	})
	if err != nil {
		return nil, err
	}
	if state != "" && c.State != state {
		return nil, fmt.Errorf("config: state = %q is another directory than the one this daemon holds (%s): stop it, and start it anew", c.State, state)
	}
	t.config = c
	return t, nil
}

// readOwned reads a file, and whose it is.
func (d *daemon) readOwned(name string) ([]byte, int, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, unknownOwner, err
	}
	defer f.Close()
	owner := unknownOwner
	if info, err := f.Stat(); err == nil {
		owner = d.owner(info)
	}
	b, err := io.ReadAll(f)
	return b, owner, err
}

func (d *daemon) load(t *takenUp, read func(string) ([]byte, error)) (*config, error) {
	c, err := loadConfigWith(t.path, read, d.p.now(), resolveSecret(filepath.Dir(t.path), d.p.env))
	if err == nil {
		c.owners = t.owners
		c.State = cmp.Or(d.p.statePath, c.State)
	}
	return c, err
}

// config is the configuration as it was taken up, with the present day, and its sources opened anew.
func (d *daemon) config() (*config, error) {
	t := d.taken.Load()
	return d.load(t, func(name string) ([]byte, error) {
		if b, ok := t.files[name]; ok {
			return b, nil
		}
		return nil, fmt.Errorf("%s: %w", name, os.ErrNotExist)
	})
}

// program is rollcall as it carries out one command inside the daemon, for who called; nil is the daemon itself.
func (d *daemon) program(who *caller) *program {
	p := *d.p
	p.daemon, p.caller = d, who
	if who == nil {
		p.stdin, p.stdout, p.stderr = eof{}, io.Discard, &logWriter{log: d.log}
		return &p
	}
	p.uid = who.uid
	p.stdin, p.stdout, p.stderr = &stdinOf{c: who}, frameWriter{who.w, frameOut}, frameWriter{who.w, frameErr}
	p.by = peerName(who.uid)
	if me := p.whoAmI(d.taken.Load().config); me.Somebody() {
		p.by = me.String()
	}
	return &p
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// logWriter puts what a run says on standard error into the log.
type logWriter struct{ log *slog.Logger }

func (w *logWriter) Write(b []byte) (int, error) {
	w.log.Warn("run", "says", string(b))
	return len(b), nil
}

// once does what a schedule asks for at one of its moments. ran is the run of an earlier try that went well, after which
// only settling failed: it is not repeated, since runs count. The run is returned also where settling it fails.
func (d *daemon) once(ctx context.Context, s *schedule, slot time.Time, catchUp bool, ran string) (run string, err error) {
	ctx, end := d.p.traces.span(ctx, "schedule", scheduleAttribute.String(s.Name), attribute.Bool("rollcall.catch_up", catchUp))
	defer func() { end(err) }()
	release, err := d.turn.take(ctx, "the run of schedule "+s.Name, nil)
	if err != nil {
		return ran, err
	}
	defer release()
	p := d.program(nil)
	p.by = "rollcall serve, schedule " + s.Name
	if catchUp {
		p.by += " (catch-up)"
	}
	c, err := p.config()
	if err != nil {
		return ran, err
	}
	if s.Scope != nil {
		return d.settleScope(ctx, p, c, s.Scope, d.log.With("schedule", s.Name, "slot", slot.UTC(), "catch_up", catchUp))
	}
	if run = ran; run == "" {
		r, _, err := p.runOnce(ctx, c, runOptions{Workbook: true})
		if err != nil {
			return "", err
		}
		run = r.Run
		d.log.Info("run", "schedule", s.Name, "run", run, "complete", r.Result.Complete(), "findings", r.Digest.Total(), "slot", slot.UTC(), "catch_up", catchUp)
	}
	log := d.log.With("schedule", s.Name, "run", run)
	if s.Mode == modeSettle {
		if err := d.settle(ctx, p, c, log); err != nil {
			return run, fmt.Errorf("the run went well, and settling did not: %w", err)
		}
	}
	if err := d.prune(p, c); err != nil { // no reason to call the roll again
		log.Error("runs that are too old are not taken away", "error", err.Error())
	}
	return run, nil
}

// prune takes away the folders of runs that are too old.
func (d *daemon) prune(p *program, c *config) error {
	if c.KeepAtMost == 0 {
		return nil
	}
	old, err := c.oldRuns(d.led, p.now())
	if err != nil {
		return err
	}
	for i := range old {
		if err := c.dropRun(d.led, &old[i], p.by, p.now()); err != nil {
			return err
		}
		d.log.Info("run pruned", "run", old[i].ID)
	}
	return nil
}

// settle carries out what was decided, and logs what came of it.
func (d *daemon) settle(ctx context.Context, p *program, c *config, log *slog.Logger) error {
	s, err := p.settle(ctx, c, d.led)
	if errors.Is(err, errNoPlan) {
		return nil
	}
	if err != nil {
		return err
	}
	logSettled(log, s)
	return nil
}

func logSettled(log *slog.Logger, s *settled) {
	log.Info("settled", "opened", len(s.Opened), "passed", len(s.Passed), "done", len(s.Done), "stopped", len(s.Stopped), "halted", s.Halted)
	for _, t := range s.Trips {
		log.Warn("stopped by a guard", "guard", t.Guard, "says", t.Says, "batch", s.Batch)
	}
}
