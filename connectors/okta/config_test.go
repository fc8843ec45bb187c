package okta

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

func TestConfigRefuses(t *testing.T) {
	good := AppConfig{URL: "https://acme.okta.example", Token: "env:OKTA"}
	for name, c := range map[string]struct {
		change func(*AppConfig)
		says   string
	}{
		"a literal token":        {func(c *AppConfig) { c.Token = "00abc" }, "literal secret"},
		"neither":                {func(c *AppConfig) { c.Token = "" }, "neither token nor client_id"},
		"both":                   {func(c *AppConfig) { c.ClientID = "0oa" }, "both token and client_id"},
		"a client without a key": {func(c *AppConfig) { c.Token, c.ClientID = "", "0oa" }, "needs client_id and private_key"},
		"a key without a client": {func(c *AppConfig) { c.Token, c.PrivateKey = "", "env:KEY" }, "needs client_id and private_key"},
		"scopes of a token":      {func(c *AppConfig) { c.Scopes = []string{"okta.users.read"} }, "scopes are of a service app"},
		"an unknown part":        {func(c *AppConfig) { c.LeaveOut = []string{"groups"} }, "want some of apps, roles, factors, api_tokens"},
		"too large a page":       {func(c *AppConfig) { c.PageSize = 1000 }, "want 1 to 200"},
		"plain http":             {func(c *AppConfig) { c.URL = "http://acme.okta.example" }, "https://"},
		"a key that is no key":   {func(c *AppConfig) { c.Token, c.ClientID, c.PrivateKey = "", "0oa", "env:OKTA" }, "private key"},
	} {
		conf := good
		c.change(&conf)
		_, err := conf.OpenApp("directory", testEnv(http.DefaultClient))
		if err == nil || !strings.HasPrefix(err.Error(), `okta: app "directory": `) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v; want it to say %q", name, err, c.says)
		}
	}
	app, err := good.OpenApp("directory", testEnv(http.DefaultClient))
	if err != nil || app.Info().Location != good.URL {
		t.Errorf("got %+v, %v", app, err)
	}
}

// A service app proves itself by an assertion that its key signed, and is given a token for the scopes it asks for.
func TestServiceApp(t *testing.T) {
	f := company()
	f.bearer = "at-s3cr3t-access"
	var scopes, problem string
	f.onToken = func(form url.Values) string {
		scopes = form.Get("scope")
		problem = verify(form, f.now.Unix(), f.base+"/oauth2/v1/token")
		if problem != "" {
			return `{"error":"invalid_client"}`
		}
		return fmt.Sprintf(`{"token_type":"Bearer","expires_in":3600,"access_token":%q,"scope":%q}`, f.bearer, scopes)
	}
	f.base = f.start(t)
	app := f.openAt(t, f.base, AppConfig{ClientID: "0oaSVC", PrivateKey: "env:KEY", KeyID: "kid-1", LeaveOut: []string{"api_tokens"}})
	rows, _, err := connectortest.Accounts(t.Context(), app)
	if err != nil || len(rows) != len(f.users) || problem != "" {
		t.Fatalf("got %d accounts, %v; %s", len(rows), err, problem)
	}
	if scopes != "okta.users.read okta.groups.read okta.apps.read okta.roles.read" {
		t.Errorf("it asked for %q", scopes)
	}
	p, err := app.Preflight(t.Context())
	if err != nil || p.Identity != "a service app in the org 00o1" || len(p.Problems) != 3 || !p.Problems[0].Writing || len(p.Proved) != 5 {
		t.Errorf("preflight: %+v, %v", p, err)
	}
	if r, err := app.Disable(t.Context(), connectors.Account{ID: "00u1"}); err != nil || !r.Changed {
		t.Errorf("got %+v, %v", r, err)
	}
	f.look(func() { f.forbidden = map[string]bool{"/": true} })
	_, err = app.Account(t.Context(), "00u1")
	if class(err) != connectors.ErrForbidden || strings.Contains(err.Error(), f.bearer) {
		t.Errorf("got %v", err)
	}
}

// verify says what is wrong with the request for a token (RFC 7523 §3).
func verify(form url.Values, now int64, audience string) string {
	parts := strings.Split(form.Get("client_assertion"), ".")
	if form.Get("grant_type") != "client_credentials" || form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" || len(parts) != 3 {
		return "not a client's assertion"
	}
	part := func(i int) []byte {
		b, _ := base64.RawURLEncoding.DecodeString(parts[i])
		return b
	}
	var head struct{ Alg, Kid string }
	var claims struct {
		Iss, Sub, Aud string
		Exp           int64
	}
	json.Unmarshal(part(0), &head)
	json.Unmarshal(part(1), &claims)
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	switch {
	case head.Alg != "RS256" || head.Kid != "kid-1":
		return fmt.Sprintf("header %+v", head)
	case claims.Iss != "0oaSVC" || claims.Sub != "0oaSVC" || claims.Aud != audience || claims.Exp <= now || claims.Exp > now+3600:
		return fmt.Sprintf("claims %+v", claims)
	case rsa.VerifyPKCS1v15(&testKey().PublicKey, crypto.SHA256, sum[:], part(2)) != nil:
		return "the signature is not the key's"
	}
	return ""
}

