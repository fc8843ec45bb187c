package okta

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

func TestSelf(t *testing.T) {
	f := company()
	teller, ok := connectors.SelfOf(connectors.ReadOnly(f.open(t, AppConfig{})))
	if !ok {
		t.Fatal("it is not found behind ReadOnly")
	}
	got, err := teller.Self(t.Context())
	if err != nil || got.Tenant != "00o1" || got.Name != "rollcall@corp.example" || got.Account != "00ux" {
		t.Errorf("got %+v, %v", got, err)
	}
	if len(got.Credentials) != 1 || got.Credentials[0].ID != "00T2" || got.Credentials[0].Created.String() != "2024-03-01" || got.Credentials[0].Expires.String() != "2026-12-01" {
		t.Errorf("its own tokens: %+v", got.Credentials)
	}
	f = company()
	f.bearer = "at-s3cr3t-access"
	app := f.open(t, AppConfig{ClientID: "0oaclient", PrivateKey: "env:KEY", KeyID: "kid-1", Scopes: []string{"okta.users.read", "okta.logs.read", manageUsers}})
	if x := app.excess(); len(x) != 2 || !strings.HasSuffix(x[0].Has, "okta.logs.read") || x[0].Writing || !x[1].Writing {
		t.Errorf("%+v", x)
	}
}

// The roles of whoever owns an API token are what the token may do.
func TestPreflightNamesRolesBeyondNeed(t *testing.T) {
	f := company()
	at := slices.IndexFunc(f.users, func(u *fakeUser) bool { return u.id == "00ux" })
	f.users[at].roles = []*fakeRole{{id: "ra8", kind: "READ_ONLY_ADMIN", label: "Read-only Administrator"}, {id: "ra9", kind: "SUPER_ADMIN", label: "Super Administrator"}}
	p, err := f.open(t, AppConfig{}).Preflight(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range p.Excess {
		got = append(got, x.Has)
	}
	if !slices.Contains(got, "the administrator's role SUPER_ADMIN") || slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "READ_ONLY") }) {
		t.Errorf("%q", got)
	}
}

func TestSignInTimesAreNotKept(t *testing.T) {
	f := company()
	env := testEnv(http.DefaultClient)
	env.NoSignInTimes = true
	c := AppConfig{URL: f.start(t), Token: "env:OKTA"}
	app, err := c.open(env, f.settings())
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := connectortest.Accounts(t.Context(), app)
	if err != nil || len(rows) == 0 || app.Info().Signals.SignIn.Given || slices.ContainsFunc(rows, func(a connectors.Account) bool { return a.LastSignIn.Known() }) {
		t.Errorf("%d accounts, %v, %+v", len(rows), err, app.Info().Signals)
	}
}
