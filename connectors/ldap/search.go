package ldap

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rollcall/connectors"
)

// entry is one of a search's results. Names of attributes are compared without regard to case (RFC 4512 §2.5).
type entry struct{ *ldap.Entry }

func (e entry) first(name string) string         { return e.GetEqualFoldAttributeValue(name) }
func (e entry) all(name string) []string         { return e.GetEqualFoldAttributeValues(name) }
func (e entry) raw(name string) []byte           { return e.GetEqualFoldRawAttributeValue(name) }
func (e entry) has(name string) bool             { return len(e.all(name)) > 0 }
func (e entry) isA(class string) bool            { return containsFold(e.all("objectClass"), class) }
func containsFold(all []string, one string) bool { return slices.ContainsFunc(all, equalTo(one)) }
func equalTo(one string) func(string) bool {
	return func(s string) bool { return strings.EqualFold(s, one) }
}

// query is a search of a subtree.
type query struct {
	coll       connectors.Collection
	base       string
	filter     string
	attributes []string
}

// reader reads lists, over one connection after another where it has to.
type reader struct {
	*session
	trace connectors.Trace
	away  map[string]bool // what the server referred to
}

var (
	errStopped = errors.New("the consumer wants no more")
	errCookie  = errors.New("the server does not know how far it was")
)

// restarts is how often a list is read again from its start: the cookie of a paged search lives no longer than its
// connection.
const restarts = 3

// list gives each entry once. It returns nil only if the server said that there is no more. An error in the way loses
// nothing and repeats nothing: the list is read again, for what the first reading missed.
func (r *reader) list(q query, each func(entry) error) error {
	seen := map[string]int{} // by id, the pass that saw an entry last
	for pass := 1; ; pass++ {
		err := r.pass(q, pass, seen, each)
		if err == nil || !again(err) || pass > restarts || r.ctx.Err() != nil {
			return err
		}
		r.trace.Note(q.coll, fmt.Sprintf("the connection was lost while %s were read; they were read again from the start for those that were missing", q.coll))
		if err := r.app.pause(r.ctx, time.Duration(pass)*time.Second); err != nil {
			return err
		}
		next, failed := r.app.connect(r.ctx)
		if failed != nil {
			return fmt.Errorf("%w (after: %w)", failed, err)
		}
		r.close()
		r.session = next
	}
}

// again tells whether another reading may go better.
func again(err error) bool {
	return errors.Is(err, connectors.ErrTransient) || errors.Is(err, errCookie)
}

