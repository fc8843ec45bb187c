package entra

import (
	"encoding/hex"
	"fmt"

	"rollcall/connectors"
)

// oid is the object id of something in the directory: a GUID. As one it takes a third of the room its text takes.
type oid [16]byte

// dashes are where a GUID has them.
var dashes = [...]int{8, 13, 18, 23}

// parseOID reads a GUID. Nothing else is taken for an id: Graph would take a user's name for one as well, and names are used
// again for other people.
func parseOID(s string) (o oid, ok bool) {
	if len(s) != 36 {
		return o, false
	}
	var digits [32]byte
	n := copy(digits[:], s[:8])
	for i, at := range dashes {
		end := len(s)
		if i+1 < len(dashes) {
			end = dashes[i+1]
		}
		if s[at] != '-' {
			return oid{}, false
		}
		n += copy(digits[n:], s[at+1:end])
	}
	if _, err := hex.Decode(o[:], digits[:]); err != nil {
		return oid{}, false
	}
	return o, true
}

// String writes it as Graph does, in lower case.
func (o oid) String() string {
	b := make([]byte, 0, 36)
	for i, part := range [][]byte{o[:4], o[4:6], o[6:8], o[8:10], o[10:]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return string(b)
}

// UnmarshalText refuses what is no GUID.
func (o *oid) UnmarshalText(b []byte) error {
	v, ok := parseOID(string(b))
	if !ok {
		return fmt.Errorf("%.60q is not an object id", b)
	}
	*o = v
	return nil
}

// accountOID is the id of an account. An id that is none of Graph's is of no account.
func accountOID(id connectors.AccountID) (oid, error) {
	o, ok := parseOID(string(id))
	if !ok {
		return o, fmt.Errorf("%w: %.60q is not an object id of this directory", connectors.ErrNotFound, id)
	}
	return o, nil
}
