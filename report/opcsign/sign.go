package opcsign

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Sign writes a signed copy of a finished package. Entries are copied as they are packed, so nothing of the content can
// change; only [Content_Types].xml and _rels/.rels get their lines for the signature. After an error, what was written is
// no package.
func Sign(ctx context.Context, dst io.Writer, src io.ReaderAt, size int64, o Options) (*Result, error) {
	result, err := sign(ctx, dst, src, size, &o)
	if err != nil {
		return nil, fmt.Errorf("opcsign: sign: %w", err)
	}
	return result, nil
}

func sign(ctx context.Context, dst io.Writer, src io.ReaderAt, size int64, o *Options) (*Result, error) {
	if _, err := o.usable(); err != nil {
		return nil, err // before the work
	}
	p, err := open(src, size, o.Limits, true)
	if err != nil {
		return nil, err
	}
	dropped, err := p.strip(o.Replace)
	if err != nil {
		return nil, err
	}
	c, err := p.content(ctx, dropped, o.Digests)
	if err != nil {
		return nil, err
	}
	entries, result, err := c.sign(ctx, o)
	if err != nil {
		return nil, err
	}
	return result, p.write(ctx, dst, dropped, entries)
}

// strip takes the signatures out of what is to be signed, and gives the folded names of the parts that must go.
func (p *opened) strip(replace bool) (map[string]bool, error) {
	traces := p.traces()
	dropped := map[string]bool{}
	for _, t := range traces {
		dropped[fold(t)] = true
	}
	linked := slices.ContainsFunc(p.model.rels[rootRelsName], func(r relationship) bool { return r.typ == relOrigin })
	if len(traces) == 0 && !linked {
		return dropped, nil
	}
	if !replace {
		return nil, errors.New("the package has a signature already: replace it, or sign the unsigned file")
	}
	var err error
	p.typesXML, err = edit(p.typesXML, func(el *element) bool { return el.is(nsTypes, "Override") && dropped[fold(el.attr("PartName"))] })
	if err != nil {
		return nil, at(contentTypesName, err)
	}
	for name, data := range p.relsXML {
		if fold(name) == rootRelsName {
			p.relsXML[name], err = edit(data, func(el *element) bool { return el.attr("Type") == relOrigin })
		}
	}
	return dropped, at(rootRelsName, err)
}

// content gathers the digests: those handed in, and those of parts that have to be read for it.
func (p *opened) content(ctx context.Context, dropped map[string]bool, given map[string]Digest) (*Content, error) {
	c := &Content{Types: p.typesXML, Rels: map[string][]byte{}, Digests: map[string]Digest{}}
	known := map[string]Digest{}
	for name, d := range given {
		name = "/" + strings.TrimPrefix(name, "/")
		if q, ok := p.part(name); !ok || q.rels {
			return nil, refuse(name, "a digest was given for it, and the package has no such part: the digests are of another package")
		}
		known[fold(name)] = d
	}
	want := map[string][]crypto.Hash{}
	for _, q := range p.parts {
		name := q.name[1:]
		d, ok := known[fold(q.name)]
		switch {
		case dropped[fold(q.name)]:
		case q.rels:
			c.Rels[name] = p.relsXML[q.name]
		case ok || p.exempt[fold(q.name)]:
			c.Digests[name] = d // what is exempt is not covered
		default:
			want[fold(q.name)] = []crypto.Hash{crypto.SHA256}
		}
	}
	sums, err := p.sum(ctx, want)
	if err != nil {
		return nil, err
	}
	for key, s := range sums {
		if s.err != nil {
			return nil, s.err
		}
		c.Digests[p.files[key.part].Name] = Digest(s.value)
	}
	return c, nil
}

// write copies the entries, puts the edited ones in their places and the new ones last.
func (p *opened) write(ctx context.Context, dst io.Writer, dropped map[string]bool, entries []Entry) error {
	out := bufio.NewWriterSize(dst, 256<<10)
	z := zip.NewWriter(out)
	left := slices.Clone(entries)
	for _, f := range p.zip.File {
		if err := ctx.Err(); err != nil {
			return err
		}
		if dropped[fold("/"+f.Name)] {
			continue
		}
		var err error
		if i := slices.IndexFunc(left, func(e Entry) bool { return strings.EqualFold(e.Name, f.Name) }); i >= 0 {
			err = writeEntry(z, left[i])
			left = slices.Delete(left, i, i+1)
		} else {
			err = z.Copy(f)
		}
		if err != nil {
			return p.copyFault(f.Name, err)
		}
	}
	for _, e := range left {
		if err := writeEntry(z, e); err != nil {
			return fmt.Errorf("write %s: %w", e.Name, err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("write the package: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the package: %w", err)
	}
	return nil
}

func (p *opened) copyFault(name string, err error) error {
	if own := p.src.failed(); own != nil {
		return fmt.Errorf("read the package: %w", own)
	}
	return fmt.Errorf("copy %s: %w", name, err)
}

// earliest is the first moment ZIP knows: what is written depends on nothing but the content.
var earliest = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

func writeEntry(z *zip.Writer, e Entry) error {
	method := zip.Deflate
	if len(e.Data) == 0 {
		method = zip.Store
	}
	w, err := z.CreateHeader(&zip.FileHeader{Name: e.Name, Method: method, Modified: earliest})
	if err == nil {
		_, err = w.Write(e.Data)
	}
	return err
}
