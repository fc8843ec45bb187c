package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"rollcall/remediate/notify"
)

// service is a small SCIM service: users that can be disabled. What a real one does is tried in the connector's own tests.
type service struct {
	mu      sync.Mutex
	users   []*scimUser
	patches int
	lie     bool           // says that it did what it did not
	forbid  string         // whom it lets nobody change
	down    atomic.Bool    // it answers with errors
	fault   atomic.Int32   // and with this one; 0: not
	asked   func()         // called whenever it is asked something
	read    map[string]int // how often each user was asked for; nil: it does not count
}

type scimUser struct {
	ID       string `json:"id"`
	UserName string `json:"userName"`
	Active   bool   `json:"active"`
	Number   string `json:"-"`
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked != nil {
		s.asked()
	}
	if id, one := strings.CutPrefix(r.URL.Path, "/Users/"); one && s.read != nil {
		s.read[id]++
	}
	if code := s.fault.Load(); code != 0 {
		http.Error(w, "no", int(code))
		return
	}
	if s.down.Load() {
		http.Error(w, "down", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/scim+json")
	switch {
	case r.URL.Path == "/ServiceProviderConfig":
		io.WriteString(w, `{"patch":{"supported":true},"etag":{"supported":false}}`)
	case r.URL.Path == "/Users":
		var list []json.RawMessage
		if r.URL.Query().Get("startIndex") == "1" || r.URL.Query().Get("startIndex") == "" {
			for _, u := range s.users {
				list = append(list, u.json())
			}
		}
		json.NewEncoder(w).Encode(map[string]any{"totalResults": len(s.users), "startIndex": 1, "itemsPerPage": len(list), "Resources": list})
	case strings.HasPrefix(r.URL.Path, "/Users/"):
		s.one(w, r, strings.TrimPrefix(r.URL.Path, "/Users/"))
	default:
		http.NotFound(w, r)
	}
}

func (s *service) one(w http.ResponseWriter, r *http.Request, id string) {
	for _, u := range s.users {
		if u.ID != id {
			continue
		}
		if r.Method == http.MethodPatch && s.forbid == id {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		if r.Method == http.MethodPatch {
			var p struct {
				Operations []struct{ Value any }
			}
			if err := json.NewDecoder(r.Body).Decode(&p); err != nil || len(p.Operations) != 1 {
				http.Error(w, "bad", http.StatusBadRequest)
				return
			}
			s.patches++
			if on, ok := p.Operations[0].Value.(bool); ok && !s.lie {
				u.Active = on
			}
		}
		w.Write(u.json())
		return
	}
	http.NotFound(w, r)
}

func (u *scimUser) json() json.RawMessage {
	return fmt.Appendf(nil, `{"id":%q,"userName":%q,"active":%v,"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":%q}}`, u.ID, u.UserName, u.Active, u.Number)
}

// shop is a company whose one app can be written to, and the program over it.
type shop struct {
	t   *testing.T
	dir string
	svc *service
	now time.Time
	uid int

	secrets  map[string]string // what the environment holds
	slackURL string
}

func newShop(t *testing.T, mode string) *shop {
	t.Helper()
	s := &shop{t: t, dir: t.TempDir(), svc: &service{}, now: scriptNow, uid: 1001}
	for i, n := range []string{"ada", "ben", "cleo", "dora", "eve"} {
		s.svc.users = append(s.svc.users, &scimUser{fmt.Sprint("u", i+1), n + "@kiln.example", true, fmt.Sprintf("E0%d", i+1)})
	}
	server := httptest.NewServer(s.svc)
	t.Cleanup(server.Close)
	s.write("people.csv", "id,first,last,mail,status,end\nE01,Ada,Alder,ada@kiln.example,active,\nE02,Ben,Birch,ben@kiln.example,terminated,2026-12-31\n"+
		"E03,Cleo,Cedar,cleo@kiln.example,active,\nE04,Dora,Dale,dora@kiln.example,active,\nE05,Eve,Elm,eve@kiln.example,active,\n")
	s.write("policy.toml", "[rules.orphaned_account]\nmode = \""+mode+"\"\n")
	s.write("token", "secret")
	s.write("rollcall.toml", shopConfig(server.URL, `approvers = ["E01"]
[identities.uid]
1001 = "E01"
1002 = "E02"
1003 = "E03"
1004 = "E04"
1009 = "E99"`))
	return s
}

// shopConfig is the configuration of a company with one app, which may be written to. people says who may decide.
func shopConfig(url, people string) string {
	return fmt.Sprintf(`state = "state"
policy = "policy.toml"
[remediate]
warm_up = 0
shadow = 0
%s
[roster]
kind = "csv"
file = "people.csv"
[roster.columns]
id = "id"
first_name = "first"
last_name = "last"
work_email = "mail"
status = "status"
end = "end"
[[app]]
id = "crm"
kind = "scim"
url = %q
token = "file:token"
groups = false
plain_http = true
write = true
`, people, url)
}

func (s *shop) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) read(name string) string {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// limits puts lines into [remediate], and other approvers.
func (s *shop) limits(lines, approvers string) {
	s.t.Helper()
	s.write("rollcall.toml", strings.Replace(s.read("rollcall.toml"), `approvers = ["E01"]`, approvers+"\n"+lines, 1))
}

// rollcall runs a command, and wants what it prints, on either stream, to hold each of the words.
func (s *shop) rollcall(want int, typed string, args ...string) string {
	s.t.Helper()
	var out bytes.Buffer
	if code := s.program(&out, typed).run(context.Background(), append(args, "-c", filepath.Join(s.dir, "rollcall.toml"))); code != want {
		s.t.Fatalf("rollcall %s: exit code %d, want %d\n%s", strings.Join(args, " "), code, want, out.String())
	}
	for name, secret := range s.secrets {
		if strings.Contains(out.String(), secret) {
			s.t.Errorf("the secret %s was printed", name)
		}
	}
	return out.String()
}

// program is rollcall over the shop, as its user starts it. It waits for nothing: its clock goes on by as much.
func (s *shop) program(out io.Writer, typed string) *program {
	return &program{stdin: strings.NewReader(typed), stdout: out, stderr: out, now: func() time.Time { return s.now }, env: func(name string) string { return s.secrets[name] }, uid: s.uid,
		slackURL: s.slackURL, configPath: filepath.Join(s.dir, "rollcall.toml"), pause: func(ctx context.Context, d time.Duration) error { s.now = s.now.Add(d); return ctx.Err() }}
}

func (s *shop) says(out string, words ...string) {
	s.t.Helper()
	for _, w := range words {
		if !strings.Contains(out, w) {
			s.t.Errorf("%q is missing from\n%s", w, out)
		}
	}
}

// hrSays has HR say something else of somebody, which a run reads.
func (s *shop) hrSays(id, status string) {
	s.t.Helper()
	lines := strings.Split(s.read("people.csv"), "\n")
	for i, line := range lines {
		if f := strings.Split(line, ","); f[0] == id {
			lines[i] = strings.Join(f[:4], ",") + "," + status
		}
	}
	s.write("people.csv", strings.Join(lines, "\n"))
	s.now = s.now.Add(time.Minute)
	s.rollcall(0, "", "scan", "-q")
}

// active tells who can sign in.
func (s *shop) active() (out string) {
	for _, u := range s.svc.users {
		if u.Active {
			out += u.ID + " "
		}
	}
	return strings.TrimSpace(out)
}

// sheet is one of the newest workbook's, a row a line.
func (s *shop) sheet(name string) string {
	s.t.Helper()
	books, err := filepath.Glob(filepath.Join(s.dir, "state", "runs", "*", "*.xlsx"))
	if err != nil || len(books) == 0 {
		s.t.Fatal(books, err)
	}
	f, err := excelize.OpenFile(books[len(books)-1])
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows(name)
	if err != nil {
		s.t.Fatal(err)
	}
	out := ""
	for _, r := range rows {
		out += strings.Join(r, " | ") + "\n"
	}
	return out
}

func (s *shop) caseID() string {
	s.t.Helper()
	list := s.rollcall(0, "", "cases", "list", "--all")
	id, _, ok := strings.Cut(list, " ")
	if !ok || !strings.HasPrefix(id, "c-") {
		s.t.Fatal(list)
	}
	return id
}

// A leaver's account is asked about, decided by a person who may, disabled, read back, and given back.
func TestAskedAndSettled(t *testing.T) {
	s := newShop(t, "ask")
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.says(s.rollcall(0, "", "plan"), "ask", "leaver:E02", "disable ben@kiln.example in crm (can be taken back)")
	s.says(s.rollcall(0, "", "settle"), "1 cases opened", "0 cases carried out")
	if s.svc.patches != 0 {
		t.Fatal("something was changed unasked")
	}
	id := s.caseID()
	s.uid = 1002
	s.says(s.rollcall(1, "", "cases", "remove", id, "--reason", "x"), "it is about your own access")
	s.uid = 1003
	s.says(s.rollcall(1, "", "cases", "remove", id, "--reason", "x"), "E03 is neither the manager of E02, nor the owner of every app it touches")
	s.uid = 1009
	s.says(s.rollcall(1, "", "cases", "remove", id, "--reason", "x"), "E99 does not work here")
	s.uid = 0
	s.says(s.rollcall(1, "", "cases", "remove", id, "--reason", "x"), "root can be anybody")
	s.uid = 1001
	s.says(s.rollcall(1, "", "cases", "remove", id), "needs a reason")
	s.says(s.rollcall(1, "", "cases", "keep", id, "--reason", "x"), "say until which day")
	s.says(s.rollcall(0, "", "cases", "remove", id, "--reason", "he has left"), "remove, by E01 (uid 1001)")
	s.write("state/STOP", "an exercise")
	s.says(s.rollcall(4, "", "settle"), "STOPPED by kill_switch", "an exercise", "1 cases wait")
	if s.svc.patches != 0 {
		t.Fatal("the kill switch stopped nothing")
	}
	os.Remove(filepath.Join(s.dir, "state", "STOP"))
	s.says(s.rollcall(0, "", "settle"), "1 cases carried out", "confirmed", "seen     disable ben@kiln.example")
	if s.active() != "u1 u3 u4 u5" || s.svc.patches != 1 {
		t.Fatalf("active: %s after %d changes", s.active(), s.svc.patches)
	}
	s.says(s.rollcall(0, "", "settle"), "0 cases carried out")
	s.says(s.rollcall(0, "", "ledger", "verify"), "each follows from the one before")
	s.uid = 0
	s.says(s.rollcall(1, "", "undo", id, "--reason", "x"), "this is not yours to take back")
	s.uid = 1002
	s.says(s.rollcall(1, "", "undo", id, "--reason", "x"), "it is about your own access")
	s.uid = 1001
	s.says(s.rollcall(4, "", "undo", id, "--reason", "HR was wrong"), "E02 has left, by the roster of", "mend it and scan", "--although-left")
	s.says(s.rollcall(1, "", "undo", id, "--reason", "HR was wrong", "--although-left"), "takes a second person", "start rollcall serve")
	if s.active() != "u1 u3 u4 u5" {
		t.Fatalf("given back to a leaver: %s", s.active())
	}
	people := s.read("people.csv")
	s.hrSays("E02", "active,")
	s.says(s.sheet("Decisions"), id, "remove", "E01 (uid 1001)", "he has left", "cli")
	s.says(s.sheet("Remediation log"), id, "disable ben@kiln.example in crm", "approved", "enabled: yes", "done")
	s.says(s.rollcall(0, "", "undo", id, "--reason", "HR was wrong"), "undone, by E01")
	s.write("people.csv", people)
	if s.active() != "u1 u2 u3 u4 u5" {
		t.Errorf("active after the undo: %s", s.active())
	}
	s.now = s.now.Add(time.Hour)
	s.rollcall(0, "", "scan", "-q")
	s.says(s.rollcall(0, "", "settle"), "1 cases opened", "0 cases carried out") // asked, since somebody took it back
	s.says(s.rollcall(0, "", "cases", "list"), "asked")
}

// What the policy calls automatic is done unasked, once the roster is one to rely upon; nothing at all on the day it is not.
func TestAutomaticLeaver(t *testing.T) {
	s := newShop(t, "auto")
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.says(s.rollcall(0, "", "settle"), "1 cases carried out", "confirmed")
	if s.active() != "u1 u3 u4 u5" {
		t.Errorf("active: %s", s.active())
	}
	people, _ := os.ReadFile(filepath.Join(s.dir, "people.csv"))
	s.write("people.csv", strings.ReplaceAll(string(people), "active,", "terminated,2027-01-01"))
	s.now = s.now.Add(24 * time.Hour)
	s.rollcall(1, "", "scan", "-q", "--no-workbook") // nobody works here any more: nothing is judged
	s.rollcall(0, "", "settle")
	if s.active() != "u1 u3 u4 u5" {
		t.Errorf("active after a roster of leavers: %s", s.active())
	}
}

// An app that says that it did what it did not is found out by the fresh read.
func TestLieIsFoundOut(t *testing.T) {
	s := newShop(t, "auto")
	s.svc.lie = true
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.says(s.rollcall(4, "", "settle"), "failed", "a fresh read does not show it", "HALTED")
}

// A case that fails for good does not keep the next ones from being carried out.
func TestOneFailsForGood(t *testing.T) {
	s := newShop(t, "auto")
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.svc.forbid = "u2"
	s.says(s.rollcall(4, "", "settle"), "failed", "HALTED")
	people, _ := os.ReadFile(filepath.Join(s.dir, "people.csv"))
	s.write("people.csv", strings.Replace(string(people), "cleo@kiln.example,active,", "cleo@kiln.example,terminated,2027-01-10", 1))
	s.now = s.now.Add(time.Hour)
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.says(s.rollcall(4, "", "settle"), "2 cases carried out", "confirmed leaver:E03", "failed    leaver:E02")
	if s.active() != "u1 u2 u4 u5" {
		t.Errorf("active: %s", s.active())
	}
}

// One person's access is closed in one action, once their id is typed.
func TestOffboard(t *testing.T) {
	s := newShop(t, "report")
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.says(s.rollcall(1, "E05\n", "offboard", "E03", "--reason", "left today"), "disable cleo@kiln.example in crm", "that is not the person's id; nothing was done")
	s.says(s.rollcall(2, "", "offboard", "E77", "--reason", "x"), `has the id "E77"`)
	s.says(s.rollcall(2, "", "offboard", "E03"), "wants --reason")
	s.says(s.rollcall(1, "E01\n", "offboard", "E01", "--reason", "x"), "it is about your own access")
	if s.svc.patches != 0 {
		t.Fatal("something was changed")
	}
	s.says(s.rollcall(0, "E03\n", "offboard", "E03", "--reason", "left today"), "CONFIRMED AT", "disable cleo@kiln.example in crm (can be taken back)", "2027-01-15", "goes on working: sessions", "rollcall undo c-")
	if s.active() != "u1 u2 u4 u5" {
		t.Errorf("active: %s", s.active())
	}
	s.now = s.now.Add(48 * time.Hour) // what was read then is too old to act upon
	s.says(s.rollcall(4, "E04\n", "offboard", "E04", "--reason", "left"), "STOPPED by age", "scan again")
	if s.active() != "u1 u2 u4 u5" {
		t.Errorf("active: %s", s.active())
	}
}

// A rule that the policy calls automatic is asked about until people agreed with it; then it acts.
func TestShadowThenAutomatic(t *testing.T) {
	s := newShop(t, "auto")
	text, _ := os.ReadFile(filepath.Join(s.dir, "rollcall.toml"))
	s.write("rollcall.toml", strings.Replace(string(text), "shadow = 0", "shadow = 1", 1))
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.says(s.rollcall(0, "", "plan"), "asked, because: orphaned_account runs in shadow in crm: people agreed 0 times in a row")
	s.says(s.rollcall(0, "", "settle"), "1 cases opened", "0 cases carried out")
	s.rollcall(0, "", "cases", "remove", s.caseID(), "--reason", "left")
	s.says(s.rollcall(0, "", "settle"), "confirmed")
	people, _ := os.ReadFile(filepath.Join(s.dir, "people.csv"))
	s.write("people.csv", strings.Replace(string(people), "cleo@kiln.example,active,", "cleo@kiln.example,terminated,2027-01-10", 1))
	s.now = s.now.Add(time.Hour)
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.says(s.rollcall(0, "", "settle"), "1 cases carried out", "confirmed leaver:E03")
	if s.active() != "u1 u4 u5" {
		t.Errorf("active: %s", s.active())
	}
	run := ""
	for _, line := range strings.Split(s.rollcall(0, "", "runs", "list"), "\n") {
		if run == "" {
			run, _, _ = strings.Cut(line, " ")
		}
	}
	s.hrSays("E03", "active,")
	s.says(s.rollcall(0, "", "undo", run, "--reason", "a mistake"), "undone")
	if s.active() != "u1 u3 u4 u5" {
		t.Errorf("active after undoing the run %s: %s", run, s.active())
	}
}

// What an app may not be written to for is a person's task: a list for each app, until a run no longer finds what it is about.
func TestTasks(t *testing.T) {
	s := newShop(t, "ask")
	text, _ := os.ReadFile(filepath.Join(s.dir, "rollcall.toml"))
	s.write("rollcall.toml", strings.Replace(string(text), "write = true", "write = false", 1))
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.rollcall(0, "", "settle")
	s.rollcall(0, "", "cases", "remove", s.caseID(), "--reason", "left")
	s.rollcall(0, "", "settle")
	list, err := os.ReadFile(filepath.Join(s.dir, "state", "tasks", "crm.csv"))
	if err != nil || !strings.Contains(string(list), "disable the account ben@kiln.example") || s.svc.patches != 0 {
		t.Fatalf("%v\n%s", err, list)
	}
	s.svc.users[1].Active = false // somebody did it
	s.now = s.now.Add(time.Hour)
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.rollcall(0, "", "settle")
	s.says(s.rollcall(0, "", "cases", "list", "--all"), "confirmed")
	if _, err := os.Stat(filepath.Join(s.dir, "state", "tasks", "crm.csv")); err == nil {
		t.Error("the task is still listed")
	}
}

func TestLeaversAhead(t *testing.T) {
	s := newShop(t, "report")
	people, _ := os.ReadFile(filepath.Join(s.dir, "people.csv"))
	s.write("people.csv", strings.Replace(string(people), "dora@kiln.example,active,", "dora@kiln.example,active,2027-01-31", 1))
	s.rollcall(0, "", "scan", "-q")
	out := s.rollcall(0, "", "leavers")
	s.says(out, "2027-01-31  E04        Dora Dale: can sign in to crm")
	if strings.Contains(out, "E02") {
		t.Errorf("who has left is no future leaver:\n%s", out)
	}
	s.says(s.rollcall(0, "", "leavers", "--ahead", "7d"), "nobody's last day lies within 7 days")
}

// A lost database is made anew from the mirror, with its cases.
func TestRebuildCommand(t *testing.T) {
	s := newShop(t, "ask")
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.rollcall(0, "", "settle")
	s.says(s.rollcall(1, "", "ledger", "rebuild"), "move it away")
	if err := os.Remove(filepath.Join(s.dir, "state", "rollcall.db")); err != nil {
		t.Fatal(err)
	}
	s.says(s.rollcall(1, "", "cases", "list"), "is gone")
	s.says(s.rollcall(0, "", "ledger", "rebuild"), "1 runs, 1 cases", "not to be had from events")
	s.says(s.rollcall(0, "", "cases", "list"), "open")
	s.says(s.rollcall(0, "", "ledger", "verify"), "each follows from the one before")
}

// What somebody keeps is an exception with an owner and an end, and asked about again when that has come.
func TestKeptUntil(t *testing.T) {
	s := newShop(t, "ask")
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.rollcall(0, "", "settle")
	id := s.caseID()
	s.says(s.rollcall(0, "", "cases", "keep", id, "--reason", "hands over until then", "--until", "2027-01-20"), "keep, by E01")
	s.now = s.now.Add(time.Hour)
	s.rollcall(0, "", "scan", "-q")
	want := id + " | in force | orphaned_account | crm | u2 | any | E02 | hands over until then | E01"
	s.says(s.sheet("Exceptions"), want)
	again := filepath.Join(s.dir, "again.xlsx")
	s.rollcall(0, "", "report", "--out", again)
	books, _ := filepath.Glob(filepath.Join(s.dir, "state", "runs", "*", "*.xlsx"))
	one, _ := os.ReadFile(books[len(books)-1])
	if two, err := os.ReadFile(again); err != nil || !bytes.Equal(one, two) {
		t.Errorf("the workbook made again differs (%v)", err)
	}
	s.says(s.rollcall(0, "", "settle"), "0 cases opened", "0 deadlines passed", "0 cases carried out")
	s.now = s.now.Add(7 * 24 * time.Hour)
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.says(s.rollcall(0, "", "settle"), "1 deadlines passed", "asked: what was kept was kept until 2027-01-20")
}

// Many who leave at once are more likely a mistake of HR's: what the policy would have done is asked about, also on the days
// after, when the roster looks as it did the day before.
func TestManyLeave(t *testing.T) {
	s := newShop(t, "auto")
	people := "id,first,last,mail,status,end\n"
	s.svc.users = nil
	for i := range 40 {
		people += fmt.Sprintf("P%02d,First%c%c,Last%c,p%02d@kiln.example,active,\n", i, 'a'+i%26, 'a'+i/26, 'a'+i%26, i)
		s.svc.users = append(s.svc.users, &scimUser{fmt.Sprintf("u%02d", i), fmt.Sprintf("p%02d@kiln.example", i), true, fmt.Sprintf("P%02d", i)})
	}
	s.write("people.csv", people+"E01,Ada,Alder,ada@kiln.example,active,\n")
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.rollcall(0, "", "settle")
	for i := range 6 {
		people = strings.Replace(people, fmt.Sprintf("p%02d@kiln.example,active,", i), fmt.Sprintf("p%02d@kiln.example,terminated,2027-01-14", i), 1)
	}
	s.write("people.csv", people+"E01,Ada,Alder,ada@kiln.example,active,\n")
	s.now = s.now.Add(time.Hour)
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.says(s.rollcall(4, "", "settle"), "STOPPED by many_left: 6 of the 41 people")
	for range 3 {
		s.now = s.now.Add(time.Hour)
		s.rollcall(0, "", "scan", "-q", "--no-workbook")
		s.says(s.rollcall(0, "", "settle"), "0 cases carried out")
	}
	s.says(s.rollcall(0, "", "cases", "list"), "asked")
	if s.svc.patches != 0 {
		t.Errorf("%d accounts were changed", s.svc.patches)
	}
}

// Somebody on leave is suspended, and gets back what they had when they return.
func TestBackFromLeave(t *testing.T) {
	s := newShop(t, "report")
	s.write("policy.toml", "[rules.leave_not_suspended]\nmode = \"auto\"\ngrace = \"0d\"\n")
	text, _ := os.ReadFile(filepath.Join(s.dir, "rollcall.toml"))
	s.write("rollcall.toml", strings.Replace(string(text), "end = \"end\"\n", "end = \"end\"\nleave_start = \"away\"\n", 1))
	text, _ = os.ReadFile(filepath.Join(s.dir, "people.csv"))
	people := strings.ReplaceAll(strings.Replace(string(text), "status,end\n", "status,end,away\n", 1), "active,\n", "active,,\n")
	people = strings.Replace(people, "terminated,2026-12-31\n", "terminated,2026-12-31,\n", 1)
	s.write("people.csv", strings.Replace(people, "eve@kiln.example,active,,", "eve@kiln.example,leave,,2026-12-01", 1))
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.says(s.rollcall(0, "", "settle"), "confirmed")
	if s.active() != "u1 u2 u3 u4" {
		t.Fatalf("active: %s", s.active())
	}
	s.now = s.now.Add(time.Hour)
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.rollcall(0, "", "settle") // still away
	if s.active() != "u1 u2 u3 u4" {
		t.Fatalf("active while away: %s", s.active())
	}
	s.write("people.csv", people)
	s.now = s.now.Add(time.Hour)
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.says(s.rollcall(0, "", "settle"), "given back: E05 is back from leave")
	if s.active() != "u1 u2 u3 u4 u5" {
		t.Errorf("active after the return: %s", s.active())
	}
}

// Who waits for an answer is told once, by a webhook whose signature can be checked; then the time for an answer runs, and
// silence is never a keep.
func TestToldOnce(t *testing.T) {
	var got []string
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := notify.Verify([]byte("a long enough secret"), r.Header, body, scriptNow, time.Minute); err != nil {
			t.Error(err)
		}
		got = append(got, string(body))
	}))
	defer hook.Close()
	s := newShop(t, "ask")
	text, _ := os.ReadFile(filepath.Join(s.dir, "rollcall.toml"))
	s.write("hook.secret", "a long enough secret")
	s.write("rollcall.toml", strings.Replace(string(text), "[roster]\n", "[notify]\nwebhook = \""+hook.URL+"\"\nsecret = \"file:hook.secret\"\n\n[roster]\n", 1))
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.says(s.rollcall(0, "", "settle"), "1 cases opened", "told by webhook to 127.0.0.1")
	s.rollcall(0, "", "settle")
	if len(got) != 1 || !strings.Contains(got[0], "Ben Birch (E02) left") {
		t.Fatalf("told %d times: %q", len(got), got)
	}
	s.says(s.rollcall(0, "", "cases", "list"), "asked")
	s.now = s.now.Add(6 * 24 * time.Hour)
	s.says(s.rollcall(0, "", "settle"), "1 deadlines passed", "expired", "0 cases carried out")
	if s.svc.patches != 0 {
		t.Error("silence changed something")
	}
}

