package scanner

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Names are compared by their words ("tokens"): lower case, without marks, transliterated to plain letters, apostrophes
// gone, everything else that is no letter or digit a blank. "O'Brien, Séan" becomes "obrien sean".
//
// A language may also write its marks out (Müller, Mueller; Ødegård, Oedegaard). foldName does so when germanic is set;
// collapse makes both spellings one, for hashing.

// foldName appends the tokens of s, one blank between them, to dst.
func foldName(dst []byte, s string, germanic bool) []byte {
	start := len(dst)
	dst = slices.Grow(dst, len(s))
	out, n := dst[start:start+len(s)], 0 // what is ASCII grows no longer by folding
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf {
			return foldRunes(dst[:start+n], start, s[i:], germanic)
		}
		switch f := asciiFold[c]; {
		case f > ' ':
			out[n] = f
			n++
		case f == ' ' && n > 0 && out[n-1] != ' ':
			out[n] = ' '
			n++
		}
	}
	return dropBlank(dst[:start+n], start)
}

// foldRunes is foldName from the first rune outside ASCII on.
func foldRunes(dst []byte, start int, s string, germanic bool) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			switch f := asciiFold[c]; f {
			case 0: // an apostrophe
			case ' ':
				if n := len(dst); n > start && dst[n-1] != ' ' {
					dst = append(dst, ' ')
				}
			default:
				dst = append(dst, f)
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		dst = foldRune(dst, start, r, germanic)
	}
	return dropBlank(dst, start)
}

// dropBlank drops a blank at the end.
func dropBlank(dst []byte, start int) []byte {
	if n := len(dst); n > start && dst[n-1] == ' ' {
		return dst[:n-1]
	}
	return dst
}

// foldRune is foldName for one rune outside ASCII.
func foldRune(dst []byte, start int, r rune, germanic bool) []byte {
	if germanic {
		if out, ok := writtenOut(r); ok {
			return append(dst, out...)
		}
		if n := len(dst); n > start && (r == 0x308 || r == 0x30a) { // decomposed: the mark follows its letter
			switch last := dst[n-1]; {
			case r == 0x308 && (last == 'a' || last == 'o' || last == 'u'):
				return append(dst, 'e')
			case r == 0x30a && last == 'a':
				return append(dst, 'a')
			}
		}
	}
	base := latin(r)
	if base == " " {
		if n := len(dst); n > start && dst[n-1] != ' ' {
			dst = append(dst, ' ')
		}
		return dst
	}
	return append(dst, base...)
}

// writtenOut is how German and the Nordic languages write a letter without its mark.
func writtenOut(r rune) (string, bool) {
	switch r {
	case 'ä', 'Ä':
		return "ae", true
	case 'ö', 'Ö', 'ø', 'Ø':
		return "oe", true
	case 'ü', 'Ü':
		return "ue", true
	case 'å', 'Å':
		return "aa", true
	}
	return "", false
}

// asciiFold maps a byte to its folded form: ' ' separates, 0 vanishes.
var asciiFold = func() (t [utf8.RuneSelf]byte) {
	for c := range t {
		switch b := byte(c); {
		case b >= 'a' && b <= 'z', b >= '0' && b <= '9':
			t[c] = b
		case b >= 'A' && b <= 'Z':
			t[c] = b + 'a' - 'A'
		case b == '\'', b == '`':
			t[c] = 0
		default:
			t[c] = ' '
		}
	}
	return t
}()

