package report

import (
	"bufio"
	"bytes"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"rollcall/scanner"
)

// FindingsFile are the findings of a run in the order of every report, without one of them held: where each line stands
// takes 16 bytes. The file has them app by app, each app's in that order; they are merged here, so a file in any other
// order is only slower.
type FindingsFile struct {
	in     io.ReaderAt
	places []place
	digest Digest
}

// place is where the line of a finding is.
type place struct {
	at   int64
	n    int32
	kind int32 // its place among scanner.Kinds; -1: none of them
}

// OpenFindings reads the findings of a run once, as far as their order and what a digest says of them need it. Only those
// that keep holds for are there; nil keeps all.
func OpenFindings(in io.ReaderAt, size int64, keep func(*scanner.Finding) bool) (*FindingsFile, error) {
	f := &FindingsFile{in: in}
	runs, err := f.runs(size, keep)
	if err == nil {
		err = f.merge(runs)
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Digest is what short reports say of the findings.
func (f *FindingsFile) Digest() *Digest { return &f.digest }

// runs are the stretches of the file that are in order already.
func (f *FindingsFile) runs(size int64, keep func(*scanner.Finding) bool) (runs [][]place, err error) {
	in := bufio.NewReaderSize(io.NewSectionReader(f.in, 0, size), 1<<16)
	var last scanner.Finding
	var at int64
	for n := 1; ; n++ {
		line, err := readLine(in)
		if err != nil && (len(line) == 0 || !errors.Is(err, io.EOF)) {
			if errors.Is(err, io.EOF) {
				return runs, nil
			}
			return nil, fmt.Errorf("findings, line %d: %w", n, err)
		}
		p := place{at, int32(len(line)), -1}
		at += int64(len(line))
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var x scanner.Finding
		if err := decodeFinding(line, &x); err != nil {
			return nil, fmt.Errorf("findings, line %d: %w; the file was changed or cut after it was written", n, err)
		}
		if keep != nil && !keep(&x) {
			continue
		}
		f.digest.Add(&x)
		p.kind = int32(slices.Index(scanner.Kinds, x.Kind))
		if len(runs) == 0 || scanner.CompareFindings(&last, &x) > 0 {
			runs = append(runs, nil)
		}
		runs[len(runs)-1] = append(runs[len(runs)-1], p)
		last = x
	}
}

// readLine reads a line with its end; the last may have none.
func readLine(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	line = slices.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) && len(line) < maxLine {
		var more []byte
		more, err = in.ReadSlice('\n')
		line = append(line, more...)
	}
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, fmt.Errorf("it is longer than %d MiB: it was not written by rollcall", maxLine>>20)
	}
	return line, err
}

// merge puts the stretches into one order. Of each it holds the finding at its head.
func (f *FindingsFile) merge(runs [][]place) error {
	if len(runs) == 1 {
		f.places = runs[0]
		return nil
	}
	h := &heads{}
	for i, run := range runs {
		r := &head{run: i, places: run, lines: &lineReader{in: f.in, ahead: readAhead}}
		if err := r.read(); err != nil {
			return err
		}
		*h = append(*h, r)
		f.places = slices.Grow(f.places, len(run))
	}
	heap.Init(h)
	for len(*h) > 0 {
		first := (*h)[0]
		f.places = append(f.places, first.places[0])
		if first.places = first.places[1:]; len(first.places) == 0 {
			heap.Pop(h)
			continue
		}
		if err := first.read(); err != nil {
			return err
		}
		heap.Fix(h, 0)
	}
	return nil
}

// head is what is left of a stretch, and its first finding.
type head struct {
	run    int
	places []place
	lines  *lineReader
	first  scanner.Finding
}

func (h *head) read() error { return h.lines.finding(h.places[0], &h.first) }

type heads []*head

func (h heads) Len() int { return len(h) }
func (h heads) Less(i, j int) bool {
	if c := scanner.CompareFindings(&h[i].first, &h[j].first); c != 0 {
		return c < 0
	}
	return h[i].run < h[j].run
}
func (h heads) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *heads) Push(x any)   { *h = append(*h, x.(*head)) }
func (h *heads) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// Each is the FindingsFunc of a review.
func (f *FindingsFile) Each(kinds ...scanner.Kind) iter.Seq2[*scanner.Finding, error] {
	var wanted []int32
	for _, k := range kinds {
		wanted = append(wanted, int32(slices.Index(scanner.Kinds, k)))
	}
	return func(yield func(*scanner.Finding, error) bool) {
		lines := &lineReader{in: f.in}
		for _, p := range f.places {
			if len(wanted) > 0 && !slices.Contains(wanted, p.kind) {
				continue
			}
			var x scanner.Finding
			if err := lines.finding(p, &x); err != nil {
				yield(nil, err)
				return
			}
			if !yield(&x, nil) {
				return
			}
		}
	}
}

// lineReader reads lines at their places.
type lineReader struct {
	in    io.ReaderAt
	ahead int // bytes to read at once, where the next line mostly follows the last
	buf   []byte
	from  int64 // where buf begins
}

// readAhead bytes are read at once when stretches are merged: there is a reader for each of them.
const readAhead = 32 << 10

func (l *lineReader) finding(p place, f *scanner.Finding) error {
	line, err := l.line(p)
	if err == nil {
		err = decodeFinding(bytes.TrimSpace(line), f)
	}
	if err != nil {
		return fmt.Errorf("findings, at byte %d: %w; the file was changed while it was read", p.at, err)
	}
	return nil
}

func (l *lineReader) line(p place) ([]byte, error) {
	if p.at < l.from || p.at+int64(p.n) > l.from+int64(len(l.buf)) {
		size := max(int(p.n), l.ahead)
		l.buf = slices.Grow(l.buf[:0], size)
		n, err := l.in.ReadAt(l.buf[:size], p.at)
		if n < int(p.n) {
			return nil, errors.Join(err, io.ErrUnexpectedEOF)
		}
		l.buf, l.from = l.buf[:n], p.at
	}
	at := p.at - l.from
	return l.buf[at : at+int64(p.n)], nil
}
