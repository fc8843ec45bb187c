package opcsign

import (
	"bytes"
	"io"
)

// edit leaves a document of one root and its children as it is, byte by byte, but for the children that are cut and one
// that is added at the end. The added elements are written with the prefix of the root: added is the document's text
// with "<" for the start of a tag.
func edit(data []byte, cut func(*element) bool, added ...[]string) ([]byte, error) {
	r := newXMLReader(data)
	bom := int64(len(data)) - int64(len(bytes.TrimPrefix(data, []byte("\ufeff"))))
	var out bytes.Buffer
	from, cutFrom := int64(0), int64(-1)
	for {
		ev, err := r.next()
		switch {
		case err == io.EOF:
			out.Write(data[from:])
			return out.Bytes(), nil
		case err != nil:
			return nil, err
		case ev.start != nil && r.depth == 2 && cut(ev.start):
			cutFrom = r.start + bom
		case ev.end != nil && r.depth == 1 && cutFrom >= 0:
			out.Write(data[from:cutFrom])
			from, cutFrom = r.d.InputOffset()+bom, -1
		case ev.end != nil && r.depth == 0:
			if r.d.InputOffset() == r.start {
				return nil, refuse("", "it is empty")
			}
			out.Write(data[from : r.start+bom])
			from = r.start + bom
			for _, a := range added {
				writeTag(&out, ev.end.prefix, a)
			}
		}
	}
}

// writeTag writes an empty element from its name and its attributes' names and values.
func writeTag(out *bytes.Buffer, prefix string, tag []string) {
	out.WriteString("<" + qualified(prefix, tag[0]))
	for i := 1; i+1 < len(tag); i += 2 {
		out.WriteString(" " + tag[i] + `="`)
		attrEscaper.WriteString(out, tag[i+1])
		out.WriteByte('"')
	}
	out.WriteString("/>")
}
