package scanner

import "unicode/utf8"

// Nearly no account shows a sign of being nobody's own. mayTell says so of its names without folding them first.

// tellingHashes has a bit for the hash of each telling word: with it classify takes half the time (BenchmarkClassify).
var tellingHashes = func() (bits [1 << 16 / 64]uint64) {
	for word := range telling {
		var w wordHash
		for i := range len(word) {
			w.add(word[i])
		}
		bits[w.h/64] |= 1 << (w.h % 64)
	}
	return bits
}()

// wordHash hashes a folded word as far as the first digit.
type wordHash struct {
	h      uint16
	number bool
}

func (w *wordHash) add(c byte) {
	w.number = w.number || isDigit(c)
	if !w.number {
		w.h = w.h*31 + uint16(c)
	}
}

func (w *wordHash) telling() bool { return tellingHashes[w.h/64]>>(w.h%64)&1 == 1 }

// mayTell tells whether a name may hold a sign: it has a word, but for a number behind, with the hash of one that a sign
// begins with, or a character that is a sign by itself.
func mayTell(s string) bool {
	var w wordHash
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			i += size
			if base := latin(r); base != " " {
				for k := range len(base) {
					w.add(base[k])
				}
				continue
			}
			c = ' '
		} else {
			i++
		}
		switch f := asciiFold[c]; {
		case c == '#' || c == '(' || c == '[':
			return true
		case f > ' ':
			w.add(f)
		case f == ' ':
			if w.telling() {
				return true
			}
			w = wordHash{}
		}
	}
	return w.telling()
}
