package connectors

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// plain marks the bytes that stand for themselves inside a JSON string.
var plain = func() (t [256]bool) {
	for c := 0x20; c < 0x7f; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// AppendJSON appends s as a JSON string, whatever bytes it holds: what is no UTF-8 becomes U+FFFD, and control
// characters (C0, DEL, C1) and the line separators U+2028 and U+2029 are escaped, so that a line stays one line for every
// reader. < > & stay as they are.
func AppendJSON(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := len(dst)
	return append(EscapeJSON(append(dst, s...), from), '"')
}

// EscapeJSON makes what stands in b from a place on the inside of a JSON string, as AppendJSON writes it. Texts that are put
// together can so be escaped where they stand; most need no change.
func EscapeJSON(b []byte, from int) []byte {
	for i := from; ; {
		i = plainTo(b, i)
		if i == len(b) {
			return b
		}
		if b[i] < utf8.RuneSelf {
			return escapeRest(b, i)
		}
		r, size := utf8.DecodeRune(b[i:])
		if mustEscape(r, size) {
			return escapeRest(b, i)
		}
		i += size
	}
}

// mustEscape tells whether a rune beyond ASCII does not stand for itself.
func mustEscape(r rune, size int) bool {
	return r == utf8.RuneError && size == 1 || r == '\u2028' || r == '\u2029' || r < 0xa0
}

// plainTo is where the bytes from i on end that stand for themselves. It looks at eight at once, which makes writing
// findings a third faster.
func plainTo(b []byte, i int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		quote, slash, del := w^ones*'"', w^ones*'\\', w^ones*0x7f
		// The top bit of a byte is set where it is not ASCII, below a space, or one of the three. What is borrowed from the next
		// byte can set a bit too many above the first, never below it.
		if odd := (w | (w - ones*0x20) | (quote-ones)&^quote | (slash-ones)&^slash | (del-ones)&^del) & tops; odd != 0 {
			return i + bits.TrailingZeros64(odd)/8
		}
	}
	for i < len(b) && plain[b[i]] {
		i++
	}
	return i
}

// escapeRest escapes b from i on.
func escapeRest(b []byte, i int) []byte {
	var buf [256]byte
	rest := append(buf[:0], b[i:]...)
	dst := b[:i]
	for len(rest) > 0 {
		n := plainTo(rest, 0)
		dst = append(dst, rest[:n]...)
		if rest = rest[n:]; len(rest) == 0 {
			break
		}
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(dst, "\uFFFD"...)
		case size == 1 || mustEscape(r, size):
			dst = appendEscape(dst, r)
		default:
			dst = append(dst, rest[:size]...)
		}
		rest = rest[size:]
	}
	return dst
}

func appendEscape(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
