package report

import (
	"archive/zip"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"rollcall/report/opcsign"
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

// signs makes the entries that sign a package of some content: they take the place of its content types and relationships.
type signs func(*opcsign.Content) ([]opcsign.Entry, error)

// finish writes the parts that were not streamed, in the order of their names, signs where it is asked to, and ends the file.
func (p *pack) finish(rest parts, sign signs) error {
	content := opcsign.Content{Rels: map[string][]byte{}, Digests: map[string]opcsign.Digest{}}
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		data := rest[name].Bytes()
		if sign != nil && name == contentTypes {
			content.Types = data
			continue
		}
		if strings.HasSuffix(name, ".rels") {
			content.Rels[name] = data
		}
		if p.written[name] || sign != nil && name == rootRels {
			continue
		}
		if err := p.part(name, data); err != nil {
			return err
		}
	}
	if sign != nil {
		for name, sum := range p.sums {
			if content.Rels[name] == nil {
				content.Digests[name] = opcsign.Digest(sum.Sum(nil))
			}
		}
		entries, err := sign(&content)
		if err != nil {
			return fmt.Errorf("workbook: %w", err)
		}
		for _, e := range entries {
			if err := p.part(e.Name, e.Data); err != nil {
				return err
			}
		}
	}
	if err := p.zip.Close(); err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	return nil
}

const rootRels = "_rels/.rels"

// part writes a part whole.
func (p *pack) part(name string, data []byte) error {
	w, err := p.create(name)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return fmt.Errorf("workbook: %s: %w", name, err)
	}
	return nil
}
