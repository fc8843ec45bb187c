// Command rollcall calls the roll: it reads the HR roster and every app's account list and finds each account that no
// longer has a reason to exist, or holds more than its owner's role explains.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// What the process returns to whoever started it.
const (
	exitDone       = 0
	exitFailed     = 1
	exitUsage      = 2
	exitFindings   = 3 // findings at or above --fail-on
	exitIncomplete = 4 // a source was incomplete; goes before exitFindings
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, now: time.Now, env: os.Getenv, uid: os.Getuid()}
	code := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// exitCode is an error that only says how to exit: everything worth saying has been said.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// usageError is a mistake in how the program was called.
type usageError struct{ error }

func (p *program) run(ctx context.Context, args []string) int {
	root := p.command()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var there elsewhere
	if errors.As(err, &there) {
		code, cerr := p.callDaemon(ctx, there.conn, args)
		if err = cerr; err == nil {
			return code
		}
	}
	var code exitCode
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(p.stderr, "rollcall: interrupted; nothing of this run was recorded")
		return exitFailed
	}
	fmt.Fprintf(p.stderr, "rollcall: %v\n", err)
	if errors.As(err, new(usageError)) {
		return exitUsage
	}
	return exitFailed
}
