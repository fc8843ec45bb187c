package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"time"
)

// While "rollcall serve" holds the state directory, every other command is carried out by it: the command that somebody
// starts finds the socket there, sends its words, and prints what comes back. So all of them work the same with or without
// the daemon, nothing waits for the database's lock, and who asks is proven by the operating system (SO_PEERCRED) instead
// of said. Files that the words name are read and written by the command that was started, with its user's rights, never
// by the daemon.

// socketName is the daemon's socket in the state directory.
const socketName = "rollcall.sock"

func socketPath(state string) string { return filepath.Join(state, socketName) }

// frame is what a message on the socket is about.
type frame byte

const (
	frameCall  frame = 'c' // to the daemon: the words (a call); first, and once
	frameOut   frame = 'o' // from it: standard output
	frameErr   frame = 'e' // standard error
	frameExit  frame = 'x' // the exit code; last
	frameStdin frame = 'i' // it wants to read standard input
	frameOpen  frame = 'r' // it wants the file of this name
	frameMake  frame = 'w' // it has a file of this name to leave: data follow, then the end
	frameData  frame = 'd' // bytes of a file or of standard input
	frameEnd   frame = '.' // there are no more
	frameFail  frame = '!' // it could not be done, and why
)

// largestFrame bounds what a message may hold: neither side trusts the other's lengths.
const largestFrame = 1 << 20

// call is what a command sends to the daemon.
type call struct {
	Version string   `json:"version"`
	Args    []string `json:"args"`
	Dir     string   `json:"dir"` // where the command was started: relative names start there
	Width   int      `json:"width"`
	Colour  bool     `json:"colour"`
}

// wire sends and receives frames. Several goroutines may send.
type wire struct {
	conn     net.Conn
	r        *bufio.Reader
	patience time.Duration // with who does not take what is sent; 0 = endless
	mu       sync.Mutex
}

func newWire(c net.Conn) *wire { return &wire{conn: c, r: bufio.NewReaderSize(c, 64<<10)} }

func (w *wire) send(kind frame, payload []byte) error {
	head := binary.BigEndian.AppendUint32([]byte{byte(kind)}, uint32(len(payload)))
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.patience > 0 {
		w.conn.SetWriteDeadline(time.Now().Add(w.patience))
	}
	_, err := (&net.Buffers{head, payload}).WriteTo(w.conn)
	return err
}

func (w *wire) sendJSON(kind frame, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.send(kind, b)
}

func (w *wire) receive() (frame, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(w.r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > largestFrame {
		return 0, nil, fmt.Errorf("socket: a message of %d bytes; at most %d are allowed", n, largestFrame)
	}
	payload := make([]byte, n)
	_, err := io.ReadFull(w.r, payload)
	return frame(head[0]), payload, err
}

// sendAll sends what there is to read, and the end; or why it cannot be read.
func (w *wire) sendAll(r io.Reader) error {
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if err := w.send(frameData, buf[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return w.send(frameEnd, nil)
		}
		if err != nil {
			return w.send(frameFail, []byte(err.Error()))
		}
	}
}

// frameWriter writes a stream as frames of one kind.
type frameWriter struct {
	w    *wire
	kind frame
}

func (f frameWriter) Write(b []byte) (int, error) {
	for sent := 0; sent < len(b); {
		n := min(len(b)-sent, 64<<10)
		if err := f.w.send(f.kind, b[sent:sent+n]); err != nil {
			return sent, err
		}
		sent += n
	}
	return len(b), nil
}
