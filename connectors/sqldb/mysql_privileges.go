package sqldb

import (
	"cmp"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"rollcall/connectors"
)

// mysqlRisk are privileges that, held everywhere, rule the server or give what rules it: with UPDATE on *.* anybody can make
// himself whatever mysql.user says.
var mysqlRisk = []string{"SUPER", "GRANT OPTION", "CREATE USER", "FILE", "SHUTDOWN", "PROXY", "SELECT", "INSERT", "UPDATE", "DELETE", "SET USER", "SET_USER_ID",
	"SET_ANY_DEFINER", "CONNECTION ADMIN", "CONNECTION_ADMIN", "ROLE_ADMIN", "SYSTEM_USER", "SYSTEM_VARIABLES_ADMIN", "FEDERATED ADMIN", "REPLICATION SLAVE",
	"ALL PRIVILEGES", "BINLOG ADMIN", "BINLOG REPLAY", "PERSIST_RO_VARIABLES_ADMIN", "SERVICE_CONNECTION_ADMIN"}

// privileges reads what was granted by name. Of others than himself, the server shows it only to a caller who may read
// mysql.*, without a word.
func (m mysqlServer) privileges(r *reader, c *catalogue, granted map[string]*role) error {
	seen, err := m.everywhere(r, granted)
	if err == nil {
		err = m.allShown(r, c, seen)
	}
	if err == nil && c.mariadb {
		err = m.ofRoles(r, c)
	}
	if err == nil {
		err = m.inDatabases(r, c, granted)
	}
	for _, x := range c.roles {
		slices.SortFunc(x.has, func(a, b holding) int { return cmp.Compare(a.id, b.id) })
	}
	return err
}

// everywhere reads what holds in all databases, and tells of whom the server showed something.
func (m mysqlServer) everywhere(r *reader, granted map[string]*role) (seen map[string]bool, err error) {
	seen = map[string]bool{}
	return seen, r.each(connectors.Groups, mysqlPrivileges, func(v []sql.NullString) error {
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
}

// inDatabases reads in which databases something was granted, and who may act as another account.
func (m mysqlServer) inDatabases(r *reader, c *catalogue, granted map[string]*role) error {
	err := r.each(connectors.Groups, mysqlGrants, func(v []sql.NullString) error {
		if who := granted[v[0].String]; who != nil {
			who.holds(m.grants(v[1].String))
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = r.each(connectors.Groups, mysqlRoutines, func(v []sql.NullString) error {
		if who := c.roles[v[0].String+"@"+v[1].String]; who != nil {
			who.holds(m.grants(v[2].String))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.each(connectors.Groups, mysqlProxies, func(v []sql.NullString) error {
		if who := c.roles[v[0].String+"@"+v[1].String]; who != nil {
			who.holds(privilege("PROXY"))
		}
		return nil
	})
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

func (m mysqlServer) grants(database string) holding {
	return holding{id: connectors.EntitlementID(grantsPrefix + database), sort: isOther, fixes: "REVOKE … ON " + m.quote(database) + ".* FROM the account"}
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
