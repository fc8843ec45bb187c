package scim

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"rollcall/connectors"
)

// user is what is read of a User resource.
type user struct {
	ID          text
	ExternalID  text
	UserName    text
	DisplayName text
	UserType    text
	Active      flag
	Name        struct {
		Formatted, GivenName, FamilyName text
	}
	Emails, Roles, Entitlements values
	Meta                        struct{ Created text }
	Enterprise                  struct {
		EmployeeNumber text
	} `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
}

// account overwrites acc with the user in raw; the slices acc has are used again. An error means that the user cannot be
// judged by what is there.
func (a *App) account(t connectors.Trace, acc *connectors.Account, raw json.RawMessage, members *membership) error {
	var u user
	if err := json.Unmarshal(raw, &u); err != nil {
		return fmt.Errorf("user %s: %w", name(raw), err)
	}
	if u.ID == "" {
		return fmt.Errorf("user %s has no id", short(raw))
	}
	created, ok := a.day(string(u.Meta.Created))
	if !ok {
		t.Note(connectors.Accounts, "some users have a meta.created that is not a time stamp: when they were created is not known")
	}
	*acc = connectors.Account{
		ID:           connectors.AccountID(u.ID),
		Username:     string(u.UserName),
		DisplayName:  u.display(),
		EmployeeID:   string(u.Enterprise.EmployeeNumber),
		Class:        class(string(u.UserType)),
		Created:      created,
		Aliases:      acc.Aliases[:0],
		Entitlements: members.appendTo(acc.Entitlements[:0], string(u.ID)),
	}
	if acc.EmployeeID == "" {
		acc.EmployeeID = string(u.ExternalID)
	}
	if u.Active.known {
		acc.Enabled = connectors.Is(u.Active.value)
	}
	addresses(acc, u.Emails)
	acc.Entitlements = appendValues(acc.Entitlements, rolePrefix, u.Roles)
	acc.Entitlements = appendValues(acc.Entitlements, entitlementPrefix, u.Entitlements)
	return nil
}

// name is how a user that cannot be read is told to people: its id, if that can be read.
func name(raw json.RawMessage) string {
	if id := resourceID(raw); id != "" {
		return fmt.Sprintf("%q", id)
	}
	return short(raw)
}

func (u *user) display() string {
	switch {
	case u.DisplayName != "":
		return string(u.DisplayName)
	case u.Name.Formatted != "":
		return string(u.Name.Formatted)
	}
	return strings.TrimSpace(string(u.Name.GivenName + " " + u.Name.FamilyName))
}

// addresses takes the primary address as Email, else one of type work, else the first; the others are Aliases.
func addresses(acc *connectors.Account, emails values) {
	best, rank := -1, 0
	for i, e := range emails {
		r := 1
		switch {
		case e.Value == "":
			continue
		case e.Primary.value:
			r = 3
		case strings.EqualFold(string(e.Type), "work"):
			r = 2
		}
		if r > rank {
			best, rank = i, r
		}
	}
	for i, e := range emails {
		switch {
		case i == best:
			acc.Email = string(e.Value)
		case e.Value != "" && !strings.EqualFold(string(e.Value), string(emails[best].Value)):
			acc.Aliases = append(acc.Aliases, string(e.Value))
		}
	}
}

// Roles and entitlements of a user are told from groups of the same name by these.
const (
	rolePrefix        = "role:"
	entitlementPrefix = "entitlement:"
)

func appendValues(out []connectors.Entitlement, prefix string, vs values) []connectors.Entitlement {
	from := len(out)
next:
	for _, v := range vs {
		id := v.Value
		if id == "" {
			id = v.Display
		}
		if id == "" {
			continue
		}
		e := connectors.EntitlementID(prefix + string(id))
		for _, had := range out[from:] {
			if had.ID == e {
				continue next
			}
		}
		out = append(out, connectors.Entitlement{ID: e})
	}
	return out
}

// classes are the user types that say what an account is for. Others, such as "External", leave it open.
var classes = map[string]connectors.Class{
	"employee": connectors.Human, "contractor": connectors.Human, "intern": connectors.Human, "temp": connectors.Human,
	"user": connectors.Human, "member": connectors.Human, "human": connectors.Human,
	"guest": connectors.Guest, "singlechannelguest": connectors.Guest, "multichannelguest": connectors.Guest,
	"service": connectors.Service, "serviceaccount": connectors.Service, "serviceprincipal": connectors.Service,
	"bot": connectors.Service, "application": connectors.Service, "machine": connectors.Service,
	"shared": connectors.Shared, "sharedmailbox": connectors.Shared, "room": connectors.Shared,
	"breakglass": connectors.BreakGlass,
}

func class(userType string) connectors.Class {
	return classes[strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(userType))]
}

// day reads a time stamp; one without a zone is taken as UTC. It is not ok if there is one that cannot be read.
func (a *App) day(s string) (d connectors.Date, ok bool) {
	if s == "" {
		return 0, true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			if t.Year() < 1900 {
				return 0, true // how some servers write "not known"
			}
			return connectors.DateOf(t, a.zone), true
		}
	}
	return 0, false
}
