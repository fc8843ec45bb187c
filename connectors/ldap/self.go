package ldap

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"rollcall/connectors"
)

var _ connectors.SelfTeller = (*App)(nil)

// Self implements connectors.SelfTeller. The tenant is the domain's SID or, in OpenLDAP, the entryUUID of its naming context:
// names can be given again. The account is the entry it binds as, wherever in the domain that lies.
func (a *App) Self(ctx context.Context) (connectors.Self, error) {
	out, err := a.self(ctx)
	if err != nil {
		return out, fmt.Errorf("ldap: as whom it is read: %w", err)
	}
	return out, nil
}

func (a *App) self(ctx context.Context) (out connectors.Self, err error) {
	r, err := a.read(ctx, unheard{})
	if err != nil {
		return out, err
	}
	defer func() { r.close() }()
	if out.Tenant, err = r.tenant(); err != nil {
		return out, err
	}
	out.Name = a.bind
	me, err := r.me()
	if errors.Is(err, connectors.ErrNotFound) {
		return out, nil // it may not see itself
	}
	if err != nil {
		return out, err
	}
	out.Account, out.Permissions = connectors.AccountID(a.dialect.idOf(me)), me.all("memberOf")
	if me.first("adminCount") == "1" {
		out.Permissions = append(out.Permissions, "member of a protected group (adminCount is 1)")
	}
	password := connectors.OwnCredential{ID: "password", Kind: "password"}
	if a.dialect == activeDirectory {
		password.Created, password.Expires = r.ticks(me, "pwdLastSet"), r.ticks(me, "msDS-UserPasswordExpiryTimeComputed")
	} else if password.Created, err = r.day(me.first("pwdChangedTime")); err != nil {
		return out, fmt.Errorf("pwdChangedTime: %w", err)
	}
	out.Credentials = []connectors.OwnCredential{password}
	return out, nil
}

// tenant is the immutable id of the domain; its name where the server shows none.
func (r *reader) tenant() (string, error) {
	top, err := r.one(r.root.domain, "(objectClass=*)", []string{"objectSid", "entryUUID"})
	if err != nil && !errors.Is(err, connectors.ErrNotFound) {
		return "", err
	}
	if err == nil {
		if id, err := parseSID(top.raw("objectSid")); err == nil {
			return id.String(), nil
		}
		if id := strings.ToLower(top.first("entryUUID")); isUUID(id) {
			return id, nil
		}
	}
	return strings.ToLower(r.root.domain), nil
}

// me is the entry that the connection is bound as.
func (r *reader) me() (entry, error) {
	attributes := []string{r.app.dialect.id, "memberOf", "adminCount", "pwdLastSet", "msDS-UserPasswordExpiryTimeComputed", "pwdChangedTime"}
	if _, err := ldap.ParseDN(r.app.bind); err == nil && strings.Contains(r.app.bind, "=") {
		return r.one(r.app.bind, "(objectClass=*)", attributes)
	}
	filter := equals("userPrincipalName", []byte(r.app.bind))
	if _, name, ok := strings.Cut(r.app.bind, `\`); ok {
		filter = equals("sAMAccountName", []byte(name))
	}
	res, err := r.search(r.root.domain, ldap.ScopeWholeSubtree, filter, attributes, "who is "+r.app.bind)
	if err != nil {
		return entry{}, err
	}
	if len(res.Entries) != 1 {
		return entry{}, connectors.ErrNotFound
	}
	return entry{res.Entries[0]}, nil
}

// ticks is a time of Active Directory as a day; 0 where there is none.
func (r *reader) ticks(e entry, attribute string) connectors.Date {
	t, is, err := filetime(orElse(e.first(attribute), "0"))
	if err != nil || !is {
		return 0
	}
	return connectors.DateOf(t, r.app.zone)
}
