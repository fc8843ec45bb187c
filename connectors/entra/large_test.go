//go:build !race

// The race detector makes this ten times as slow, and sees the same in the small tests.

package entra

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/httpx"
)

// large is a directory of many users that are made up as they are asked for, so that the memory measured is the connector's.
// Every group has members; some connections break in the middle of a page, and some requests come too fast.
type large struct {
	public         string
	users, groups  int
	pages          int
	broken, hasty  int
	breakAt, tooAt func(page int) bool
	failed         bool // the page at hand has failed once
}

func (l *large) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/token") {
		new(fake).token(w, r)
		return
	}
	l.pages++
	first := !l.failed
	l.failed = false
	if first && l.tooAt(l.pages) {
		l.hasty++
		l.failed = true
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	page := l.answer(r)
	if first && l.breakAt(l.pages) {
		l.broken++
		l.failed = true
		w.Header().Set("Content-Length", strconv.Itoa(len(page)))
		w.Write(page[:len(page)/2])
		panic(http.ErrAbortHandler) // the connection breaks
	}
	w.Write(page)
}

func (l *large) answer(r *http.Request) []byte {
	path := strings.TrimPrefix(r.URL.Path, "/v1.0")
	activity := asksActivity(r)
	switch {
	case path == "/users/$count":
		return []byte(strconv.Itoa(l.users))
	case path == "/users" && r.URL.Query().Has("$filter"):
		return []byte(`{"value":[]}`)
	case path == "/users" && activity:
		return l.page(r, l.users, 100, func(n int) string {
			return fmt.Sprintf(`{"id":%q,"accountEnabled":true,"userType":"Member","signInActivity":{"lastSignInDateTime":"2026-06-%02dT08:00:00Z"}}`, userID(n), n%28+1)
		})
	case path == "/users":
		return l.page(r, l.users, 999, func(n int) string {
			return fmt.Sprintf(`{"id":%q,"userPrincipalName":"user%d@contoso.example","mail":"user%d@contoso.example","displayName":"User %d","accountEnabled":true,`+
				`"userType":"Member","createdDateTime":"2024-01-01T00:00:00Z","employeeId":"E%d","proxyAddresses":["SMTP:user%d@contoso.example"],"otherMails":[],`+
				`"assignedLicenses":[{"skuId":%q}],"licenseAssignmentStates":[{"skuId":%q,"assignedByGroup":%q}]}`, userID(n), n, n, n, n, n, skuID(1), skuID(1), groupID(n%l.groups))
		})
	case path == registrations:
		return l.page(r, l.users, 999, func(n int) string { return fmt.Sprintf(`{"id":%q,"isMfaCapable":true}`, userID(n)) })
	case path == "/groups":
		return l.page(r, l.groups, 999, func(n int) string { return fmt.Sprintf(`{"id":%q,"displayName":"Group %d"}`, groupID(n), n) })
	case strings.HasSuffix(path, "/members"):
		g, _ := strconv.ParseInt(path[len(path)-len("000000000000/members"):len(path)-len("/members")], 16, 64)
		return l.page(r, l.users/l.groups*2, 999, func(n int) string { // each user is in two groups
			return fmt.Sprintf(`{"@odata.type":"#microsoft.graph.user","id":%q}`, userID((n*l.groups+int(g))/2%l.users))
		})
	}
	return []byte(`{"value":[]}`)
}

func (l *large) page(r *http.Request, all, most int, one func(int) string) []byte {
	at, _ := strconv.Atoi(r.URL.Query().Get("$skiptoken"))
	var b bytes.Buffer
	b.WriteString(`{"value":[`)
	end := min(at+most, all)
	for n := at; n < end; n++ {
		if n > at {
			b.WriteByte(',')
		}
		b.WriteString(one(n))
	}
	b.WriteByte(']')
	if end < all {
		q := r.URL.Query()
		q.Set("$skiptoken", strconv.Itoa(end))
		fmt.Fprintf(&b, `,"@odata.nextLink":%q`, l.public+r.URL.Path+"?"+q.Encode())
	}
	b.WriteByte('}')
	return b.Bytes()
}

// A directory of 100,000 users is read to its end over broken connections and at the pace the service asks for; what is kept of
// it meanwhile is a few hundred bytes for each user, and no page but the one at hand.
func TestLargeDirectoryIsReadInBoundedMemory(t *testing.T) {
	const many, perUser = 100_000, 500 // bytes
	l := &large{users: many, groups: 200,
		breakAt: func(n int) bool { return n%97 == 50 },
		tooAt:   func(n int) bool { return n%211 == 100 }}
	srv := httptest.NewServer(l)
	defer srv.Close()
	l.public = srv.URL
	waits, seven := 0, 0
	c := AppConfig{Tenant: tenant, ClientID: clientID, ClientSecret: "env:ENTRA", URL: srv.URL + "/v1.0", LoginURL: srv.URL}
	now := time.Unix(1_800_000_000, 0)
	app, err := c.open(testEnv(), httpx.Settings{Now: func() time.Time { return now }, Jitter: func() float64 { return 0 }, Sleep: func(ctx context.Context, d time.Duration) error {
		waits++
		now = now.Add(d)
		if d >= 7*time.Second {
			seven++
		}
		return ctx.Err()
	}})
	if err != nil {
		t.Fatal(err)
	}
	before := live()
	var most uint64
	n, held, tr := 0, 0, new(counts)
	for a, err := range app.Accounts(t.Context(), tr) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%10_000 == 0 {
			most = max(most, live()-before)
		}
		held += len(a.Entitlements)
		if a.LastSignIn == 0 || a.MFA != connectors.Yes || len(a.Entitlements) != 3 {
			t.Fatalf("got %+v", a)
		}
	}
	if n != many || held != 3*many || tr.total != many || tr.ends != 7 {
		t.Errorf("%d users with %d entitlements; total %d, %d lists ended", n, held, tr.total, tr.ends)
	}
	if l.broken < 10 || l.hasty < 5 || seven < l.hasty {
		t.Errorf("%d connections broke, %d requests came too fast, and were waited for %d times", l.broken, l.hasty, seven)
	}
	t.Logf("%d users, %d requests, %d of them over connections that broke, %d too fast; %.1f MB kept at most (%d bytes a user); read %.1f MB",
		n, l.pages, l.broken, l.hasty, float64(most)/1e6, most/many, float64(tr.bytes)/1e6)
	if most > many*perUser {
		t.Errorf("%d bytes are kept of each user; want at most %d", most/many, perUser)
	}
}

// live is what is in use after all that is not was given back.
func live() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// counts is a Trace that keeps no page.
type counts struct {
	connectortest.Trace
	total, ends int
	bytes       int64
}

func (c *counts) Page(_ connectors.Collection, p connectors.Page) { c.bytes += p.Bytes }
func (c *counts) Total(_ connectors.Collection, n int)            { c.total = n }
func (c *counts) End(connectors.Collection)                       { c.ends++ }
