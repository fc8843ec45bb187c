package sqldb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"hash"
	"strings"

	"rollcall/connectors"
)

// reader asks one connection, and tells the trace of it.
type reader struct {
	*server
	ctx      context.Context
	q        querier
	trace    connectors.Trace
	leaveOut []string
}

// page is what one query gave.
type page struct {
	connectors.Page
	sum hash.Hash
}

func newPage(request string) *page {
	return &page{Page: connectors.Page{Request: request}, sum: sha256.New()}
}

// add counts a row, in which every value ends in a byte that none holds.
func (p *page) add(row []sql.NullString) {
	for _, v := range row {
		text := "\x01" // NULL
		if v.Valid {
			text = v.String
		}
		p.Bytes += int64(len(text) + 1)
		p.sum.Write([]byte(text))
		p.sum.Write([]byte{0})
	}
}

func (p *page) whole() connectors.Page {
	p.SHA256 = [32]byte(p.sum.Sum(nil))
	return p.Page
}

// each runs a query and hands on its rows, as text. The end of them is one only when the server said so.
func (r *reader) each(c connectors.Collection, query string, row func(v []sql.NullString) error, args ...any) error {
	rows, err := r.q.QueryContext(r.ctx, query, args...)
	if err != nil {
		return r.broken(r.ctx, "read "+string(c), err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return r.broken(r.ctx, "read "+string(c), err)
	}
	p := newPage(oneLine(query))
	v := make([]sql.NullString, len(names))
	to := make([]any, len(names))
	for i := range v {
		to[i] = &v[i]
	}
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return r.broken(r.ctx, "read "+string(c), err)
		}
		p.add(v)
		if err := row(v); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return r.broken(r.ctx, "read "+string(c), err)
	}
	r.trace.Page(c, p.whole())
	return nil
}

// value is the one value of a query.
func (r *reader) value(query string) (string, error) {
	var out string
	n := 0
	err := r.each(connectors.Accounts, query, func(v []sql.NullString) error {
		out = v[0].String
		n++
		return nil
	})
	if err == nil && n != 1 {
		err = fmt.Errorf("%s: %d rows came of %q; want one", r.location(), n, oneLine(query))
	}
	return out, err
}

// do runs a statement.
func (r *reader) do(statement string, args ...any) (sql.Result, error) {
	res, err := r.q.ExecContext(r.ctx, statement, args...)
	if err != nil {
		return nil, r.broken(r.ctx, "change", err)
	}
	return res, nil
}

func oneLine(query string) string { return strings.Join(strings.Fields(query), " ") }

// yes reads a truth value as both servers write it.
func yes(v sql.NullString) bool {
	switch strings.ToLower(v.String) {
	case "true", "t", "y", "yes", "1":
		return true
	}
	return false
}

// ownerIn is the owner that a comment names, as in "nightly export owner=erika.muster@example.com".
func ownerIn(comment string) string {
	for _, word := range strings.Fields(comment) {
		if owner, ok := strings.CutPrefix(word, "owner="); ok {
			return strings.Trim(owner, `.,;"'`)
		}
	}
	return ""
}

// unheard is the Trace of a read that is not part of a pull.
type unheard struct{}

func (unheard) Page(connectors.Collection, connectors.Page)           {}
func (unheard) Reject(connectors.Collection, connectors.Where, error) {}
func (unheard) Total(connectors.Collection, int)                      {}
func (unheard) End(connectors.Collection)                             {}
func (unheard) Note(connectors.Collection, string)                    {}
