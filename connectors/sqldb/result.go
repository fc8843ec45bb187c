package sqldb

import (
	"database/sql"
	"fmt"
	"io"
	"strconv"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/table"
)

// result is what a query gives, as a table. It is ordered by whom its rows are about, so that a second reading has the same
// order.
type result struct {
	r     *reader
	own   *Own
	name  string
	query string
	about string               // the column of the account's id
	one   connectors.AccountID // of whom alone; empty: of all
}

// Name implements table.File.
func (f *result) Name() string { return f.name }

// Size implements table.File: nobody knows before the end.
func (f *result) Size() int64 { return 0 }

// Skim implements table.File.
func (f *result) Skim() (table.Reader, error) { return f.Open() }

// Open implements table.File.
func (f *result) Open() (table.Reader, error) {
	d := f.own.dialect
	column := "rollcall." + d.quote(f.about)
	query := "SELECT * FROM (" + f.query + "\n) AS rollcall"
	var args []any
	if f.one != "" {
		query += " WHERE " + d.asText(column) + " = " + d.placeholder(1)
		args = append(args, string(f.one))
	}
	query += " ORDER BY " + column
	rows, err := f.r.q.QueryContext(f.r.ctx, query, args...)
	if err != nil {
		return nil, f.own.broken(f.r.ctx, "", err)
	}
	out := &resultReader{result: f, rows: rows, page: newPage(oneLine(query))}
	if err := out.describe(); err != nil {
		rows.Close()
		return nil, f.own.broken(f.r.ctx, "", err)
	}
	return out, nil
}

// resultReader is one reading of a result.
type resultReader struct {
	*result
	rows  *sql.Rows
	names []string
	days  []bool // the column holds days, not instants
	page  *page
	line  int
	v     []any
	to    []any
	text  []sql.NullString
	cells [][]byte
}

func (r *resultReader) describe() error {
	types, err := r.rows.ColumnTypes()
	if err != nil {
		return err
	}
	for _, t := range types {
		r.names, r.days = append(r.names, t.Name()), append(r.days, t.DatabaseTypeName() == "DATE")
	}
	r.v, r.to = make([]any, len(types)), make([]any, len(types))
	r.text, r.cells = make([]sql.NullString, len(types)), make([][]byte, len(types))
	for i := range r.v {
		r.to[i] = &r.v[i]
	}
	return nil
}

// Next implements table.Reader.
func (r *resultReader) Next(rec *table.Record) error {
	r.line++
	if r.line == 1 {
		for i, n := range r.names {
			r.cells[i] = []byte(n)
			r.text[i] = sql.NullString{String: n, Valid: true}
		}
		r.page.add(r.text)
		rec.Line, rec.Cells = r.line, r.cells
		return nil
	}
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return r.own.broken(r.r.ctx, "", err)
		}
		return io.EOF
	}
	if err := r.rows.Scan(r.to...); err != nil {
		return r.own.broken(r.r.ctx, "", err)
	}
	for i, v := range r.v {
		r.text[i] = sql.NullString{String: cell(v, r.days[i]), Valid: v != nil}
		r.cells[i] = append(r.cells[i][:0:0], r.text[i].String...)
	}
	r.page.add(r.text)
	rec.Line, rec.Cells = r.line, r.cells
	return nil
}

// cell writes a value as a file would have it.
func cell(v any, day bool) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []byte:
		return string(v)
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case time.Time:
		if day {
			return v.Format(time.DateOnly)
		}
		return v.Format(time.RFC3339)
	}
	return fmt.Sprint(v)
}

// NextCell implements table.Reader.
func (r *resultReader) NextCell(at int) ([]byte, error) {
	var rec table.Record
	if err := r.Next(&rec); err != nil {
		return nil, err
	}
	return rec.Cells[at], nil
}

// Dates implements table.Reader.
func (r *resultReader) Dates() table.DateSystem { return table.NoSerials }

// Page implements table.Reader.
func (r *resultReader) Page() connectors.Page { return r.page.whole() }

// Close implements table.Reader.
func (r *resultReader) Close() error { return r.rows.Close() }
