package scim

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

var noGroups = new(bool)

// pull reads the users alone.
func pull(t *testing.T, f *fake, c AppConfig) ([]connectors.Account, *connectortest.Trace, error) {
	t.Helper()
	c.Groups = noGroups
	return connectortest.Accounts(t.Context(), f.open(t, c))
}

func ids(rows []connectors.Account) string {
	var out []string
	for _, a := range rows {
		out = append(out, string(a.ID))
	}
	return strings.Join(out, " ")
}

func notes(tr *connectortest.Trace) string {
	var out []string
	for _, n := range tr.Notes {
		out = append(out, n.Text)
	}
	return strings.Join(out, "; ")
}

func TestPaging(t *testing.T) {
	for _, c := range []struct {
		name  string
		fake  fake
		conf  AppConfig
		total bool   // is to be told
		note  string // must be there
		err   string // empty = all users come
	}{
		{name: "index", fake: fake{users: made(7)}, total: true},
		{name: "index, last page full", fake: fake{users: made(6)}, total: true},
		{name: "index, one page", fake: fake{users: made(2)}, total: true},
		{name: "index, nobody", fake: fake{}, total: true},
		{name: "begins again past the end", fake: fake{users: made(7), list: wrapping(3)}, total: true},
		{name: "begins again past the end, last page full", fake: fake{users: made(6), list: wrapping(3)}, total: true},
		{name: "begins again past the end, one page", fake: fake{users: made(5), list: wrapping(100)}, total: true},
		{name: "begins again past the end, one user", fake: fake{users: made(1), list: wrapping(100)}, total: true},
		{name: "total is of the page", fake: fake{users: made(8), list: ofPage(3)}, note: "length of the page"},
		{name: "total is of the page, last page full", fake: fake{users: made(6), list: ofPage(3)}, note: "length of the page"},
		{name: "total is of the only page", fake: fake{users: made(3), list: ofPage(3)}, total: true},
		{name: "no paging", fake: fake{users: made(7), list: unpaged}, total: true},
		{name: "no paging but a count", fake: fake{users: made(7), list: unpagedCounting}, total: true},
		{name: "only ever the first page", fake: fake{users: made(7), list: firstOnly(3)}, err: "whether 3 is all cannot be known"},
		{name: "the same page for every index", fake: fake{users: made(7), list: func(all []string, _ url.Values) string {
			return response(len(all), all[:3], "")
		}}, err: "same page"},
		{name: "ends before the total", fake: fake{users: made(7), list: func(all []string, q url.Values) string {
			return strings.Replace(indexed(3)(all, q), `"totalResults":7`, `"totalResults":9`, 1)
		}}, err: "totalResults is 9, but 7 came"},
		{name: "a total and nobody", fake: fake{list: func([]string, url.Values) string { return `{"totalResults":4}` }},
			err: "totalResults is 4, but 0 came"},
		{name: "no total", fake: fake{users: made(7), list: func(all []string, q url.Values) string {
			return strings.Replace(indexed(3)(all, q), `"totalResults":7,`, "", 1)
		}}},
		{name: "twice the same id", fake: fake{users: append(made(4), made(2)...)}, err: `"u1" came twice`},
		{name: "aws, that pages after all", fake: fake{users: made(7), list: indexed(3)}, conf: AppConfig{Vendor: "aws"}, total: true},
		{name: "aws, one page, that heeds startIndex", fake: fake{users: made(7), list: ofPage(50)}, conf: AppConfig{Vendor: "aws"}, total: true},
		{name: "aws, only ever the first page", fake: fake{users: made(7), list: firstOnly(5)}, conf: AppConfig{Vendor: "aws"},
			err: "whether 5 is all cannot be known"},
		{name: "aws, first page and then nothing", fake: fake{users: made(7), list: func(all []string, q url.Values) string {
			if number(q, "startIndex", 1) > 2 {
				return response(0, nil, "")
			}
			return firstOnly(5)(all, q)
		}}, conf: AppConfig{Vendor: "aws"}, err: "whether 5 is all cannot be known"},
		{name: "cursors", fake: fake{users: made(7), list: cursored(3), config: offersCursors}},
		{name: "cursors, one page", fake: fake{users: made(3), list: cursored(3), config: offersCursors}},
		{name: "cursors, nobody", fake: fake{list: cursored(3), config: offersCursors}},
		{name: "cursors offered, not known", fake: fake{users: made(7), list: indexed(3), config: offersCursors}, total: true},
		{name: "cursors offered, not known, and begins again", fake: fake{users: made(7), list: wrapping(9), config: offersCursors}, total: true},
		{name: "cursors with empty pages", fake: fake{users: made(4), config: offersCursors, list: func(all []string, q url.Values) string {
			if c := q.Get("cursor"); strings.HasPrefix(c, "empty") {
				q.Set("cursor", strings.TrimPrefix(c, "empty"))
				return fmt.Sprintf(`{"Resources":[],"nextCursor":%q}`, q.Get("cursor"))
			}
			return strings.Replace(cursored(2)(all, q), `"nextCursor":"`, `"nextCursor":"empty`, 1)
		}}},
		{name: "cursors in a circle", fake: fake{users: made(4), config: offersCursors, list: func(all []string, q url.Values) string {
			return `{"Resources":[],"nextCursor":"again"}`
		}}, err: "in a circle"},
		{name: "cursors without end", fake: fake{users: made(4), config: offersCursors, list: func(all []string, q url.Values) string {
			return fmt.Sprintf(`{"Resources":[],"nextCursor":"x%s"}`, q.Get("cursor"))
		}}, err: "in a circle"},
		{name: "not a list", fake: fake{list: func([]string, url.Values) string { return `{"users":[]}` }}, err: "check that url"},
		{name: "not JSON", fake: fake{list: func([]string, url.Values) string { return `<html>Welcome</html>` }}, err: "check that url"},
		{name: "a total below zero", fake: fake{list: func([]string, url.Values) string { return `{"totalResults":-1}` }}, err: "totalResults is -1"},
		{name: "wrong url", fake: fake{config: `<html>Welcome</html>`}, err: "check that url"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := len(c.fake.users)
			rows, tr, err := pull(t, &c.fake, c.conf)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %d users and error %v; want the error to say %q", len(rows), err, c.err)
				}
				if len(tr.Ends) > 0 || len(tr.Totals) > 0 {
					t.Errorf("failed, but ended %v and told %v", tr.Ends, tr.Totals)
				}
				return
			}
			if err != nil || len(rows) != want {
				t.Fatalf("got %s and error %v; want %d users; asked %q", ids(rows), err, want, c.fake.asked)
			}
			if !slices.Equal(tr.Ends, []connectors.Collection{connectors.Accounts}) {
				t.Errorf("ended %v", tr.Ends)
			}
			if told := len(tr.Totals) == 1 && tr.Totals[0].N == want; told != c.total {
				t.Errorf("told %+v; want that to be %v", tr.Totals, c.total)
			}
			if !strings.Contains(notes(tr), c.note) {
				t.Errorf("%q does not stand in the notes: %s", c.note, notes(tr))
			}
		})
	}
}