// A row that cannot be read hides what it is about: a task is not done because the list no longer shows why (Law 1).
func TestUnreadRowConfirmsNothing(t *testing.T) {
	s := newShop(t, "ask")
	text, _ := os.ReadFile(filepath.Join(s.dir, "rollcall.toml"))
	at := strings.Index(string(text), "[[app]]")
	s.write("rollcall.toml", string(text[:at])+"[[app]]\nid = \"crm\"\nkind = \"csv\"\nfile = \"crm.csv\"\n[app.columns]\nid = \"id\"\nemail = \"mail\"\n")
	s.write("crm.csv", "id,mail\nu1,ada@kiln.example\nu2,ben@kiln.example\nu3,cleo@kiln.example\n")
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.rollcall(0, "", "settle")
	s.rollcall(0, "", "cases", "remove", s.caseID(), "--reason", "left")
	s.rollcall(0, "", "settle")
	s.says(s.rollcall(0, "", "cases", "list"), "applied")
	s.write("crm.csv", "id,mail\nu1,ada@kiln.example\n,\xff\nu3,cleo@kiln.example\n")
	s.now = s.now.Add(time.Hour)
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.rollcall(0, "", "settle")
	s.says(s.rollcall(0, "", "cases", "list"), "applied")
	s.write("crm.csv", "id,mail\nu1,ada@kiln.example\nu3,cleo@kiln.example\n")
	s.now = s.now.Add(time.Hour)
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.rollcall(0, "", "settle")
	s.says(s.rollcall(0, "", "cases", "list", "--all"), "confirmed")
}

