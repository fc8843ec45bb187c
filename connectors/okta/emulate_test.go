//go:build integration

package okta

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/connectortest/peer"
)

// TestIntegrationEmulate reads and writes an Okta that nobody here wrote: emulate, from npm. It has users, their lifecycle,
// and groups. It does not page, search, or know rules, roles, factors and API tokens: a search is passed on without its
// parameter, "no rules" is answered for it, and the others are left out.
func TestIntegrationEmulate(t *testing.T) {
	base := startEmulate(t)
	conf := AppConfig{URL: base, Token: "env:OKTA", LeaveOut: []string{"apps", "roles", "factors", "api_tokens"}}
	app, err := conf.open(testEnv(&http.Client{Timeout: time.Minute}), company().settings())
	check(t, err)

	rows, tr, err := connectortest.Accounts(t.Context(), app)
	check(t, err)
	if len(rows) < 3 || len(tr.Rejects) > 0 || !tr.Ended(app.Info().Collections...) {
		t.Fatalf("got %+v, %+v", rows, tr)
	}
	ids := map[string]connectors.AccountID{}
	for _, a := range rows {
		ids[a.Username] = a.ID
	}
	lee := ids["leaver@example.test"]
	var payroll string
	for _, g := range list(t, base+"/api/v1/groups") {
		if g.Profile.Name == "Payroll" {
			payroll = g.ID
		}
	}
	ask(t, http.MethodPut, base+"/api/v1/groups/"+payroll+"/users/"+string(lee))
	before, err := app.Account(t.Context(), lee)
	check(t, err)
	if before.DisplayName != "Lee Ver" || before.Enabled != connectors.Yes || fmt.Sprint(before.Entitlements) != fmt.Sprint([]connectors.Entitlement{{ID: "Payroll"}}) {
		t.Fatalf("got %+v", before)
	}

	status := func() string { return one(t, base+"/api/v1/users/"+string(lee)).Status }
	members := func() int { return len(list(t, base+"/api/v1/groups/"+payroll+"/users")) }
	for _, step := range []struct {
		name    string
		do      func() (connectors.Receipt, error)
		changed bool
		status  string
		members int
	}{
		{"suspend", func() (connectors.Receipt, error) { return app.Disable(t.Context(), before) }, true, suspended, 1},
		{"suspend again", func() (connectors.Receipt, error) { return app.Disable(t.Context(), before) }, false, suspended, 1},
		{"unsuspend", func() (connectors.Receipt, error) { return app.Enable(t.Context(), before) }, true, active, 1},
		{"unsuspend again", func() (connectors.Receipt, error) { return app.Enable(t.Context(), before) }, false, active, 1},
		{"remove", func() (connectors.Receipt, error) { return app.RemoveEntitlement(t.Context(), before, "Payroll") }, true, active, 0},
		{"remove again", func() (connectors.Receipt, error) { return app.RemoveEntitlement(t.Context(), before, "Payroll") }, false, active, 0},
		{"add", func() (connectors.Receipt, error) { return app.AddEntitlement(t.Context(), before, "Payroll") }, true, active, 1},
		{"add again", func() (connectors.Receipt, error) { return app.AddEntitlement(t.Context(), before, "Payroll") }, false, active, 1},
	} {
		r, err := step.do()
		if err != nil || r.Changed != step.changed || status() != step.status || members() != step.members {
			t.Fatalf("%s: got %+v, %v; the user is %s, and the group has %d members", step.name, r, err, status(), members())
		}
	}
	after, err := app.Account(t.Context(), lee)
	check(t, err)
	if was, is := fmt.Sprintf("%+v", before), fmt.Sprintf("%+v", after); was != is {
		t.Errorf("it was %s\nand is %s", was, is)
	}
	if _, err := app.Account(t.Context(), "leaver@example.test"); err == nil {
		t.Error("a login was taken for an id")
	}

	// What is asked of Okta here is refused by the emulator as well: only ACTIVE is suspended, only SUSPENDED unsuspended.
	ask(t, http.MethodPost, base+"/api/v1/users/"+string(lee)+"/lifecycle/deactivate")
	if r, err := app.Disable(t.Context(), before); err != nil || r.Changed || status() != deactivated {
		t.Errorf("got %+v, %v; the user is %s", r, err, status())
	}
	if _, err := app.Enable(t.Context(), before); err == nil || status() != deactivated {
		t.Errorf("whoever was deactivated was let in again: %v; the user is %s", err, status())
	}
}

// startEmulate runs the emulator, and what stands in for its gaps.
func startEmulate(t *testing.T) string {
	t.Helper()
	dir := peer.Npm(t, "emulate", os.DirFS("testdata/emulate"))
	seed := filepath.Join(t.TempDir(), "seed.yaml")
	check(t, os.WriteFile(seed, []byte(`okta:
  users:
    - {login: rollcall@example.test, email: rollcall@example.test, first_name: Roll, last_name: Call}
    - {login: leaver@example.test, email: leaver@example.test, first_name: Lee, last_name: Ver}
  groups: [{name: Payroll, description: pay}]
`), 0o600))
	addr := peer.Free(t) // it does not choose a port itself
	_, port, err := net.SplitHostPort(addr)
	check(t, err)
	peer.ServeAt(t, peer.Node(dir, "node_modules/emulate/dist/index.js", "start", "-p", port, "--host", "127.0.0.1", "-s", "okta", "--seed", seed), addr)
	real := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: addr})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/groups/rules" {
			io.WriteString(w, "[]")
			return
		}
		if q := r.URL.Query(); q.Get("search") == "status pr" {
			q.Del("search")
			r.URL.RawQuery = q.Encode()
		}
		real.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// thing is a user or a group as the emulator tells of it, asked without the connector.
type thing struct {
	ID, Status string
	Profile    struct{ Name string }
}

func ask(t *testing.T, method, ref string) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, ref, strings.NewReader("{}"))
	check(t, err)
	r.Header.Set("Authorization", "SSWS "+token)
	res, err := http.DefaultClient.Do(r)
	check(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	check(t, err)
	if res.StatusCode >= 300 {
		t.Fatalf("%s %s: %s: %s", method, ref, res.Status, b)
	}
	return b
}

func list(t *testing.T, ref string) (out []thing) {
	t.Helper()
	check(t, json.Unmarshal(ask(t, http.MethodGet, ref), &out))
	return out
}

func one(t *testing.T, ref string) (out thing) {
	t.Helper()
	check(t, json.Unmarshal(ask(t, http.MethodGet, ref), &out))
	return out
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
