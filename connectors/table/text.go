package table

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"rollcall/connectors"
)

// trim takes the blanks off a cell: those of Unicode, so that the no-break spaces of web exports go too.
func trim(b []byte) []byte {
	if n := len(b); n == 0 || plain(b[0]) && plain(b[n-1]) {
		return b
	}
	return bytes.TrimSpace(b)
}

func plain(c byte) bool { return c > ' ' && c < utf8.RuneSelf }

// appendFold appends b in lower case.
func appendFold(dst, b []byte) []byte {
	from := len(dst)
	dst = append(dst, b...)
	for i := from; i < len(dst); i++ {
		c := dst[i]
		if c >= utf8.RuneSelf {
			return append(dst[:from], bytes.ToLower(b)...)
		}
		if 'A' <= c && c <= 'Z' {
			dst[i] = c + 'a' - 'A'
		}
	}
	return dst
}

// rounded tells whether a cell is a number in scientific notation: an id that a spreadsheet has rounded, and with it
// lost the person it named.
func rounded(b []byte) bool {
	if len(b) < 5 || b[0] < '1' || b[0] > '9' || b[1] != '.' && b[1]|0x20 != 'e' {
		return false
	}
	mantissa, exponent, ok := bytes.Cut(bytes.ToLower(b), []byte("e"))
	if !ok || len(exponent) < 2 || exponent[0] != '+' && exponent[0] != '-' {
		return false
	}
	return digits(exponent[1:]) && (len(mantissa) == 1 || digits(mantissa[2:]))
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// NoValue stands in a cell whose formula was never computed.
const NoValue = "#NO VALUE!"

// formulaError tells whether a cell is the failure of a spreadsheet formula.
func formulaError(b []byte) bool {
	if b[0] != '#' {
		return false
	}
	switch string(b) {
	case "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA", NoValue:
		return true
	}
	return false
}

// nearest is the candidate most like the word, for a message; empty when none is near.
func nearest(word string, candidates []string) string {
	best, least := "", max(2, len(word)/2)+1
	w := foldWord(word)
	for _, c := range candidates {
		if d := connectors.Distance(w, foldWord(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// splitList appends the values of a cell that holds several.
func splitList(dst []string, s string, separator byte) []string {
	for s != "" {
		one, rest, _ := strings.Cut(s, string(rune(separator)))
		if one = strings.TrimSpace(one); one != "" {
			dst = append(dst, one)
		}
		s = rest
	}
	return dst
}
