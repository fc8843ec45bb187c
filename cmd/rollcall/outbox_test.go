package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mailed is a shop whose cases are told by mail and webhook, both of which can be made to fail.
type mailed struct {
	*shop
	sink   *sink
	hook   int // what the webhook answers
	hooked int // how often it took something
}

func newMailed(t *testing.T, refuses ...string) *mailed {
	t.Helper()
	m := &mailed{shop: newShop(t, "ask"), hook: http.StatusOK}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if w.WriteHeader(m.hook); m.hook == http.StatusOK {
			m.hooked++
		}
	}))
	t.Cleanup(server.Close)
	var at string
	m.sink, at = newSink(t, refuses...)
	m.write("hook.secret", "a long enough secret")
	text, _ := os.ReadFile(filepath.Join(m.dir, "rollcall.toml"))
	m.write("rollcall.toml", strings.Replace(string(text), "[roster]\n", fmt.Sprintf(`[notify]
webhook = %q
secret = "file:hook.secret"
[notify.mail]
server = %q
from = "rollcall@kiln.example"
to = ["Ada <ada@kiln.example>", "eve@kiln.example"]

[roster]
`, server.URL, at), 1))
	m.rollcall(0, "", "scan", "-q", "--no-workbook")
	return m
}

// refuse has the mail server refuse some recipients, and take the others.
func (m *mailed) refuse(who ...string) {
	m.sink.mu.Lock()
	defer m.sink.mu.Unlock()
	m.sink.refs = map[string]bool{}
	for _, w := range who {
		m.sink.refs[w] = true
	}
}

// got counts the messages that somebody took.
func (m *mailed) got(who string) int {
	m.sink.mu.Lock()
	defer m.sink.mu.Unlock()
	return strings.Count(m.sink.mail[who], "Subject: ")
}

func (m *mailed) settles(want int, args ...string) string {
	m.t.Helper()
	return m.rollcall(want, "", append([]string{"settle"}, args...)...)
}

// Who could not be told is told later, each time after a longer while; who was told is not told again.
func TestWhoWasNotToldIsToldLater(t *testing.T) {
	m := newMailed(t, "eve@kiln.example")
	m.hook = http.StatusForbidden
	out := m.settles(0)
	m.says(out, "told by mail to ada@kiln.example", "to eve@kiln.example: it answered 550", "it answered 403")
	if strings.Contains(out, "nobody could be told of") {
		t.Error("somebody was told\n" + out)
	}
	m.refuse()
	m.hook = http.StatusOK
	m.now = m.now.Add(4 * time.Minute)
	m.settles(0) // too early
	if m.got("ada@kiln.example") != 1 || m.got("eve@kiln.example") != 0 || m.hooked != 0 {
		t.Fatalf("ada %d, eve %d, webhook %d", m.got("ada@kiln.example"), m.got("eve@kiln.example"), m.hooked)
	}
	m.now = m.now.Add(time.Minute)
	m.says(m.settles(0), "told by webhook to 127.0.0.1", "by mail to eve@kiln.example")
	for range 3 {
		m.now = m.now.Add(time.Hour)
		m.settles(0)
	}
	if m.got("ada@kiln.example") != 1 || m.got("eve@kiln.example") != 1 || m.hooked != 1 {
		t.Errorf("ada %d, eve %d, webhook %d: want one each", m.got("ada@kiln.example"), m.got("eve@kiln.example"), m.hooked)
	}
}

// A case that nobody could be told of is counted each time, and tried for as long as an answer may take; then again when
// somebody asks for that.
func TestNobodyCouldBeTold(t *testing.T) {
	m := newMailed(t, "ada@kiln.example", "eve@kiln.example")
	m.hook = http.StatusForbidden
	m.says(m.settles(0), "1 case that nobody could be told of:", m.caseID()+"  ", "550 no such user", "it answered 403", "tried again after 2027-01-15 09:35 (UTC)")
	m.says(m.rollcall(0, "", "cases", "list"), "open") // nobody was asked
	tries := 0
	for range 24 * 6 { // for six days, every hour
		m.now = m.now.Add(time.Hour)
		m.hook = http.StatusForbidden
		if strings.Contains(m.settles(0), "rollcall: notify: mail server") {
			tries++
		}
	}
	if tries < 10 || tries > 20 {
		t.Errorf("tried %d times in five days: want fewer and fewer", tries)
	}
	m.says(m.settles(0), "1 case that nobody could be told of:", "it is not tried any more: when that is mended, use rollcall settle --tell-again")
	m.refuse()
	m.says(m.settles(0, "--tell-again"), "told by mail to ada@kiln.example, eve@kiln.example")
	m.says(m.rollcall(0, "", "cases", "list"), "asked")
	if out := m.settles(0); strings.Contains(out, "nobody could be told") || m.got("ada@kiln.example") != 1 {
		t.Error(out)
	}
}

// What cannot be read of who was told tells nobody twice, and keeps nothing else from being done.
func TestOutboxThatCannotBeRead(t *testing.T) {
	m := newMailed(t)
	m.write("state/told.json", "{")
	m.says(m.settles(0), "1 cases opened", "nobody is told of anything", "move it away")
	if m.got("ada@kiln.example") != 0 {
		t.Error("somebody was told")
	}
	m.says(m.rollcall(1, "", "settle", "--tell-again"), "move it away")
	os.Remove(filepath.Join(m.dir, "state", "told.json"))
	m.says(m.settles(0), "told by webhook")
	info, err := os.Stat(filepath.Join(m.dir, "state", "told.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
}

// What is asked again, since the end of a keep has come, is told again to everybody.
func TestToldAgainWhenAskedAgain(t *testing.T) {
	m := newMailed(t)
	m.settles(0)
	m.rollcall(0, "", "cases", "keep", m.caseID(), "--reason", "hands over", "--until", "2027-01-20")
	m.settles(0)
	m.now = m.now.Add(7 * 24 * time.Hour)
	m.rollcall(0, "", "scan", "-q", "--no-workbook")
	m.refuse("ada@kiln.example")
	m.says(m.settles(0), "asked: what was kept was kept until", "told by webhook")
	m.refuse()
	m.now = m.now.Add(time.Hour)
	m.settles(0)
	if m.got("ada@kiln.example") != 2 || m.got("eve@kiln.example") != 2 || m.hooked != 2 {
		t.Errorf("ada %d, eve %d, webhook %d: want two each", m.got("ada@kiln.example"), m.got("eve@kiln.example"), m.hooked)
	}
}
