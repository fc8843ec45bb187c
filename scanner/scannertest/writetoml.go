package scannertest

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

const rosterTOML = `
[roster]
kind = "csv"
file = "roster.csv"
[roster.columns]
id = "employee_id"
first_name = "first_name"
last_name = "last_name"
former_last_name = "former_last_name"
work_email = "work_email"
aliases = "email_aliases"
personal_email = "personal_email"
status = "status"
employment = "employment_type"
start = "start_date"
end = "end_date"
leave_start = "leave_start"
leave_end = "leave_end"
department = "department"
title = "title"
role = "role"
manager = "manager_employee_id"
previous = "previous_employee_id"
[roster.history]
file = "job_history.csv"
[roster.history.columns]
id = "employee_id"
from = "effective_date"
role = "role"
department = "department"
title = "title"
event = "event"
`

const appTOML = `
[[app]]
id = "%[1]s"
title = %[2]q
kind = "csv"
file = "accounts/%[1]s.csv"
suspend_on_leave = %[3]t
reports = [%[4]s]
max_rejected = "20%%"
[app.columns]
id = "account_id"
username = "username"
email = "email"
employee_id = "employee_id"
display_name = "display_name"
status = "status"
class = "account_type"
created = "created_at"
last_sign_in = "last_login_at"
owner = "owner_ref"
[app.entitlements]
file = "entitlements/%[1]s.csv"
[app.entitlements.columns]
account = "account_id"
entitlement = "entitlement"
granted = "granted_at"
last_used = "last_used_at"
`

func (c *Company) configTOML() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "as_of = %q\ntime_zone = \"UTC\"\nstate = \"state\"\npolicy = \"policy.toml\"\ncompany_domains = [%s]\n", c.AsOf, quoted(Domains))
	b.WriteString(rosterTOML)
	for _, a := range c.Apps {
		reports := []string{"grant_date"}
		if a.SignIns {
			reports = append(reports, "sign_in")
		}
		if a.Use {
			reports = append(reports, "use")
		}
		fmt.Fprintf(&b, appTOML, a.ID, a.Title, a.SuspendOnLeave, quoted(reports))
	}
	return b.Bytes()
}

func (c *Company) policyTOML() []byte {
	var b bytes.Buffer
	for _, r := range []struct {
		rule, key string
		days      int
	}{{"stale_account", "after", StaleDays}, {"stale_privilege", "after", StaleDays}, {"mover_stacking", "grace", MoverGrace}, {"leave_not_suspended", "grace", LeaveGrace}} {
		fmt.Fprintf(&b, "[rules.%s]\n%s = \"%dd\"\n", r.rule, r.key, r.days)
	}
	lastRole, lastApp := "", ""
	c.eachRight(func(role, app, right string) {
		if role != lastRole {
			fmt.Fprintf(&b, "%s\n[roles.%q.allow]\n", closed(lastApp), role)
			lastRole, lastApp = role, ""
		}
		if app != lastApp {
			fmt.Fprintf(&b, "%s%q = [%q", closed(lastApp), app, right)
			lastApp = app
		} else {
			fmt.Fprintf(&b, ", %q", right)
		}
	})
	b.WriteString(closed(lastApp))
	for _, r := range c.Policy.SoD {
		fmt.Fprintf(&b, "\n[[sod]]\nid = %q\nname = %q\nseverity = %q\na = { app = %q, entitlement = %q }\nb = { app = %q, entitlement = %q }\n",
			r.ID, r.Name, r.Severity, r.A.App, r.A.Entitlement, r.B.App, r.B.Entitlement)
	}
	return b.Bytes()
}

// closed ends the list of an app, if one is open.
func closed(app string) string {
	if app == "" {
		return ""
	}
	return "]\n"
}

func quoted(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strconv.Quote(s)
	}
	return strings.Join(out, ", ")
}
