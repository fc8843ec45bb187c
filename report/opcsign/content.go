package opcsign

import (
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Digest is the SHA-256 sum of a part's bytes, as they are before packing.
type Digest [sha256.Size]byte

// Content is what a signature rests on, for a writer that signs in one pass: it hashes the parts while it writes them,
// keeps the content types and relationships, which are small, and writes what Sign returns last.
type Content struct {
	Types   []byte            // [Content_Types].xml
	Rels    map[string][]byte // every relationships part, by ZIP name
	Digests map[string]Digest // all other parts, by ZIP name
}

// Entry is a part to be written into the package.
type Entry struct {
	Name string // in the ZIP file
	Data []byte
}

// Result says what was signed.
type Result struct {
	Method        string // of the signature, as in "RSA with SHA-256"
	Parts         int    // covered, relationships parts not counted
	Relationships int    // covered
	Timestamp     time.Time
	NoTimestamp   error // why there is no timestamp although one was asked for
}

// Sign gives the entries that make the content a signed package: the content types and the package's relationships, in
// place of those in Content, and the parts of the signature. The content must not be signed yet; Options.Digests,
// Replace and Limits have no use here.
func (c *Content) Sign(ctx context.Context, o Options) ([]Entry, *Result, error) {
	entries, result, err := c.sign(ctx, &o)
	if err != nil {
		return nil, nil, fmt.Errorf("opcsign: sign: %w", err)
	}
	return entries, result, nil
}

func (c *Content) sign(ctx context.Context, o *Options) ([]Entry, *Result, error) {
	method, err := o.usable()
	if err != nil {
		return nil, nil, err
	}
	m, digests, err := c.model()
	if err != nil {
		return nil, nil, err
	}
	if len(m.traces()) > 0 {
		return nil, nil, fmt.Errorf("%s: the package has a signature already: replace it, or take it away first", m.traces()[0])
	}
	refs, result, err := m.references(digests)
	if err != nil {
		return nil, nil, err
	}
	result.Method = signatureMethods[method].String()
	part, err := signaturePart(o, method, refs, func(imprint []byte) []byte { return o.timestamp(ctx, imprint, result) })
	if err != nil {
		return nil, nil, err
	}
	if _, err := readTree(part); err != nil {
		return nil, nil, at(signatureName, err)
	}
	entries, err := c.entries(m, part)
	return entries, result, err
}

// model checks the content as a package is checked that was read.
func (c *Content) model() (*model, map[string]Digest, error) {
	types, err := parseTypes(c.Types)
	if err != nil {
		return nil, nil, err
	}
	rels, digests := map[string][]byte{}, map[string]Digest{}
	seen := map[string]bool{}
	var names []string
	add := func(zipName string) (string, error) {
		name := "/" + strings.TrimPrefix(zipName, "/")
		if err := checkPartName(name); err != nil {
			return "", err
		}
		if seen[fold(name)] {
			return "", refuse(name, "the part stands twice")
		}
		seen[fold(name)] = true
		names = append(names, name)
		return name, nil
	}
	for n, data := range c.Rels {
		name, err := add(n)
		if err != nil {
			return nil, nil, err
		}
		rels[name] = data
	}
	for n, d := range c.Digests {
		name, err := add(n)
		if err != nil {
			return nil, nil, err
		}
		if digests[name] = d; isRels(name) {
			return nil, nil, refuse(name, "it is a relationships part: its bytes are needed, not its digest")
		}
	}
	m, err := newModel(types, names, func(name string) ([]byte, error) { return rels[name], nil })
	return m, digests, err
}

// traces are parts of signatures, those that no relationship leads to included: some viewers look at the names alone.
func (m *model) traces() []string {
	var out []string
	for _, p := range m.parts {
		if m.machine[fold(p.name)] || strings.HasPrefix(fold(p.name), signatureFolder) || p.contentType == typeSignature || p.contentType == typeOrigin {
			out = append(out, p.name)
		}
	}
	return out
}

// references lists what is signed: the parts by name, then the relationships parts, as Office does.
func (m *model) references(digests map[string]Digest) ([]reference, *Result, error) {
	var parts, rels []reference
	result := &Result{}
	for _, p := range m.demanded() {
		if err := checkContentType(p); err != nil {
			return nil, nil, err
		}
		r := reference{uri: p.name + "?ContentType=" + p.contentType}
		if !p.rels {
			d := digests[p.name]
			r.digest = d[:]
			parts = append(parts, r)
			continue
		}
		chosen := func(rel relationship) bool { return m.demands(p.name, rel) }
		r.ids = []string{}
		all := m.rels[fold(p.name)]
		for _, rel := range all {
			if chosen(rel) {
				r.ids = append(r.ids, rel.id)
			}
		}
		r.digest = hashOf(crypto.SHA256, transformed(all, chosen))
		rels = append(rels, r)
		result.Relationships += len(r.ids)
	}
	result.Parts = len(parts)
	return slices.Concat(parts, rels), result, nil
}

// checkContentType refuses a type that cannot stand in a reference as it is (RFC 2045 §5.1 without parameters; ECMA-376 Part 2 §6.2.3.2).
func checkContentType(p part) error {
	if p.contentType == "" {
		return refuse(p.name, "%s gives it no content type: such a part cannot be signed", contentTypesName)
	}
	if p.rels && p.contentType != typeRels {
		return refuse(p.name, "it is a relationships part of the content type %q", p.contentType)
	}
	for i := range len(p.contentType) {
		if c := p.contentType[i]; c <= ' ' || c > '~' || strings.IndexByte(`()<>@,;:\"[]?={}`, c) >= 0 {
			return refuse(p.name, "its content type %q has the character %q", p.contentType, c)
		}
	}
	return nil
}

// timestamp asks for a token; a failure is no failure of the signature.
func (o *Options) timestamp(ctx context.Context, imprint []byte, result *Result) []byte {
	if o.Timestamp == nil {
		return nil
	}
	token, err := o.Timestamp(ctx, imprint, crypto.SHA256)
	if err != nil {
		result.NoTimestamp = fmt.Errorf("no timestamp: %w", err)
		return nil
	}
	t, err := parseToken(token)
	if err == nil && (t.hash != crypto.SHA256 || string(t.imprint) != string(imprint)) {
		err = errors.New("it is over something else than this signature")
	}
	if err != nil {
		result.NoTimestamp = fmt.Errorf("no timestamp: the authority's token is of no use: %w", err)
		return nil
	}
	result.Timestamp = t.time
	return token
}

// entries are the edited parts and the new ones.
func (c *Content) entries(m *model, signature []byte) ([]Entry, error) {
	none := func(*element) bool { return false }
	add := [][]string{{"Override", "PartName", signatureName, "ContentType", typeSignature}}
	switch ct := m.types.defaults["sigs"]; ct {
	case "":
		add = slices.Insert(add, 0, []string{"Default", "Extension", "sigs", "ContentType", typeOrigin})
	case typeOrigin:
	default:
		add = append(add, []string{"Override", "PartName", originName, "ContentType", typeOrigin})
	}
	types, err := edit(c.Types, none, add...)
	if err != nil {
		return nil, at(contentTypesName, err)
	}
	var root []byte
	for name, data := range c.Rels {
		if fold("/"+strings.TrimPrefix(name, "/")) == rootRelsName {
			root = data
		}
	}
	root, err = edit(root, none, []string{"Relationship", "Id", freshID(m.rels[rootRelsName]), "Type", relOrigin, "Target", originName[1:]})
	if err != nil {
		return nil, at(rootRelsName, err)
	}
	originRels := `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" + `<Relationships xmlns="` + nsRels +
		`"><Relationship Id="rId1" Type="` + relSignature + `" Target="sig1.xml"/></Relationships>`
	return []Entry{
		{contentTypesName, types}, {rootRelsName[1:], root},
		{originName[1:], nil}, {originRelsName[1:], []byte(originRels)}, {signatureName[1:], signature},
	}, nil
}

// freshID is the first of rId1, rId2, … that is free.
func freshID(rels []relationship) string {
	for n := 1; ; n++ {
		id := fmt.Sprintf("rId%d", n)
		if !slices.ContainsFunc(rels, func(r relationship) bool { return r.id == id }) {
			return id
		}
	}
}
