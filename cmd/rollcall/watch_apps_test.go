package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// graph is a directory that tells of changes when it likes.
type graph struct {
	mu    sync.Mutex
	users []string // names; Ben, who has left, is one of them
	tells bool     // that something changed
	down  bool     // of changes
	asked int      // for changes
	base  string
}

func (g *graph) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	var rows []string
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/token"):
		fmt.Fprint(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"opaque"}`)
		return
	case strings.HasSuffix(path, "/.well-known/openid-configuration"):
		fmt.Fprint(w, `{"issuer":"https://login.microsoftonline.com/7e0a0000-0000-4000-8000-0000000000aa/v2.0"}`)
		return
	case path == "/users/delta":
		g.asked++
		if g.down {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if g.tells && r.URL.Query().Get("$deltatoken") != "latest" {
			g.tells = false
			rows = append(rows, `{"id":"00000000-0000-4000-8000-000000000001"}`)
		}
		fmt.Fprintf(w, `{"value":[%s],"@odata.deltaLink":%q}`, strings.Join(rows, ","), g.base+"/users/delta?$deltatoken=1")
		return
	case path == "/users/$count":
		fmt.Fprint(w, len(g.users))
		return
	case path == "/users":
		for i, name := range g.users {
			rows = append(rows, fmt.Sprintf(`{"id":"00000000-0000-4000-8000-%012d","userPrincipalName":"%s@kiln.example","mail":"%s@kiln.example","accountEnabled":true,"userType":"Member"}`, i, name, name))
		}
	}
	fmt.Fprintf(w, `{"value":[%s]}`, strings.Join(rows, ","))
}

// watchDirectory serves a shop that has such a directory besides.
func watchDirectory(t *testing.T) (*servedShop, *graph, *appsWatched) {
	t.Helper()
	g := &graph{users: []string{"ada", "ben", "cleo", "dora", "eve"}}
	for i := range 30 {
		g.users = append(g.users, fmt.Sprint("robot", i))
	}
	srv := httptest.NewServer(g)
	t.Cleanup(srv.Close)
	g.base = srv.URL
	s := serveShop(t, "report", "[serve]\nwatch_apps = \"1h\"\n"+nightly("0 2 * * *")+fmt.Sprintf(`[[app]]
id = "directory"
kind = "entra"
tenant = "kiln.example"
client_id = "c0c0c0c0-0000-4000-8000-000000000001"
client_secret = "file:token"
sign_ins = false
mfa = false
url = %q
login_url = %q
`, g.base, g.base))
	s.listen()
	return s, g, &appsWatched{}
}

func (s *servedShop) askApps(w *appsWatched, runs int) {
	s.t.Helper()
	if err := s.d.askApps(s.d.work, w); err != nil {
		s.t.Fatal(err)
	}
	if n := len(s.runs()); n != runs {
		s.t.Fatalf("%d runs; want %d\n%s", n, runs, s.log.String())
	}
}

// Where an app tells that it changed, the roll is called; where it tells of nothing, it is not.
func TestAnAppThatChangedHasTheRollCalled(t *testing.T) {
	s, g, w := watchDirectory(t)
	s.askApps(w, 0) // from now on
	s.askApps(w, 0)
	g.tells = true
	s.clock.add(time.Hour)
	s.askApps(w, 1)
	s.says(s.log.String(), `"an app has changed","app":"directory"`)
	s.clock.add(time.Hour)
	s.askApps(w, 1)
	g.tells = true
	s.clock.add(time.Hour)
	s.askApps(w, 2)
}

// A run that fails leaves the change to be looked into; one that came between has seen it.
func TestAChangeOfAnAppIsLookedIntoOnce(t *testing.T) {
	s, g, w := watchDirectory(t)
	s.askApps(w, 0)
	people := s.read("people.csv")
	s.write("people.csv", "")
	g.tells = true
	if err := s.d.askApps(s.d.work, w); err == nil || len(s.runs()) != 0 {
		t.Fatalf("it ran without a roster: %v", err)
	}
	s.write("people.csv", people)
	s.askApps(w, 1)
	w.told = s.clock.now()
	s.clock.add(time.Minute)
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.askApps(w, 2)
	if !w.told.IsZero() {
		t.Error("it would be looked into again")
	}
}

// What is not told is no evidence: delta says that nothing changed while somebody vanished, or cannot be asked at all, and the
// nightly run finds out.
func TestThatNothingIsToldOfAnAppIsNoEvidence(t *testing.T) {
	for _, down := range []bool{false, true} {
		s, g, w := watchDirectory(t)
		s.as(1001, 0, "", "scan", "-q", "--no-workbook")
		s.says(s.as(1001, 0, "", "findings", "list"), "directory", "ben@kiln.example")
		s.askApps(w, 1)
		g.users = append(g.users[:1], g.users[2:]...)
		g.down = down
		s.askApps(w, 1)
		s.look()
		s.clock.add(24 * time.Hour)
		s.look()
		if n := len(s.runs()); n != 2 || g.asked < 2 {
			t.Fatalf("%d runs, asked %d times", n, g.asked)
		}
		for _, line := range strings.Split(s.as(1001, 0, "", "findings", "list"), "\n") {
			if strings.Contains(line, "directory") && strings.Contains(line, "ben@") {
				t.Errorf("who vanished is still there: %s", line)
			}
		}
		if got := strings.Contains(s.log.String(), "does not tell whether it changed"); got != down {
			t.Errorf("the log says that the app could not be asked: %v", got)
		}
	}
}
