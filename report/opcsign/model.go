package opcsign

import (
	"cmp"
	"slices"
)

// model is what a package says of itself: its parts, their content types and all relationships. Signing and verifying
// ask it the same question: what must a signature cover?
type model struct {
	types  contentTypes
	parts  []part                    // by name
	index  map[string]int            // of parts, by folded name
	rels   map[string][]relationship // by the folded name of the relationships part
	blanks map[string]int            // pieces of white space in it

	exempt  map[string]bool // parts that need no cover, by folded name
	machine map[string]bool // those of them that make up the signatures
	sigs    []string        // the signature parts, by folded name, in the order of their relationships
}

type part struct {
	name, contentType string
	rels              bool // a relationships part
}

// newModel reads the relationships and works out what is exempt. names are the parts' names as the package writes them.
func newModel(types contentTypes, names []string, readRels func(name string) ([]byte, error)) (*model, error) {
	m := &model{types: types, rels: map[string][]relationship{}, blanks: map[string]int{}, index: map[string]int{}, exempt: map[string]bool{}, machine: map[string]bool{}}
	for _, n := range names {
		m.parts = append(m.parts, part{n, types.of(n), isRels(n)})
	}
	slices.SortFunc(m.parts, func(a, b part) int { return cmp.Compare(a.name, b.name) })
	for i, p := range m.parts {
		m.index[fold(p.name)] = i
		if !p.rels {
			continue
		}
		data, err := readRels(p.name)
		if err != nil {
			return nil, err
		}
		rels, blanks, err := parseRels(data)
		if err != nil {
			return nil, at(p.name, err)
		}
		m.rels[fold(p.name)], m.blanks[fold(p.name)] = rels, blanks
	}
	if m.rels[rootRelsName] == nil {
		return nil, refuse("", "it has no relationships of its own (%s): not a package", rootRelsName[1:])
	}
	if err := m.findMachinery(); err != nil {
		return nil, err
	}
	return m, m.findExempt()
}

func (m *model) part(name string) (part, bool) {
	i, ok := m.index[fold(name)]
	if !ok {
		return part{}, false
	}
	return m.parts[i], true
}

// findMachinery follows the relationships from the package to the origin, to the signatures, to their certificates
// (ECMA-376 Part 2 §10.4). What no such relationship leads to is a part like any other, wherever it lies.
func (m *model) findMachinery() error {
	origins, err := m.targets("/", relOrigin)
	if err != nil {
		return err
	}
	if len(origins) > 1 {
		return refuse(rootRelsName, "it names more than one signature origin")
	}
	for _, origin := range origins {
		if m.sigs, err = m.targets(origin, relSignature); err != nil {
			return err
		}
		if err := m.claim(origin, relSignature, typeOrigin); err != nil {
			return err
		}
	}
	for _, sig := range m.sigs {
		certs, err := m.targets(sig, relCertificate)
		if err != nil {
			return err
		}
		if err := m.claim(sig, relCertificate, typeSignature); err != nil {
			return err
		}
		for _, c := range certs {
			if err := m.claim(c, "", ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// claim makes a part machinery: it has the content type it must have, and points at nothing but more machinery.
func (m *model) claim(name, onlyType, contentType string) error {
	p, ok := m.part(name)
	if !ok {
		return refuse(name, "the signature's relationships name this part, and it is missing")
	}
	if contentType != "" && p.contentType != contentType {
		return refuse(p.name, "it has the content type %q; a signature's is %q", p.contentType, contentType)
	}
	if m.machine[fold(name)] {
		return refuse(p.name, "two relationships lead to it; each signature has its own part")
	}
	m.machine[fold(name)] = true
	rels := relsOf(fold(name))
	for _, r := range m.rels[rels] {
		if r.typ != onlyType || r.external {
			return refuse(rels, "the signature's relationship %q is of the type %q, which has no place there", r.id, r.typ)
		}
	}
	if m.rels[rels] != nil {
		m.machine[rels] = true
	}
	return nil
}

// targets are the parts that a part's relationships of one type lead to, by folded name.
func (m *model) targets(source, typ string) ([]string, error) {
	var out []string
	for _, r := range m.rels[relsOf(fold(source))] {
		if r.typ != typ || r.external {
			continue
		}
		target, err := resolve(fold(source), r.target)
		if err != nil {
			return nil, at(relsOf(source), err)
		}
		if !slices.Contains(out, fold(target)) {
			out = append(out, fold(target))
		}
	}
	return out, nil
}

// findExempt settles which parts need no cover: the signatures, and the properties that only the package itself points
// at. One relationship from elsewhere, and the part is content.
func (m *model) findExempt() error {
	content := map[string]bool{}
	for name, rels := range m.rels {
		source := sourceOf(name)
		for _, r := range rels {
			if r.external {
				continue
			}
			target, err := resolve(source, r.target)
			if err != nil {
				return at(name, err)
			}
			if name == rootRelsName && exemptTypes[r.typ] {
				m.exempt[fold(target)] = true
			} else if !m.machine[name] {
				content[fold(target)] = true
			}
		}
	}
	for name := range content {
		delete(m.exempt, name)
		if m.machine[name] {
			return refuse(name, "content points at this part of a signature")
		}
	}
	for name := range m.machine {
		m.exempt[name] = true
	}
	return nil
}

// exemptTypes are the package's own relationships that are not covered, with what they lead to: Office rewrites the
// properties whenever it saves, and the signature's origin comes after signing.
var exemptTypes = map[string]bool{
	relOrigin: true,
	"http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties":        true,
	"http://schemas.openxmlformats.org/officedocument/2006/relationships/metadata/core-properties": true,
	"http://schemas.openxmlformats.org/package/2006/relationships/metadata/thumbnail":              true,
	"http://schemas.openxmlformats.org/officeDocument/2006/relationships/extended-properties":      true,
	"http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties":        true,
	"http://purl.oclc.org/ooxml/officeDocument/relationships/metadata/thumbnail":                   true,
	"http://purl.oclc.org/ooxml/officeDocument/relationships/extendedProperties":                   true,
	"http://purl.oclc.org/ooxml/officeDocument/relationships/customProperties":                     true,
}

// demanded are the parts that a signature must cover.
func (m *model) demanded() []part {
	var out []part
	for _, p := range m.parts {
		if !m.exempt[fold(p.name)] {
			out = append(out, p)
		}
	}
	return out
}

// demands tells whether a relationship must be covered.
func (m *model) demands(rels string, r relationship) bool {
	return fold(rels) != rootRelsName || !exemptTypes[r.typ]
}
