//go:build integration

package okta

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/connectortest/peer"
)

// TestIntegrationPrism puts Okta's own OpenAPI document (see testdata/README.md) between the connector and the fake: Prism, a
// proxy, holds every request and every answer against it. With that, the fake answers as Okta says that it does, and the
// connector asks as Okta says that one may.
func TestIntegrationPrism(t *testing.T) {
	document, err := filepath.Abs("testdata/management-2026.06.3.json")
	check(t, err)
	j := peer.StartPrism(t, document)
	open := func(tb testing.TB, f *fake) *App {
		f.most, f.base = 20, j.URL // the least that Okta lets one ask for of some lists
		j.Serve(f)
		app, err := (&AppConfig{URL: j.URL, Token: "env:OKTA"}).open(testEnv(&http.Client{Transport: j, Timeout: time.Minute}), f.settings())
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
	for _, v := range j.Found() {
		t.Error(v)
	}
	n, paths := j.Judged()
	t.Logf("%d requests to %d paths were judged", n, len(paths))
	if n < 500 || len(paths) < 50 {
		t.Error("what was judged?")
	}
	for _, want := range []string{"POST /api/v1/users/00u1/lifecycle/suspend", "POST /api/v1/users/00u1/lifecycle/unsuspend", "DELETE /api/v1/users/00u1/sessions",
		"PUT /api/v1/groups/00g1/users/00u1", "DELETE /api/v1/groups/00g1/users/00u1", "POST /api/v1/users/00u1/roles", "DELETE /api/v1/users/00u1/roles/ra1"} {
		if !slices.Contains(paths, want) {
			t.Errorf("%s was not judged", want)
		}
	}
	t.Run("the judge bites", func(t *testing.T) {
		f := company()
		f.users[0].status = "ON_HOLIDAY"
		f.users[1].extra = `"email":7`
		app := open(t, f)
		app.find(t.Context(), "00u1")
		app.find(t.Context(), "00u2")
		app.client.Get(t.Context(), "/api/v1/apps/0oa1/groups?limit=7")
		v := fmt.Sprint(j.Found())
		for _, want := range []string{"response.body.status", "response.body.profile.email", "request.query.limit"} {
			if !strings.Contains(v, want) {
				t.Errorf("%s was not noticed: %s", want, v)
			}
		}
	})
}
