package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// scopedShop has two apps: Ben is in crm alone, Eve in wiki alone, all others are in both. asked counts what wiki is asked.
func scopedShop(t *testing.T, scope string) (s *servedShop, wiki *service, asked *atomic.Int32) {
	s = serveShop(t, "auto", "")
	wiki, asked = &service{}, new(atomic.Int32)
	for i, u := range s.svc.users {
		if c := *u; i != 1 {
			wiki.users = append(wiki.users, &c)
		}
	}
	s.svc.users = s.svc.users[:4]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		wiki.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.config(fmt.Sprintf("[[app]]\nid = \"wiki\"\nkind = \"scim\"\nurl = %q\ntoken = \"file:token\"\ngroups = false\nplain_http = true\nwrite = true\n", server.URL) +
		"[[schedule]]\nname = \"nightly\"\ncron = \"15 2 * * *\"\nmode = \"settle\"\n[[schedule]]\nname = \"hourly\"\ncron = \"0 * * * *\"\nmode = \"settle\"\n" + scope)
	return s, wiki, asked
}

// A schedule with a scope acts within it by what it reads itself, and touches, opens, ends and asks nothing outside.
func TestAScheduleWithAScope(t *testing.T) {
	s, wiki, asked := scopedShop(t, "apps = [\"crm\"]\nrules = [\"orphaned_account\"]\npeople = [\"E02\", \"Sales*\"]\n")
	leavers := s.read("people.csv")
	leavers = strings.ReplaceAll(leavers, "eve@kiln.example,active,", "eve@kiln.example,terminated,2027-01-19")
	s.write("people.csv", strings.ReplaceAll(s.read("people.csv"), "terminated,2026-12-31", "active,"))
	s.clock.set(moment(t, "2027-01-20T12:30:00Z"))
	s.begin()
	defer func() { s.stop() }()
	s.look()
	s.clock.set(moment(t, "2027-01-20T13:00:05Z"))
	s.look()
	if x := s.slot("hourly"); x.Failures != 1 || !strings.Contains(x.Problem, "there is no run yet") { // nothing is known of the rest
		t.Fatalf("%+v", x)
	}
	s.clock.set(moment(t, "2027-01-21T02:15:05Z"))
	s.look()
	before := asked.Load()
	s.write("people.csv", leavers)
	s.clock.set(moment(t, "2027-01-21T03:00:05Z"))
	s.look()
	if s.active() != "u1 u3 u4" || !wiki.users[3].Active || asked.Load() != before {
		t.Fatalf("crm: %s, wiki was asked %d times\n%s", s.active(), asked.Load()-before, s.log.String())
	}
	if x := s.slot("hourly"); !x.Succeeded.Equal(moment(t, "2027-01-21T03:00:00Z")) || len(s.runs()) != 1 {
		t.Errorf("%d runs, %+v", len(s.runs()), x)
	}
	s.clock.set(moment(t, "2027-01-22T02:15:05Z"))
	s.look() // the whole: the rest of it, and nothing twice
	if s.active() != "u1 u3 u4" || wiki.users[3].Active || s.svc.patches != 1 {
		t.Errorf("crm: %s, %d changes\n%s", s.active(), s.svc.patches, s.log.String())
	}
}

// What a scope does not cover is neither ended because it was not seen, nor carried out because it is due.
func TestAScopeLeavesTheRestAlone(t *testing.T) {
	s, wiki, _ := scopedShop(t, "apps = [\"crm\"]\n")
	s.write("policy.toml", "[rules.orphaned_account]\nmode = \"ask\"\n")
	people := strings.ReplaceAll(s.read("people.csv"), "eve@kiln.example,active,", "eve@kiln.example,terminated,2027-01-19")
	s.write("people.csv", strings.ReplaceAll(people, "cleo@kiln.example,active,", "cleo@kiln.example,terminated,2027-01-19"))
	s.clock.set(moment(t, "2027-01-20T12:30:00Z"))
	s.listen()
	s.look()
	s.clock.set(moment(t, "2027-01-21T02:15:05Z"))
	s.look()
	list := s.as(1001, 0, "", "cases", "list")
	if strings.Count(list, "\n") != 3 {
		t.Fatal(list)
	}
	for line := range strings.Lines(list) {
		id, _, _ := strings.Cut(line, " ")
		s.as(1001, 0, "", "cases", "remove", id, "--reason", "left")
	}
	s.clock.set(moment(t, "2027-01-21T03:00:05Z"))
	s.look()
	list = s.as(1001, 0, "", "cases", "list", "--all")
	if s.active() != "u1 u4" || wiki.users[1].Active || !wiki.users[3].Active || strings.Count(list, " remove ") != 1 || strings.Count(list, " confirmed ") != 2 {
		t.Errorf("active: %s\n%s\n%s", s.active(), list, s.log.String())
	}
}

// A scope that means nothing is a mistake of the configuration.
func TestScopesAreChecked(t *testing.T) {
	for scope, says := range map[string]string{
		"apps = [\"cmr\"]":                  `there is no [[app]] \"cmr\"`,
		"rules = [\"orphan\"]":              "no such kind of finding",
		"people = [\"[\"]":                  "is no pattern",
		"mode = \"scan\"\napps = [\"crm\"]": "want mode",
	} {
		s := serveShop(t, "report", "")
		mode := "mode = \"settle\"\n"
		if strings.Contains(scope, "mode") {
			mode = ""
		}
		s.config("[[schedule]]\nname = \"x\"\ncron = \"0 * * * *\"\n" + mode + scope + "\n")
		s.says(s.rollcall(1, "", "config", "check"), strings.ReplaceAll(says, `\"`, `"`))
		if err := os.RemoveAll(filepath.Join(s.dir, "state")); err != nil {
			t.Fatal(err)
		}
	}
}
