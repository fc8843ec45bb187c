package connectortest

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/inmem"
)

// Here is what the faults are planted with, and the listener that hears whether a check noticed one.

type yieldFunc = func(connectors.Account, error) bool

// faulty is the reference connector with one fault planted in its pull, or in what it says.
type faulty struct {
	*inmem.App
	info func(*connectors.Info)
	pull func(good iter.Seq2[connectors.Account, error]) iter.Seq2[connectors.Account, error]
	with func(ctx context.Context, t connectors.Trace) (context.Context, connectors.Trace)
	get  func(connectors.Account) connectors.Account
}

func (f *faulty) Info() connectors.Info {
	i := f.App.Info()
	if f.info != nil {
		f.info(&i)
	}
	return i
}

func (f *faulty) Accounts(ctx context.Context, t connectors.Trace) iter.Seq2[connectors.Account, error] {
	if f.with != nil {
		ctx, t = f.with(ctx, t)
	}
	seq := f.App.Accounts(ctx, t)
	if f.pull != nil {
		seq = f.pull(seq)
	}
	return seq
}

func (f *faulty) Account(ctx context.Context, id connectors.AccountID) (connectors.Account, error) {
	a, err := f.App.Account(ctx, id)
	if f.get != nil {
		return f.get(a), nil
	}
	return a, err
}

// tracer meddles with what is told to a Trace.
type tracer struct {
	connectors.Trace
	end  func(connectors.Trace, connectors.Collection)
	page func(connectors.Trace, connectors.Page)
}

func (t tracer) End(c connectors.Collection) {
	if t.end != nil {
		t.end(t.Trace, c)
		return
	}
	t.Trace.End(c)
}

func (t tracer) Page(c connectors.Collection, p connectors.Page) {
	if t.page != nil {
		t.page(t.Trace, p)
		return
	}
	t.Trace.Page(c, p)
}

func ending(end func(connectors.Trace, connectors.Collection)) func(*faulty) {
	return func(f *faulty) {
		f.with = func(ctx context.Context, t connectors.Trace) (context.Context, connectors.Trace) {
			return ctx, tracer{Trace: t, end: end}
		}
	}
}

func paging(page func(connectors.Trace, connectors.Page)) func(*faulty) {
	return func(f *faulty) {
		f.with = func(ctx context.Context, t connectors.Trace) (context.Context, connectors.Trace) {
			return ctx, tracer{Trace: t, page: page}
		}
	}
}

// each meddles with every row that is yielded.
func each(change func(n int, a *connectors.Account)) func(*faulty) {
	return func(f *faulty) {
		f.pull = func(good iter.Seq2[connectors.Account, error]) iter.Seq2[connectors.Account, error] {
			return func(yield func(connectors.Account, error) bool) {
				n := 0
				for a, err := range good {
					n++
					change(n, &a)
					if !yield(a, err) {
						return
					}
				}
			}
		}
	}
}

// through replaces the loop that hands rows on.
func through(loop func(good iter.Seq2[connectors.Account, error], yield yieldFunc)) func(*faulty) {
	return func(f *faulty) {
		f.pull = func(good iter.Seq2[connectors.Account, error]) iter.Seq2[connectors.Account, error] {
			return func(yield func(connectors.Account, error) bool) { loop(good, yield) }
		}
	}
}

// fails runs one check of the suite for a listener that only remembers whether it failed.
func fails[R any](t *testing.T, s suite[R], name string) bool {
	t.Helper()
	for _, c := range s.checks {
		if c.name == name {
			tb := &listener{TB: t}
			done := make(chan struct{})
			go func() { // a check may end its goroutine
				defer close(done)
				s.begin(tb)
				c.run(tb, s)
			}()
			<-done
			t.Log(strings.Join(tb.said, "\n"))
			return len(tb.said) > 0
		}
	}
	t.Fatalf("there is no check %q", name)
	return false
}

type listener struct {
	testing.TB
	said []string
}

func (l *listener) Helper()                   {}
func (l *listener) Error(args ...any)         { l.said = append(l.said, fmt.Sprint(args...)) }
func (l *listener) Errorf(f string, a ...any) { l.said = append(l.said, fmt.Sprintf(f, a...)) }
func (l *listener) Fatal(args ...any)         { l.Error(args...); runtime.Goexit() }
func (l *listener) Fatalf(f string, a ...any) { l.Errorf(f, a...); runtime.Goexit() }
func (l *listener) FailNow()                  { l.Error("failed"); runtime.Goexit() }
