package connectortest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"rollcall/connectors"
	"rollcall/connectors/inmem"
)

const secret = "tok-3f9a/77"

var errDown = errors.New("server down")

func sample() *inmem.App {
	rows := make([]connectors.Account, 7)
	for i := range rows {
		rows[i] = connectors.Account{
			ID: connectors.AccountID(fmt.Sprintf("u%d", i+1)), Username: fmt.Sprintf("user%d", i+1), Enabled: connectors.Is(i%3 > 0),
			Entitlements: []connectors.Entitlement{{ID: connectors.EntitlementID(fmt.Sprintf("role%d", i))}},
		}
	}
	return &inmem.App{Rows: rows, Source: inmem.Source{
		PageSize: 3, Rejects: []inmem.Reject{{Line: 8, Err: errors.New("no id")}}, Notes: []string{"made up"},
	}}
}

func broken() *inmem.App {
	a := sample()
	a.Fail, a.FailAfter = errDown, 4
	return a
}

// harness tries the reference connector after plant had it.
func harness(plant func(*inmem.App) connectors.App) AppHarness {
	return AppHarness{
		Open:    func(testing.TB) connectors.App { return plant(sample()) },
		Broken:  func(testing.TB) connectors.App { return plant(broken()) },
		Want:    sample().Rows,
		Rejects: 1,
		Secret:  secret,
		Spec:    connectors.Spec{Title: "memory", Collections: []connectors.Collection{connectors.Accounts}},
	}
}

// The reference connector passes: what the faults below trip is the fault.
func TestReferenceApp(t *testing.T) {
	App(t, harness(func(a *inmem.App) connectors.App { return a }))
}

var lent [64]byte // the buffer a connector uses again for every row

