package evidence

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"sync"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
)

// Recipients are those whom sealed files are encrypted to; none leaves them readable.
type Recipients []age.Recipient

// ParseRecipient reads an age public key ("age1…").
func ParseRecipient(s string) (age.Recipient, error) {
	r, err := age.ParseX25519Recipient(s)
	if err != nil {
		return nil, fmt.Errorf("recipient %q: want an age public key, \"age1…\", as age-keygen prints it", s)
	}
	return r, nil
}

// Identities are the keys that open encrypted files.
type Identities []age.Identity

// ParseIdentities reads an age identity file ("AGE-SECRET-KEY-1…").
func ParseIdentities(r io.Reader) (Identities, error) {
	ids, err := age.ParseIdentities(r)
	if err != nil {
		return nil, errors.New("not an age identity file: want lines \"AGE-SECRET-KEY-1…\", as age-keygen writes them") // its own error shows the line
	}
	return ids, nil
}

const (
	compressed = ".zst"
	encrypted  = ".age"
)

func (r Recipients) suffix() string {
	if len(r) > 0 {
		return compressed + encrypted
	}
	return compressed
}

// file is a sealed file while it is written. It is made with its first line, so that a source that is never read leaves
// none; its first error sticks, and is told by close. It is used by one goroutine at a time.
type file struct {
	name string
	open func() (io.WriteCloser, error)
	to   Recipients
	out  io.WriteCloser
	lock io.WriteCloser // of age
	zip  *zstd.Encoder
	buf  []byte
	err  error
}

// gather bytes are handed to the compressor at once.
const gather = 1 << 16

// line appends one line, which write appends to what it is given.
func (f *file) line(write func([]byte) []byte) {
	if f.err == nil && f.out == nil {
		f.err = f.begin()
	}
	if f.err != nil {
		return
	}
	f.buf = append(write(f.buf), '\n')
	if len(f.buf) >= gather {
		f.flush()
	}
}

func (f *file) begin() (err error) {
	if f.out, err = f.open(); err != nil {
		return err
	}
	w := io.Writer(f.out)
	if len(f.to) > 0 {
		if f.lock, err = age.Encrypt(f.out, f.to...); err != nil {
			return err
		}
		w = f.lock
	}
	f.zip = encoders.Get().(*zstd.Encoder)
	f.zip.Reset(w)
	if f.buf == nil {
		f.buf = make([]byte, 0, gather+gather/8)
	}
	return nil
}

func (f *file) flush() {
	if f.err == nil {
		_, f.err = f.zip.Write(f.buf)
	}
	f.buf = f.buf[:0]
}

func (f *file) close() error {
	if f.out == nil {
		return f.err
	}
	if f.zip != nil {
		f.flush()
		if err := f.zip.Close(); f.err == nil {
			f.err = err
		}
		f.zip.Reset(nil)
		encoders.Put(f.zip)
	}
	if f.lock != nil && f.err == nil {
		f.err = f.lock.Close()
	}
	err := errors.Join(f.err, f.out.Close())
	f.out, f.zip, f.buf = nil, nil, nil
	return err
}

// encoders are used again: several sources are sealed at once, and each encoder is some megabytes.
var encoders = sync.Pool{New: func() any {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(1<<19), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(err) // only wrong options, which are constants
	}
	return e
}}

// Open opens one of the sealed files; fs.ErrNotExist when there is none of that name.
type Open func(name string) (io.ReadCloser, error)

// maxWindow bounds what a hostile file can make the reader hold; files sealed here need half a megabyte.
const maxWindow = 8 << 20

// reader reads a sealed file.
type reader struct {
	*bufio.Scanner
	in  io.Closer
	zip *zstd.Decoder
}

func (r *reader) close() error {
	r.zip.Close()
	return r.in.Close()
}

// maxLine bounds one line: an account with very many entitlements.
const maxLine = 64 << 20

func newReader(in io.ReadCloser, ids Identities, secret bool) (*reader, error) {
	src := io.Reader(in)
	if secret {
		if len(ids) == 0 {
			return nil, errors.Join(errors.New("it is encrypted: give the key of one of its recipients with --identity FILE"), in.Close())
		}
		var err error
		if src, err = age.Decrypt(in, ids...); err != nil {
			return nil, errors.Join(fmt.Errorf("it cannot be decrypted: %w", err), in.Close())
		}
	}
	zip, err := zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	r := &reader{bufio.NewScanner(zip), in, zip}
	r.Buffer(make([]byte, 0, gather), maxLine)
	return r, nil
}
