package opcsign

import (
	"io"
	"strings"
)

// readTree reads a whole document.
func readTree(data []byte) (*element, error) {
	r := newXMLReader(data)
	var root *element
	for {
		ev, err := r.next()
		switch {
		case err == io.EOF:
			return root, nil
		case err != nil:
			return nil, err
		case ev.start != nil && ev.start.parent == nil:
			root = ev.start
		case ev.start != nil:
			ev.start.parent.children = append(ev.start.parent.children, node{el: ev.start})
		case ev.end == nil:
			r.open.children = append(r.open.children, ev.node)
		}
	}
}

// is tells whether an element has this name.
func (el *element) is(ns, local string) bool { return el != nil && el.ns == ns && el.local == local }

// attr is the value of an attribute without a namespace.
func (el *element) attr(local string) string {
	for _, a := range el.attrs {
		if a.ns == "" && a.local == local {
			return a.value
		}
	}
	return ""
}

// elements are the children of this name.
func (el *element) elements(ns, local string) []*element {
	var out []*element
	if el == nil {
		return nil
	}
	for _, c := range el.children {
		if c.el.is(ns, local) {
			out = append(out, c.el)
		}
	}
	return out
}

// only is the one child of this name; nil when there is none or more than one.
func (el *element) only(ns, local string) *element {
	found := el.elements(ns, local)
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// path follows only children of one namespace.
func (el *element) path(ns string, locals ...string) *element {
	for _, l := range locals {
		el = el.only(ns, l)
	}
	return el
}

// textOf is what a leaf says, without white space around it; an element in it is an error of the document, and gives "".
func (el *element) textOf() string {
	if el == nil {
		return ""
	}
	var b strings.Builder
	for _, c := range el.children {
		if c.el != nil {
			return ""
		}
		if !c.comment {
			b.WriteString(c.text)
		}
	}
	return strings.Trim(b.String(), " \t\r\n")
}

// each visits an element and all below it, in document order.
func (el *element) each(visit func(*element)) {
	visit(el)
	for _, c := range el.children {
		if c.el != nil {
			c.el.each(visit)
		}
	}
}
