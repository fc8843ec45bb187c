package sqldb

import (
	"strings"
	"testing"

	"rollcall/connectors"
	"rollcall/connectors/table"
)

func TestConfigIsChecked(t *testing.T) {
	good := AppConfig{Dialect: "postgres", Address: "db.example.com:5432", User: "scan", Password: "env:DB"}
	own := good
	own.Query, own.Columns = "SELECT id FROM users", table.AppColumns{ID: "id"}
	for want, change := range map[string]func(c *AppConfig){
		"dialect \"oracle\"":            func(c *AppConfig) { c.Dialect = "oracle" },
		"user is missing":               func(c *AppConfig) { c.User = "" },
		"want host:port":                func(c *AppConfig) { c.Address = "db.example.com" },
		"is another host":               func(c *AppConfig) { c.PlainLoopback = true },
		"no such secret":                func(c *AppConfig) { c.Password = "" },
		"ca_file":                       func(c *AppConfig) { c.CAFile = "missing.pem" },
		"a unix socket needs no TLS":    func(c *AppConfig) { c.Address, c.PlainLoopback = "/run/s", true },
		"query is missing":              func(c *AppConfig) { c.Statements.Disable = "UPDATE users SET a = 1 WHERE id = $1" },
		"entitlements.query is for an":  func(c *AppConfig) { c.Entitlements.Query = "SELECT 1" },
		"columns is for an application": func(c *AppConfig) { c.Columns.ID = "id" },
	} {
		c := good
		change(&c)
		if _, err := c.OpenApp("x", testEnv("")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want an error with %q", err, want)
		}
	}
	for want, change := range map[string]func(c *AppConfig){
		"disable and enable are wanted": func(c *AppConfig) { c.Statements.Disable = "UPDATE users SET a = 1 WHERE id = $1" },
		"add_entitlement are wanted":    func(c *AppConfig) { c.Statements.RemoveEntitlement = "DELETE FROM r WHERE u = $1 AND r = $2" },
		"query: it holds a ';'":         func(c *AppConfig) { c.Query = "SELECT 1; DROP TABLE users" },
		"query: it has parameters":      func(c *AppConfig) { c.Query = "SELECT 1 WHERE a = $1" },
		"leave_out is for":              func(c *AppConfig) { c.LeaveOut = []string{"x"} },
		"[app.columns] id: not set":     func(c *AppConfig) { c.Columns.ID = "" },
	} {
		c := own
		change(&c)
		if _, err := c.OpenApp("x", testEnv("")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want an error with %q", err, want)
		}
	}
	env := testEnv("")
	env.Dial = nil
	if _, err := good.OpenApp("x", env); err == nil || !strings.Contains(err.Error(), "must not use the network") {
		t.Errorf("without a network: %v", err)
	}
	if app, err := good.OpenApp("x", testEnv("")); err != nil || strings.Contains(app.Info().Location, testPassword) {
		t.Errorf("%v, %v", app, err)
	}
}

// Each set of statements has its abilities, and no other.
func TestAbilitiesAreThoseOfTheStatements(t *testing.T) {
	for set := range 8 {
		c := AppConfig{Dialect: "mysql", Address: "db.example.com:3306", User: "scan", Password: "env:DB", Query: "SELECT id FROM users"}
		c.Columns.ID = "id"
		var want connectors.Abilities
		if set&1 != 0 {
			want |= connectors.Abilities(connectors.CanDisable)
			c.Statements.Disable, c.Statements.Enable = "UPDATE u SET a = 0 WHERE id = ?", "UPDATE u SET a = 1 WHERE id = ?"
		}
		if set&2 != 0 {
			want |= connectors.Abilities(connectors.CanRemoveEntitlement)
			c.Statements.RemoveEntitlement, c.Statements.AddEntitlement = "DELETE FROM r WHERE u = ? AND r = ?", "INSERT INTO r VALUES (?, ?)"
		}
		if set&4 != 0 {
			want |= connectors.Abilities(connectors.CanRevokeSessions)
			c.Statements.EndSessions = "DELETE FROM s WHERE u = ?"
		}
		app, err := c.OpenApp("x", testEnv(""))
		check(t, err)
		if got := connectors.AbilitiesOf(app); got != want {
			t.Errorf("statements %03b: abilities %b; want %b", set, got, want)
		}
		if _, ok := app.(connectors.Getter); !ok {
			t.Errorf("statements %03b: cannot be read afresh", set)
		}
	}
}

// Statements are never put together of text.
func TestStatementsTakeParametersAlone(t *testing.T) {
	for _, c := range []struct {
		dialect, text string
		n             int
		want          string // empty: it is taken
	}{
		{"postgres", "UPDATE users SET active = false WHERE id = $1", 1, ""},
		{"postgres", "UPDATE users SET note = 'was $2; -- ?' WHERE id = $1 /* $3 */ -- $4", 1, ""},
		{"postgres", `UPDATE "odd $2 name" SET x = E'it\'s $2' WHERE id = $1::bigint`, 1, ""},
		{"postgres", "SELECT disable($1), log($1)", 1, ""},
		{"postgres", "DELETE FROM r WHERE u = $1 AND r = $2", 2, ""},
		{"postgres", "UPDATE users SET active = false WHERE id = '$1'", 1, "not those wanted"},
		{"postgres", "UPDATE users SET active = false WHERE id = $2", 1, "not those wanted"},
		{"postgres", "UPDATE users SET active = false WHERE id = '%s' OR id = $1", 1, `"%s"`},
		{"postgres", "UPDATE users SET active = false WHERE id = '{account}' OR id = $1", 1, `"{account}"`},
		{"postgres", "UPDATE users SET active = false", 1, "not those wanted"},
		{"postgres", "DELETE FROM r WHERE u = $1", 2, "not those wanted"},
		{"postgres", "DELETE FROM r WHERE u = $1; DROP TABLE r", 1, "';'"},
		{"postgres", "DO $$ BEGIN EXECUTE 'DROP ROLE ' || $1; END $$", 1, "dollar quote"},
		{"postgres", "UPDATE users SET x = 'open WHERE id = $1", 1, "not closed"},
		{"mysql", "UPDATE users SET active = 0 WHERE id = ?", 1, ""},
		{"mysql", "UPDATE `a?b` SET x = \"it's ?\" # ?\n WHERE id = ?", 1, ""},
		{"mysql", `UPDATE users SET x = 'it\'s ?' WHERE id = ?`, 1, ""},
		{"mysql", "UPDATE users SET active = 0 WHERE id = '?'", 1, "not those wanted"},
		{"mysql", "UPDATE users SET active = 0 WHERE id = ? OR id = ?", 1, "not those wanted"},
		{"mysql", "UPDATE users SET active = 0 /*! , admin = 1 */ WHERE id = ?", 1, "comment that is code"},
	} {
		err := checkStatement(c.text, c.dialect, c.n)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %s: %v; want %q", c.dialect, c.text, err, c.want)
		}
	}
}

func TestNamesAreQuoted(t *testing.T) {
	for name, want := range map[string][2]string{
		`a"b`:     {`"a""b"`, "`a\"b`"},
		"a`b":     {"\"a`b\"", "`a``b`"},
		`a'b; --`: {`"a'b; --"`, "`a'b; --`"},
		`A.b\`:    {`"A.b\"`, "`A.b\\`"},
		"":        {`""`, "``"},
	} {
		if p, m := (postgres{}).quote(name), (mysqlServer{}).quote(name); p != want[0] || m != want[1] {
			t.Errorf("%q is quoted as %s and %s; want %q", name, p, m, want)
		}
	}
}
