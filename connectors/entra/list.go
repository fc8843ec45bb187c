package entra

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// errStopped says that the consumer wants no more.
var errStopped = errors.New("the consumer wants no more")

// mostEmptyPages is how many pages in a row may bring nothing and still lead on: Graph sends such pages, but not for ever.
const mostEmptyPages = 200

// listed is one object of a list.
type listed struct {
	raw   json.RawMessage
	where connectors.Where
	at    time.Time // by the service's clock; zero where it does not tell
}

// list reads a list page by page and hands over every object of it. The link to the next page is followed as it is, and
// only to the same origin; its absence is the end of the list. It gives the last answer, and does not call End.
func (a *App) list(ctx context.Context, t connectors.Trace, c connectors.Collection, path string, row func(listed) error) (*httpx.Response, error) {
	where := connectors.Where{Source: a.base + strings.SplitN(path, "?", 2)[0]}
	ref, followed, empty := path, map[string]bool{}, 0
	for {
		res, err := a.client.Get(ctx, ref)
		if err != nil {
			return nil, err
		}
		t.Page(c, res.Page)
		var page struct {
			Value *[]json.RawMessage
			Next  string `json:"@odata.nextLink"`
		}
		if err := decode(res, &page); err != nil {
			return nil, err
		}
		if page.Value == nil {
			return nil, notGraph(res, errors.New("no value"))
		}
		at := clock(res.Header)
		for _, raw := range *page.Value {
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("%s: %w", where.Source, err)
			}
			where.Line++
			if err := row(listed{raw, where, at}); err != nil {
				return nil, err
			}
		}
		if empty++; len(*page.Value) > 0 {
			empty = 0
		}
		switch {
		case page.Next == "":
			return res, nil
		case followed[page.Next] || empty > mostEmptyPages:
			return nil, fmt.Errorf("%s: the links to the next page lead in a circle: the list cannot be read; run it again", where.Source)
		}
		followed[page.Next] = true
		ref = page.Next
	}
}

// each is list, each object decoded. An object that cannot be understood ends the reading: what it would have given would be
// lost without a trace.
func each[T any](ctx context.Context, a *App, t connectors.Trace, c connectors.Collection, path string, take func(*T) error) error {
	_, err := a.list(ctx, t, c, path, func(l listed) error {
		var v T
		if err := json.Unmarshal(l.raw, &v); err != nil {
			return fmt.Errorf("%s: %w", l.where, err)
		}
		return take(&v)
	})
	return err
}

// one reads one object.
func one[T any](ctx context.Context, a *App, path string) (T, *httpx.Response, error) {
	var v T
	res, err := a.client.Get(ctx, path)
	if err != nil {
		return v, nil, err
	}
	return v, res, decode(res, &v)
}

// total asks how many there are. It is an advanced query, which needs the header; B2C directories do not answer it, and
// then nothing is known: -1.
func (a *App) total(ctx context.Context, t connectors.Trace, c connectors.Collection, path string) (int, error) {
	res, err := a.client.Read(ctx, httpx.Read{Ref: path + "/$count", Header: http.Header{"Consistencylevel": {"eventual"}, "Accept": {"text/plain"}}})
	switch {
	case statusOf(err) == http.StatusBadRequest:
		return -1, nil
	case err != nil:
		return -1, err
	}
	t.Page(c, res.Page)
	n, err := strconv.Atoi(strings.Trim(string(res.Body), "\ufeff \r\n\""))
	if err != nil || n < 0 {
		return -1, notGraph(res, errors.New("no number"))
	}
	return n, nil
}

func decode(res *httpx.Response, v any) error {
	if err := json.Unmarshal(res.Body, v); err != nil {
		return notGraph(res, err)
	}
	return nil
}

// notGraph does not show the answer: what somebody else answers with may be anything.
func notGraph(res *httpx.Response, err error) error {
	return fmt.Errorf("%s: the answer (%s, %d bytes) is not Microsoft Graph's: %w; check url, and any proxy between",
		res.Page.Request, cmp.Or(res.Header.Get("Content-Type"), "of no type"), len(res.Body), err)
}

// quote writes a string in a filter (OData 4.01 §5.1.1.6.1).
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// filter is a query that asks for what matches.
func filter(f string) string {
	return "?$filter=" + strings.ReplaceAll(url.QueryEscape(f), "+", "%20")
}
