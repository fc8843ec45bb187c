//go:build integration

package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/connectortest/peer"
	"rollcall/connectors/table"
)

// maria is a real MariaDB, the one that Debian has.
type maria struct {
	dir, port string
	admin     *sql.DB
}

const mariaSeed = "CREATE ROLE readonly;CREATE ROLE payroll_rw;CREATE ROLE payroll_admin;CREATE ROLE `role ``of`` x.y`;" +
	"GRANT SELECT ON *.* TO readonly;CREATE DATABASE crm;GRANT ALL ON crm.* TO payroll_rw;GRANT readonly TO payroll_rw;GRANT payroll_rw TO payroll_admin;" +
	"CREATE USER alice@127.0.0.1 IDENTIFIED BY 'alicepw';GRANT SUPER, CREATE USER ON *.* TO alice@127.0.0.1 WITH GRANT OPTION;" +
	"CREATE USER leaver@'%' IDENTIFIED BY 'leaverpw';CREATE USER leaver@127.0.0.1 IDENTIFIED BY 'leaverpw';CREATE USER leaver@localhost IDENTIFIED BY 'leaverpw';" +
	"GRANT payroll_rw TO leaver@'%';GRANT payroll_rw TO leaver@127.0.0.1;GRANT payroll_admin TO leaver@127.0.0.1 WITH ADMIN OPTION;SET DEFAULT ROLE payroll_rw FOR leaver@127.0.0.1;" +
	"CREATE USER carol@'127.0.%' IDENTIFIED BY 'carolpw';GRANT payroll_admin TO carol@'127.0.%';GRANT SELECT ON crm.* TO carol@'127.0.%';" +
	"CREATE USER locked@'%' IDENTIFIED BY 'x' ACCOUNT LOCK;CREATE USER old@'%' IDENTIFIED BY 'x' PASSWORD EXPIRE;" +
	"CREATE USER ''@'192.0.2.%' IDENTIFIED BY 'x';CREATE USER nohost@'' IDENTIFIED BY 'nohostpw';CREATE USER UPPER@'%' IDENTIFIED BY 'x';CREATE USER upper@'%' IDENTIFIED BY 'x';" +
	"CREATE USER 'Odd `Näme`.x --\\'\"%'@'%' IDENTIFIED BY 'oddpw';GRANT `role ``of`` x.y` TO 'Odd `Näme`.x --\\'\"%'@'%';CREATE USER 'a@b'@'%' IDENTIFIED BY 'x';" +
	"CREATE USER scan_ro@'%' IDENTIFIED BY '" + testPassword + "';GRANT SELECT ON mysql.* TO scan_ro@'%';" +
	"CREATE USER scan_rw@'%' IDENTIFIED BY '" + testPassword + "';GRANT SELECT, UPDATE ON mysql.* TO scan_rw@'%';GRANT CREATE USER, PROCESS, CONNECTION ADMIN ON *.* TO scan_rw@'%';" +
	"GRANT payroll_rw TO scan_rw@'%' WITH ADMIN OPTION;GRANT payroll_admin TO scan_rw@'%' WITH ADMIN OPTION;GRANT `role ``of`` x.y` TO scan_rw@'%' WITH ADMIN OPTION;" +
	"CREATE USER scan_no@'%' IDENTIFIED BY '" + testPassword + "';GRANT SELECT ON mysql.global_priv TO scan_no@'%';GRANT SELECT ON mysql.roles_mapping TO scan_no@'%';" +
	"GRANT SELECT ON mysql.procs_priv TO scan_no@'%';GRANT SELECT ON mysql.proxies_priv TO scan_no@'%';" +
	"CREATE TABLE crm.users(id INT PRIMARY KEY, email VARCHAR(90), active TINYINT(1), seen DATETIME, made DATE);" +
	"INSERT INTO crm.users VALUES (1, 'ada@example.com', 1, '2026-01-02 23:30:00', '2020-02-29'), (2, 'bea@example.com', 1, NULL, NULL), (3, 'cem@example.com', 0, NULL, NULL);" +
	"GRANT SELECT, UPDATE ON crm.* TO scan_rw@'%';CREATE PROCEDURE crm.pay() SELECT 1;GRANT EXECUTE ON PROCEDURE crm.pay TO UPPER@'%'"

