//go:build !race

// The race detector makes this ten times as slow, and sees the same in the small tests.

package scim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/httpx"
)

// crowd is a service of very many users that keeps none of them.
type crowd struct {
	users, most int
	buf         bytes.Buffer
	asked       []int // startIndex of the requests
	drops, busy map[int]bool
}

func (c *crowd) RoundTrip(r *http.Request) (*http.Response, error) {
	res := &http.Response{StatusCode: 404, ProtoMajor: 1, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}
	if !strings.HasSuffix(r.URL.Path, "/Users") {
		return res, nil
	}
	start, _ := strconv.Atoi(r.URL.Query().Get("startIndex"))
	count, _ := strconv.Atoi(r.URL.Query().Get("count"))
	c.asked = append(c.asked, start)
	if c.busy[start] {
		delete(c.busy, start)
		res.StatusCode = 429
		res.Header.Set("Retry-After", "7")
		return res, nil
	}
	c.buf.Reset()
	fmt.Fprintf(&c.buf, `{"totalResults":%d,"startIndex":%d,"Resources":[`, c.users, start)
	for i := start; i <= min(start+min(count, c.most)-1, c.users); i++ {
		if i > start {
			c.buf.WriteByte(',')
		}
		fmt.Fprintf(&c.buf, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"2819c223-7f76-453a-919d-%012d","userName":"person.%d@corp.example",`+
			`"name":{"givenName":"Person","familyName":"Number %d"},"active":true,"emails":[{"value":"person.%d@corp.example","type":"work","primary":true}],`+
			`"meta":{"created":"2024-05-06T07:08:09Z"}}`, i, i, i, i)
	}
	c.buf.WriteString(`]}`)
	var body io.Reader = bytes.NewReader(c.buf.Bytes())
	if c.drops[start] {
		delete(c.drops, start)
		body = io.MultiReader(io.LimitReader(body, int64(c.buf.Len()/3)), reset{})
	}
	res.StatusCode, res.Body = 200, io.NopCloser(body)
	return res, nil
}

type reset struct{}

func (reset) Read([]byte) (int, error) { return 0, errors.New("connection reset by peer") }

func liveHeap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A hundred thousand users: what is kept of each is its id alone, the service's waits are kept, and a page that broke off is read
// again, never the list.
func TestHundredThousandUsers(t *testing.T) {
	const users = 100_000
	c := &crowd{users: users, most: 1000, drops: map[int]bool{1: true, 42001: true, 99001: true}, busy: map[int]bool{5001: true, 6001: true}}
	groups, waited, now := false, time.Duration(0), time.Unix(1.8e9, 0) // time passes only while something waits
	conf := AppConfig{URL: "https://app.example/scim/v2", Token: "env:SCIM", PageSize: 1000, Groups: &groups}
	app, err := conf.open(testEnv(&http.Client{Transport: c}), httpx.Settings{Jitter: func() float64 { return 0 }, Now: func() time.Time { return now }, Sleep: func(_ context.Context, d time.Duration) error {
		waited, now = waited+d, now.Add(d)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	base, peak, n := liveHeap(), int64(0), 0
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	tr := new(connectortest.Trace)
	for a, err := range app.Accounts(t.Context(), tr) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if want := fmt.Sprintf("2819c223-7f76-453a-919d-%012d", n); string(a.ID) != want {
			t.Fatalf("user %d is %s", n, a.ID)
		}
		if n%20_000 == 0 {
			peak = max(peak, liveHeap()-base)
		}
	}
	runtime.ReadMemStats(&after)
	t.Logf("%d users in %d requests; live heap grew by at most %.1f MB; %.1f KB were allocated a user, the test server's share included; waited %v",
		n, len(c.asked), float64(peak)/1e6, float64(after.TotalAlloc-before.TotalAlloc)/users/1024, waited)
	if n != users || len(tr.Totals) != 1 || tr.Totals[0].N != users || !tr.Ended(connectors.Accounts) {
		t.Errorf("%d users, totals %+v, ends %v", n, tr.Totals, tr.Ends)
	}
	const perUser, page = 250, 12 << 20 // bytes: an id and its place in a map; a page as bytes, as JSON pieces, and as accounts
	if peak > users*perUser+page {
		t.Errorf("the live heap grew by %d KB: more than ids are kept of those who were read", peak/1024)
	}
	if len(c.asked) != 101+5 {
		t.Errorf("%d requests; want one a page, one that shows the end, and one more for each of five that failed", len(c.asked))
	}
	for i := 1; i < len(c.asked); i++ {
		if d := c.asked[i] - c.asked[i-1]; d != 0 && d != 1000 {
			t.Errorf("after startIndex %d, %d was asked for", c.asked[i-1], c.asked[i])
		}
	}
	// 17 s were asked for; after the second refusal 19 requests keep 100 ms apart, until the host has taken enough of them.
	if want := 3*time.Second + 14*time.Second + 19*100*time.Millisecond; waited != want {
		t.Errorf("it waited %v, want %v", waited, want)
	}
}
