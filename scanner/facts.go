package scanner

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"rollcall/connectors"
)

// written are facts one after the other as drafts keep them: members of a JSON object, each with a comma before it. That is
// how nearly all of them leave the program. What has to be put together is written where it stays, and what all findings of
// an account have in common is escaped once. Names are the program's own, and need no escaping; no finding has one twice.
type written []byte

// fact adds one whose value is made of parts.
func (w written) fact(name string, parts ...string) written {
	w, at := w.open(name)
	for _, p := range parts {
		w = append(w, p...)
	}
	return w.close(at)
}

// facts adds several.
func (w written) facts(list ...Fact) written {
	for i := range list {
		w = w.fact(list[i].Name, list[i].Value)
	}
	return w
}

// open begins a fact: what is appended until close, which wants to know at, is its value.
func (w written) open(name string) (opened written, at int) {
	w = append(append(append(w, `,"`...), name...), `":"`...)
	return w, len(w)
}

func (w written) close(at int) written { return append(connectors.EscapeJSON(w, at), '"') }

// cutFacts appends the facts that were written: those so named, or all.
func cutFacts(facts []Fact, w []byte, names ...string) []Fact {
	for len(w) > 0 {
		var name, value []byte
		name, w = cutString(w[1:])
		value, w = cutString(w[1:])
		if len(names) == 0 || slices.Contains(names, string(name)) {
			facts = append(facts, Fact{string(name), plainText(value)})
		}
	}
	return facts
}

// cutString parts the inside of a JSON string, of those that AppendJSON writes, from what follows it.
func cutString(w []byte) (inside, rest []byte) {
	for n := 1; ; n++ {
		n += bytes.IndexByte(w[n:], '"')
		escaped := 0
		for w[n-1-escaped] == '\\' {
			escaped++
		}
		if escaped%2 == 0 {
			return w[1:n], w[n+1:]
		}
	}
}

// plainText is what a JSON string says of which this is the inside.
func plainText(inside []byte) string {
	s := string(inside)
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	s, _ = strconv.Unquote(`"` + s + `"`) // what AppendJSON escapes, Go writes alike
	return s
}
