package opcsign

import (
	"bytes"
	"slices"
	"strings"
)

// canonical is Canonical XML 1.0 (W3C, 15 March 2001) of an element as a subset of its document, with all below it: what
// is in scope from its ancestors (namespaces, and attributes such as xml:lang) is rendered on it.
func canonical(apex *element, comments bool) []byte {
	c := canonicalizer{comments: comments}
	decls := map[string]string{}
	xmlAttrs := slices.Clone(apex.attrs)
	for e := apex; e != nil; e = e.parent {
		for _, d := range e.decls {
			if _, nearer := decls[d.prefix]; !nearer {
				decls[d.prefix] = d.uri
			}
		}
		for _, a := range e.attrs {
			same := func(b attr) bool { return b.ns == a.ns && b.local == a.local }
			if e != apex && a.ns == nsXML && !slices.ContainsFunc(xmlAttrs, same) {
				xmlAttrs = append(xmlAttrs, a)
			}
		}
	}
	render := make([]decl, 0, len(decls))
	for prefix, uri := range decls {
		if uri != "" {
			render = append(render, decl{prefix, uri})
		}
	}
	c.element(apex, render, xmlAttrs)
	return c.out.Bytes()
}

// canonicalExclusive is Exclusive XML Canonicalization 1.0 of an element that holds text alone.
func canonicalExclusive(el *element) []byte {
	c := canonicalizer{}
	var render []decl
	if el.ns != "" {
		render = []decl{{el.prefix, el.ns}}
	}
	c.element(el, render, el.attrs)
	return c.out.Bytes()
}

type canonicalizer struct {
	out      bytes.Buffer
	comments bool
}

func (c *canonicalizer) element(el *element, decls []decl, attrs []attr) {
	name := qualified(el.prefix, el.local)
	c.out.WriteByte('<')
	c.out.WriteString(name)
	slices.SortFunc(decls, func(a, b decl) int { return strings.Compare(a.prefix, b.prefix) })
	for _, d := range decls {
		if d.prefix == "xml" {
			continue
		}
		attribute := "xmlns"
		if d.prefix != "" {
			attribute += ":" + d.prefix
		}
		c.attr(attribute, d.uri)
	}
	slices.SortStableFunc(attrs, func(a, b attr) int {
		return strings.Compare(a.ns+"\x00"+a.local, b.ns+"\x00"+b.local)
	})
	for _, a := range attrs {
		c.attr(qualified(a.prefix, a.local), a.value)
	}
	c.out.WriteByte('>')
	for _, n := range el.children {
		switch {
		case n.el != nil:
			c.element(n.el, n.el.fresh(), n.el.attrs)
		case !n.comment:
			textEscaper.WriteString(&c.out, n.text)
		case c.comments:
			c.out.WriteString("<!--" + n.text + "-->")
		}
	}
	c.out.WriteString("</" + name + ">")
}

func (c *canonicalizer) attr(name, value string) {
	c.out.WriteString(" " + name + `="`)
	attrEscaper.WriteString(&c.out, value)
	c.out.WriteByte('"')
}

// fresh are the declarations that say something new, as against what is in scope at the parent.
func (el *element) fresh() []decl {
	var out []decl
	for _, d := range el.decls {
		if uri, _ := el.parent.lookup(d.prefix); uri != d.uri {
			out = append(out, d)
		}
	}
	return out
}

func qualified(prefix, local string) string {
	if prefix == "" {
		return local
	}
	return prefix + ":" + local
}

// The escapes of Canonical XML 1.0 §2.3.
var (
	textEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;")
	attrEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\t", "&#x9;", "\n", "&#xA;", "\r", "&#xD;")
)
