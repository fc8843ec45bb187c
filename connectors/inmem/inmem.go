// Package inmem is the reference connector: a roster and an app read from slices. It keeps every promise of the
// contracts and uses every freedom they leave, above all the one to overwrite a yielded account's slices, so that a
// consumer that forgets Clone fails against it.
package inmem

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"rollcall/connectors"
)

// Source is what the roster and the app have in common: what a pull tells its Trace besides the rows.
type Source struct {
	Kind     string // "inmem" when empty
	PageSize int    // rows in a page; 0 = all in one
	NoTotal  bool   // the provider does not say how many rows it has
	Rejects  []Reject
	Notes    []string

	Fail      error // ends the pull with this error …
	FailAfter int   // … once so many rows were yielded
}

// Reject is a row that cannot be read.
type Reject struct {
	Line int
	Err  error
}

func (s *Source) info(main connectors.Collection, sig connectors.Signals) connectors.Info {
	kind := s.Kind
	if kind == "" {
		kind = "inmem"
	}
	return connectors.Info{
		Kind: kind, Location: "memory", Parameters: "none",
		Collections: []connectors.Collection{main}, Signals: sig, Repeatable: true,
	}
}

// begin tells the trace all that does not depend on the rows.
func (s *Source) begin(t connectors.Trace, c connectors.Collection, rows int) {
	for _, n := range s.Notes {
		t.Note(c, n)
	}
	for _, r := range s.Rejects {
		t.Reject(c, connectors.Where{Source: "memory", Line: r.Line}, r.Err)
	}
	if !s.NoTotal {
		t.Total(c, rows+len(s.Rejects))
	}
}

// paged cuts the rows into pages; without rows there is one empty page.
func paged[R any](rows []R, size int) [][]R {
	if size <= 0 || len(rows) == 0 {
		return [][]R{rows}
	}
	return slices.Collect(slices.Chunk(rows, size))
}

// page makes the record of a page: its bytes are the rows as JSON.
func page[R any](c connectors.Collection, n int, rows []R) (connectors.Page, error) {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(rows); err != nil {
		return connectors.Page{}, fmt.Errorf("inmem: page %d of %s: %w", n, c, err)
	}
	return connectors.Page{
		Request: fmt.Sprintf("memory %s page %d", c, n),
		Bytes:   int64(b.Len()),
		SHA256:  sha256.Sum256(b.Bytes()),
	}, nil
}