var faults = []struct {
	name, caughtBy string
	plant          func(*faulty)
}{
	{"names no kind", "says what it reads", func(f *faulty) { f.info = func(i *connectors.Info) { i.Kind, i.Parameters = "", "" } }},
	{"forgets its main collection", "says what it reads", func(f *faulty) { f.info = func(i *connectors.Info) { i.Collections = nil } }},
	{"drops the last page but ends", "yields every wanted row", func(f *faulty) { f.Rows = f.Rows[:6] }},
	{"drops the last row, total as it was", "accounts for every row", through(func(good iter.Seq2[connectors.Account, error], yield yieldFunc) {
		n := 0
		for a, err := range good {
			if n++; n < 7 && !yield(a, err) {
				return
			}
		}
	})},
	{"gives the rows one buffer filled in advance", "yields every wanted row", func(f *faulty) {
		for i := range f.Rows {
			f.Rows[i].Entitlements = f.Rows[6].Entitlements
		}
	}},
	{"lets entitlements pile up", "yields every wanted row", func(f *faulty) {
		var all []connectors.Entitlement
		each(func(_ int, a *connectors.Account) {
			all = append(all, a.Entitlements...)
			a.Entitlements = all
		})(f)
	}},
	{"never ends", "ends each collection once, after its last row", ending(func(connectors.Trace, connectors.Collection) {})},
	{"ends twice", "ends each collection once, after its last row", ending(func(t connectors.Trace, c connectors.Collection) { t.End(c); t.End(c) })},
	{"ends what it did not declare", "ends each collection once, after its last row",
		ending(func(t connectors.Trace, c connectors.Collection) { t.End(c); t.End(connectors.Groups) })},
	{"ends before its rows", "ends each collection once, after its last row", func(f *faulty) {
		f.with = func(ctx context.Context, t connectors.Trace) (context.Context, connectors.Trace) {
			t.End(connectors.Accounts)
			return ctx, tracer{Trace: t, end: func(connectors.Trace, connectors.Collection) {}}
		}
	}},
	{"leaves a row out without a word", "accounts for every row", func(f *faulty) { f.Rejects = nil }},
	{"rejects without saying why", "accounts for every row", func(f *faulty) { f.Rejects = []inmem.Reject{{Line: 8}} }},
	{"records no pages", "records its pages", paging(func(connectors.Trace, connectors.Page) {})},
	{"does not hash its pages", "records its pages", paging(func(t connectors.Trace, p connectors.Page) {
		p.SHA256 = [32]byte{}
		t.Page(connectors.Accounts, p)
	})},
	{"yields a row twice", "has unique ids", func(f *faulty) { f.Rows = append(f.Rows, f.Rows[2]) }},
	{"yields a row without id", "has unique ids", func(f *faulty) { f.Rows = append(f.Rows, connectors.Account{Username: "ghost"}) }},
	{"does not say where rows came from", "names where rows came from", each(func(_ int, a *connectors.Account) { a.From = connectors.Where{} })},
	{"uses a string's memory again", "yields rows that can be kept", each(func(_ int, a *connectors.Account) {
		n := copy(lent[:], a.Username)
		a.Username = unsafe.String(&lent[0], n)
	})},
	{"changes from pull to pull", "reads the same again", func(f *faulty) {
		pulls := 0
		f.with = func(ctx context.Context, t connectors.Trace) (context.Context, connectors.Trace) {
			pulls++
			f.Rows[1].DisplayName = strings.Repeat("x", pulls)
			return ctx, t
		}
	}},
	{"shows the secret in its location", "keeps its secret", func(f *faulty) {
		f.info = func(i *connectors.Info) { i.Location = "https://x.example/?token=tok-3f9a%2F77" }
	}},
	{"shows the secret in a request", "keeps its secret", paging(func(t connectors.Trace, p connectors.Page) {
		p.Request += "?token=" + secret
		t.Page(connectors.Accounts, p)
	})},
	{"shows the secret in a note", "keeps its secret", func(f *faulty) { f.Notes = []string{"signed in with " + secret} }},
	{"shows the secret in a reject", "keeps its secret", func(f *faulty) { f.Rejects[0].Err = errors.New(secret) }},
	{"shows the secret in an error", "keeps its secret", func(f *faulty) {
		if f.Fail != nil {
			f.Fail = fmt.Errorf("GET /users with Bearer %s: %w", secret, f.Fail)
		}
	}},
	{"keeps the secret in an account's state", "keeps its secret", func(f *faulty) { f.Rows[3].State = []byte(`{"auth":"` + secret + `"}`) }},
	{"swallows an error", "fails closed", through(func(good iter.Seq2[connectors.Account, error], yield yieldFunc) {
		for a, err := range good {
			if err != nil || !yield(a, nil) {
				return
			}
		}
	})},
	{"goes on after an error", "fails closed", through(func(good iter.Seq2[connectors.Account, error], yield yieldFunc) {
		for a, err := range good {
			if !yield(a, err) || err != nil && !yield(connectors.Account{ID: "more"}, nil) {
				return
			}
		}
	})},
	{"ends although it failed", "fails closed", func(f *faulty) {
		f.with = func(ctx context.Context, t connectors.Trace) (context.Context, connectors.Trace) {
			t.End(connectors.Accounts)
			return ctx, t
		}
	}},
	{"goes on when told to stop", "stops when told", through(func(good iter.Seq2[connectors.Account, error], yield yieldFunc) {
		for a, err := range good {
			yield(a, err)
		}
	})},
	{"ends when told to stop at the last row", "stops when told", func(f *faulty) {
		var trace connectors.Trace
		f.with = func(ctx context.Context, t connectors.Trace) (context.Context, connectors.Trace) {
			trace = t
			return ctx, tracer{Trace: t, end: func(connectors.Trace, connectors.Collection) {}}
		}
		through(func(good iter.Seq2[connectors.Account, error], yield yieldFunc) {
			defer trace.End(connectors.Accounts)
			for a, err := range good {
				if !yield(a, err) {
					return
				}
			}
		})(f)
	}},
	{"leaves a goroutine behind when told to stop", "stops when told", through(func(good iter.Seq2[connectors.Account, error], yield yieldFunc) {
		for a, err := range good {
			if !yield(a, err) {
				go func() { select {} }()
				return
			}
		}
	})},
	{"ignores cancellation", "stops when cancelled", func(f *faulty) {
		f.with = func(ctx context.Context, t connectors.Trace) (context.Context, connectors.Trace) {
			return context.WithoutCancel(ctx), t
		}
	}},
	{"takes cancellation for the end", "stops when cancelled", through(func(good iter.Seq2[connectors.Account, error], yield yieldFunc) {
		for a, err := range good {
			if errors.Is(err, context.Canceled) || !yield(a, err) {
				return
			}
		}
	})},
	{"fills sign-ins it did not declare", "fills no signal it does not declare", each(func(_ int, a *connectors.Account) { a.LastSignIn = 20000 })},
	{"fills MFA it did not declare", "fills no signal it does not declare", each(func(_ int, a *connectors.Account) { a.MFA = connectors.No })},
	{"fills a use it did not declare", "fills no signal it does not declare", func(f *faulty) { f.Rows[0].Entitlements[0].LastUsed = 20000 }},
	{"fills a grant date it did not declare", "fills no signal it does not declare", func(f *faulty) { f.Rows[0].Entitlements[0].Granted = 20000 }},
	{"reads an account without its entitlements", "reads one account as the list has it", func(f *faulty) {
		f.get = func(a connectors.Account) connectors.Account { a.Entitlements = nil; return a }
	}},
	{"reads more than its Spec says", "is no more than its Spec says", func(f *faulty) {
		f.info = func(i *connectors.Info) { i.Collections = append(i.Collections, connectors.Groups) }
	}},
	{"gives a signal its Spec does not say", "is no more than its Spec says", func(f *faulty) {
		f.info = func(i *connectors.Info) { i.Signals.MFA.Given = true }
	}},
	{"reads an account that is not there", "reads one account as the list has it", func(f *faulty) {
		f.get = func(a connectors.Account) connectors.Account { return a }
	}},
}

// Every planted fault must be caught by the check that is about it, and every check must have caught something.
func TestFaultsAreCaught(t *testing.T) {
	unproved := map[string]bool{}
	for _, c := range appSuite(AppHarness{}).checks {
		unproved[c.name] = true
	}
	for _, c := range slices.Concat(writeChecks, wireChecks) { // whose faults are in faults_write_test.go and faults_wire_test.go
		delete(unproved, c.name)
	}
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			s := appSuite(harness(func(a *inmem.App) connectors.App {
				bad := &faulty{App: a}
				f.plant(bad)
				return bad
			}))
			delete(unproved, f.caughtBy)
			if !fails(t, s, f.caughtBy) {
				t.Errorf("the check %q did not notice", f.caughtBy)
			}
		})
	}
	for name := range unproved {
		t.Errorf("no fault proves that the check %q bites", name)
	}
}
