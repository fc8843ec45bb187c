package connectortest

import (
	"context"
	"errors"
	"testing"
)

// promptly is how many rows a source may yield after its context was cancelled: it need not look before each.
const promptly = 1024

func checkBroken[R any](tb testing.TB, s suite[R]) {
	src := s.broken(tb)
	rec := record(tb.Context(), s, src, nil)
	if rec.err == nil {
		tb.Errorf("the broken source was read without an error: %d rows", len(rec.rows))
	}
	checkFailed(tb, s, src, rec)
}

// checkFailed is what holds of every pull that did not succeed.
func checkFailed[R any](tb testing.TB, s suite[R], src source[R], rec recording[R]) {
	if rec.afterErr > 0 {
		tb.Error("elements came after the error; it must be the last")
	}
	if rec.trace.Ended(src.Info().Collections...) {
		tb.Errorf("the pull failed (%v), yet every collection ended", rec.err)
	}
}

// checkEarlyStop takes one row, half of them, all but the end.
func checkEarlyStop[R any](tb testing.TB, s suite[R]) {
	all := len(s.rows)
	if all == 0 {
		tb.Fatal("no rows to stop after")
	}
	before := goroutines()
	for _, stop := range []int{1, (all + 1) / 2, all} {
		src, trace, n, late := s.open(tb), new(Trace), 0, 0
		src.pull(tb.Context(), trace)(func(R, error) bool {
			if n++; n > stop {
				late++
			}
			return n < stop
		})
		if late > 0 {
			tb.Errorf("told to stop at row %d, it yielded %d more", stop, late)
		}
		if trace.Ended(s.main) {
			tb.Errorf("told to stop at row %d, it claimed the end of %q", stop, s.main)
		}
	}
	if left := newGoroutines(before); left != "" {
		tb.Errorf("a stopped pull left a goroutine behind:\n%s", left)
	}
}

// checkCancel cancels before the pull and after its first row.
func checkCancel[R any](tb testing.TB, s suite[R]) {
	ctx, cancel := context.WithCancel(tb.Context())
	defer cancel()
	src := s.open(tb)
	mid := record(ctx, s, src, func(n int) {
		if n == 1 {
			cancel()
		}
	})
	checkCancelled(tb, s, src, mid, 1+promptly)

	src = s.open(tb)
	checkCancelled(tb, s, src, record(ctx, s, src, nil), 0)
}

func checkCancelled[R any](tb testing.TB, s suite[R], src source[R], rec recording[R], most int) {
	if !errors.Is(rec.err, context.Canceled) {
		tb.Errorf("a cancelled pull must end in an error that is context.Canceled; got: %v", rec.err)
	}
	if len(rec.rows) > most {
		tb.Errorf("a cancelled pull yielded %d rows; want at most %d", len(rec.rows), most)
	}
	checkFailed(tb, s, src, rec)
}
