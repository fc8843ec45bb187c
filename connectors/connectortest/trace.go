// Package connectortest holds the contracts of package connectors as checks. A connector's test gives the suite a way
// to open the source over data it knows, and calls App or Roster; every promise a report rests on is then tried.
package connectortest

import (
	"context"
	"iter"
	"slices"

	"rollcall/connectors"
)

// Trace records all that a pull tells of itself. The zero value is ready.
type Trace struct {
	Pages   []Page
	Rejects []Reject
	Totals  []Total
	Ends    []connectors.Collection
	Notes   []Note
}

// What the methods of connectors.Trace were called with, in the order of the calls.
type (
	Page struct {
		Collection connectors.Collection
		connectors.Page
	}
	Reject struct {
		Collection connectors.Collection
		Where      connectors.Where
		Err        error
	}
	Total struct {
		Collection connectors.Collection
		N          int
	}
	Note struct {
		Collection connectors.Collection
		Text       string
	}
)

var _ connectors.Trace = (*Trace)(nil)

func (t *Trace) Page(c connectors.Collection, p connectors.Page) {
	t.Pages = append(t.Pages, Page{c, p})
}

func (t *Trace) Reject(c connectors.Collection, w connectors.Where, err error) {
	t.Rejects = append(t.Rejects, Reject{c, w, err})
}

func (t *Trace) Total(c connectors.Collection, n int) { t.Totals = append(t.Totals, Total{c, n}) }

func (t *Trace) End(c connectors.Collection) { t.Ends = append(t.Ends, c) }

func (t *Trace) Note(c connectors.Collection, s string) { t.Notes = append(t.Notes, Note{c, s}) }

// Rejected counts the rows of c that were left out.
func (t *Trace) Rejected(c connectors.Collection) int {
	n := 0
	for _, r := range t.Rejects {
		if r.Collection == c {
			n++
		}
	}
	return n
}

// Ended tells whether the terminal markers of all the collections were seen.
func (t *Trace) Ended(cs ...connectors.Collection) bool {
	for _, c := range cs {
		if !slices.Contains(t.Ends, c) {
			return false
		}
	}
	return true
}

// Accounts makes one pull and returns copies of what came, up to the error that ended it.
func Accounts(ctx context.Context, a connectors.App) ([]connectors.Account, *Trace, error) {
	t := new(Trace)
	rows, err := collect(a.Accounts(ctx, t), connectors.Account.Clone)
	return rows, t, err
}

// People makes one pull and returns what came, up to the error that ended it.
func People(ctx context.Context, r connectors.Roster) ([]connectors.Person, *Trace, error) {
	t := new(Trace)
	rows, err := collect(r.People(ctx, t), func(p connectors.Person) connectors.Person { return p })
	return rows, t, err
}

func collect[R any](seq iter.Seq2[R, error], keep func(R) R) ([]R, error) {
	var rows []R
	for r, err := range seq {
		if err != nil {
			return rows, err
		}
		rows = append(rows, keep(r))
	}
	return rows, nil
}
