package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"

	"rollcall/connectors"
)

// mysqlServer is MySQL, 8.0 and later, or MariaDB, 10.4 and later. Their accounts have no id but user and host.
type mysqlServer struct{}

func (mysqlServer) open(s *server) (*sql.DB, error) {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.DBName, c.Net, c.Addr, c.TLS = s.user, s.password, s.database, s.network, s.address, s.tls
	c.Timeout, c.ReadTimeout, c.WriteTimeout = dialTimeout, answerTimeout, answerTimeout
	c.ParseTime, c.Logger = true, &mysql.NopLogger{}
	c.Params = map[string]string{"sql_mode": "''", "time_zone": "'+00:00'"}
	c.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) { return s.dial(ctx, network, addr) }
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

func (mysqlServer) transactional() bool { return false } // each statement about accounts commits by itself

// quote makes an identifier that no SQL mode reads otherwise. Account names may be written so as well.
func (mysqlServer) quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func (m mysqlServer) account(user, host string) string { return m.quote(user) + "@" + m.quote(host) }

func (mysqlServer) placeholder(int) string { return "?" }

func (mysqlServer) asText(column string) string { return "CAST(" + column + " AS CHAR)" }

// refused knows the numbers of https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html.
func (mysqlServer) refused(err error) *refusal {
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Number {
	case 1040, 1053, 1077, 1203, 1205, 1213, 1317, 3024:
		return &refusal{connectors.ErrTransient, ""}
	case 1290, 1836:
		return &refusal{connectors.ErrForbidden, "the server only reads: name one that may be written to"}
	case 1142, 1143, 1227:
		return &refusal{connectors.ErrForbidden, "grant the caller what this needs: to read, SELECT ON mysql.*"}
	}
	return &refusal{connectors.ErrForbidden, ""}
}

// mysqlSystem are accounts of the server itself; of MariaDB's "mysql" the one that its service runs as.
var mysqlSystem = []string{"mysql.sys@localhost", "mysql.session@localhost", "mysql.infoschema@localhost", "mariadb.sys@localhost", "mysql@localhost", "rdsadmin@localhost"}

const (
	mariadbUsers = `SELECT User, Host, JSON_VALUE(Priv, '$.is_role'), JSON_VALUE(Priv, '$.account_locked'),
		JSON_VALUE(Priv, '$.password_last_changed') = '0', NULL, JSON_VALUE(Priv, '$.default_role') FROM mysql.global_priv ORDER BY User, Host`
	mariadbMembers = `SELECT User, Host, Role, '', Admin_option FROM mysql.roles_mapping ORDER BY User, Host, Role`
	mysqlUsers     = `SELECT User, Host, NULL, account_locked, password_expired, JSON_UNQUOTE(JSON_EXTRACT(User_attributes, '$.metadata.comment')),
		NULL FROM mysql.user ORDER BY User, Host`
	mysqlMembers    = `SELECT TO_USER, TO_HOST, FROM_USER, FROM_HOST, WITH_ADMIN_OPTION FROM mysql.role_edges ORDER BY 1, 2, 3, 4`
	mysqlDefaults   = `SELECT USER, HOST, DEFAULT_ROLE_USER, DEFAULT_ROLE_HOST FROM mysql.default_roles ORDER BY 1, 2, 3, 4`
	mysqlPrivileges = `SELECT GRANTEE, PRIVILEGE_TYPE, IS_GRANTABLE FROM information_schema.USER_PRIVILEGES ORDER BY 1, 2`
	mysqlGrants     = `SELECT GRANTEE, TABLE_SCHEMA FROM information_schema.SCHEMA_PRIVILEGES UNION SELECT GRANTEE, TABLE_SCHEMA FROM information_schema.TABLE_PRIVILEGES
		UNION SELECT GRANTEE, TABLE_SCHEMA FROM information_schema.COLUMN_PRIVILEGES ORDER BY 1, 2`
	mysqlRoutines = `SELECT DISTINCT User, Host, Db FROM mysql.procs_priv ORDER BY 1, 2, 3`
	mysqlProxies  = `SELECT DISTINCT User, Host FROM mysql.proxies_priv ORDER BY 1, 2`
)

func (m mysqlServer) catalogue(r *reader) (*catalogue, error) {
	c := &catalogue{roles: map[string]*role{}}
	version, err := r.value("SELECT CONCAT(VERSION(), ' ', @@version_comment)")
	if err != nil {
		return nil, err
	}
	c.mariadb = strings.Contains(strings.ToLower(version), "mariadb")
	users, members := mysqlUsers, mysqlMembers
	if c.mariadb {
		users, members = mariadbUsers, mariadbMembers
	}
	granted := map[string]*role{} // by how the server writes who was granted something
	err = r.each(connectors.Accounts, users, func(v []sql.NullString) error { return m.user(c, v, r.leaveOut, granted) })
	if err != nil {
		return nil, err
	}
	me, err := r.value("SELECT CURRENT_USER()")
	if err != nil {
		return nil, err
	}
	if c.roles[me] != nil {
		c.me = me
	}
	err = r.each(connectors.Groups, members, func(v []sql.NullString) error {
		if who := c.roles[v[0].String+"@"+v[1].String]; who != nil {
			who.in = append(who.in, edge{to: v[2].String + "@" + v[3].String, admin: yes(v[4]), inherit: true, set: true})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := m.privileges(r, c, granted); err != nil {
		return nil, err
	}
	if c.mariadb {
		return c, nil
	}
	return c, m.mysqlOnly(r, c)
}

// user takes up one row of the users.
func (m mysqlServer) user(c *catalogue, v []sql.NullString, leaveOut []string, granted map[string]*role) error {
	user, host := v[0].String, v[1].String
	key := user + "@" + host
	name := user
	if !c.mariadb && host != "%" {
		name = key
	}
	who := "'" + user + "'@'" + host + "'" // which the server does not quote
	if c.roles[key] != nil || granted[who] != nil {
		return fmt.Errorf("the server has two accounts that are written %s: one must be renamed before they can be told apart", who)
	}
	r := &role{key: key, name: roleName(name)}
	c.roles[key], granted[who] = r, r
	if c.mariadb && yes(v[2]) {
		r.group = true
		return nil
	}
	l := &login{role: r, id: connectors.AccountID(key), user: user, host: host, enabled: !yes(v[3]), owner: ownerIn(v[5].String)}
	c.doors = append(c.doors, l)
	if slices.Contains(mysqlSystem, key) || slices.Contains(leaveOut, key) || slices.Contains(leaveOut, user) {
		c.leftOut++
		return nil
	}
	l.state.Expired = yes(v[4])
	if v[6].String != "" {
		l.state.Default = []string{v[6].String + "@"}
	}
	c.logins = append(c.logins, l)
	return nil
}
