// Package sqldb reads who may log in to a PostgreSQL, MySQL or MariaDB server and what they hold there, switches logins off
// and on, ends their sessions, and takes roles away and gives them back. With a query of its own it reads the users that an
// application keeps in a table instead, and changes them by statements that the configuration gives.
//
// # Rights
//
// To read, in PostgreSQL: any role that may log in; the catalogs that are read here are open to all. In MySQL and MariaDB:
// SELECT ON mysql.*, without which the server shows a caller nobody's privileges but his own. Of an application's table:
// SELECT on what the query names.
//
// To write, in PostgreSQL: CREATEROLE, from PostgreSQL 16 on with ADMIN OPTION on the roles to be changed, and membership in
// pg_signal_backend to end sessions; only a superuser may change a superuser or take SUPERUSER, REPLICATION and BYPASSRLS
// away. In MySQL and MariaDB: CREATE USER to lock, PROCESS and CONNECTION ADMIN to end sessions, and the roles WITH ADMIN
// OPTION to take them away; MySQL has ROLE_ADMIN for that. Of an application's table: what the statements need.
//
// # What is read from where
//
// In PostgreSQL a group and a login that was switched off look alike: both are roles with NOLOGIN. So every role is an
// account, and one that may not log in is a disabled one. The same holds of MySQL, where a role is a locked account; roles of
// MariaDB are known for what they are, and are no accounts. Accounts of MySQL and MariaDB are pairs of user and host: one
// person may have several, each by itself.
//
// VALID UNTIL ends the password of a role and no other way in (certificate, peer, LDAP, tokens), so that it disables nobody;
// nor does an expired password.
//
// What a role holds in a database beside roles and attributes is read as one entitlement a database: "owner:crm" where it
// owns something, "grants:crm" where something was granted to it by name (pg_shdepend, which covers all databases). In MySQL
// and MariaDB: "privilege:SUPER" for what holds everywhere, "grants:crm" for what holds in a database. Only roles and role
// attributes are taken away; the rest is shown, and refused.
//
// No sign-in, MFA or date of a grant is known: neither server keeps any.
//
// Rows that row-level security hides from the caller are an error, and not a shorter list (row_security = off). Name the server
// itself, not a pool of connections before it (pgbouncer): that hides whose sessions are open.
//
// The roles that belong to the server or to who runs it in a cloud are left out: pg_…, mysql.…, mariadb.sys, rdsadmin and their
// like, and who else leave_out names.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/table"
)

const kind = "sqldb"

// AppConfig is an [[app]] of kind "sqldb".
type AppConfig struct {
	Dialect       string   `toml:"dialect"`        // "postgres", or "mysql" for MySQL and MariaDB
	Address       string   `toml:"address"`        // host:port, or the path of a unix socket
	Database      string   `toml:"database"`       // to connect to; "postgres" or none when empty
	User          string   `toml:"user"`           // as whom to connect
	Password      string   `toml:"password"`       // reference of the password; may be left out for a unix socket
	CAFile        string   `toml:"ca_file"`        // PEM file of the authorities that may vouch for the server; the system's where empty
	PlainLoopback bool     `toml:"plain_loopback"` // no TLS, to a server on this host alone
	LeaveOut      []string `toml:"leave_out"`      // further roles or users that are the server's own, by name

	// Of an application's own users instead of the server's:
	Query string `toml:"query"` // that gives one row an account
	table.AppOptions
	Entitlements EntitlementsConfig `toml:"entitlements"`
	Credentials  CredentialsConfig  `toml:"credentials"`
	Statements   Statements         `toml:"statements"`
}

// EntitlementsConfig is the query that gives one row an entitlement.
type EntitlementsConfig struct {
	Query string `toml:"query"`
	table.GrantOptions
}

// CredentialsConfig is the query that gives one row a key or token.
type CredentialsConfig struct {
	Query string `toml:"query"`
	table.CredentialOptions
}

var (
	_ connectors.AppConfig = (*AppConfig)(nil)
	_ connectors.Described = (*AppConfig)(nil)
)

