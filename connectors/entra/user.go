package entra

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"rollcall/connectors"
)

// user is what is read of a user. accountEnabled is among what Graph does not give unless asked: absent, it is unknown.
type user struct {
	ID                    oid
	UserPrincipalName     string
	Mail                  string
	OtherMails            []string
	ProxyAddresses        []string
	DisplayName           string
	AccountEnabled        *bool
	UserType              string
	CreatedDateTime       string
	EmployeeID            string
	OnPremisesSyncEnabled *bool
	AssignedLicenses      []struct{ SkuID string }
	LicenseAssignment     []licenceState `json:"licenseAssignmentStates"`
	SignInActivity        *signInActivity
	Sponsors              []owner
}

// licenceState says where one licence comes from.
type licenceState struct {
	SkuID           string
	AssignedByGroup string
}

const userFields = "id,userPrincipalName,mail,otherMails,proxyAddresses,displayName,accountEnabled,userType,createdDateTime,employeeId," +
	"onPremisesSyncEnabled,assignedLicenses,licenseAssignmentStates"

func (u *user) guest() bool { return strings.EqualFold(u.UserType, "Guest") }

// external users sign in at home, not in this directory: guests, and members invited from elsewhere.
func (u *user) external() bool { return u.guest() || strings.Contains(u.UserPrincipalName, "#EXT#") }

// facts are what other lists say of users.
type facts struct {
	*rights
	signIns  map[oid]connectors.Date
	mfa      map[oid]connectors.Tri
	sponsors map[oid]string // of guests
}

func parseUser(raw json.RawMessage) (user, error) {
	var u user
	err := json.Unmarshal(raw, &u)
	return u, understood("user", u.ID, err)
}

// understood tells what cannot be read by its id alone: what is there may be anything.
func understood(what string, id oid, err error) error {
	switch {
	case id == (oid{}) && err == nil:
		return fmt.Errorf("a %s has no id", what)
	case id == (oid{}):
		return fmt.Errorf("a %s cannot be understood: %w", what, err)
	case err != nil:
		return fmt.Errorf("%s %s: %w", what, id, err)
	}
	return nil
}

// account overwrites acc with a user; the slices acc has are used again. An error means that the user cannot be judged by
// what is there.
func (a *App) account(acc *connectors.Account, u *user, f *facts) error {
	created, err := a.day(u.CreatedDateTime)
	if err != nil {
		return fmt.Errorf("user %s: createdDateTime: %w", u.ID, err)
	}
	*acc = connectors.Account{
		ID:           connectors.AccountID(u.ID.String()),
		Username:     u.UserPrincipalName,
		DisplayName:  u.DisplayName,
		EmployeeID:   u.EmployeeID,
		OwnerRef:     f.sponsors[u.ID],
		Created:      created,
		LastSignIn:   f.signIns[u.ID],
		MFA:          f.mfa[u.ID],
		Aliases:      acc.Aliases[:0],
		Entitlements: f.appendTo(acc.Entitlements[:0], u.ID),
	}
	if u.AccountEnabled != nil {
		acc.Enabled = connectors.Is(*u.AccountEnabled)
	}
	if u.guest() {
		acc.Class = connectors.Guest // of members, Graph does not say what they are for
	}
	if u.external() {
		acc.MFA = connectors.Unknown // their second factor may be that of their home
	}
	u.addresses(acc)
	u.licences(acc, f)
	return nil
}

// addresses takes mail as Email; proxyAddresses and otherMails are Aliases.
func (u *user) addresses(acc *connectors.Account) {
	acc.Email = u.Mail
	add := func(s string) {
		same := func(had string) bool { return strings.EqualFold(had, s) }
		if s != "" && !same(acc.Email) && !slices.ContainsFunc(acc.Aliases, same) {
			acc.Aliases = append(acc.Aliases, s)
		}
	}
	for _, p := range u.ProxyAddresses {
		if len(p) > 5 && strings.EqualFold(p[:5], "smtp:") {
			add(p[5:])
		}
	}
	for _, m := range u.OtherMails {
		add(m)
	}
}

// licences adds the licences.
func (u *user) licences(acc *connectors.Account, f *facts) {
	at := len(acc.Entitlements)
	for _, l := range u.AssignedLicenses {
		acc.Entitlements = append(acc.Entitlements, connectors.Entitlement{ID: f.licenceName(l.SkuID), Inherited: u.through(l.SkuID, f.rights)})
	}
	sortByID(acc.Entitlements[at:])
}

// through is the group that gives a licence: the first by name, and none when it is given to the user as well.
func (u *user) through(sku string, r *rights) connectors.EntitlementID {
	var through connectors.EntitlementID
	for _, s := range u.LicenseAssignment {
		if s.SkuID != sku {
			continue
		}
		if s.AssignedByGroup == "" {
			return ""
		}
		if name := r.groupName(s.AssignedByGroup); through == "" || name < through {
			through = name
		}
	}
	return through
}
