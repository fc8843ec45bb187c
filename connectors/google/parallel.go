package google

import (
	"context"
	"errors"
	"sync"
)

// parallel is how many requests are on their way at once, at most. At the time an answer usually takes it stays below what
// Google allows an administrator, 2400 requests a minute.
const parallel = 4

// each does the same with each of in, so many at a time, and gives the results in the order of in. The first error, in that
// order, ends it; nothing is left running.
func each[T, R any](ctx context.Context, atOnce int, in []T, do func(context.Context, T) (R, error)) ([]R, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out, errs := make([]R, len(in)), make([]error, len(in))
	free := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i := range in {
		free <- struct{}{}
		if ctx.Err() != nil {
			errs[i] = ctx.Err()
			<-free
			continue
		}
		wg.Go(func() {
			defer func() { <-free }()
			if out[i], errs[i] = do(ctx, in[i]); errs[i] != nil {
				cancel()
			}
		})
	}
	wg.Wait()
	return out, first(errs)
}

// first is the first error that is not only the echo of another one.
func first(errs []error) error {
	var echo error
	for _, err := range errs {
		switch {
		case err == nil:
		case !errors.Is(err, context.Canceled):
			return err
		case echo == nil:
			echo = err
		}
	}
	return echo
}
