// Package connectors is the vocabulary of rollcall: people, accounts, entitlements, and the contracts every source of
// them keeps. A connector lives in a room of its own below this one; only connectors/all knows them by name.
package connectors

import (
	"encoding/json"
	"slices"
	"strconv"
)

// Distinct ideas have distinct types, so that one cannot be passed for another.
type (
	PersonID      string // the employee id, as HR writes it
	AppID         string // the name the configuration gives an app
	AccountID     string // the app's immutable id of an account
	EntitlementID string // a role, group, licence or permission set, as the app names it
	CredentialID  string // a key or token
	Collection    string // one of the lists a source reads
)

// The collections the connectors here read.
const (
	People       Collection = "people"
	JobHistory   Collection = "job history"
	Accounts     Collection = "accounts"
	Entitlements Collection = "entitlements"
	Credentials  Collection = "credentials"
	Groups       Collection = "groups"
)

// Tri is a fact that may be unknown. Unknown is a value: it is never read as no.
type Tri uint8

const (
	Unknown Tri = iota
	No
	Yes
)

func (t Tri) String() string { return [...]string{"unknown", "no", "yes"}[t] }

// Is makes a known fact.
func Is(b bool) Tri {
	if b {
		return Yes
	}
	return No
}

// WorkStatus is what HR says of a record today. It is often late: the dates decide as well.
type WorkStatus uint8

const (
	StatusUnknown WorkStatus = iota // blank in the roster
	Active
	OnLeave
	Preboarding
	Terminated
)

func (s WorkStatus) String() string {
	return [...]string{"unknown", "active", "leave", "preboarding", "terminated"}[s]
}

// Employment is the sort of contract.
type Employment uint8

const (
	EmploymentUnknown Employment = iota
	Employee
	Contractor
	Intern
)

func (e Employment) String() string {
	return [...]string{"unknown", "employee", "contractor", "intern"}[e]
}

// Class is what an account is for; it is settled before any rule runs.
type Class uint8

const (
	ClassUnknown Class = iota // the app does not say
	Human
	Guest
	Service
	Shared
	BreakGlass
)

func (c Class) String() string {
	return [...]string{"unknown", "human", "guest", "service", "shared", "break_glass"}[c]
}

// ParseClass reads what String writes.
func ParseClass(s string) (Class, bool) {
	i := slices.Index([]string{"unknown", "human", "guest", "service", "shared", "break_glass"}, s)
	return Class(max(i, 0)), i >= 0
}

// Where names the place a row came from, for people to find it: a file and its line, or a URL and its record number.
type Where struct {
	Source string
	Line   int
}

// String is "file:line", or the source alone.
func (w Where) String() string {
	if w.Line == 0 {
		return w.Source
	}
	return w.Source + ":" + strconv.Itoa(w.Line)
}

// Person is one HR record: one employment of one human being. A re-hire is often a second record with a new id; the
// scanner joins the records of one human.
type Person struct {
	ID                            PersonID
	FirstName, LastName           string
	FormerLastName, PreferredName string
	DisplayName                   string // where HR keeps one name instead of two
	WorkEmail, PersonalEmail      string
	Aliases                       []string // earlier and other addresses HR knows of
	Status                        WorkStatus
	Employment                    Employment
	Start, End                    Date // End is the last day, and may be in the future
	LeaveStart, LeaveEnd          Date // extended leave; an open one has no end
	Department, Title, Role       string
	Manager                       PersonID
	Previous                      PersonID // the earlier record of a re-hire, when HR linked it
	Roles                         []RolePeriod
	Rehired                       Tri  // whether HR's history calls the start of this record a re-hire; no: it says a first hire
	HistorySince                  Date // from when Roles are known; 0 = not at all
	From                          Where
}

// RolePeriod is a role held from a day on, until the next period starts.
type RolePeriod struct {
	From                    Date `json:"from"`
	Role, Department, Title string
}

// Account is one login in one app, disabled ones included.
type Account struct {
	ID                    AccountID
	Username, DisplayName string
	Email                 string
	Aliases               []string // further addresses the app keeps
	EmployeeID            string   // as the app writes it, which is often not as HR does
	OwnerRef              string   // owner or sponsor the app names: an employee id or an address
	Enabled               Tri
	Class                 Class // as the app labels it
	Created               Date
	LastSignIn            Date // 0 = none seen, which means something only where Info().Signals says SignIn
	SignInUnknown         bool `json:",omitempty"` // of this account: that none was seen does not mean that there was none
	MFA, LocalSignIn      Tri
	Entitlements          []Entitlement
	Credentials           []Credential
	From                  Where
	// State is opaque vendor detail, no secrets, that an undo restores. Only the reading of one account must give it.
	State json.RawMessage `json:",omitempty"` // none stays none, in JSON and back
}

// Clone copies what the next yield would overwrite.
func (a Account) Clone() Account {
	a.Aliases = slices.Clone(a.Aliases)
	a.Entitlements = slices.Clone(a.Entitlements)
	a.Credentials = slices.Clone(a.Credentials)
	a.State = slices.Clone(a.State)
	return a
}

// Entitlement is one thing an account may do.
type Entitlement struct {
	ID         EntitlementID
	Privileged bool
	Inherited  EntitlementID // the group that gives it; removing it here would not help
	Granted    Date          // 0 = the app does not say
	LastUsed   Date          // 0 = none seen, which means something only where Info().Signals says Use
	Until      Date          // granted until and including this day; 0 = no end
}

// Credential is a key or token that works without its owner's password.
type Credential struct {
	ID                CredentialID
	Kind              string // "api_key", "token", …
	Created, LastUsed Date
}
