package connectortest

import (
	"context"
	"iter"
	"slices"
	"testing"

	"rollcall/connectors"
)

// AppHarness is what the suite must know of an app's connector. Two accounts are the least to try it with.
type AppHarness struct {
	// Open makes the source; the data behind it is the same each time.
	Open func(testing.TB) connectors.App
	// Broken makes the source so that its pull fails part way: over a file cut short, a server that fails for page two.
	Broken func(testing.TB) connectors.App
	// Want is every account in any order: its ID and, to be compared as well, whichever other fields are set.
	Want []connectors.Account
	// Rejects is how many rows of connectors.Accounts are to be left out.
	Rejects int
	// Secret is the token or password the source was opened with; it may show nowhere.
	Secret string
	// Spec is what the connector says of its kind; the checks hold what the source gives against it. Without a title: none.
	Spec connectors.Spec
	// Wire opens the source as Open does, of a connector that speaks HTTP. The suite then breaks that in every way it knows.
	Wire Wire
	// Try says what the checks of an app's abilities may change. They change what Open gives: the next Open must give it
	// again as it was at first.
	Try Try
}

// Try names what an app's abilities are tried with. What is left empty is chosen among the accounts: an enabled one; one
// that holds something which another holds as well; one with a credential.
type Try struct {
	Disable     connectors.AccountID // also for sessions, archiving and deleting
	Remove      connectors.AccountID // an entitlement of this one
	Entitlement connectors.EntitlementID
	Revoke      connectors.AccountID // a credential of this one
	Credential  connectors.CredentialID
}

// RosterHarness is what the suite must know of a roster's connector; its fields are those of AppHarness.
type RosterHarness struct {
	Open    func(testing.TB) connectors.Roster
	Broken  func(testing.TB) connectors.Roster
	Want    []connectors.Person
	Rejects int
	Secret  string
	Spec    connectors.Spec
}

// IDs makes a list of wanted accounts of which only the ids are compared.
func IDs(ids ...connectors.AccountID) []connectors.Account {
	out := make([]connectors.Account, len(ids))
	for i, id := range ids {
		out[i].ID = id
	}
	return out
}

// App holds the connector of an app against its contract. Tests that use it must not run in parallel with others of
// their package: it looks for goroutines that a pull left behind.
func App(t *testing.T, h AppHarness) {
	t.Helper()
	run(t, appSuite(h))
}

// AppOnly makes one of App's checks alone, by its name: for more of what can be done, where all of them would be much the same.
func AppOnly(t *testing.T, check string, h AppHarness) {
	t.Helper()
	s := appSuite(h)
	for _, c := range s.checks {
		if c.name == check {
			s.checks = append(s.checks[:0:0], c)
			run(t, s)
			return
		}
	}
	t.Fatalf("connectortest: there is no check %q", check)
}

// RepeatedDelete is the check of what services answer to a DELETE that was made and comes again.
const RepeatedDelete = "takes the refusal of a repeated DELETE for done"

// Roster holds the connector of a roster against its contract. As for App, not in parallel.
func Roster(t *testing.T, h RosterHarness) {
	t.Helper()
	run(t, rosterSuite(h))
}

// source is a roster or an app; both are tried by the same checks.
type source[R any] struct {
	connectors.Source
	pull func(context.Context, connectors.Trace) iter.Seq2[R, error]
}

type suite[R any] struct {
	main         connectors.Collection
	open, broken func(testing.TB) source[R]
	want         []R
	rejects      int
	secret       string
	id           func(R) string
	from         func(R) connectors.Where
	keep         func(R) R // what a consumer does to hold on to a row
	checks       []check[R]
	try          Try
	spec         connectors.Spec
	wire         Wire

	src  source[R]       // the one that begin pulled
	info connectors.Info // what it said before
	recording[R]
}

type check[R any] struct {
	name string
	run  func(testing.TB, suite[R])
}

func run[R any](t *testing.T, s suite[R]) {
	t.Helper()
	if s.open == nil || s.broken == nil || len(s.want) < 2 {
		t.Fatal("connectortest: the harness needs Open, Broken and at least two wanted rows")
	}
	s.begin(t)
	for _, c := range s.checks {
		t.Run(c.name, func(t *testing.T) { c.run(t, s) })
	}
}

func appSuite(h AppHarness) suite[connectors.Account] {
	return suite[connectors.Account]{
		main:    connectors.Accounts,
		open:    opener(h.Open, connectors.App.Accounts),
		broken:  opener(h.Broken, connectors.App.Accounts),
		want:    h.Want,
		rejects: h.Rejects,
		secret:  h.Secret,
		id:      func(a connectors.Account) string { return string(a.ID) },
		from:    func(a connectors.Account) connectors.Where { return a.From },
		keep:    connectors.Account.Clone,
		checks:  slices.Concat(commonChecks[connectors.Account](), accountChecks, writeChecks, wireChecks),
		try:     h.Try,
		spec:    h.Spec,
		wire:    h.Wire,
	}
}

func rosterSuite(h RosterHarness) suite[connectors.Person] {
	return suite[connectors.Person]{
		main:    connectors.People,
		open:    opener(h.Open, connectors.Roster.People),
		broken:  opener(h.Broken, connectors.Roster.People),
		want:    h.Want,
		rejects: h.Rejects,
		secret:  h.Secret,
		id:      func(p connectors.Person) string { return string(p.ID) },
		from:    func(p connectors.Person) connectors.Where { return p.From },
		keep:    func(p connectors.Person) connectors.Person { return p },
		checks:  commonChecks[connectors.Person](),
		spec:    h.Spec,
	}
}

func opener[S connectors.Source, R any](open func(testing.TB) S,
	pull func(S, context.Context, connectors.Trace) iter.Seq2[R, error]) func(testing.TB) source[R] {
	if open == nil {
		return nil
	}
	return func(tb testing.TB) source[R] {
		tb.Helper()
		s := open(tb)
		return source[R]{s, func(ctx context.Context, t connectors.Trace) iter.Seq2[R, error] { return pull(s, ctx, t) }}
	}
}
