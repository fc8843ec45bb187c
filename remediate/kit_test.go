package remediate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/remediate/ledger"
	"rollcall/scanner"
)

// noon is when the tests' clock starts.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// The people of the tests.
var (
	boss     = remediate.Identity{Person: "E9", Proof: "uid 1009"}
	other    = remediate.Identity{Person: "E8", Proof: "uid 1008"}
	nobody   = remediate.Identity{}
	rootUser = remediate.Identity{Proof: "uid 0"}
)

// tb is a test, or one round of a property.
type tb interface {
	rapid.TB
	Cleanup(func())
}

// always says that the run looked at everything.
func always(*remediate.Item) bool { return true }

func ok(t tb, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// stateDir is a directory for a ledger, in memory where the machine has such: bbolt waits for the disk after each change.
func stateDir(t tb) string {
	t.Helper()
	base := ""
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		base = "/dev/shm"
	}
	dir, err := os.MkdirTemp(base, "rollcall-test-")
	if err != nil {
		dir, err = os.MkdirTemp("", "rollcall-test-")
	}
	ok(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func openLedger(t tb, dir string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(dir, ledger.Options{Holder: "test"})
	ok(t, err)
	return l
}

// bench is all a test of the desk and of apply needs, over a real ledger.
type bench struct {
	t     tb
	dir   string
	led   *ledger.Ledger
	desk  *remediate.Desk
	apply *remediate.Applier
	w     *world
	now   time.Time
	can   connectors.Abilities
	admin map[string]bool
	mode  scanner.Mode

	shadow string // why rules are in shadow; empty: none is
}

const everything = connectors.Abilities(connectors.CanDisable | connectors.CanRemoveEntitlement | connectors.CanRevokeSessions | connectors.CanRevokeCredential)

func newBench(t tb, w *world) *bench {
	t.Helper()
	b := &bench{t: t, dir: stateDir(t), w: w, now: noon, can: everything, admin: map[string]bool{}, mode: scanner.ModeAsk}
	b.led = openLedger(t, b.dir)
	b.wire()
	t.Cleanup(func() { b.led.Close() })
	return b
}

func (b *bench) wire() {
	b.desk = &remediate.Desk{Journal: b.led, Answer: 5 * 24 * time.Hour, LongestKeep: 365}
	apps := map[connectors.AppID]connectors.App{}
	for key := range b.w.Accounts {
		id := connectors.AppID(strings.SplitN(key, "/", 2)[0])
		apps[id] = &app{w: b.w, id: id}
	}
	b.apply = &remediate.Applier{Journal: b.led, Apps: apps, Now: func() time.Time { return b.now }, Patience: 10 * time.Second, Look: time.Second,
		Wait: func(ctx context.Context, d time.Duration) error { b.now = b.now.Add(d); return ctx.Err() }}
}

func (b *bench) reopen() {
	b.t.Helper()
	ok(b.t, b.led.Close())
	b.led = openLedger(b.t, b.dir)
	b.wire()
}

// Subject and Abilities implement remediate.Sources over the world as it is.
func (b *bench) Subject(app connectors.AppID, id connectors.AccountID) (*remediate.Subject, bool) {
	acc, found := b.w.Accounts[string(app)+"/"+string(id)]
	if !found {
		return nil, false
	}
	class := acc.Class
	if class == connectors.ClassUnknown {
		class = connectors.Human
	}
	return &remediate.Subject{Account: acc.Clone(), Class: class, Admin: b.admin[string(app)+"/"+string(id)]}, true
}
func (b *bench) Abilities(connectors.AppID) connectors.Abilities { return b.can }
func (b *bench) InShadow(remediate.RuleIn) string                { return b.shadow }

// policy has every rule in one mode.
func modes(m scanner.Mode) *scanner.Policy {
	p := &scanner.Policy{Rules: map[scanner.Kind]scanner.Rule{}}
	for _, k := range scanner.Kinds {
		p.Rules[k] = scanner.Rule{Mode: &m}
	}
	return p
}

func (b *bench) plan(fs ...scanner.Finding) *remediate.Plan {
	return remediate.MakePlan(fs, modes(b.mode), b)
}

// follow brings the desk up to date with findings and gives the cases that were opened.
func (b *bench) follow(run string, fs ...scanner.Finding) []*remediate.Case {
	b.t.Helper()
	list, err := b.desk.Follow(b.plan(fs...), run, b.now, always)
	ok(b.t, err)
	return list
}

// remove has a person decide that a case's access goes.
func (b *bench) remove(id string) {
	b.t.Helper()
	_, err := b.desk.Decide(id, remediate.Verdict{Remove: true, By: boss, Why: "it is not needed"}, b.now)
	ok(b.t, err)
}

func (b *bench) carryOut(id string) *remediate.Case {
	b.t.Helper()
	c, err := b.apply.Case(context.Background(), id, remediate.Policy)
	ok(b.t, err)
	return c
}

func (b *bench) kept(id string) *remediate.Case {
	b.t.Helper()
	c, err := b.led.Case(id)
	ok(b.t, err)
	return c
}

func (b *bench) is(c *remediate.Case, want remediate.State) *remediate.Case {
	b.t.Helper()
	if c.State != want {
		b.t.Fatalf("case %s is %s (%s), want %s", c.ID, c.State, c.Why, want)
	}
	return c
}

// leaver is the finding that an account's owner has left, by HR's own word.
func leaver(person, app, account string) scanner.Finding {
	return scanner.Finding{ID: scanner.FindingID("f-" + person + app + account), Kind: scanner.OrphanedAccount, Reason: scanner.ReasonLeaver, Severity: scanner.High,
		App: connectors.AppID(app), Account: connectors.AccountID(account), Person: connectors.PersonID(person), Group: "leaver:" + person, Grade: scanner.Exact,
		By: scanner.ByEmployeeID, Why: person + " left", Evidence: []scanner.Fact{{Name: scanner.FactLogin, Value: account}, {Name: "hr status", Value: "terminated"}}}
}

// residue is the finding that an earlier role left an entitlement behind.
func residue(person, app, account, ent string) scanner.Finding {
	f := scanner.Finding{ID: scanner.FindingID("f-" + person + app + account + ent), Kind: scanner.MoverStacking, Severity: scanner.Medium,
		App: connectors.AppID(app), Account: connectors.AccountID(account), Entitlement: connectors.EntitlementID(ent), Person: connectors.PersonID(person),
		Grade: scanner.Exact, By: scanner.ByEmployeeID, Why: person + " moved", Evidence: []scanner.Fact{{Name: scanner.FactLogin, Value: account}}}
	f.Group = string(f.ID)
	return f
}

func account(id, person string, ents ...string) connectors.Account {
	a := connectors.Account{ID: connectors.AccountID(id), Username: id, EmployeeID: person, Enabled: connectors.Yes, Email: id + "@made-up.example", State: []byte(`{"kept":true}`)}
	for _, e := range ents {
		a.Entitlements = append(a.Entitlements, connectors.Entitlement{ID: connectors.EntitlementID(e)})
	}
	return a
}

func withKey(a connectors.Account, key string) connectors.Account {
	a.Credentials = append(a.Credentials, connectors.Credential{ID: connectors.CredentialID(key), Kind: "api_key"})
	return a
}

// same tells whether two accounts are equal, but for the order of what they hold.
func same(a, b connectors.Account) bool {
	return whole(a) == whole(b)
}

func whole(a connectors.Account) string {
	a = a.Clone()
	slices.SortFunc(a.Entitlements, func(x, y connectors.Entitlement) int { return strings.Compare(string(x.ID), string(y.ID)) })
	slices.SortFunc(a.Credentials, func(x, y connectors.Credential) int { return strings.Compare(string(x.ID), string(y.ID)) })
	return fmt.Sprintf("%+v %s", a, a.State)
}

func says(t tb, got string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(got, w) {
			t.Errorf("it says %q, which does not name %q", got, w)
		}
	}
}

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(child())
	}
	os.Exit(m.Run())
}

func decode(b []byte) (a connectors.Account, err error) { return a, json.Unmarshal(b, &a) }
