package okta

import (
	"context"
	"errors"
	"fmt"

	"rollcall/connectors"
)

var _ connectors.SelfTeller = (*App)(nil)

// Self implements connectors.SelfTeller. Of an API token it is the token's owner, with all tokens they have: which of them is
// used here, Okta does not say.
func (a *App) Self(ctx context.Context) (connectors.Self, error) {
	out, err := a.self(ctx)
	if err != nil {
		return out, fmt.Errorf("okta: as whom it is read: %w", err)
	}
	return out, nil
}

func (a *App) self(ctx context.Context) (out connectors.Self, err error) {
	var org struct{ ID string }
	if _, err := a.get(ctx, unheard{}, connectors.Accounts, "/.well-known/okta-organization", &org); err != nil {
		return out, err
	}
	if org.ID == "" {
		return out, errors.New("/.well-known/okta-organization has no id")
	}
	out.Tenant = org.ID
	if a.oauth {
		out.Name, out.Permissions = "the service app "+a.clientID, a.scopes
		if a.keyID != "" {
			out.Credentials = []connectors.OwnCredential{{ID: a.keyID, Kind: "private key"}}
		}
		return out, nil
	}
	var me user
	if _, err := a.get(ctx, unheard{}, connectors.Accounts, "/api/v1/users/me", &me); err != nil {
		return out, err
	}
	out.Name, out.Account = me.text("login"), connectors.AccountID(me.ID)
	if out.Permissions, err = a.rolesOf(ctx, me.ID); err != nil || !a.reads("api_tokens") {
		return out, err
	}
	type apiToken struct{ ID, Name, UserID, Created, ExpiresAt string }
	for k, err := range all[apiToken](ctx, a, unheard{}, connectors.Credentials, "/api/v1/api-tokens") {
		if err != nil {
			return out, err
		}
		if k.UserID == me.ID {
			out.Credentials = append(out.Credentials, connectors.OwnCredential{ID: k.ID, Kind: "API token", Created: a.day(unheard{}, k.Created), Expires: a.day(unheard{}, k.ExpiresAt)})
		}
	}
	return out, nil
}

// rolesOf are a user's roles as an administrator; none where this token may not see them.
func (a *App) rolesOf(ctx context.Context, user string) (list []string, err error) {
	var roles []struct{ Type, Label string }
	_, err = a.get(ctx, unheard{}, connectors.Entitlements, "/api/v1/users/"+user+"/roles", &roles)
	if errors.Is(err, connectors.ErrForbidden) {
		return nil, nil
	}
	for _, r := range roles {
		list = append(list, r.Type)
	}
	return list, err
}
