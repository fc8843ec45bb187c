package report

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/xuri/excelize/v2"
)

// parts are a workbook's parts by name, as excelize wrote them.
type parts map[string]*bytes.Buffer

// parts has excelize write the book. It writes into memory: the long sheets' rows are not in it.
func (b *book) parts() (parts, error) {
	if b.err != nil {
		return nil, fmt.Errorf("workbook: %w", b.err)
	}
	p := parts{}
	b.f.SetZipWriter(func(io.Writer) excelize.ZipWriter { return collector{p} })
	if err := b.f.Write(io.Discard); err != nil {
		return nil, fmt.Errorf("workbook: %w", err)
	}
	return p, p.sortContentTypes()
}

// collector is a ZIP writer that keeps the parts instead.
type collector struct{ parts parts }

func (c collector) Create(name string) (io.Writer, error) {
	c.parts[name] = new(bytes.Buffer)
	return c.parts[name], nil
}
func (c collector) AddFS(fs.FS) error { return errors.New("not a part of a workbook") }
func (c collector) Close() error      { return nil }

const contentTypes = "[Content_Types].xml"

// sortContentTypes puts the one part in order that excelize writes in the order of a map.
func (p parts) sortContentTypes() error {
	type byExtension struct {
		Extension   string `xml:",attr"`
		ContentType string `xml:",attr"`
	}
	type byPart struct {
		PartName    string `xml:",attr"`
		ContentType string `xml:",attr"`
	}
	var types struct {
		XMLName   xml.Name      `xml:"http://schemas.openxmlformats.org/package/2006/content-types Types"`
		Defaults  []byExtension `xml:"Default"`
		Overrides []byPart      `xml:"Override"`
	}
	part := p[contentTypes]
	if part == nil {
		return errors.New("workbook: no content types: this version of excelize writes packages in another way")
	}
	if err := xml.Unmarshal(part.Bytes(), &types); err != nil {
		return fmt.Errorf("workbook: content types: %w", err)
	}
	slices.SortFunc(types.Defaults, func(a, b byExtension) int { return cmp.Compare(a.Extension, b.Extension) })
	slices.SortFunc(types.Overrides, func(a, b byPart) int { return cmp.Compare(a.PartName, b.PartName) })
	b, err := xml.Marshal(types)
	if err != nil {
		return fmt.Errorf("workbook: content types: %w", err)
	}
	part.Reset()
	part.WriteString(xml.Header)
	part.Write(b)
	return nil
}
