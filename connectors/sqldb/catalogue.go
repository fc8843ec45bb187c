package sqldb

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"rollcall/connectors"
)

// catalogue is all roles of a server, and who is in which.
type catalogue struct {
	roles   map[string]*role // by key
	logins  []*login         // those that are accounts, by id
	doors   []*login         // of MySQL and MariaDB: all that let somebody in, those that are left out as well
	notes   []string
	me      string // key of the caller's own role
	mariadb bool
	by      bool // one role may be held several times, by grantors (PostgreSQL 16)

	leftOut int // roles of the server itself that are no accounts here
	above   map[string][]string
}

// role is what others can be members of; a login is one too.
type role struct {
	key   string
	name  connectors.EntitlementID // what its members hold
	risk  bool                     // it rules the server, or reads or writes past all grants
	group bool                     // MariaDB: it is no account
	has   []holding
	in    []edge
}

// login is a role that is an account.
type login struct {
	*role
	id      connectors.AccountID
	user    string
	host    string // MySQL and MariaDB
	enabled bool
	owner   string
	state   state
}

// holding is something that a role holds by itself.
type holding struct {
	id    connectors.EntitlementID
	risk  bool
	what  string // attribute: its SQL word; edge: the key of the role
	sort  sort
	fixes string // how it is taken away, where that is not done here
}

type sort uint8

const (
	isRole  sort = iota
	isAdmin      // may make others members of a role, and is none
	isAttribute
	isOther // is shown, and not changed
)

// edge is a membership.
type edge struct {
	to      string // key of the role
	admin   bool   // may make others members
	inherit bool   // has the role's privileges without SET ROLE
	set     bool   // may SET ROLE
	grantor string // by whom: PostgreSQL 16 knows one membership by each
}

// idle memberships give nothing of what the role may do.
func (e edge) idle() bool { return !e.inherit && !e.set }

// state is what an undo needs beside the account, and what of its standing is worth keeping.
type state struct {
	Login      string                                  `json:"login"`
	ValidUntil string                                  `json:"valid_until,omitempty"` // of the password
	Expired    bool                                    `json:"password_expired,omitempty"`
	Default    []string                                `json:"default_roles,omitempty"` // MySQL, MariaDB: active at log-in
	Roles      map[connectors.EntitlementID]membership `json:"roles,omitempty"`
}

// membership is how a login is in a role.
type membership struct {
	Role    string  `json:"role"`              // its key
	Default bool    `json:"default,omitempty"` // active at log-in
	Grants  []grant `json:"grants"`
}

type grant struct {
	Admin   bool   `json:"admin,omitempty"`
	Inherit bool   `json:"inherit,omitempty"`
	Set     bool   `json:"set,omitempty"`
	Grantor string `json:"grantor,omitempty"`
}

func readState(before connectors.Account) (state, error) {
	var st state
	if len(before.State) == 0 {
		return st, nil
	}
	if err := json.Unmarshal(before.State, &st); err != nil {
		return st, fmt.Errorf("the account's state is not one of this connector: %w", err)
	}
	return st, nil
}

// The prefixes of entitlements that are no roles.
const (
	attributePrefix = "attribute:"
	privilegePrefix = "privilege:"
	grantsPrefix    = "grants:"
	ownerPrefix     = "owner:"
	adminPrefix     = "admin:" // may make others members of a role, and is none
	rolePrefix      = "role:"  // of a role whose name starts like one of these
)

// roleName is the entitlement that members of a role hold: its name, unless that looks like something else.
func roleName(name string) connectors.EntitlementID {
	for _, p := range []string{attributePrefix, privilegePrefix, grantsPrefix, ownerPrefix, adminPrefix, rolePrefix} {
		if strings.HasPrefix(name, p) {
			return connectors.EntitlementID(rolePrefix + name)
		}
	}
	return connectors.EntitlementID(name)
}

// find is the login with an id.
func (c *catalogue) find(id connectors.AccountID) (*login, error) {
	for _, l := range c.logins {
		if l.id == id {
			return l, nil
		}
	}
	return nil, fmt.Errorf("the server has no such account: %w", connectors.ErrNotFound)
}

// reaching lists the roles that a role is in, by itself or through others. Roles cannot contain each other in a circle, but
// a catalogue that says so ends nothing.
func (c *catalogue) reaching(key string) []string {
	if up, ok := c.above[key]; ok {
		return up
	}
	var up []string
	queue := []string{key}
	for len(queue) > 0 {
		r := c.roles[queue[0]]
		queue = queue[1:]
		if r == nil {
			continue
		}
		for _, e := range r.in {
			if !e.idle() && e.to != key && !slices.Contains(up, e.to) {
				up, queue = append(up, e.to), append(queue, e.to)
			}
		}
	}
	slices.Sort(up)
	if c.above == nil {
		c.above = map[string][]string{}
	}
	c.above[key] = up
	return up
}

