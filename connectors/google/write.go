package google

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// wish is one thing to be made so. Google's lists and indexes run behind: how it is now is asked of the thing itself.
type wish struct {
	scope string                              // what it takes
	is    func(context.Context) (bool, error) // whether it is so already
	write httpx.Write
	check func(*httpx.Response) error // looks at the answer; nil: there is nothing in it to look at
}

// grant makes it so, unless it is. Where an answer was lost, or says that it is so already or that there is no such thing,
// another look tells what became of it.
func (a *App) grant(ctx context.Context, w wish) (connectors.Receipt, error) {
	if is, err := w.is(ctx); err != nil || is {
		return connectors.Receipt{}, err
	}
	res, err := a.send(ctx, w.scope, w.write)
	if err == nil {
		if w.check != nil {
			err = w.check(res)
		}
		return res.Receipt(true), err
	}
	if ctx.Err() != nil {
		return connectors.Receipt{}, err
	}
	var e *httpx.Error
	if errors.As(err, &e) && (e.MayBeDone || e.Status == http.StatusConflict || e.Status == http.StatusNotFound) {
		if is, failed := w.is(ctx); failed == nil && is {
			return connectors.Receipt{RequestID: e.RequestID, Changed: e.MayBeDone}, nil
		}
	}
	return connectors.Receipt{}, refusal(err)
}

// send asks for a change, with a token for one scope.
func (a *App) send(ctx context.Context, scope string, w httpx.Write) (*httpx.Response, error) {
	c, err := a.alone[scope]()
	if err != nil {
		return nil, err
	}
	return c.Send(ctx, w)
}

// refusal gives Google's no its class, where it is known that nothing was changed. What is not found is then not the account,
// which was read just before.
func refusal(err error) error {
	var e *httpx.Error
	switch {
	case !errors.As(err, &e) || e.MayBeDone || e.Status == 0:
		return err
	case e.Status == http.StatusPreconditionFailed || e.Status == http.StatusConflict:
		return fmt.Errorf("it was changed in between, and nothing was done: %w: %w", connectors.ErrTransient, err)
	case e.Class == nil:
		return fmt.Errorf("refused by Google: %w: %w", connectors.ErrForbidden, err)
	case errors.Is(e.Class, connectors.ErrNotFound):
		return fmt.Errorf("refused by Google: %w: %v", connectors.ErrForbidden, err)
	}
	return err
}

// partly is the error of a change of several steps. After the first of them it has no class: that would say that nothing was
// changed.
func partly(done bool, err error) error {
	if err == nil || !done {
		return err
	}
	return fmt.Errorf("a part of it was done: %v", err)
}

// body is the JSON that is sent.
func body(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // what is sent is made here, of strings and booleans
	}
	return b
}

const contentType = "application/json"

// Disable implements connectors.Disabler: the user is suspended. Its undo is exact: grants, groups and roles stay as they are.
func (a *App) Disable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	r, err := a.grant(ctx, wish{
		scope: scopeUser,
		is: func(ctx context.Context) (bool, error) {
			u, _, err := a.userNow(ctx, before.ID)
			return u.enabled() == connectors.No, err
		},
		write: suspension(before.ID, true),
	})
	if err != nil {
		return r, fmt.Errorf("google: suspend account %q: %w", before.ID, err)
	}
	return r, nil
}

// Enable implements connectors.Disabler: the suspension is taken back, unless it is Google's own.
func (a *App) Enable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	r, err := a.grant(ctx, wish{
		scope: scopeUser,
		is: func(ctx context.Context) (bool, error) {
			u, _, err := a.userNow(ctx, before.ID)
			switch {
			case err != nil:
				return false, err
			case u.byGoogle():
				return false, fmt.Errorf("%w: Google itself suspended it (%s), which is not taken back here; see to the reason, then restore it in the Admin console",
					connectors.ErrForbidden, u.SuspensionReason)
			case u.Archived != nil && *u.Archived:
				return false, fmt.Errorf("%w: it was archived since; restore it in the Admin console, which takes a licence", connectors.ErrForbidden)
			}
			return u.enabled() == connectors.Yes, nil
		},
		write: suspension(before.ID, false),
	})
	if err != nil {
		return r, fmt.Errorf("google: restore account %q: %w", before.ID, err)
	}
	return r, nil
}

// suspension is an absolute value: done twice, it is as done once. It names nothing else, so that nothing else changes.
func suspension(id connectors.AccountID, suspended bool) httpx.Write {
	return httpx.Write{Method: http.MethodPatch, Ref: userPath(string(id)) + "?fields=id,suspended", ContentType: contentType,
		Body: body(map[string]bool{"suspended": suspended}), Repeat: httpx.Always}
}

// RevokeSessions implements connectors.SessionRevoker: the user is signed out of all web and device sessions. OAuth grants and
// app passwords go on working; they are credentials.
func (a *App) RevokeSessions(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	fail := func(err error) (connectors.Receipt, error) {
		return connectors.Receipt{}, fmt.Errorf("google: sign out account %q: %w", before.ID, err)
	}
	if _, _, err := a.userNow(ctx, before.ID); err != nil {
		return fail(err)
	}
	res, err := a.send(ctx, scopeSecurity, httpx.Write{Method: http.MethodPost, Ref: userPath(string(before.ID)) + "/signOut", Repeat: httpx.Always})
	if err != nil {
		return fail(refusal(err))
	}
	return res.Receipt(true), nil
}
