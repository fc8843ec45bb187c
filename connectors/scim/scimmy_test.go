//go:build integration

package scim

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/connectortest/peer"
	"rollcall/connectors/httpx"
)

// These tests read, and write to, a SCIM server that nobody here wrote: scimmy, from npm. They need node and npm, and once the npm
// registry; what they install is kept in the user's cache.

const (
	company = 520 // users
	teams   = 80
	pageCap = 75 // users or groups that the server gives at once
)

func TestIntegrationScimmy(t *testing.T) {
	users, groups, want := testCompany()
	base := startScimmy(t, map[string]any{"users": users, "groups": groups})
	for _, c := range []struct {
		mode  string
		waits string // the first ones
		pages int
	}{
		{mode: "index", pages: 8}, // the last one shows that there is no more
		{mode: "cursors", pages: 7},
		{mode: "busy", pages: 8, waits: "[7s 7s 7s]"},
	} {
		t.Run(c.mode, func(t *testing.T) {
			var waits []time.Duration
			open := func(mode string) func(testing.TB) connectors.App {
				return func(tb testing.TB) connectors.App {
					conf := AppConfig{URL: base + "/" + mode, Token: "env:SCIM"}
					env := testEnv(&http.Client{Timeout: time.Minute})
					app, err := conf.open(env, httpx.Settings{Jitter: func() float64 { return 0 }, Sleep: func(ctx context.Context, d time.Duration) error {
						if d >= time.Second { // shorter ones only spread the requests
							waits = append(waits, d)
						}
						return ctx.Err()
					}})
					if err != nil {
						tb.Fatal(err)
					}
					return app // to be read: it is written to in scimmy_write_test.go
				}
			}
			connectortest.App(t, connectortest.AppHarness{Open: open(c.mode), Broken: open("broken"), Want: want, Secret: token})

			waits = nil
			rows, tr, err := connectortest.Accounts(t.Context(), open(c.mode)(t))
			if err != nil || len(rows) != company {
				t.Fatalf("got %d users and error %v", len(rows), err)
			}
			if len(tr.Totals) != 2 || tr.Totals[1].N != company {
				t.Errorf("totals are %+v", tr.Totals)
			}
			n := 0
			for _, p := range tr.Pages {
				if strings.Contains(p.Request, "/Users?") {
					n++
				}
			}
			if n != c.pages {
				t.Errorf("%d pages of users were read; want %d", n, c.pages)
			}
			if got := fmt.Sprint(waits[:min(3, len(waits))]); c.waits != "" && got != c.waits {
				t.Errorf("the first waits were %s; want %s", got, c.waits)
			}
		})
	}
}

// testCompany makes the server's data and what the connector must read from it.
func testCompany() (users, groups []map[string]any, want []connectors.Account) {
	type object = map[string]any
	member := func(kind string, n int) object { return object{"value": fmt.Sprintf("%s-%04d", kind, n), "type": kind} }
	var members [teams][]object
	for i := range company {
		id := fmt.Sprintf("User-%04d", i)
		address := fmt.Sprintf("person%04d@corp.example", i)
		acc := connectors.Account{
			ID: connectors.AccountID(id), Username: address, Email: address, Aliases: []string{"also." + address},
			DisplayName: fmt.Sprintf("Person %04d", i), EmployeeID: fmt.Sprintf("E%05d", i), Enabled: connectors.Is(i%6 != 5),
			Created: connectors.DateOf(time.Date(2025, 1, 1+i%300, 12, 0, 0, 0, time.UTC), time.UTC),
		}
		user := object{
			"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"},
			"id":      id, "externalId": "idp-" + id, "userName": address, "displayName": acc.DisplayName, "active": i%6 != 5,
			"emails": []object{{"value": "also." + address, "type": "other"}, {"value": address, "type": "work", "primary": true}},
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": object{"employeeNumber": acc.EmployeeID},
			"meta": object{"created": acc.Created.Time().Add(12 * time.Hour).Format(time.RFC3339)},
		}
		members[i%teams] = append(members[i%teams], member("User", i))
		team := connectors.EntitlementID(fmt.Sprintf("Team %d", i%teams))
		acc.Entitlements = []connectors.Entitlement{{ID: team}}
		if i%teams == 2 {
			acc.Entitlements = append(acc.Entitlements, connectors.Entitlement{ID: "Everything", Inherited: team})
		}
		if i%10 == 0 {
			user["roles"] = []object{{"value": "admin", "primary": true}}
			acc.Entitlements = append(acc.Entitlements, connectors.Entitlement{ID: "role:admin"})
		}
		users, want = append(users, user), append(want, acc)
	}
	for i, in := range members { // more than a page of groups
		groups = append(groups, object{"id": fmt.Sprintf("Group-%04d", i), "displayName": fmt.Sprintf("Team %d", i), "members": in})
	}
	groups = append(groups, object{"id": "Group-0100", "displayName": "Everything", "members": []object{member("Group", 2)}})
	groups = append(groups, object{"id": "Group-0200", "displayName": "Nobody"})
	return users, groups, want
}

// startScimmy installs the server, unless it is in the cache, and runs it until the test ends.
func startScimmy(t *testing.T, data any) (base string) {
	t.Helper()
	b, err := json.Marshal(data)
	check(t, err)
	file := filepath.Join(t.TempDir(), "data.json")
	check(t, os.WriteFile(file, b, 0o600))
	cmd := peer.Node(peer.Npm(t, "scimmy", os.DirFS("testdata/scimmy")), "server.mjs", file, fmt.Sprint(pageCap))
	cmd.Env = append(os.Environ(), "TOKEN="+token)
	return "http://127.0.0.1:" + peer.Serve(t, cmd, `listening on (\d+)`)
}

// resetScimmy takes back all changes.
func resetScimmy(tb testing.TB, base string) {
	tb.Helper()
	res, err := http.Post(base+"/reset", "", nil)
	if err != nil || res.StatusCode != http.StatusNoContent {
		tb.Fatalf("the server could not be reset: %v, %v", res, err)
	}
	res.Body.Close()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
