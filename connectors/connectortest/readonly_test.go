package connectortest

import (
	"context"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/inmem"
)

func TestCanaries(t *testing.T) {
	app := &inmem.App{Rows: []connectors.Account{{ID: "a"}, {ID: "b"}, {ID: "c"}}}
	for _, c := range []struct {
		canaries []connectors.AccountID
		says     string
	}{{nil, ""}, {[]connectors.AccountID{"c", "a"}, ""}, {[]connectors.AccountID{"a", "x", "y"}, `canary account "x" is not in the list`}} {
		rows, _, err := Accounts(t.Context(), connectors.ReadOnly(app, c.canaries...))
		if len(rows) != 3 || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("canaries %q: %d rows, %v", c.canaries, len(rows), err)
		}
	}
	// With them, it is a connector like any other: told to stop or failing, it stops as one.
	App(t, AppHarness{
		Open: func(testing.TB) connectors.App { return connectors.ReadOnly(app, "b") },
		Broken: func(testing.TB) connectors.App {
			return connectors.ReadOnly(&inmem.App{Rows: app.Rows, Source: inmem.Source{Fail: connectors.ErrTransient, FailAfter: 1}}, "b")
		},
		Want: app.Rows,
	})
}

type preflighted struct{ *inmem.App }

func (preflighted) Preflight(context.Context) (connectors.Preflight, error) {
	return connectors.Preflight{Identity: "me"}, nil
}

// ReadOnly hides what changes something, and a preflight changes nothing.
func TestPreflightOf(t *testing.T) {
	app := preflighted{new(inmem.App)}
	for _, s := range []connectors.Source{app, connectors.ReadOnly(app)} {
		p, ok := connectors.PreflightOf(s)
		if !ok {
			t.Fatalf("%T: no preflight", s)
		}
		if got, err := p.Preflight(t.Context()); err != nil || got.Identity != "me" {
			t.Errorf("%T: %+v, %v", s, got, err)
		}
	}
	if _, ok := connectors.PreflightOf(connectors.ReadOnly(new(inmem.App))); ok {
		t.Error("an app without a preflight has one")
	}
}
