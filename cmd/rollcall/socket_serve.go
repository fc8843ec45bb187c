package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/user"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"
)

// beside are the commands that are carried out at once, beside a run: they read, or record a decision. All others take
// turns with the runs, as they would without a daemon.
var beside = []string{
	"rollcall cases", "rollcall cases list", "rollcall cases show", "rollcall cases keep", "rollcall cases remove", "rollcall plan", "rollcall plan approve", "rollcall config approve", "rollcall announce",
	"rollcall announce list", "rollcall announce approve", "rollcall explain", "rollcall findings list", "rollcall findings rulings", "rollcall leavers", "rollcall runs", "rollcall runs list",
	"rollcall ledger verify", "rollcall ledger export", "rollcall verify", "rollcall report", "rollcall report reveal", "rollcall prove",
	"rollcall policy check", "rollcall policy diff", "rollcall policy suggest", "rollcall replay", "rollcall sources check", "rollcall backup", "rollcall doctor",
}

// caller is who started a command that the daemon carries out, and where.
type caller struct {
	w      *wire
	uid    int
	dir    string
	width  int
	colour bool
	in     chan answer
	gone   context.Context // ends when the command that was started does
}

// answer is what the started command sends when it is asked for something.
type answer struct {
	data []byte
	end  bool
	err  error
}

// answerWithin is how long a person may take to type what is asked for: a command that takes turns must not hold up the
// night for an open terminal.
const answerWithin = 5 * time.Minute

// takenWithin is how long what is printed may lie there: a command that was stopped (Ctrl-Z) must not have the turn for ever.
const takenWithin = time.Minute

// next waits for what was asked for.
func (c *caller) next() (answer, error) {
	t := time.NewTimer(answerWithin)
	defer t.Stop()
	select {
	case a := <-c.in:
		return a, a.err
	case <-c.gone.Done():
		return answer{}, errHungUp
	case <-t.C:
		return answer{}, fmt.Errorf("nothing came within %s; start the command again", answerWithin)
	}
}

// errHungUp is the error of asking a command that is no longer there.
var errHungUp = errors.New("the command that was started has ended")

// acceptCalls carries out the commands that come over the socket, until it is closed.
func (d *daemon) acceptCalls(l net.Listener) {
	var calls sync.WaitGroup
	defer calls.Wait()
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			d.log.Warn("socket", "error", err)
			time.Sleep(100 * time.Millisecond) // out of files, most likely: a loop would only make it worse
			continue
		}
		if !d.calls.enter() {
			refuse(conn, "too many commands are under way; try again")
			continue
		}
		calls.Go(func() {
			defer d.calls.leave()
			defer conn.Close()
			d.safely("command", func() error { d.answer(conn); return nil }) // which logs it
		})
	}
}

func refuse(conn net.Conn, why string) {
	w := newWire(conn)
	w.patience = time.Second // it is not worth waiting for
	w.send(frameErr, []byte("rollcall: "+why+"\n"))
	w.send(frameExit, []byte(strconv.Itoa(exitFailed)))
	conn.Close()
}

// answer carries out one call. Whatever happens in it, the daemon goes on.
func (d *daemon) answer(conn net.Conn) {
	uid, err := d.peer(conn)
	if err != nil {
		refuse(conn, err.Error())
		return
	}
	w := newWire(conn)
	w.patience = takenWithin
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	var c call
	kind, b, err := w.receive()
	if err == nil && kind == frameCall {
		err = json.Unmarshal(b, &c)
	}
	conn.SetReadDeadline(time.Time{})
	switch {
	case errors.Is(err, io.EOF): // somebody looked whether there is a daemon
		return
	case err != nil || kind != frameCall:
		d.log.Warn("socket: what came is no call", "uid", uid, "error", err)
		return
	case c.Version != version():
		refuse(conn, fmt.Sprintf("this is version %s, and the daemon runs %s: restart rollcall serve", c.Version, version()))
		return
	}
	gone, hangUp := context.WithCancel(d.work)
	defer hangUp()
	who := &caller{w: w, uid: uid, dir: c.Dir, width: c.Width, colour: c.Colour, in: make(chan answer), gone: gone}
	go who.listen(hangUp)
	code := d.carryOut(gone, who, c.Args)
	w.send(frameExit, []byte(strconv.Itoa(code)))
}

// listen takes what the command sends, and notices when it ends.
func (c *caller) listen(hangUp func()) {
	defer hangUp()
	for {
		kind, b, err := c.w.receive()
		if err != nil {
			return
		}
		var failed error
		switch kind {
		case frameData, frameEnd:
		case frameFail:
			failed = errors.New(string(b))
		default:
			return
		}
		if kind == frameEnd {
			b = nil
		}
		select {
		case c.in <- answer{b, kind == frameEnd, failed}:
		case <-c.gone.Done():
			return
		}
	}
}

