package scim

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

func TestConfigRefuses(t *testing.T) {
	good := AppConfig{URL: "https://app.example/scim/v2", Token: "env:SCIM"}
	for name, c := range map[string]struct {
		change func(*AppConfig, *connectors.Env)
		says   string
	}{
		"a literal token":     {func(c *AppConfig, _ *connectors.Env) { c.Token = "abc" }, "literal secret"},
		"an unknown vendor":   {func(c *AppConfig, _ *connectors.Env) { c.Vendor = "acme" }, "want one of atlassian, aws"},
		"a page size below 0": {func(c *AppConfig, _ *connectors.Env) { c.PageSize = -1 }, "page_size -1"},
		"too large a page":    {func(c *AppConfig, _ *connectors.Env) { c.Vendor, c.PageSize = "github", 500 }, "github gives at most 100"},
		"plain http":          {func(c *AppConfig, _ *connectors.Env) { c.URL = "http://app.example" }, "https://"},
		"no url":              {func(c *AppConfig, _ *connectors.Env) { c.URL = "" }, "want https://host/path"},
		"no network":          {func(_ *AppConfig, e *connectors.Env) { e.HTTP = nil }, "no HTTP client"},
		"a missing secret": {func(_ *AppConfig, e *connectors.Env) {
			e.Secret = func(ref string) (string, error) { return "", errors.New(ref + " is not set") }
		}, "token: env:SCIM is not set"},
	} {
		t.Run(name, func(t *testing.T) {
			conf, env := good, testEnv(http.DefaultClient)
			c.change(&conf, &env)
			_, err := conf.OpenApp("crm", env)
			if err == nil || !strings.HasPrefix(err.Error(), `scim: app "crm": `) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v; want it to say %q", err, c.says)
			}
		})
	}
	app, err := good.OpenApp("crm", testEnv(http.DefaultClient))
	if err != nil || app.Info().Location != good.URL {
		t.Errorf("got %+v, %v", app, err)
	}
}

// The contract, against every way of paging.
func TestContract(t *testing.T) {
	users := append(made(7), `{"userName":"ghost"}`)
	groups := []string{
		`{"id":"g1","displayName":"All","members":[{"value":"g2"}]}`,
		`{"id":"g2","displayName":"Staff","members":[{"value":"u1"},{"value":"u7"}]}`,
	}
	want := connectortest.IDs("u1", "u2", "u3", "u4", "u5", "u6", "u7")
	want[0].Entitlements = []connectors.Entitlement{{ID: "Staff"}, {ID: "All", Inherited: "Staff"}}
	want[2].Enabled = connectors.No
	for name, f := range map[string]fake{
		"index":   {list: indexed(3)},
		"wraps":   {list: wrapping(3)},
		"of page": {list: ofPage(3)},
		"cursors": {list: cursored(3), config: offersCursors},
	} {
		t.Run(name, func(t *testing.T) {
			via := func(tb testing.TB, breakAt int, wrap func(http.RoundTripper) http.RoundTripper) connectors.App {
				f := f
				f.users, f.groups = users, groups
				f.change = func(n int, path string, f *fake) {
					if n == breakAt {
						f.users[0] = `{"id":"u1","broken":` // a page that is cut short
					}
				}
				f.users = append([]string(nil), users...)
				return f.openVia(tb, AppConfig{}, wrap)
			}
			open := func(tb testing.TB, breakAt int) connectors.App {
				return via(tb, breakAt, func(rt http.RoundTripper) http.RoundTripper { return rt })
			}
			wire := connectortest.Wire{Totals: []string{"totalResults"}, Open: func(tb testing.TB, wrap func(http.RoundTripper) http.RoundTripper) connectors.App {
				return via(tb, 0, wrap)
			}}
			switch name {
			case "cursors":
				wire.Totals = nil // it tells none
			case "of page":
				wire.Open = nil // the same page for ever, told as all there is, is what a service that knows no pages gives
			}
			connectortest.App(t, connectortest.AppHarness{
				Open:    func(tb testing.TB) connectors.App { return open(tb, 0) },
				Broken:  func(tb testing.TB) connectors.App { return open(tb, 1) },
				Want:    want,
				Rejects: 1,
				Secret:  token,
				Spec:    new(AppConfig).Spec(),
				Wire:    wire,
			})
		})
	}
}

func TestWrongTokenIsForbidden(t *testing.T) {
	f := &fake{users: made(2), config: offersCursors}
	app := f.open(t, AppConfig{})
	env := testEnv(http.DefaultClient)
	env.Secret = func(string) (string, error) { return "another", nil }
	wrong, err := (&AppConfig{URL: app.base, Token: "env:SCIM"}).OpenApp("crm", env)
	if err != nil {
		t.Fatal(err)
	}
	_, tr, err := connectortest.Accounts(t.Context(), wrong)
	if err == nil || !strings.Contains(err.Error(), "token is wrong") || len(tr.Ends) > 0 {
		t.Errorf("got %v, ended %v", err, tr.Ends)
	}
}
