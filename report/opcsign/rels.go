package opcsign

import (
	"bytes"
	"cmp"
	"slices"
)

// relationship is one of a relationships part, ECMA-376 Part 2 §6.5.3.
type relationship struct {
	id, typ, target string
	external        bool
}

// parseRels gives a part's relationships by id, and how many pieces of white space stand between them.
func parseRels(data []byte) ([]relationship, int, error) {
	var out []relationship
	ids := map[string]bool{}
	blanks, err := eachChild(data, nsRels, "Relationships", func(el *element) error {
		if !el.is(nsRels, "Relationship") {
			return refuse("", "it has the element %s, which is not part of the standard", el.local)
		}
		for e := el; e != nil; e = e.parent {
			for _, a := range e.attrs {
				if a.ns != "" {
					return refuse("", "the attribute %s could change what targets mean; it is not accepted", a.local)
				}
			}
		}
		r := relationship{id: el.attr("Id"), typ: el.attr("Type"), target: el.attr("Target")}
		switch mode := el.attr("TargetMode"); mode {
		case "", "Internal":
		case "External":
			r.external = true
		default:
			return refuse("", "the relationship %q has the target mode %q", r.id, mode)
		}
		if r.id == "" || ids[r.id] {
			return refuse("", "the relationship id %q is empty or stands twice", r.id)
		}
		ids[r.id] = true
		out = append(out, r)
		return nil
	})
	slices.SortFunc(out, func(a, b relationship) int { return cmp.Compare(a.id, b.id) })
	return out, blanks, err
}

// transformed is the result of the relationships transform and the C14N that must follow it (ECMA-376 Part 2 §10.5.6;
// 1st edition §12.2.4.26; [MS-OI29500] 2.1.1752): the chosen relationships by ordinal order of their ids, the target mode
// written out, nothing else. rels are sorted, as parseRels leaves them.
func transformed(rels []relationship, chosen func(relationship) bool) []byte {
	return transformedWith("", rels, chosen)
}

func transformedWith(before string, rels []relationship, chosen func(relationship) bool) []byte {
	var b bytes.Buffer
	b.WriteString(`<Relationships xmlns="` + nsRels + `">` + before)
	for _, r := range rels {
		if !chosen(r) {
			continue
		}
		mode := "Internal"
		if r.external {
			mode = "External"
		}
		b.WriteString("<Relationship")
		for _, a := range [][2]string{{"Id", r.id}, {"Target", r.target}, {"TargetMode", mode}, {"Type", r.typ}} {
			b.WriteString(" " + a[0] + `="`)
			attrEscaper.WriteString(&b, a[1])
			b.WriteByte('"')
		}
		b.WriteString("></Relationship>")
	}
	b.WriteString("</Relationships>")
	return b.Bytes()
}