func TestChangingListIsReadAgain(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(n int, path string, f *fake)
		list   pager
		config string
		want   string // sorted ids; empty = an error that may be tried again
	}{
		{name: "a user deleted between pages hides no other", list: indexed(3), want: "u1 u2 u3 u4 u5 u6 u7",
			change: func(n int, _ string, f *fake) {
				if n == 3 { // discovery, page 1, page 2
					f.users = slices.Delete(slices.Clone(f.users), 1, 2)
				}
			}},
		{name: "a user made between pages is found", list: indexed(3), want: "u1 u2 u3 u4 u5 u6 u7 u99",
			change: func(n int, _ string, f *fake) {
				if n == 3 {
					f.users = append([]string{`{"id":"u99"}`}, f.users...)
				}
			}},
		{name: "a user deleted and one made hide no other", list: indexed(3), want: "u1 u2 u3 u4 u5 u6 u7 u99",
			change: func(n int, _ string, f *fake) {
				switch n {
				case 3:
					f.users = f.users[1:]
				case 4:
					f.users = append(f.users, `{"id":"u99"}`)
				}
			}},
		{name: "never steady", list: indexed(3),
			change: func(n int, _ string, f *fake) {
				if n%2 == 0 {
					f.users = append(f.users, fmt.Sprintf(`{"id":"new%d"}`, n))
				}
			}},
		{name: "a cursor that expired", list: cursored(3), config: offersCursors, want: "u1 u2 u3 u4 u5 u6 u7",
			change: func(n int, _ string, f *fake) {
				f.list = cursored(3)
				if n == 4 {
					f.list = func([]string, url.Values) string { return `{"scimType":"expiredCursor","detail":"too late"}` }
				}
			}},
		{name: "cursors that always expire", config: offersCursors,
			list: func(all []string, q url.Values) string {
				if q.Get("cursor") != "" {
					return `{"scimType":"invalidCursor"}`
				}
				return cursored(3)(all, q)
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{users: made(7), list: c.list, config: c.config, change: c.change}
			rows, tr, err := pull(t, f, AppConfig{})
			if c.want == "" {
				if !errors.Is(err, errUnsteady) || len(tr.Ends) > 0 {
					t.Errorf("got error %v, ended %v", err, tr.Ends)
				}
				return
			}
			got := strings.Fields(ids(rows))
			slices.Sort(got)
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("got %v and error %v; want %s", got, err, c.want)
			}
			if len(tr.Totals) > 0 && tr.Totals[0].N != len(rows) {
				t.Errorf("told %+v with %d users", tr.Totals, len(rows))
			}
			if !strings.Contains(notes(tr), "read a second time") {
				t.Errorf("the notes do not tell: %s", notes(tr))
			}
		})
	}
}

