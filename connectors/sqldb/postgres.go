package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"rollcall/connectors"
)

// postgres is PostgreSQL, 12 and later. Its roles are known by their oid: names change, and are used again.
type postgres struct{}

func (postgres) open(s *server) (*sql.DB, error) {
	// What the environment says of servers (PGHOST, PGSSLMODE, a password file) is not asked: all of it is set below.
	c, err := pgx.ParseConfig("host=127.0.0.1 port=5432 user=x password=x sslmode=disable")
	if err != nil {
		return nil, fmt.Errorf("%w; does PGSERVICE in the environment name a service that is not there?", err)
	}
	host, port := s.host, "5432"
	if s.network == "tcp" {
		_, port, _ = net.SplitHostPort(s.address)
	} else {
		host = "localhost" // the dialler below knows better
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	c.Host, c.Port, c.User, c.Password, c.Database = host, uint16(n), s.user, s.password, s.database
	if c.Database == "" {
		c.Database = "postgres"
	}
	c.TLSConfig, c.Fallbacks, c.ConnectTimeout = s.tls, nil, dialTimeout
	c.RuntimeParams = map[string]string{"application_name": "rollcall", "search_path": "pg_catalog", "statement_timeout": strconv.Itoa(int(answerTimeout.Milliseconds())),
		"timezone": "UTC", "datestyle": "ISO", "client_encoding": "UTF8", "row_security": "off"}
	if s.ownTables {
		delete(c.RuntimeParams, "search_path")
	}
	c.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	c.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) { return s.dial(ctx, s.network, s.address) }
	c.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	return stdlib.OpenDB(*c), nil
}

func (postgres) transactional() bool { return true }

func (postgres) quote(name string) string { return pgx.Identifier{name}.Sanitize() }

func (postgres) placeholder(n int) string { return "$" + strconv.Itoa(n) }

func (postgres) asText(column string) string { return "CAST(" + column + " AS text)" }

// refused knows the codes of https://www.postgresql.org/docs/current/errcodes-appendix.html.
func (postgres) refused(err error) *refusal {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return nil
	}
	switch {
	case e.Code == "2BP01":
		return &refusal{connectors.ErrForbidden, "others got the role from this one: take it from them first"}
	case e.Code == "25006":
		return &refusal{connectors.ErrForbidden, "this is a standby, or a transaction that only reads: name the primary server"}
	case e.Code == "42704":
		return &refusal{connectors.ErrTransient, "it was renamed or dropped meanwhile"}
	case e.Code == "XX000" && strings.Contains(e.Message, "concurrently"), slices.Contains([]string{"08", "40", "53", "55", "57", "58"}, e.Code[:min(2, len(e.Code))]):
		return &refusal{connectors.ErrTransient, ""}
	}
	return &refusal{connectors.ErrForbidden, ""}
}

// The roles that belong to who runs the server in a cloud, beside those that start with pg_, which PostgreSQL keeps for itself.
var postgresSystem = []string{"rdsadmin", "rds_superuser", "rds_replication", "rds_iam", "rds_password", "rds_ad", "rds_reserved", "rdsrepladmin", "rdstopmgr",
	"rdswriteforwarduser", "rds_extension", "cloudsqladmin", "cloudsqlagent", "cloudsqlimportexport", "cloudsqlreplica", "cloudsqlsuperuser", "cloudsqliamuser",
	"cloudsqliamserviceaccount", "cloudsqlobservability", "azuresu", "azure_pg_admin", "azure_superuser", "alloydbadmin", "alloydbsuperuser", "alloydbagent", "alloydbiamuser"}

// postgresRisk are predefined roles that reach past all grants (https://www.postgresql.org/docs/current/predefined-roles.html).
var postgresRisk = []string{"pg_execute_server_program", "pg_read_server_files", "pg_write_server_files", "pg_read_all_data", "pg_write_all_data",
	"rds_superuser", "cloudsqlsuperuser", "azure_pg_admin", "alloydbsuperuser"}

// postgresAttributes are the columns of pg_roles from the third on.
var postgresAttributes = []holding{
	{id: attributePrefix + "SUPERUSER", risk: true, what: "SUPERUSER", sort: isAttribute},
	{id: attributePrefix + "CREATEROLE", risk: true, what: "CREATEROLE", sort: isAttribute},
	{id: attributePrefix + "CREATEDB", what: "CREATEDB", sort: isAttribute},
	{id: attributePrefix + "REPLICATION", risk: true, what: "REPLICATION", sort: isAttribute},
	{id: attributePrefix + "BYPASSRLS", risk: true, what: "BYPASSRLS", sort: isAttribute},
}

