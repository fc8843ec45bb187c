package google

import (
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

func TestSelf(t *testing.T) {
	f := company(t)
	teller, ok := connectors.SelfOf(connectors.ReadOnly(f.open(AppConfig{}).able()))
	if !ok {
		t.Fatal("it is not found behind ReadOnly")
	}
	got, err := teller.Self(t.Context())
	if err != nil || got.Tenant != customer || got.Name != admin+", for "+serviceAccount || got.Account != "1000" || !slices.Equal(got.Permissions, []string{"super administrator"}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if len(got.Credentials) != 1 || got.Credentials[0].ID != "k1" {
		t.Errorf("got %+v", got.Credentials)
	}
}

// A scope to write that is delegated is named, so that it can be taken away where nothing is written.
func TestPreflightNamesScopesBeyondNeed(t *testing.T) {
	f := company(t)
	f.delegated = slices.DeleteFunc(f.delegated, func(s string) bool { return s == scopeRoles })
	p := preflight(t, f.open(AppConfig{Credentials: true}))
	has := func(what string) bool {
		return slices.ContainsFunc(p.Excess, func(x connectors.Excess) bool { return strings.HasSuffix(x.Has, what) && x.Writing })
	}
	if !has(scopeUser) || !has(scopeMember) || has(scopeRoles) || has(scopeSecurity) || !has("of "+admin) {
		t.Errorf("%+v", p.Excess)
	}
	p = preflight(t, company(t).open(AppConfig{}))
	if !slices.ContainsFunc(p.Excess, func(x connectors.Excess) bool { return strings.HasSuffix(x.Has, scopeSecurity) }) {
		t.Errorf("where no credentials are read, %s is only for writing: %+v", scopeSecurity, p.Excess)
	}
}

// Where sign-in times are switched off, Google is not even asked for them, nor is the use of app passwords kept.
func TestSignInTimesAreNotAskedFor(t *testing.T) {
	f := company(t)
	f.open(AppConfig{}) // starts the directory
	env := testEnv(t)
	env.NoSignInTimes = true
	conf := AppConfig{Key: "env:KEY", Subject: admin, Credentials: true}
	app, err := conf.open(env, httpx.Settings{Base: f.base, Sleep: noWait, Now: func() time.Time { return now }}, f.base+"/token")
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := pulled(t, app)
	if err != nil || len(rows) == 0 || app.Info().Signals.SignIn.Given || f.asked("lastLoginTime") > 0 {
		t.Errorf("%d accounts, %v; asked %d times", len(rows), err, f.asked("lastLoginTime"))
	}
	keys := 0
	for _, a := range rows {
		for _, c := range a.Credentials {
			if keys++; c.LastUsed.Known() {
				t.Errorf("%s: %+v", a.ID, c)
			}
		}
		if a.LastSignIn.Known() {
			t.Errorf("%+v", a)
		}
	}
	if keys == 0 {
		t.Error("there are no credentials")
	}
}
