//go:build integration

package okta

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

// judge keeps what Prism says of the requests and answers that pass through it.
type judge struct {
	mu         sync.Mutex
	requests   int
	paths      map[string]bool
	violations []string
}

func (j *judge) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return res, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.requests++
	j.paths[r.Method+" "+r.URL.Path] = true
	if v := res.Header.Get("Sl-Violations"); v != "" {
		j.violations = append(j.violations, r.Method+" "+r.URL.RequestURI()+": "+v)
	}
	return res, err
}

// TestIntegrationPrism puts Okta's own OpenAPI document (see testdata/README.md) between the connector and the fake: Prism, a
// proxy, holds every request and every answer against it. With that, the fake answers as Okta says that it does, and the
// connector asks as Okta says that one may.
func TestIntegrationPrism(t *testing.T) {
	dir := install(t, "prism")
	document, err := filepath.Abs("testdata/management-2026.06.3.json")
	check(t, err)
	j := &judge{paths: map[string]bool{}}

	// One Prism for all: what it leads to is changed behind it.
	current := &behind{}
	srv := httptest.NewServer(current)
	t.Cleanup(srv.Close)
	addr := freeAddr(t)
	host, port, err := net.SplitHostPort(addr)
	check(t, err)
	run(t, addr, dir, "node", "node_modules/@stoplight/prism-cli/dist/index.js", "proxy", "-h", host, "-p", port, document, srv.URL)
	base := "http://" + addr
	open := func(tb testing.TB, f *fake) *App {
		f.most, f.base = 20, base // the least that Okta lets one ask for of some lists
		current.set(f)
		app, err := (&AppConfig{URL: base, Token: "env:OKTA"}).open(testEnv(&http.Client{Transport: j, Timeout: time.Minute}), f.settings())
		if err != nil {
			tb.Fatal(err)
		}
		return app
	}
	large := func() *fake {
		f := company()
		for i := range 15 {
			f.users = append(f.users, &fakeUser{id: fmt.Sprintf("00v%02d", i), status: active, login: fmt.Sprintf("v%02d@corp.example", i), first: "V", last: "Vine"})
			f.groups[1].members = append(f.groups[1].members, fmt.Sprintf("00v%02d", i))
		}
		return f
	}
	t.Run("contract", func(t *testing.T) {
		want := wanted()
		for i := range 15 {
			want = append(want, connectors.Account{ID: connectors.AccountID(fmt.Sprintf("00v%02d", i))})
		}
		connectortest.App(t, connectortest.AppHarness{
			Open: func(tb testing.TB) connectors.App { return open(tb, large()) },
			Broken: func(tb testing.TB) connectors.App {
				f := large()
				f.forbidden = map[string]bool{"/api/v1/iam": true}
				return open(tb, f)
			},
			Want: want, Secret: token,
			Try: connectortest.Try{Remove: "00u1", Entitlement: "Payroll"},
		})
	})
	t.Run("roles", func(t *testing.T) {
		for _, e := range []connectors.EntitlementID{"role:USER_ADMIN", "role:APP_ADMIN", "role:Help desk EMEA [iam1]"} {
			f := company()
			app := open(t, f)
			before, err := app.Account(t.Context(), "00u1")
			check(t, err)
			_, err = app.RemoveEntitlement(t.Context(), before, e)
			check(t, err)
			_, err = app.AddEntitlement(t.Context(), before, e)
			check(t, err)
			after, err := app.Account(t.Context(), "00u1")
			check(t, err)
			if was, is := fmt.Sprintf("%+v", before), fmt.Sprintf("%+v", after); was != is {
				t.Errorf("%s: it was %s\nand is %s", e, was, is)
			}
		}
	})
	t.Run("refusals and preflight", func(t *testing.T) {
		f := company()
		app := open(t, f)
		if p, err := app.Preflight(t.Context()); err != nil || len(p.Problems) > 0 || len(p.Proved) != 6 {
			t.Errorf("got %+v, %v", p, err)
		}
		for _, id := range []connectors.AccountID{"00u5", "00u7"} {
			if _, err := app.Disable(t.Context(), connectors.Account{ID: id}); err == nil {
				t.Errorf("%s was suspended", id)
			}
		}
		f = company()
		f.noRole = true
		if p, err := open(t, f).Preflight(t.Context()); err == nil && len(p.Problems) == 0 {
			t.Errorf("got %+v, %v", p, err)
		}
	})
	t.Logf("%d requests to %d paths, %d violations", j.requests, len(j.paths), len(j.violations))
	slices.Sort(j.violations)
	for _, v := range slices.Compact(j.violations) {
		t.Error(v)
	}
	if j.requests < 500 || len(j.paths) < 50 {
		t.Errorf("only %d requests to %d paths were judged", j.requests, len(j.paths))
	}
	for _, want := range []string{"POST /api/v1/users/00u1/lifecycle/suspend", "POST /api/v1/users/00u1/lifecycle/unsuspend", "DELETE /api/v1/users/00u1/sessions",
		"PUT /api/v1/groups/00g1/users/00u1", "DELETE /api/v1/groups/00g1/users/00u1", "POST /api/v1/users/00u1/roles", "DELETE /api/v1/users/00u1/roles/ra1"} {
		if !j.paths[want] {
			t.Errorf("%s was not judged", want)
		}
	}
	t.Run("the judge bites", func(t *testing.T) {
		j.violations = nil
		f := company()
		f.users[0].status = "ON_HOLIDAY"
		f.users[1].extra = `"email":7`
		open(t, f).find(t.Context(), "00u1")
		open(t, f).find(t.Context(), "00u2")
		if len(j.violations) != 2 || !strings.Contains(strings.Join(j.violations, " "), "status") {
			t.Errorf("answers that Okta does not give were not noticed: %q", j.violations)
		}
		j.violations = nil
		_, err := open(t, company()).client.Get(t.Context(), "/api/v1/apps/0oa1/groups?limit=7")
		if err == nil && len(j.violations) == 0 || !slices.ContainsFunc(append(j.violations, fmt.Sprint(err)), func(s string) bool { return strings.Contains(s, "limit") }) {
			t.Errorf("a request that Okta's document forbids was not noticed: %v, %q", err, j.violations)
		}
	})
}

// behind is a server that can be changed for another.
type behind struct {
	mu sync.Mutex
	at http.Handler
}

func (b *behind) set(h http.Handler) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at = h
}

func (b *behind) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	at := b.at
	b.mu.Unlock()
	at.ServeHTTP(w, r)
}
