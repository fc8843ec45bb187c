package scanner

import (
	"strings"

	"rollcall/connectors"
)

// registerTable is the register of one app, ready to be asked once for every account.
type registerTable struct {
	plain map[string]*ServiceAccount // by folded id or user name
	globs []globEntry
}

type globEntry struct {
	pattern string
	entry   *ServiceAccount
}

// Prepare makes the policy ready for a scan; call it once, after the last change. Validate comes before it.
func (p *Policy) Prepare() error {
	p.register = map[connectors.AppID]*registerTable{}
	for i := range p.ServiceAccounts {
		e := &p.ServiceAccounts[i]
		t := p.register[e.App]
		if t == nil {
			t = &registerTable{plain: map[string]*ServiceAccount{}}
			p.register[e.App] = t
		}
		key := fold(e.Account)
		if strings.ContainsAny(key, "*?") {
			t.globs = append(t.globs, globEntry{key, e})
		} else if t.plain[key] == nil {
			t.plain[key] = e
		}
	}
	return nil
}

// Registered is the register's entry for an account that is known by its id and user name; nil if it has none.
func (p *Policy) Registered(app connectors.AppID, id connectors.AccountID, username string) *ServiceAccount {
	return p.entry(app, &connectors.Account{ID: id, Username: username})
}

// entry is the register's entry for an account: a plain name before a pattern, the earlier pattern before the later.
func (p *Policy) entry(app connectors.AppID, a *connectors.Account) *ServiceAccount {
	if p == nil || p.register[app] == nil {
		return nil
	}
	t := p.register[app]
	names := [2]string{fold(string(a.ID)), fold(a.Username)}
	for _, n := range names {
		if e := t.plain[n]; e != nil {
			return e
		}
	}
	for _, g := range t.globs {
		if fits(g.pattern, names[0]) || names[1] != "" && fits(g.pattern, names[1]) {
			return g.entry
		}
	}
	return nil
}

// registered is the class the register gives an account; ClassUnknown when it says nothing.
func (p *Policy) registered(app connectors.AppID, a *connectors.Account) connectors.Class {
	if e := p.entry(app, a); e != nil {
		c, _ := connectors.ParseClass(e.Class)
		return c
	}
	return connectors.ClassUnknown
}

// registeredOwner is who the register says answers for an account; empty when it says nothing.
func (p *Policy) registeredOwner(app connectors.AppID, a *connectors.Account) connectors.PersonID {
	if e := p.entry(app, a); e != nil {
		return e.Owner
	}
	return ""
}
