package okta

import (
	"context"
	"fmt"

	"rollcall/connectors"
)

// apiTokens are the API tokens by the users who own them. Okta tells when one was made, and not when it was last used.
func (a *App) apiTokens(ctx context.Context, t connectors.Trace) (map[string][]connectors.Credential, error) {
	type apiToken struct{ ID, Name, UserID, Created string }
	out := map[string][]connectors.Credential{}
	for k, err := range all[apiToken](ctx, a, t, connectors.Credentials, "/api/v1/api-tokens") {
		if err != nil {
			return nil, fmt.Errorf("API tokens: %w (if this token may not read them, put \"api_tokens\" into leave_out)", err)
		}
		out[k.UserID] = append(out[k.UserID], connectors.Credential{ID: connectors.CredentialID(k.ID), Kind: "api_token", Created: a.day(t, k.Created)})
	}
	return out, nil
}
