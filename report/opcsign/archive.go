package opcsign

import (
	"archive/zip"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"
)

// archive is the ZIP file of a package: its entries by part name, checked (ECMA-376 Part 2 §7).
type archive struct {
	src    *source
	limits Limits
	xml    int64 // bytes of XML read so far
	zip    *zip.Reader
	types  *zip.File            // [Content_Types].xml
	files  map[string]*zip.File // by folded part name
}

func openArchive(src io.ReaderAt, size int64, limits Limits) (*archive, error) {
	a := &archive{src: &source{src: src}, limits: limits.withDefaults(), files: map[string]*zip.File{}}
	a.src.limit(directoryLimit)
	var err error
	a.zip, err = zip.NewReader(a.src, size)
	a.src.limit(0)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, a.fault("", err)
	}
	a.zip.RegisterDecompressor(zip.Deflate, flate.NewReader) // a third less time than the standard library's for a large sheet
	if len(a.zip.File) > a.limits.Entries {
		return nil, refuse("", "the ZIP file has %d entries, more than the limit of %d", len(a.zip.File), a.limits.Entries)
	}
	total := int64(0)
	for _, f := range a.zip.File {
		if err := a.add(f); err != nil {
			return nil, err
		}
		if total += int64(f.UncompressedSize64); total > a.limits.Total {
			return nil, refuse("", "the parts are larger than the limit of %d MiB together", a.limits.Total>>20)
		}
	}
	if a.types == nil {
		return nil, refuse("", "it has no %s: not a package", contentTypesName)
	}
	return a, a.layout()
}

// add checks one entry and files it.
func (a *archive) add(f *zip.File) error {
	if strings.HasSuffix(f.Name, "/") && f.UncompressedSize64 == 0 && f.CompressedSize64 == 0 {
		return nil // a folder, which some ZIP tools write and which holds nothing
	}
	size, stored := f.UncompressedSize64, f.CompressedSize64
	switch {
	case f.Flags&0x1 != 0:
		return refuse("", "the ZIP entry %q is encrypted", f.Name)
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return refuse("", "the ZIP entry %q is packed by method %d, which packages may not use", f.Name, f.Method)
	case size > uint64(a.limits.Part):
		return refuse("", "the ZIP entry %q is larger than the limit of %d MiB", f.Name, a.limits.Part>>20)
	case size > ratioFrom && size/uint64(a.limits.Ratio) > stored:
		return refuse("", "the ZIP entry %q inflates to more than %d times its size: a ZIP bomb", f.Name, a.limits.Ratio)
	}
	if strings.EqualFold(f.Name, contentTypesName) {
		if a.types != nil || f.Name != contentTypesName {
			return refuse("", "the ZIP entry %q stands twice or is misspelt", f.Name)
		}
		a.types = f
		return nil
	}
	name := "/" + f.Name
	if err := checkPartName(name); err != nil {
		return err
	}
	if twice := a.files[fold(name)]; twice != nil {
		return refuse(name, "the ZIP file has this part twice (%q and %q)", twice.Name, f.Name)
	}
	a.files[fold(name)] = f
	return nil
}

// fault turns an error into one of the package, unless the source itself failed.
func (a *archive) fault(part string, err error) error {
	if own := a.src.failed(); own != nil {
		return own
	}
	var r *refusal
	switch {
	case errors.As(err, &r):
		return at(part, err)
	case part == "":
		return refuse("", "not a ZIP file: %v", err)
	}
	return refuse(part, "it cannot be unpacked: %v", err)
}

// readXML reads an entry that is needed in memory.
func (a *archive) readXML(part string, f *zip.File) ([]byte, error) {
	if a.xml += int64(f.UncompressedSize64); a.xml > a.limits.XML {
		return nil, refuse(part, "the XML of the package is larger than the limit of %d MiB", a.limits.XML>>20)
	}
	r, err := f.Open()
	if err != nil {
		return nil, a.fault(part, err)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, int64(f.UncompressedSize64)+1))
	if err != nil {
		return nil, a.fault(part, err)
	}
	return data, nil
}
