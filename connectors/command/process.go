package command

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"rollcall/connectors"
)

// What a program may print.
const (
	maxLine   = 1 << 20 // bytes
	maxOutput = 4 << 30
	maxErrors = 4 << 10 // the last of what it says on standard error
)

// grace is how long a program's output may stay open after its end, while others of its kind have it.
const grace = 2 * time.Second

// The ends of a program that mean something (sysexits.h).
const (
	exNoUser   = 67
	exTempFail = 75
	exNoPerm   = 77
)

// process is a program that runs.
type process struct {
	app    *App
	name   string
	ctx    context.Context
	cancel context.CancelCauseFunc
	cmd    *exec.Cmd
	out    *os.File
	lines  *bufio.Reader
	buf    []byte
	sum    hash.Hash
	bytes  int64
	count  int // of lines
	tries  int // of reads after a deadline
	tried  int64
	says   *lastBytes
	quiet  func()        // ends the timers
	ended  chan struct{} // closed when the program itself has ended; what it started may not have
	err    error         // of its end; read after ended
}

var (
	errTimeout  = errors.New("it took longer than timeout allows, and was ended with all it started")
	errHeldOpen = errors.New("it ended, and something that it started keeps its output open: it must wait for what it starts")
	errStopped  = errors.New("stopped")
)

// start runs a program, in a process group of its own so that it can be ended with all it started.
func (a *App) start(ctx context.Context, argv []string, input []byte) (*process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path := a.path(argv[0])
	if err := executable(path); err != nil {
		return nil, fmt.Errorf("%w: %w", connectors.ErrForbidden, err)
	}
	in, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p := &process{app: a, name: path, out: in, sum: sha256.New(), says: &lastBytes{}, ended: make(chan struct{})}
	p.lines = bufio.NewReaderSize(p.out, 64<<10)
	p.ctx, p.cancel = context.WithCancelCause(ctx)
	p.cmd = exec.CommandContext(p.ctx, path, argv[1:]...)
	p.cmd.Env, p.cmd.Dir, p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = a.env, a.dir, bytes.NewReader(input), out, p.says
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Cancel = func() error { return syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }
	p.cmd.WaitDelay = a.grace
	err = p.cmd.Start()
	out.Close()
	if err != nil {
		in.Close()
		p.cancel(nil)
		return nil, fmt.Errorf("%w: %w", connectors.ErrForbidden, err)
	}
	late := time.AfterFunc(a.timeout, func() { p.cancel(errTimeout) })
	// Nothing more is read once the context is done, even from a process that left the group.
	unread := context.AfterFunc(p.ctx, func() { p.out.SetReadDeadline(time.Unix(1, 0)) })
	p.quiet = func() { late.Stop(); unread() }
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
		p.out.SetReadDeadline(time.Now().Add(a.grace))
	}()
	return p, nil
}

// executable refuses a program that others may write to, or put another in place of.
func executable(path string) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0:
		return fmt.Errorf("%s is no program: chmod +x it", path)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("%s can be written to by others (mode %04o): chmod go-w it", path, info.Mode().Perm())
	}
	for at := path; ; at = filepath.Dir(at) {
		if info, err = os.Stat(at); err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && int(st.Uid) != os.Geteuid() {
			return fmt.Errorf("%s belongs to user %d, who may change what is run here: it must be root's, or of the user that rollcall runs as", at, st.Uid)
		}
		if info.IsDir() && info.Mode().Perm()&0o022 != 0 && info.Mode()&os.ModeSticky == 0 {
			return fmt.Errorf("%s can be written to by others (mode %04o), who may put another program there: chmod go-w it", at, info.Mode().Perm())
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}

// line is the next line that the program prints, valid until the next call; io.EOF when it has closed its output.
func (p *process) line() ([]byte, error) {
	p.buf = p.buf[:0]
	for {
		piece, err := p.lines.ReadSlice('\n')
		p.buf = append(p.buf, piece...)
		p.sum.Write(piece)
		p.bytes += int64(len(piece))
		switch {
		case len(p.buf) > maxLine:
			return nil, p.broken(fmt.Errorf("line %d is longer than %d bytes", p.count+1, maxLine))
		case p.bytes > maxOutput:
			return nil, p.broken(fmt.Errorf("it prints more than %d bytes", int64(maxOutput)))
		case err == nil:
			p.count++
			return p.buf, p.app.leaks(p)
		case err == bufio.ErrBufferFull || p.patient(err):
		case err == io.EOF && len(p.buf) == 0:
			return nil, io.EOF
		case err == io.EOF:
			return nil, p.broken(fmt.Errorf("line %d is not ended by a newline: the output broke off", p.count+1))
		default:
			return nil, p.broken(err)
		}
	}
}

// patient tells whether a read that ended by its deadline is to be tried again. The deadline is set when the program ends,
// for what it started may keep the output open for ever; but a reader who was late to come must still get what is there.
func (p *process) patient(err error) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) || p.ctx.Err() != nil || p.tries > 0 && p.tried == p.bytes {
		return false
	}
	p.tries, p.tried = p.tries+1, p.bytes
	p.out.SetReadDeadline(time.Now().Add(p.app.grace))
	return true
}

