package entra

import (
	"context"
	"errors"
	"fmt"

	"rollcall/connectors"
)

// Days by which a signal may be late: sign-ins take up to a day to show (learn.microsoft.com, "How to manage inactive user
// accounts"), and the report on registrations is made as rarely.
const (
	signInLag = 1
	mfaLag    = 1
)

// signInActivity is when an account was last used, or was tried to be (signInActivity resource).
type signInActivity struct {
	LastSignInDateTime               string
	LastNonInteractiveSignInDateTime string
	LastSuccessfulSignInDateTime     string
}

// last is the latest of all: an attempt that failed counts as well, since who is taken for active loses nothing.
func (s *signInActivity) last(a *App) (connectors.Date, error) {
	var last connectors.Date
	if s == nil {
		return 0, nil
	}
	for _, at := range []string{s.LastSignInDateTime, s.LastNonInteractiveSignInDateTime, s.LastSuccessfulSignInDateTime} {
		d, err := a.day(at)
		if err != nil {
			return 0, err
		}
		last = max(last, d)
	}
	return last, nil
}

const signInFields = "id,accountEnabled,userType,signInActivity"

// signInPage is how many users are asked for at once: above 120 Graph leaves the activity of some of them out, without a
// word, and with an advanced query as well (microsoftgraph/msgraph-sdk-powershell#1898).
const signInPage = 100

// readSignIns reads the last sign-in of each user, by itself: see signInPage.
func (a *App) readSignIns(ctx context.Context, t connectors.Trace) (map[oid]connectors.Date, error) {
	out := map[oid]connectors.Date{}
	asked, blank := 0, 0
	path := fmt.Sprintf("/users?$select=%s&$top=%d", signInFields, signInPage)
	err := each(ctx, a, t, signIns, path, func(u *user) error {
		last, err := u.SignInActivity.last(a)
		if err != nil {
			return fmt.Errorf("sign-ins of user %s: %w", u.ID, err)
		}
		if last.Known() {
			out[u.ID] = last
		}
		if is(u.AccountEnabled) && !u.guest() {
			asked++
			if !last.Known() {
				blank++
			}
		}
		return nil
	})
	if err != nil {
		return nil, explain(err, noSignIns)
	}
	const few = 20 // below, it may well be so
	if asked >= few && blank*2 > asked {
		return nil, fmt.Errorf("%d of %d enabled members have no sign-in at all: Graph is known to leave them out by mistake, and such accounts would look unused; "+
			"run it again, or set sign_ins = false", blank, asked)
	}
	return out, nil
}

const noSignIns = "sign-in activity needs Entra ID P1 and the permission AuditLog.Read.All; without them set sign_ins = false: the last sign-in is then unknown, and nobody is judged by it"

// registration is what an account has registered to sign in with (userRegistrationDetails resource).
type registration struct {
	ID                    oid
	IsMFARegistered       *bool
	IsMFACapable          *bool
	IsPasswordlessCapable *bool
}

// mfa is whether the account has a second factor that policy allows.
func (r *registration) mfa() connectors.Tri {
	switch {
	case is(r.IsMFACapable) || is(r.IsPasswordlessCapable):
		return connectors.Yes
	case r.IsMFACapable != nil:
		return connectors.No
	case r.IsMFARegistered != nil:
		return connectors.Is(*r.IsMFARegistered)
	}
	return connectors.Unknown
}

const registrations = "/reports/authenticationMethods/userRegistrationDetails"

// readMFA reads the report on registrations. Disabled users are not in it: theirs is unknown.
func (a *App) readMFA(ctx context.Context, t connectors.Trace) (map[oid]connectors.Tri, error) {
	out := map[oid]connectors.Tri{}
	err := each(ctx, a, t, mfa, registrations, func(r *registration) error {
		out[r.ID] = r.mfa()
		return nil
	})
	return out, explain(err, noMFA)
}

// registrationOf reads the one of a user; the zero value, of which nothing is known, where the report has none. Microsoft's
// page shows the object by itself and, in its example, as a value within another: both are taken.
func (a *App) registrationOf(ctx context.Context, id oid) (registration, error) {
	r, res, err := one[struct {
		registration
		Value *registration
	}](ctx, a, registrations+"/"+id.String())
	switch {
	case isNotFound(err):
		return registration{}, nil
	case err != nil:
		return registration{}, explain(err, noMFA)
	case r.Value != nil:
		r.registration = *r.Value
	}
	if r.ID != id {
		return registration{}, notGraph(res, fmt.Errorf("it is not of %s", id))
	}
	return r.registration, nil
}

const noMFA = "MFA registrations need Entra ID P1 and the permission AuditLog.Read.All; without them set mfa = false: whether there is a second factor is then unknown"

// explain adds what can be done about a refusal.
func explain(err error, what string) error {
	if errors.Is(err, connectors.ErrForbidden) {
		return fmt.Errorf("%w; %s", err, what)
	}
	return err
}

func isNotFound(err error) bool { return errors.Is(err, connectors.ErrNotFound) }

func is(b *bool) bool { return b != nil && *b }
