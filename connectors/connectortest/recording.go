package connectortest

import (
	"context"
	"fmt"
	"testing"
)

// recording is one pull as a strict listener heard it.
type recording[R any] struct {
	rows     []R      // kept as a consumer keeps them
	texts    []string // each row as it looked at its yield
	trace    *Trace
	err      error
	afterErr int // elements after the one with the error
	afterEnd int // rows after the end marker of their collection
}

// record pulls to the end, whatever comes. each, if given, is called with every row.
func record[R any](ctx context.Context, s suite[R], src source[R], each func(n int)) recording[R] {
	rec := recording[R]{trace: new(Trace)}
	src.pull(ctx, rec.trace)(func(r R, err error) bool {
		switch {
		case rec.err != nil:
			rec.afterErr++
			return rec.afterErr < 10 // a source that never stops would hang the test
		case err != nil:
			rec.err = err
			return true
		}
		if rec.trace.Ended(s.main) {
			rec.afterEnd++
		}
		rec.texts = append(rec.texts, text(r))
		rec.rows = append(rec.rows, s.keep(r))
		if each != nil {
			each(len(rec.rows))
		}
		return true
	})
	return rec
}

// begin makes the pull that most checks judge. It must succeed; without that there is nothing to judge.
func (s *suite[R]) begin(tb testing.TB) {
	tb.Helper()
	s.src = s.open(tb)
	s.info = s.src.Info()
	s.recording = record(tb.Context(), *s, s.src, nil)
	if s.err != nil {
		tb.Fatalf("the pull failed: %v", s.err)
	}
}

// text is a row in full; it shares no memory with it. A nil slice and an empty one look the same.
func text(v any) string { return fmt.Sprintf("%+v", v) }
