package okta

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"rollcall/connectors"
)

// user is what is read of a user.
type user struct {
	ID                            string
	Status, TransitioningToStatus string
	Created, Activated, LastLogin string
	Profile                       map[string]json.RawMessage
	Credentials                   struct{ Provider struct{ Type string } }
}

// The statuses of a user (https://developer.okta.com/docs/api/openapi/okta-management/management/user/): whoever is locked
// out, or must set a password, signs in again without anybody's leave, and is not disabled.
const (
	active       = "ACTIVE"
	suspended    = "SUSPENDED"
	deactivated  = "DEPROVISIONED"
	staged       = "STAGED"
	lockedOut    = "LOCKED_OUT"
	invited      = "PROVISIONED"
	mustRecover  = "RECOVERY"
	mustPassword = "PASSWORD_EXPIRED"
)

var enabled = map[string]connectors.Tri{
	active: connectors.Yes, lockedOut: connectors.Yes, invited: connectors.Yes, mustRecover: connectors.Yes, mustPassword: connectors.Yes,
	suspended: connectors.No, deactivated: connectors.No, staged: connectors.No,
}

// parse reads a user. An error means that it cannot be judged by what is there.
func parse(raw []byte) (user, error) {
	var u user
	if err := json.Unmarshal(raw, &u); err != nil {
		return user{ID: idOf(raw)}, fmt.Errorf("user %q: %w", idOf(raw), err)
	}
	if u.ID == "" {
		return u, errors.New("a user without an id")
	}
	return u, nil
}

func idOf(raw []byte) string {
	var u struct{ ID string }
	if json.Unmarshal(raw, &u) != nil {
		return ""
	}
	return u.ID
}

// text is an attribute of the profile; empty unless it is a text or a number.
func (u *user) text(name string) string {
	raw := u.Profile[name]
	var s string
	var n json.Number
	switch {
	case json.Unmarshal(raw, &s) == nil:
		return s
	case json.Unmarshal(raw, &n) == nil:
		return n.String()
	}
	return ""
}

// account fills in what the user itself says.
func (a *App) account(t connectors.Trace, acc *connectors.Account, u *user) {
	*acc = connectors.Account{
		ID:           connectors.AccountID(u.ID),
		Username:     u.text("login"),
		DisplayName:  u.text("displayName"),
		Email:        u.text("email"),
		EmployeeID:   u.text(a.employeeID),
		Enabled:      enabled[u.Status],
		Created:      a.day(t, u.Created),
		Aliases:      acc.Aliases[:0],
		Entitlements: acc.Entitlements[:0],
		Credentials:  acc.Credentials[:0],
	}
	if !a.noSignIns {
		acc.LastSignIn = a.day(t, u.LastLogin)
	}
	if acc.DisplayName == "" {
		acc.DisplayName = strings.TrimSpace(u.text("firstName") + " " + u.text("lastName"))
	}
	if second := u.text("secondEmail"); second != "" && !strings.EqualFold(second, acc.Email) {
		acc.Aliases = append(acc.Aliases, second)
	}
	if _, known := enabled[u.Status]; !known {
		t.Note(connectors.Accounts, fmt.Sprintf("some users have the status %q, which is not known: whether they can sign in is not either", u.Status))
	}
}

// day reads a time stamp; 0 where there is none, or none that can be read.
func (a *App) day(t connectors.Trace, s string) connectors.Date {
	if s == "" {
		return 0
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Note(connectors.Accounts, "some dates are not time stamps: they count as not known")
		return 0
	}
	return connectors.DateOf(at, a.zone)
}
