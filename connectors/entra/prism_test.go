//go:build integration

package entra

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/connectortest/peer"
)

// These tests put Prism between the connector and the directory it is tried with, which holds each request and each answer
// against Microsoft's own OpenAPI document. They need node and npm, and once the npm registry; what they install is kept in
// the user's cache.

// judged is a directory behind Prism.
type judged struct {
	*peer.Prism
	login string // where tokens are given out, which is no part of the document
}

// open makes the directory anew.
func (j *judged) open(tb testing.TB, f *fake, c AppConfig) *App {
	f.public = j.URL
	j.Serve(f)
	env := testEnv()
	env.HTTP = &http.Client{Transport: j}
	return openAt(tb, j.URL, j.login, c, env)
}

func startPrism(t *testing.T) *judged {
	t.Helper()
	dir := peer.PrismDir(t)
	cut := peer.Made(t, "graph-"+filepath.Base(dir), os.DirFS("testdata/prism"), func(to string) {
		peer.Run(t, peer.Node(dir, filepath.Join(to, "cut.mjs"), filepath.Join(to, "graph.json")))
	})
	login := httptest.NewServer(company())
	t.Cleanup(login.Close)
	return &judged{peer.StartPrism(t, filepath.Join(cut, "graph.json")), login.URL}
}

// TestIntegrationPrism runs the whole contract, and every sort of change, through it.
func TestIntegrationPrism(t *testing.T) {
	j := startPrism(t)
	for _, c := range []struct {
		conf AppConfig
		want []connectors.Account
		try  connectortest.Try
	}{
		{AppConfig{PIM: true}, wantedUsers(), connectortest.Try{Disable: connectors.AccountID(userID(7)), Remove: connectors.AccountID(userID(1)), Entitlement: "Sales"}},
		{AppConfig{PIM: true}, wantedUsers(), connectortest.Try{Disable: connectors.AccountID(userID(7)), Remove: connectors.AccountID(userID(2)), Entitlement: "role:Global Administrator"}},
		{AppConfig{Accounts: "service_principals"}, wantedServices(), connectortest.Try{Remove: connectors.AccountID(appID(robot)), Entitlement: "role:Helpdesk Administrator"}},
	} {
		t.Run(cmpOr(c.conf.Accounts, "users")+" "+string(c.try.Entitlement), func(t *testing.T) {
			connectortest.App(t, connectortest.AppHarness{
				Open: func(tb testing.TB) connectors.App { return j.open(tb, company(), c.conf).able() },
				Broken: func(tb testing.TB) connectors.App {
					f := company()
					f.lacks["Application.Read.All"] = true
					return j.open(tb, f, c.conf).able()
				},
				Want: c.want, Secret: secret, Try: c.try,
			})
		})
	}
	t.Run("an own app role", func(t *testing.T) {
		app := j.open(t, company(), AppConfig{}).able()
		tryAppRole(t, app)
	})
	t.Run("preflight", func(t *testing.T) {
		for _, c := range []AppConfig{{PIM: true}, {Accounts: "service_principals"}} {
			p, err := j.open(t, company(), c).Preflight(t.Context())
			if err != nil || len(p.Problems) > 0 {
				t.Errorf("got %+v, %v", p, err)
			}
		}
	})
	t.Run("changes", func(t *testing.T) {
		for _, accounts := range []string{"users", "service_principals"} {
			f := company()
			app := j.open(t, f, AppConfig{Accounts: accounts})
			mark := asks(t, app, "", false, "at first")
			f.users[0]["accountEnabled"], f.apps[0]["accountEnabled"] = false, false
			f.users, f.apps = f.users[:len(f.users)-1], f.apps[:len(f.apps)-1]
			asks(t, app, mark, true, "with one disabled and one gone")
		}
	})
	for _, v := range j.Found() {
		t.Error(v)
	}
	n, paths := j.Judged()
	t.Logf("%d requests and answers were judged, of %d paths", n, len(paths))
	if n < 3000 {
		t.Errorf("only %d requests and answers passed: what was judged?", n)
	}
	t.Run("bites", func(t *testing.T) { bites(t, j) })
}

// bites plants wrong requests and wrong answers.
func bites(t *testing.T, j *judged) {
	f := company()
	app := j.open(t, f, AppConfig{})
	says := func(what ...string) {
		t.Helper()
		if v := fmt.Sprint(j.Found()); slices.ContainsFunc(what, func(w string) bool { return !strings.Contains(v, w) }) {
			t.Errorf("the violations are %s; want %q", v, what)
		}
	}
	app.client.Get(t.Context(), "/users?$select=id,acountEnabled")
	says("request.query.$select", "allowed values")
	f.users[0]["accountEnabled"] = "yes"
	app.client.Get(t.Context(), "/users?$select=id,accountEnabled")
	says("response.body.value.0", "accountEnabled")
}
