package entra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

const contentType = "application/json"

// Disable implements connectors.Disabler: accountEnabled becomes false. Sessions that are open go on for a while.
func (d disabler) Disable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	r, err := d.app.setEnabled(ctx, before.ID, false)
	if err != nil {
		return r, fmt.Errorf("entra: disable account %q: %w", before.ID, err)
	}
	return r, nil
}

// Enable implements connectors.Disabler: accountEnabled becomes true.
func (d disabler) Enable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	r, err := d.app.setEnabled(ctx, before.ID, true)
	if err != nil {
		return r, fmt.Errorf("entra: enable account %q: %w", before.ID, err)
	}
	return r, nil
}

// setEnabled makes a user enabled or not, unless it is so. A user that comes from a directory on the premises is refused: the
// next synchronisation would undo it.
func (a *App) setEnabled(ctx context.Context, account connectors.AccountID, want bool) (connectors.Receipt, error) {
	var none connectors.Receipt
	id, err := accountOID(account)
	if err != nil {
		return none, err
	}
	path := "/users/" + id.String()
	u, res, err := a.userNow(ctx, id)
	switch {
	case err != nil:
		return none, err
	case u.AccountEnabled == nil:
		return none, fmt.Errorf("%w: whether it is enabled is not told; the app registration needs User.Read.All", connectors.ErrForbidden)
	case *u.AccountEnabled == want:
		return res.Receipt(false), nil
	case is(u.OnPremisesSyncEnabled):
		return none, fmt.Errorf("%w: %s", connectors.ErrForbidden, mastered)
	}
	body, err := json.Marshal(map[string]bool{"accountEnabled": want})
	if err != nil {
		return none, err
	}
	// An absolute value: done twice, it is as done once, so that it may follow a lost answer.
	res, err = a.client.Send(ctx, httpx.Write{Method: http.MethodPatch, Ref: path, ContentType: contentType, Body: body, Repeat: httpx.Always})
	if err != nil {
		return none, explain(refusal(err), "it needs User.EnableDisableAccount.All, and for the holder of a directory role the app itself must hold a higher one "+
			"(learn.microsoft.com, \"Who can perform sensitive actions\"): have an administrator do it")
	}
	return res.Receipt(true), nil
}

const mastered = "the account comes from a directory on the premises, which would enable or disable it again: change it in that Active Directory"

// userNow reads what a change to a user rests on.
func (a *App) userNow(ctx context.Context, id oid) (user, *httpx.Response, error) {
	u, res, err := one[user](ctx, a, "/users/"+id.String()+"?$select=id,accountEnabled,userPrincipalName,userType,onPremisesSyncEnabled")
	if err == nil && u.ID != id {
		err = fmt.Errorf("asked for account %s, the service answered with %s", id, u.ID)
	}
	return u, res, err
}

// RevokeSessions implements connectors.SessionRevoker: refresh tokens and session cookies are worth nothing any more, within
// some minutes; access tokens that are out may work for up to an hour.
func (v revoker) RevokeSessions(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	r, err := v.app.revokeSessions(ctx, before)
	if err != nil {
		return r, fmt.Errorf("entra: end sessions of account %q: %w", before.ID, err)
	}
	return r, nil
}

func (a *App) revokeSessions(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	var none connectors.Receipt
	id, err := accountOID(before.ID)
	if err != nil {
		return none, err
	}
	u, _, err := a.userNow(ctx, id)
	switch {
	case err != nil:
		return none, err
	case u.external():
		return none, fmt.Errorf("%w: a guest's sessions are those of their home directory, and only it can end them; disabled, the account is let in here no more", connectors.ErrForbidden)
	}
	res, err := a.client.Send(ctx, httpx.Write{Method: http.MethodPost, Ref: "/users/" + id.String() + "/revokeSignInSessions", Repeat: httpx.Always})
	if err != nil {
		return none, explain(refusal(err), "it needs User.RevokeSessions.All")
	}
	var answer struct{ Value *bool }
	if len(res.Body) > 0 {
		if err := decode(res, &answer); err != nil {
			return none, fmt.Errorf("%w; whether sessions were ended is not known", err)
		}
	}
	if answer.Value != nil && !*answer.Value {
		return none, errors.New("the service answers that it ended no sessions; whether any are left is not known")
	}
	return res.Receipt(true), nil
}
