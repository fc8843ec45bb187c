//go:build !race

// The race detector makes this ten times as slow, and sees the same in the small tests.

package httpx

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// crowd answers with pages of users without keeping any of them: what memory grows by is the client's.
type crowd struct {
	users, perPage int
	buf            bytes.Buffer
	asked          []int           // pages, in the order of the requests
	drops          map[int]bool    // pages whose answer breaks off, once
	busy           map[int]float64 // pages that are refused once, with so many seconds to wait
}

func (c *crowd) page(n int) []byte {
	c.buf.Reset()
	c.buf.WriteString(`{"value":[`)
	for i := n * c.perPage; i < min((n+1)*c.perPage, c.users); i++ {
		if i > n*c.perPage {
			c.buf.WriteByte(',')
		}
		fmt.Fprintf(&c.buf, `{"id":"%08x-57d0-4a2c-9c1f-000000000000","displayName":"Person Number %d","mail":"person.%d@corp.example","accountEnabled":true,`+
			`"department":"Department of Everything","jobTitle":"Keeper of the %dth key","createdDateTime":"2024-05-06T07:08:09Z","userType":"Member"}`, i, i, i, i)
	}
	c.buf.WriteByte(']')
	if (n+1)*c.perPage < c.users {
		fmt.Fprintf(&c.buf, `,"next":"/users?page=%d"`, n+1)
	}
	c.buf.WriteByte('}')
	return c.buf.Bytes()
}

func (c *crowd) RoundTrip(r *http.Request) (*http.Response, error) {
	q, _ := url.ParseQuery(r.URL.RawQuery)
	n, _ := strconv.Atoi(q.Get("page"))
	c.asked = append(c.asked, n)
	res := &http.Response{StatusCode: 200, ProtoMajor: 1, Header: http.Header{}}
	if s, ok := c.busy[n]; ok {
		delete(c.busy, n)
		res.StatusCode, res.Body = 429, io.NopCloser(bytes.NewReader(nil))
		res.Header.Set("Retry-After", fmt.Sprint(s))
		return res, nil
	}
	body := io.Reader(bytes.NewReader(c.page(n)))
	if c.drops[n] {
		delete(c.drops, n)
		body = io.MultiReader(io.LimitReader(body, int64(c.buf.Len()/2)), failing{})
	}
	res.Body = io.NopCloser(body)
	return res, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("connection reset by peer") }

// liveHeap is what is in use, after the collector has been there.
func liveHeap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A hundred thousand users in pages: memory does not grow with them, the waits that the service asks for are kept, and after a
// connection that broke off the same page is read again, never the list.
func TestHundredThousandUsers(t *testing.T) {
	const users, perPage, pages = 100_000, 1000, 100
	c := &crowd{users: users, perPage: perPage, drops: map[int]bool{3: true, 57: true, 99: true}, busy: map[int]float64{10: 5, 20: 30, 57: 2}}
	var waits time.Duration
	client, err := New(env(&http.Client{Transport: c}), Settings{Base: "https://api.example", Token: "env:TOKEN", Jitter: still, Now: func() time.Time { return noon },
		Sleep: func(_ context.Context, d time.Duration) error { waits += d; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	base := liveHeap()
	runtime.ReadMemStats(&before)
	seen, peak, total, longest := 0, int64(0), int64(0), 0
	got, want := sha256.New(), sha256.New()
	for ref := "/users?page=0"; ref != ""; {
		res, err := client.Get(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		var p struct {
			Value []struct{ ID, DisplayName, Mail string }
			Next  string
		}
		if err := json.Unmarshal(res.Body, &p); err != nil {
			t.Fatal(err)
		}
		for _, u := range p.Value {
			if u.ID != fmt.Sprintf("%08x-57d0-4a2c-9c1f-000000000000", seen) {
				t.Fatalf("user %d is %s", seen, u.ID)
			}
			seen++
		}
		got.Write(res.Page.SHA256[:])
		total, longest = total+res.Page.Bytes, max(longest, len(res.Body))
		if seen%(10*perPage) == 0 {
			peak = max(peak, liveHeap()-base) // with the page still in hand
		}
		runtime.KeepAlive(res)
		runtime.KeepAlive(p)
		ref = p.Next
	}
	runtime.ReadMemStats(&after)
	for n := range pages {
		sum := sha256.Sum256(c.page(n))
		want.Write(sum[:])
	}
	t.Logf("%d users, %d pages, %.1f MB in all, the longest page %d KB; live heap grew by at most %d KB; %.1f KB were allocated a user, the test server's share included",
		seen, pages, float64(total)/1e6, longest/1024, peak/1024, float64(after.TotalAlloc-before.TotalAlloc)/users/1024)
	if seen != users || !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
		t.Errorf("%d users came, or the pages' hashes are not those of what was sent", seen)
	}
	if peak > 16*int64(longest) {
		t.Errorf("the live heap grew by %d KB, with pages of %d KB: memory grows with the list", peak/1024, longest/1024)
	}
	told := (1 + 5 + 30 + 2 + 2 + 1) * time.Second // of drops and refusals; the second refusal spreads what comes next
	if waits < told || waits > told+pages*firstGap {
		t.Errorf("it waited %v, where %v were asked for", waits, told)
	}
	if len(c.asked) != pages+6 {
		t.Errorf("%d requests for %d pages; want one more for each answer that was lost or refused", len(c.asked), pages)
	}
	for i := 1; i < len(c.asked); i++ {
		if d := c.asked[i] - c.asked[i-1]; d != 0 && d != 1 {
			t.Errorf("request %d was for page %d, after page %d: a list is not begun anew", i+1, c.asked[i], c.asked[i-1])
		}
	}
}
