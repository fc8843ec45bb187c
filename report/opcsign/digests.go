package opcsign

import (
	"archive/zip"
	"cmp"
	"context"
	"crypto"
	"errors"
	"hash"
	"io"
	"runtime"
	"slices"
	"sync"
)

// sumKey is a part (by folded name) under one hash function.
type sumKey struct {
	part string
	hash crypto.Hash
}

// sums are the digests of parts' bytes; an error stands for a part that does not unpack.
type sums map[sumKey]sum

type sum struct {
	value []byte
	err   error
}

// sum hashes parts, the largest first, as many at once as there are processors. Memory does not grow with the parts.
// The error is the source's own or the context's.
func (a *archive) sum(ctx context.Context, want map[string][]crypto.Hash) (sums, error) {
	files := make([]*zip.File, 0, len(want))
	for name := range want {
		files = append(files, a.files[name])
	}
	slices.SortFunc(files, func(x, y *zip.File) int {
		return cmp.Or(cmp.Compare(y.UncompressedSize64, x.UncompressedSize64), cmp.Compare(x.Name, y.Name))
	})
	out, next := sums{}, make(chan *zip.File)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		wg.Go(func() {
			for f := range next {
				name := fold("/" + f.Name)
				values, err := a.sumOne(ctx, f, want[name])
				mu.Lock()
				for i, h := range want[name] {
					out[sumKey{name, h}] = sum{values[i], err}
				}
				mu.Unlock()
			}
		})
	}
	for _, f := range files {
		next <- f
	}
	close(next)
	wg.Wait()
	if err := a.src.failed(); err != nil {
		return nil, err
	}
	return out, ctx.Err()
}

// sumOne unpacks a part in one goroutine and hashes it in another.
func (a *archive) sumOne(ctx context.Context, f *zip.File, functions []crypto.Hash) ([][]byte, error) {
	values := make([][]byte, len(functions))
	hashes := make([]hash.Hash, len(functions))
	for i, h := range functions {
		hashes[i] = h.New()
	}
	r, err := f.Open()
	if err != nil {
		return values, a.fault("/"+f.Name, err)
	}
	defer r.Close()
	full, free := unpacked(r)
	defer func() {
		close(free)
		for range full { // until the other goroutine is done with r
		}
	}()
	read := uint64(0)
	for c := range full {
		for _, h := range hashes {
			h.Write(c.data)
		}
		if read += uint64(len(c.data)); read > f.UncompressedSize64 {
			return values, refuse("/"+f.Name, "it is larger than the ZIP directory says")
		}
		if err := ctx.Err(); err != nil {
			return values, err
		}
		if c.err != nil && !errors.Is(c.err, io.EOF) {
			return values, a.fault("/"+f.Name, c.err)
		}
		free <- c.data[:cap(c.data)]
	}
	for i, h := range hashes {
		values[i] = h.Sum(nil)
	}
	return values, nil
}

// chunk is a piece of a part, and the error that came with it.
type chunk struct {
	data []byte
	err  error
}

// unpacked reads r into the buffers that free hands back, until an error or until free is closed. Neither channel ever
// blocks for good: each has room for all buffers.
func unpacked(r io.Reader) (<-chan chunk, chan<- []byte) {
	const buffers, size = 4, 64 << 10
	full, free := make(chan chunk, buffers), make(chan []byte, buffers)
	for range buffers {
		free <- make([]byte, size)
	}
	go func() {
		defer close(full)
		for buf := range free {
			n, err := r.Read(buf)
			full <- chunk{buf[:n], err}
			if err != nil {
				return
			}
		}
	}()
	return full, free
}
