package scanner

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// idKey is an employee id as compared: lower case, without blanks and separators. Exports lose the letters before the
// number, its leading zeros, or both, so these are told apart from the body.
type idKey struct {
	full   []byte // letters and digits as written, folded
	letter int    // length of the letters in front
	body   []byte // the rest without leading zeros; all of it when there is no digit
}

// foldID reads an id, using buf for the bytes. A body of length 0 means that s holds no id.
func foldID(buf []byte, s string) idKey {
	s = strings.TrimSpace(s)
	if t, ok := strings.CutSuffix(s, ".0"); ok && t != "" && strings.Trim(t, "0123456789") == "" {
		s = t // a spreadsheet took it for a number
	}
	full := buf[:0]
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			if f := asciiFold[c]; f != ' ' && f != 0 {
				full = append(full, f)
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		if r = unicode.ToLower(r); unicode.IsLetter(r) || unicode.IsDigit(r) {
			full = utf8.AppendRune(full, r)
		}
	}
	k := idKey{full: full}
	for k.letter < len(full) && !isDigit(full[k.letter]) {
		k.letter++
	}
	if k.letter == len(full) {
		k.letter, k.body = 0, full
		return k
	}
	k.body = bytes.TrimLeft(full[k.letter:], "0")
	return k
}

// hasDigit tells whether there is a number behind the letters.
func (k idKey) hasDigit() bool { return k.letter < len(k.full) && isDigit(k.full[k.letter]) }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// fits tells whether the two could be one id: the bodies are equal, and the letters too where both have them.
func (k idKey) fits(o idKey) bool {
	return len(k.body) > 0 && bytes.Equal(k.body, o.body) &&
		(k.letter == 0 || o.letter == 0 || bytes.Equal(k.full[:k.letter], o.full[:o.letter]))
}

// placeholder tells whether the id is one that people type when they have none: no body, or one digit over and over.
func (k idKey) placeholder() bool {
	if len(k.body) == 0 {
		return true
	}
	digits := k.full[k.letter:]
	return len(digits) >= 3 && bytes.Count(digits, digits[:1]) == len(digits)
}

// foldAddress appends a mail address as compared to dst: lower case, no blanks, no +tag, no "mailto:" or angle brackets.
// at is the place of the @ in what was appended; -1 means that s is no address.
func foldAddress(dst []byte, s string) (out []byte, at int) {
	if i := strings.LastIndexByte(s, '<'); i >= 0 {
		s, _, _ = strings.Cut(s[i+1:], ">")
	}
	s = strings.TrimSpace(s)
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	start, tag := len(dst), false
	at = -1
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			i += size
			if !tag && !unicode.IsSpace(r) && !strings.ContainsRune(unwritten, r) {
				dst = utf8.AppendRune(dst, unicode.ToLower(r))
			}
			continue
		}
		i++
		switch {
		case c == '@':
			if at >= 0 {
				return dst[:start], -1
			}
			at, tag = len(dst)-start, false
			dst = append(dst, c)
		case c == '+' && at < 0 && len(dst) > start:
			tag = true
		case tag || c <= ' ':
		case c >= 'A' && c <= 'Z':
			dst = append(dst, c+'a'-'A')
		default:
			dst = append(dst, c)
		}
	}
	if at <= 0 || at == len(dst)-start-1 {
		return dst[:start], -1
	}
	return dst, at
}

// hashBytes is FNV-1a with a better finish; kind keeps the key spaces of one table apart.
func hashBytes(kind uint64, b []byte) uint64 {
	h := uint64(14695981039346656037) ^ kind*0x9e3779b97f4a7c15
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return mix(h)
}

// tokensHash hashes the tokens of a run-together name, in whatever order they stand.
func tokensHash(letters []byte, starts uint64) (h uint64) {
	eachToken(letters, starts, func(t []byte) bool {
		h += hashToken(t)
		return true
	})
	return h
}
