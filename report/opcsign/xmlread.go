package opcsign

import (
	"bytes"
	"encoding/xml"
	"io"
	"slices"
	"strings"
)

// The XML that a signature rests on is read strictly: UTF-8, no document type, no processing instructions, no entities
// but the five of XML, one root, every prefix declared, no attribute twice, bounded depth and number of elements. ECMA-376 Part 2
// §6.1.2 forbids most of it; the rest no producer writes, and refusing it leaves no two readings of one document.
const (
	maxDepth      = 64
	maxElements   = 1 << 19
	maxAttributes = 64  // of one element
	maxInScope    = 256 // namespace declarations on one path
)

type attr struct{ prefix, local, ns, value string }

type decl struct{ prefix, uri string }

// element is an element with its prefix as written, which Canonical XML keeps.
type element struct {
	prefix, local, ns string
	attrs             []attr
	decls             []decl // namespace declarations, of which C14N renders the ones that are new
	inScope           int    // declarations here and above
	parent            *element
	children          []node // filled by readTree alone
}

// node is an element, a text or a comment.
type node struct {
	el      *element
	text    string
	comment bool
}

// xmlReader yields a document's elements and texts, checked.
type xmlReader struct {
	d        *xml.Decoder
	open     *element // the innermost open element
	depth    int
	elements int
	started  bool // the root was seen
	tokens   int
	start    int64 // offset of the token just read
}

func newXMLReader(data []byte) *xmlReader {
	return &xmlReader{d: xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))}
}

// event is the start of an element, its end, or a node of text.
type event struct {
	start, end *element
	node       node
}

// next gives the next event; io.EOF after the root's end.
func (r *xmlReader) next() (event, error) {
	for {
		r.start = r.d.InputOffset()
		token, err := r.d.RawToken()
		if err == io.EOF && (r.open != nil || !r.started) {
			return event{}, refuse("", "not XML: it ends too early")
		}
		if err == io.EOF {
			return event{}, io.EOF
		}
		if err != nil {
			return event{}, refuse("", "not XML: %v", err)
		}
		r.tokens++
		ev, err := r.event(token)
		if err != nil || ev != (event{}) {
			return ev, err
		}
	}
}

// event checks one token; the empty event is none.
func (r *xmlReader) event(token xml.Token) (event, error) {
	switch t := token.(type) {
	case xml.StartElement:
		el, err := r.enter(t)
		return event{start: el}, err
	case xml.EndElement:
		el := r.open
		if el == nil || t.Name.Space != el.prefix || t.Name.Local != el.local {
			return event{}, refuse("", "not XML: the end tag %s closes nothing", t.Name.Local)
		}
		r.open, r.depth = el.parent, r.depth-1
		return event{end: el}, nil
	case xml.CharData:
		if r.open == nil {
			if len(bytes.TrimSpace(t)) > 0 {
				return event{}, refuse("", "not XML: text outside the root element")
			}
			return event{}, nil
		}
		return event{node: node{text: string(t)}}, nil
	case xml.Comment:
		if r.open == nil {
			return event{}, nil
		}
		return event{node: node{text: string(t), comment: true}}, nil
	case xml.ProcInst:
		if t.Target == "xml" && r.tokens == 1 {
			return event{}, nil
		}
		return event{}, refuse("", "a processing instruction (%s); such XML is not accepted", t.Target)
	}
	return event{}, refuse("", "a document type declaration; ECMA-376 Part 2 forbids it")
}

func (r *xmlReader) enter(t xml.StartElement) (*element, error) {
	if r.open == nil && r.started {
		return nil, refuse("", "not XML: two root elements")
	}
	r.started = true
	if r.depth, r.elements = r.depth+1, r.elements+1; r.depth > maxDepth || r.elements > maxElements {
		return nil, refuse("", "the XML is deeper than %d or has more than %d elements", maxDepth, maxElements)
	}
	el := &element{prefix: t.Name.Space, local: t.Name.Local, parent: r.open}
	if err := el.fill(t.Attr); err != nil {
		return nil, err
	}
	r.open = el
	return el, nil
}

// fill sets an element's declarations and attributes, and resolves the namespaces of Namespaces in XML 1.0.
func (el *element) fill(attrs []xml.Attr) error {
	if len(attrs) > maxAttributes {
		return refuse("", "the XML has an element with more than %d attributes", maxAttributes)
	}
	for _, a := range attrs {
		if strings.ContainsAny(a.Value, "\t\n\r") {
			return refuse("", "the attribute %s has a line break or tab; such XML is not accepted", a.Name.Local)
		}
		switch {
		case a.Name.Space == "xmlns":
			if a.Value == "" || a.Name.Local == "xmlns" || (a.Name.Local == "xml") != (a.Value == nsXML) {
				return refuse("", "not XML: the prefix %q cannot be declared so", a.Name.Local)
			}
			el.decls = append(el.decls, decl{a.Name.Local, a.Value})
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			el.decls = append(el.decls, decl{"", a.Value})
		default:
			el.attrs = append(el.attrs, attr{a.Name.Space, a.Name.Local, "", a.Value})
		}
	}
	if el.inScope = len(el.decls); el.parent != nil {
		el.inScope += el.parent.inScope
	}
	if el.inScope > maxInScope {
		return refuse("", "the XML declares more than %d namespaces at one place", maxInScope)
	}
	var err error
	if el.ns, err = el.resolve(el.prefix, el.local); err != nil {
		return err
	}
	for i := range el.attrs {
		a := &el.attrs[i]
		if a.prefix == "" {
			continue // an attribute without a prefix is in no namespace
		}
		if a.ns, err = el.resolve(a.prefix, a.local); err != nil {
			return err
		}
	}
	return el.unique()
}

func (el *element) resolve(prefix, local string) (string, error) {
	uri, ok := el.lookup(prefix)
	if !ok && prefix != "" {
		return "", refuse("", "not XML: the prefix %q is not declared", prefix)
	}
	if local == "" || strings.Contains(local, ":") {
		return "", refuse("", "not XML: the name %q has a misplaced colon", local)
	}
	return uri, nil
}

// unique refuses an attribute or a declaration that stands twice.
func (el *element) unique() error {
	slices.SortFunc(el.attrs, func(a, b attr) int {
		if c := strings.Compare(a.ns, b.ns); c != 0 {
			return c
		}
		return strings.Compare(a.local, b.local)
	})
	slices.SortFunc(el.decls, func(a, b decl) int { return strings.Compare(a.prefix, b.prefix) })
	for i := 1; i < len(el.attrs); i++ {
		if el.attrs[i].ns == el.attrs[i-1].ns && el.attrs[i].local == el.attrs[i-1].local {
			return refuse("", "not XML: the attribute %s stands twice in %s", el.attrs[i].local, el.local)
		}
	}
	for i := 1; i < len(el.decls); i++ {
		if el.decls[i].prefix == el.decls[i-1].prefix {
			return refuse("", "not XML: a namespace is declared twice in %s", el.local)
		}
	}
	return nil
}

// lookup is the namespace a prefix stands for at an element.
func (el *element) lookup(prefix string) (string, bool) {
	if prefix == "xml" {
		return nsXML, true
	}
	for e := el; e != nil; e = e.parent {
		for _, d := range e.decls {
			if d.prefix == prefix {
				return d.uri, true
			}
		}
	}
	return "", false
}
