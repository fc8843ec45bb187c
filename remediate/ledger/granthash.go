package ledger

import (
	"math/bits"

	"rollcall/connectors"
)

// grantHash names a grant in 64 bits. It is part of the file's format: it must never change. Two multiplications for a
// usual id make it cost a few nanoseconds, where FNV-1a costs one for each byte.
func grantHash(account connectors.AccountID, e connectors.EntitlementID) uint64 {
	return hashText(hashText(0x9E3779B97F4A7C15, string(account)), string(e))
}

func hashText(h uint64, s string) uint64 {
	n := uint64(len(s))
	for len(s) > 8 {
		h = fold(h^load(s), 0xD6E8FEB86659FD93)
		s = s[8:]
	}
	var tail uint64
	if len(s) == 8 {
		tail = load(s)
	} else {
		for i := range len(s) {
			tail |= uint64(s[i]) << (8 * i)
		}
	}
	return fold(h^tail, 0xA0761D6478BD642F^n)
}

func load(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// fold multiplies to 128 bits and joins the halves, so that every bit of a reaches every bit of the result.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
