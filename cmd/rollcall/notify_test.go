package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/notify"
	"rollcall/scanner"
)

// appended is a company whose configuration has one section instead of its own [notify].
func appended(t *testing.T, section string) *program {
	t.Helper()
	path := company(t)
	text := strings.Replace(string(mustRead(t, path)), "\n[notify]\n", "\n", 1)
	if err := os.WriteFile(path, []byte(text+"\n"+section), 0o600); err != nil {
		t.Fatal(err)
	}
	return &program{stdout: io.Discard, stderr: io.Discard, now: func() time.Time { return scriptNow }, configPath: path,
		pause: func(context.Context, time.Duration) error { return nil },
		env:   func(name string) string { return map[string]string{"S": "0123456789abcdef"}[name] }}
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sink is a mail server on this machine that keeps what it gets.
type sink struct {
	mu   sync.Mutex
	mail map[string]string // by recipient
	refs map[string]bool   // recipients it refuses
}

func newSink(t *testing.T, refuses ...string) (*sink, string) {
	t.Helper()
	s := &sink{mail: map[string]string{}, refs: map[string]bool{}}
	for _, r := range refuses {
		s.refs[r] = true
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s, l.Addr().String()
}

func (s *sink) serve(c net.Conn) {
	defer c.Close()
	fmt.Fprint(c, "220 sink\r\n")
	var to []string
	for r := bufio.NewScanner(c); r.Scan(); {
		line, answer := r.Text(), "250 ok"
		switch {
		case strings.HasPrefix(line, "RCPT TO:"):
			who := strings.Trim(line[8:], "<>")
			if s.refs[who] {
				answer = "550 no such user"
			} else {
				to = append(to, who)
			}
		case line == "DATA":
			fmt.Fprint(c, "354 go on\r\n")
			var m strings.Builder
			for r.Scan() && r.Text() != "." {
				m.WriteString(r.Text() + "\n")
			}
			s.mu.Lock()
			for _, who := range to {
				s.mail[who] += m.String()
			}
			s.mu.Unlock()
		}
		fmt.Fprint(c, answer+"\r\n")
	}
}

// told are the recipients, with the cases that each was told of.
func (s *sink) told() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for who, m := range s.mail {
		var cases []string
		for _, id := range []string{"c-1", "c-2", "c-3", "c-4", "c-5"} {
			if strings.Contains(m, "case "+id+"\n") {
				cases = append(cases, id)
			}
		}
		out = append(out, who+" "+strings.Join(cases, " "))
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

func waitingCase(id string, person connectors.PersonID, apps ...connectors.AppID) *remediate.Case {
	c := &remediate.Case{ID: id, Rev: 1, State: remediate.Open, Item: remediate.Item{Mode: scanner.ModeAsk, Person: person, Kinds: []scanner.Kind{scanner.ExcessAccess}, Severity: scanner.High, Why: "It is too much."}}
	for _, app := range apps {
		c.Item.Targets = append(c.Item.Targets, remediate.Target{App: app, Account: "a", Login: "a"})
		c.Item.Actions = append(c.Item.Actions, remediate.Action{Verb: remediate.Disable, App: app, Account: "a", Undo: remediate.Exact})
	}
	return c
}

func (p *program) notified(t *testing.T, cases ...*remediate.Case) (string, string) {
	t.Helper()
	c, err := p.config()
	if err != nil {
		t.Fatal(err)
	}
	of, problems := p.notify(t.Context(), c, cases, nil)
	told := []string{}
	for _, k := range cases {
		told = append(told, of[k.ID]...)
	}
	slices.Sort(told)
	return fmt.Sprint(slices.Compact(told)), fmt.Sprint(problems)
}

// Every channel gets the same cases; one that fails keeps no other from telling.
func TestNotify(t *testing.T) {
	status := http.StatusOK
	var got notify.Digest
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := notify.Verify([]byte("0123456789abcdef"), r.Header, body, scriptNow, time.Minute); err != nil {
			t.Error(err)
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Error(err)
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	s, at := newSink(t, "gone@example.com")
	p := appended(t, "[notify]\nwebhook = \""+server.URL+"/tell\"\nsecret = \"env:S\"\n[notify.mail]\nserver = \""+at+"\"\nfrom = \"rollcall <rollcall@example.com>\"\nto = [\"it@example.com\", \"gone@example.com\"]\n")
	decided := waitingCase("c-5", "E1001", "crm")
	decided.State = remediate.Remove
	cases := []*remediate.Case{waitingCase("c-1", "E1001", "crm"), waitingCase("c-2", "", "erp"), decided}
	told, problems := p.notified(t, cases...)
	host := strings.TrimPrefix(server.URL, "http://")
	if told != "[by mail to it@example.com by webhook to "+host+"]" || !strings.Contains(problems, "notify: mail server 127.0.0.1: to gone@example.com: it answered 550 no such user") {
		t.Errorf("told %s, problems %s", told, problems)
	}
	if got.Waiting != 2 || len(got.Others) != 2 || !got.Due.Equal(scriptNow.Add(defaultAnswer)) || !cases[0].Due.IsZero() {
		t.Errorf("%+v", got)
	}
	if s.told() != "it@example.com c-1 c-2" {
		t.Error(s.told())
	}
	status = http.StatusForbidden
	told, problems = p.notified(t, cases...)
	if told != "[by mail to it@example.com]" || !strings.Contains(problems, "403") || strings.Contains(problems, "tell") {
		t.Errorf("told %s, problems %s", told, problems)
	}
	p.env = func(string) string { return "" }
	if told, problems = p.notified(t, cases[0]); told != "[by mail to it@example.com]" || !strings.Contains(problems, p.configPath+":") || !strings.Contains(problems, "[notify] secret: secret env:S: the environment variable is not set") {
		t.Errorf("told %s, problems %s", told, problems)
	}
	if told, problems = p.notified(t, decided); told+problems != "[][]" {
		t.Errorf("told %s of nothing, problems %s", told, problems)
	}
}

// Without "to" the owner of each app is told of its cases, and nobody of their own.
func TestNotifyOwners(t *testing.T) {
	s, at := newSink(t)
	p := appended(t, "[notify.mail]\nserver = \""+at+"\"\nfrom = \"rollcall@example.com\"\n")
	c, err := p.config()
	if err != nil {
		t.Fatal(err)
	}
	owner := map[connectors.AppID]connectors.PersonID{}
	for _, a := range c.Apps {
		owner[a.ID] = a.Owner
	}
	addresses, err := c.workAddresses(t.Context(), map[connectors.PersonID]bool{owner["crm"]: true, owner["erp"]: true, "E1020": true})
	if err != nil || addresses[owner["crm"]] == "" || addresses[owner["erp"]] == "" || addresses["E1020"] != "" {
		t.Fatalf("%v, %v: want the addresses of who works here, and of no leaver", addresses, err)
	}
	told, problems := p.notified(t, waitingCase("c-1", "E1020", "crm"), waitingCase("c-2", "E1020", "crm", "erp"), waitingCase("c-3", owner["erp"], "erp"), waitingCase("c-4", "E1020", "cellar"))
	each, _ := p.notify(t.Context(), c, []*remediate.Case{waitingCase("c-1", "E1020", "crm"), waitingCase("c-4", "E1020", "cellar")}, nil)
	if len(each) != 1 || fmt.Sprint(each["c-1"]) != "[by mail to "+addresses[owner["crm"]]+"]" {
		t.Errorf("told by case %v: want nobody of c-4", each)
	}
	want := []string{addresses[owner["crm"]] + " c-1 c-2", addresses[owner["erp"]] + " c-2"}
	slices.Sort(want)
	if s.told() != strings.Join(want, "; ") || !strings.Contains(told, "by mail to ") {
		t.Errorf("%s; told %s; want %s", s.told(), told, want)
	}
	wantProblem := fmt.Sprintf("[notify: 2 of 4 cases are told to nobody by mail: a case is about the access of %s, who owns the app \"erp\"; the configuration has no app \"cellar\"; name who is told in [notify.mail] to]", owner["erp"])
	if problems != wantProblem {
		t.Errorf("problems %s\nwant %s", problems, wantProblem)
	}
}

// The names of people and the ids they also go by come from the run that planned the case.
func TestNotifyNames(t *testing.T) {
	s, at := newSink(t)
	p := appended(t, "[notify.mail]\nserver = \""+at+"\"\nfrom = \"rollcall@example.com\"\nto = [\"it@example.com\"]\n")
	run(t, 0, "scan", "--config", p.configPath)
	c, err := p.config()
	if err != nil {
		t.Fatal(err)
	}
	runs, err := os.ReadDir(c.State + "/runs")
	if err != nil || len(runs) == 0 {
		t.Fatal(runs, err)
	}
	k := waitingCase("c-1", "E1020", "crm")
	k.Run = runs[0].Name()
	if told, problems := p.notified(t, k); told != "[by mail to it@example.com]" || problems != "[]" {
		t.Fatalf("told %s, problems %s", told, problems)
	}
	if m := s.mail["it@example.com"]; !strings.Contains(m, "Rasmus Holm (E1020)") {
		t.Error(m)
	}
}
