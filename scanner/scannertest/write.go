package scannertest

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rollcall/connectors"
)

// Write writes the company into a directory: the files a scanner may read, the truth, and a configuration by which
// rollcall scan reads them. The same company gives the same bytes.
func (c *Company) Write(dir string) error {
	files := map[string][]byte{
		"roster.csv": c.rosterCSV(), "job_history.csv": c.historyCSV(), "policy.csv": c.policyCSV(), "apps.csv": c.appsCSV(), "sod.csv": c.sodCSV(),
		"rollcall.toml": c.configTOML(), "policy.toml": c.policyTOML(),
	}
	var err error
	if files["settings.json"], err = c.settingsJSON(); err != nil {
		return fmt.Errorf("scannertest: settings: %w", err)
	}
	if files["truth.json"], err = c.truthJSON(); err != nil {
		return fmt.Errorf("scannertest: truth: %w", err)
	}
	for i := range c.Apps {
		a := &c.Apps[i]
		files["accounts/"+string(a.ID)+".csv"], files["entitlements/"+string(a.ID)+".csv"] = c.accountsCSV(a, uint64(i)), c.entitlementsCSV(a, uint64(i))
	}
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("scannertest: %w", err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return fmt.Errorf("scannertest: %w", err)
		}
	}
	return nil
}

// sheet is a CSV file in the making; writing to memory does not fail.
type sheet struct {
	buf bytes.Buffer
	w   *csv.Writer
}

func newSheet(header string) *sheet {
	s := &sheet{}
	s.w = csv.NewWriter(&s.buf)
	s.row(list(header)...)
	return s
}

func (s *sheet) row(cells ...string) { _ = s.w.Write(cells) }

func (s *sheet) bytes() []byte {
	s.w.Flush()
	return s.buf.Bytes()
}

func day(d connectors.Date) string {
	if !d.Known() {
		return ""
	}
	return d.String()
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func (c *Company) rosterCSV() []byte {
	s := newSheet(`employee_id first_name last_name former_last_name work_email email_aliases personal_email status employment_type start_date end_date
		leave_start leave_end department title role manager_employee_id previous_employee_id`)
	for _, p := range c.Roster {
		s.row(string(p.ID), p.FirstName, p.LastName, p.FormerLastName, p.WorkEmail, strings.Join(p.Aliases, ";"), p.PersonalEmail, p.Status.String(),
			p.Employment.String(), day(p.Start), day(p.End), day(p.LeaveStart), day(p.LeaveEnd), p.Department, p.Title, p.Role, string(p.Manager), string(p.Previous))
	}
	return s.bytes()
}

func (c *Company) historyCSV() []byte {
	s := newSheet("employee_id effective_date event role department title")
	for _, e := range c.Events {
		s.row(string(e.Person), day(e.On), e.Event, e.Role, e.Department, e.Title)
	}
	return s.bytes()
}

func (c *Company) policyCSV() []byte {
	s := newSheet("role app entitlement")
	c.eachRight(func(role, app, right string) { s.row(role, app, right) })
	return s.bytes()
}

// eachRight goes through the policy in an order of its own.
func (c *Company) eachRight(f func(role, app, right string)) {
	var roles []string
	for role := range c.Policy.Roles {
		roles = append(roles, role)
	}
	slices.Sort(roles)
	for _, role := range roles {
		for i := range c.Apps {
			for _, right := range c.Policy.Roles[role].Allow[c.Apps[i].ID] {
				f(role, string(c.Apps[i].ID), right)
			}
		}
	}
}

func (c *Company) appsCSV() []byte {
	s := newSheet("app name reports_last_login reports_entitlement_usage suspend_on_leave")
	for _, a := range c.Apps {
		s.row(string(a.ID), a.Title, yesNo(a.SignIns), yesNo(a.Use), yesNo(a.SuspendOnLeave))
	}
	return s.bytes()
}

func (c *Company) sodCSV() []byte {
	s := newSheet("rule_id name severity app_a entitlement_a app_b entitlement_b")
	for _, r := range c.Policy.SoD {
		s.row(r.ID, r.Name, r.Severity.String(), string(r.A.App), r.A.Entitlement, string(r.B.App), r.B.Entitlement)
	}
	return s.bytes()
}

// accountsCSV repeats a row here and there, in other letters, where there is noise: exports do.
func (c *Company) accountsCSV(a *App, n uint64) []byte {
	s := newSheet("account_id username email employee_id display_name status account_type created_at last_login_at owner_ref")
	r := rand.New(rand.NewPCG(c.Seed, n))
	for _, acc := range a.Accounts {
		status, signIn, class := a.words[0], "", ""
		if acc.Enabled == connectors.No {
			status = a.words[1]
		}
		if acc.LastSignIn.Known() {
			signIn = day(acc.LastSignIn) + "T09:30:00Z"
		}
		if acc.Class != connectors.ClassUnknown {
			class = acc.Class.String()
		}
		cells := []string{string(acc.ID), acc.Username, acc.Email, acc.EmployeeID, acc.DisplayName, status, class, day(acc.Created), signIn, acc.OwnerRef}
		s.row(cells...)
		if c.Noise > 0 && r.IntN(150) == 0 {
			cells[0] = strings.ToLower(cells[0])
			s.row(cells...)
		}
	}
	if c.Noise > 0 && a.ID == "payroll" { // some programs write this so
		return append([]byte("\ufeff"), bytes.ReplaceAll(s.bytes(), []byte("\n"), []byte("\r\n"))...)
	}
	return s.bytes()
}

func (c *Company) entitlementsCSV(a *App, n uint64) []byte {
	s := newSheet("account_id entitlement granted_at last_used_at")
	var rows [][]string
	r := rand.New(rand.NewPCG(c.Seed, n+1<<32))
	for _, acc := range a.Accounts {
		for _, e := range acc.Entitlements {
			row := []string{string(acc.ID), string(e.ID), day(e.Granted), day(e.LastUsed)}
			rows = append(rows, row)
			if c.Noise > 0 && r.IntN(150) == 0 {
				rows = append(rows, row)
			}
		}
	}
	r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	for _, row := range rows {
		s.row(row...)
	}
	return s.bytes()
}

func (c *Company) settingsJSON() ([]byte, error) {
	return json.MarshalIndent(map[string]any{"as_of": c.AsOf, "stale_days": StaleDays, "mover_grace_days": MoverGrace, "leave_grace_days": LeaveGrace,
		"company_domains": Domains}, "", "  ")
}

// truthJSON has one account a line.
func (c *Company) truthJSON() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\"as_of\":%q,\"accounts\":[\n", c.AsOf)
	for i := range c.Truth {
		line, err := json.Marshal(&c.Truth[i])
		if err != nil {
			return nil, err
		}
		b.Write(line)
		if i < len(c.Truth)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString("]}\n")
	return b.Bytes(), nil
}
