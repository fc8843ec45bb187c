package okta

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// Disable implements connectors.Disabler: an ACTIVE user is suspended, which keeps groups and apps. Whoever is suspended,
// deactivated or not yet activated cannot sign in as it is. Okta suspends nobody else: users who are locked out, who were
// invited, or whose password has expired are refused, and what can be done is said.
func (a *App) Disable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	r, err := a.suspend(ctx, string(before.ID))
	if err != nil {
		return r, fmt.Errorf("okta: suspend account %q: %w", before.ID, err)
	}
	return r, nil
}

func (a *App) suspend(ctx context.Context, id string) (connectors.Receipt, error) {
	var none connectors.Receipt
	u, res, err := a.settled(ctx, id)
	switch {
	case err != nil:
		return none, err
	case enabled[u.Status] == connectors.No:
		return res.Receipt(false), nil
	case u.Status == lockedOut:
		return none, fmt.Errorf("%w: it is locked out, and Okta suspends only ACTIVE users: it may be let in again by an unlock, even by its owner; "+
			"unlock and suspend it in Okta, or deactivate it, which takes away its apps for good", connectors.ErrForbidden)
	case u.Status != active:
		return none, fmt.Errorf("%w: its status is %s, and Okta suspends only ACTIVE users; deactivate it in Okta, which takes away its apps for good",
			connectors.ErrForbidden, u.Status)
	}
	if err := a.notMyself(ctx, id); err != nil {
		return none, err
	}
	return a.turn(ctx, id, "suspend", suspended)
}

// Enable implements connectors.Disabler: a suspended user is unsuspended. One that was deactivated in between is not activated:
// that would bring back neither its apps nor its factors.
func (a *App) Enable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	fail := func(err error) (connectors.Receipt, error) {
		return connectors.Receipt{}, fmt.Errorf("okta: unsuspend account %q: %w", before.ID, err)
	}
	u, res, err := a.settled(ctx, string(before.ID))
	switch {
	case err != nil:
		return fail(err)
	case enabled[u.Status] == connectors.Yes:
		return res.Receipt(false), nil
	case u.Status != suspended:
		return fail(fmt.Errorf("%w: its status is %s, and only SUSPENDED users can be unsuspended; activate it in Okta, and give it its apps again",
			connectors.ErrForbidden, u.Status))
	}
	r, err := a.turn(ctx, string(before.ID), "unsuspend", active)
	if err != nil {
		return fail(err)
	}
	return r, nil
}

// settled reads a user whose status is not just being changed.
func (a *App) settled(ctx context.Context, id string) (user, *httpx.Response, error) {
	u, res, err := a.find(ctx, id)
	if err == nil && u.TransitioningToStatus != "" {
		err = fmt.Errorf("%w: Okta is just turning it from %s to %s", connectors.ErrTransient, u.Status, u.TransitioningToStatus)
	}
	return u, res, err
}

// turn asks for another status. Done twice, the second time is refused, so that it is not sent again after a lost answer:
// another reading tells what became of it.
func (a *App) turn(ctx context.Context, id, how, into string) (connectors.Receipt, error) {
	res, err := a.client.Send(ctx, httpx.Write{Method: http.MethodPost, Ref: userRef(id) + "/lifecycle/" + how, Repeat: httpx.IfNotDone})
	if err == nil {
		return res.Receipt(true), nil
	}
	return a.lookAgain(ctx, err, func() (bool, *httpx.Response, error) {
		u, res, err := a.find(ctx, id)
		return u.Status == into, res, err
	})
}

// lookAgain judges a change that failed, and may have been made all the same: is reads whether it is so now.
func (a *App) lookAgain(ctx context.Context, failed error, is func() (bool, *httpx.Response, error)) (connectors.Receipt, error) {
	var e *httpx.Error
	if !errors.As(failed, &e) || ctx.Err() != nil {
		return connectors.Receipt{}, failed
	}
	if so, res, err := is(); err == nil && so {
		return res.Receipt(true), nil
	}
	return connectors.Receipt{}, refusal(e)
}

// refusal gives Okta's no its class, where it is known that nothing was changed.
func refusal(e *httpx.Error) error {
	if e.Class != nil || e.MayBeDone || e.Status == 0 {
		return e
	}
	return fmt.Errorf("refused by Okta: %w: %w", connectors.ErrForbidden, e)
}

// notMyself refuses to cut off the user by whose token this is done.
func (a *App) notMyself(ctx context.Context, id string) error {
	me, err := a.myself(ctx)
	if err == nil && me == id {
		return fmt.Errorf("%w: it owns the API token that rollcall uses: nothing could be taken back afterwards", connectors.ErrForbidden)
	}
	return err
}

// myself is the user who owns the API token; a service app is none.
func (a *App) myself(ctx context.Context) (string, error) {
	a.mu.Lock()
	me := a.me
	a.mu.Unlock()
	if a.oauth || me != "" {
		return me, nil
	}
	var u user
	if _, err := a.get(ctx, unheard{}, connectors.Accounts, "/api/v1/users/me", &u); err != nil {
		return "", fmt.Errorf("whose the API token is: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.me = u.ID
	return u.ID, nil
}

// RevokeSessions implements connectors.SessionRevoker: the user's Okta sessions end, and the OpenID Connect and OAuth tokens
// that Okta issued. Sessions that apps keep of their own do not end by it, as Okta says. Whoever was deactivated has none.
func (a *App) RevokeSessions(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	fail := func(err error) (connectors.Receipt, error) {
		return connectors.Receipt{}, fmt.Errorf("okta: end sessions of account %q: %w", before.ID, err)
	}
	u, res, err := a.find(ctx, string(before.ID))
	switch {
	case err != nil:
		return fail(err)
	case u.Status == deactivated:
		return res.Receipt(false), nil
	}
	res, err = a.client.Send(ctx, httpx.Write{Method: http.MethodDelete, Ref: userRef(string(before.ID)) + "/sessions?oauthTokens=true", Repeat: httpx.Always})
	if err != nil {
		var e *httpx.Error
		if errors.As(err, &e) {
			err = refusal(e)
		}
		return fail(err)
	}
	return res.Receipt(true), nil
}
