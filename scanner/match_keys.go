package scanner

import (
	"bytes"
	"hash/maphash"
	"slices"
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
	full := slices.Grow(buf[:0], len(s))[:len(s)]
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf || asciiFold[c] <= ' ' {
			return newIDKey(foldOddID(buf, s))
		}
		full[i] = asciiFold[c]
	}
	return newIDKey(full)
}

// foldOddID folds an id that is not made of letters and digits alone.
func foldOddID(buf []byte, s string) []byte {
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
	return full
}

func newIDKey(full []byte) idKey {
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
	start := len(dst)
	dst = slices.Grow(dst, len(s))[:start+len(s)]
	at = -1
	for i := 0; i < len(s); i++ {
		c := addressFold[s[i]]
		switch {
		case c == 0:
			return foldOddAddress(dst[:start], s)
		case c == '@' && at >= 0:
			return dst[:start], -1
		case c == '@':
			at = i
		}
		dst[start+i] = c
	}
	if at <= 0 || at == len(s)-1 {
		return dst[:start], -1
	}
	return dst, at
}

// addressFold maps a byte to its folded form; 0 needs a closer look.
var addressFold = func() (t [256]byte) {
	for c := byte('!'); c < utf8.RuneSelf; c++ {
		switch {
		case c == '+', c == '<', c == ':':
		case c >= 'A' && c <= 'Z':
			t[c] = c + 'a' - 'A'
		default:
			t[c] = c
		}
	}
	return t
}()

// foldOddAddress is foldAddress for whatever stands beside the plain address.
func foldOddAddress(dst []byte, s string) (out []byte, at int) {
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

// hashSeed is another in every process, so that nobody can make up two keys of one hash. No result depends on it.
var hashSeed = maphash.MakeSeed()

func hashBytes(b []byte) uint64 { return maphash.Bytes(hashSeed, b) }

// tokensHash hashes the tokens of a run-together name, in whatever order they stand.
func tokensHash(letters []byte, starts uint64) (h uint64) {
	eachToken(letters, starts, func(t []byte) bool {
		h += hashToken(t)
		return true
	})
	return h
}
