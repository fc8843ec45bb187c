package sqldb

import (
	"database/sql"
	"strings"

	"rollcall/connectors"
)

func (p postgres) setLogin(l *login, on bool) string {
	word := " NOLOGIN"
	if on {
		word = " LOGIN"
	}
	return "ALTER ROLE " + p.quote(l.user) + word
}

// bootstrap is the oid of the superuser that initdb makes (BOOTSTRAP_SUPERUSERID in pg_authid.dat).
const bootstrap = "10"

func (postgres) guarded(l *login) string {
	if l.key == bootstrap {
		return "this is the superuser that the server was made with: without it, nobody may be able to mend the server"
	}
	return ""
}

// nameOf is what a role is called by now.
func (p postgres) nameOf(c *catalogue, key string) string {
	name := string(c.roles[key].name)
	if rest, ok := strings.CutPrefix(name, rolePrefix); ok && string(roleName(rest)) == name {
		name = rest
	}
	return p.quote(name)
}

// take never cascades: what others got through this login is theirs.
func (p postgres) take(c *catalogue, l *login, h holding) []step {
	if h.sort == isAttribute {
		return []step{{do: "ALTER ROLE " + p.quote(l.user) + " NO" + h.what}}
	}
	revoke := "REVOKE " + p.nameOf(c, h.what) + " FROM " + p.quote(l.user)
	if !c.by {
		return []step{{do: revoke}}
	}
	var out []step
	for _, e := range l.in {
		// From PostgreSQL 16 on, a REVOKE without GRANTED BY takes back the caller's own grant alone.
		// What only lets him make others members is another entitlement.
		if e.to == h.what && e.idle() == (h.sort == isAdmin) {
			out = append(out, step{do: revoke + " GRANTED BY " + p.quote(e.grantor)})
		}
	}
	return out
}

// give restores each grant with its options; by the same grantor where the server lets the caller say so.
func (p postgres) give(c *catalogue, l *login, h holding, was membership) []step {
	if h.sort == isAttribute {
		return []step{{do: "ALTER ROLE " + p.quote(l.user) + " " + h.what}}
	}
	if len(was.Grants) == 0 {
		was.Grants = []grant{{Inherit: true, Set: true}}
	}
	var out []step
	for _, g := range was.Grants {
		do := "GRANT " + p.nameOf(c, h.what) + " TO " + p.quote(l.user)
		switch {
		case c.by:
			do += " WITH ADMIN " + word(g.Admin) + ", INHERIT " + word(g.Inherit) + ", SET " + word(g.Set)
		case g.Admin:
			do += " WITH ADMIN OPTION"
		}
		s := step{do: do}
		if g.Grantor != "" {
			s = step{do: do + " GRANTED BY " + p.quote(g.Grantor), or: do}
		}
		out = append(out, s)
	}
	return out
}

func word(b bool) string {
	if b {
		return "TRUE"
	}
	return "FALSE"
}

// sessions are those of who logged in, whatever role he took on since.
func (postgres) sessions(r *reader, _ *catalogue, l *login) ([]string, error) {
	var out []string
	err := r.each(connectors.Accounts, "SELECT pid FROM pg_stat_activity WHERE CAST(usesysid AS text) = $1 AND pid <> pg_backend_pid() ORDER BY pid",
		func(v []sql.NullString) error {
			out = append(out, v[0].String)
			return nil
		}, l.key)
	return out, err
}

func (postgres) end(session string) string { return "SELECT pg_terminate_backend(" + session + ")" }

// mayWrite looks at attributes and predefined roles. What ADMIN OPTION allows from PostgreSQL 16 on differs from role to
// role: there the answer to a change tells.
func (postgres) mayWrite(p *preflight) error {
	recovering, err := p.value("SELECT pg_is_in_recovery()")
	if err != nil {
		return err
	}
	if recovering == "true" {
		p.lacksToWrite("a server that can be written to: this one is a standby", "nothing could be changed", "name the primary server in address")
		return nil
	}
	for _, c := range []struct{ query, holds, lacks, so, fix string }{
		{"SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user", "may change roles (CREATEROLE)", "the attribute CREATEROLE", "no login could be switched off", "ALTER ROLE … CREATEROLE"},
		{"SELECT rolsuper OR pg_has_role(current_user, 'pg_signal_backend', 'USAGE') FROM pg_roles WHERE rolname = current_user", "may end sessions (pg_signal_backend)", "the role pg_signal_backend", "open sessions would stay open", "GRANT pg_signal_backend TO …"},
	} {
		may, err := p.value(c.query)
		if err != nil {
			return err
		}
		if may == "true" {
			p.proved("%s", c.holds)
		} else {
			p.lacksToWrite(c.lacks, c.so, c.fix)
		}
	}
	return nil
}

// gone: to end a process that is not there is a warning, and no error.
func (postgres) gone(error) bool { return false }
