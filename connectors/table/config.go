package table

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Common is the configuration every table has.
type Common struct {
	Dates         []string `toml:"dates"`          // layouts in plain letters; default YYYY-MM-DD and RFC 3339
	NoDate        []string `toml:"no_date"`        // words that mean "no date", as "never"
	MaxRejected   Limit    `toml:"max_rejected"`   // a Limit: "1%" (the default) or "5"; above it the pull is partial
	ListSeparator string   `toml:"list_separator"` // of cells that hold several values: ; , or |
}

// RosterOptions map a table to people.
type RosterOptions struct {
	Common
	Columns    RosterColumns   `toml:"columns"`
	Status     StatusWords     `toml:"status"`
	Employment EmploymentWords `toml:"employment"`
}

// RosterColumns name the header of each column; an empty one is not read.
type RosterColumns struct {
	ID             string `toml:"id"`
	FirstName      string `toml:"first_name"`
	LastName       string `toml:"last_name"`
	FormerLastName string `toml:"former_last_name"`
	PreferredName  string `toml:"preferred_name"`
	DisplayName    string `toml:"display_name"`
	WorkEmail      string `toml:"work_email"`
	Aliases        string `toml:"aliases"`
	PersonalEmail  string `toml:"personal_email"`
	Status         string `toml:"status"`
	Employment     string `toml:"employment"`
	Start          string `toml:"start"`
	End            string `toml:"end"`
	LeaveStart     string `toml:"leave_start"`
	LeaveEnd       string `toml:"leave_end"`
	Department     string `toml:"department"`
	Title          string `toml:"title"`
	Role           string `toml:"role"`
	Manager        string `toml:"manager"`
	Previous       string `toml:"previous"`
}

// StatusWords are the source's words for each status, beside the obvious ones.
type StatusWords struct {
	Active      []string `toml:"active"`
	Leave       []string `toml:"leave"`
	Preboarding []string `toml:"preboarding"`
	Terminated  []string `toml:"terminated"`
}

// EmploymentWords are the source's words for each sort of contract, beside the obvious ones.
type EmploymentWords struct {
	Employee   []string `toml:"employee"`
	Contractor []string `toml:"contractor"`
	Intern     []string `toml:"intern"`
}

// HistoryOptions map a second table, of one row per change of job, to the roles people held. Dates and NoDate default
// to the roster's.
type HistoryOptions struct {
	Dates       []string       `toml:"dates"`
	NoDate      []string       `toml:"no_date"`
	MaxRejected Limit          `toml:"max_rejected"`
	SkipEvents  []string       `toml:"skip_events"` // words of the event column that start no role
	Columns     HistoryColumns `toml:"columns"`
}

// HistoryColumns name the columns of the job history.
type HistoryColumns struct {
	ID         string `toml:"id"`
	From       string `toml:"from"`
	Role       string `toml:"role"`
	Department string `toml:"department"`
	Title      string `toml:"title"`
	Event      string `toml:"event"`
}

// AppOptions map a table to accounts.
type AppOptions struct {
	Common
	Reports []string     `toml:"reports"` // sign_in, use, grant_date, mfa; default: what the mapped columns can tell
	Columns AppColumns   `toml:"columns"`
	Status  EnabledWords `toml:"status"`
	Class   ClassWords   `toml:"class"`
}

// AppColumns name the columns of the account list.
type AppColumns struct {
	ID           string `toml:"id"`
	Username     string `toml:"username"`
	DisplayName  string `toml:"display_name"`
	Email        string `toml:"email"`
	Aliases      string `toml:"aliases"`
	EmployeeID   string `toml:"employee_id"`
	Owner        string `toml:"owner"`
	Status       string `toml:"status"`
	Class        string `toml:"class"`
	Created      string `toml:"created"`
	LastSignIn   string `toml:"last_sign_in"`
	MFA          string `toml:"mfa"`
	LocalSignIn  string `toml:"local_sign_in"`
	Entitlements string `toml:"entitlements"`
}

// EnabledWords are the app's words for its two states, beside the obvious ones.
type EnabledWords struct {
	Enabled  []string `toml:"enabled"`
	Disabled []string `toml:"disabled"`
}

