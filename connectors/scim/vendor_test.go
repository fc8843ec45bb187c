package scim

import (
	"net/http"
	"strings"
	"testing"

	"rollcall/connectors/connectortest"
)

// A service that is known by its URL is not read, nor written to, by another vendor's quirks.
func TestVendorIsKnownByItsURL(t *testing.T) {
	for _, c := range []struct{ url, vendor, says string }{
		{"https://api.github.com/scim/v2/enterprises/kiln", "github", ""},
		{"https://api.kiln.ghe.com/scim/v2/enterprises/kiln", "github", ""},
		{"https://api.github.com/scim/v2/organizations/kiln", "github", `set vendor = "github-org"`},
		{"https://api.github.com/scim/v2/organizations/kiln", "", `set vendor = "github-org"`},
		{"https://api.github.com/scim/v2/organizations/kiln", "github-org", ""},
		{"https://git.kiln.example/api/v3/scim/v2", "github", ""}, // a server of one's own may stand anywhere
		{"https://sentry.io/api/0/organizations/kiln/scim/v2", "", `set vendor = "sentry"`},
		{"https://de.sentry.io/api/0/organizations/kiln/scim/v2", "generic", `set vendor = "sentry"`},
		{"https://sentry.kiln.example/scim/v2", "sentry", ""},
		{"https://scim.eu-west-1.amazonaws.com/abc/scim/v2", "entra", `set vendor = "aws"`},
		{"https://scim.eu-west-1.amazonaws.com/abc/scim/v2", "aws", ""},
		{"https://API.Atlassian.com/scim/directory/abc", "", `set vendor = "atlassian"`},
		{"https://api.slack.com/scim/v2", "", `set vendor = "slack"`},
		{"https://api.slack.com/scim/v2", "slack", ""},
		{"https://api.slack.com/scim/v1", "slack", "SCIM 1.1; set url to https://api.slack.com/scim/v2"},
		{"https://app.example/scim/v1", "", ""},
	} {
		conf := AppConfig{URL: c.url, Vendor: c.vendor, Token: "env:SCIM"}
		_, err := conf.OpenApp("app", testEnv(http.DefaultClient))
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s as %q: got %v; want it to say %q", c.url, c.vendor, err, c.says)
		}
	}
}

// What a vendor's list does not hold is said in every report that rests on it.
func TestVendorNotes(t *testing.T) {
	for vendor, says := range map[string]string{
		"atlassian": "invited by hand are not in it", "aws": "who is in a group", "github": "obscures the usernames", "github-org": "outside collaborators",
		"sentry": "a disabled one looks enabled", "slack": "does not list every guest",
	} {
		_, tr, err := connectortest.Accounts(t.Context(), (&fake{users: made(2)}).open(t, AppConfig{Vendor: vendor}))
		if err != nil || !strings.Contains(notes(tr), says) {
			t.Errorf("%s: %v; notes %s", vendor, err, notes(tr))
		}
	}
}

// Every quirk is heeded by one of the tests: this one fails when a vendor is added without a place in them.
func TestVendorPages(t *testing.T) {
	for vendor, size := range map[string]string{"generic": "100", "atlassian": "100", "aws": "50", "entra": "100", "github": "100", "github-org": "100", "sentry": "100", "slack": "200"} {
		f := &fake{users: made(2)}
		if _, _, err := connectortest.Accounts(t.Context(), f.open(t, AppConfig{Vendor: vendor})); err != nil {
			t.Fatal(err)
		}
		for _, ref := range f.asked {
			if strings.Contains(ref, "/Users?") && !strings.HasSuffix(ref, "count=1") && !strings.HasSuffix(ref, "&count="+size) {
				t.Errorf("%s: asked for %s; want count=%s", vendor, ref, size)
			}
		}
	}
	if len(vendors) != 8 {
		t.Errorf("there are %d vendors: name the new ones here, and test their quirks", len(vendors))
	}
}

// No vendor deletes: what DELETE does differs from one to the next, and at most of them it is for good.
func TestNobodyDeletes(t *testing.T) {
	for vendor := range vendors {
		f := smallCompany()
		app := f.open(t, AppConfig{Vendor: vendor})
		for _, d := range []func() error{
			func() error {
				if app.vendor.noDisable != "" {
					return nil
				}
				_, err := disabler{app}.Disable(t.Context(), fresh(t, both{app, disabler{app}, remover{app}}, "u1"))
				return err
			},
			func() error {
				_, err := remover{app}.RemoveEntitlement(t.Context(), fresh(t, both{app, disabler{app}, remover{app}}, "u2"), "Staff")
				return err
			},
		} {
			if err := d(); err != nil {
				t.Logf("%s: %v", vendor, err) // what the fake does not take, others test
			}
		}
		for _, sent := range f.w.log {
			if strings.HasPrefix(sent, http.MethodDelete) {
				t.Errorf("%s: sent %s", vendor, sent)
			}
		}
	}
}
