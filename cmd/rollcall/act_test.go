package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
)

// apartShop is a shop whose app is read with one token and changed with another, by a process of its own.
type apartShop struct {
	*servedShop
	acts   *actor
	peer   atomic.Int32 // who asks to have something changed
	listen func()
	end    func()
}

func newApartShop(t *testing.T, mode, more string) *apartShop {
	s := &apartShop{servedShop: serveShop(t, mode, more)}
	guard := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		want := "Bearer secret"
		if r.Method != http.MethodGet {
			want = "Bearer may-write"
		}
		if got := r.Header.Get("Authorization"); got != want && got != "Bearer may-write" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		s.svc.ServeHTTP(w, r)
	}))
	t.Cleanup(guard.Close)
	text, socket := s.read("rollcall.toml"), filepath.Join(s.dir, "act.sock")
	before, after, _ := strings.Cut(text, "url = ")
	_, after, _ = strings.Cut(after, "\n")
	text = before + "url = \"" + guard.URL + "\"\n" + after
	text = strings.Replace(text, "write = true\n", "write = true\n[app.acting]\ntoken = \"file:write-token\"\n", 1)
	s.write("rollcall.toml", strings.Replace(text, "[remediate]", "[act]\nsocket = \""+socket+"\"\nreader = \"990\"\nper_day = 2\n[remediate]", 1))
	s.write("write-token", "may-write")
	p := s.program()
	c, err := loadConfigFor(true, p.configPath, os.ReadFile, p.now(), resolveSecret(s.dir, p.env))
	if err != nil {
		t.Fatal(err)
	}
	if s.acts, err = p.newActor(c); err != nil {
		t.Fatal(err)
	}
	s.peer.Store(serviceUID)
	s.acts.peer = func(net.Conn) (int, error) { return int(s.peer.Load()), nil }
	s.listen = func() {
		l, err := net.Listen("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() { s.acts.serve(context.Background(), l); close(done) }()
		s.end = func() { l.Close(); <-done }
	}
	return s
}

// What is read with secrets that can change nothing is changed by a process that has others: the guards, the fresh reads and
// the ledger are the reading one's, and each change is the acting one's. While it does not answer nothing is lost.
func TestReadingAndActingApart(t *testing.T) {
	s := newApartShop(t, "ask", "")
	s.servedShop.listen()
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.as(1001, 0, "", "settle")
	id := s.caseID()
	s.as(1001, 0, "", "cases", "remove", id, "--reason", "left")
	s.says(s.as(1001, 4, "", "settle"), "rollcall act does not answer")
	s.write("STOP", "an exercise")
	s.listen()
	s.says(s.as(1001, 4, "", "settle"), "the kill switch is on")
	if err := os.Remove(filepath.Join(s.dir, "STOP")); err != nil {
		t.Fatal(err)
	}
	s.peer.Store(1001)
	s.says(s.as(1001, 4, "", "settle"), "is not [act] reader")
	s.peer.Store(serviceUID)
	if s.svc.patches != 0 {
		t.Fatal("it was changed all the same")
	}
	s.says(s.as(1001, 0, "", "settle"), "confirmed")
	if s.active() != "u1 u3 u4 u5" {
		t.Errorf("active: %s", s.active())
	}
	undo := []string{"undo", id, "--reason", "an exercise", "--although-left"}
	s.as(1001, 4, "", undo...)
	s.as(1003, 0, "", undo...)
	if s.active() != "u1 u2 u3 u4 u5" {
		t.Errorf("active: %s", s.active())
	}
	s.end()
	s.says(s.log.String(), `"msg":"refused: it is not the user that is acted for","uid":1001`, `"msg":"made"`)
	if log := s.log.String(); strings.Contains(log, "may-write") || strings.Contains(log, `Bearer`) {
		t.Error("a secret is in the log")
	}
	c := s.d.taken.Load().config
	if _, err := c.sources["crm"].(connectors.Disabler).Disable(t.Context(), connectors.Account{ID: "u2"}); err == nil || s.active() != "u1 u2 u3 u4 u5" {
		t.Errorf("the reading process can change something by itself: %v", err)
	}
}

