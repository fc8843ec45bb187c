package scim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

const token = "s3cr3t+tok/en"

// fake is a SCIM service with one way of paging, true to the standard or not.
type fake struct {
	users, groups []string // resources as JSON
	config        string   // the ServiceProviderConfig; empty = there is none
	list          pager    // indexed(3) when nil
	change        func(n int, path string, f *fake)
	asked         []string
	w             writing
}

// pager answers a request for a list.
type pager func(all []string, q url.Values) string

// serving is held while a fake answers, and while a test looks at what it did: an answer that was lost is no sign that it
// is done.
var serving sync.Mutex

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serving.Lock()
	defer serving.Unlock()
	f.asked = append(f.asked, r.URL.RequestURI())
	if f.change != nil {
		f.change(len(f.asked), r.URL.Path, f)
	}
	if r.Header.Get("Authorization") != "Bearer "+token {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	list := f.list
	if list == nil {
		list = indexed(3)
	}
	kind, id, one := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/")
	all := map[string][]string{"Users": f.users, "Groups": f.groups}[kind]
	switch {
	case r.Method != http.MethodGet:
		f.write(w, r, kind, id)
	case kind == "ServiceProviderConfig" && f.config != "":
		io.WriteString(w, f.config)
	case one:
		res, there := f.find(kind, id)
		if !there {
			http.NotFound(w, r)
			return
		}
		if f.w.etags {
			w.Header().Set("ETag", f.etag())
		}
		io.WriteString(w, *res)
	case all == nil && kind != "Users" && kind != "Groups":
		http.NotFound(w, r)
	default:
		answer := list(all, r.URL.Query())
		if strings.Contains(answer, "scimType") {
			w.WriteHeader(http.StatusBadRequest)
		}
		io.WriteString(w, answer)
	}
}

// open starts the service and opens the app that reads it. Nothing waits.
func (f *fake) open(t testing.TB, c AppConfig) *App {
	t.Helper()
	return f.openVia(t, c, func(rt http.RoundTripper) http.RoundTripper { return rt })
}

// openVia opens it over another transport.
func (f *fake) openVia(t testing.TB, c AppConfig, wrap func(http.RoundTripper) http.RoundTripper) *App {
	t.Helper()
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	c.URL, c.Token = srv.URL+"/v2/", "env:SCIM"
	app, err := c.open(testEnv(&http.Client{Transport: wrap(srv.Client().Transport)}), httpx.Settings{Sleep: noWait})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func testEnv(h *http.Client) connectors.Env {
	return connectors.Env{HTTP: h, Zone: time.UTC, Secret: func(ref string) (string, error) {
		if ref != "env:SCIM" {
			return "", errors.New("a literal secret is refused; refer to it as env:NAME")
		}
		return token, nil
	}}
}

// made makes n users; every third is disabled.
func made(n int) []string {
	var out []string
	for i := 1; i <= n; i++ {
		out = append(out, fmt.Sprintf(`{"id":"u%d","userName":"user%d","active":%t}`, i, i, i%3 != 0))
	}
	return out
}

func window(all []string, start, count, most int) []string {
	start = min(max(start-1, 0), len(all))
	return all[start:min(start+min(count, most), len(all))]
}

func number(q url.Values, name string, otherwise int) int {
	if n, err := strconv.Atoi(q.Get(name)); err == nil {
		return n
	}
	return otherwise
}

func response(total int, rows []string, more string) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":%d,"Resources":[%s]%s}`,
		total, strings.Join(rows, ","), more)
}

// indexed pages as RFC 7644 wants it.
func indexed(most int) pager {
	return func(all []string, q url.Values) string {
		start := number(q, "startIndex", 1)
		return response(len(all), window(all, start, number(q, "count", 100), most), fmt.Sprintf(`,"startIndex":%d`, start))
	}
}

// wrapping begins again when asked for what is past the end.
func wrapping(most int) pager {
	return func(all []string, q url.Values) string {
		if number(q, "startIndex", 1) > len(all) {
			q.Set("startIndex", "1")
		}
		return indexed(most)(all, q)
	}
}

// ofPage tells the length of the page as the total.
func ofPage(most int) pager {
	return func(all []string, q url.Values) string {
		rows := window(all, number(q, "startIndex", 1), number(q, "count", 100), most)
		return response(len(rows), rows, "")
	}
}

// firstOnly gives the first page whatever startIndex is, and its length as the total.
func firstOnly(most int) pager {
	return func(all []string, q url.Values) string {
		rows := window(all, 1, number(q, "count", 100), most)
		return response(len(rows), rows, "")
	}
}

// unpaged gives all there is, always.
func unpaged(all []string, _ url.Values) string { return response(len(all), all, "") }

// unpagedCounting gives the first ones whatever startIndex is, and the true total.
func unpagedCounting(all []string, q url.Values) string {
	return response(len(all), window(all, 1, number(q, "count", 100), len(all)), "")
}

// cursored pages by RFC 9865 alone; it tells no total.
func cursored(most int) pager {
	return func(all []string, q url.Values) string {
		if !q.Has("cursor") {
			return `{"scimType":"invalidValue","detail":"index paging is not offered"}`
		}
		at := number(url.Values{"n": {strings.TrimPrefix(q.Get("cursor"), "c")}}, "n", 0)
		rows := window(all, at+1, number(q, "count", 100), most)
		next := ""
		if at+len(rows) < len(all) {
			next = fmt.Sprintf(`,"nextCursor":"c%d"`, at+len(rows))
		}
		return fmt.Sprintf(`{"Resources":[%s]%s}`, strings.Join(rows, ","), next)
	}
}

const offersCursors = `{"pagination":{"cursor":true,"index":true,"maxPageSize":250}}`
