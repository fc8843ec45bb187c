package table

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// hasher makes keys of ids. They are keyed by what is drawn anew for each pull, so that no input can make them collide.
// An id is folded and hashed eight bytes at a time, in registers: that takes half the time of writing it out in lower
// case and of maphash.
type hasher struct {
	first, second uint64 // what is drawn
	fold          []byte
}

func newHasher() *hasher {
	seed := maphash.MakeSeed()
	return &hasher{first: maphash.String(seed, "first") | 1, second: maphash.String(seed, "second") | 1}
}

// folded is the key of an id in lower case, which brings together what may be the same.
func (h *hasher) folded(id []byte) uint64 {
	key, plain := h.hash(id)
	if !plain {
		h.fold = append(h.fold[:0], bytes.ToLower(id)...)
		key, _ = h.hash(h.fold)
	}
	return key
}

// hash is the key of b, of which the ASCII letters are taken in lower case; plain tells that it has no others.
func (h *hasher) hash(b []byte) (key uint64, plain bool) {
	sum := h.first ^ uint64(len(b))
	var all uint64
	for ; len(b) >= 8; b = b[8:] {
		w := binary.LittleEndian.Uint64(b)
		all |= w
		sum = mix(lower(w)^h.second, sum)
	}
	var w uint64
	for i, c := range b {
		w |= uint64(c) << (8 * i)
	}
	all |= w
	return mix(mix(lower(w)^h.second, sum), h.first), all&highBits == 0
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

const (
	eachByte = 0x0101010101010101
	highBits = 0x80 * eachByte
)

// lower makes eight bytes at once lower case. Those beyond ASCII stay as they are.
func lower(w uint64) uint64 {
	low := w &^ highBits
	fromA := low + (0x80-'A')*eachByte // the high bit tells: at least A
	aboveZ := low + (0x7f-'Z')*eachByte
	return w | (fromA&^aboveZ&^w&highBits)>>2
}
