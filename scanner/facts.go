package scanner

import (
	"encoding/binary"
	"slices"
)

// written are facts one after the other as drafts keep them, each its name and its value. What has to be put together is
// written where it stays: a string for each value was a tenth of all that a scan allocates.
type written []byte

// fact adds one whose value is made of parts.
func (w written) fact(name string, parts ...string) written {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	w = appendLength(appendText(w, name), n)
	for _, p := range parts {
		w = append(w, p...)
	}
	return w
}

// open begins a fact: what is appended until close, which wants to know at, is its value.
func (w written) open(name string) (opened written, at int) {
	w = append(appendText(w, name), 0)
	return w, len(w)
}

func (w written) close(at int) written {
	n := len(w) - at
	if n < 0x80 {
		w[at-1] = byte(n)
		return w
	}
	return slices.Replace(w, at-1, at, binary.AppendUvarint(nil, uint64(n))...)
}