// A plan that was changed after its run is not carried out, nor shown, whatever its manifest says by then.
func TestPlanIsTheRuns(t *testing.T) {
	s := newShop(t, "auto")
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	plans, _ := filepath.Glob(filepath.Join(s.dir, "state", "runs", "*", "plan.json"))
	was, err := os.ReadFile(plans[0])
	if err != nil {
		t.Fatal(err)
	}
	is := bytes.ReplaceAll(was, []byte(`"u2"`), []byte(`"u1"`))
	manifest := filepath.Join(filepath.Dir(plans[0]), "manifest.json")
	list, _ := os.ReadFile(manifest)
	for name, text := range map[string][]byte{plans[0]: is, manifest: bytes.ReplaceAll(list, []byte(hexSum(was)), []byte(hexSum(is)))} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.says(s.rollcall(1, "", "settle"), "is not what the run wrote")
	if s.svc.patches != 0 {
		t.Error("it was carried out")
	}
}

// What was taken from somebody who turns out to work here comes back on any ground but the kill switch: neither a roster
// that cannot be read, nor a reading of last month, nor caps, nor protection keep a mistake from being mended.
func TestGivingBackIsNotStopped(t *testing.T) {
	s := newShop(t, "auto")
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.says(s.rollcall(0, "", "settle"), "confirmed")
	id := s.caseID()
	people, _ := os.ReadFile(filepath.Join(s.dir, "people.csv"))
	s.write("people.csv", strings.Replace(string(people), "terminated,2026-12-31", "active,", 1)) // HR mended it
	s.now = s.now.Add(time.Hour)
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.write("people.csv", "id,first,last,mail,status,end\n") // and broke it
	s.now = s.now.Add(20 * 24 * time.Hour)
	s.rollcall(1, "", "scan", "-q", "--no-workbook")
	text, _ := os.ReadFile(filepath.Join(s.dir, "rollcall.toml"))
	s.write("rollcall.toml", strings.Replace(string(text), "shadow = 0", "shadow = 0\nper_run = 0\nper_day = 0\napp_at_least = 0\nprotected = [\"crm/*\"]\nlegal_hold = [\"E02\"]", 1))
	s.write("state/STOP", "an exercise")
	s.says(s.rollcall(1, "", "undo", id, "--reason", "HR was wrong"), "is not taken back: the kill switch is on", "an exercise")
	if s.active() != "u1 u3 u4 u5" {
		t.Fatalf("the kill switch stopped nothing: %s", s.active())
	}
	os.Remove(filepath.Join(s.dir, "state", "STOP"))
	s.says(s.rollcall(0, "", "undo", id, "--reason", "HR was wrong"), "undone")
	if s.active() != "u1 u2 u3 u4 u5" {
		t.Errorf("active: %s", s.active())
	}
}

