//go:build !race

// The race detector makes this ten times as slow, and sees the same in the small tests.

package okta

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

// A hundred thousand users in pages, in groups and with an app, from an org that lets nobody ask more than so often and drops
// connections: what is kept are the ids and what they hold, the limits are kept, and what broke off is read again alone.
func TestHundredThousandUsers(t *testing.T) {
	const users, perMinute = 100_000, 300
	f := company()
	f.users, f.apps, f.limit = f.users[:0], nil, perMinute
	for i := range 20 {
		f.groups = append(f.groups, &fakeGroup{id: fmt.Sprintf("00gx%d", i), kind: "OKTA_GROUP", name: fmt.Sprintf("Team %d", i)})
	}
	wiki := &fakeApp{id: "0oaw", label: "Wiki", status: active}
	f.apps = append(f.apps, wiki)
	f.groups = f.groups[6:]
	f.byID = map[string]*fakeUser{}
	for i := range users {
		u := &fakeUser{id: fmt.Sprintf("00u%017d", i), status: active, login: fmt.Sprintf("p%d@corp.example", i), first: "Person", last: fmt.Sprint(i), number: fmt.Sprintf("E%d", i)}
		f.users, f.byID[u.id] = append(f.users, u), u
		for _, g := range []int{i % 20, (i/20 + 7) % 20} {
			if m := f.groups[g]; len(m.members) == 0 || m.members[len(m.members)-1] != u.id {
				m.members = append(m.members, u.id)
			}
		}
		wiki.users = append(wiki.users, fakeAssignment{user: u.id})
	}
	f.rules = nil
	drops, lists := 0, 0
	f.fault = func(n int, r *http.Request) int {
		if r.URL.Path == "/api/v1/users" || strings.HasSuffix(r.URL.Path, "/users") {
			if lists++; lists%97 == 0 {
				drops++
				return []int{cut, lost}[drops%2]
			}
		}
		return 0
	}
	app := f.open(t, AppConfig{LeaveOut: []string{"factors", "roles", "api_tokens"}})
	live := func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc) / (1 << 20)
	}
	before, most, n, held := live(), 0.0, 0, 0
	began := f.now
	tr := new(connectortest.Trace)
	for a, err := range app.Accounts(t.Context(), tr) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		held += len(a.Entitlements)
		if n%20_000 == 0 {
			most = max(most, live())
		}
	}
	took := f.now.Sub(began)
	t.Logf("%d users holding %d things in %d pages; %d connections dropped and read again; %d requests refused for their number; %v by Okta's clock at %d requests a minute; "+
		"%.0f MB kept beside the fake's %.0f MB", n, held, len(tr.Pages), drops, f.refused, took, perMinute, most-before, before)
	if n != users || held < 2*users || !tr.Ended(app.Info().Collections...) || len(tr.Rejects) > 0 {
		t.Errorf("%d users holding %d things; ended %v, %d rejected", n, held, tr.Ends, len(tr.Rejects))
	}
	if most-before > 64 {
		t.Errorf("%.0f MB are kept; want what is held in at most 64", most-before)
	}
	if drops < 10 || len(f.asked) != len(tr.Pages)+drops+f.refused {
		t.Errorf("%d requests for %d pages, %d of them dropped and %d refused: some were asked for again without need", len(f.asked), len(tr.Pages), drops, f.refused)
	}
	if ends := tr.Ends; ends[len(ends)-1] != connectors.Accounts {
		t.Errorf("ended %v", ends)
	}
}
