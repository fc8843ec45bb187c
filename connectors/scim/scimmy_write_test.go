//go:build integration

package scim

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/httpx"
)

// fiveOfSix is a group of five of six users, which is within another, and a second group of two of them.
func fiveOfSix() (users, groups []map[string]any) {
	type object = map[string]any
	var five []object
	for i := range 6 {
		id := fmt.Sprintf("User-%d", i)
		users = append(users, object{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "id": id, "externalId": "idp-" + id,
			"userName": fmt.Sprintf("person%d@corp.example", i), "displayName": fmt.Sprintf("Person %d", i), "active": true,
			"name":   object{"givenName": "Person", "familyName": fmt.Sprint(i)},
			"emails": []object{{"value": fmt.Sprintf("person%d@corp.example", i), "type": "work", "primary": true}},
			"roles":  []object{{"value": "admin", "primary": true}},
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": object{"employeeNumber": fmt.Sprintf("E%d", i), "department": "Sales"}})
		if i < 5 {
			five = append(five, object{"value": id, "type": "User"})
		}
	}
	groups = []object{
		{"id": "Group-5", "displayName": "Five", "members": five},
		{"id": "Group-2", "displayName": "Two", "members": five[1:3]},
		{"id": "Group-0", "displayName": "Everything", "members": []object{{"value": "Group-5", "type": "Group"}}},
	}
	return users, groups
}

func openScimmy(t testing.TB, base, mode string) connectors.App {
	t.Helper()
	return openScimmyVia(t, base, mode, http.DefaultTransport)
}

func openScimmyVia(t testing.TB, base, mode string, via http.RoundTripper) connectors.App {
	t.Helper()
	resetScimmy(t, base)
	conf := AppConfig{URL: base + "/" + mode, Token: "env:SCIM"}
	app, err := conf.open(testEnv(&http.Client{Transport: via, Timeout: time.Minute}), httpx.Settings{Sleep: noWait})
	if err != nil {
		t.Fatal(err)
	}
	return app.able()
}

// pulled is everybody as a pull shows them, one a line.
func pulled(t *testing.T, app connectors.App) string {
	t.Helper()
	rows, _, err := connectortest.Accounts(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, a := range rows {
		out = append(out, fmt.Sprintf("%+v", a))
	}
	return strings.Join(out, "\n")
}

// holders are the users who hold an entitlement, by a pull.
func holders(t *testing.T, app connectors.App, e connectors.EntitlementID) string {
	t.Helper()
	rows, _, err := connectortest.Accounts(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, a := range rows {
		for _, h := range a.Entitlements {
			if h.ID == e {
				out = append(out, strings.TrimPrefix(string(a.ID), "User-"))
			}
		}
	}
	return strings.Join(out, " ")
}

// (scimmy has no versions and does not heed If-Match: that is tried against the fake alone.)
//
// Disable, confirm by a fresh read, undo, and everything is as it was; with PATCH, with PUT, and with 429 in the way.
func TestIntegrationScimmyDisable(t *testing.T) {
	users, groups := fiveOfSix()
	base := startScimmy(t, map[string]any{"users": users, "groups": groups})
	for _, mode := range []string{"index", "puts", "busy"} {
		t.Run(mode, func(t *testing.T) {
			app := openScimmy(t, base, mode)
			d := app.(connectors.Disabler)
			all := pulled(t, app)
			before := fresh(t, app, "User-2")
			for _, first := range []bool{true, false} {
				if r, err := d.Disable(t.Context(), before); err != nil || r.Changed != first {
					t.Fatalf("disable: %+v, %v", r, err)
				}
			}
			if got := fresh(t, app, "User-2"); got.Enabled != connectors.No || len(got.Entitlements) != len(before.Entitlements) {
				t.Errorf("disabled, it reads %+v", got)
			}
			for _, first := range []bool{true, false} {
				if r, err := d.Enable(t.Context(), before); err != nil || r.Changed != first {
					t.Fatalf("enable: %+v, %v", r, err)
				}
			}
			if now := pulled(t, app); now != all {
				t.Errorf("after the undo it is\n%s\nbefore it was\n%s", now, all)
			}
			if _, err := d.Disable(t.Context(), connectors.Account{ID: "User-9"}); !errors.Is(err, connectors.ErrNotFound) {
				t.Errorf("an account that is not there: %v", err)
			}
		})
	}
}

// One member of five goes, four stay, and one comes back.
func TestIntegrationScimmyMembers(t *testing.T) {
	users, groups := fiveOfSix()
	base := startScimmy(t, map[string]any{"users": users, "groups": groups})
	for _, mode := range []string{"index", "busy"} {
		t.Run(mode, func(t *testing.T) {
			app := openScimmy(t, base, mode)
			r := app.(connectors.EntitlementRemover)
			before := fresh(t, app, "User-2")
			for _, first := range []bool{true, false} {
				if got, err := r.RemoveEntitlement(t.Context(), before, "Five"); err != nil || got.Changed != first {
					t.Fatalf("remove: %+v, %v", got, err)
				}
				if five, two := holders(t, app, "Five"), holders(t, app, "Two"); five != "0 1 3 4" || two != "1 2" {
					t.Errorf("Five is held by %s, Two by %s", five, two)
				}
			}
			if got := held([]connectors.Account{fresh(t, app, "User-2")}); got != "User-2: Two, role:admin" {
				t.Errorf("a fresh read shows %s", got)
			}
			for _, first := range []bool{true, false} {
				if got, err := r.AddEntitlement(t.Context(), before, "Five"); err != nil || got.Changed != first {
					t.Fatalf("add: %+v, %v", got, err)
				}
			}
			if five := holders(t, app, "Five"); five != "0 1 2 3 4" {
				t.Errorf("Five is held by %s", five)
			}
			if after := fresh(t, app, "User-2"); fmt.Sprintf("%+v", after) != fmt.Sprintf("%+v", before) {
				t.Errorf("the account is now %+v; was %+v", after, before)
			}
		})
	}
	_, err := openScimmy(t, base, "puts").(connectors.EntitlementRemover).RemoveEntitlement(t.Context(), connectors.Account{ID: "User-2"}, "Five")
	if !errors.Is(err, connectors.ErrForbidden) || !strings.Contains(err.Error(), "no PATCH") {
		t.Errorf("a service without PATCH: %v", err)
	}
}

// The contract of all that can be done.
func TestIntegrationScimmyContract(t *testing.T) {
	users, groups := fiveOfSix()
	base := startScimmy(t, map[string]any{"users": users, "groups": groups})
	for _, mode := range []string{"index", "cursors", "busy"} {
		t.Run(mode, func(t *testing.T) {
			wire := connectortest.Wire{Open: func(tb testing.TB, wrap func(http.RoundTripper) http.RoundTripper) connectors.App {
				return openScimmyVia(tb, base, mode, wrap(http.DefaultTransport))
			}}
			switch mode {
			case "index":
				wire.Totals = []string{"totalResults"}
			case "busy":
				wire.Open = nil // it refuses on its own
			}
			connectortest.App(t, connectortest.AppHarness{
				Spec: new(AppConfig).Spec(), Wire: wire,
				Open:   func(tb testing.TB) connectors.App { return openScimmy(tb, base, mode) },
				Broken: func(tb testing.TB) connectors.App { return openScimmy(tb, base, "broken") },
				Want:   connectortest.IDs("User-0", "User-1", "User-2", "User-3", "User-4", "User-5"),
				Secret: token,
			})
		})
	}
}