func startMaria(t *testing.T) *maria {
	t.Helper()
	peer.Debian(t, "/usr/sbin/mariadbd", "mariadb-server")
	m := &maria{dir: dirOf(t, "mysql"), port: freePort(t)}
	data := filepath.Join(m.dir, "data")
	peer.Certificates(t, m.dir, "127.0.0.1")
	own(t, "mysql", filepath.Join(m.dir, "key.pem"), filepath.Join(m.dir, "cert.pem"), filepath.Join(m.dir, "ca.pem"))
	check(t, os.Mkdir(data, 0o700))
	own(t, "mysql", data)
	peer.Run(t, as(t, "mysql", "/usr/bin/mariadb-install-db", "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-flush-log-at-trx-commit=0"))
	serve(t, as(t, "mysql", "/usr/sbin/mariadbd", "--no-defaults", "--datadir="+data, "--bind-address=127.0.0.1", "--port="+m.port, "--socket="+m.socket(), "--pid-file="+filepath.Join(m.dir, "pid"),
		"--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M", "--skip-name-resolve", "--ssl-ca="+filepath.Join(m.dir, "ca.pem"), "--ssl-cert="+filepath.Join(m.dir, "cert.pem"), "--ssl-key="+filepath.Join(m.dir, "key.pem")),
		filepath.Join(m.dir, "log"), syscall.SIGTERM, func() error {
			m.admin = m.connect("root", "")
			return m.admin.Ping()
		})
	t.Cleanup(func() { m.admin.Close() })
	m.run(t, mariaSeed)
	return m
}

func (m *maria) socket() string { return filepath.Join(m.dir, "sock") }

// connect comes by TCP from 127.0.0.1; root by the socket.
func (m *maria) connect(user, password string) *sql.DB {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.Net, c.Addr, c.Logger = user, password, "tcp", "127.0.0.1:"+m.port, &mysql.NopLogger{}
	if user == "root" {
		c.Net, c.Addr = "unix", m.socket()
	}
	connector, _ := mysql.NewConnector(c)
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return db
}

