package inmem

import (
	"context"
	"iter"
	"slices"

	"rollcall/connectors"
)

// Roster is a roster whose people are a slice.
type Roster struct {
	Source
	Rows []connectors.Person
}

var _ connectors.Roster = (*Roster)(nil)

// Info implements connectors.Source.
func (r *Roster) Info() connectors.Info { return r.info(connectors.People, connectors.Signals{}) }

// People yields the rows in their order. Unlike an account's, a person's slices are the consumer's to keep.
func (r *Roster) People(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Person, error] {
	return func(yield func(connectors.Person, error) bool) {
		pull(ctx, &r.Source, t, connectors.People, r.Rows, clonePerson, yield)
	}
}

func clonePerson(line int, p connectors.Person) connectors.Person {
	p.From = from(p.From, line)
	p.Aliases, p.Roles = slices.Clone(p.Aliases), slices.Clone(p.Roles)
	return p
}
