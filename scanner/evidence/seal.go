package evidence

import (
	"context"
	"encoding/json"
	"iter"

	"rollcall/connectors"
)

type sealedRoster struct {
	connectors.Roster
	file *file
}

// People gives what the roster gives, and seals it.
func (s sealedRoster) People(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Person, error] {
	return sealed(s.file, s.Info(), t, func(t connectors.Trace) iter.Seq2[connectors.Person, error] { return s.Roster.People(ctx, t) }, appendPerson)
}

type sealedApp struct {
	connectors.App
	file *file
}

// Accounts gives what the app gives, and seals it.
func (s sealedApp) Accounts(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Account, error] {
	return sealed(s.file, s.Info(), t, func(t connectors.Trace) iter.Seq2[connectors.Account, error] { return s.App.Accounts(ctx, t) }, appendAccount)
}

// sealed writes down everything that a pull says and yields, in that order.
func sealed[T any](f *file, info connectors.Info, t connectors.Trace, pull func(connectors.Trace) iter.Seq2[T, error],
	encode func([]byte, *T) []byte) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		f.line(func(b []byte) []byte { return appendValue(b, header{Sealed: format, Info: newInfoLine(info)}) })
		var row T // one for all: the loop's own would be allocated for each
		write := func(b []byte) []byte { return encode(b, &row) }
		for r, err := range pull(&sealedTrace{t, f}) {
			if row = r; err == nil {
				f.line(write)
			} else {
				f.line(func(b []byte) []byte { return appendObject(b, "error", err.Error()) })
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// sealedTrace hands on and writes down what a source says of its pull.
type sealedTrace struct {
	connectors.Trace
	f *file
}

func (s *sealedTrace) Page(c connectors.Collection, p connectors.Page) {
	s.event("page", newPageLine(c, p))
	s.Trace.Page(c, p)
}

func (s *sealedTrace) Reject(c connectors.Collection, w connectors.Where, err error) {
	s.event("reject", newRejectLine(c, w, err))
	s.Trace.Reject(c, w, err)
}

func (s *sealedTrace) Total(c connectors.Collection, n int) {
	s.event("total", totalLine{c, n})
	s.Trace.Total(c, n)
}

func (s *sealedTrace) End(c connectors.Collection) {
	s.event("end", c)
	s.Trace.End(c)
}

func (s *sealedTrace) Note(c connectors.Collection, text string) {
	s.event("note", noteLine{c, text})
	s.Trace.Note(c, text)
}

func (s *sealedTrace) event(key string, v any) {
	s.f.line(func(b []byte) []byte { return appendObject(b, key, v) })
}

// appendObject appends an object with one key. For lines of which there are few; rows are appended by hand.
func appendObject(b []byte, key string, v any) []byte {
	b = append(append(append(b, `{"`...), key...), `":`...)
	return append(appendValue(b, v), '}')
}

func appendValue(b []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // the types of this package have no value that JSON cannot say
	}
	return append(b, text...)
}