// ClassWords are the app's words for each class of account, beside the obvious ones.
type ClassWords struct {
	Human      []string `toml:"human"`
	Guest      []string `toml:"guest"`
	Service    []string `toml:"service"`
	Shared     []string `toml:"shared"`
	BreakGlass []string `toml:"break_glass"`
}

// GrantOptions map a second table, of one row per account and entitlement. Dates and NoDate default to the app's.
type GrantOptions struct {
	Dates       []string     `toml:"dates"`
	NoDate      []string     `toml:"no_date"`
	MaxRejected Limit        `toml:"max_rejected"`
	Columns     GrantColumns `toml:"columns"`
}

// GrantColumns name the columns of the entitlement table.
type GrantColumns struct {
	Account     string `toml:"account"`
	Entitlement string `toml:"entitlement"`
	Granted     string `toml:"granted"`
	LastUsed    string `toml:"last_used"`
	Until       string `toml:"until"`
	Privileged  string `toml:"privileged"`
	Inherited   string `toml:"inherited"`
}

// CredentialOptions map a table of one row per key or token. Dates and NoDate default to the app's.
type CredentialOptions struct {
	Dates       []string          `toml:"dates"`
	NoDate      []string          `toml:"no_date"`
	MaxRejected Limit             `toml:"max_rejected"`
	Columns     CredentialColumns `toml:"columns"`
}

// CredentialColumns name the columns of the credential table.
type CredentialColumns struct {
	Account  string `toml:"account"`
	ID       string `toml:"id"`
	Kind     string `toml:"kind"`
	Created  string `toml:"created"` // or rotated
	LastUsed string `toml:"last_used"`
}

// The signals "reports" may name.
const (
	reportSignIn    = "sign_in"
	reportUse       = "use"
	reportGrantDate = "grant_date"
	reportMFA       = "mfa"
)

// separator is the byte between the values of one cell.
func (c Common) separator() (byte, error) {
	switch c.ListSeparator {
	case "":
		return ';', nil
	case ";", ",", "|":
		return c.ListSeparator[0], nil
	}
	return 0, fmt.Errorf("list_separator %q: write one of \";\" \",\" \"|\"", c.ListSeparator)
}

// inherit fills in what a second table leaves to the first.
func inherit(dates, noDate []string, from Common) (d, n []string) {
	if len(dates) == 0 {
		dates = from.Dates
	}
	if len(noDate) == 0 {
		noDate = from.NoDate
	}
	return dates, noDate
}

// narrow takes the columns out of use whose signal the app is not said to report, and refuses a signal no column gives.
func narrow(o *AppOptions, g *GrantColumns) error {
	if o.Reports == nil {
		return nil
	}
	signals := []struct {
		name, columns string
		fields        []*string
	}{
		{reportSignIn, "last_sign_in in [app.columns]", []*string{&o.Columns.LastSignIn}},
		{reportUse, "last_used in [app.entitlements.columns]", []*string{&g.LastUsed}},
		{reportGrantDate, "granted in [app.entitlements.columns]", []*string{&g.Granted}},
		{reportMFA, "mfa or local_sign_in in [app.columns]", []*string{&o.Columns.MFA, &o.Columns.LocalSignIn}},
	}
	for _, r := range o.Reports {
		if !slices.Contains([]string{reportSignIn, reportUse, reportGrantDate, reportMFA}, r) {
			return fmt.Errorf("reports: %q is none of sign_in, use, grant_date, mfa", r)
		}
	}
	for _, s := range signals {
		mapped := slices.ContainsFunc(s.fields, func(f *string) bool { return *f != "" })
		switch wanted := slices.Contains(o.Reports, s.name); {
		case wanted && !mapped:
			return fmt.Errorf("reports: %q needs a column: set %s", s.name, s.columns)
		case !wanted:
			for _, f := range s.fields {
				*f = ""
			}
		}
	}
	return nil
}

// need lists what is missing of the settings a table cannot do without.
func need(section string, set map[string]string) error {
	var missing []string
	for key, header := range set {
		if strings.TrimSpace(header) == "" {
			missing = append(missing, key)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return fmt.Errorf("[%s] %s: not set; name the column of the file that holds it", section, strings.Join(missing, ", "))
}

var errNoFile = errors.New("file: not set; name the file to read")

func zoneOf(z *time.Location) *time.Location {
	if z == nil {
		return time.UTC
	}
	return z
}
