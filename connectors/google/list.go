package google

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// record is one resource of a list.
type record struct {
	raw   json.RawMessage
	where connectors.Where
}

// page is one page of a list.
type page struct {
	rows []json.RawMessage
	next string // the token of the page after it; empty: there is none
	page connectors.Page
}

// pages yields the pages of a list. key is under which name it holds its rows; a page that has none may lack the name. The
// error ends it.
func (a *App) pages(ctx context.Context, path, key string, query url.Values) iter.Seq2[page, error] {
	return func(yield func(page, error) bool) {
		followed := map[string]bool{}
		query := clone(query)
		for {
			p, err := a.page(ctx, path+"?"+query.Encode(), key)
			if err == nil && p.next != "" && followed[p.next] {
				err = fmt.Errorf("%s: the page token %.40q was given before: the list leads in a circle and cannot be read", p.page.Request, p.next)
			}
			if !yield(p, err) || err != nil || p.next == "" {
				return
			}
			followed[p.next] = true
			query.Set("pageToken", p.next)
		}
	}
}

// page reads one page. Every list says of what kind it is, also where it has nothing: an answer that does not is no empty list.
// It is asked for once more, and then an error.
func (a *App) page(ctx context.Context, ref, key string) (page, error) {
	var p page
	var err error
	for range 2 {
		res, failed := a.read.Get(ctx, ref)
		if failed != nil {
			return page{}, failed
		}
		if p, err = parsePage(res, key); !errors.Is(err, errNoKind) {
			break
		}
	}
	return p, err
}

var errNoKind = errors.New("it does not say of what kind it is")

func clone(q url.Values) url.Values {
	out := make(url.Values, len(q)+1)
	for k, v := range q {
		out[k] = v
	}
	return out
}

func parsePage(res *httpx.Response, key string) (page, error) {
	var body map[string]json.RawMessage
	if err := json.Unmarshal(res.Body, &body); err != nil || body == nil {
		return page{}, notGoogle(res, err)
	}
	p := page{page: res.Page}
	kind := ""
	for name, into := range map[string]any{key: &p.rows, "nextPageToken": &p.next, "kind": &kind} {
		if raw, ok := body[name]; ok {
			if err := json.Unmarshal(raw, into); err != nil {
				return page{}, notGoogle(res, fmt.Errorf("%s: %w", name, err))
			}
		}
	}
	if kind == "" {
		return page{}, notGoogle(res, errNoKind)
	}
	return p, nil
}

// notGoogle is the error of an answer that is not what the API's description promises.
func notGoogle(res *httpx.Response, err error) error {
	if err == nil {
		err = fmt.Errorf("no JSON object")
	}
	return fmt.Errorf("%s: the answer is not the Directory API's (%w) but %s", res.Page.Request, err, short(res.Body))
}

// list yields the rows of a list that is part of a pull, one by one.
func (a *App) list(ctx context.Context, t connectors.Trace, c connectors.Collection, path, key string, query url.Values) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		n := 0
		for p, err := range a.pages(ctx, path, key, query) {
			if err != nil {
				yield(record{}, err)
				return
			}
			t.Page(c, p.page)
			for _, raw := range p.rows {
				n++
				if !yield(record{raw, connectors.Where{Source: a.base + path, Line: n}}, nil) {
					return
				}
			}
		}
	}
}
