package google

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"rollcall/connectors"
)

// userFields is the part of a user that is asked for: whole users make pages of megabytes. recoveryEmail is not among it,
// since it is private.
const userFields = "id,primaryEmail,name(fullName,givenName,familyName),aliases,nonEditableAliases,emails,externalIds,customerId," +
	"suspended,suspensionReason,archived,isGuestUser,creationTime,lastLoginTime,isAdmin,isDelegatedAdmin,isEnrolledIn2Sv,isEnforcedIn2Sv"

// userFields are those to ask for.
func (a *App) userFields() string {
	if !a.reports.signIn {
		return strings.Replace(userFields, "lastLoginTime,", "", 1)
	}
	return userFields
}

// user is what is read of a user. What Google did not say is nil.
type user struct {
	ID           string `json:"id"`
	PrimaryEmail string `json:"primaryEmail"`
	Name         struct {
		FullName   string `json:"fullName"`
		GivenName  string `json:"givenName"`
		FamilyName string `json:"familyName"`
	} `json:"name"`
	Aliases            []string     `json:"aliases"`
	NonEditableAliases []string     `json:"nonEditableAliases"`
	Emails             []email      `json:"emails"`
	ExternalIDs        []externalID `json:"externalIds"`
	CustomerID         string       `json:"customerId"`
	Suspended          *bool        `json:"suspended"`
	SuspensionReason   string       `json:"suspensionReason"`
	Archived           *bool        `json:"archived"`
	IsGuestUser        bool         `json:"isGuestUser"`
	CreationTime       string       `json:"creationTime"`
	LastLoginTime      *string      `json:"lastLoginTime"`
	IsAdmin            bool         `json:"isAdmin"`
	IsDelegatedAdmin   bool         `json:"isDelegatedAdmin"`
	IsEnrolledIn2Sv    *bool        `json:"isEnrolledIn2Sv"`
	IsEnforcedIn2Sv    *bool        `json:"isEnforcedIn2Sv"`
}

type email struct {
	Address string `json:"address"`
}

type externalID struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

func parseUser(raw []byte) (user, error) {
	var u user
	if err := json.Unmarshal(raw, &u); err != nil {
		return u, fmt.Errorf("user %s: %w", short(raw), err)
	}
	if u.ID == "" {
		return u, fmt.Errorf("user %s has no id", short(raw))
	}
	return u, nil
}

// userID finds the id of a user that cannot be understood.
func userID(raw []byte) string {
	var u struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(raw, &u) != nil {
		return ""
	}
	return u.ID
}

// enabled tells whether the user may sign in: neither suspended nor archived. Who is said to be one of them may not, whatever
// is not said of the other; that somebody may needs to be said. Customers without licences for archived users may not be told
// of archived.
func (u *user) enabled() connectors.Tri {
	switch {
	case u.Suspended != nil && *u.Suspended, u.Archived != nil && *u.Archived:
		return connectors.No
	case u.Suspended == nil:
		return connectors.Unknown
	}
	return connectors.Yes
}

// byGoogle tells whether it was Google, not an administrator, who suspended the user: for abuse, for instance. No undo may
// take that back.
func (u *user) byGoogle() bool {
	return u.Suspended != nil && *u.Suspended && u.SuspensionReason != "" && !strings.EqualFold(u.SuspensionReason, "ADMIN")
}

var errNoLogin = errors.New("it is not told when it last signed in, which is not the same as never")

// never is how Google writes that nobody signed in: 1970-01-01T00:00:00.000Z.
func never(t time.Time) bool { return t.Unix() <= 0 }

// login is when the user last signed in on the web; the zero time is never.
func (u *user) login() (time.Time, error) {
	if u.LastLoginTime == nil || *u.LastLoginTime == "" {
		return time.Time{}, errNoLogin
	}
	t, err := time.Parse(time.RFC3339, *u.LastLoginTime)
	if err != nil {
		return time.Time{}, fmt.Errorf("lastLoginTime %.40q: want a time stamp of RFC 3339", *u.LastLoginTime)
	}
	if never(t) {
		return time.Time{}, nil
	}
	return t, nil
}

// signedInNever tells whether the list says that nobody ever signed in, or does not say when.
func (u *user) signedInNever() bool {
	t, err := u.login()
	return err != nil || t.IsZero()
}

// fill overwrites acc with the user; the slices acc has are used again. Entitlements and credentials are not touched.
func (a *App) fill(acc *connectors.Account, u *user) error {
	*acc = connectors.Account{
		ID: connectors.AccountID(u.ID), Username: u.PrimaryEmail, Email: u.PrimaryEmail, DisplayName: u.display(),
		Enabled: u.enabled(),
		Aliases: acc.Aliases[:0], Entitlements: acc.Entitlements[:0], Credentials: acc.Credentials[:0],
	}
	if u.IsGuestUser {
		acc.Class = connectors.Guest
	}
	for _, x := range u.ExternalIDs {
		if x.Type == "organization" && acc.EmployeeID == "" { // Google's name for the employee id
			acc.EmployeeID = x.Value
		}
	}
	acc.Aliases = u.appendAliases(acc.Aliases)
	if a.reports.mfa && u.IsEnrolledIn2Sv != nil {
		acc.MFA = connectors.Is(*u.IsEnrolledIn2Sv)
	}
	if t, err := time.Parse(time.RFC3339, u.CreationTime); err == nil && !never(t) {
		acc.Created = connectors.DateOf(t, a.zone)
	}
	if !a.reports.signIn {
		return nil
	}
	t, err := u.login()
	if err != nil {
		return fmt.Errorf("user %q: %w", u.ID, err)
	}
	if !t.IsZero() {
		acc.LastSignIn = connectors.DateOf(t, a.zone)
	}
	return nil
}

func (u *user) display() string {
	if u.Name.FullName != "" {
		return u.Name.FullName
	}
	return strings.TrimSpace(u.Name.GivenName + " " + u.Name.FamilyName)
}

// appendAliases adds every other address of the user once, in Google's order. It repeats aliases among the emails.
func (u *user) appendAliases(out []string) []string {
	from := len(out)
	add := func(s string) {
		if s == "" || strings.EqualFold(s, u.PrimaryEmail) {
			return
		}
		for _, had := range out[from:] {
			if strings.EqualFold(had, s) {
				return
			}
		}
		out = append(out, s)
	}
	for _, s := range u.Aliases {
		add(s)
	}
	for _, s := range u.NonEditableAliases {
		add(s)
	}
	for _, e := range u.Emails {
		add(e.Address)
	}
	return out
}

// answersTo tells whether an address or id is one of the user's.
func (u *user) answersTo(name string) bool {
	if name == u.ID || strings.EqualFold(name, u.PrimaryEmail) {
		return true
	}
	for _, list := range [][]string{u.Aliases, u.NonEditableAliases} {
		for _, s := range list {
			if strings.EqualFold(name, s) {
				return true
			}
		}
	}
	return false
}

// short is JSON cut to the length of a message.
func short(b []byte) string {
	const most = 60
	s := strings.TrimSpace(string(b))
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
