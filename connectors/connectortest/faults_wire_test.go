package connectortest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// The reference connector over HTTP passes.
func TestReferenceOverTheWire(t *testing.T) {
	App(t, wiredHarness(func(*wiredApp) {}))
}

var wireFaults = []struct {
	name, caughtBy string
	plant          func(*wiredApp)
}{
	{"tells whatever it was told", "keeps what it is for, and nothing else", func(a *wiredApp) { a.tattles = true }},
	{"takes 403 on page two for the end", "takes no refusal for an empty list", swallowing(403)},
	{"takes 404 on page two for the end", "takes no refusal for an empty list", swallowing(404)},
	{"takes status 500 for the end", "takes no refusal for an empty list", swallowing(500)},
	{"shows the secret when it is refused", "takes no refusal for an empty list", func(a *wiredApp) {
		a.read = func(a *wiredApp, ctx context.Context, ref string) (*httpx.Response, error) {
			res, err := a.client.Get(ctx, ref)
			if err != nil {
				err = fmt.Errorf("with token %s: %w", secret, err)
			}
			return res, err
		}
	}},
	{"takes an empty 200 for the end", "takes no empty answer for the end", func(a *wiredApp) { a.takeAny = true }},
	{"follows a page token again and again", "notices a page that comes again", func(a *wiredApp) { a.trusts, a.noDouble = true, true }},
	{"yields a repeated page", "notices a page that comes again", func(a *wiredApp) { a.trusts = true }},
	{"hides the total", "notices a total that is not true", func(a *wiredApp) { a.noTotal = true }},
	{"does not try a page again", "reads a page again that broke off, and no other", func(a *wiredApp) {
		broke := false
		a.read = func(a *wiredApp, ctx context.Context, ref string) (*httpx.Response, error) {
			res, err := a.client.Get(ctx, ref)
			if err == nil && res.Tries > 1 {
				broke = true
			}
			if broke {
				return nil, errors.New("broke off")
			}
			return res, err
		}
	}},
	{"begins anew after a page that broke off", "reads a page again that broke off, and no other", func(a *wiredApp) {
		a.restarts = true
		a.read = func(a *wiredApp, ctx context.Context, ref string) (*httpx.Response, error) {
			res, err := a.client.Get(ctx, ref)
			if err == nil && res.Tries > 1 {
				return nil, errors.New("broke off")
			}
			return res, err
		}
	}},
	{"gives up when told to wait", "waits out a storm of refusals", func(a *wiredApp) {
		a.read = func(a *wiredApp, ctx context.Context, ref string) (*httpx.Response, error) {
			res, err := a.client.Get(ctx, ref)
			if err == nil && res.Tries > 1 {
				return nil, connectors.ErrTransient
			}
			return res, err
		}
	}},
	{"says that a lost change was not made", "ends a lost answer as done", sending(func(a *wiredApp, ctx context.Context, w httpx.Write) (*httpx.Response, error) {
		w.Repeat = httpx.Never
		res, err := a.client.Send(ctx, w)
		if err != nil {
			err = fmt.Errorf("%w: %w", connectors.ErrTransient, err)
		}
		return res, err
	})},
	{"takes a lost change for made", "ends a lost answer as done", sending(func(a *wiredApp, ctx context.Context, w httpx.Write) (*httpx.Response, error) {
		w.Repeat = httpx.Never
		res, err := a.client.Send(ctx, w)
		if err != nil {
			return new(httpx.Response), nil
		}
		return res, err
	})},
	{"does not look what became of a removal", "takes the refusal of a repeated DELETE for done", func(a *wiredApp) { a.blind = true }},
	{"takes a refusal for done", "changes nothing where it is refused", sending(func(a *wiredApp, ctx context.Context, w httpx.Write) (*httpx.Response, error) {
		res, err := a.client.Send(ctx, w)
		if errors.Is(err, connectors.ErrForbidden) {
			return new(httpx.Response), nil
		}
		return res, err
	})},
	{"ends everybody's sessions", "names the account in every change", func(a *wiredApp) { a.everyone = true }},
}

func swallowing(status int) func(*wiredApp) {
	return func(a *wiredApp) {
		a.takeAny = true
		a.read = func(a *wiredApp, ctx context.Context, ref string) (*httpx.Response, error) {
			res, err := a.client.Get(ctx, ref)
			var e *httpx.Error
			if errors.As(err, &e) && e.Status == status {
				return new(httpx.Response), nil
			}
			return res, err
		}
	}
}

func sending(send func(*wiredApp, context.Context, httpx.Write) (*httpx.Response, error)) func(*wiredApp) {
	return func(a *wiredApp) { a.send = send }
}

// Every fault is caught by the check that is about it, and every check has caught one.
func TestWireFaultsAreCaught(t *testing.T) {
	unproved := map[string]bool{}
	for _, c := range wireChecks {
		unproved[c.name] = true
	}
	for _, f := range wireFaults {
		t.Run(f.name, func(t *testing.T) {
			delete(unproved, f.caughtBy)
			if !fails(t, appSuite(wiredHarness(f.plant)), f.caughtBy) {
				t.Errorf("the check %q did not notice", f.caughtBy)
			}
		})
	}
	for name := range unproved {
		t.Errorf("no fault proves that the check %q bites", name)
	}
}
