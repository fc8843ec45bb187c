package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"rollcall/remediate/slackdesk"
)

func (p *program) serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "hold the state directory, call the roll on schedule, and carry out what other commands ask for",
		Long: `serve runs until it is told to stop (SIGTERM, Ctrl-C). It calls the roll as [[schedule]] says, once for each moment, also
for one that was missed while it was down; and while it runs, every other command is carried out by it, through a socket in
the state directory: who asks is proven by the operating system, and nothing waits for a lock. Run it as a user of its own.

SIGHUP has it read the configuration anew; one with a mistake is refused, and the old one holds. Its log goes to standard
error, one JSON object a line.`,
		Args: args(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error { return p.serve(c.Context()) },
	}
}

// absolute makes a path one that holds wherever the process is; none stays none.
func absolute(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	return filepath.Abs(path)
}

const (
	tick         = 20 * time.Second // how often it looks at the clock on the wall: timers alone sleep through a suspend
	lastPatience = 10 * time.Second // with what does not stop when it must
)

func (p *program) serve(ctx context.Context) error {
	if p.daemon != nil {
		return errors.New("serve: it is the daemon that would start itself")
	}
	d := newDaemon(p)
	path, err := filepath.Abs(p.configPath)
	if err != nil {
		return err
	}
	if p.statePath, err = absolute(p.statePath); err != nil {
		return err
	}
	up, err := d.readUp(path, "")
	if err != nil {
		return err
	}
	c := up.config
	d.taken.Store(up)
	if err := p.served(c.State); err != nil {
		var there elsewhere
		if errors.As(err, &there) {
			there.conn.Close()
		}
		return fmt.Errorf("serve: another daemon is at work on %s, and answers there", c.State)
	}
	if err := d.hold(c); err != nil {
		return err
	}
	defer d.led.Close()
	if err := ownTemp(c.State); err != nil {
		return err
	}
	if d.p.traces, err = newTracing(ctx, c, d.p.env, d.p.now, func(err error) { d.log.Warn("traces", "error", err.Error()) }); err != nil {
		return err
	}
	defer d.endTraces()
	socket, err := listen(c)
	if err != nil {
		return err
	}
	defer socket.Close()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	return d.live(ctx, c, socket, hup)
}

func (d *daemon) endTraces() {
	if err := d.p.traces.end(); err != nil {
		d.log.Warn("traces", "error", err.Error())
	}
}

// ownTemp has what is only written on the way lie in the state directory: it may be the only place that can be written, and
// it is the only one that nobody else reads. What a killed daemon left there goes.
func ownTemp(state string) error {
	dir := filepath.Join(state, "tmp")
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700), os.Setenv("TMPDIR", dir)); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// live is the daemon's life between its start and its end.
func (d *daemon) live(ctx context.Context, c *config, socket net.Listener, hup <-chan os.Signal) error {
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	d.work = work
	watch, err := d.open(ctx, c)
	if err != nil {
		return err
	}
	defer watch.Close()
	var all sync.WaitGroup
	all.Go(func() { d.acceptCalls(socket) })
	desk, err := d.makeSlack(c)
	if err != nil {
		return err
	}
	d.startSlack(desk)
	all.Go(func() { d.settleDecided(ctx) })
	if c.Slack != nil {
		d.decided() // what was decided before the last end, or begun
	}
	all.Go(func() { d.watch(ctx) })
	all.Go(func() { d.watchApps(ctx) })
	d.log.Info("serving", "version", version(), "state", c.State, "schedules", len(c.Serve.Schedules), "socket", socketPath(c.State))
	notifySystemd(d.p.env, "READY=1")
	t := time.NewTicker(tick)
	defer t.Stop()
	for ctx.Err() == nil {
		d.look(&all)
		notifySystemd(d.p.env, "WATCHDOG=1")
		select {
		case <-ctx.Done():
		case <-t.C:
		case <-hup:
			d.reload(c)
		}
	}
	notifySystemd(d.p.env, "STOPPING=1")
	within := d.taken.Load().config.Serve.Within
	d.log.Info("stopping", "within", within.String())
	socket.Close()
	d.stopSlack()
	return d.windUp(&all, stopWork, within)
}