// rules tells whether who is in a role gets something that rules the server.
func (c *catalogue) rules(key string) bool {
	for _, k := range append([]string{key}, c.reaching(key)...) {
		if r := c.roles[k]; r != nil && (r.risk || slices.ContainsFunc(r.has, func(h holding) bool { return h.risk })) {
			return true
		}
	}
	return false
}

// direct is what a role holds by itself: attributes and grants, then the roles it is in.
func (c *catalogue) direct(r *role) []holding {
	out := slices.Clone(r.has)
	seen := map[string]bool{}
	for _, e := range r.in {
		to := c.roles[e.to]
		if to == nil {
			continue
		}
		h := holding{id: to.name, risk: c.rules(e.to), what: e.to, sort: isRole}
		if e.idle() {
			h.id, h.sort = adminPrefix+to.name, isAdmin
		}
		if seen[string(h.id)] {
			continue
		}
		seen[string(h.id)] = true
		h.risk = h.risk || slices.ContainsFunc(r.in, func(f edge) bool { return f.to == e.to && f.admin })
		out = append(out, h)
	}
	slices.SortStableFunc(out, func(a, b holding) int { return cmp.Compare(a.id, b.id) })
	return out
}

// account is a login as others see it: what it holds by itself, then what that gives, each once.
func (c *catalogue) account(l *login, location string) (connectors.Account, error) {
	a := connectors.Account{ID: l.id, Username: l.user, OwnerRef: l.owner, Enabled: connectors.Is(l.enabled), From: connectors.Where{Source: location + " " + string(l.id)}}
	had := map[connectors.EntitlementID]bool{}
	add := func(e connectors.Entitlement) {
		if !had[e.ID] {
			had[e.ID] = true
			a.Entitlements = append(a.Entitlements, e)
		}
	}
	direct := c.direct(l.role)
	for _, h := range direct {
		add(connectors.Entitlement{ID: h.id, Privileged: h.risk})
	}
	own := len(a.Entitlements)
	for _, h := range direct {
		if h.sort != isRole {
			continue
		}
		for _, k := range append([]string{h.what}, c.reaching(h.what)...) {
			r := c.roles[k]
			if r == nil {
				continue
			}
			if k != h.what {
				add(connectors.Entitlement{ID: r.name, Privileged: c.rules(k), Inherited: h.id})
			}
			for _, x := range r.has {
				add(connectors.Entitlement{ID: x.id, Privileged: x.risk, Inherited: h.id})
			}
		}
	}
	slices.SortFunc(a.Entitlements[own:], func(x, y connectors.Entitlement) int { return cmp.Compare(x.ID, y.ID) })
	var err error
	a.State, err = json.Marshal(c.stateOf(l))
	return a, err
}

func (c *catalogue) stateOf(l *login) state {
	st := l.state
	st.Login = l.key
	for _, e := range l.in {
		to := c.roles[e.to]
		if to == nil {
			continue
		}
		if st.Roles == nil {
			st.Roles = map[connectors.EntitlementID]membership{}
		}
		id := to.name
		if e.idle() {
			id = adminPrefix + id
		}
		m := st.Roles[id]
		m.Role, m.Default, m.Grants = e.to, slices.Contains(st.Default, e.to), append(m.Grants, grant{e.admin, e.inherit, e.set, e.grantor})
		slices.SortFunc(m.Grants, func(x, y grant) int { return cmp.Compare(x.Grantor, y.Grantor) })
		st.Roles[id] = m
	}
	return st
}

// arrange puts the accounts in order. Two with one id cannot be told apart, and are an error of the reading.
func (c *catalogue) arrange() error {
	slices.SortFunc(c.logins, func(a, b *login) int { return cmp.Compare(a.id, b.id) })
	for i := 1; i < len(c.logins); i++ {
		if c.logins[i].id == c.logins[i-1].id {
			return fmt.Errorf("the server names the account %q twice", c.logins[i].id)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.roles)) {
		slices.SortStableFunc(c.roles[key].in, func(a, b edge) int { return cmp.Or(cmp.Compare(a.to, b.to), cmp.Compare(a.grantor, b.grantor)) })
	}
	return nil
}
