package sqldb

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// letIn finds which account a session belongs to, as the server does when it lets somebody in: of the accounts with that
// user name, or with none, whose host fits, the one with the most specific host, and at the same host the named one before
// the nameless (https://dev.mysql.com/doc/refman/8.4/en/connection-access.html).
func (c *catalogue) letIn(user, from string) (key string, err error) {
	client := clientOf(from)
	var best *login
	for _, l := range c.doors {
		if l.user != user && l.user != "" {
			continue
		}
		switch fits(l.host, client) {
		case fitsNot:
		case cannotTell:
			return "", fmt.Errorf("it comes from %q, and whether the account %q let it in cannot be told: end it by hand (KILL), or have the server not resolve names (skip_name_resolve)", from, l.key)
		default:
			if best == nil || moreSpecific(l, best) < 0 {
				best = l
			}
		}
	}
	if best == nil {
		return "", errors.New("no account fits where it comes from: it may be one of a dropped account; end it by hand (KILL)")
	}
	return best.key, nil
}

// client is where a session comes from: an address, or a name that the server found for one it does not tell.
type client struct {
	name string
	ip   netip.Addr
	tcp  bool
}

// clientOf takes apart what a server says: "192.0.2.7:50412", "host.example.com:50412", or "localhost" of a unix socket.
func clientOf(from string) client {
	name := from
	if at := strings.LastIndexByte(from, ':'); at >= 0 {
		if _, err := strconv.ParseUint(from[at+1:], 10, 16); err == nil {
			name = from[:at]
		}
	}
	c := client{name: strings.ToLower(name), tcp: name != from}
	c.ip, _ = netip.ParseAddr(strings.Trim(name, "[]"))
	return c
}

type fitness uint8

const (
	fitsNot fitness = iota
	fitsWell
	cannotTell
)

// fits tells whether an account's host is one for a client.
func fits(host string, c client) fitness {
	host = strings.ToLower(host)
	if host == "" || host == "%" {
		return fitsWell
	}
	if c.ip.IsValid() {
		if in, isNet := inNet(host, c.ip); isNet {
			return is(in)
		}
		return is(like(host, c.name))
	}
	if like(host, c.name) {
		return fitsWell
	}
	if c.name == "localhost" && c.tcp {
		for _, ip := range []string{"127.0.0.1", "::1"} {
			if in, isNet := inNet(host, netip.MustParseAddr(ip)); like(host, ip) || isNet && in {
				return fitsWell
			}
		}
		return fitsNot
	}
	if c.name != "localhost" && strings.Trim(host, "0123456789abcdef.:%_/") == "" {
		return cannotTell // a pattern of addresses, and the session's is not told
	}
	return fitsNot
}

func is(b bool) fitness {
	if b {
		return fitsWell
	}
	return fitsNot
}

// inNet reads "198.51.100.0/255.255.255.0" and "198.51.100.0/24".
func inNet(host string, ip netip.Addr) (in, isNet bool) {
	base, mask, ok := strings.Cut(host, "/")
	if !ok {
		return false, false
	}
	net, err := netip.ParseAddr(base)
	if err != nil {
		return false, false
	}
	bits, err := strconv.Atoi(mask)
	if err != nil {
		m, bad := netip.ParseAddr(mask)
		if bad != nil || !m.Is4() {
			return false, false
		}
		bits = 0
		for _, b := range m.As4() {
			for ; b&0x80 != 0; b <<= 1 {
				bits++
			}
		}
	}
	p, err := net.Prefix(bits)
	return err == nil && p.Contains(ip), err == nil
}

// like is SQL's LIKE: % stands for any run of characters, _ for one, \ takes the meaning from the next. It goes back to the
// last % alone, so that no pattern takes long.
func like(pattern, s string) bool {
	p, i := 0, 0
	any, from := -1, 0 // after the last %, and how much of s it has taken
	for i < len(s) || p < len(pattern) {
		if p < len(pattern) && pattern[p] == '%' {
			any, from = p+1, i
			p++
			continue
		}
		at := p
		literal := at+1 < len(pattern) && pattern[at] == '\\'
		if literal {
			at++
		}
		if i < len(s) && at < len(pattern) && (pattern[at] == s[i] || !literal && pattern[at] == '_') {
			p, i = at+1, i+1
			continue
		}
		if any < 0 || from >= len(s) {
			return false
		}
		from++
		p, i = any, from
	}
	return true
}

// moreSpecific orders as the server sorts: literal hosts, then nets, then patterns by how late their first wildcard stands,
// then "%", then none.
func moreSpecific(a, b *login) int {
	rank := func(l *login) (class, wildcard int) {
		at := strings.IndexAny(l.host, "%_")
		switch {
		case l.host == "":
			return 4, 0
		case l.host == "%":
			return 3, 0
		case at >= 0:
			return 2, -at
		case strings.Contains(l.host, "/"):
			return 1, 0
		}
		return 0, 0
	}
	ac, aw := rank(a)
	bc, bw := rank(b)
	return cmp.Or(cmp.Compare(ac, bc), cmp.Compare(aw, bw), cmp.Compare(boolean(a.user == ""), boolean(b.user == "")), slices.Compare([]string{a.host}, []string{b.host}))
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}
