// Package remediate decides what follows from findings and carries it out: plan and guards are pure, the desk says who
// decided, and apply is the only place in rollcall that changes anything in an app.
package remediate

import (
	"rollcall/connectors"
)

// Verb is what an action does to an account.
type Verb string

const (
	Disable           Verb = "disable"
	EndSessions       Verb = "end_sessions"
	RemoveEntitlement Verb = "remove_entitlement"
	RevokeCredential  Verb = "revoke_credential"
	Archive           Verb = "archive"
	Delete            Verb = "delete"
	Ticket            Verb = "ticket" // a person has to do it: the app cannot, or rollcall may not
)

// Reversal says how far an action can be taken back. Only what can be taken back exactly may be automatic (Law 6).
type Reversal string

const (
	Exact   Reversal = "exact"
	Partial Reversal = "partial"
	None    Reversal = "none"
)

// Action is one change to one account.
type Action struct {
	Verb        Verb                     `json:"verb"`
	App         connectors.AppID         `json:"app"`
	Account     connectors.AccountID     `json:"account_id"`
	Entitlement connectors.EntitlementID `json:"entitlement,omitempty"`
	Credential  connectors.CredentialID  `json:"credential,omitempty"`
	Task        string                   `json:"task,omitempty"` // what a person is to do, of a ticket
	Undo        Reversal                 `json:"undo"`
}

// needs is the ability that an app must have for the verb; 0 = none.
func (v Verb) needs() connectors.Ability {
	switch v {
	case Disable:
		return connectors.CanDisable
	case EndSessions:
		return connectors.CanRevokeSessions
	case RemoveEntitlement:
		return connectors.CanRemoveEntitlement
	case RevokeCredential:
		return connectors.CanRevokeCredential
	case Archive:
		return connectors.CanArchive
	case Delete:
		return connectors.CanDelete
	}
	return 0
}

// undo is how far the verb can be taken back. Sessions and keys do not come back; a person who signs in again, or is
// given a new key, has lost nothing else.
func (v Verb) undo() Reversal {
	switch v {
	case Disable, RemoveEntitlement:
		return Exact
	case EndSessions:
		return Partial
	}
	return None
}
