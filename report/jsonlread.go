package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"rollcall/connectors"
	"rollcall/scanner"
)

// maxLine bounds what a damaged file can make a reader hold.
const maxLine = 64 << 20

// lines yields what unmarshal makes of every line. The first line that cannot be read ends it with an error that names
// the line: a list with a hole must not pass for the whole.
func lines[T any](r io.Reader, what string, unmarshal func([]byte, *T) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		in := bufio.NewScanner(r)
		in.Buffer(make([]byte, 0, 1<<16), maxLine)
		n := 0
		var zero T
		for in.Scan() {
			n++
			line := bytes.TrimSpace(in.Bytes())
			if len(line) == 0 {
				continue
			}
			var v T
			if err := unmarshal(line, &v); err != nil {
				yield(zero, fmt.Errorf("%s, line %d: %w; the file was changed or cut after it was written", what, n, err))
				return
			}
			if !yield(v, nil) {
				return
			}
		}
		if err := in.Err(); errors.Is(err, bufio.ErrTooLong) {
			yield(zero, fmt.Errorf("%s, line %d is longer than %d MiB: it was not written by rollcall", what, n+1, maxLine>>20))
		} else if err != nil {
			yield(zero, fmt.Errorf("%s, after line %d: %w", what, n, err))
		}
	}
}

// match is how a match looks in JSON.
type match struct {
	Grade string `json:"grade"`
	By    string `json:"by"`
}

func (m match) parse() (scanner.Grade, scanner.By, error) {
	g, ok := scanner.ParseGrade(m.Grade)
	if !ok {
		return 0, 0, fmt.Errorf("match grade %q is not known", m.Grade)
	}
	by, ok := scanner.ParseBy(m.By)
	if !ok {
		return 0, 0, fmt.Errorf("match by %q is not known", m.By)
	}
	return g, by, nil
}

// facts reads an object in the order it was written in.
type facts []scanner.Fact

func (f *facts) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.New("evidence is not an object")
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value string
		if err := d.Decode(&value); err != nil {
			return fmt.Errorf("evidence %q: %w", name, err)
		}
		*f = append(*f, scanner.Fact{Name: name.(string), Value: value})
	}
	return nil
}

// ReadFindings reads back what AppendFinding wrote, one object a line. Whether a finding is back again is not in the file.
func ReadFindings(r io.Reader) iter.Seq2[scanner.Finding, error] {
	return lines(r, "findings", decodeFinding)
}

// decodeFinding reads one line.
func decodeFinding(line []byte, f *scanner.Finding) error {
	if quickFinding(line, f) {
		return nil
	}
	return slowFinding(line, f)
}

func slowFinding(line []byte, f *scanner.Finding) error {
	var w struct {
		ID          scanner.FindingID        `json:"id"`
		Kind        scanner.Kind             `json:"kind"`
		Reason      string                   `json:"reason"`
		Severity    scanner.Severity         `json:"severity"`
		App         connectors.AppID         `json:"app"`
		Account     connectors.AccountID     `json:"account_id"`
		Entitlement connectors.EntitlementID `json:"entitlement"`
		Person      connectors.PersonID      `json:"person_id"`
		Related     []scanner.Related        `json:"related"`
		Group       string                   `json:"group"`
		Match       match                    `json:"match"`
		Why         string                   `json:"why"`
		Evidence    facts                    `json:"evidence"`
		FirstSeen   connectors.Date          `json:"first_seen"`
		TimesSeen   int                      `json:"times_seen"`
		Controls    []string                 `json:"controls"`
	}
	if err := json.Unmarshal(line, &w); err != nil {
		return err
	}
	grade, by, err := w.Match.parse()
	if err != nil {
		return err
	}
	if w.ID == "" || w.Kind == "" {
		return errors.New("a finding without an id or a kind")
	}
	*f = scanner.Finding{ID: w.ID, Kind: w.Kind, Reason: w.Reason, Severity: w.Severity, App: w.App, Account: w.Account,
		Entitlement: w.Entitlement, Person: w.Person, Related: w.Related, Group: w.Group, Grade: grade, By: by, Why: w.Why,
		Evidence: w.Evidence, Controls: w.Controls, FirstSeen: w.FirstSeen, TimesSeen: w.TimesSeen}
	return nil
}

// AccountRow is one account as accounts.jsonl tells of it: a row of the workbook's Population.
type AccountRow struct {
	App          connectors.AppID
	Account      connectors.AccountID
	Class        connectors.Class
	ClassBy      string
	Enabled      connectors.Tri
	Person       connectors.PersonID
	RunnerUp     connectors.PersonID
	Grade        scanner.Grade
	By           scanner.By
	Username     string
	DisplayName  string
	Email        string
	EmployeeID   string
	Created      connectors.Date
	LastSignIn   connectors.Date
	MFA          connectors.Tri
	Entitlements int
	Privileged   int
	OwnerRef     string // owner or sponsor, as the app names them
	Row          string // where it was read: file:line
}

// ReadAccounts reads back what AppendAccount wrote, one object a line.
func ReadAccounts(r io.Reader) iter.Seq2[AccountRow, error] {
	return lines(r, "accounts", func(line []byte, a *AccountRow) error {
		if quickAccount(line, a) {
			return nil
		}
		return slowAccount(line, a)
	})
}

func slowAccount(line []byte, a *AccountRow) error {
	var w struct {
		App          connectors.AppID     `json:"app"`
		Account      connectors.AccountID `json:"account_id"`
		Class        string               `json:"class"`
		Enabled      *bool                `json:"enabled"`
		Person       connectors.PersonID  `json:"person_id"`
		Match        match                `json:"match"`
		RunnerUp     connectors.PersonID  `json:"runner_up"`
		ClassBy      string               `json:"class_by"`
		Username     string               `json:"username"`
		DisplayName  string               `json:"display_name"`
		Email        string               `json:"email"`
		EmployeeID   string               `json:"employee_id"`
		Created      connectors.Date      `json:"created"`
		LastSignIn   connectors.Date      `json:"last_sign_in"`
		MFA          *bool                `json:"mfa"`
		Entitlements int                  `json:"entitlements"`
		Privileged   int                  `json:"privileged"`
		OwnerRef     string               `json:"owner_ref"`
		Row          string               `json:"row"`
	}
	if err := json.Unmarshal(line, &w); err != nil {
		return err
	}
	grade, by, err := w.Match.parse()
	if err != nil {
		return err
	}
	class, ok := connectors.ParseClass(w.Class)
	if !ok {
		return fmt.Errorf("class %q is not known", w.Class)
	}
	*a = AccountRow{App: w.App, Account: w.Account, Class: class, ClassBy: w.ClassBy, Enabled: tri(w.Enabled),
		Person: w.Person, RunnerUp: w.RunnerUp, Grade: grade, By: by, Username: w.Username, DisplayName: w.DisplayName,
		Email: w.Email, EmployeeID: w.EmployeeID, Created: w.Created, LastSignIn: w.LastSignIn, MFA: tri(w.MFA),
		Entitlements: w.Entitlements, Privileged: w.Privileged, OwnerRef: w.OwnerRef, Row: w.Row}
	return nil
}

func tri(b *bool) connectors.Tri {
	if b == nil {
		return connectors.Unknown
	}
	return connectors.Is(*b)
}