// Spec implements connectors.Described.
func (*AppConfig) Spec() connectors.Spec {
	given := connectors.Signal{Given: true}
	return connectors.Spec{
		Title:       "PostgreSQL, MySQL, MariaDB; or the user table of any application in one of them",
		Collections: []connectors.Collection{connectors.Groups, connectors.Accounts, connectors.Entitlements, connectors.Credentials},
		Signals:     connectors.Signals{SignIn: given, Use: given, GrantDate: given, MFA: given}, // of an application's table
		Abilities: []connectors.AbilitySpec{
			{Ability: connectors.CanDisable, How: "NOLOGIN; ACCOUNT LOCK; the statement given", Undo: connectors.UndoExact,
				Write: []string{"PostgreSQL: CREATEROLE", "MySQL, MariaDB: CREATE USER", "own table: what the statement needs"}},
			{Ability: connectors.CanRemoveEntitlement, How: "REVOKE of a role, NO… of a role attribute; the statement given", Undo: connectors.UndoExact,
				Write: []string{"PostgreSQL: CREATEROLE", "MySQL: ROLE_ADMIN", "MariaDB: the role WITH ADMIN OPTION", "own table: what the statement needs"}},
			{Ability: connectors.CanRevokeSessions, How: "pg_terminate_backend; KILL; the statement given", Undo: connectors.UndoPartial,
				Write: []string{"PostgreSQL: pg_signal_backend", "MySQL, MariaDB: PROCESS, CONNECTION ADMIN", "own table: what the statement needs"}},
		},
		Read: []string{"PostgreSQL: any login", "MySQL, MariaDB: SELECT ON mysql.*", "own table: SELECT on it"},
	}
}

// OpenApp implements connectors.AppConfig.
func (c *AppConfig) OpenApp(app connectors.AppID, env connectors.Env) (connectors.App, error) {
	a, err := c.open(app, env)
	if err != nil {
		return nil, fmt.Errorf("sqldb: app %q: %w", app, err)
	}
	return a, nil
}

func (c *AppConfig) open(app connectors.AppID, env connectors.Env) (connectors.App, error) {
	s, err := c.server(env)
	if err != nil {
		return nil, err
	}
	if c.Query != "" {
		return c.openOwn(app, s, env)
	}
	if err := c.noneOfOwn(); err != nil {
		return nil, err
	}
	return &App{server: s, leaveOut: c.LeaveOut}, nil
}

// noneOfOwn refuses settings that mean nothing without a query.
func (c *AppConfig) noneOfOwn() error {
	for name, set := range map[string]bool{"columns": c.Columns != (table.AppColumns{}), "entitlements.query": c.Entitlements.Query != "",
		"credentials.query": c.Credentials.Query != "", "statements": c.Statements != (Statements{})} {
		if set {
			return fmt.Errorf("%s is for an application's own users, and query is missing: name the query that reads them", name)
		}
	}
	return nil
}

// App is a database server with its logins. It may be used by several goroutines at once.
type App struct {
	*server
	leaveOut []string
}

var (
	_ connectors.Disabler           = (*App)(nil)
	_ connectors.EntitlementRemover = (*App)(nil)
	_ connectors.SessionRevoker     = (*App)(nil)
	_ connectors.Preflighter        = (*App)(nil)
)

// Info implements connectors.Source.
func (a *App) Info() connectors.Info {
	in := append([]string{"without the server's own roles"}, a.unsafe()...)
	if len(a.leaveOut) > 0 {
		in = append(in, "without "+strings.Join(slices.Sorted(slices.Values(a.leaveOut)), ", "))
	}
	return connectors.Info{Kind: kind, Location: a.location(), Parameters: strings.Join(in, "; "),
		Collections: []connectors.Collection{connectors.Groups, connectors.Accounts}}
}

// dialect is what one sort of server does in its own way.
type dialect interface {
	// open makes the pool of connections; nothing is sent yet.
	open(s *server) (*sql.DB, error)
	// refused is what an answer of the server means; nil: err is no such answer.
	refused(err error) *refusal
	// catalogue reads all roles of the server.
	catalogue(r *reader) (*catalogue, error)
	// setLogin lets the login in, or no more.
	setLogin(l *login, on bool) string
	// take and give change one thing that the login holds by itself. Each step is a statement.
	take(c *catalogue, l *login, h holding) []step
	give(c *catalogue, l *login, h holding, was membership) []step
	// sessions lists the open sessions of a login by id, but for the caller's own.
	sessions(r *reader, c *catalogue, l *login) ([]string, error)
	// end is the statement that ends the session.
	end(session string) string
	// gone tells whether an error says that the session was not there any more.
	gone(err error) bool
	// guarded says why a login must not be switched off here; empty: it may be.
	guarded(l *login) string
	// mayWrite says what the caller lacks for changing something.
	mayWrite(p *preflight) error
	// transactional tells whether what setLogin, take and give do can be rolled back.
	transactional() bool
	placeholder(n int) string
	asText(column string) string
	quote(identifier string) string
}

// refusal is a server's no.
type refusal struct {
	class error  // one of the connectors' errors
	hint  string // what to do
}

// step is one statement of a change. One that may fail has another to be tried instead.
type step struct {
	do string
	or string
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

var errNoNetwork = errors.New("no way to connect is given: this command must not use the network")

// pauser waits, or ends with the context's error.
type pauser func(context.Context, time.Duration) error

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