// carryOut runs the words as the program would, for who called.
func (d *daemon) carryOut(ctx context.Context, who *caller, args []string) (code int) {
	p := d.program(who)
	defer func() {
		if r := recover(); r != nil {
			d.panicked("command", r)
			fmt.Fprintf(p.stderr, "rollcall: the command failed inside the daemon; its log says where\n")
			code = exitFailed
		}
	}()
	cmd, _, err := p.command().Find(args)
	if err == nil && !slices.Contains(beside, cmd.CommandPath()) && takesTurn(cmd) {
		release, err := d.turn.take(ctx, cmd.CommandPath()+", started by "+p.by, func(holder string) {
			fmt.Fprintf(p.stderr, "rollcall: waiting for %s\n", holder)
		})
		if err != nil {
			return exitFailed
		}
		defer release()
	}
	if err == nil && cmd.CommandPath() == "rollcall keys new" { // it writes where it is told, and has no business here
		fmt.Fprintln(p.stderr, "rollcall: keys new: rollcall serve makes no keys")
		return exitUsage
	}
	d.figures.calls.WithLabelValues(commandName(cmd)).Inc()
	d.log.Info("command", "command", commandName(cmd), "by", p.by)
	return p.run(ctx, args)
}

func commandName(c *cobra.Command) string {
	if c == nil {
		return ""
	}
	return c.CommandPath()
}

// takesTurn tells whether a command does anything at all: one that only holds others shows its help.
func takesTurn(c *cobra.Command) bool { return c.Runnable() && !c.HasSubCommands() }

// peerName is what the daemon calls a user of this machine in the record.
func peerName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return fmt.Sprintf("uid %d", uid)
}

var _ io.Reader = (*stdinOf)(nil)

// stdinOf reads the standard input of the command that was started.
type stdinOf struct {
	c     *caller
	rest  []byte
	ended bool
}

func (s *stdinOf) Read(b []byte) (int, error) {
	if len(s.rest) == 0 && !s.ended {
		if err := s.c.w.send(frameStdin, nil); err != nil {
			return 0, errHungUp
		}
		a, err := s.c.next()
		if err != nil {
			return 0, err
		}
		s.rest, s.ended = a.data, a.end
	}
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// openFile opens a file that the user named. One of a command that the daemon carries out is fetched from the process that
// the user started: the daemon opens nothing in its own right on somebody's word.
func (p *program) openFile(name string) (*os.File, error) {
	if p.caller == nil {
		return os.Open(name)
	}
	return p.caller.fetch(inDir(p.caller.dir, name))
}

// readFile reads a file that the user named.
func (p *program) readFile(name string) ([]byte, error) {
	f, err := p.openFile(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// largestFile bounds what a command can have the daemon keep for a while: workbooks are the largest that are read.
const largestFile = 2 << 30

// fetch reads a file of the caller's into one that has no name here.
func (c *caller) fetch(name string) (_ *os.File, err error) {
	f, err := os.CreateTemp("", "rollcall-*")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	if err := os.Remove(f.Name()); err != nil {
		return nil, err
	}
	if err := c.w.send(frameOpen, []byte(name)); err != nil {
		return nil, errHungUp
	}
	for taken := 0; ; {
		a, err := c.next()
		if err != nil {
			return nil, err
		}
		if taken += len(a.data); taken > largestFile {
			return nil, fmt.Errorf("%s: more than %d MiB are not taken by rollcall serve", name, largestFile>>20)
		}
		if _, err := f.Write(a.data); err != nil {
			return nil, err
		}
		if a.end {
			_, err := f.Seek(0, io.SeekStart)
			return f, err
		}
	}
}

// outFile says where to write a file that the user named, and what to call when it is whole. done also takes away what is
// only written on the way.
func (p *program) outFile(name string) (path string, deliver func() error, done func(), err error) {
	if p.caller == nil {
		return name, func() error { return nil }, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "rollcall-out-")
	if err != nil {
		return "", nil, nil, err
	}
	path = inDir(dir, "file")
	return path, func() error { return p.caller.deliver(path, inDir(p.caller.dir, name)) }, func() { os.RemoveAll(dir) }, nil
}

// deliver has the caller's process write a file.
func (c *caller) deliver(path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := c.w.send(frameMake, []byte(name)); err != nil {
		return errHungUp
	}
	if err := c.w.sendAll(f); err != nil {
		return errHungUp
	}
	_, err = c.next()
	return err
}
