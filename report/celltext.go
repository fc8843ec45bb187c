package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Excel's limits on the text of one cell: beyond the first it cuts without a word, and beyond the second files have
// been refused.
const (
	maxCellUnits = 32767 // UTF-16 code units
	maxCellLines = 253
)

// cutMark ends a text that did not fit.
const cutMark = "… [cut: longer than a cell can hold; the whole text is in the run's JSON lines]"

// cellText is what a cell shows of s: characters that XML cannot hold become U+FFFD, those that turn the direction of
// reading are shown as codes like <U+202E>, and what is too long is cut and says so. Nothing else changes: cells are
// written as text, never as formulas, so that a name like =1+1 stays what it is.
func cellText(s string) string {
	if cellSafe(s) {
		return s
	}
	units, lines := 0, 0
	limit := maxCellUnits - len(cutMark) // bytes: more than its units
	var b strings.Builder
	fits := -1 // how much of b fits with the mark after it
	for _, r := range s {
		code, n := "", 1
		switch {
		case !xmlChar(r):
			r = utf8.RuneError
		case unicode.Is(unicode.Bidi_Control, r):
			code = fmt.Sprintf("<U+%04X>", r)
			n = len(code)
		case r > 0xffff:
			n = 2
		}
		if r == '\n' {
			lines++
		}
		if fits < 0 && (units+n > limit || lines > maxCellLines) {
			fits = b.Len()
		}
		if units += n; units > maxCellUnits || lines > maxCellLines {
			return b.String()[:fits] + cutMark
		}
		if code != "" {
			b.WriteString(code)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// cellSafe tells of most texts at a glance that they need no change.
func cellSafe(s string) bool {
	if len(s) > maxCellUnits {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// xmlChar tells whether XML 1.0 can hold the character.
func xmlChar(r rune) bool {
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		return true
	case r < ' ':
		return false
	}
	return r != 0xfffe && r != 0xffff
}

// appendXMLText appends the text of a cell as XML.
func appendXMLText(dst []byte, s string) []byte {
	start := 0
	for i := range len(s) {
		var with string
		switch s[i] {
		case '&':
			with = "&amp;"
		case '<':
			with = "&lt;"
		case '>':
			with = "&gt;"
		case '\r':
			with = "&#xD;"
		default:
			continue
		}
		dst = append(append(dst, s[start:i]...), with...)
		start = i + 1
	}
	return append(dst, s[start:]...)
}

// literalCodes keeps a literal _x000D_ in the data from being read as the carriage return that Excel writes so: its
// first underscore is written as a code itself. excelize does this for some strings and not for others.
func literalCodes(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if s[i] == '_' && isCode(s[i:]) {
			b.WriteString("_x005F")
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// isCode tells whether s begins with _xHHHH_.
func isCode(s string) bool {
	if len(s) < 7 || s[1] != 'x' || s[6] != '_' {
		return false
	}
	for _, c := range []byte(s[2:6]) {
		if !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)) {
			return false
		}
	}
	return true
}
