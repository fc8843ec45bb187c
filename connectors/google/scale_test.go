//go:build integration

package google

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/httpx"
)

const (
	manyUsers  = 100_000
	manyGroups = 6_000
	seats      = 3 // groups of each user
	quota      = 2400
)

// large is a directory that is made up as it is asked for, behind Google's limit of requests a minute, on a line that drops.
type large struct {
	token http.HandlerFunc

	mu      sync.Mutex
	now     time.Time // moved by requests and waits
	sent    []time.Time
	refused int
	dropped int
	waited  time.Duration
}

func (l *large) clock() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

func (l *large) sleep(ctx context.Context, d time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = l.now.Add(d)
	l.waited += d
	return ctx.Err()
}

// admit counts a request: faster than the limit, one every 10 milliseconds, if nobody waits.
func (l *large) admit() (ok, drop bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = l.now.Add(10 * time.Millisecond)
	for len(l.sent) > 0 && l.now.Sub(l.sent[0]) >= time.Minute {
		l.sent = l.sent[1:]
	}
	if len(l.sent) >= quota {
		l.refused++
		return false, false
	}
	l.sent = append(l.sent, l.now)
	if len(l.sent)%500 == 499 {
		l.dropped++
		return true, true
	}
	return true, false
}

func (l *large) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		l.token(w, r)
		return
	}
	ok, drop := l.admit()
	if !ok {
		refuse(w, http.StatusForbidden, "userRateLimitExceeded", "Quota exceeded")
		return
	}
	path := strings.TrimPrefix(r.URL.Path, root)
	var page strings.Builder
	switch parts := strings.Split(path, "/"); {
	case path == "/users":
		makePage(&page, "users", manyUsers, r.URL.Query(), func(i int) {
			fmt.Fprintf(&page, `{"id":"1%020d","primaryEmail":"person%06d@corp.example","name":{"fullName":"Person %d"},"aliases":["p%d@corp.example"],`+
				`"suspended":%t,"archived":false,"creationTime":"2024-03-01T09:00:00.000Z","lastLoginTime":"2026-10-11T08:00:00.000Z","isEnrolledIn2Sv":true}`, i, i, i, i, i%7 == 0)
		})
	case path == "/groups":
		makePage(&page, "groups", manyGroups, r.URL.Query(), func(i int) { fmt.Fprintf(&page, `{"id":"g%d","email":"team%d@corp.example"}`, i, i) })
	case strings.HasSuffix(path, "/members"):
		g, _ := strconv.Atoi(strings.TrimPrefix(parts[2], "g"))
		makePage(&page, "members", manyUsers*seats/manyGroups, r.URL.Query(), func(i int) {
			fmt.Fprintf(&page, `{"id":"1%020d","type":"USER"}`, (g*manyUsers*seats/manyGroups+i)%manyUsers)
		})
	case strings.HasSuffix(path, "/roles"):
		page.WriteString(`{"kind":"admin#directory#roles","items":[{"roleId":"1","roleName":"_SEED_ADMIN_ROLE","isSuperAdminRole":true}]}`)
	default:
		page.WriteString(`{"kind":"admin#directory#roleAssignments"}`)
	}
	if drop { // in the middle of the answer
		w.Header().Set("Content-Length", strconv.Itoa(page.Len()))
		fmt.Fprint(w, page.String()[:page.Len()/2])
		panic(http.ErrAbortHandler)
	}
	fmt.Fprint(w, page.String())
}

func makePage(b *strings.Builder, key string, all int, q url.Values, row func(int)) {
	from, _ := strconv.Atoi(q.Get("pageToken"))
	most, _ := strconv.Atoi(q.Get("maxResults"))
	to := min(from+most, all)
	fmt.Fprintf(b, `{"kind":"admin#directory#%s",%q:[`, key, key)
	for i := from; i < to; i++ {
		if i > from {
			b.WriteByte(',')
		}
		row(i)
	}
	b.WriteString(`]`)
	if to < all {
		fmt.Fprintf(b, `,"nextPageToken":"%d"`, to)
	}
	b.WriteString(`}`)
}

// A hundred thousand users are read to the end in the memory that their memberships take, over a line that drops, within
// Google's limit.
func TestIntegrationAHundredThousandUsers(t *testing.T) {
	f := company(t)
	l := &large{now: now}
	f.user("1000")["primaryEmail"] = "person000000@corp.example" // who asks
	l.token = f.giveToken
	srv := httptest.NewServer(l)
	defer srv.Close()
	conf := AppConfig{Key: "env:KEY", Subject: "person000000@corp.example"}
	app, err := conf.open(testEnv(t), httpx.Settings{Base: srv.URL, Sleep: l.sleep, Now: l.clock, Jitter: func() float64 { return 0 }}, srv.URL+"/token")
	check(t, err)

	before := heap()
	most, n, held := uint64(0), 0, 0
	tr := new(pageCount)
	for a, err := range app.Accounts(t.Context(), tr) {
		check(t, err)
		if n++; n%10_000 == 1 {
			most = max(most, heap()-before)
		}
		held += len(a.Entitlements)
	}
	t.Logf("%d accounts with %d memberships: %d pages, %d KiB; %d drops of the line, %d of %d requests refused, %v of waiting in %v; %d MiB held at most",
		n, held, tr.pages, tr.bytes>>10, l.dropped, l.refused, tr.pages+l.dropped+l.refused, l.waited.Round(time.Second), l.now.Sub(now).Round(time.Second), most>>20)
	switch {
	case n != manyUsers || held != manyUsers*seats || !tr.Ended(connectors.Accounts, connectors.Groups, connectors.Entitlements):
		t.Error("the pull is not whole")
	case l.dropped < 2 || l.refused == 0:
		t.Error("nothing was tried")
	case l.refused > tr.pages/50:
		t.Error("the limit was run into again and again")
	case most > 64<<20:
		t.Error("it holds more than the memberships")
	}
}

// pageCount is a Trace that keeps no pages.
type pageCount struct {
	connectortest.Trace
	pages int
	bytes int64
}

func (p *pageCount) Page(_ connectors.Collection, page connectors.Page) {
	p.pages++
	p.bytes += page.Bytes
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