// What a token may not read is left out by saying so, and not read at all.
func TestLeaveOut(t *testing.T) {
	f := company()
	f.forbidden = map[string]bool{"/api/v1/apps": true, "/api/v1/iam": true, "/api/v1/api-tokens": true}
	for _, part := range []string{"apps", "roles", "api_tokens"} {
		_, _, err := connectortest.Accounts(t.Context(), f.open(t, AppConfig{}))
		if err == nil || !strings.Contains(err.Error(), "leave_out") {
			t.Errorf("got %v", err)
		}
		delete(f.forbidden, map[string]string{"apps": "/api/v1/apps", "roles": "/api/v1/iam", "api_tokens": "/api/v1/api-tokens"}[part])
	}
	f = company()
	f.forbidden = map[string]bool{"/api/v1/apps": true, "/api/v1/iam": true, "/api/v1/api-tokens": true, "/api/v1/groups/00g4/roles": true}
	app := f.open(t, AppConfig{LeaveOut: []string{"apps", "roles", "factors", "api_tokens"}})
	rows, tr, err := connectortest.Accounts(t.Context(), app)
	if err != nil || !tr.Ended(app.Info().Collections...) || len(app.Info().Collections) != 2 {
		t.Fatalf("got %v, ended %v", err, tr.Ends)
	}
	one, err := app.Account(t.Context(), "00u1")
	one.State, one.From = nil, rows[0].From
	if was, is := fmt.Sprintf("%+v", rows[0]), fmt.Sprintf("%+v", one); err != nil || was != is || rows[0].MFA != connectors.Unknown || app.Info().Signals.MFA.Given {
		t.Errorf("the list has %s\nalone it is %s, %v", was, is, err)
	}
	for _, a := range f.asked {
		if strings.Contains(a, "/roles") || strings.Contains(a, "/factors") || strings.Contains(a, "/apps") {
			t.Errorf("%s was asked for", a)
		}
	}
}

// Factors that this token may not see are not known; the pull says so.
func TestFactorsThatMayNotBeRead(t *testing.T) {
	f := company()
	f.forbidden = map[string]bool{"/api/v1/users/00u1/factors": true}
	rows, tr, err := connectortest.Accounts(t.Context(), f.open(t, AppConfig{}))
	if err != nil || rows[0].MFA != connectors.Unknown || rows[2].MFA != connectors.Yes || !strings.Contains(fmt.Sprint(tr.Notes), "the factors of some users may not be read") {
		t.Errorf("got %v, %v, %v", rows[0].MFA, err, tr.Notes)
	}
}

func TestPreflight(t *testing.T) {
	f := company()
	p, err := f.open(t, AppConfig{}).Preflight(t.Context())
	if err != nil || p.Identity != "rollcall@corp.example (00ux) in the org 00o1" || len(p.Problems) > 0 || len(p.Proved) != 6 || len(f.did()) > 0 {
		t.Errorf("got %+v, %v", p, err)
	}
	f.forbidden = map[string]bool{"/api/v1/iam": true, "/api/v1/api-tokens": true}
	p, err = f.open(t, AppConfig{}).Preflight(t.Context())
	if err != nil || len(p.Problems) != 2 || !strings.Contains(p.Problems[0].Fix, `"roles"`) || p.Problems[0].Writing {
		t.Errorf("got %+v, %v", p, err)
	}
}

// What users have in their profiles, and how much of it can be understood.
func TestUsers(t *testing.T) {
	f := company()
	f.users[0].extra = `"displayName":"Ada A.","secondEmail":"ada@home.example","hrId":4711`
	f.users[1].status = "ON_HOLIDAY"
	f.users[2].lastLogin = "yesterday"
	f.users = append(f.users, f.users[3])
	rows, tr, err := connectortest.Accounts(t.Context(), f.open(t, AppConfig{EmployeeID: "hrId"}))
	if err != nil || len(rows) != len(f.users)-1 || len(tr.Rejects) != 1 {
		t.Fatalf("got %d accounts, %d rejected, %v", len(rows), len(tr.Rejects), err)
	}
	if a := rows[0]; a.DisplayName != "Ada A." || a.EmployeeID != "4711" || fmt.Sprint(a.Aliases) != "[ada@home.example]" {
		t.Errorf("got %+v", a)
	}
	if rows[1].Enabled != connectors.Unknown || rows[2].LastSignIn.Known() || !strings.Contains(fmt.Sprint(tr.Notes), "ON_HOLIDAY") || !strings.Contains(fmt.Sprint(tr.Notes), "not time stamps") {
		t.Errorf("got %+v, %+v, %v", rows[1], rows[2], tr.Notes)
	}
	f = company()
	f.groups[2].name = "Payroll"
	if _, _, err := connectortest.Accounts(t.Context(), f.open(t, AppConfig{})); err == nil || !strings.Contains(err.Error(), "00g1 and 00g2 are both called") {
		t.Errorf("two groups of one name: got %v", err)
	}
}

func TestNextLink(t *testing.T) {
	for header, want := range map[string]string{
		`<https://a/x?after=1,2>; rel="next"`:                         "https://a/x?after=1,2",
		`<https://a/x>; rel="self", <https://a/y;z>; rel="next"`:      "https://a/y;z",
		`<https://a/y>; title="n, rel=prev"; rel=next, <https://a/z>`: "https://a/y",
		`<https://a/x>; rel="self"`:                                   "",
		`<https://a/x>; rel="nextish"`:                                "",
		`rel="next"`:                                                  "",
		``:                                                            "",
	} {
		if got := nextLink(http.Header{"Link": {`<https://a/x>; rel="self"`, header}}); got != want {
			t.Errorf("%s: got %q, want %q", header, got, want)
		}
	}
}
