package google

import (
	"net/http"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

// The contract, with and without credentials, in one page and in many.
func TestContract(t *testing.T) {
	for name, c := range map[string]struct {
		conf AppConfig
		most int
	}{
		"whole pages":                    {AppConfig{}, 0},
		"pages of two, a named customer": {AppConfig{Customer: customer, Credentials: true}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			connectortest.App(t, harness(c.conf, c.most, connectortest.Try{Disable: "1001", Remove: "1001", Entitlement: "eng@corp.example", Revoke: "1001", Credential: "token:anonymous/odd client"}))
		})
	}
}

func harness(conf AppConfig, most int, try connectortest.Try) connectortest.AppHarness {
	open := func(tb testing.TB, broken bool) connectors.App {
		f := company(tb)
		f.most = most
		if broken {
			f.fault = failing("directory.users.list")
		}
		return f.open(conf).able()
	}
	return connectortest.AppHarness{
		Open:   func(tb testing.TB) connectors.App { return open(tb, false) },
		Broken: func(tb testing.TB) connectors.App { return open(tb, true) },
		Want:   wanted(conf.Credentials),
		Secret: accessToken,
		Spec:   (*AppConfig)(nil).Spec(),
		Wire: connectortest.Wire{Open: func(tb testing.TB, wrap func(http.RoundTripper) http.RoundTripper) connectors.App {
			return wired(tb, conf, most, wrap)
		}},
		Try: try,
	}
}

// Google answers 404 to the DELETE of a member who has left, others 500: who asks again since the answer was lost has done it.
func TestGotchaRepeatedDELETEMayBe404Or500(t *testing.T) {
	for _, try := range []connectortest.Try{
		{Disable: "1001", Remove: "1001", Entitlement: "eng@corp.example", Revoke: "1001", Credential: "token:anonymous/odd client"},
		{Disable: "1001", Remove: "1001", Entitlement: "role:Help desk (organisational unit 03ph8a2z)", Revoke: "1003", Credential: "asp:6"},
	} {
		t.Run(string(try.Entitlement), func(t *testing.T) {
			connectortest.AppOnly(t, connectortest.RepeatedDelete, harness(AppConfig{Credentials: true}, 0, try))
		})
	}
}

// wanted are the accounts of company.
func wanted(credentials bool) []connectors.Account {
	day := func(s string) connectors.Date {
		d, err := connectors.ParseDate(s)
		if err != nil {
			panic(err)
		}
		return d
	}
	type e = connectors.Entitlement
	out := []connectors.Account{
		{ID: "1000", Username: admin, Email: admin, DisplayName: "Sync-admin Example", Enabled: connectors.Yes, MFA: connectors.Yes,
			Created: day("2024-03-01"), LastSignIn: day("2026-10-10"), Aliases: []string{"sync-admin@old.example"},
			Entitlements: []e{{ID: "role:_SEED_ADMIN_ROLE", Privileged: true}}},
		{ID: "1001", EmployeeID: "E1", Enabled: connectors.Yes, LastSignIn: day("2026-10-11"),
			Aliases: []string{"a.ana@corp.example", "ana@corp.example.test-google-a.com", "ana@old.example"},
			Entitlements: []e{{ID: "eng@corp.example"}, {ID: "all-tech@corp.example", Inherited: "eng@corp.example"}, {ID: "ops@corp.example", Inherited: "eng@corp.example"},
				{ID: "role:Help desk (organisational unit 03ph8a2z)", Privileged: true},
				{ID: "role:_GROUPS_ADMIN_ROLE", Privileged: true, Inherited: "eng@corp.example"}}},
		{ID: "1002", Enabled: connectors.No, MFA: connectors.No},
		{ID: "1003", Class: connectors.Guest, Entitlements: []e{{ID: "ops@corp.example"}}},
		{ID: "1004", Enabled: connectors.No},
		{ID: "1005", Enabled: connectors.No, Entitlements: []e{{ID: "role:Help desk", Privileged: true, Until: day("2027-01-31")}}},
	}
	if credentials {
		out[1].LastSignIn = day("2026-10-26") // a mail program's
		out[1].Credentials = []connectors.Credential{{ID: "asp:5", Kind: "app_password", Created: day("2024-08-01"), LastUsed: day("2026-10-26")},
			{ID: "token:77.apps.googleusercontent.com", Kind: "oauth_token"}, {ID: "token:anonymous/odd client", Kind: "oauth_token"}}
	}
	return out
}

// failing makes a method fail for good.
func failing(id string) func(int, method, http.ResponseWriter, *http.Request) bool {
	return func(_ int, m method, w http.ResponseWriter, _ *http.Request) bool {
		if m.ID == id {
			refuse(w, http.StatusForbidden, "forbidden", "Not Authorized to access this resource/api")
		}
		return m.ID == id
	}
}

func TestConfigRefuses(t *testing.T) {
	good := AppConfig{Key: "env:KEY", Subject: admin}
	for name, c := range map[string]struct {
		change func(*AppConfig, *connectors.Env)
		says   string
	}{
		"no key":        {func(c *AppConfig, _ *connectors.Env) { c.Key = "" }, "service account: it is missing"},
		"a missing key": {func(c *AppConfig, _ *connectors.Env) { c.Key = "env:OTHER" }, "env:OTHER is not set"},
		"a key of another sort": {func(_ *AppConfig, e *connectors.Env) {
			e.Secret = func(string) (string, error) { return `{"type":"authorized_user","refresh_token":"s3cr3t"}`, nil }
		}, "not the JSON key file of a service account"},
		"no subject":     {func(c *AppConfig, _ *connectors.Env) { c.Subject = "" }, "want the address of the administrator"},
		"a domain":       {func(c *AppConfig, _ *connectors.Env) { c.Customer = "corp.example" }, "not a domain"},
		"unknown signal": {func(c *AppConfig, _ *connectors.Env) { c.Reports = []string{"mfa", "use"} }, `"use" is none of sign_in, mfa`},
		"no network":     {func(_ *AppConfig, e *connectors.Env) { e.HTTP = nil }, "no HTTP client"},
	} {
		conf, env := good, testEnv(t)
		c.change(&conf, &env)
		_, err := conf.OpenApp("dir", env)
		if err == nil || !strings.HasPrefix(err.Error(), `google: app "dir": `) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: got %v; want it to say %q", name, err, c.says)
		}
	}
	app, err := good.OpenApp("dir", testEnv(t))
	if err != nil || app.Info().Location != "https://admin.googleapis.com/admin/directory/v1/users" {
		t.Errorf("%+v, %v", app, err)
	}
}

// wired opens company behind another transport, one request at a time, so that they come in the same order each time.
func wired(tb testing.TB, conf AppConfig, most int, wrap func(http.RoundTripper) http.RoundTripper) connectors.App {
	f := company(tb)
	f.most, f.client = most, wrap(nil)
	app := f.open(conf)
	app.atOnce = 1
	return app.able()
}
