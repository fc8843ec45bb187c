package connectors

import (
	"context"
	"time"
)

// What an app can also do. Each ability is optional, brings its own fresh read and its own undo, and is idempotent: done
// again, it changes nothing more and does not fail. before is the account as Getter read it just now; its State is what an
// undo restores. An ability that the service refuses answers ErrForbidden, an account that is gone ErrNotFound, and what
// may work later ErrTransient; any other error says that it cannot be known whether the change was made.

// Disabler lets an account sign in no more, and lets it again. Enable also restores what Disable changed beside that, as
// before.State says.
type Disabler interface {
	Getter
	Disable(ctx context.Context, before Account) (Receipt, error)
	Enable(ctx context.Context, before Account) (Receipt, error)
}

// EntitlementRemover takes one entitlement from an account, and no other, and gives it back.
type EntitlementRemover interface {
	Getter
	RemoveEntitlement(ctx context.Context, before Account, e EntitlementID) (Receipt, error)
	AddEntitlement(ctx context.Context, before Account, e EntitlementID) (Receipt, error)
}

// SessionRevoker ends an account's sessions: disabling alone leaves them open. It has no undo.
type SessionRevoker interface {
	Getter
	RevokeSessions(ctx context.Context, before Account) (Receipt, error)
}

// CredentialRevoker ends one key or token of an account. It has no undo.
type CredentialRevoker interface {
	Getter
	RevokeCredential(ctx context.Context, before Account, c CredentialID) (Receipt, error)
}

// Archiver puts a disabled account away, where the app can do so without deleting what it owns.
type Archiver interface {
	Getter
	Archive(ctx context.Context, before Account) (Receipt, error)
}

// Deleter deletes an account: past retention, decided by two people, never automatic.
type Deleter interface {
	Getter
	Delete(ctx context.Context, before Account) (Receipt, error)
}

// Receipt is a service's answer to a change.
type Receipt struct {
	RequestID string    `json:"request_id,omitempty"` // by which the service knows the request; empty where it gives none
	At        time.Time `json:"at,omitzero"`          // by the service's clock, where it says
	Changed   bool      `json:"changed"`              // false: it was so already
}

// Ability is one of the things an app can do.
type Ability uint8

// The abilities, in the order in which they stand in reports.
const (
	CanDisable Ability = 1 << iota
	CanRemoveEntitlement
	CanRevokeSessions
	CanRevokeCredential
	CanArchive
	CanDelete
)

// Abilities are what an app can do, as a set.
type Abilities uint8

// Has tells whether the set has an ability.
func (a Abilities) Has(b Ability) bool { return a&Abilities(b) != 0 }

// AbilitiesOf asks an app what it can do. It is the only place that asks: the set is found once, before an app that may
// not be written to is hidden behind ReadOnly, and plans are given it as data.
func AbilitiesOf(app App) Abilities {
	var set Abilities
	add := func(b Ability, can bool) {
		if can {
			set |= Abilities(b)
		}
	}
	_, can := app.(Disabler)
	add(CanDisable, can)
	_, can = app.(EntitlementRemover)
	add(CanRemoveEntitlement, can)
	_, can = app.(SessionRevoker)
	add(CanRevokeSessions, can)
	_, can = app.(CredentialRevoker)
	add(CanRevokeCredential, can)
	_, can = app.(Archiver)
	add(CanArchive, can)
	_, can = app.(Deleter)
	add(CanDelete, can)
	return set
}