// An undo that was interrupted goes on with the next settle, on ground that would let nothing be taken away.
func TestInterruptedUndoGoesOn(t *testing.T) {
	s := newShop(t, "auto")
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.rollcall(0, "", "settle")
	id := s.caseID()
	s.hrSays("E02", "active,")
	s.svc.forbid = "u2"
	s.says(s.rollcall(1, "", "undo", id, "--reason", "HR was wrong"), "not taken back")
	s.svc.forbid = ""
	s.now = s.now.Add(5 * 24 * time.Hour) // what was read is too old to act upon
	s.says(s.rollcall(0, "", "settle"), id+"  undone")
	if s.active() != "u1 u2 u3 u4 u5" {
		t.Errorf("active: %s", s.active())
	}
}

// aTeam gives the shop managers, a service account of Ben's and an owner of the app; Ben and Dora have left.
func (s *shop) aTeam() {
	s.t.Helper()
	s.write("people.csv", "id,first,last,mail,status,end,manager\nE01,Ada,Alder,ada@kiln.example,active,,\nE02,Ben,Birch,ben@kiln.example,terminated,2026-12-31,E01\n"+
		"E03,Cleo,Cedar,cleo@kiln.example,active,,E02\nE04,Dora,Dale,dora@kiln.example,terminated,2026-12-31,E02\nE05,Eve,Elm,eve@kiln.example,active,,E02\n")
	s.svc.users = append(s.svc.users, &scimUser{"u6", "svc-billing", true, ""})
	policy, _ := os.ReadFile(filepath.Join(s.dir, "policy.toml"))
	s.write("policy.toml", string(policy)+"[[service_account]]\napp = \"crm\"\naccount = \"svc-*\"\nowner = \"E02\"\nclass = \"service\"\npurpose = \"invoices\"\nreview = 2027-06-01\n")
	text, _ := os.ReadFile(filepath.Join(s.dir, "rollcall.toml"))
	text = bytes.Replace(text, []byte("end = \"end\"\n"), []byte("end = \"end\"\nmanager = \"manager\"\n"), 1)
	s.write("rollcall.toml", strings.Replace(string(text), "id = \"crm\"\n", "id = \"crm\"\nowner = \"E02\"\n", 1))
}

