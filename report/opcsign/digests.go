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
			buf := make([]byte, 128<<10)
			for f := range next {
				name := fold("/" + f.Name)
				values, err := a.sumOne(ctx, f, want[name], buf)
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

func (a *archive) sumOne(ctx context.Context, f *zip.File, functions []crypto.Hash, buf []byte) ([][]byte, error) {
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
	for read := uint64(0); ; {
		if err := ctx.Err(); err != nil {
			return values, err
		}
		n, err := r.Read(buf)
		for _, h := range hashes {
			h.Write(buf[:n])
		}
		if read += uint64(n); read > f.UncompressedSize64 {
			return values, refuse("/"+f.Name, "it is larger than the ZIP directory says")
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return values, a.fault("/"+f.Name, err)
		}
	}
	for i, h := range hashes {
		values[i] = h.Sum(nil)
	}
	return values, nil
}