// The acting process does not do all that it is told: no more than its day's changes, in no app that may not be changed, and
// of nothing that is no account.
func TestActingHasLimitsOfItsOwn(t *testing.T) {
	s := newApartShop(t, "ask", "")
	make := func(ch changeCall) error { _, err := s.acts.make(t.Context(), &ch); return err }
	disable := func(app connectors.AppID, id connectors.AccountID) changeCall {
		return changeCall{Action: remediate.Action{Verb: remediate.Disable, App: app, Account: id}, Before: connectors.Account{ID: id, Username: s.userName(id), Enabled: connectors.Yes}}
	}
	for what, ch := range map[string]changeCall{"another app": disable("erp", "u1"), "nothing": disable("crm", ""),
		"another account": {Action: remediate.Action{Verb: remediate.Disable, App: "crm", Account: "u1"}, Before: connectors.Account{ID: "u2"}},
		"another verb":    {Action: remediate.Action{Verb: "explode", App: "crm", Account: "u1"}, Before: connectors.Account{ID: "u1"}}} {
		if err := make(ch); err == nil || s.svc.patches != 0 {
			t.Errorf("%s: %v", what, err)
		}
	}
	s.clock.add(25 * time.Hour)
	for _, id := range []connectors.AccountID{"u1", "u2"} {
		if err := make(disable("crm", id)); err != nil {
			t.Fatal(err)
		}
	}
	if err := make(disable("crm", "u3")); err == nil || !strings.Contains(err.Error(), "[act] per_day") {
		t.Errorf("a third: %v", err)
	}
	s.clock.add(24 * time.Hour)
	if err := make(disable("crm", "u3")); err != nil {
		t.Error(err)
	}
	for _, bytes := range []string{"", "x", "c\xff\xff\xff\xff", "c\x00\x00\x00\x02{]", "GET / HTTP/1.1\r\n\r\n"} {
		here, there := net.Pipe()
		go func() { here.Write([]byte(bytes)); here.Close() }()
		s.acts.answer(t.Context(), there)
		there.Close()
	}
	if s.svc.patches != 3 {
		t.Errorf("%d changes", s.svc.patches)
	}
}

// What the acting process answers means the same on the other side, and an account comes over as it was read.
func TestChangesCrossTheSocketUnchanged(t *testing.T) {
	before := connectors.Account{ID: "u1", Username: "a", Enabled: connectors.Yes, State: json.RawMessage(`{"x":[1]}`), Entitlements: []connectors.Entitlement{{ID: "g", Privileged: true}}}
	b, err := json.Marshal(changeCall{Before: before})
	if err != nil {
		t.Fatal(err)
	}
	var got changeCall
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if remediate.Fingerprint(&got.Before) != remediate.Fingerprint(&before) || string(got.Before.State) != string(before.State) {
		t.Errorf("%+v", got.Before)
	}
}

// What the configuration protects is not changed, whatever the reading process calls the account; giving back is.
func TestActingProtectsAccounts(t *testing.T) {
	s := newApartShop(t, "ask", "")
	name := s.userName("u1")
	do := changeCall{Action: remediate.Action{Verb: remediate.Disable, App: "crm", Account: "u1"}, Before: connectors.Account{ID: "u1", Username: "somebody.else", Enabled: connectors.Yes}}
	for _, pattern := range []string{"crm/" + name, "crm/u1", "CRM/*"} {
		s.acts.limits.Protected = []string{pattern}
		if _, err := s.acts.make(t.Context(), &do); !errors.Is(err, connectors.ErrForbidden) || s.svc.patches != 0 {
			t.Errorf("%s: %v", pattern, err)
		}
	}
	s.acts.limits.Protected = nil
	if _, err := s.acts.make(t.Context(), &do); !errors.Is(err, connectors.ErrForbidden) || !strings.Contains(err.Error(), "not the account that was read") {
		t.Errorf("under another name: %v", err)
	}
	do.Back = true
	for range s.acts.perDay {
		if _, err := s.acts.make(t.Context(), &do); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.acts.make(t.Context(), &do); err == nil {
		t.Error("more is given back in a day than may be changed")
	}
}

func (s *apartShop) userName(id connectors.AccountID) string {
	i := slices.IndexFunc(s.svc.users, func(u *scimUser) bool { return u.ID == string(id) })
	if i < 0 {
		return ""
	}
	return s.svc.users[i].UserName
}
