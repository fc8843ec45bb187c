package sqldb

import (
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"

	"rollcall/connectors"
)

func (m mysqlServer) setLogin(l *login, on bool) string {
	word := " ACCOUNT LOCK"
	if on {
		word = " ACCOUNT UNLOCK"
	}
	return "ALTER USER " + m.account(l.user, l.host) + word
}

func (mysqlServer) guarded(l *login) string {
	if l.key == "root@localhost" {
		return "this is the account that the server was made with: without it, nobody may be able to mend the server"
	}
	return ""
}

// role writes a role as the server wants it: a name in MariaDB, a pair in MySQL.
func (m mysqlServer) role(c *catalogue, key string) string {
	at := strings.LastIndexByte(key, '@')
	if c.mariadb {
		return m.quote(key[:at])
	}
	return m.account(key[:at], key[at+1:])
}

func (m mysqlServer) take(c *catalogue, l *login, h holding) []step {
	return []step{{do: "REVOKE " + m.role(c, h.what) + " FROM " + m.account(l.user, l.host)}}
}

// give restores the grant with its option, and the role among those that are active at log-in where it was one of them.
func (m mysqlServer) give(c *catalogue, l *login, h holding, was membership) []step {
	do := "GRANT " + m.role(c, h.what) + " TO " + m.account(l.user, l.host)
	if slices.ContainsFunc(was.Grants, func(g grant) bool { return g.Admin }) {
		do += " WITH ADMIN OPTION"
	}
	out := []step{{do: do}}
	if !was.Default || slices.Contains(l.state.Default, h.what) {
		return out
	}
	if c.mariadb {
		return append(out, step{do: "SET DEFAULT ROLE " + m.role(c, h.what) + " FOR " + m.account(l.user, l.host)})
	}
	var all []string
	for _, key := range append(slices.Clone(l.state.Default), h.what) {
		all = append(all, m.role(c, key))
	}
	return append(out, step{do: "SET DEFAULT ROLE " + strings.Join(all, ", ") + " TO " + m.account(l.user, l.host)})
}

// sessions lists those of an account. The server says of a session the user's name and where he comes from, not which
// account let him in: that is found as the server finds it. Whoever may not see the sessions of others is told of none, so
// that this is asked first.
func (m mysqlServer) sessions(r *reader, c *catalogue, l *login) ([]string, error) {
	may, err := m.mayGlobally(r, "PROCESS")
	if err != nil {
		return nil, err
	}
	if !may {
		return nil, fmt.Errorf("%s: the server shows %s no sessions of others: %w; GRANT PROCESS ON *.* to it", r.location(), r.user, connectors.ErrForbidden)
	}
	from := "performance_schema.processlist"
	if c.mariadb {
		from = "information_schema.PROCESSLIST"
	}
	own, err := r.value("SELECT COUNT(*) FROM " + from + " WHERE ID = CONNECTION_ID()")
	if err == nil && own != "1" {
		err = fmt.Errorf("%s: %s does not show even this connection, so that open sessions would not be seen (is performance_schema off?): %w", r.location(), from, connectors.ErrForbidden)
	}
	if err != nil {
		return nil, err
	}
	var out []string
	err = r.each(connectors.Accounts, "SELECT ID, USER, HOST FROM "+from+" WHERE USER = ? AND ID <> CONNECTION_ID() ORDER BY ID", func(v []sql.NullString) error {
		if v[1].String != l.user {
			return nil // the server compares names loosely
		}
		let, err := c.letIn(v[1].String, v[2].String)
		if err != nil {
			return fmt.Errorf("%s: session %s: %w", r.location(), v[0].String, err)
		}
		if let == l.key {
			out = append(out, v[0].String)
		}
		return nil
	}, l.user)
	return out, err
}

func (mysqlServer) end(session string) string { return "KILL CONNECTION " + session }

// gone: the thread had ended (ER_NO_SUCH_THREAD).
func (mysqlServer) gone(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.number == 1094
}

// mayGlobally looks for a privilege in what the caller was granted on *.*, roles that are active included.
func (mysqlServer) mayGlobally(r *reader, names ...string) (bool, error) {
	may := false
	global := regexp.MustCompile(`^GRANT (.*) ON \*\.\* TO `)
	err := r.each(connectors.Accounts, "SHOW GRANTS", func(v []sql.NullString) error {
		if m := global.FindStringSubmatch(v[0].String); m != nil {
			for _, has := range strings.Split(m[1], ", ") {
				may = may || has == "ALL PRIVILEGES" || slices.Contains(names, has)
			}
		}
		return nil
	})
	return may, err
}

func (m mysqlServer) mayWrite(p *preflight) error {
	for _, c := range []struct {
		any     []string
		so, fix string
	}{
		{[]string{"CREATE USER"}, "no account could be locked", "GRANT CREATE USER ON *.* TO …"},
		{[]string{"PROCESS"}, "open sessions would not be seen", "GRANT PROCESS ON *.* TO …"},
		{[]string{"CONNECTION ADMIN", "CONNECTION_ADMIN", "SUPER"}, "open sessions would stay open", "GRANT CONNECTION ADMIN ON *.* TO … (CONNECTION_ADMIN in MySQL)"},
	} {
		may, err := m.mayGlobally(p.reader, c.any...)
		if err != nil {
			return err
		}
		if may {
			p.proved("has %s", c.any[0])
		} else {
			p.lacksToWrite("the privilege "+c.any[0]+" on *.*", c.so, c.fix)
		}
	}
	return nil
}

func numberOf(err error) uint16 {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return e.Number
	}
	return 0
}