// A plan names what else stops when somebody goes, and who takes over. None of it makes it another plan.
func TestWhatStopsAndWhoTakesOver(t *testing.T) {
	s := newShop(t, "ask")
	s.aTeam()
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	first := s.rollcall(0, "", "plan")
	s.says(first, "the service account svc-billing in crm, whose owner this is", "the app crm, whose owner the configuration says this is",
		"2 people who work here report to them", "takes over: Ada Alder (E01), their manager",
		"takes over: nobody is named: HR names no manager of theirs who works here") // Dora's has left, and owns the app
	if strings.Contains(first, "theirs to give") {
		t.Error("no case waits yet\n" + first)
	}
	s.says(s.rollcall(0, "", "settle"), "2 cases opened")
	s.now = s.now.Add(time.Hour)
	text, _ := os.ReadFile(filepath.Join(s.dir, "rollcall.toml"))
	s.write("rollcall.toml", strings.Replace(string(text), "owner = \"E02\"\n", "owner = \"E05\"\n", 1))
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	second := s.rollcall(0, "", "plan")
	s.says(second, "1 case waits for an answer that is theirs to give", "takes over: Ada Alder (E01), their manager; Eve Elm (E05), who owns crm", "takes over: Eve Elm (E05), who owns crm")
	hash := func(plan string) string { return strings.Split(plan, "\n")[1] }
	if hash(first) != hash(second) {
		t.Errorf("another plan:\n%s\n%s", first, second)
	}
	s.says(s.rollcall(0, "", "settle"), "0 cases opened")
	s.says(s.rollcall(1, "\n", "offboard", "E05", "--reason", "x"), "the app crm, whose owner the configuration says this is", "takes over: nobody is named")
	s.says(s.rollcall(0, "", "cases", "show", s.caseID()), "takes over: ")
}

