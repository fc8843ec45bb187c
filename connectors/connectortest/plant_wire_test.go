package connectortest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
	"rollcall/connectors/inmem"
)

// service is the reference app's accounts over HTTP: pages of three with a token, and what can be done to an account.
type service struct{ app *inmem.WritableApp }

func (s service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fail := func(err error) {
		code := http.StatusBadRequest
		if errors.Is(err, connectors.ErrNotFound) {
			code = http.StatusNotFound
		}
		w.WriteHeader(code)
		io.WriteString(w, `{"error":"no"}`)
	}
	if r.URL.Path == "/sessions" { // of everybody
		return
	}
	if r.URL.Path == "/users" {
		s.list(w, r)
		return
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/users/"), "/")
	a, err := s.app.Account(r.Context(), connectors.AccountID(parts[0]))
	if err != nil {
		fail(err)
		return
	}
	var res connectors.Receipt
	switch what := r.Method + " " + strings.Join(parts[1:], "/"); {
	case what == "GET ":
		json.NewEncoder(w).Encode(a)
		return
	case what == "PUT disabled":
		res, err = s.app.Disable(r.Context(), a)
	case what == "DELETE disabled":
		if a.State, err = io.ReadAll(r.Body); err == nil {
			res, err = s.app.Enable(r.Context(), a)
		}
	case strings.HasPrefix(what, "DELETE roles/"):
		res, err = s.app.RemoveEntitlement(r.Context(), a, connectors.EntitlementID(parts[2]))
	case strings.HasPrefix(what, "PUT roles/"):
		at, _ := strconv.Atoi(r.URL.Query().Get("at"))
		a.Entitlements = append(a.Entitlements[:at:at], connectors.Entitlement{ID: connectors.EntitlementID(parts[2])})
		res, err = s.app.AddEntitlement(r.Context(), a, connectors.EntitlementID(parts[2]))
	case what == "DELETE sessions":
		res, err = s.app.RevokeSessions(r.Context(), a)
	default:
		err = errors.New("no such call")
	}
	if err != nil {
		fail(err)
		return
	}
	json.NewEncoder(w).Encode(res)
}

func (s service) list(w http.ResponseWriter, r *http.Request) {
	world, err := s.app.World()
	if err != nil {
		panic(err)
	}
	from, _ := strconv.Atoi(r.URL.Query().Get("page"))
	p := userPage{Total: len(world.Rows), Users: world.Rows[from:min(from+3, len(world.Rows))]}
	if from+3 < len(world.Rows) {
		p.Next = strconv.Itoa(from + 3)
	}
	json.NewEncoder(w).Encode(p)
}

type userPage struct {
	Total int                  `json:"total"`
	Users []connectors.Account `json:"users"`
	Next  string               `json:"next,omitempty"`
}

// wiredApp is the reference connector over HTTP, with a fault planted in it.
type wiredApp struct {
	client *httpx.Client

	read     func(*wiredApp, context.Context, string) (*httpx.Response, error)
	takeAny  bool // what has no users is the end
	noTotal  bool
	noDouble bool // rows that come again are left out without a word
	restarts bool // after a page that broke off, from the start
	trusts   bool // a token that was followed before is followed again
	send     func(*wiredApp, context.Context, httpx.Write) (*httpx.Response, error)
	everyone bool // ends the sessions of all
	blind    bool // does not look again
	tattles  bool // tells whatever it was told
}

func (a *wiredApp) Info() connectors.Info {
	return connectors.Info{Kind: "wired", Location: a.client.Base(), Parameters: "none", Collections: []connectors.Collection{connectors.Accounts}}
}

func (a *wiredApp) get(ctx context.Context, ref string) (*httpx.Response, error) {
	if a.read != nil {
		return a.read(a, ctx, ref)
	}
	return a.client.Get(ctx, ref)
}

func (a *wiredApp) Accounts(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Account, error] {
	return func(yield func(connectors.Account, error) bool) {
		if err := a.pull(ctx, t, yield); err != nil && !errors.Is(err, errEnough) {
			yield(connectors.Account{}, err)
		}
	}
}

var errEnough = errors.New("told to stop")

func (a *wiredApp) pull(ctx context.Context, t connectors.Trace, yield yieldFunc) error {
	followed, seen, restarted, line := map[string]bool{}, map[connectors.AccountID]bool{}, false, 0
	for token := "0"; token != ""; {
		if followed[token] && !a.trusts {
			return fmt.Errorf("the page token %q comes again", token)
		}
		followed[token] = true
		res, err := a.get(ctx, "/users?page="+token)
		if err != nil && a.restarts && !restarted {
			restarted, token, followed = true, "0", map[string]bool{}
			continue
		}
		if err != nil {
			return err
		}
		if a.tattles {
			t.Note(connectors.Accounts, string(res.Body))
		}
		var p userPage
		if err := json.Unmarshal(res.Body, &p); !a.takeAny && (err != nil || p.Users == nil) {
			return fmt.Errorf("%s: not a list of users: %v", res.Page.Request, err)
		}
		t.Page(connectors.Accounts, res.Page)
		if token == "0" && !a.noTotal && !restarted {
			t.Total(connectors.Accounts, p.Total)
		}
		for _, u := range p.Users {
			if seen[u.ID] && (a.noDouble || a.restarts) {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			seen[u.ID] = true
			line++
			u.From = connectors.Where{Source: res.Page.Request, Line: line}
			if !yield(u, nil) {
				return errEnough
			}
		}
		token = p.Next
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	t.End(connectors.Accounts)
	return nil
}

func (a *wiredApp) Account(ctx context.Context, id connectors.AccountID) (connectors.Account, error) {
	var acc connectors.Account
	res, err := a.client.Get(ctx, "/users/"+url.PathEscape(string(id)))
	if err == nil {
		err = json.Unmarshal(res.Body, &acc)
	}
	acc.From = connectors.Where{Source: "user"}
	return acc, err
}

// change asks for it and, where the answer is no, looks whether it is done all the same; done is nil where that does not show.
func (a *wiredApp) change(ctx context.Context, method, ref string, body []byte, done func(connectors.Account) bool) (connectors.Receipt, error) {
	w := httpx.Write{Method: method, Ref: ref, Body: body, Repeat: httpx.Always}
	send := a.send
	if send == nil {
		send = func(a *wiredApp, ctx context.Context, w httpx.Write) (*httpx.Response, error) {
			return a.client.Send(ctx, w)
		}
	}
	res, err := send(a, ctx, w)
	switch {
	case err == nil:
	case done != nil && a.looks(ctx, w, done):
		return connectors.Receipt{Changed: true}, nil
	default:
		return connectors.Receipt{}, err
	}
	var said connectors.Receipt
	if len(bytes.TrimSpace(res.Body)) > 0 {
		err = json.Unmarshal(res.Body, &said)
	}
	return said, err
}

func (a *wiredApp) looks(ctx context.Context, w httpx.Write, done func(connectors.Account) bool) bool {
	id, _, _ := strings.Cut(strings.TrimPrefix(w.Ref, "/users/"), "/")
	now, err := a.Account(ctx, connectors.AccountID(id))
	return err == nil && !a.blind && done(now)
}

func (a *wiredApp) path(acc connectors.Account, rest string) string {
	return "/users/" + url.PathEscape(string(acc.ID)) + rest
}

func (a *wiredApp) Disable(ctx context.Context, acc connectors.Account) (connectors.Receipt, error) {
	return a.change(ctx, "PUT", a.path(acc, "/disabled"), nil, func(now connectors.Account) bool { return now.Enabled == connectors.No })
}

func (a *wiredApp) Enable(ctx context.Context, acc connectors.Account) (connectors.Receipt, error) {
	return a.change(ctx, "DELETE", a.path(acc, "/disabled"), acc.State, func(now connectors.Account) bool { return now.Enabled == acc.Enabled })
}

func (a *wiredApp) RemoveEntitlement(ctx context.Context, acc connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	return a.change(ctx, "DELETE", a.path(acc, "/roles/"+string(e)), nil, func(now connectors.Account) bool { return indexOf(now, e) < 0 })
}

func (a *wiredApp) AddEntitlement(ctx context.Context, acc connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	return a.change(ctx, "PUT", a.path(acc, fmt.Sprintf("/roles/%s?at=%d", e, max(0, indexOf(acc, e)))), nil, func(now connectors.Account) bool { return indexOf(now, e) >= 0 })
}

func (a *wiredApp) RevokeSessions(ctx context.Context, acc connectors.Account) (connectors.Receipt, error) {
	if a.everyone {
		return a.change(ctx, "DELETE", "/sessions", nil, nil)
	}
	return a.change(ctx, "DELETE", a.path(acc, "/sessions"), nil, nil)
}

// wiredHarness tries it after plant had it.
func wiredHarness(plant func(*wiredApp)) AppHarness {
	open := func(tb testing.TB, wrap func(http.RoundTripper) http.RoundTripper) connectors.App {
		c := newClumsy(nil)
		for i := range c.Rows {
			c.Rows[i].Credentials = nil
		}
		srv := httptest.NewServer(service{c.WritableApp})
		tb.Cleanup(srv.Close)
		env := connectors.Env{HTTP: &http.Client{Transport: wrap(srv.Client().Transport)}, Secret: func(string) (string, error) { return secret, nil }}
		client, err := httpx.New(env, httpx.Settings{Base: srv.URL, Token: "env:TOKEN", Attempts: 3, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
		if err != nil {
			tb.Fatal(err)
		}
		a := &wiredApp{client: client}
		plant(a)
		return a
	}
	same := func(t http.RoundTripper) http.RoundTripper { return t }
	want := newClumsy(nil).Rows
	for i := range want {
		want[i].Credentials = nil
	}
	return AppHarness{
		Open: func(tb testing.TB) connectors.App { return open(tb, same) },
		Broken: func(tb testing.TB) connectors.App {
			n := 0
			return open(tb, func(base http.RoundTripper) http.RoundTripper {
				return roundTrip(func(r *http.Request) (*http.Response, error) {
					if n++; n == 2 {
						return answer(500, "{}"), nil
					}
					return base.RoundTrip(r)
				})
			})
		},
		Want: want, Secret: secret,
		Wire: Wire{Open: open, Totals: []string{"total"}},
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