// pass reads all pages.
func (r *reader) pass(q query, pass int, seen map[string]int, each func(entry) error) error {
	paging := ldap.NewControlPaging(uint32(r.app.pageSize))
	for page := 1; ; page++ {
		what := fmt.Sprintf("search %s filter %s, page %d", q.base, q.filter, page)
		res, err := r.search(q.base, ldap.ScopeWholeSubtree, q.filter, q.attributes, what, paging)
		if err != nil {
			if code := codeOf(err); page > 1 && (code == ldap.LDAPResultUnwillingToPerform || code == ldap.LDAPResultProtocolError) {
				return fmt.Errorf("%w: %w", errCookie, err)
			}
			return err // and the entries that came with it are not all
		}
		r.trace.Page(q.coll, pageOf(what, res.Entries))
		for _, ref := range res.Referrals {
			r.away[ref] = true
		}
		for _, e := range res.Entries {
			if err := r.once(entry{e}, pass, seen, each); err != nil {
				return err
			}
		}
		next, ok := ldap.FindControl(res.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
		switch {
		case !ok:
			return fmt.Errorf("%s: the server left out how far the list goes (RFC 2696): whether %d entries are all cannot be known", r.app.location(q.base), len(seen))
		case len(next.Cookie) == 0:
			return nil
		}
		paging.SetCookie(next.Cookie)
	}
}

// once gives an entry to each, unless an earlier pass did.
func (r *reader) once(e entry, pass int, seen map[string]int, each func(entry) error) error {
	if err := r.ctx.Err(); err != nil {
		return r.app.broken(r.ctx, "reading", err)
	}
	key := orElse(string(e.raw(r.app.dialect.id)), e.DN)
	had := seen[key]
	switch {
	case had == pass:
		return fmt.Errorf("%s came twice in one reading: the server's list cannot be relied on", r.app.location(e.DN))
	case had == 0:
		if err := each(e); err != nil {
			return err
		}
	}
	seen[key] = pass
	return nil
}

// search asks once.
func (s *session) search(base string, scope int, filter string, attributes []string, what string, controls ...ldap.Control) (*ldap.SearchResult, error) {
	if err := s.ctx.Err(); err != nil {
		return nil, s.app.broken(s.ctx, what, err)
	}
	res, err := s.conn.Search(ldap.NewSearchRequest(base, scope, ldap.NeverDerefAliases, 0, 0, false, filter, attributes, controls))
	if err != nil {
		return nil, s.app.broken(s.ctx, what, err)
	}
	return res, nil
}

// one reads an entry by its name, or by its GUID; it must match the filter.
func (s *session) one(dn, filter string, attributes []string) (entry, error) {
	res, err := s.search(dn, ldap.ScopeBaseObject, filter, attributes, "read "+dn)
	if err != nil {
		return entry{}, err
	}
	if len(res.Entries) != 1 {
		return entry{}, fmt.Errorf("%s: no such entry, or not one of the kind asked for: %w", s.app.location(dn), connectors.ErrNotFound)
	}
	return entry{res.Entries[0]}, nil
}

// values are all of an attribute. Of one with many, a domain controller gives as many as it likes, under another name:
// "member;range=0-1499", beside an empty "member" (MS-ADTS 3.1.1.3.1.3.3). The last piece ends in "*".
func (r *reader) values(coll connectors.Collection, e entry, attribute string) ([]string, error) {
	out := e.all(attribute)
	if len(out) > 0 {
		return out, nil
	}
	for dn := e.DN; ; {
		from, last, values, ok := rangeOf(e, attribute)
		switch {
		case !ok && len(out) == 0:
			return nil, nil
		case !ok || from != len(out) || len(values) == 0 && !last:
			return nil, fmt.Errorf("%s: of %s, the server gave %d and not the next: it changed while it was read, or cannot be read whole: %w",
				r.app.location(dn), attribute, len(out), connectors.ErrTransient)
		}
		if out = append(out, values...); last {
			return out, nil
		}
		piece := fmt.Sprintf("%s;range=%d-*", attribute, len(out))
		what := "read " + dn + " " + piece
		res, err := r.search(dn, ldap.ScopeBaseObject, "(objectClass=*)", []string{piece}, what)
		if err != nil {
			return nil, err
		}
		if len(res.Entries) != 1 {
			return nil, fmt.Errorf("%s: it is gone since it was listed: %w", r.app.location(dn), connectors.ErrTransient)
		}
		r.trace.Page(coll, pageOf(what, res.Entries))
		e = entry{res.Entries[0]}
	}
}

// rangeOf finds the piece of an attribute that came.
func rangeOf(e entry, attribute string) (from int, last bool, values []string, ok bool) {
	for _, a := range e.Attributes {
		span, found := strings.CutPrefix(strings.ToLower(a.Name), strings.ToLower(attribute)+";range=")
		lo, hi, cut := strings.Cut(span, "-")
		if n, err := strconv.Atoi(lo); found && cut && err == nil {
			return n, hi == "*", a.Values, true
		}
	}
	return 0, false, nil, false
}

// pageOf accounts for entries as they were read: the bytes and their hash are those of LDIF (RFC 2849) with every value in
// base64, in the order in which they came.
func pageOf(what string, entries []*ldap.Entry) connectors.Page {
	var b []byte
	line := func(name string, value []byte) {
		b = append(append(b, name...), ":: "...)
		b = append(base64.StdEncoding.AppendEncode(b, value), '\n')
	}
	b = append(b, "version: 1\n"...)
	for _, e := range entries {
		b = append(b, '\n')
		line("dn", []byte(e.DN))
		for _, a := range e.Attributes {
			for _, v := range a.ByteValues {
				line(a.Name, v)
			}
		}
	}
	return connectors.Page{Request: what, Bytes: int64(len(b)), SHA256: sha256.Sum256(b)}
}
