package ldap

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// filetime reads 100-nanosecond ticks since 1601-01-01 UTC. 0 and the largest number say that there is no such time, as
// for accountExpires "never" (MS-ADTS 2.3.7; https://learn.microsoft.com/windows/win32/adschema/a-accountexpires).
func filetime(s string) (t time.Time, is bool, err error) {
	const ticks, epoch = 10_000_000, 11_644_473_600 // a second; seconds from 1601 to 1970
	v, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err != nil || v < 0:
		return time.Time{}, false, fmt.Errorf("%q is no time of Active Directory (ticks since 1601)", short(s))
	case v == 0 || v == math.MaxInt64:
		return time.Time{}, false, nil
	}
	return time.Unix(v/ticks-epoch, v%ticks*100).UTC(), true, nil
}

// parseTime reads a GeneralizedTime (RFC 4517 §3.3.13), minutes and seconds included.
func parseTime(s string) (time.Time, error) {
	const layout = "20060102150405"
	if len(s) > len(layout) && strings.Trim(s[:len(layout)], "0123456789") == "" {
		rest := s[len(layout):]
		if rest[0] == ',' {
			rest = "." + rest[1:]
		}
		for _, zone := range []string{"Z07", "Z0700"} {
			if t, err := time.Parse(layout+zone, s[:len(layout)]+rest); err == nil {
				return t.UTC(), nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time as LDAP writes it (20060102150405Z)", short(s))
}

// guidText writes the bytes of an objectGUID as Microsoft does: the first three numbers are little-endian (MS-DTYP 2.3.4).
func guidText(b []byte) (string, error) {
	if len(b) != 16 {
		return "", fmt.Errorf("an objectGUID of %d bytes; want 16", len(b))
	}
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint16(b[4:]),
		binary.LittleEndian.Uint16(b[6:]), b[8:10], b[10:]), nil
}

// isUUID tells whether s is written as guidText and RFC 4530 write one. Only such text is put into a DN or a filter.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case !strings.ContainsRune("0123456789abcdef", rune(c)):
			return false
		}
	}
	return true
}

// sid is a security identifier as a directory keeps it (MS-DTYP 2.4.2.2): revision, count, authority, then the parts.
type sid string

func parseSID(b []byte) (sid, error) {
	if len(b) < 12 || b[0] != 1 || b[1] > 15 || len(b) != 8+4*int(b[1]) {
		return "", fmt.Errorf("%d bytes that are no SID", len(b))
	}
	return sid(b), nil
}

// String writes it as S-1-5-21-….
func (s sid) String() string {
	if len(s) < 8 {
		return ""
	}
	var authority uint64
	for _, c := range []byte(s[2:8]) {
		authority = authority<<8 | uint64(c)
	}
	out := "S-1-" + strconv.FormatUint(authority, 10)
	for rest := []byte(s[8:]); len(rest) >= 4; rest = rest[4:] {
		out += "-" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32(rest)), 10)
	}
	return out
}

// rid is the last part: which one of its domain it is.
func (s sid) rid() uint32 {
	if len(s) < 12 {
		return 0
	}
	return binary.LittleEndian.Uint32([]byte(s[len(s)-4:]))
}

// sibling is another one of the same domain.
func (s sid) sibling(rid uint32) sid {
	if len(s) < 12 {
		return ""
	}
	return sid(binary.LittleEndian.AppendUint32([]byte(s[:len(s)-4]), rid))
}

// ofDomain tells whether it is one that a domain gives out: S-1-5-21-….
func (s sid) ofDomain() bool { return strings.HasPrefix(s.String(), "S-1-5-21-") }

// userAccountControl is the attribute of that name (MS-ADTS 2.2.16) and, for what is not stored there, the bits of
// msDS-User-Account-Control-Computed (3.1.1.4.5.17).
type userAccountControl uint32

const (
	accountDisabled  userAccountControl = 0x2
	lockedOut        userAccountControl = 0x10 // computed
	interdomainTrust userAccountControl = 0x800
	workstationTrust userAccountControl = 0x1000
	serverTrust      userAccountControl = 0x2000
	passwordExpired  userAccountControl = 0x800000 // computed
	anyTrust                            = interdomainTrust | workstationTrust | serverTrust
)

// parseUAC reads what is a signed number of 32 bits there.
func parseUAC(s string) (userAccountControl, error) {
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < math.MinInt32 || v > math.MaxUint32 {
		return 0, fmt.Errorf("userAccountControl %q is no number of 32 bits", short(s))
	}
	return userAccountControl(uint32(v)), nil
}

// String writes it as the directory does.
func (u userAccountControl) String() string { return strconv.FormatInt(int64(int32(u)), 10) }

// dnKey writes a DN so that equal ones are the same text (RFC 4517 §4.2.15, for names in which case does not matter).
func dnKey(dn string) (string, error) {
	d, err := ldap.ParseDN(dn)
	if err != nil {
		return "", fmt.Errorf("no distinguished name: %w", err)
	}
	var b strings.Builder
	for i, r := range d.RDNs {
		if i > 0 {
			b.WriteByte(',')
		}
		parts := make([]string, len(r.Attributes))
		for j, at := range r.Attributes {
			parts[j] = strings.ToLower(at.Type) + "=" + hex.EncodeToString([]byte(foldValue(at.Value)))
		}
		b.WriteString(joinSorted(parts))
	}
	return b.String(), nil
}

// memberKey is dnKey of what others wrote: what is no DN is itself.
func memberKey(dn string) string {
	if k, err := dnKey(dn); err == nil {
		return k
	}
	return "?" + dn
}

// foldValue is a value of a name as it is compared: without regard to case and to how many blanks stand in a row.
func foldValue(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// equals is a filter for one value of an attribute, whatever bytes it holds (RFC 4515 §3).
func equals(attribute string, value []byte) string {
	var b strings.Builder
	b.WriteString("(" + attribute + "=")
	for _, c := range value {
		fmt.Fprintf(&b, `\%02x`, c)
	}
	return b.String() + ")"
}

// checkFilter tells whether it is a filter: one that is cut short would be sent as another one.
func checkFilter(f string) error {
	if !strings.HasPrefix(f, "(") {
		return errors.New("no filter of RFC 4515: it begins with (")
	}
	if _, err := ldap.CompileFilter(f); err != nil {
		return errors.New("no filter of RFC 4515: " + err.Error())
	}
	return nil
}

// short is text cut to the length of a message.
func short(s string) string {
	const most = 60
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

func joinSorted(parts []string) string {
	slices.Sort(parts)
	return strings.Join(parts, "+")
}
