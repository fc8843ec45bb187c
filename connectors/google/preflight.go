package google

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// Spec implements connectors.Described.
func (*AppConfig) Spec() connectors.Spec {
	scopes := func(names ...string) []string {
		for i := range names {
			names[i] = scopeBase + names[i]
		}
		return names
	}
	return connectors.Spec{
		Title:       "Google Workspace",
		Collections: []connectors.Collection{connectors.Entitlements, connectors.Groups, connectors.Accounts, connectors.Credentials},
		Signals:     connectors.Signals{SignIn: signIn, MFA: mfa},
		Abilities: []connectors.AbilitySpec{
			{Ability: connectors.CanDisable, How: "suspend", Undo: connectors.UndoExact, Write: scopes(scopeUser)},
			{Ability: connectors.CanRemoveEntitlement, How: "remove from a group, take an administrator role", Undo: connectors.UndoExact,
				Write: scopes(scopeMember, scopeRoles, scopeUser)},
			{Ability: connectors.CanRevokeSessions, How: "sign out", Undo: connectors.UndoPartial, Write: scopes(scopeSecurity)},
			{Ability: connectors.CanRevokeCredential, How: "revoke an OAuth grant, delete an app password", Undo: connectors.UndoNone, Write: scopes(scopeSecurity)},
		},
		Read: append(scopes((&AppConfig{}).readScopes()...), scopeBase+scopeSecurity+" (for OAuth grants and app passwords)"),
	}
}
