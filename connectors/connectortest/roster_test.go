package connectortest

import (
	"context"
	"iter"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/inmem"
)

func people() *inmem.Roster {
	return &inmem.Roster{Rows: []connectors.Person{
		{ID: "E1", FirstName: "Ada", LastName: "Quill", Aliases: []string{"aq@corp.example"}},
		{ID: "E2", FirstName: "Bo", LastName: "Fern", Aliases: []string{"bf@corp.example"}},
		{ID: "E3", FirstName: "Cy", LastName: "Moss", Aliases: []string{"cm@corp.example"}},
	}}
}

func rosterHarness(plant func(*inmem.Roster) connectors.Roster) RosterHarness {
	return RosterHarness{
		Open: func(testing.TB) connectors.Roster { return plant(people()) },
		Broken: func(testing.TB) connectors.Roster {
			r := people()
			r.Fail, r.FailAfter = errDown, 2
			return plant(r)
		},
		Want: people().Rows,
		Spec: connectors.Spec{Title: "memory", Collections: []connectors.Collection{connectors.People}},
	}
}

func TestReferenceRoster(t *testing.T) {
	Roster(t, rosterHarness(func(r *inmem.Roster) connectors.Roster { return r }))
}

// reusing lends its people's slices, as only an app may with its accounts.
type reusing struct{ *inmem.Roster }

func (r reusing) People(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Person, error] {
	return func(yield func(connectors.Person, error) bool) {
		var aliases []string
		for p, err := range r.Roster.People(ctx, t) {
			aliases = append(aliases[:0], p.Aliases...)
			p.Aliases = aliases
			if !yield(p, err) {
				return
			}
		}
	}
}

// telling reads the people's history as well, and does not say so.
type telling struct{ *inmem.Roster }

func (r telling) Info() connectors.Info {
	i := r.Roster.Info()
	i.Collections = []connectors.Collection{connectors.People, connectors.JobHistory}
	return i
}

func TestRosterFaultsAreCaught(t *testing.T) {
	for name, f := range map[string]struct {
		caughtBy string
		plant    func(*inmem.Roster) connectors.Roster
	}{
		"lends its slices":              {"yields rows that can be kept", func(r *inmem.Roster) connectors.Roster { return reusing{r} }},
		"yields a row twice":            {"has unique ids", func(r *inmem.Roster) connectors.Roster { r.Rows[2] = r.Rows[0]; return r }},
		"drops the last row":            {"yields every wanted row", func(r *inmem.Roster) connectors.Roster { r.Rows = r.Rows[:2]; return r }},
		"gives another's row":           {"yields every wanted row", func(r *inmem.Roster) connectors.Roster { r.Rows[1].LastName = "Reed"; return r }},
		"reads more than its Spec says": {"is no more than its Spec says", func(r *inmem.Roster) connectors.Roster { return telling{r} }},
		"is read though broken": {"fails closed", func(r *inmem.Roster) connectors.Roster {
			r.Fail = nil
			return r
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if !fails(t, rosterSuite(rosterHarness(f.plant)), f.caughtBy) {
				t.Errorf("the check %q did not notice", f.caughtBy)
			}
		})
	}
}
