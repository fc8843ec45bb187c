package opcsign

import (
	"io"
	"path"
	"strings"
)

// contentTypes is what [Content_Types].xml says, ECMA-376 Part 2 §6.2.3.
type contentTypes struct {
	defaults  map[string]string // by extension, in lower case
	overrides map[string]string // by folded part name
}

func parseTypes(data []byte) (contentTypes, error) {
	t := contentTypes{map[string]string{}, map[string]string{}}
	_, err := eachChild(data, nsTypes, "Types", func(el *element) error {
		key, into := fold(el.attr("Extension")), t.defaults
		switch {
		case el.is(nsTypes, "Default"):
		case el.is(nsTypes, "Override"):
			key, into = fold(el.attr("PartName")), t.overrides
		default:
			return refuse("", "it has the element %s, which is not part of the standard", el.local)
		}
		if _, twice := into[key]; twice || key == "" {
			return refuse("", "the entry %q is empty or stands twice", key)
		}
		into[key] = el.attr("ContentType")
		return nil
	})
	return t, at(contentTypesName, err)
}

// of is the content type of a part; empty: it has none.
func (t contentTypes) of(part string) string {
	if ct, ok := t.overrides[fold(part)]; ok {
		return ct
	}
	return t.defaults[fold(strings.TrimPrefix(path.Ext(part), "."))]
}

// eachChild gives the children of a document's root, which must have this name and no text but white space. They hold
// their attributes and nothing below them. blanks is how many pieces of white space there are in the root.
func eachChild(data []byte, ns, root string, visit func(*element) error) (blanks int, err error) {
	r := newXMLReader(data)
	for {
		ev, err := r.next()
		switch {
		case err == io.EOF:
			return blanks, nil
		case err != nil:
			return 0, err
		case ev.start != nil && r.depth == 1 && !ev.start.is(ns, root):
			return 0, refuse("", "its root is %s, not %s of %s", ev.start.local, root, ns)
		case ev.start != nil && r.depth == 2:
			if err := visit(ev.start); err != nil {
				return 0, err
			}
		case ev.start != nil && r.depth > 2:
			return 0, refuse("", "it has the element %s, which is not part of the standard", ev.start.local)
		case !ev.node.comment && strings.Trim(ev.node.text, " \t\r\n") != "":
			return 0, refuse("", "it has text, which is not part of the standard")
		case ev.node.text != "" && !ev.node.comment && r.depth == 1:
			blanks++
		}
	}
}
