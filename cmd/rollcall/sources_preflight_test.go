package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/inmem"
	"rollcall/scanner"
)

// asked is an app with a preflight.
type asked struct {
	*inmem.App
	flight connectors.Preflight
	err    error
}

func (a asked) Preflight(context.Context) (connectors.Preflight, error) { return a.flight, a.err }

func TestPreflights(t *testing.T) {
	rows := []connectors.Account{{ID: "7", Username: "canary"}}
	lacksRead := connectors.Problem{Lacks: "the permission audit.read", So: "no sign-in would be seen", Fix: "grant it"}
	lacksWrite := connectors.Problem{Lacks: "the permission users.write", So: "nobody could be disabled", Fix: "grant it", Writing: true}
	for _, c := range []struct {
		name   string
		flight connectors.Preflight
		err    error
		writes bool
		canary connectors.AccountID
		sound  bool
		says   []string
		hides  string
	}{
		{"sound", connectors.Preflight{Identity: "app 12", Proved: []string{"may read users"}}, nil, true, "7", true,
			[]string{"crm: preflight: as app 12\n", "  proved: may read users\n", `crm: the canary account "7" is seen: canary`}, "problem"},
		{"a permission is missing", connectors.Preflight{Problems: []connectors.Problem{lacksRead}}, nil, false, "", false,
			[]string{"does not say as whom", "problem: it lacks the permission audit.read, so that no sign-in would be seen; grant it\n"}, ""},
		{"one to write is missing", connectors.Preflight{Problems: []connectors.Problem{lacksWrite}}, nil, true, "", false, []string{"users.write"}, ""},
		{"one to write is missing where nothing is written", connectors.Preflight{Problems: []connectors.Problem{lacksWrite}}, nil, false, "", true, nil, "users.write"},
		{"it could not be asked", connectors.Preflight{}, errors.New("no route to host"), false, "", false, []string{"crm: preflight failed\n  problem: no route to host\n"}, ""},
		{"a canary is not seen", connectors.Preflight{}, nil, false, "8", false, []string{`the canary account "8" is not seen`}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			app := asked{&inmem.App{Rows: rows}, c.flight, c.err}
			conf := &config{Roster: &inmem.Roster{}, Apps: []scanner.App{{ID: "crm", Source: connectors.ReadOnly(app)}},
				Canaries: map[connectors.AppID][]connectors.AccountID{}, Writable: map[connectors.AppID]connectors.App{}}
			if c.canary != "" {
				conf.Canaries["crm"] = []connectors.AccountID{c.canary}
			}
			if c.writes {
				conf.Writable["crm"] = app
			}
			p := &program{stdout: &out}
			sound, err := p.preflights(t.Context(), conf)
			if err != nil || sound != c.sound {
				t.Errorf("sound %v, error %v", sound, err)
			}
			for _, s := range c.says {
				if !strings.Contains(out.String(), s) {
					t.Errorf("%q is missing in:\n%s", s, out.String())
				}
			}
			if c.hides != "" && strings.Contains(out.String(), c.hides) {
				t.Errorf("%q stands in:\n%s", c.hides, out.String())
			}
		})
	}
}
