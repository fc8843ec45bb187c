package ldap

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"rollcall/connectors"
)

const password = "s3cr3t+pass/wörd"

// fake is a directory that keeps what it is told: for what real servers would have to be made to do, one at a time. It is
// asked over pipes.
type fake struct {
	sync.Mutex
	entries []*node
	binds   int
	changes []string

	maxRange int                                   // values given at once; 0: all
	refer    []string                              // at the end of each page
	hide     string                                // an attribute nobody may read
	before   func(f *fake, op string, n int) fault // asked with the number of the request of its kind
	asked    map[string]int
}

// node is an entry; names of attributes are lower case.
type node struct {
	dn    string
	attrs map[string][]string
}

// fault is what becomes of one request.
type fault struct {
	code      int    // of the result
	says      string // with it
	drop      bool   // no answer; nothing is done
	deaf      bool   // no answer; it is done
	noControl bool   // the paging control is left out
}

func (f *fake) add(dn string, attrs ...string) *node {
	n := &node{dn, map[string][]string{}}
	for i := 0; i < len(attrs); i += 2 {
		k := strings.ToLower(attrs[i])
		n.attrs[k] = append(n.attrs[k], attrs[i+1])
	}
	f.entries = append(f.entries, n)
	return n
}

// dial is Env.Dial.
func (f *fake) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	go f.serve(there)
	return here, nil
}

func (f *fake) serve(c net.Conn) {
	defer c.Close()
	for {
		p, err := ber.ReadPacket(c)
		if err != nil || len(p.Children) < 2 {
			return
		}
		f.Lock()
		answers := f.answer(p)
		f.Unlock()
		for _, a := range answers {
			if a == nil {
				return
			}
			if _, err := c.Write(a.Bytes()); err != nil {
				return
			}
		}
	}
}

var operations = map[ber.Tag]string{ldap.ApplicationBindRequest: "bind", ldap.ApplicationSearchRequest: "search", ldap.ApplicationModifyRequest: "modify",
	ldap.ApplicationExtendedRequest: "extended"}

// answer is the answers to one request; nil among them ends the connection.
func (f *fake) answer(p *ber.Packet) []*ber.Packet {
	id, op := p.Children[0].Value.(int64), p.Children[1]
	name := operations[op.Tag]
	if f.asked == nil {
		f.asked = map[string]int{}
	}
	f.asked[name]++
	var x fault
	if f.before != nil {
		x = f.before(f, name, f.asked[name])
	}
	var out []*ber.Packet
	switch {
	case x.drop || name == "":
		return []*ber.Packet{nil}
	case x.code != 0 && name == "search":
		out = []*ber.Packet{result(id, ldap.ApplicationSearchResultDone, x.code, x.says)}
	case x.code != 0:
		out = []*ber.Packet{result(id, op.Tag+1, x.code, x.says)}
	case name == "search":
		out = f.search(id, p, x)
	case name == "modify":
		out = []*ber.Packet{result(id, op.Tag+1, f.modify(op), "")}
	case name == "bind":
		f.binds++
		code := 0
		if got := op.Children[2].Data.String(); got != password {
			code = ldap.LDAPResultInvalidCredentials
		}
		out = []*ber.Packet{result(id, op.Tag+1, code, "80090308: LdapErr: DSID-0C09, data 52e, v4563")}
	default:
		out = []*ber.Packet{result(id, op.Tag+1, ldap.LDAPResultProtocolError, "not known")}
	}
	if x.deaf {
		return []*ber.Packet{nil}
	}
	return out
}

func message(id int64, op *ber.Packet) *ber.Packet {
	m := ber.NewSequence("")
	m.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	m.AppendChild(op)
	return m
}

func octets(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

func result(id int64, tag ber.Tag, code int, says string) *ber.Packet {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, int64(code), ""))
	op.AppendChild(octets(""))
	op.AppendChild(octets(says))
	return message(id, op)
}

func (f *fake) search(id int64, p *ber.Packet, x fault) []*ber.Packet {
	op := p.Children[1]
	base, scope := op.Children[0].Value.(string), op.Children[1].Value.(int64)
	var wanted []string
	for _, c := range op.Children[7].Children {
		wanted = append(wanted, c.Value.(string))
	}
	var found []*node
	there := false
	for _, n := range f.entries {
		at := n.at(base)
		there = there || at
		if (at || scope == ldap.ScopeWholeSubtree && below(n.dn, base)) && f.match(n, op.Children[6]) {
			found = append(found, n)
		}
	}
	if !there && base != "" {
		return []*ber.Packet{result(id, ldap.ApplicationSearchResultDone, ldap.LDAPResultNoSuchObject, "")}
	}
	size, from, paged := pagingOf(p)
	to := len(found)
	if paged {
		to = min(from+size, len(found))
	}
	var out []*ber.Packet
	for _, n := range found[from:to] {
		out = append(out, message(id, f.shown(n, wanted)))
	}
	for _, ref := range f.refer {
		r := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultReference, nil, "")
		r.AppendChild(octets(ref))
		out = append(out, message(id, r))
	}
	done := result(id, ldap.ApplicationSearchResultDone, 0, "")
	if paged && !x.noControl {
		cookie := ""
		if to < len(found) {
			cookie = strconv.Itoa(to)
		}
		controls := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
		ctl := ldap.NewControlPaging(0)
		ctl.Cookie = []byte(cookie)
		controls.AppendChild(ctl.Encode())
		done.AppendChild(controls)
	}
	return append(out, done)
}

