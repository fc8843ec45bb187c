package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"rollcall/connectors"
)

// The types of line.
const (
	typeHeader, typeAccount, typeReject, typeNote, typeEnd, typeDone, typeCheck = "header", "account", "reject", "note", "end", "done", "check"
)

// version is that of the schema.
const version = 1

type headerLine struct {
	Type     string   `json:"type"`
	Rollcall int      `json:"rollcall"`
	Signals  []string `json:"signals"`
}

type accountLine struct {
	Type         string            `json:"type"`
	ID           string            `json:"id"`
	Username     string            `json:"username"`
	DisplayName  string            `json:"display_name"`
	Email        string            `json:"email"`
	Aliases      []string          `json:"aliases"`
	EmployeeID   string            `json:"employee_id"`
	Owner        string            `json:"owner"`
	Enabled      *bool             `json:"enabled"`
	Class        string            `json:"class"`
	Created      string            `json:"created"`
	LastSignIn   string            `json:"last_sign_in"`
	MFA          *bool             `json:"mfa"`
	LocalSignIn  *bool             `json:"local_sign_in"`
	Entitlements []entitlementLine `json:"entitlements"`
	Credentials  []credentialLine  `json:"credentials"`
	State        json.RawMessage   `json:"state"`
}

type entitlementLine struct {
	ID         string `json:"id"`
	Privileged bool   `json:"privileged"`
	Inherited  string `json:"inherited"`
	Granted    string `json:"granted"`
	LastUsed   string `json:"last_used"`
	Until      string `json:"until"`
}

type credentialLine struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	Created  string `json:"created"`
	LastUsed string `json:"last_used"`
}

type rejectLine struct {
	Type   string `json:"type"`
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

type noteLine struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type endLine struct {
	Type     string `json:"type"`
	Accounts *int   `json:"accounts"`
}

type doneLine struct {
	Type      string `json:"type"`
	Changed   *bool  `json:"changed"`
	RequestID string `json:"request_id"`
}

type checkLine struct {
	Type     string        `json:"type"`
	Identity string        `json:"identity"`
	Proved   []string      `json:"proved"`
	Problems []problemLine `json:"problems"`
}

type problemLine struct {
	Lacks   string `json:"lacks"`
	So      string `json:"so"`
	Fix     string `json:"fix"`
	Writing bool   `json:"writing"`
}

// typeOf is what a line is.
func typeOf(line []byte) (string, error) {
	var t struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(line, &t); err != nil {
		return "", fmt.Errorf("no JSON object: %w", err)
	}
	return t.Type, nil
}

// strict reads a line into what it is to be, and refuses what that does not have.
func strict(line []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("more than one value in a line")
	}
	return nil
}

// only reads a line that must be of one type.
func only(line []byte, want string, to any) error {
	is, err := typeOf(line)
	if err != nil {
		return err
	}
	if is != want {
		return fmt.Errorf("its type is %q; want %q", is, want)
	}
	return strict(line, to)
}

// account makes an account of a line. Facts whose signal is not among reports are left out, and dropped tells so.
func (a *App) account(line []byte, where connectors.Where) (acc connectors.Account, dropped bool, err error) {
	var l accountLine
	if err := strict(line, &l); err != nil {
		return acc, false, err
	}
	if l.ID == "" {
		return acc, false, fmt.Errorf("an account without an id")
	}
	class, ok := connectors.ClassUnknown, true
	if l.Class != "" {
		if class, ok = connectors.ParseClass(l.Class); !ok {
			return acc, false, fmt.Errorf("account %q: class %q is not known; want human, guest, service, shared, break_glass or unknown", l.ID, l.Class)
		}
	}
	d := &dates{zone: a.zone}
	acc = connectors.Account{ID: connectors.AccountID(l.ID), Username: l.Username, DisplayName: l.DisplayName, Email: l.Email, Aliases: l.Aliases, EmployeeID: l.EmployeeID,
		OwnerRef: l.Owner, Enabled: tri(l.Enabled), Class: class, Created: d.of("created", l.Created), MFA: tri(l.MFA), LocalSignIn: tri(l.LocalSignIn), From: where}
	if l.LastSignIn != "never" {
		acc.LastSignIn = d.of("last_sign_in", l.LastSignIn)
		acc.SignInUnknown = l.LastSignIn == "" && a.given(signIn)
	}
	for _, e := range l.Entitlements {
		if e.ID == "" {
			return acc, false, fmt.Errorf("account %q: an entitlement without an id", l.ID)
		}
		acc.Entitlements = append(acc.Entitlements, connectors.Entitlement{ID: connectors.EntitlementID(e.ID), Privileged: e.Privileged, Inherited: connectors.EntitlementID(e.Inherited),
			Granted: d.of("granted", e.Granted), LastUsed: d.of("last_used", e.LastUsed), Until: d.of("until", e.Until)})
	}
	for _, c := range l.Credentials {
		if c.ID == "" {
			return acc, false, fmt.Errorf("account %q: a credential without an id", l.ID)
		}
		acc.Credentials = append(acc.Credentials, connectors.Credential{ID: connectors.CredentialID(c.ID), Kind: c.Kind, Created: d.of("created", c.Created), LastUsed: d.of("last_used", c.LastUsed)})
	}
	if d.err != nil {
		return acc, false, fmt.Errorf("account %q: %w", l.ID, d.err)
	}
	if len(l.State) > 0 && string(l.State) != "null" {
		acc.State = slices.Clone(l.State)
	}
	return acc, a.narrow(&acc), nil
}

// narrow takes out the facts that the app is not said to report.
func (a *App) narrow(acc *connectors.Account) (dropped bool) {
	forget := func(signal string, d *connectors.Date) {
		if !a.given(signal) && d.Known() {
			*d, dropped = 0, true
		}
	}
	forget(signIn, &acc.LastSignIn)
	if !a.given(mfa) && (acc.MFA != connectors.Unknown || acc.LocalSignIn != connectors.Unknown) {
		acc.MFA, acc.LocalSignIn, dropped = connectors.Unknown, connectors.Unknown, true
	}
	for i := range acc.Entitlements {
		forget(grantDate, &acc.Entitlements[i].Granted)
		forget(use, &acc.Entitlements[i].LastUsed)
	}
	return dropped
}

func tri(b *bool) connectors.Tri {
	if b == nil {
		return connectors.Unknown
	}
	return connectors.Is(*b)
}

// dates reads days, and keeps the first mistake.
type dates struct {
	zone *time.Location
	err  error
}

func (d *dates) of(field, s string) connectors.Date {
	if s == "" {
		return 0
	}
	if len(s) > len(time.DateOnly) {
		t, err := time.Parse(time.RFC3339, s)
		if err == nil {
			return connectors.DateOf(t, d.zone)
		}
	} else if day, err := connectors.ParseDate(s); err == nil {
		return day
	}
	if d.err == nil {
		d.err = fmt.Errorf("%s %q: want YYYY-MM-DD, or an instant as RFC 3339 writes it", field, s)
	}
	return 0
}
