package report

import (
	"bytes"
	"errors"
	"io"
	"runtime"

	"github.com/klauspost/compress/flate"
)

const (
	// deflateLevel is as good as what other programs write, at a third of the time they take for it.
	deflateLevel = 6
	// blockBytes are compressed at once, each block for itself: that costs a hundredth of the size, and makes the bytes the
	// same on any number of cores.
	blockBytes = 512 << 10
)

// deflater compresses a stream in blocks, side by side on all cores, and writes them in their order. Each block but the
// last ends on a whole byte, as deflate allows, so that they can be joined. It is used for one stream after the other.
type deflater struct {
	out     io.Writer
	fill    *block             // the one being filled
	waiting []*block           // compressed or about to be, oldest first
	spare   []*block           // written, to be filled again
	coders  chan *flate.Writer // as many as blocks may be compressed at once
	err     error              // the first of out's
}

// block is a piece of the stream.
type block struct {
	in   []byte
	out  bytes.Buffer
	err  error
	done chan struct{} // filled when out is ready
}

func newDeflater() *deflater {
	n := runtime.GOMAXPROCS(0)
	d := &deflater{coders: make(chan *flate.Writer, n)}
	for range n {
		d.coders <- nil // made when it is needed: most parts are small
	}
	return d
}

// reset begins another stream.
func (d *deflater) reset(out io.Writer) *deflater {
	d.out, d.err = out, nil
	return d
}

func (d *deflater) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && d.err == nil {
		if d.fill == nil {
			d.fill = d.block()
		}
		room := blockBytes - len(d.fill.in)
		take := min(room, len(p))
		d.fill.in = append(d.fill.in, p[:take]...)
		if p = p[take:]; take == room {
			d.start(false)
		}
	}
	return n, d.err
}

// Close ends the stream: what is left is compressed, and everything is written.
func (d *deflater) Close() error {
	if d.fill == nil {
		d.fill = d.block()
	}
	d.start(true)
	for len(d.waiting) > 0 {
		d.next()
	}
	return d.err
}

func (d *deflater) block() *block {
	if n := len(d.spare); n > 0 {
		b := d.spare[n-1]
		d.spare = d.spare[:n-1]
		return b
	}
	return &block{in: make([]byte, 0, blockBytes), done: make(chan struct{}, 1)}
}

// start has the filled block compressed while the next one is filled, but for the cores' sake not too many at once.
func (d *deflater) start(last bool) {
	b := d.fill
	d.fill = nil
	d.waiting = append(d.waiting, b)
	if last && len(d.waiting) == 1 { // a small part
		b.compress(d.coders, true)
	} else {
		go b.compress(d.coders, last)
	}
	for len(d.waiting) > cap(d.coders)+1 {
		d.next()
	}
}

// next writes the oldest block.
func (d *deflater) next() {
	b := d.waiting[0]
	d.waiting = append(d.waiting[:0], d.waiting[1:]...)
	<-b.done
	if d.err = errors.Join(d.err, b.err); d.err == nil {
		_, d.err = d.out.Write(b.out.Bytes())
	}
	b.in = b.in[:0]
	d.spare = append(d.spare, b)
}

func (b *block) compress(coders chan *flate.Writer, last bool) {
	w := <-coders
	b.out.Reset()
	if w == nil {
		w, b.err = flate.NewWriter(&b.out, deflateLevel)
	} else {
		w.Reset(&b.out)
	}
	if b.err == nil {
		_, b.err = w.Write(b.in)
	}
	end := w.Flush
	if last {
		end = w.Close
	}
	if b.err == nil {
		b.err = end()
	}
	coders <- w
	b.done <- struct{}{}
}