// Who still works here answers for accounts too: offboarding them says so, before their id is typed.
func TestOffboardNamesDuties(t *testing.T) {
	s := newShop(t, "report")
	s.aTeam()
	policy, _ := os.ReadFile(filepath.Join(s.dir, "policy.toml"))
	s.write("policy.toml", strings.Replace(string(policy), "owner = \"E02\"", "owner = \"E03\"", 1))
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.says(s.rollcall(1, "\n", "offboard", "E03", "--reason", "x"), "stops: the service account svc-billing in crm, whose owner this is")
	if out := s.rollcall(1, "\n", "offboard", "E05", "--reason", "x"); strings.Contains(out, "svc-billing") {
		t.Error(out)
	}
}

// Of somebody on legal hold the account is disabled all the same; that nothing of theirs is deleted stands in the plan and in
// the case, also of a hold that was put on while the case waited.
func TestLegalHoldShown(t *testing.T) {
	s := newShop(t, "ask")
	text, _ := os.ReadFile(filepath.Join(s.dir, "rollcall.toml"))
	hold := strings.Replace(string(text), "shadow = 0", "shadow = 0\nlegal_hold = [\"E02\"]", 1)
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	before := s.rollcall(0, "", "plan")
	s.rollcall(0, "", "settle")
	s.write("rollcall.toml", hold)
	s.says(s.rollcall(0, "", "cases", "show", s.caseID()), "legal hold: E02 is on legal hold: may be disabled, not deleted")
	s.now = s.now.Add(time.Hour)
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	after := s.rollcall(0, "", "plan")
	s.says(after, "legal hold: E02 is on legal hold: may be disabled, not deleted")
	_, was, _ := strings.Cut(strings.Split(before, "\n")[1], "hash ")
	s.says(after, was) // the same plan: nothing is asked anew
	s.rollcall(0, "", "cases", "remove", s.caseID(), "--reason", "left")
	s.says(s.rollcall(0, "", "settle"), "0 cases opened", "confirmed")
	if s.active() != "u1 u3 u4 u5" {
		t.Errorf("active: %s", s.active())
	}
	for _, wrong := range []string{"E0*", " ", "crm/[", "?"} {
		s.write("rollcall.toml", strings.Replace(hold, "\"E02\"", "\""+wrong+"\"", 1))
		s.says(s.rollcall(1, "", "config", "check"), "[remediate] legal_hold: "+fmt.Sprintf("%q", wrong)+": want a person's id")
	}
}