// leaks refuses a line in which a secret stands, as it is or as JSON writes it.
func (a *App) leaks(p *process) error {
	if len(a.secrets) == 0 {
		return nil
	}
	var texts []string
	if bytes.IndexByte(p.buf, '\\') >= 0 {
		var v any
		if json.Unmarshal(p.buf, &v) == nil {
			texts = textsIn(texts, v)
		}
	}
	for _, s := range a.secrets {
		if bytes.Contains(p.buf, []byte(s)) || slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(t, s) }) {
			return p.broken(fmt.Errorf("line %d holds a secret that the program was given: it must not print that", p.count))
		}
	}
	return nil
}

// textsIn are the texts of a JSON value, names included.
func textsIn(list []string, v any) []string {
	switch v := v.(type) {
	case string:
		return append(list, v)
	case []any:
		for _, x := range v {
			list = textsIn(list, x)
		}
	case map[string]any:
		for name, x := range v {
			list = textsIn(append(list, name), x)
		}
	}
	return list
}

// end waits until the program has ended, its output read to the end, and says how.
func (p *process) end() error {
	if _, err := p.line(); err != io.EOF {
		if err == nil {
			err = p.broken(fmt.Errorf("line %d comes after the last one", p.count))
		}
		return err
	}
	<-p.ended
	defer p.free()
	if p.err != nil || p.ctx.Err() != nil {
		return p.failed()
	}
	return nil
}

// broken ends a program that goes on, and says why what it prints cannot be used; where it has failed itself, that.
func (p *process) broken(why error) error {
	select {
	case <-p.ended:
		if errors.Is(why, os.ErrDeadlineExceeded) && p.ctx.Err() == nil {
			why = errHeldOpen
			syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // the group is there as long as one of it is
		}
		defer p.free()
		if p.err != nil || p.ctx.Err() != nil {
			return p.failed()
		}
	default:
		told := p.ctx.Err() != nil
		p.stop()
		if told {
			return p.failed()
		}
	}
	return p.told(why)
}

// stop ends the program, and waits until it is gone.
func (p *process) stop() {
	p.cancel(errStopped)
	<-p.ended
	p.free()
}

func (p *process) free() {
	p.quiet()
	p.cancel(nil)
	p.out.Close()
}

// failed is why the program ended badly.
func (p *process) failed() error {
	cause := context.Cause(p.ctx)
	switch {
	case cause == errTimeout:
		return p.told(fmt.Errorf("%w (%v)", cause, p.app.timeout))
	case p.ctx.Err() != nil && cause != errStopped && cause != nil:
		return p.told(cause)
	case errors.Is(p.err, exec.ErrWaitDelay):
		return p.told(errHeldOpen)
	}
	var exit *exec.ExitError
	if errors.As(p.err, &exit) {
		switch exit.ExitCode() {
		case exNoUser:
			return p.told(fmt.Errorf("it says: %w", connectors.ErrNotFound))
		case exNoPerm:
			return p.told(fmt.Errorf("it says: %w", connectors.ErrForbidden))
		case exTempFail:
			return p.told(fmt.Errorf("it says: %w", connectors.ErrTransient))
		}
	}
	return p.told(p.err)
}

// told adds what the program said on standard error.
func (p *process) told(err error) error {
	said := strings.TrimSpace(p.app.redact(p.says.String()))
	if said == "" {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	return fmt.Errorf("%s: %w; it said: %q", p.name, err, said)
}

// redact takes secrets out of what a program said. A piece of one at the start of what was kept is one too.
func (a *App) redact(s string) string {
	for _, secret := range a.secrets {
		s = strings.ReplaceAll(s, secret, "<secret>")
		for n := len(secret) - 1; n >= 4; n-- {
			if strings.HasPrefix(s, secret[len(secret)-n:]) {
				s = "<secret>" + s[n:]
				break
			}
		}
	}
	return s
}

// page is what was read.
func (p *process) page(request string) connectors.Page {
	return connectors.Page{Request: request, Bytes: p.bytes, SHA256: [32]byte(p.sum.Sum(nil))}
}

// lastBytes keeps the last of what is written to it.
type lastBytes struct{ buf []byte }

func (l *lastBytes) Write(b []byte) (int, error) {
	n := len(b)
	if n > maxErrors {
		b = b[n-maxErrors:]
	}
	l.buf = append(l.buf, b...)
	if over := len(l.buf) - maxErrors; over > 0 {
		l.buf = append(l.buf[:0], l.buf[over:]...)
	}
	return n, nil
}

func (l *lastBytes) String() string { return strings.ToValidUTF8(string(l.buf), "\uFFFD") }