// A row that is rejected is rejected once, though the list be read twice.
func TestRejectedOnceOverTwoPasses(t *testing.T) {
	f := &fake{users: append([]string{`{"userName":"ghost"}`, `7`}, made(5)...), list: cursored(3), config: offersCursors}
	f.change = func(n int, _ string, f *fake) {
		f.list = cursored(3)
		if n == 3 {
			f.list = func([]string, url.Values) string { return `{"scimType":"invalidCursor"}` }
		}
	}
	rows, tr, err := pull(t, f, AppConfig{})
	if err != nil || len(rows) != 5 || len(tr.Rejects) != 2 {
		t.Errorf("got %s, %d rejects, error %v", ids(rows), len(tr.Rejects), err)
	}
}

func TestCancelledWithinAPage(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f := &fake{users: made(9), list: indexed(100)}
	n := 0
	for _, err := range f.open(t, AppConfig{Groups: noGroups}).Accounts(ctx, new(connectortest.Trace)) {
		if n++; n == 2 {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("after the cancellation came %v", err)
			}
			return
		}
		cancel()
	}
}

func TestPageSize(t *testing.T) {
	for _, c := range []struct {
		conf   AppConfig
		config string
		want   string
	}{
		{AppConfig{}, "", "count=100"},
		{AppConfig{PageSize: 7}, "", "count=7"},
		{AppConfig{Vendor: "aws"}, "", "count=50"},
		{AppConfig{PageSize: 700}, `{"pagination":{"maxPageSize":250}}`, "count=250"},
	} {
		f := &fake{users: made(2), config: c.config}
		if _, _, err := pull(t, f, c.conf); err != nil {
			t.Fatal(err)
		}
		if got := f.asked[1]; !strings.HasSuffix(got, c.want) {
			t.Errorf("%+v: asked %s; want %s", c.conf, got, c.want)
		}
	}
}