// Of what is on legal hold nobody is asked whether it is deleted, however long it has been disabled; when the hold is lifted,
// they are.
func TestNobodyDeletesWhatIsOnHold(t *testing.T) {
	s := newShop(t, "auto")
	text, _ := os.ReadFile(filepath.Join(s.dir, "rollcall.toml"))
	free := strings.Replace(string(text), "shadow = 0", "shadow = 0\nretention = \"90d\"", 1)
	for _, hold := range []string{"E02", "crm/ben@*"} {
		s.write("rollcall.toml", strings.Replace(free, "shadow = 0", "shadow = 0\nlegal_hold = [\""+hold+"\"]", 1))
		if hold == "E02" {
			s.rollcall(0, "", "scan", "-q", "--no-workbook")
			s.says(s.rollcall(0, "", "settle"), "confirmed")
			s.now = s.now.Add(91 * 24 * time.Hour)
			s.rollcall(0, "", "scan", "-q", "--no-workbook")
		}
		s.says(s.rollcall(0, "", "settle"), "0 cases opened", "1 account whose retention is over is on legal hold: nobody is asked to delete anything of them")
	}
	s.write("rollcall.toml", free)
	s.says(s.rollcall(0, "", "settle"), "1 cases opened")
}

// Time to revoke ends when a fresh read showed that the account is disabled, not when the next run came by; who has a same-day
// duty has not a day to spare, and the summary counts them.
func TestTimeToRevokeEndsWithTheFreshRead(t *testing.T) {
	s := newShop(t, "auto")
	text, _ := os.ReadFile(filepath.Join(s.dir, "rollcall.toml"))
	s.write("rollcall.toml", strings.Replace(string(text), "shadow = 0", "shadow = 0\nrevoke_within = \"1d\"\nrevoke_at_once = [\"E05\"]", 1))
	s.leaving("2027-01-31")
	s.scan("2027-01-15T09:30:00Z")
	s.rollcall(0, "", "settle") // Ben's
	people, _ := os.ReadFile(filepath.Join(s.dir, "people.csv"))
	s.write("people.csv", strings.NewReplacer("dora@kiln.example,active,", "dora@kiln.example,terminated,", "eve@kiln.example,active,", "eve@kiln.example,active,2027-01-31").Replace(string(people)))
	s.says(s.rollcall(0, "", "leavers"), "E04        Dora Dale: can sign in to crm") // by the roster of before
	s.write("people.csv", strings.Replace(string(mustRead(t, filepath.Join(s.dir, "people.csv"))), "eve@kiln.example,active,", "eve@kiln.example,terminated,", 1))
	s.scan("2027-02-01T02:00:00Z")
	s.says(s.rollcall(0, "", "settle"), "2 cases carried out")
	s.scan("2027-02-02T02:00:00Z")
	sheet := s.sheet("Time to revoke")
	row := func(person string) string {
		for line := range strings.SplitSeq(sheet, "\n") {
			if strings.HasPrefix(line, person+" | ") {
				return line
			}
		}
		t.Fatalf("no row of %s in\n%s", person, sheet)
		return ""
	}
	s.says(row("E04"), "gone", "2027-02-01", "| 1 | 1 | yes |")
	s.says(row("E05"), "gone", "| 1 | 0 | BREACH |")
	s.says(s.sheet("Summary"), "Leavers' accounts past the target | 1 | of 2 accounts", "of them, with a same-day duty | 1 | of 1 account of people", "1 person could sign in after it")
	again := filepath.Join(s.dir, "again.xlsx")
	s.rollcall(0, "", "report", "--out", again)
	books, _ := filepath.Glob(filepath.Join(s.dir, "state", "runs", "*", "*.xlsx"))
	if !bytes.Equal(mustRead(t, books[len(books)-1]), mustRead(t, again)) {
		t.Error("the workbook made again differs")
	}
}

