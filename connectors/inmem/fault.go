package inmem

import (
	"context"
	"errors"
	"fmt"

	"rollcall/connectors"
)

// Verb is what a call asks of a WritableApp.
type Verb string

// The verbs.
const (
	Read             Verb = "read"
	Disable          Verb = "disable"
	Enable           Verb = "enable"
	Remove           Verb = "remove an entitlement of"
	Add              Verb = "add an entitlement to"
	RevokeSessions   Verb = "end the sessions of"
	RevokeCredential Verb = "revoke a credential of"
)

// Call is one call, as Faults and Saved are told of it.
type Call struct {
	N           int // 1 for the first one; 0 where nobody asks for faults
	Verb        Verb
	Account     connectors.AccountID
	Entitlement connectors.EntitlementID
	Credential  connectors.CredentialID
}

// Fault is what goes wrong with a call. The zero value is: nothing. A read knows Refuse and Hang.
type Fault struct {
	Refuse error // answered instead of doing it
	Lose   bool  // it is done, and the answer does not arrive: ErrLost
	Hang   bool  // no answer comes until the context ends; with Lose it is done all the same
	Lie    bool  // success is answered, and nothing is done
	Late   int   // it is done, and shows only after so many reads of the account
}

// Answers of a service in trouble. After the first two nothing was changed; after ErrLost that cannot be known, so that it
// is none of the errors of package connectors.
var (
	ErrThrottled = fmt.Errorf("status 429 Too Many Requests (%w)", connectors.ErrTransient)
	ErrDown      = fmt.Errorf("status 500 Internal Server Error (%w)", connectors.ErrTransient)
	ErrLost      = errors.New("the connection was closed before the answer came")
)

func (f Fault) refused(ctx context.Context, v Verb, id connectors.AccountID) error {
	err := f.Refuse
	if f.Hang {
		<-ctx.Done()
		err = ctx.Err()
	}
	return fmt.Errorf("inmem: %s %q: %w", v, id, err)
}

func (f Fault) lost(ctx context.Context, c Call) error {
	err := ErrLost
	if f.Hang {
		<-ctx.Done()
		err = ctx.Err()
	}
	return fmt.Errorf("inmem: %s %q: %w", c.Verb, c.Account, err)
}
