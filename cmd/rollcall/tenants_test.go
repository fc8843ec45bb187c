package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/inmem"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/report"
	"rollcall/scanner"
)

// tellsSelf is an app that says as whom it is read.
type tellsSelf struct {
	connectors.App
	self *connectors.Self
	err  *error
}

func (a tellsSelf) Self(context.Context) (connectors.Self, error) {
	if a.err != nil && *a.err != nil {
		return connectors.Self{}, *a.err
	}
	return *a.self, nil
}

// readOne is such an app of which accounts can be read one by one.
type readOne struct{ tellsSelf }

func (readOne) Account(_ context.Context, id connectors.AccountID) (connectors.Account, error) {
	return connectors.Account{ID: id, Enabled: connectors.Yes}, nil
}

// The first complete run pins an app to its tenant. From then on nothing is believed of another one, nor of one that does not
// say who it is: the list fails, what was found is neither gone nor new, and the pin stays.
func TestAnotherTenantIsNotBelieved(t *testing.T) {
	config := company(t)
	self, failure := &connectors.Self{Tenant: "T-1", Name: "sync@tidewell.example", Account: "89393358"}, error(nil)
	day := scriptNow
	var out bytes.Buffer
	scan := func() (*report.Review, *scanner.SourceReport, *ledger.Ledger) {
		t.Helper()
		p := &program{stdout: &out, stderr: &out, now: func() time.Time { return day }, env: func(string) string { return "" }, configPath: config}
		day = day.Add(24 * time.Hour)
		c, err := p.config()
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(c.Apps, func(a scanner.App) bool { return a.ID == "code" })
		c.Apps[i].Source = connectors.ReadOnly(tellsSelf{c.sources["code"], self, &failure})
		r, _, err := p.runOnce(t.Context(), c, runOptions{})
		if err != nil {
			t.Fatal(err)
		}
		led, err := ledger.Open(c.State, ledger.Options{Holder: "test", ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(r.Result.Sources, func(s scanner.SourceReport) bool { return s.Name == "code" })
		return r, &r.Result.Sources[at], led
	}
	pinned := func(led *ledger.Ledger, want string) {
		t.Helper()
		facts, err := led.Pull("code")
		if err != nil || facts == nil || facts.Tenant != want {
			t.Errorf("the ledger has %+v, %v", facts, err)
		}
		led.Close()
	}
	_, s, led := scan()
	if s.State != scanner.SourceOK || s.Self == nil || s.Self.Tenant != "T-1" {
		t.Errorf("%+v", s)
	}
	pinned(led, "T-1")
	for name, change := range map[string]func(){
		"another":      func() { self = &connectors.Self{Tenant: "T-2"} },
		"none":         func() { self = &connectors.Self{} },
		"not answered": func() { self, failure = &connectors.Self{Tenant: "T-1"}, errors.New("no route to host") },
	} {
		change()
		r, s, led := scan()
		if s.State != scanner.SourceFailed || s.Read != 0 || r.Result.Complete() {
			t.Errorf("%s: %+v", name, s)
		}
		if name == "another" && !strings.Contains(s.Problem, "another tenant answers, T-2") || name == "none" && !strings.Contains(s.Problem, "does not say any more") {
			t.Errorf("%s: %s", name, s.Problem)
		}
		for _, gone := range r.Change.Gone {
			if gone.App == "code" {
				t.Errorf("%s: %s counts as gone", name, gone.ID)
			}
		}
		pinned(led, "T-1")
		failure = nil
	}
	run(t, 0, "replay", "-c", config)
	self = &connectors.Self{Tenant: "T-2"}
	_, _, led = scan()
	led.Close()
	p := &program{stdout: &out, stderr: &out, now: func() time.Time { return day }, env: func(string) string { return "" }}
	out.Reset()
	if code := p.run(t.Context(), []string{"sources", "accept", "code", "--reason", "we moved", "-c", config}); code != 1 || !strings.Contains(out.String(), "second person") || !strings.Contains(out.String(), "give the app another id") {
		t.Errorf("one person alone: exit code %d, %s", code, out.String())
	}
	c, err := loadConfig(config, day, func(string) ([]byte, error) { return nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	write, err := ledger.Open(c.State, ledger.Options{Holder: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := write.AcceptTenant("code", "T-2", "E1003 (uid 7)", "we moved", day); err != nil {
		t.Fatal(err)
	}
	write.Close()
	if _, s, led = scan(); s.State != scanner.SourceOK {
		t.Errorf("after it was accepted: %+v", s)
	}
	pinned(led, "T-2")
}

// Between the reading and the acting an app may have become another, too: nothing is changed there.
func TestNothingIsChangedInAnotherTenant(t *testing.T) {
	s := newShop(t, "auto")
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	there := s.read("rollcall.toml")
	s.write("rollcall.toml", strings.Replace(there, "http://127.0.0.1", "http://localhost", 1))
	s.says(s.rollcall(0, "", "settle"), "cannot be read: another tenant answers", "pending  disable")
	if s.svc.patches != 0 || s.active() != "u1 u2 u3 u4 u5" {
		t.Fatalf("%d changes; active: %s", s.svc.patches, s.active())
	}
	out := s.rollcall(4, "", "scan", "-q", "--no-workbook")
	s.says(out, "another tenant answers")
	s.write("rollcall.toml", there)
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.rollcall(0, "", "settle")
	if s.active() != "u1 u3 u4 u5" {
		t.Errorf("active: %s", s.active())
	}
}

// That an app has moved, a second person says who is proven by the daemon.
func TestASecondPersonAcceptsAnotherTenant(t *testing.T) {
	s := serveShop(t, "ask", "")
	s.limits("", `approvers = ["E01", "E03"]`)
	s.rollcall(0, "", "scan", "-q", "--no-workbook")
	s.write("rollcall.toml", strings.Replace(s.read("rollcall.toml"), "http://127.0.0.1", "http://localhost", 1))
	s.listen()
	s.clock.add(time.Hour)
	s.says(s.as(1001, 4, "", "scan", "-q", "--no-workbook"), "another tenant answers")
	accept := []string{"sources", "accept", "crm", "--reason", "the vendor gave us another address"}
	s.says(s.as(1004, 1, "", accept...), "E04 is not one of [remediate] approvers")
	s.says(s.as(0, 1, "", accept...), "root can be anybody")
	s.says(s.as(1003, 0, "", accept...), "accepted: crm is read from the tenant http://localhost", "by E03 (uid 1003)")
	s.clock.add(time.Hour)
	s.as(1001, 0, "", "scan", "-q", "--no-workbook")
	s.says(s.as(1001, 0, "", "ledger", "export"), "tenant accepted", "E03 (uid 1003)")
}

// Of rollcall's own account in an app nothing is ever changed: the guards say so ahead, and the execution refuses it.
func TestRollcallNeverTouchesItsOwnAccount(t *testing.T) {
	item := remediate.Item{Group: "g", Targets: []remediate.Target{{App: "crm", Account: "7", Login: "sync"}}, Actions: []remediate.Action{{Verb: remediate.Disable, App: "crm", Account: "7", Undo: remediate.Exact}}}
	limits := remediate.DefaultLimits
	limits.WarmUp, limits.MinAdmins = 0, 0
	ground := &remediate.Ground{Now: scriptNow, ReadAt: scriptNow, Apps: map[connectors.AppID]remediate.AppState{"crm": {Enabled: 100, Own: "7"}}}
	trips := remediate.Check([]remediate.Item{item}, ground, &limits)
	if !slices.ContainsFunc(trips, func(x remediate.Trip) bool {
		return x.Guard == remediate.GuardProtected && strings.Contains(x.Says, "rollcall's own account") && !x.Liftable()
	}) {
		t.Errorf("%+v", trips)
	}
	ground.Apps["crm"] = remediate.AppState{Enabled: 100}
	if trips := remediate.Check([]remediate.Item{item}, ground, &limits); len(trips) > 0 {
		t.Errorf("another account: %+v", trips)
	}
	led, err := ledger.Open(t.TempDir(), ledger.Options{Holder: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer led.Close()
	app := readOne{tellsSelf{&inmem.App{}, &connectors.Self{Tenant: "T", Account: "7"}, nil}}
	f := newFitness(&config{sources: map[connectors.AppID]connectors.App{"crm": app}}, led)
	if err := f.check(t.Context(), "crm", "7"); err == nil || !strings.Contains(err.Error(), "rollcall itself uses") {
		t.Error(err)
	}
	if err := f.check(t.Context(), "crm", "8"); err != nil {
		t.Error(err)
	}
	a := &remediate.Applier{Apps: map[connectors.AppID]connectors.App{"crm": app}, Fit: f.check, Journal: led, Now: func() time.Time { return scriptNow }}
	k := &remediate.Case{ID: "c-1", Rev: 1, State: remediate.Remove, Item: item, ItemHash: item.Hash(), Opened: scriptNow, At: scriptNow}
	if err := led.Put(k, 0, remediate.Policy, "opened", scriptNow); err != nil {
		t.Fatal(err)
	}
	got, err := a.Case(t.Context(), "c-1", remediate.Policy)
	if err != nil || got.State != remediate.Remove || !strings.Contains(got.Why, "rollcall itself uses") {
		t.Errorf("%+v, %v", got, err)
	}
}

// What rollcall may do beyond need is a warning by name: not where another app that is read as the same needs it, nor where
// something is written that needs it.
func TestSourcesCheckWarnsOfPermissionsBeyondNeed(t *testing.T) {
	never := connectors.Excess{Has: "the permission mail.read", So: "mail could be read", Fix: "take it away"}
	toWrite := connectors.Excess{Has: "the permission users.write", Fix: "take it away", Writing: true}
	apps := connectors.Excess{Has: "the permission apps.read", Fix: "take it away"}
	for name, c := range map[string]struct {
		flights     []connectors.Preflight
		writes      bool
		says, hides []string
	}{
		"two apps, one identity": {[]connectors.Preflight{{Identity: "app 12", Excess: []connectors.Excess{never, toWrite, apps}}, {Identity: "app 12", Excess: []connectors.Excess{never, toWrite}}}, false,
			[]string{"app0, app1: warning: more than it needs: the permission mail.read: mail could be read; take it away\n",
				"app0, app1: warning: more than it needs: the permission users.write: nothing is changed there by this configuration; take it away\n"}, []string{"apps.read"}},
		"two identities": {[]connectors.Preflight{{Identity: "app 12", Excess: []connectors.Excess{apps}}, {Identity: "app 13"}}, false, []string{"app0: warning: more than it needs: the permission apps.read"}, nil},
		"written":        {[]connectors.Preflight{{Identity: "app 12", Excess: []connectors.Excess{never, toWrite}}}, true, []string{"mail.read"}, []string{"users.write"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			conf := &config{Roster: &inmem.Roster{}, Writable: map[connectors.AppID]connectors.App{}}
			for i, f := range c.flights {
				app, id := asked{&inmem.App{}, f, nil}, connectors.AppID("app"+string(rune('0'+i)))
				conf.Apps = append(conf.Apps, scanner.App{ID: id, Source: connectors.ReadOnly(app)})
				if c.writes {
					conf.Writable[id] = app
				}
			}
			sound, err := (&program{stdout: &out}).preflights(t.Context(), conf)
			if err != nil || !sound {
				t.Errorf("a warning is no problem of the pull: %v, %v", sound, err)
			}
			for _, s := range c.says {
				if !strings.Contains(out.String(), s) {
					t.Errorf("%q is missing in:\n%s", s, out.String())
				}
			}
			for _, s := range c.hides {
				if strings.Contains(out.String(), s) {
					t.Errorf("%q stands in:\n%s", s, out.String())
				}
			}
		})
	}
}

// rollcall's own access is looked at like any other: in the workbook, and by doctor, which says what is old or ends soon.
func TestOwnAccessIsReviewed(t *testing.T) {
	config := company(t)
	var out bytes.Buffer
	p := &program{stdout: &out, stderr: &out, now: func() time.Time { return scriptNow }, env: func(string) string { return "" }, configPath: config}
	c, err := p.config()
	if err != nil {
		t.Fatal(err)
	}
	today := connectors.DateOf(scriptNow, c.Zone)
	self := &connectors.Self{Tenant: "T-1", Name: "sync of rollcall", Account: "svc-own", Permissions: []string{"users.read"}, Credentials: []connectors.OwnCredential{
		{ID: "K-old", Kind: "client secret", Created: today - 500, Expires: today + 10}, {ID: "K-new", Kind: "certificate", Created: today - 30, Expires: today + 300}}}
	i := slices.IndexFunc(c.Apps, func(a scanner.App) bool { return a.ID == "code" })
	c.Apps[i].Source = connectors.ReadOnly(tellsSelf{c.sources["code"], self, nil})
	r, _, err := p.runOnce(t.Context(), c, runOptions{Workbook: true})
	if err != nil {
		t.Fatal(err)
	}
	scope := text(t, r.Paths.Workbook, "Scope & completeness")
	for _, s := range []string{"rollcall's own access", "sync of rollcall", "T-1", "svc-own", "users.read", "K-old", "client secret", "K-new", "E1006"} {
		if !strings.Contains(scope, s) {
			t.Errorf("the workbook does not say %q", s)
		}
	}
	if s := text(t, r.Paths.Workbook, "Control mapping"); !strings.Contains(s, "rollcall's own access") {
		t.Error("no control refers to it")
	}
	out.Reset()
	p.run(t.Context(), []string{"doctor", "-c", config})
	line := ""
	for l := range strings.Lines(out.String()) {
		if strings.HasPrefix(l, "own access to code") {
			line = l
		}
	}
	for _, s := range []string{"LOOK", "as sync of rollcall, tenant T-1", "svc-own, which rollcall never touches", "client secret K-old, 500 days old: rotate it, valid for 10 days more", "certificate K-new, 30 days old, valid for 300 days more", "may: users.read"} {
		if !strings.Contains(line, s) {
			t.Errorf("doctor does not say %q: %s", s, line)
		}
	}
	if b, err := os.ReadFile(filepath.Join(r.Paths.Dir, "run.json")); err != nil || !bytes.Contains(b, []byte("K-old")) {
		t.Error("the run does not keep it", err)
	}
}
