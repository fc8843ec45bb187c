package scanner

import (
	"encoding/binary"
	"strings"
)

// textChunk bytes of text are kept together.
const textChunk = 1 << 18

// arena keeps texts one after the other.
type arena struct {
	full []string
	now  strings.Builder
}

// span is where a text lies in an arena; the zero span is no text.
type span struct{ chunk, from, to int32 }

func (a *arena) put(b []byte) span {
	if a.now.Len()+len(b) > a.now.Cap() {
		if a.now.Cap() > 0 {
			a.full = append(a.full, a.now.String())
		}
		a.now = strings.Builder{}
		a.now.Grow(max(textChunk, len(b)))
	}
	from := a.now.Len()
	a.now.Write(b)
	return span{int32(len(a.full)), int32(from), int32(a.now.Len())}
}

func (a *arena) get(s span) string {
	if s.from == s.to {
		return ""
	}
	if int(s.chunk) == len(a.full) {
		return a.now.String()[s.from:s.to]
	}
	return a.full[s.chunk][s.from:s.to]
}

func appendText(b []byte, s string) []byte { return append(appendLength(b, len(s)), s...) }

func appendLength(b []byte, n int) []byte {
	if n < 0x80 {
		return append(b, byte(n))
	}
	return binary.AppendUvarint(b, uint64(n))
}

// cutText parts the first text from what appendText wrote. Most are shorter than 128 bytes.
func cutText(s string) (text, rest string) {
	if len(s) > 0 && s[0] < 0x80 {
		n := 1 + int(s[0])
		return s[1:n], s[n:]
	}
	return cutLongText(s)
}

func cutLongText(s string) (text, rest string) {
	n, shift := 0, 0
	for i := 0; i < len(s); i++ {
		n |= int(s[i]&0x7f) << shift
		if s[i] < 0x80 {
			return s[i+1 : i+1+n], s[i+1+n:]
		}
		shift += 7
	}
	return "", ""
}

func appendFacts(b []byte, facts []Fact) []byte {
	for i := range facts {
		b = appendText(appendText(b, facts[i].Name), facts[i].Value)
	}
	return b
}

// cutFacts appends what appendFacts wrote.
func cutFacts(facts []Fact, s string) []Fact {
	for s != "" {
		var f Fact
		f.Name, s = cutText(s)
		f.Value, s = cutText(s)
		facts = append(facts, f)
	}
	return facts
}
