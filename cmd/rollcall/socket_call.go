package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// elsewhere is the error of a command that is to be carried out by the daemon that holds the state directory.
type elsewhere struct{ conn net.Conn }

func (elsewhere) Error() string { return "the daemon holds the state directory" }

// served tells of a command that the daemon holds the state directory, and is to carry it out: it then returns an
// elsewhere. A command has done nothing before it asks.
func (p *program) served(state string) error {
	conn, err := net.DialTimeout("unix", socketPath(state), 5*time.Second)
	switch {
	case err == nil:
		return elsewhere{conn}
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%s: rollcall serve holds the state directory, and this user may not speak to it: %w; be a member of its group", socketPath(state), err)
	}
	return nil // no socket, or one that a killed daemon left behind
}

// callDaemon has the daemon carry out the words, and gives its exit code. A context that ends hangs up, which stops it there.
func (p *program) callDaemon(ctx context.Context, conn net.Conn, args []string) (int, error) {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	w := newWire(conn)
	dir, err := os.Getwd()
	if err != nil {
		return exitFailed, err
	}
	o := p.tableOptions()
	if err := w.sendJSON(frameCall, call{Version: version(), Args: args, Dir: dir, Width: o.Width, Colour: o.Colour}); err != nil {
		return exitFailed, fmt.Errorf("socket: %w", err)
	}
	answers := &answerer{p: p, w: w}
	for {
		kind, b, err := w.receive()
		switch {
		case ctx.Err() != nil:
			return exitFailed, ctx.Err()
		case err != nil:
			return exitFailed, fmt.Errorf("socket: rollcall serve hung up before the command had ended: %w; see its log", err)
		case kind == frameExit:
			return strconv.Atoi(string(b))
		}
		if err := answers.to(kind, b); err != nil {
			return exitFailed, err
		}
	}
}

// answerer does for the daemon what only the user's own process may: it prints, reads standard input, and reads and writes
// the files that the user named.
type answerer struct {
	p    *program
	w    *wire
	file *os.File // being written
	name string
	bad  error // why it could not be
}

func (a *answerer) to(kind frame, b []byte) (err error) {
	switch kind {
	case frameOut:
		_, err = a.p.stdout.Write(b)
	case frameErr:
		_, err = a.p.stderr.Write(b)
	case frameStdin:
		line := make([]byte, 4<<10)
		n, rerr := a.p.stdin.Read(line)
		if n > 0 {
			return a.w.send(frameData, line[:n])
		}
		if rerr == nil || errors.Is(rerr, io.EOF) {
			return a.w.send(frameEnd, nil)
		}
		return a.w.send(frameFail, []byte(rerr.Error()))
	case frameOpen:
		return a.open(string(b))
	case frameMake:
		a.name = string(b)
		a.file, a.bad = createPrivate(a.name + ".part")
	case frameData:
		if a.bad == nil && a.file != nil {
			_, a.bad = a.file.Write(b)
		}
	case frameEnd:
		return a.made()
	default:
		return fmt.Errorf("socket: a message of the kind %q, which this version does not know", kind)
	}
	return err
}

func (a *answerer) open(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return a.w.send(frameFail, []byte(err.Error()))
	}
	defer f.Close()
	return a.w.sendAll(f)
}

// made ends a file and gives it its name, or says why it is not there.
func (a *answerer) made() error {
	if a.file != nil {
		a.bad = errors.Join(a.bad, a.file.Close())
	}
	if a.bad == nil {
		a.bad = os.Rename(a.name+".part", a.name)
	}
	bad := a.bad
	if bad != nil && a.file != nil {
		os.Remove(a.name + ".part")
	}
	a.file, a.bad = nil, nil
	if bad != nil {
		return a.w.send(frameFail, []byte(bad.Error()))
	}
	return a.w.send(frameEnd, nil)
}

// inDir makes a name that somebody gave absolute.
func inDir(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}
