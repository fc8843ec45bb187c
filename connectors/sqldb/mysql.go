package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
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

// mysqlRisk are privileges that, held everywhere, rule the server or give what rules it: with UPDATE on *.* anybody can make
// himself whatever mysql.user says.
var mysqlRisk = []string{"SUPER", "GRANT OPTION", "CREATE USER", "FILE", "SHUTDOWN", "PROXY", "SELECT", "INSERT", "UPDATE", "DELETE", "SET USER", "SET_USER_ID",
	"SET_ANY_DEFINER", "CONNECTION ADMIN", "CONNECTION_ADMIN", "ROLE_ADMIN", "SYSTEM_USER", "SYSTEM_VARIABLES_ADMIN", "FEDERATED ADMIN", "REPLICATION SLAVE",
	"ALL PRIVILEGES", "BINLOG ADMIN", "BINLOG REPLAY", "PERSIST_RO_VARIABLES_ADMIN", "SERVICE_CONNECTION_ADMIN"}

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
		UNION SELECT GRANTEE, TABLE_SCHEMA FROM information_schema.COLUMN_PRIVILEGES UNION SELECT CONCAT('''', User, '''@''', Host, ''''), Db FROM mysql.procs_priv ORDER BY 1, 2`
	mysqlProxies = `SELECT DISTINCT User, Host FROM mysql.proxies_priv ORDER BY 1, 2`
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
	if slices.Contains(mysqlSystem, key) || slices.Contains(leaveOut, key) || slices.Contains(leaveOut, user) {
		c.leftOut++
		return nil
	}
	l := &login{role: r, id: connectors.AccountID(key), user: user, host: host, enabled: !yes(v[3]), owner: ownerIn(v[5].String)}
	l.state.Expired = yes(v[4])
	if v[6].String != "" {
		l.state.Default = []string{v[6].String + "@"}
	}
	c.logins = append(c.logins, l)
	return nil
}

// privileges reads what was granted by name. Of others than himself, the server shows it only to a caller who may read
// mysql.*, without a word.
func (m mysqlServer) privileges(r *reader, c *catalogue, granted map[string]*role) error {
	seen := map[string]bool{}
	err := r.each(connectors.Groups, mysqlPrivileges, func(v []sql.NullString) error {
		who := granted[v[0].String]
		if who == nil {
			return nil
		}
		seen[who.key] = true
		if v[1].String != "USAGE" {
			who.holds(privilege(v[1].String))
		}
		if v[2].String == "YES" && v[1].String != "USAGE" {
			who.holds(privilege("GRANT OPTION"))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := m.allShown(r, c, seen); err != nil {
		return err
	}
	if c.mariadb {
		if err := m.ofRoles(r, c); err != nil {
			return err
		}
	}
	err = r.each(connectors.Groups, mysqlGrants, func(v []sql.NullString) error {
		if who := granted[v[0].String]; who != nil {
			who.holds(holding{id: connectors.EntitlementID(grantsPrefix + v[1].String), sort: isOther, fixes: "REVOKE … ON " + m.quote(v[1].String) + ".* FROM the account"})
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = r.each(connectors.Groups, mysqlProxies, func(v []sql.NullString) error {
		if who := c.roles[v[0].String+"@"+v[1].String]; who != nil {
			who.holds(privilege("PROXY"))
		}
		return nil
	})
	for _, x := range c.roles {
		slices.SortFunc(x.has, func(a, b holding) int { return cmp.Compare(a.id, b.id) })
	}
	return err
}

// allShown holds the accounts against those of whom a privilege was seen: each has USAGE at least. Only of accounts with a
// host name, and where the server resolves none (skip_name_resolve), it knows nothing: nobody can log in by them.
func (m mysqlServer) allShown(r *reader, c *catalogue, seen map[string]bool) error {
	var unseen []string
	others := 0
	for _, l := range c.logins {
		if !seen[l.key] {
			unseen = append(unseen, l.key)
		} else if l.key != c.me {
			others++
		}
	}
	if len(unseen) == 0 {
		return nil
	}
	ignores, err := r.value("SELECT @@skip_name_resolve")
	if err != nil {
		return err
	}
	if others == 0 || !yes(sql.NullString{String: ignores}) {
		return fmt.Errorf("%s: the privileges of %q are not shown: %w; GRANT SELECT ON mysql.* to the caller, %s", r.location(), unseen[0], connectors.ErrForbidden, r.user)
	}
	c.notes = append(c.notes, fmt.Sprintf("%d accounts have a host name, and the server resolves none (skip_name_resolve): nobody can log in by %s, and what they hold is not shown", len(unseen), strings.Join(unseen, ", ")))
	return nil
}

// ofRoles reads what the roles of MariaDB hold everywhere, which information_schema does not show.
func (m mysqlServer) ofRoles(r *reader, c *catalogue) error {
	for _, key := range slices.Sorted(maps.Keys(c.roles)) {
		x := c.roles[key]
		if !x.group {
			continue
		}
		to := m.role(c, key)
		err := r.each(connectors.Groups, "SHOW GRANTS FOR "+to, func(v []sql.NullString) error {
			names, rest, ok := strings.Cut(strings.TrimPrefix(v[0].String, "GRANT "), " ON *.* TO "+to)
			if !ok {
				return nil // in a database, or of a role that this one is in
			}
			for _, name := range strings.Split(names, ", ") {
				if name != "USAGE" {
					x.holds(privilege(name))
				}
			}
			if strings.Contains(rest, "WITH GRANT OPTION") {
				x.holds(privilege("GRANT OPTION"))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func privilege(name string) holding {
	return holding{id: connectors.EntitlementID(privilegePrefix + name), risk: slices.Contains(mysqlRisk, name), sort: isOther, fixes: "REVOKE " + name + " ON *.* FROM the account"}
}

// holds adds what a role has, once.
func (r *role) holds(h holding) {
	if !slices.ContainsFunc(r.has, func(x holding) bool { return x.id == h.id }) {
		r.has = append(r.has, h)
	}
}

// mysqlOnly reads what MariaDB keeps with the user or does not have.
func (m mysqlServer) mysqlOnly(r *reader, c *catalogue) error {
	by := map[string]*login{}
	for _, l := range c.logins {
		by[l.key] = l
	}
	err := r.each(connectors.Groups, mysqlDefaults, func(v []sql.NullString) error {
		if l := by[v[0].String+"@"+v[1].String]; l != nil {
			l.state.Default = append(l.state.Default, v[2].String+"@"+v[3].String)
		}
		return nil
	})
	if err != nil {
		return err
	}
	everybody, err := r.value("SELECT @@mandatory_roles")
	if err == nil && everybody != "" {
		c.notes = append(c.notes, "mandatory_roles gives these roles to everybody, which is not shown at the accounts: "+everybody)
	}
	return err
}
