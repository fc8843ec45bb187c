package evidence

import (
	"encoding/json"
	"fmt"

	"rollcall/connectors"
)

// What the rows look like to who reads them back. A word that this version does not know is an error: guessing would
// replay another run.
type (
	person struct {
		ID             connectors.PersonID     `json:"id"`
		FirstName      string                  `json:"first_name,omitempty"`
		LastName       string                  `json:"last_name,omitempty"`
		FormerLastName string                  `json:"former_last_name,omitempty"`
		PreferredName  string                  `json:"preferred_name,omitempty"`
		DisplayName    string                  `json:"display_name,omitempty"`
		WorkEmail      string                  `json:"work_email,omitempty"`
		PersonalEmail  string                  `json:"personal_email,omitempty"`
		Aliases        []string                `json:"aliases,omitempty"`
		Status         word[status]            `json:"status,omitempty"`
		Employment     word[employment]        `json:"employment,omitempty"`
		Start          connectors.Date         `json:"start,omitempty"`
		End            connectors.Date         `json:"end,omitempty"`
		LeaveStart     connectors.Date         `json:"leave_start,omitempty"`
		LeaveEnd       connectors.Date         `json:"leave_end,omitempty"`
		Department     string                  `json:"department,omitempty"`
		Title          string                  `json:"title,omitempty"`
		Role           string                  `json:"role,omitempty"`
		Manager        connectors.PersonID     `json:"manager,omitempty"`
		Previous       connectors.PersonID     `json:"previous,omitempty"`
		Roles          []connectors.RolePeriod `json:"roles,omitempty"`
		Rehired        word[tri]               `json:"rehired,omitempty"`
		HistorySince   connectors.Date         `json:"history_since,omitempty"`
		From           string                  `json:"from,omitempty"`
		Line           int                     `json:"line,omitempty"`
	}
	account struct {
		ID           connectors.AccountID `json:"id"`
		Username     string               `json:"username"`
		DisplayName  string               `json:"display_name"`
		Email        string               `json:"email"`
		Aliases      []string             `json:"aliases"`
		EmployeeID   string               `json:"employee_id"`
		OwnerRef     string               `json:"owner_ref"`
		Enabled      word[tri]            `json:"enabled"`
		Class        word[class]          `json:"class"`
		Created      connectors.Date      `json:"created"`
		LastSignIn   connectors.Date      `json:"last_sign_in"`
		SignIn       string               `json:"sign_in"`
		MFA          word[tri]            `json:"mfa"`
		LocalSignIn  word[tri]            `json:"local_sign_in"`
		Entitlements []entitlement        `json:"entitlements"`
		Credentials  []credential         `json:"credentials"`
		State        json.RawMessage      `json:"state"`
		From         string               `json:"from"`
		Line         int                  `json:"line"`
	}
	entitlement struct {
		ID         connectors.EntitlementID `json:"id"`
		Privileged word[tri]                `json:"privileged"`
		Inherited  connectors.EntitlementID `json:"inherited"`
		Granted    connectors.Date          `json:"granted"`
		LastUsed   connectors.Date          `json:"last_used"`
		Until      connectors.Date          `json:"until"`
	}
	credential struct {
		ID       connectors.CredentialID `json:"id"`
		Kind     string                  `json:"kind"`
		Created  connectors.Date         `json:"created"`
		LastUsed connectors.Date         `json:"last_used"`
	}
)

// The words of the vocabulary, by their numbers.
type (
	tri        struct{}
	class      struct{}
	status     struct{}
	employment struct{}
)

func (tri) words(n uint8) (string, bool) {
	return connectors.Tri(n).String(), n < uint8(connectors.Yes)
}
func (class) words(n uint8) (string, bool) {
	return connectors.Class(n).String(), n < uint8(connectors.BreakGlass)
}
func (status) words(n uint8) (string, bool) {
	return connectors.WorkStatus(n).String(), n < uint8(connectors.Terminated)
}
func (employment) words(n uint8) (string, bool) {
	return connectors.Employment(n).String(), n < uint8(connectors.Intern)
}

// word is one of a vocabulary's words, as its number.
type word[V interface {
	words(n uint8) (word string, more bool)
}] uint8

func (w *word[V]) UnmarshalText(b []byte) error {
	var v V
	for n := uint8(0); ; n++ {
		s, more := v.words(n)
		if s == string(b) {
			*w = word[V](n)
			return nil
		}
		if !more {
			return fmt.Errorf("%q is no word this version knows", b)
		}
	}
}

func (p *person) value() connectors.Person {
	return connectors.Person{ID: p.ID, FirstName: p.FirstName, LastName: p.LastName, FormerLastName: p.FormerLastName,
		PreferredName: p.PreferredName, DisplayName: p.DisplayName, WorkEmail: p.WorkEmail, PersonalEmail: p.PersonalEmail,
		Aliases: p.Aliases, Status: connectors.WorkStatus(p.Status), Employment: connectors.Employment(p.Employment),
		Start: p.Start, End: p.End, LeaveStart: p.LeaveStart, LeaveEnd: p.LeaveEnd, Department: p.Department, Title: p.Title,
		Role: p.Role, Manager: p.Manager, Previous: p.Previous, Roles: p.Roles, Rehired: connectors.Tri(p.Rehired),
		HistorySince: p.HistorySince, From: connectors.Where{Source: p.From, Line: p.Line}}
}

func (a *account) value() connectors.Account {
	out := connectors.Account{ID: a.ID, Username: a.Username, DisplayName: a.DisplayName, Email: a.Email, Aliases: a.Aliases,
		EmployeeID: a.EmployeeID, OwnerRef: a.OwnerRef, Enabled: connectors.Tri(a.Enabled), Class: connectors.Class(a.Class),
		Created: a.Created, LastSignIn: a.LastSignIn, SignInUnknown: a.SignIn == "unknown", MFA: connectors.Tri(a.MFA), LocalSignIn: connectors.Tri(a.LocalSignIn),
		State: a.State, From: connectors.Where{Source: a.From, Line: a.Line}}
	for _, e := range a.Entitlements {
		out.Entitlements = append(out.Entitlements, connectors.Entitlement{ID: e.ID, Privileged: connectors.Tri(e.Privileged) == connectors.Yes,
			Inherited: e.Inherited, Granted: e.Granted, LastUsed: e.LastUsed, Until: e.Until})
	}
	for _, c := range a.Credentials {
		out.Credentials = append(out.Credentials, connectors.Credential(c))
	}
	return out
}