func (m *maria) run(t testing.TB, text string) {
	t.Helper()
	for _, s := range strings.Split(text, ";") {
		s = strings.ReplaceAll(s, "x --", "x; --")
		if _, err := m.admin.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func (m *maria) open(t testing.TB, config AppConfig, dial ...func(*connectors.Env)) connectors.App {
	t.Helper()
	config.Dialect, config.Password = "mysql", "env:DB"
	if config.Address == "" {
		config.Address, config.CAFile = "127.0.0.1:"+m.port, filepath.Join(m.dir, "ca.pem")
	}
	env := testEnv(m.dir)
	for _, d := range dial {
		d(&env)
	}
	app, err := config.OpenApp("db", env)
	check(t, err)
	return app
}

const oddUser = "Odd `Näme`.x; --'\"%"

func TestIntegrationMariaDB(t *testing.T) {
	m := startMaria(t)
	t.Run("contract", m.contract)
	t.Run("reads nested roles, odd names and privileges", m.reads)
	t.Run("gotcha: ACCOUNT LOCK leaves sessions open; a leaver is two accounts, each by itself", m.leaver)
	t.Run("odd names are locked and unlocked", m.odd)
	t.Run("roles are given back as they were", m.roles)
	t.Run("refuses", m.refuses)
	t.Run("gotcha 1: a caller who may not read mysql sees nobody, and is told so", m.blind)
	t.Run("an answer is lost", m.lost)
	t.Run("TLS or nothing", m.secured)
	t.Run("own table", m.own)
}

func (m *maria) contract(t *testing.T) {
	reset := func(tb testing.TB) { m.run(tb, "ALTER USER leaver@'%' ACCOUNT UNLOCK;GRANT payroll_rw TO leaver@'%'") }
	connectortest.App(t, connectortest.AppHarness{
		Open: func(tb testing.TB) connectors.App {
			reset(tb)
			return m.open(tb, AppConfig{User: "scan_rw", Address: m.socket()})
		},
		Broken: func(tb testing.TB) connectors.App {
			return m.open(tb, AppConfig{User: "scan_rw", Address: m.socket()}, func(e *connectors.Env) { e.Dial = cut(4000) })
		},
		Want: connectortest.IDs(m.all(t)...), Secret: testPassword, Spec: new(AppConfig).Spec(),
		Try: connectortest.Try{Disable: "leaver@%", Remove: "leaver@%", Entitlement: "payroll_rw"},
	})
}

func (m *maria) all(t testing.TB) []connectors.AccountID {
	t.Helper()
	rows, err := m.admin.Query("SELECT CONCAT(User, '@', Host) FROM mysql.user WHERE is_role = 'N' AND NOT (User IN ('mariadb.sys', 'mysql') AND Host = 'localhost')")
	check(t, err)
	defer rows.Close()
	var out []connectors.AccountID
	for rows.Next() {
		var id connectors.AccountID
		check(t, rows.Scan(&id))
		out = append(out, id)
	}
	check(t, rows.Err())
	return out
}

func (m *maria) reads(t *testing.T) {
	app := m.open(t, AppConfig{User: "scan_ro"})
	for id, want := range map[connectors.AccountID][]string{
		"alice@127.0.0.1": {"privilege:CREATE USER!", "privilege:GRANT OPTION!", "privilege:SUPER!"},
		"carol@127.0.%":   {"grants:crm", "payroll_admin!", "payroll_rw! < payroll_admin", "privilege:SELECT! < payroll_admin", "readonly! < payroll_admin"},
		"leaver@%":        {"payroll_rw!", "grants:crm < payroll_rw", "privilege:SELECT! < payroll_rw", "readonly! < payroll_rw"},
		"UPPER@%":         {"grants:crm"}, "@192.0.2.%": nil, "a@b@%": nil,
		oddUser + "@%": {"role `of` x.y"},
	} {
		if got := holds(t, app, id); !slices.Equal(got, want) {
			t.Errorf("%s holds %q; want %q", id, got, want)
		}
	}
	for id, want := range map[connectors.AccountID]connectors.Tri{"locked@%": connectors.No, "old@%": connectors.Yes, "leaver@%": connectors.Yes} {
		if a, err := app.(connectors.Getter).Account(t.Context(), id); err != nil || a.Enabled != want {
			t.Errorf("%s: %v, %v; want %v", id, a.Enabled, err, want)
		}
	}
	for _, id := range []connectors.AccountID{"readonly@", "mariadb.sys@localhost", "leaver@LOCALHOST", "Leaver@%", "leaver@% "} {
		if _, err := app.(connectors.Getter).Account(t.Context(), id); !errors.Is(err, connectors.ErrNotFound) {
			t.Errorf("%s: %v; want ErrNotFound", id, err)
		}
	}
}

// leaver has sessions by TCP from 127.0.0.1 and by the socket, let in by different accounts.
func (m *maria) leaver(t *testing.T) {
	ctx := t.Context()
	app := m.open(t, AppConfig{User: "scan_rw"})
	tcp, carol := m.connect("leaver", "leaverpw"), m.connect("carol", "carolpw")
	c := mysql.NewConfig()
	c.User, c.Passwd, c.Net, c.Addr, c.Logger = "leaver", "leaverpw", "unix", m.socket(), &mysql.NopLogger{}
	connector, err := mysql.NewConnector(c)
	check(t, err)
	socket := sql.OpenDB(connector)
	sessions := map[string]*sql.Conn{}
	for name, db := range map[string]*sql.DB{"tcp": tcp, "socket": socket, "carol": carol} {
		defer db.Close()
		sessions[name], err = db.Conn(ctx)
		check(t, err)
	}
	open := func(name string) bool { return sessions[name].PingContext(ctx) == nil }
	before, err := app.(connectors.Getter).Account(ctx, "leaver@127.0.0.1")
	check(t, err)
	r, err := app.(connectors.Disabler).Disable(ctx, before)
	if err != nil || !r.Changed {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := m.login("leaver", "leaverpw"); err == nil || !strings.Contains(err.Error(), "4151") {
		t.Errorf("leaver@127.0.0.1 is locked, and logging in gives %v", err)
	}
	if !open("tcp") {
		t.Error("ACCOUNT LOCK ends sessions now: the documentation here says otherwise")
	}
	r, err = app.(connectors.SessionRevoker).RevokeSessions(ctx, before)
	if err != nil || !r.Changed || open("tcp") {
		t.Errorf("the session from 127.0.0.1 is open still: %+v, %v", r, err)
	}
	if !open("socket") || !open("carol") {
		t.Error("a session of another account was ended")
	}
	other, err := app.(connectors.Getter).Account(ctx, "leaver@localhost")
	if err != nil || other.Enabled != connectors.Yes {
		t.Errorf("leaver@localhost was changed as well: %+v, %v", other, err)
	}
	if r, err = app.(connectors.SessionRevoker).RevokeSessions(ctx, other); err != nil || !r.Changed || open("socket") || !open("carol") {
		t.Errorf("the session by the socket: %+v, %v", r, err)
	}
	_, err = app.(connectors.Disabler).Enable(ctx, before)
	check(t, err)
	check(t, m.login("leaver", "leaverpw"))
	now, err := app.(connectors.Getter).Account(ctx, before.ID)
	if err != nil || string(now.State) != string(before.State) {
		t.Errorf("undone, the state is %s, %v; it was %s", now.State, err, before.State)
	}
}

func (m *maria) login(user, password string) error {
	db := m.connect(user, password)
	defer db.Close()
	return db.Ping()
}

func (m *maria) odd(t *testing.T) {
	app := m.open(t, AppConfig{User: "scan_rw"})
	for id, login := range map[connectors.AccountID][2]string{oddUser + "@%": {oddUser, "oddpw"}, "nohost@%": {"nohost", "nohostpw"}, "carol@127.0.%": {"carol", "carolpw"}} {
		before, err := app.(connectors.Getter).Account(t.Context(), id)
		if err != nil {
			t.Errorf("%s: %v (of %v)", id, err, m.all(t))
			continue
		}
		check(t, m.login(login[0], login[1]))
		_, err = app.(connectors.Disabler).Disable(t.Context(), before)
		check(t, err)
		if m.login(login[0], login[1]) == nil {
			t.Errorf("%s is locked, and logs in", id)
		}
		_, err = app.(connectors.Disabler).Enable(t.Context(), before)
		check(t, err)
		check(t, m.login(login[0], login[1]))
	}
}

func (m *maria) roles(t *testing.T) {
	app := m.open(t, AppConfig{User: "scan_rw"})
	for _, x := range []struct {
		id connectors.AccountID
		e  connectors.EntitlementID
	}{{"leaver@127.0.0.1", "payroll_rw"}, {"leaver@127.0.0.1", "payroll_admin"}, {oddUser + "@%", "role `of` x.y"}} {
		before, err := app.(connectors.Getter).Account(t.Context(), x.id)
		check(t, err)
		was := m.dump(t)
		r, err := app.(connectors.EntitlementRemover).RemoveEntitlement(t.Context(), before, x.e)
		if err != nil || !r.Changed || m.dump(t) == was {
			t.Errorf("%s: %s was not removed: %+v, %v", x.id, x.e, r, err)
		}
		_, err = app.(connectors.EntitlementRemover).AddEntitlement(t.Context(), before, x.e)
		check(t, err)
		if now := m.dump(t); now != was {
			t.Errorf("%s: %s was given back otherwise than it was:\nwas %s\nis  %s", x.id, x.e, was, now)
		}
	}
}

func (m *maria) dump(t testing.TB) string {
	t.Helper()
	var a, b string
	check(t, m.admin.QueryRow("SELECT GROUP_CONCAT(User, '@', Host, ' ', Priv ORDER BY User, Host SEPARATOR '\n') FROM mysql.global_priv").Scan(&a))
	check(t, m.admin.QueryRow("SELECT GROUP_CONCAT(User, '@', Host, ' ', Role, ' ', Admin_option ORDER BY User, Host, Role SEPARATOR '\n') FROM mysql.roles_mapping").Scan(&b))
	return a + "\n" + b
}

func (m *maria) refuses(t *testing.T) {
	ctx := t.Context()
	rw, ro := m.open(t, AppConfig{User: "scan_rw"}), m.open(t, AppConfig{User: "scan_ro"})
	read := func(id connectors.AccountID) connectors.Account {
		a, err := rw.(connectors.Getter).Account(ctx, id)
		check(t, err)
		return a
	}
	was := m.dump(t)
	for what, do := range map[string]func() (connectors.Receipt, error){
		"a reader": func() (connectors.Receipt, error) { return ro.(connectors.Disabler).Disable(ctx, read("leaver@%")) },
		"a reader of nobody's sessions": func() (connectors.Receipt, error) {
			return ro.(connectors.SessionRevoker).RevokeSessions(ctx, read("leaver@%"))
		},
		"the first account": func() (connectors.Receipt, error) {
			return rw.(connectors.Disabler).Disable(ctx, read("root@localhost"))
		},
		"itself": func() (connectors.Receipt, error) { return rw.(connectors.Disabler).Disable(ctx, read("scan_rw@%")) },
		"an inherited role": func() (connectors.Receipt, error) {
			return rw.(connectors.EntitlementRemover).RemoveEntitlement(ctx, read("carol@127.0.%"), "payroll_rw")
		},
		"a privilege": func() (connectors.Receipt, error) {
			return rw.(connectors.EntitlementRemover).RemoveEntitlement(ctx, read("alice@127.0.0.1"), "privilege:SUPER")
		},
		"a role that is not its own to give": func() (connectors.Receipt, error) {
			return ro.(connectors.EntitlementRemover).RemoveEntitlement(ctx, read("leaver@%"), "payroll_rw")
		},
	} {
		if r, err := do(); !errors.Is(err, connectors.ErrForbidden) || r.Changed {
			t.Errorf("%s: %+v, %v; want ErrForbidden", what, r, err)
		}
	}
	if now := m.dump(t); now != was {
		t.Errorf("what was refused was changed:\nwas %s\nis  %s", was, now)
	}
	for user, want := range map[string]int{"scan_ro": 3, "scan_rw": 0} {
		p, err := m.open(t, AppConfig{User: user}).(connectors.Preflighter).Preflight(ctx)
		check(t, err)
		if len(p.Problems) != want {
			t.Errorf("preflight of %s: %+v; want %d problems", user, p, want)
		}
	}
}

// blind may read the lists of accounts and roles, and nothing tells him that the privileges of others are hidden from him.
func (m *maria) blind(t *testing.T) {
	app := m.open(t, AppConfig{User: "scan_no"})
	rows, _, err := connectortest.Accounts(t.Context(), app)
	if !errors.Is(err, connectors.ErrForbidden) || len(rows) > 0 {
		t.Errorf("%d accounts, %v; want ErrForbidden", len(rows), err)
	}
	p, err := app.(connectors.Preflighter).Preflight(t.Context())
	if err != nil || len(p.Problems) == 0 || p.Problems[0].Writing {
		t.Errorf("preflight: %+v, %v; want a problem of reading", p, err)
	}
}

func (m *maria) secured(t *testing.T) {
	config := AppConfig{Dialect: "mysql", Address: "127.0.0.1:" + m.port, User: "scan_ro", Password: "env:DB"}
	app, err := config.OpenApp("db", testEnv(""))
	check(t, err)
	_, _, err = connectortest.Accounts(t.Context(), app)
	if err == nil || !strings.Contains(err.Error(), "certificate") || strings.Contains(err.Error(), testPassword) {
		t.Errorf("an authority that did not vouch: %v", err)
	}
	open := m.open(t, AppConfig{User: "scan_ro"})
	if all, _, err := connectortest.Accounts(t.Context(), open); err != nil || len(all) == 0 {
		t.Errorf("with TLS: %d accounts, %v", len(all), err)
	}
}

func (m *maria) own(t *testing.T) {
	config := AppConfig{User: "scan_rw", Database: "crm", Query: "SELECT id, email, active, seen, made FROM users"}
	config.Columns = table.AppColumns{ID: "id", Email: "email", Status: "active", LastSignIn: "seen", Created: "made"}
	config.Statements = Statements{Disable: "UPDATE users SET active = 0 WHERE id = ?", Enable: "UPDATE users SET active = 1 WHERE id = ?"}
	app := m.open(t, config)
	all, _, err := connectortest.Accounts(t.Context(), app)
	if err != nil || len(all) != 3 {
		t.Fatalf("%d accounts, %v", len(all), err)
	}
	ada, err := app.(connectors.Getter).Account(t.Context(), "1")
	check(t, err)
	if ada.LastSignIn != date(t, "2026-01-02") || ada.Created != date(t, "2020-02-29") || ada.Enabled != connectors.Yes {
		t.Errorf("%+v", ada)
	}
	active := func() (on bool) {
		check(t, m.admin.QueryRowContext(context.Background(), "SELECT active FROM crm.users WHERE id = 1").Scan(&on))
		return on
	}
	for i, want := range []bool{false, true} {
		do := []func(context.Context, connectors.Account) (connectors.Receipt, error){app.(connectors.Disabler).Disable, app.(connectors.Disabler).Enable}[i]
		if r, err := do(t.Context(), ada); err != nil || !r.Changed || active() != want {
			t.Errorf("%+v, %v, active %v; want %v", r, err, active(), want)
		}
	}
	for _, statement := range []string{"UPDATE users SET active = 0 WHERE id <> ?", "UPDATE users SET active = 0 WHERE id = ? + 1"} {
		config.Statements.Disable = statement
		if r, err := m.open(t, config).(connectors.Disabler).Disable(t.Context(), ada); !errors.Is(err, connectors.ErrForbidden) || r.Changed {
			t.Errorf("%s: %+v, %v; want ErrForbidden", statement, r, err)
		}
	}
	var sum int
	check(t, m.admin.QueryRow("SELECT SUM(active) FROM crm.users").Scan(&sum))
	if sum != 2 {
		t.Error(fmt.Sprint("what was refused was changed: active are ", sum))
	}
}
