//go:build integration

package sqldb

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/table"
)

// ownConfig reads the users of the made-up application, and says how they are changed.
func ownConfig(user string) AppConfig {
	c := AppConfig{User: user, Database: "crm", Query: "SELECT id, email, full_name AS name, is_active, staff_no, last_login, joined FROM app.users"}
	c.Columns = table.AppColumns{ID: "id", Email: "email", DisplayName: "name", Status: "is_active", EmployeeID: "staff_no", LastSignIn: "last_login", Created: "joined"}
	c.Entitlements.Query = "SELECT user_id, role, granted FROM app.user_roles -- all of them"
	c.Entitlements.Columns = table.GrantColumns{Account: "user_id", Entitlement: "role", Granted: "granted"}
	c.Credentials.Query = "SELECT id, user_id, made, used FROM app.tokens"
	c.Credentials.Columns = table.CredentialColumns{Account: "user_id", ID: "id", Created: "made", LastUsed: "used"}
	c.Statements = Statements{
		Disable:           "UPDATE app.users SET is_active = false WHERE id = $1",
		Enable:            "UPDATE app.users SET is_active = true WHERE id = $1",
		RemoveEntitlement: "DELETE FROM app.user_roles WHERE user_id = $1 AND role = $2",
		AddEntitlement:    "INSERT INTO app.user_roles (user_id, role) VALUES ($1, $2) ON CONFLICT DO NOTHING",
		EndSessions:       "DELETE FROM app.sessions WHERE user_id = $1",
	}
	return c
}

func date(t testing.TB, s string) connectors.Date {
	t.Helper()
	d, err := connectors.ParseDate(s)
	check(t, err)
	return d
}

func (c *cluster) own(t *testing.T) {
	app := c.open(t, ownConfig("scan_ro"))
	ada, err := app.(connectors.Getter).Account(t.Context(), "1")
	check(t, err)
	ada.From = connectors.Where{}
	want := connectors.Account{ID: "1", Email: "ada@example.com", DisplayName: "Ada Muster", EmployeeID: "E1", Enabled: connectors.Yes,
		LastSignIn: date(t, "2026-01-02"), Created: date(t, "2020-02-29"), Entitlements: []connectors.Entitlement{{ID: "admin", Granted: date(t, "2024-05-06")}, {ID: "editor"}},
		Credentials: []connectors.Credential{{ID: "t1", Created: date(t, "2025-01-01")}}}
	ada.Aliases = nil
	if !reflect.DeepEqual(ada, want) {
		t.Errorf("got  %+v\nwant %+v", ada, want)
	}
	bea, err := app.(connectors.Getter).Account(t.Context(), "2")
	check(t, err)
	was := c.users(t)
	if _, err := app.(connectors.Disabler).Disable(t.Context(), ada); !errors.Is(err, connectors.ErrForbidden) {
		t.Errorf("a reader disables: %v; want ErrForbidden", err)
	}
	for what, statement := range map[string]string{
		"more than one row": "UPDATE app.users SET is_active = false WHERE $1 <> ''",
		"more of the row":   "UPDATE app.users SET is_active = false, staff_no = 'E9' WHERE id = $1",
		"nothing":           "UPDATE app.users SET is_active = false WHERE id = $1 AND false",
		"it is gone":        "DELETE FROM app.users WHERE id = $1",
	} {
		config := ownConfig("scan_rw")
		config.Statements.Disable = statement
		r, err := c.open(t, config).(connectors.Disabler).Disable(t.Context(), bea)
		if !errors.Is(err, connectors.ErrForbidden) || r.Changed {
			t.Errorf("a statement that changes %s: %+v, %v; want ErrForbidden", what, r, err)
		}
	}
	rw := c.open(t, ownConfig("scan_rw"))
	const odd = "$1; DROP TABLE app.users --"
	if r, err := rw.(connectors.EntitlementRemover).RemoveEntitlement(t.Context(), bea, odd); err != nil || !r.Changed {
		t.Errorf("an entitlement that looks like code: %+v, %v", r, err)
	}
	if r, err := rw.(connectors.EntitlementRemover).AddEntitlement(t.Context(), bea, odd); err != nil || !r.Changed {
		t.Errorf("and back: %+v, %v", r, err)
	}
	if now := c.users(t); now != was {
		t.Errorf("the tables are not as they were:\nwas %s\nis  %s", was, now)
	}
	evil := ownConfig("scan_rw")
	evil.Query = "WITH x AS (UPDATE app.users SET is_active = false RETURNING *) SELECT * FROM x"
	if _, _, err := connectortest.Accounts(t.Context(), c.open(t, evil)); err == nil || c.users(t) != was {
		t.Errorf("a query that writes: %v", err)
	}
	lost := ownConfig("scan_ro")
	lost.Query = "SELECT id, email, full_name AS name, is_active, staff_no, last_login, joined FROM app.other"
	p, err := c.open(t, lost).(connectors.Preflighter).Preflight(t.Context())
	if err != nil || len(p.Problems) != 1 {
		t.Errorf("a table that is not there: %+v, %v; want one problem", p, err)
	}
}

// hidden rows: a table with row-level security gives a caller without a policy an empty list, and no error by default.
func (c *cluster) hidden(t *testing.T) {
	conn, err := c.connect("postgres", "adminpw", "crm")
	check(t, err)
	defer conn.Close(context.Background())
	c.run(t, conn, "ALTER TABLE app.users ENABLE ROW LEVEL SECURITY")
	defer c.run(t, conn, "ALTER TABLE app.users DISABLE ROW LEVEL SECURITY")
	rows, trace, err := connectortest.Accounts(t.Context(), c.open(t, ownConfig("scan_ro")))
	if !errors.Is(err, connectors.ErrForbidden) || len(rows) > 0 || trace.Ended(connectors.Accounts) {
		t.Errorf("%d accounts, %v; want ErrForbidden", len(rows), err)
	}
}

// users is what stands in the application's tables.
func (c *cluster) users(t testing.TB) string {
	t.Helper()
	conn, err := c.connect("postgres", "adminpw", "crm")
	check(t, err)
	defer conn.Close(context.Background())
	var out string
	check(t, conn.QueryRow(context.Background(), `SELECT (SELECT string_agg(u::text, ' ' ORDER BY id) FROM app.users u) || (SELECT string_agg(r::text, ' ' ORDER BY user_id, role) FROM app.user_roles r)`).Scan(&out))
	return out
}

func (c *cluster) ownContract(t *testing.T) {
	conn, err := c.connect("postgres", "adminpw", "crm")
	check(t, err)
	defer conn.Close(context.Background())
	reset := strings.Join([]string{"UPDATE app.users SET is_active = (id <> 3)", "DELETE FROM app.user_roles",
		"INSERT INTO app.user_roles VALUES (1, 'admin', NULL), (1, 'editor', NULL), (2, 'admin', NULL)"}, ";\n")
	open := func(tb testing.TB, dial ...func(*connectors.Env)) connectors.App {
		c.run(tb, conn, reset)
		config := ownConfig("scan_rw")
		config.Address = c.socket()
		return c.open(tb, config, dial...)
	}
	connectortest.App(t, connectortest.AppHarness{
		Open: func(tb testing.TB) connectors.App { return open(tb) },
		Broken: func(tb testing.TB) connectors.App {
			return open(tb, func(e *connectors.Env) { e.Dial = cut(1500) })
		},
		Want: connectortest.IDs("1", "2", "3"), Secret: testPassword, Spec: new(AppConfig).Spec(),
	})
}