// Who leaves soon and has a same-day duty is listed as such.
func TestLeaversWithSameDayDuty(t *testing.T) {
	s := newShop(t, "report")
	text, _ := os.ReadFile(filepath.Join(s.dir, "rollcall.toml"))
	s.write("rollcall.toml", strings.Replace(string(text), "shadow = 0", "shadow = 0\nrevoke_within = \"1d\"\nrevoke_at_once = [\"E04\"]", 1))
	s.leaving("2027-01-31")
	s.scan("2027-01-15T09:30:00Z")
	s.says(s.rollcall(0, "", "leavers"), "can sign in to crm; to go on the last day itself: approve with --at")
}

// An account that is gone, or works again, when it is to be asked about is read once and never again, and takes nobody else's
// turn; an app that does not answer is asked once a settling.
func TestRetiringGetsFurther(t *testing.T) {
	s := newShop(t, "auto")
	const gone, kept = mostRetired + 10, 5
	people := "id,first,last,mail,status,end\nE01,Ada,Alder,ada@kiln.example,active,\n"
	s.svc.users = s.svc.users[:1]
	for i := range gone + kept {
		people += fmt.Sprintf("L%03d,Lea%d,Oak%d,l%d@kiln.example,terminated,2026-12-31\n", i+1, i, i, i)
		s.svc.users = append(s.svc.users, &scimUser{fmt.Sprintf("l%03d", i), fmt.Sprintf("l%d@kiln.example", i), true, fmt.Sprintf("L%03d", i+1)})
	}
	s.write("people.csv", people)
	s.limits("retention = \"90d\"\nmax_age = \"9000h\"\nper_run = 500\nper_day = 500\napp_percent = \"100%\"\n", `approvers = ["E01"]`)
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.says(s.rollcall(0, "", "settle"), fmt.Sprintf("%d cases carried out", gone+kept))
	s.now = s.now.Add(91 * 24 * time.Hour)
	s.svc.users = append(s.svc.users[:1], s.svc.users[1+gone:]...)
	s.svc.users[1].Active = true // somebody switched it on again
	s.svc.read = map[string]int{}
	s.svc.fault.Store(http.StatusForbidden)
	s.says(s.rollcall(0, "", "settle"), "0 cases opened", "nobody is asked about accounts there yet")
	if n := len(s.svc.read); n > 1 {
		t.Errorf("of an app that does not answer %d were asked for", n)
	}
	s.svc.fault.Store(0)
	s.svc.read = map[string]int{}
	s.says(s.rollcall(0, "", "settle"), fmt.Sprintf("%d cases opened", kept-1))
	if len(s.svc.read) != gone+kept {
		t.Errorf("%d accounts were looked at, want %d", len(s.svc.read), gone+kept)
	}
	s.svc.read = map[string]int{}
	s.says(s.rollcall(0, "", "settle"), "0 cases opened")
	if len(s.svc.read) > 0 {
		t.Errorf("read again: %v", s.svc.read)
	}
	s.svc.users[1].Active = false // one of them is off again
	s.now = s.now.Add(8 * 24 * time.Hour)
	s.says(s.rollcall(0, "", "settle"), "1 cases opened")
	s.svc.read = map[string]int{}
	s.now = s.now.Add(8 * 24 * time.Hour)
	s.says(s.rollcall(0, "", "settle"), "0 cases opened")
	if len(s.svc.read) > 0 {
		t.Errorf("gone twice, and read again: %v", s.svc.read)
	}
	s.rollcall(0, "", "ledger", "verify")
}
