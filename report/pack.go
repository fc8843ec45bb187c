package report

import (
	"archive/zip"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"time"
)

// pack writes parts into a ZIP file that depends on nothing but them: no clock, one order, and as many cores as there are.
type pack struct {
	zip     *zip.Writer
	out     *deflater
	written map[string]bool
	sums    map[string]hash.Hash // SHA-256 of each part's bytes, taken while they are written; nil: nobody asked
}

// newPack starts a file. A signature wants the sum of every part: with summed they are taken on the way, which spares it
// another reading of them all.
func newPack(w io.Writer, summed bool) *pack {
	p := &pack{zip: zip.NewWriter(w), out: newDeflater(), written: map[string]bool{}}
	if summed {
		p.sums = map[string]hash.Hash{}
	}
	p.zip.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return p.out.reset(out), nil })
	return p
}

// earliest is the first moment ZIP knows: the same content gives the same bytes at any time.
var earliest = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// create starts a part; the one before it ends.
func (p *pack) create(name string) (io.Writer, error) {
	p.written[name] = true
	w, err := p.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: earliest})
	if err != nil {
		return nil, fmt.Errorf("workbook: %s: %w", name, err)
	}
	if p.sums != nil {
		p.sums[name] = sha256.New()
		w = io.MultiWriter(w, p.sums[name])
	}
	return w, nil
}

// finish writes the parts that were not streamed, in the order of their names, and ends the file.
func (p *pack) finish(rest parts) error {
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		if p.written[name] {
			continue
		}
		w, err := p.create(name)
		if err != nil {
			return err
		}
		if _, err := w.Write(rest[name].Bytes()); err != nil {
			return fmt.Errorf("workbook: %s: %w", name, err)
		}
	}
	if err := p.zip.Close(); err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	return nil
}
