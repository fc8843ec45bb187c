package google

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"rollcall/connectors"
)

var _ connectors.SelfTeller = (*App)(nil)

// keyOf keeps what a key file says of itself, but for the key.
func (a *App) keyOf(env connectors.Env, ref string) error {
	text, err := env.Secret(ref)
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	var file struct {
		ClientEmail  string `json:"client_email"`
		PrivateKeyID string `json:"private_key_id"`
	}
	if json.Unmarshal([]byte(text), &file) != nil {
		return errors.New("key: the secret is no JSON key of a service account") // the error would quote it
	}
	a.serviceAccount, a.keyID = file.ClientEmail, file.PrivateKeyID
	return nil
}

// Self implements connectors.SelfTeller. The account is that of the administrator for whom the service account acts: whatever
// is done to it, is done to rollcall. When a key was made, the Directory API does not say.
func (a *App) Self(ctx context.Context) (out connectors.Self, err error) {
	res, err := a.read.Get(ctx, userPath(a.subject)+"?fields=id,primaryEmail,customerId,isAdmin,isDelegatedAdmin")
	if err != nil {
		return out, fmt.Errorf("google: as whom it is read: %w", err)
	}
	me, err := parseUser(res.Body)
	if err == nil && me.CustomerID == "" {
		err = errors.New("the administrator has no customer")
	}
	if err != nil {
		return out, fmt.Errorf("google: as whom it is read: %w", notGoogle(res, err))
	}
	out = connectors.Self{Tenant: me.CustomerID, Name: me.PrimaryEmail + ", for " + a.serviceAccount, Account: connectors.AccountID(me.ID)}
	switch {
	case me.IsAdmin:
		out.Permissions = []string{"super administrator"}
	case me.IsDelegatedAdmin:
		out.Permissions = []string{"delegated administrator"}
	}
	out.Credentials = []connectors.OwnCredential{{ID: a.keyID, Kind: "service account key"}}
	return out, nil
}