const (
	postgresRoles = `SELECT oid, rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolcanlogin,
		CAST(rolvaliduntil AS text), rolvaliduntil < now(), shobj_description(oid, 'pg_authid'), rolname = session_user FROM pg_roles ORDER BY oid`
	postgresMembers = `SELECT m.member, m.roleid, m.admin_option, r.rolinherit, true, g.rolname FROM pg_auth_members m
		JOIN pg_roles r ON r.oid = m.member LEFT JOIN pg_roles g ON g.oid = m.grantor ORDER BY m.member, m.roleid`
	postgresMembers16 = `SELECT m.member, m.roleid, m.admin_option, m.inherit_option, m.set_option, g.rolname FROM pg_auth_members m
		LEFT JOIN pg_roles g ON g.oid = m.grantor ORDER BY m.member, m.roleid, g.rolname`
	// Objects and grants of all databases; of those that belong to none, databases are named.
	postgresObjects = `SELECT DISTINCT d.refobjid, d.deptype, COALESCE(b.datname, s.datname, '(server)') FROM pg_shdepend d
		LEFT JOIN pg_database b ON b.oid = d.dbid LEFT JOIN pg_database s ON d.dbid = 0 AND d.classid = CAST('pg_database' AS regclass) AND s.oid = d.objid
		WHERE d.refclassid = CAST('pg_authid' AS regclass) AND d.deptype IN ('o', 'a') ORDER BY 1, 2, 3`
)

func (p postgres) catalogue(r *reader) (*catalogue, error) {
	c := &catalogue{roles: map[string]*role{}}
	version, err := r.value("SHOW server_version_num")
	if err != nil {
		return nil, err
	}
	members := postgresMembers
	if n, err := strconv.Atoi(version); err != nil || n >= 160000 {
		members = postgresMembers16
		c.by = true
	}
	expired := 0
	err = r.each(connectors.Accounts, postgresRoles, func(v []sql.NullString) error {
		expired += p.role(c, v, r.leaveOut)
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = r.each(connectors.Groups, members, func(v []sql.NullString) error {
		if m := c.roles[v[0].String]; m != nil {
			m.in = append(m.in, edge{to: v[1].String, admin: yes(v[2]), inherit: yes(v[3]), set: yes(v[4]), grantor: v[5].String})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = r.each(connectors.Groups, postgresObjects, func(v []sql.NullString) error {
		h := holding{id: connectors.EntitlementID(grantsPrefix + v[2].String), sort: isOther, fixes: "REVOKE … FROM the role, in that database"}
		if v[1].String == "o" {
			h = holding{id: connectors.EntitlementID(ownerPrefix + v[2].String), sort: isOther, fixes: "REASSIGN OWNED, in that database"}
		}
		if m := c.roles[v[0].String]; m != nil {
			m.has = append(m.has, h)
		}
		return nil
	})
	if expired > 0 {
		c.notes = append(c.notes, fmt.Sprintf("of %d accounts the password has expired (VALID UNTIL): other ways to log in stay open, so that they count as enabled", expired))
	}
	return c, err
}

// role takes up one row of pg_roles, and counts it where its password has expired.
func (postgres) role(c *catalogue, v []sql.NullString, leaveOut []string) int {
	key, name := v[0].String, v[1].String
	r := &role{key: key, name: roleName(name), risk: slices.Contains(postgresRisk, name)}
	for i, h := range postgresAttributes {
		if yes(v[2+i]) {
			r.has = append(r.has, h)
		}
	}
	c.roles[key] = r
	if yes(v[11]) {
		c.me = key
	}
	if strings.HasPrefix(name, "pg_") || slices.Contains(postgresSystem, name) || slices.Contains(leaveOut, name) {
		c.leftOut++
		return 0
	}
	l := &login{role: r, id: connectors.AccountID(key + ":" + name), user: name, enabled: yes(v[7]), owner: ownerIn(v[10].String)}
	l.state.ValidUntil, l.state.Expired = v[8].String, yes(v[9])
	c.logins = append(c.logins, l)
	if l.enabled && l.state.Expired {
		return 1
	}
	return 0
}
