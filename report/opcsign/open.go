package opcsign

import (
	"io"
	"slices"
)

// opened is a package with its model.
type opened struct {
	*archive
	*model
	typesXML []byte
	relsXML  map[string][]byte // by part name; kept only for signing
}

func open(src io.ReaderAt, size int64, limits Limits, keepRels bool) (*opened, error) {
	a, err := openArchive(src, size, limits)
	if err != nil {
		return nil, err
	}
	p := &opened{archive: a, relsXML: map[string][]byte{}}
	if p.typesXML, err = a.readXML(contentTypesName, a.types); err != nil {
		return nil, err
	}
	types, err := parseTypes(p.typesXML)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(a.files))
	for _, f := range a.files {
		names = append(names, "/"+f.Name)
	}
	p.model, err = newModel(types, slices.Sorted(slices.Values(names)), func(name string) ([]byte, error) {
		data, err := a.readXML(name, a.files[fold(name)])
		if keepRels {
			p.relsXML[name] = data
		}
		return data, err
	})
	return p, err
}