// pagingOf reads how many entries are asked for, and from where.
func pagingOf(p *ber.Packet) (size, from int, paged bool) {
	if len(p.Children) < 3 {
		return 0, 0, false
	}
	for _, c := range p.Children[2].Children {
		ctl, err := ldap.DecodeControl(c)
		if page, ok := ctl.(*ldap.ControlPaging); ok && err == nil {
			from, _ = strconv.Atoi(string(page.Cookie))
			return int(page.PagingSize), from, true
		}
	}
	return 0, 0, false
}

// at tells whether a DN, or an id as Active Directory writes it into one, names the entry.
func (n *node) at(dn string) bool {
	if id, ok := strings.CutPrefix(dn, "<GUID="); ok && len(n.attrs["objectguid"]) > 0 {
		own, _ := guidText([]byte(n.attrs["objectguid"][0]))
		return own == strings.TrimSuffix(id, ">")
	}
	return memberKey(n.dn) == memberKey(dn)
}

func below(dn, base string) bool {
	return base == "" || strings.HasSuffix(memberKey(dn), ","+memberKey(base))
}

// match judges by the filters that this connector sends.
func (f *fake) match(n *node, filter *ber.Packet) bool {
	has := func(c *ber.Packet) bool { return f.match(n, c) }
	switch filter.Tag {
	case ldap.FilterAnd:
		return !slices.ContainsFunc(filter.Children, func(c *ber.Packet) bool { return !has(c) })
	case ldap.FilterOr:
		return slices.ContainsFunc(filter.Children, has)
	case ldap.FilterPresent:
		return f.see(n, filter.Data.String()) != nil
	case ldap.FilterEqualityMatch:
		want := filter.Children[1].Data.String()
		return slices.ContainsFunc(f.see(n, filter.Children[0].Data.String()), func(v string) bool {
			return strings.EqualFold(v, want) || strings.Contains(want, "=") && memberKey(v) == memberKey(want)
		})
	}
	panic(fmt.Sprintf("the fake does not know filter %d", filter.Tag))
}

func (f *fake) see(n *node, attribute string) []string {
	if strings.EqualFold(attribute, f.hide) {
		return nil
	}
	return n.attrs[strings.ToLower(attribute)]
}

// shown is an entry as it is sent: of attributes with many values, a piece.
func (f *fake) shown(n *node, wanted []string) *ber.Packet {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultEntry, nil, "")
	op.AppendChild(octets(n.dn))
	list := ber.NewSequence("")
	put := func(name string, values []string) {
		a, set := ber.NewSequence(""), ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
		for _, v := range values {
			set.AppendChild(octets(v))
		}
		a.AppendChild(octets(name))
		a.AppendChild(set)
		list.AppendChild(a)
	}
	for _, w := range wanted {
		name, span, ranged := strings.Cut(w, ";range=")
		values := f.see(n, name)
		lo := 0
		if ranged {
			lo, _ = strconv.Atoi(strings.TrimSuffix(span, "-*"))
		}
		switch {
		case values == nil || lo >= len(values):
		case f.maxRange == 0 || !ranged && len(values) <= f.maxRange:
			put(name, values)
		default:
			hi, mark := lo+f.maxRange, ""
			if mark = strconv.Itoa(hi - 1); hi >= len(values) {
				hi, mark = len(values), "*"
			}
			if !ranged {
				put(name, nil)
			}
			put(fmt.Sprintf("%s;range=%d-%s", name, lo, mark), values[lo:hi])
		}
	}
	op.AppendChild(list)
	return op
}

