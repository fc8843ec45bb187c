package ldap

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
)

func TestFiletime(t *testing.T) {
	for s, want := range map[string]string{
		"0": "", "9223372036854775807": "",
		"1":                   "1601-01-01T00:00:00.0000001Z",
		"116444736000000000":  "1970-01-01T00:00:00Z",
		"116444735999999999":  "1969-12-31T23:59:59.9999999Z",
		"134143776005678901":  "2026-02-01T00:00:00.5678901Z",
		"9223372036854775806": "30828-09-14T02:48:05.4775806Z",
		"-1":                  "error", "": "error", "x": "error", "1.5": "error", "9223372036854775808": "error",
	} {
		got, is, err := filetime(s)
		switch {
		case want == "error":
			if err == nil {
				t.Errorf("%q is read as %v", s, got)
			}
		case err != nil || is != (want != "") || is && got.Format("2006-01-02T15:04:05.9999999Z07:00") != want:
			t.Errorf("%q is read as %v, %v, %v; want %q", s, got, is, err, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	for s, want := range map[string]string{
		"20260601120000Z": "2026-06-01T12:00:00Z", "20260601120000.0Z": "2026-06-01T12:00:00Z", "20260601120000,25Z": "2026-06-01T12:00:00.25Z",
		"20260601120000+0200": "2026-06-01T10:00:00Z", "20260601120000-03": "2026-06-01T15:00:00Z", "20241231235959Z": "2024-12-31T23:59:59Z",
		"": "", "20260601": "", "20260601120000": "", "20261301120000Z": "", "2026060112 000Z": "", "99999999999999Z": "", "20260601120000Zjunk": "",
	} {
		got, err := parseTime(s)
		if want == "" && err == nil || want != "" && (err != nil || got.Format(time.RFC3339Nano) != want) {
			t.Errorf("%q is read as %v, %v; want %q", s, got, err, want)
		}
	}
}

// The example of MS-DTYP 2.3.4.3: the first three numbers are turned round.
func TestGUID(t *testing.T) {
	b := []byte{0x35, 0x0f, 0x54, 0x6b, 0x37, 0x7e, 0xd8, 0x46, 0x87, 0x83, 0x54, 0x61, 0x74, 0x9a, 0x17, 0xcb}
	if got, err := guidText(b); err != nil || got != "6b540f35-7e37-46d8-8783-5461749a17cb" || !isUUID(got) {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := guidText(b[:15]); err == nil {
		t.Error("15 bytes are taken")
	}
	for _, s := range []string{"", "no-such-account", "6b540f35-7e37-46d8-8783-5461749a17c", "6b540f35-7e37-46d8-8783-5461749a17cB", "6b540f35x7e37-46d8-8783-5461749a17cb",
		"6b540f35-7e37-46d8-8783-5461749a1*)(", "6b540f35-7e37-46d8-8783-5461749a17cb "} {
		if isUUID(s) {
			t.Errorf("%q is taken", s)
		}
	}
}

func TestSID(t *testing.T) {
	admins := []byte("\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00")
	s, err := parseSID(admins)
	if err != nil || s.String() != "S-1-5-32-544" || s.rid() != 544 || s.ofDomain() {
		t.Errorf("%v, %v", s, err)
	}
	user, err := parseSID([]byte(domainSID(4000000000)))
	if err != nil || user.String() != "S-1-5-21-1-2-3-4000000000" || !user.ofDomain() || user.sibling(512).String() != "S-1-5-21-1-2-3-512" {
		t.Errorf("%v, %v", user, err)
	}
	for _, bad := range []string{"", "\x01", string(admins[:15]), string(admins) + "x", "\x02" + string(admins[1:]), "\x01\x10" + strings.Repeat("\x00", 70), "\x01\x00\x00\x00\x00\x00\x00\x05"} {
		if s, err := parseSID([]byte(bad)); err == nil {
			t.Errorf("%q is read as %v", bad, s)
		}
	}
}

func TestUserAccountControl(t *testing.T) {
	for s, want := range map[string]userAccountControl{"512": 0x200, "66050": 0x10202, "-2147483648": 0x80000000, "0": 0, "4294967295": 0xffffffff} {
		if got, err := parseUAC(s); err != nil || got != want {
			t.Errorf("%q is read as %x, %v", s, got, err)
		}
	}
	for _, bad := range []string{"", "0x200", "512 ", "4294967296", "-2147483649", "99999999999999999999"} {
		if got, err := parseUAC(bad); err == nil {
			t.Errorf("%q is read as %x", bad, got)
		}
	}
	if got := userAccountControl(0x80000002).String(); got != "-2147483646" {
		t.Errorf("it is written %s", got)
	}
}

func TestDNKey(t *testing.T) {
	same := [][]string{
		{"CN=Ng\\, Alice,OU=Staff,DC=corp", "cn=ng\\2c alice, ou=STAFF,dc=Corp", "CN=Ng\\,  Alice,OU=Staff,DC=corp"},
		{"uid=a+cn=b,dc=x", "CN=B+UID=A,DC=X"},
		{"CN=x\\0ACNF:6b540f35,DC=c", "cn=X\\0acnf:6b540f35,dc=C"},
		{"CN=Müller,DC=c", "cn=MÜLLER,dc=c", "cn=M\\C3\\BCller,dc=c"},
		{""},
	}
	seen := map[string]int{}
	for i, list := range same {
		for _, dn := range list {
			k, err := dnKey(dn)
			if was, had := seen[k]; err != nil || had && was != i {
				t.Errorf("%q is %q, as is one of %q (%v)", dn, k, same[was], err)
			}
			if k0, _ := dnKey(list[0]); k != k0 {
				t.Errorf("%q and %q differ: %q, %q", dn, list[0], k, k0)
			}
			seen[k] = i
		}
	}
	for _, bad := range []string{"alice", "CN=a,", "CN=a,,DC=b", "=a", "CN=\\zz"} {
		if k, err := dnKey(bad); err == nil {
			t.Errorf("%q is read as %q", bad, k)
		}
		if memberKey(bad) == memberKey("CN=a") {
			t.Errorf("%q is taken for another", bad)
		}
	}
}

func TestEquals(t *testing.T) {
	if got := equals("member", []byte("*)(\\\x00ß")); got != `(member=\2a\29\28\5c\00\c3\9f)` {
		t.Error(got)
	}
}

func FuzzValues(f *testing.F) {
	for _, s := range []string{"0", "9223372036854775807", "20260601120000.0Z", "CN=a\\,b,DC=c", "\x01\x01\x00\x00\x00\x00\x00\x05\x12\x00\x00\x00", "(a=b)", "512"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if at, is, err := filetime(s); err == nil && is {
			if v, _ := strconv.ParseInt(s, 10, 64); at.Before(time.Unix(-11644473600, 0)) || v == 0 || v == math.MaxInt64 {
				t.Errorf("%q is read as %v", s, at)
			}
		}
		parseTime(s)
		if id, err := guidText([]byte(s)); err == nil && !isUUID(id) {
			t.Errorf("%q is written %q", s, id)
		}
		if id, err := parseSID([]byte(s)); err == nil {
			if string(id) != s || !strings.HasPrefix(id.String(), "S-1-") || id.sibling(id.rid()) != id {
				t.Errorf("%q is read as %v", s, id)
			}
		}
		if u, err := parseUAC(s); err == nil {
			if again, err := parseUAC(u.String()); err != nil || again != u {
				t.Errorf("%q is read as %d and that as %d, %v", s, u, again, err)
			}
		}
		if k, err := dnKey(s); err == nil && memberKey(s) != k {
			t.Errorf("%q has two keys", s)
		}
		// Whatever it holds, a value cannot leave its filter.
		p, err := ldap.CompileFilter("(&(objectClass=group)" + equals("member", []byte(s)) + ")")
		if err != nil || len(p.Children) != 2 || p.Children[1].Children[1].Data.String() != s {
			t.Errorf("%q makes a filter of its own: %v", s, err)
		}
		checkFilter(s)
	})
}
