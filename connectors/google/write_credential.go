package google

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// revoker is an app whose credentials are read, and can be revoked.
type revoker struct{ *App }

var _ connectors.CredentialRevoker = revoker{}

// RevokeCredential implements connectors.CredentialRevoker: an OAuth grant or an app password is deleted. There is no undo: only
// the user can give another one.
func (a revoker) RevokeCredential(ctx context.Context, before connectors.Account, c connectors.CredentialID) (connectors.Receipt, error) {
	fail := func(err error) (connectors.Receipt, error) {
		return connectors.Receipt{}, fmt.Errorf("google: revoke %q of account %q: %w", c, before.ID, err)
	}
	if _, _, err := a.userNow(ctx, before.ID); err != nil {
		return fail(err)
	}
	user := string(before.ID)
	ref, ok := credentialPath(user, c)
	if !ok {
		return fail(fmt.Errorf("%w: it is neither a grant (%s…) nor an app password (%s…)", connectors.ErrForbidden, tokenPrefix, passwordPrefix))
	}
	r, err := a.grant(ctx, wish{
		scope: scopeSecurity,
		is: func(ctx context.Context) (bool, error) {
			now, err := a.credentials(ctx, user)
			return !slices.ContainsFunc(now.list, func(h connectors.Credential) bool { return h.ID == c }), err
		},
		write: httpx.Write{Method: http.MethodDelete, Ref: ref, Repeat: httpx.Always},
	})
	if err != nil {
		return fail(err)
	}
	return r, nil
}

func credentialPath(user string, c connectors.CredentialID) (string, bool) {
	if id, ok := strings.CutPrefix(string(c), tokenPrefix); ok && id != "" {
		return userPath(user) + "/tokens/" + url.PathEscape(id), true
	}
	if id, ok := strings.CutPrefix(string(c), passwordPrefix); ok && id != "" {
		return userPath(user) + "/asps/" + url.PathEscape(id), true
	}
	return "", false
}
