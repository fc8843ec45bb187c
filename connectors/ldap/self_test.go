package ldap

import (
	"slices"
	"strings"
	"testing"

	"rollcall/connectors"
)

func TestSelf(t *testing.T) {
	f := company()
	f.entries[1].attrs["objectsid"] = []string{string(sid(domainSID(500))[:len(domainSID(500))-4])}
	f.entries[1].attrs["objectsid"][0] = f.entries[1].attrs["objectsid"][0][:1] + "\x04" + f.entries[1].attrs["objectsid"][0][2:]
	me := f.add("CN=reader,OU=Service,"+testDomain, "objectClass", "user", "objectGUID", guid(77), "userPrincipalName", "reader@corp.example", "sAMAccountName", "reader",
		"memberOf", groupOf("Domain Admins"), "adminCount", "1", "pwdLastSet", "134191296000000000", "msDS-UserPasswordExpiryTimeComputed", "9223372036854775807")
	for name, bind := range map[string]string{"user@domain": "reader@corp.example", `DOMAIN\user`: `CORP\reader`, "a DN": "CN=reader,OU=Service," + testDomain} {
		teller, ok := connectors.SelfOf(connectors.ReadOnly(f.open(t, func(c *AppConfig) { c.Bind = bind })))
		if !ok {
			t.Fatal("it is not found behind ReadOnly")
		}
		got, err := teller.Self(t.Context())
		if err != nil || got.Tenant != "S-1-5-21-1-2-3" || got.Account != id(77) || got.Name != bind {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
		if len(got.Permissions) != 2 || !strings.Contains(got.Permissions[1], "protected") {
			t.Errorf("%s: %q", name, got.Permissions)
		}
		if len(got.Credentials) != 1 || got.Credentials[0].Created.String() != "2026-03-28" || got.Credentials[0].Expires.Known() {
			t.Errorf("%s: %+v", name, got.Credentials)
		}
	}
	f.entries = slices.DeleteFunc(f.entries, func(n *node) bool { return n == me })
	delete(f.entries[1].attrs, "objectsid")
	got, err := f.open(t).Self(t.Context())
	if err != nil || got.Account != "" || got.Tenant != strings.ToLower(testDomain) {
		t.Errorf("where it may not see itself: %+v, %v", got, err)
	}
}

// What may be written and never is, is named; and what only writing needs is told apart.
func TestPreflightNamesRightsBeyondNeed(t *testing.T) {
	f := company()
	for _, n := range f.entries {
		if slices.Contains(n.attrs["objectclass"], "user") {
			n.attrs["allowedattributeseffective"] = []string{"userAccountControl", "unicodePwd"}
		}
	}
	p, err := f.open(t).Preflight(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(p.Excess, func(x connectors.Excess) bool {
		return strings.Contains(x.Has, "writing unicodePwd of 6") && !x.Writing && x.So == "passwords of others could be set"
	}) || !slices.ContainsFunc(p.Excess, func(x connectors.Excess) bool { return x.Has == "writing userAccountControl of accounts" && x.Writing }) || len(p.Excess) != 2 {
		t.Errorf("%+v", p.Excess)
	}
}

func TestSignInTimesAreNotAskedFor(t *testing.T) {
	f := company()
	env := f.env()
	env.NoSignInTimes = true
	c := AppConfig{URL: "ldap://127.0.0.1", PlainLoopback: true, Bind: "reader@corp.example", Password: "env:LDAP", PageSize: 2}
	app, err := c.open(env)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for a, err := range app.Accounts(t.Context(), unheard{}) {
		if n++; err != nil || a.LastSignIn.Known() || a.SignInUnknown {
			t.Errorf("%+v, %v", a, err)
		}
	}
	if n != 6 || app.Info().Signals.SignIn.Given {
		t.Errorf("%d accounts, %+v", n, app.Info().Signals)
	}
}
