package inmem_test

import (
	"errors"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/inmem"
)

func rows() []connectors.Account {
	return []connectors.Account{
		{ID: "1", Entitlements: []connectors.Entitlement{{ID: "reader"}, {ID: "writer"}}},
		{ID: "2", Entitlements: []connectors.Entitlement{{ID: "admin", Privileged: true}}},
		{ID: "3"},
	}
}

func TestAppKeepsTheContract(t *testing.T) {
	for name, s := range map[string]inmem.Source{
		"one page":  {},
		"pages":     {PageSize: 2},
		"no total":  {PageSize: 1, NoTotal: true},
		"with sand": {Rejects: []inmem.Reject{{Line: 9, Err: errors.New("unreadable")}}, Notes: []string{"made up"}},
	} {
		t.Run(name, func(t *testing.T) {
			broken := s
			broken.Fail, broken.FailAfter = errors.New("server down"), 2
			connectortest.App(t, connectortest.AppHarness{
				Open:    func(testing.TB) connectors.App { return &inmem.App{Source: s, Rows: rows()} },
				Broken:  func(testing.TB) connectors.App { return &inmem.App{Source: broken, Rows: rows()} },
				Want:    rows(),
				Rejects: len(s.Rejects),
			})
		})
	}
}

// A consumer that does not Clone must be found out by the reference connector.
func TestSlicesAreOverwritten(t *testing.T) {
	app := &inmem.App{Rows: rows()}
	var kept [][]connectors.Entitlement
	for a, err := range app.Accounts(t.Context(), new(connectortest.Trace)) {
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, a.Entitlements)
	}
	if got := kept[0][0].ID; got != "admin" {
		t.Errorf("the first account's slice holds %q after the second was yielded; want it overwritten", got)
	}
	if got := app.Rows[0].Entitlements[0].ID; got != "reader" {
		t.Errorf("the app's own row now holds %q", got)
	}
}
