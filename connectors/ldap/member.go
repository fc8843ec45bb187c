package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"rollcall/connectors"
)

// RemoveEntitlement implements connectors.EntitlementRemover: one value of the group's members is deleted; no list is
// written.
func (a *App) RemoveEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	r, err := a.carry(ctx, func(r *reader) (*change, error) { return r.memberAs(before, e, false) })
	if err != nil {
		return r, fmt.Errorf("ldap: remove %q from account %q: %w", e, before.ID, lastMember(err))
	}
	return r, nil
}

// AddEntitlement implements connectors.EntitlementRemover: one value is added.
func (a *App) AddEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	r, err := a.carry(ctx, func(r *reader) (*change, error) { return r.memberAs(before, e, true) })
	if err != nil {
		return r, fmt.Errorf("ldap: add %q to account %q: %w", e, before.ID, err)
	}
	return r, nil
}

// lastMember says why a group cannot lose its only member: groupOfNames must have one (RFC 4519 §3.5).
func lastMember(err error) error {
	if codeOf(err) == ldap.LDAPResultObjectClassViolation {
		return fmt.Errorf("%w; a group of this kind must keep one member at least: put another one in first, or delete the group", err)
	}
	return err
}

// memberAs reads the account and the group, and says what makes the one a member of the other or not.
func (r *reader) memberAs(before connectors.Account, e connectors.EntitlementID, member bool) (*change, error) {
	user, err := r.find(string(before.ID))
	if err != nil {
		return nil, err
	}
	at, err := r.placeOf(before, e)
	if err != nil {
		return nil, err
	}
	g, err := r.groupBy(at.ID)
	switch {
	case errors.Is(err, connectors.ErrNotFound) && member:
		return nil, fmt.Errorf("there is no such group any more: %w", connectors.ErrForbidden) // the account is not what is missing
	case errors.Is(err, connectors.ErrNotFound):
		return nil, nil // nobody is in a group that is not there
	case err != nil:
		return nil, err
	}
	if s, err := parseSID(g.raw("objectSid")); err == nil && s == primaryOf(user) {
		if member {
			return nil, nil
		}
		return nil, fmt.Errorf("%w: it is the account's primary group, which no group lists: give the account another primary group first (primaryGroupID), then remove it from this one", connectors.ErrForbidden)
	}
	c := &change{entry: g, id: at.ID, hint: fmt.Sprintf("the account %s may not write the members of this group: delegate that on its OU", r.app.bind)}
	if g.first("adminCount") == "1" {
		c.hint += "; AdminSDHolder protects this group (adminCount is 1): what is delegated on an OU does not hold here, so that a domain administrator must do it"
	}
	return c, r.setMember(c, user, at, member)
}

// groupBy reads a group by its immutable id; none where the id is empty.
func (r *reader) groupBy(id string) (entry, error) {
	if !isUUID(id) {
		return entry{}, connectors.ErrNotFound
	}
	d := r.app.dialect
	return r.byID(id, d.groups, d.groupAttrs)
}

// placeOf is the group that an entitlement is. The account's state knows it, however the group is called by now.
func (r *reader) placeOf(before connectors.Account, e connectors.EntitlementID) (place, error) {
	st, err := readState(before)
	if at, ok := st.Groups[e]; err != nil || ok {
		return at, err
	}
	for _, h := range before.Entitlements {
		if h.ID == e && h.Inherited != "" {
			return place{}, fmt.Errorf("%w: it comes through the group %q: remove that one, or that group from %q", connectors.ErrForbidden, h.Inherited, e)
		}
	}
	d := r.app.dialect
	filter := d.groups
	if d == activeDirectory {
		filter = "(&" + filter + equals("sAMAccountName", []byte(e)) + ")"
	}
	var at place
	err = r.list(query{connectors.Groups, r.groupBase(), filter, d.groupAttrs}, func(g entry) error {
		if d.nameOf(g, r.groupBase()) == string(e) {
			at.ID = d.idOf(g)
		}
		return nil
	})
	return at, err
}

// setMember asks for each way in which the group can name the account whether it does, and changes those that do not fit.
func (r *reader) setMember(c *change, user entry, at place, member bool) error {
	for _, by := range r.app.dialect.members {
		value := user.DN
		if by.uid {
			value = user.first("uid")
		}
		if value == "" {
			continue
		}
		is, err := r.matches(c.entry.DN, equals(by.name, []byte(value)))
		switch {
		case err != nil:
			return err
		case is && !member:
			c.delete(by.name, value)
		case !is && member && r.names(c.entry, by, at):
			c.add(by.name, value)
		}
	}
	return nil
}

// names tells whether a group is to name its members in this way: as it did before, else in the first way of its classes.
func (r *reader) names(g entry, by memberAttr, at place) bool {
	if len(at.In) > 0 {
		return slices.Contains(at.In, by.name)
	}
	for _, m := range r.app.dialect.members {
		if g.isA(m.class) {
			return m == by
		}
	}
	return false
}

// matches tells whether an entry matches a filter.
func (s *session) matches(dn, filter string) (bool, error) {
	_, err := s.one(dn, filter, []string{"1.1"})
	if errors.Is(err, connectors.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
