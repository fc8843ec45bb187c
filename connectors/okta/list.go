package okta

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"strings"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// page is one page of a list.
type page[T any] struct {
	items []T
	first int // number of the first item in the list, from 1
}

// pages reads a list page by page, following the links that Okta gives until there is none. A link is taken as it is: its
// cursor means nothing here.
func pages[T any](ctx context.Context, a *App, t connectors.Trace, c connectors.Collection, ref string) iter.Seq2[page[T], error] {
	return func(yield func(page[T], error) bool) {
		had, n := map[[sha256.Size]byte]bool{}, 0
		for start := ref; ref != ""; {
			res, err := a.client.Get(ctx, ref)
			if err != nil {
				yield(page[T]{}, err)
				return
			}
			t.Page(c, res.Page)
			p := page[T]{first: n + 1}
			next, err := open(res, &p.items)
			if err == nil && next != "" && had[sha256.Sum256([]byte(next))] || len(p.items) > 0 && had[res.Page.SHA256] {
				err = fmt.Errorf("%s: Okta's links lead in a circle, or to the same page again: the list cannot be read", a.base+start)
			}
			if err != nil {
				yield(page[T]{}, err)
				return
			}
			had[sha256.Sum256([]byte(next))], had[res.Page.SHA256] = true, true
			ref, n = next, n+len(p.items)
			if !yield(p, nil) {
				return
			}
		}
	}
}

// all reads a list item by item.
func all[T any](ctx context.Context, a *App, t connectors.Trace, c connectors.Collection, ref string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for p, err := range pages[T](ctx, a, t, c, ref) {
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range p.items {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// open takes a page apart: an array with a Link header or, for administrators, an object with value and a link within.
func open[T any](res *httpx.Response, items *[]T) (next string, err error) {
	next = nextLink(res.Header)
	if body := bytes.TrimSpace(res.Body); len(body) == 0 || body[0] != '{' {
		return next, decode(res, res.Body, items)
	}
	var list struct {
		Value *[]T
		Links struct{ Next link } `json:"_links"`
	}
	if err := decode(res, res.Body, &list); err != nil {
		return "", err
	}
	if list.Value == nil {
		return "", notOkta(res, fmt.Errorf("no list"))
	}
	*items = *list.Value
	if next == "" {
		next = list.Links.Next.Href
	}
	return next, nil
}

// nextLink finds the link to the next page (RFC 8288). Okta sends each link in a header of its own; proxies join them.
func nextLink(h http.Header) string {
	for _, v := range h.Values("Link") {
		for v != "" {
			target, rest, ok := strings.Cut(v, ">")
			_, target, opened := strings.Cut(target, "<")
			if !ok || !opened {
				break
			}
			params := rest
			if i := strings.Index(rest, "<"); i >= 0 { // the next link of the same header
				params, rest = rest[:i], rest[i:]
			} else {
				rest = ""
			}
			for p := range strings.FieldsFuncSeq(params, func(r rune) bool { return r == ';' || r == ',' || r == ' ' || r == '\t' }) {
				if strings.EqualFold(p, `rel="next"`) || strings.EqualFold(p, "rel=next") {
					return target
				}
			}
			v = rest
		}
	}
	return ""
}

func decode(res *httpx.Response, b []byte, into any) error {
	if err := json.Unmarshal(b, into); err != nil {
		return notOkta(res, err)
	}
	return nil
}

func notOkta(res *httpx.Response, err error) error {
	const most = 60
	said := bytes.TrimSpace(res.Body)
	return fmt.Errorf("%s: the answer is not Okta's (%w) but %s; check that url is that of the org", res.Page.Request, err,
		strings.ToValidUTF8(string(said[:min(len(said), most)]), ""))
}
