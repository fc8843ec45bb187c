package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// turn lets one thing at a time happen that must not happen beside another: a run, a settling, a change of what runs read.
// Who waits is told for whom.
type turn struct {
	now  func() time.Time
	free chan struct{} // holds a token while it is nobody's turn

	mu     sync.Mutex
	holder string
	since  time.Time
}

func newTurn(now func() time.Time) *turn {
	t := &turn{now: now, free: make(chan struct{}, 1)}
	t.free <- struct{}{}
	return t
}

// take waits for the turn. waiting is called once where somebody has to wait, with what for; nil: nobody wants to know.
func (t *turn) take(ctx context.Context, who string, waiting func(string)) (release func(), err error) {
	select {
	case <-t.free:
	default:
		if waiting != nil {
			waiting(t.says())
		}
		select {
		case <-t.free:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	t.mu.Lock()
	t.holder, t.since = who, t.now()
	t.mu.Unlock()
	return sync.OnceFunc(func() {
		t.mu.Lock()
		t.holder = ""
		t.mu.Unlock()
		t.free <- struct{}{}
	}), nil
}

// says who has the turn.
func (t *turn) says() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.holder == "" {
		return "what is under way"
	}
	return fmt.Sprintf("%s, since %s", t.holder, t.since.UTC().Format("15:04:05 (UTC)"))
}