// letters that Unicode does not decompose, and scripts with a common Latin spelling.
var spelled = map[rune]string{
	'ß': "ss", 'ẞ': "ss", 'ø': "o", 'æ': "ae", 'œ': "oe", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i", 'ħ': "h",
	'ŋ': "n", 'ŧ': "t", 'ĸ': "k", 'ſ': "s", 'ə': "a", 'ƒ': "f", 'ɓ': "b", 'ɗ': "d", 'ƙ': "k", 'ŀ': "l",
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'ґ': "g", 'д': "d", 'е': "e", 'є': "ye", 'ж': "zh", 'з': "z", 'и': "i", 'і': "i",
	'к': "k", 'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "kh",
	'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "shch", 'ъ': "", 'ы': "y", 'ь': "", 'э': "e", 'ю': "yu", 'я': "ya",
	'ј': "j", 'љ': "lj", 'њ': "nj", 'ћ': "c", 'ђ': "dj", 'џ': "dz",
	'α': "a", 'β': "v", 'γ': "g", 'δ': "d", 'ε': "e", 'ζ': "z", 'η': "i", 'θ': "th", 'ι': "i", 'κ': "k", 'λ': "l", 'μ': "m",
	'ν': "n", 'ξ': "x", 'ο': "o", 'π': "p", 'ρ': "r", 'σ': "s", 'ς': "s", 'τ': "t", 'υ': "y", 'φ': "f", 'χ': "ch", 'ψ': "ps", 'ω': "o",
}

const latinTable = 0x530 // below it, latin looks up; Vietnamese has a table of its own

var latinTables = sync.OnceValue(func() *[2][]string {
	t := [2][]string{make([]string, latinTable), make([]string, 0x100)}
	for r := range t[0] {
		t[0][r] = spell(rune(r))
	}
	for r := range t[1] {
		t[1][r] = spell(rune(0x1e00 + r))
	}
	return &t
})

// latin spells one rune in folded letters; " " separates, "" vanishes.
func latin(r rune) string {
	if t := latinTables(); r < latinTable {
		return t[0][r]
	} else if r >= 0x1e00 && r < 0x1f00 {
		return t[1][r-0x1e00]
	}
	return spell(r)
}

// unwritten are the apostrophes beside ASCII's, and runes nobody sees.
const unwritten = "’‘ʼʹ′´ʻʾʿ\u200b\u200c\u200d\ufeff\u00ad"

func spell(r rune) string {
	if strings.ContainsRune(unwritten, r) {
		return ""
	}
	r = unicode.ToLower(r)
	if s, ok := spelled[r]; ok {
		return s
	}
	var b strings.Builder
	for _, d := range norm.NFKD.String(string(r)) {
		d = unicode.ToLower(d)
		switch s, ok := spelled[d]; {
		case unicode.Is(unicode.Mn, d), strings.ContainsRune(unwritten, d):
		case ok:
			b.WriteString(s)
		case unicode.IsLetter(d), unicode.IsDigit(d), unicode.IsMark(d):
			b.WriteRune(d)
		default:
			return " "
		}
	}
	return b.String()
}

// hashToken hashes a folded token so that both spellings of a mark are one: an e after a, o or u and an a after a do not
// count. Tokens of two letters are taken as they are.
func hashToken(t []byte) uint64 {
	h, kept := uint64(tokenStart), byte(0)
	for _, c := range t {
		if len(t) > 2 && silent(kept, c) {
			continue
		}
		kept = c
		h = (h ^ uint64(c)) * tokenPrime
	}
	return mix(h)
}

// The constants of FNV-1a.
const (
	tokenStart = 14695981039346656037
	tokenPrime = 1099511628211
)

// silent tells whether c adds nothing after the letter kept before it.
func silent(kept, c byte) bool {
	return c == 'e' && (kept == 'a' || kept == 'o' || kept == 'u') || c == 'a' && kept == 'a'
}

// sameLoosely compares two folded tokens as hashToken does.
func sameLoosely(a, b []byte) bool {
	i, j, kept := 0, 0, byte(0)
	for {
		for i < len(a) && len(a) > 2 && silent(kept, a[i]) {
			i++
		}
		for j < len(b) && len(b) > 2 && silent(kept, b[j]) {
			j++
		}
		if i >= len(a) || j >= len(b) {
			return i >= len(a) && j >= len(b)
		}
		if a[i] != b[j] {
			return false
		}
		kept = a[i]
		i++
		j++
	}
}

// mix spreads a hash over all 64 bits.
func mix(h uint64) uint64 {
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}
