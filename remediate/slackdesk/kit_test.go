package slackdesk_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/inmem"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/remediate/slackdesk"
	"rollcall/remediate/slackdesk/slacktest"
	"rollcall/scanner"
)

// noon is when the tests' clock starts: a Monday.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const (
	answer  = 5 * 24 * time.Hour
	channel = "G0SECURITY"
	hour    = time.Hour
)

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// folk is a made-up company. Managers, owners and approvers can be changed by a test.
type folk struct {
	mu        sync.Mutex
	who       map[connectors.PersonID]slackdesk.Who
	same      map[connectors.PersonID]connectors.PersonID
	manager   map[connectors.PersonID]connectors.PersonID
	before    map[connectors.PersonID]connectors.PersonID
	owner     map[connectors.AppID]connectors.PersonID
	approvers []connectors.PersonID
}

func (f *folk) Who(id connectors.PersonID) (slackdesk.Who, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w, found := f.who[id]
	return w, found
}
func (f *folk) Same(id connectors.PersonID) connectors.PersonID {
	f.mu.Lock()
	defer f.mu.Unlock()
	if one := f.same[id]; one != "" {
		return one
	}
	return id
}
func (f *folk) Manager(id connectors.PersonID) connectors.PersonID    { return f.manager[id] }
func (f *folk) OldManager(id connectors.PersonID) connectors.PersonID { return f.before[id] }
func (f *folk) Owner(app connectors.AppID) connectors.PersonID        { return f.owner[app] }
func (f *folk) Approvers() []connectors.PersonID                      { return f.approvers }
func (f *folk) ByAddress(address string) (ids []connectors.PersonID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, w := range f.who {
		if w.Address == address {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (f *folk) change(id connectors.PersonID, how func(*slackdesk.Who)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := f.who[id]
	how(&w)
	f.who[id] = w
}

// The people of the tests: Ada manages the subjects, Ben owns the app crm, Cleo and Dora are approvers, Olda managed the
// subjects before they moved. U0… are their accounts.
var crew = map[connectors.PersonID]string{"E01": "Ada", "E02": "Ben", "E03": "Cleo", "E04": "Dora", "E05": "Olda", "E10": "Sam", "E11": "Sue"}

func account(id connectors.PersonID) string { return "U0" + strings.ToUpper(crew[id]) }

func newFolk() *folk {
	f := &folk{who: map[connectors.PersonID]slackdesk.Who{}, same: map[connectors.PersonID]connectors.PersonID{"E10b": "E10"},
		manager: map[connectors.PersonID]connectors.PersonID{"E10": "E01", "E11": "E01"}, before: map[connectors.PersonID]connectors.PersonID{"E10": "E05"},
		owner: map[connectors.AppID]connectors.PersonID{"crm": "E02"}, approvers: []connectors.PersonID{"E03", "E04"}}
	for id, name := range crew {
		f.who[id] = slackdesk.Who{ID: id, Name: name, Address: strings.ToLower(name) + "@made-up.example", Works: true}
	}
	return f
}

// rig is a desk over a real ledger, a fake Slack and an app that can be written to.
type rig struct {
	t     testing.TB
	dir   string
	led   *ledger.Ledger
	core  *remediate.Desk
	apply *remediate.Applier
	app   *inmem.WritableApp
	folk  *folk
	slack *slacktest.Fake
	desk  *slackdesk.Desk
	log   *lockedBuffer
	set   slackdesk.Settings
	deps  slackdesk.Deps

	mu     sync.Mutex
	now    time.Time
	waited []time.Duration
	calls  int // of Decided
	prog   *program
	stop   func()
	failed chan error
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}
func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) pass(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// cases is the desk of remediate as slackdesk wants it.
type cases struct {
	*remediate.Desk
	led   *ledger.Ledger
	apply *remediate.Applier
}

func (c cases) Case(id string) (*remediate.Case, error) { return c.led.Case(id) }
func (c cases) Cases(keep func(*remediate.Case) bool) ([]*remediate.Case, error) {
	return c.led.Cases(keep)
}
func (c cases) Wrong(id string, v remediate.Verdict, because string, now time.Time) (*remediate.Case, error) {
	k, err := c.led.Case(id)
	if err != nil {
		return nil, err
	}
	said := map[scanner.FindingID]scanner.Finding{}
	for _, f := range k.Item.Findings {
		if !strings.HasSuffix(string(f), "untold") {
			said[f] = scanner.Finding{ID: f, Kind: k.Item.Kinds[0], App: "crm", Account: k.Item.Targets[0].Account, Person: k.Item.Person}
		}
	}
	return c.Desk.Wrong(c.led, id, v, remediate.Wrong{Because: because, Run: k.Run}, said, connectors.DateOf(now, time.UTC), now)
}
func (c cases) Undo(ctx context.Context, id string, by remediate.Identity, why string) ([]string, error) {
	_, left, err := c.apply.Undo(ctx, id, by, why)
	return left, err
}

// program notes what the slash command asked for.
type program struct {
	scanned, offboarded []string
	busy                error // a scan is under way
}

func (p *program) Scan(app connectors.AppID, by remediate.Identity) (func(context.Context) string, error) {
	if p.busy != nil {
		return nil, p.busy
	}
	return func(context.Context) string {
		p.scanned = append(p.scanned, string(app)+" by "+by.String())
		return "done: 3 findings in " + string(app)
	}, nil
}
func (p *program) Offboard(_ context.Context, id connectors.PersonID, by remediate.Identity, why string) (string, error) {
	p.offboarded = append(p.offboarded, fmt.Sprintf("%s by %s: %s", id, by, why))
	return "all closed", nil
}
func (p *program) Status(context.Context) (string, error) { return "all is well", nil }

func stateDir(t testing.TB) string {
	t.Helper()
	base := ""
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		base = "/dev/shm"
	}
	dir, err := os.MkdirTemp(base, "rollcall-test-")
	ok(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// newRig makes a desk that listens over Socket Mode, or by HTTP.
func newRig(t testing.TB, transport string, how ...func(*rig)) *rig {
	t.Helper()
	r := &rig{t: t, dir: stateDir(t), folk: newFolk(), now: noon, log: &lockedBuffer{}, prog: &program{}, failed: make(chan error, 1)}
	var err error
	r.led, err = ledger.Open(r.dir, ledger.Options{Holder: "test"})
	ok(t, err)
	t.Cleanup(func() { r.led.Close() })
	r.app = &inmem.WritableApp{App: inmem.App{Rows: []connectors.Account{row("sam", "E10"), row("sue", "E11"), row("root", "E10")}}}
	r.core = &remediate.Desk{Journal: r.led, Answer: answer, LongestKeep: 365, Two: slackdesk.Two, Bound: r.led.Bindings}
	r.apply = &remediate.Applier{Journal: r.led, Apps: map[connectors.AppID]connectors.App{"crm": r.app}, Now: r.clock, Patience: time.Second, Look: time.Second,
		Wait: func(ctx context.Context, d time.Duration) error { r.pass(d); return ctx.Err() }}
	r.slack = slacktest.New(t, r.clock)
	for id, name := range crew {
		r.slack.Add(slacktest.User{ID: account(id), Name: name, Email: strings.ToLower(name) + "@made-up.example", Zone: "Europe/Berlin"})
		r.bind(account(id), id)
	}
	r.slack.AddChannel(slacktest.Channel{ID: channel, Name: "security", Private: true})
	r.set = slackdesk.Settings{BotToken: r.slack.BotToken, APIURL: r.slack.URL(), Channel: channel, Longest: 365,
		Scanners: []connectors.PersonID{"E03"}, Offboarders: []connectors.PersonID{"E03"}}
	if transport == "socket" {
		r.set.AppToken = r.slack.AppToken
	} else {
		r.set.SigningSecret = r.slack.SigningSecret
	}
	r.deps = slackdesk.Deps{Cases: cases{r.core, r.led, r.apply}, Memory: r.led, People: func() (slackdesk.People, error) { return r.folk, nil },
		Facts: func(*remediate.Case) slackdesk.Facts {
			return slackdesk.Facts{LastSignIn: "2025-11-03", Peers: "2 of 9"}
		},
		Look: func(ctx context.Context, c *remediate.Case) (string, error) {
			return remediate.Differs(ctx, r.apply.Apps, c)
		},
		Decided: func() { r.mu.Lock(); r.calls++; r.mu.Unlock() }, Program: r.prog, Now: r.clock, Random: rand.Reader, Log: slog.New(slog.NewTextHandler(r.log, nil)),
		Wait: func(ctx context.Context, d time.Duration) error {
			r.mu.Lock()
			r.waited = append(r.waited, d)
			r.mu.Unlock()
			select {
			case <-ctx.Done():
			case <-time.After(time.Millisecond): // so that a loop does not take the whole machine
			}
			return ctx.Err()
		}}
	for _, h := range how {
		h(r)
	}
	r.start()
	return r
}

// The admins of the tests.
var (
	admin   = remediate.Identity{Person: "E99", Proof: "uid 99"}
	another = remediate.Identity{Person: "E98", Proof: "uid 98"}
)

// bind ties an account to a person, as two admins say.
func (r *rig) bind(user string, id connectors.PersonID) {
	r.t.Helper()
	ok(r.t, r.led.Bind(remediate.Binding{User: user, Team: r.slack.TeamID, Person: id, At: noon}, admin))
	ok(r.t, r.led.Confirm(user, another, noon))
}

// start makes the desk and has it listen.
func (r *rig) start() {
	r.t.Helper()
	var err error
	r.desk, err = slackdesk.New(r.set, r.deps)
	ok(r.t, err)
	r.desk.Answers(time.Minute)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := r.desk.Run(ctx); err != nil {
			r.failed <- err
		}
	}()
	r.stop = func() { cancel(); <-done }
	r.t.Cleanup(r.stop)
	if r.set.AppToken == "" {
		r.slack.ByHTTP(r.desk.Handler())
	} else {
		r.slack.Connected()
	}
}

// both runs a test over either transport.
func both(t *testing.T, run func(*testing.T, *rig)) {
	for _, transport := range []string{"socket", "http"} {
		t.Run(transport, func(t *testing.T) { run(t, newRig(t, transport)) })
	}
}

func row(login, person string) connectors.Account {
	return connectors.Account{ID: connectors.AccountID(login), Username: login, EmployeeID: person, Enabled: connectors.Yes, Email: login + "@made-up.example", State: []byte(`{"kept":true}`)}
}

// item is what is decided about one account.
func item(login, person string, kind scanner.Kind) remediate.Item {
	a := row(login, person)
	return remediate.Item{Group: string(kind) + ":" + login, Mode: scanner.ModeAsk, Person: connectors.PersonID(person), Kinds: []scanner.Kind{kind}, Severity: scanner.Medium, Findings: []scanner.FindingID{scanner.FindingID("f-" + string(kind) + "-" + login)},
		Why: login + " was not used for 120 days.", Targets: []remediate.Target{{App: "crm", Account: a.ID, Login: login, Fingerprint: remediate.Fingerprint(&a), Class: "human", Exact: true}},
		Actions: []remediate.Action{{Verb: remediate.Disable, App: "crm", Account: a.ID, Undo: remediate.Exact}}}
}

// open opens a case.
func (r *rig) open(it remediate.Item) *remediate.Case {
	r.t.Helper()
	c, err := r.core.Open(&it, "run-1", r.clock())
	ok(r.t, err)
	return c
}

// stale opens the case that most tests are about: Sam's unused account.
func (r *rig) stale() *remediate.Case { return r.open(item("sam", "E10", scanner.StaleAccount)) }

func (r *rig) refresh() {
	r.t.Helper()
	ok(r.t, r.desk.Refresh(context.Background(), r.clock()))
}

func (r *rig) is(id string, want remediate.State) *remediate.Case {
	r.t.Helper()
	c, err := r.led.Case(id)
	ok(r.t, err)
	if c.State != want {
		r.t.Fatalf("case %s is %s (%s), want %s; log:\n%s", id, c.State, c.Why, want, r.log)
	}
	return c
}

// card is the last message that somebody, or a channel, was sent.
func (r *rig) card(to string) slacktest.Message {
	r.t.Helper()
	list := r.slack.Messages(to)
	if len(list) == 0 {
		r.t.Fatalf("nothing was sent to %s; log:\n%s", to, r.log)
	}
	return list[len(list)-1]
}

func button(t testing.TB, m slacktest.Message, action string) slacktest.Button {
	t.Helper()
	for _, b := range m.Buttons() {
		if b.Action == action {
			return b
		}
	}
	t.Fatalf("the card has no button %s:\n%s", action, m.Reads())
	return slacktest.Button{}
}

func has(m slacktest.Message, action string) bool {
	return slices.ContainsFunc(m.Buttons(), func(b slacktest.Button) bool { return b.Action == action })
}

// send sends a payload and waits until it is worked on.
func (r *rig) send(p slacktest.Payload) slacktest.Answer {
	r.t.Helper()
	a := r.slack.Send(p)
	if a.Status != 200 {
		r.t.Fatalf("answered %d; log:\n%s", a.Status, r.log)
	}
	r.desk.Settle()
	return a
}

// press presses a button of a card.
func (r *rig) press(m slacktest.Message, user, action string) {
	r.t.Helper()
	r.send(r.slack.Press(m, user, button(r.t, m, action)))
}

// keep presses Keep access and sends the form.
func (r *rig) keep(m slacktest.Message, user, why, until string) slacktest.Answer {
	r.t.Helper()
	r.press(m, user, "rollcall_keep")
	return r.send(r.slack.Submit(r.form(user), user, map[string]string{"why": why, "until": until}))
}

func (r *rig) form(user string) slacktest.View {
	r.t.Helper()
	list := r.slack.Views(user)
	if len(list) == 0 {
		r.t.Fatalf("%s was shown no form; ephemerals %q; log:\n%s", user, r.slack.Ephemerals(user), r.log)
	}
	return list[len(list)-1]
}

// refusedFor checks that something was refused for a reason.
func (r *rig) refusedFor(why string) {
	r.t.Helper()
	if f := r.desk.Figures(); f.Refused[why] == 0 {
		r.t.Errorf("not refused for %q: %v; log:\n%s", why, f.Refused, r.log)
	}
	if !strings.Contains(r.log.String(), why) {
		r.t.Errorf("that it was refused for %q is not logged", why)
	}
}

// told checks that somebody was told something.
func (r *rig) told(user, words string) {
	r.t.Helper()
	if list := r.slack.Ephemerals(user); !slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, words) }) {
		r.t.Errorf("%s was not told %q but %q; log:\n%s", user, words, list, r.log)
	}
}

// carry carries out what was decided.
func (r *rig) carry(id string) {
	r.t.Helper()
	_, err := r.apply.Case(context.Background(), id, remediate.Policy)
	ok(r.t, err)
}

func contains(t testing.TB, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not in:\n%s", w, text)
		}
	}
}

// eventually waits for what another goroutine does.
func eventually(t testing.TB, is func() bool) {
	t.Helper()
	for until := time.Now().Add(2 * time.Minute); !is(); <-time.After(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("it does not come to that")
		}
	}
}