// modify does all of a request or nothing.
func (f *fake) modify(op *ber.Packet) int {
	i := slices.IndexFunc(f.entries, func(n *node) bool { return n.at(op.Children[0].Value.(string)) })
	if i < 0 {
		return ldap.LDAPResultNoSuchObject
	}
	attrs := maps.Clone(f.entries[i].attrs)
	said := ""
	for _, c := range op.Children[1].Children {
		kind, name := c.Children[0].Value.(int64), c.Children[1].Children[0].Value.(string)
		for _, v := range c.Children[1].Children[1].Children {
			value, k := v.Data.String(), strings.ToLower(name)
			at := slices.IndexFunc(attrs[k], func(had string) bool { return memberKey(had) == memberKey(value) })
			switch {
			case kind == ldap.AddAttribute && at >= 0:
				return ldap.LDAPResultEntryAlreadyExists // as Active Directory
			case kind == ldap.AddAttribute:
				attrs[k] = append(slices.Clone(attrs[k]), value)
			case kind == ldap.DeleteAttribute && at < 0:
				return ldap.LDAPResultUnwillingToPerform // as Active Directory
			case kind == ldap.DeleteAttribute:
				attrs[k] = slices.Delete(slices.Clone(attrs[k]), at, at+1)
			default:
				panic("whole lists are not to be written")
			}
			said += fmt.Sprintf(" %s %s %s", map[int64]string{0: "+", 1: "-"}[kind], name, value)
		}
	}
	f.entries[i].attrs = attrs
	f.changes = append(f.changes, f.entries[i].dn+said)
	return 0
}

const testDomain = "DC=corp,DC=example"

// guid is the bytes of an objectGUID.
func guid(n int) string { return strings.Repeat("\x00", 15) + string(rune(n)) }

// domainSID is the SID of one in the test's domain.
func domainSID(rid uint32) string {
	return string(sid("\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00....").sibling(rid))
}

// company is an Active Directory of six people and some groups.
func company() *fake {
	f := new(fake)
	f.add("", "objectClass", "top", "defaultNamingContext", testDomain, "dnsHostName", "dc1.corp.example", "currentTime", "20260601120000.0Z",
		"supportedControl", ldap.ControlTypePaging, "supportedCapabilities", oidActiveDirectory)
	f.add(testDomain, "objectClass", "domain")
	for n := 1; n <= 6; n++ {
		uac := "512"
		if n == 6 {
			uac = "514"
		}
		u := f.add(personOf(n), "objectClass", "user", "objectCategory", "person", "objectGUID", guid(n), "objectSid", domainSID(uint32(1100+n)),
			"sAMAccountName", fmt.Sprintf("u%d", n), "displayName", fmt.Sprintf("User %d", n), "mail", fmt.Sprintf("u%d@corp.example", n),
			"employeeID", fmt.Sprintf("E%d", n), "userAccountControl", uac, "accountExpires", "9223372036854775807", "primaryGroupID", "513",
			"whenCreated", "20250102030405.0Z", "lastLogonTimestamp", "134191296000000000")
		if n == 5 {
			delete(u.attrs, "lastlogontimestamp")
		}
	}
	group := func(n int, name string, rid uint32, members ...string) {
		attrs := []string{"objectClass", "group", "objectGUID", guid(100 + n), "objectSid", domainSID(rid), "sAMAccountName", name}
		for _, m := range members {
			attrs = append(attrs, "member", m)
		}
		f.add(groupOf(name), attrs...)
	}
	group(1, "Domain Users", 513)
	group(2, "Five", 1201, personOf(1), personOf(2), personOf(3), personOf(4), personOf(5))
	group(3, "Two", 1202, personOf(2), personOf(3))
	group(4, "Everything", 1203, groupOf("Five"), groupOf("Domain Admins"))
	group(5, "Domain Admins", 512, groupOf("Two"))
	return f
}

func personOf(n int) string      { return fmt.Sprintf("CN=User %d,OU=Staff,%s", n, testDomain) }
func groupOf(name string) string { return "CN=" + name + ",OU=Groups," + testDomain }
func (f *fake) at(dn string) *node {
	return f.entries[slices.IndexFunc(f.entries, func(n *node) bool { return n.at(dn) })]
}

func (f *fake) env() connectors.Env {
	return connectors.Env{Dial: f.dial, Zone: time.UTC, Secret: func(ref string) (string, error) {
		if ref != "env:LDAP" {
			return "", io.ErrUnexpectedEOF
		}
		return password, nil
	}}
}

// open opens the app over the fake; two entries make a page.
func (f *fake) open(t testing.TB, changes ...func(*AppConfig)) *App {
	t.Helper()
	c := AppConfig{URL: "ldap://127.0.0.1", PlainLoopback: true, Bind: "reader@corp.example", Password: "env:LDAP", PageSize: 2}
	for _, change := range changes {
		change(&c)
	}
	a, err := c.open(f.env())
	if err != nil {
		t.Fatal(err)
	}
	a.pause = noPause
	return a
}

func id(n int) connectors.AccountID {
	text, _ := guidText([]byte(guid(n)))
	return connectors.AccountID(text)
}