// windUp waits for what is under way, then has it parked: a case that is interrupted goes on at the next start.
func (d *daemon) windUp(all *sync.WaitGroup, stopWork func(), within time.Duration) error {
	done := make(chan struct{})
	go func() { all.Wait(); d.slack.ending.Wait(); d.tell.Wait(); close(done) }()
	for _, step := range []struct {
		wait time.Duration
		then func()
	}{{within, stopWork}, {lastPatience, func() {}}} {
		timer := time.NewTimer(step.wait)
		select {
		case <-done:
			timer.Stop()
			d.log.Info("stopped")
			return nil
		case <-timer.C:
			step.then()
		}
	}
	return errors.New("serve: something did not stop when it had to; what was begun is in the ledger, and goes on at the next start")
}

// reload takes up the configuration anew, if nothing is wrong with it: all that it needs is made before anything goes by it,
// and until then the old one holds whole. started is the one that the daemon started with.
func (d *daemon) reload(started *config) {
	up, err := d.readUp(d.taken.Load().path, started.State)
	var desk *slackdesk.Desk
	if err == nil {
		desk, err = d.makeSlack(up.config)
	}
	if err == nil {
		err = d.heed(up.config)
	}
	if err != nil {
		d.log.Error("the configuration has a mistake, and the old one holds", "error", err.Error())
		return
	}
	c := up.config
	d.taken.Store(up)
	d.startSlack(desk)
	select {
	case d.watchAnew <- struct{}{}:
	default: // it will look anyway
	}
	d.log.Info("the configuration was taken up", "sha256", hexSum(c.data), "schedules", len(c.Serve.Schedules), "watch", c.Serve.Watch.String())
	if later := fromNextStart(started, c); len(later) > 0 {
		d.log.Warn("some of it holds from the next start on", "keys", strings.Join(later, ", "))
	}
}

// fromNextStart names what is opened once, at the start, and is another now.
func fromNextStart(started, c *config) (later []string) {
	for _, x := range []struct {
		key  string
		same bool
	}{
		{"[serve] listen", c.Serve.Listen == started.Serve.Listen},
		{"[serve] hook", c.Serve.Hook == started.Serve.Hook},
		{"[serve] traces", c.Serve.Traces == started.Serve.Traces},
		{"[serve] group", c.Serve.Group == started.Serve.Group},
		{"[slack] signing_secret, which Slack calls by", (c.Slack != nil && c.Slack.Signing != "") == (started.Slack != nil && started.Slack.Signing != "")},
	} {
		if !x.same {
			later = append(later, x.key)
		}
	}
	return later
}

// newLog writes one JSON object a line.
func newLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, nil))
}

// listen opens the socket. The directory lets the group through and shows it nothing; the socket lets it speak.
func listen(c *config) (net.Listener, error) {
	path := socketPath(c.State)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) { // of a killed daemon: the ledger is ours, so there is no other
		return nil, fmt.Errorf("serve: %w", err)
	}
	old := syscall.Umask(0o177)
	l, err := net.Listen("unix", path)
	syscall.Umask(old)
	if err != nil {
		return nil, fmt.Errorf("serve: the socket: %w", err)
	}
	if err := openToGroup(c, path); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func openToGroup(c *config, path string) error {
	if c.Serve.Group == "" {
		return nil
	}
	g, err := user.LookupGroup(c.Serve.Group)
	if err != nil {
		g, err = user.LookupGroupId(c.Serve.Group) // or its number
	}
	if _, nerr := strconv.Atoi(c.Serve.Group); err != nil && nerr == nil { // a number needs no name
		g, err = &user.Group{Gid: c.Serve.Group}, nil
	}
	if err != nil && !c.Serve.GroupSet {
		return nil // nobody made one: only the daemon's own user, and root, may speak to it
	}
	if err != nil {
		return fmt.Errorf("serve: [serve] group: %w", err)
	}
	gid, err := strconv.Atoi(g.Gid)
	if err != nil {
		return fmt.Errorf("serve: [serve] group %s: %w", c.Serve.Group, err)
	}
	for _, x := range []struct {
		path string
		mode os.FileMode
	}{{c.State, 0o710}, {path, 0o660}} {
		if err := errors.Join(os.Chown(x.path, -1, gid), os.Chmod(x.path, x.mode)); err != nil {
			return fmt.Errorf("serve: opening the socket to the group %s: %w; make the daemon's user a member of it", c.Serve.Group, err)
		}
	}
	return nil
}

// notifySystemd tells the service manager how the daemon fares (sd_notify(3)); without one it does nothing.
func notifySystemd(env func(string) string, state string) {
	path := env("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	if path[0] == '@' {
		path = "\x00" + path[1:]
	}
	conn, err := net.Dial("unixgram", path)
	if err != nil {
		return
	}
	defer conn.Close()
	conn.Write([]byte(state))
}
