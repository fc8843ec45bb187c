package ldap

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

func TestContract(t *testing.T) {
	var want []connectors.Account
	for n := 1; n <= 6; n++ {
		want = append(want, connectors.Account{ID: id(n), Username: fmt.Sprintf("u%d", n), EmployeeID: fmt.Sprintf("E%d", n), Enabled: connectors.Is(n != 6)})
	}
	for name, set := range map[string]func(*fake){
		"whole values": func(*fake) {},
		"ranges":       func(f *fake) { f.maxRange = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			connectortest.App(t, connectortest.AppHarness{
				Open: func(tb testing.TB) connectors.App { f := company(); set(f); return f.open(tb) },
				Broken: func(tb testing.TB) connectors.App {
					f := company()
					set(f)
					f.before = func(_ *fake, op string, n int) fault {
						if op == "search" && n > 6 {
							return fault{code: ldap.LDAPResultInsufficientAccessRights, says: "not for " + password}
						}
						return fault{}
					}
					return f.open(tb)
				},
				Want: want, Secret: password, Spec: new(AppConfig).Spec(),
				Try: connectortest.Try{Disable: id(1), Remove: id(4), Entitlement: "Five"},
			})
		})
	}
}

func TestConfigRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*AppConfig, *connectors.Env)
		says   string
	}{
		"no url":                {func(c *AppConfig, _ *connectors.Env) { c.URL = "" }, "want ldaps://host"},
		"another scheme":        {func(c *AppConfig, _ *connectors.Env) { c.URL = "https://dc1.corp.example" }, "want ldaps://host"},
		"a base in the url":     {func(c *AppConfig, _ *connectors.Env) { c.URL = "ldaps://dc1.corp.example/DC=corp" }, "settings of their own"},
		"a name in the url":     {func(c *AppConfig, _ *connectors.Env) { c.URL = "ldaps://me:secret@dc1" }, "settings of their own"},
		"the global catalog":    {func(c *AppConfig, _ *connectors.Env) { c.URL = "ldaps://dc1.corp.example:3269" }, "global catalog"},
		"plain, elsewhere":      {func(c *AppConfig, _ *connectors.Env) { c.URL = "ldap://dc1.corp.example"; c.PlainLoopback = true }, "would cross the network readable"},
		"plain, by a name":      {func(c *AppConfig, _ *connectors.Env) { c.URL = "ldap://localhost"; c.PlainLoopback = true }, "would cross the network readable"},
		"plain, and ldaps":      {func(c *AppConfig, _ *connectors.Env) { c.URL = "ldaps://127.0.0.1"; c.PlainLoopback = true }, "plain_loopback is for ldap://"},
		"no account":            {func(c *AppConfig, _ *connectors.Env) { c.Bind = "" }, "bind is missing"},
		"an unknown dialect":    {func(c *AppConfig, _ *connectors.Env) { c.Dialect = "novell" }, "want ad or openldap"},
		"openldap without base": {func(c *AppConfig, _ *connectors.Env) { c.Dialect = "openldap" }, "base is missing"},
		"a base that is no DN":  {func(c *AppConfig, _ *connectors.Env) { c.Base = "corp.example" }, "no distinguished name"},
		"an open filter":        {func(c *AppConfig, _ *connectors.Env) { c.Filter = "(&(a=b)" }, "no filter of RFC 4515"},
		"two filters":           {func(c *AppConfig, _ *connectors.Env) { c.Filter = "(a=b)(c=d)" }, "no filter of RFC 4515"},
		"too large a page":      {func(c *AppConfig, _ *connectors.Env) { c.PageSize = 1001 }, "want 1 to 1000"},
		"an empty password":     {func(_ *AppConfig, e *connectors.Env) { e.Secret = func(string) (string, error) { return "\n", nil } }, "the secret is empty"},
		"a missing password": {func(_ *AppConfig, e *connectors.Env) {
			e.Secret = func(ref string) (string, error) { return "", errors.New(ref + " is not set") }
		}, "password: env:LDAP is not set"},
		"no network":     {func(_ *AppConfig, e *connectors.Env) { e.Dial = nil }, "no way to connect"},
		"no authorities": {func(c *AppConfig, _ *connectors.Env) { c.URL = "ldaps://dc1"; c.CAFile = "ldap.go" }, "no certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			conf := AppConfig{URL: "ldaps://dc1.corp.example", Bind: "reader@corp.example", Password: "env:LDAP"}
			env := new(fake).env()
			c.change(&conf, &env)
			_, err := conf.OpenApp("corp", env)
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), `ldap: app "corp": `) {
				t.Errorf("got %v; want %q", err, c.says)
			}
		})
	}
}

// A server that has no TLS is told no password.
func TestNoBindWithoutTLS(t *testing.T) {
	f := company()
	a := f.open(t, func(c *AppConfig) { c.PlainLoopback = false })
	if _, err := a.Account(t.Context(), id(1)); err == nil || f.binds > 0 || f.asked["bind"] > 0 {
		t.Errorf("%v, after %d binds", err, f.asked["bind"])
	}
}

func TestWrongPasswordIsForbidden(t *testing.T) {
	f := company()
	f.before = func(_ *fake, op string, _ int) fault {
		if op == "bind" {
			return fault{code: ldap.LDAPResultInvalidCredentials, says: "data 532, of " + password}
		}
		return fault{}
	}
	_, tr, err := connectortest.Accounts(t.Context(), f.open(t))
	if !isForbidden(err) || !strings.Contains(err.Error(), "its password has expired") || strings.Contains(err.Error(), password) || len(tr.Ends) > 0 || f.asked["bind"] != 1 {
		t.Errorf("%v, after %d binds", err, f.asked["bind"])
	}
}
