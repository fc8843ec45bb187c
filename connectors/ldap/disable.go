package ldap

import (
	"context"
	"fmt"

	"rollcall/connectors"
)

// Disable implements connectors.Disabler: in Active Directory ACCOUNTDISABLE is set, every other bit stays; in OpenLDAP the
// account is locked for good. Kerberos tickets and sessions that are open go on until they end.
func (a *App) Disable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	r, err := a.carry(ctx, func(r *reader) (*change, error) { return r.standingAs(before, false) })
	if err != nil {
		return r, fmt.Errorf("ldap: disable account %q: %w", before.ID, err)
	}
	return r, nil
}

// Enable implements connectors.Disabler: the bit or the lock is taken away; a lock for a time, which the other replaced, is
// given back. Other bits are left as they are by now.
func (a *App) Enable(ctx context.Context, before connectors.Account) (connectors.Receipt, error) {
	r, err := a.carry(ctx, func(r *reader) (*change, error) { return r.standingAs(before, true) })
	if err != nil {
		return r, fmt.Errorf("ldap: enable account %q: %w", before.ID, err)
	}
	return r, nil
}

// standingAs reads the account and says what makes it enabled or disabled.
func (r *reader) standingAs(before connectors.Account, enabled bool) (*change, error) {
	e, err := r.find(string(before.ID))
	if err != nil {
		return nil, err
	}
	c := &change{entry: e, id: string(before.ID), hint: fmt.Sprintf("the account %s may not write %s of this account: delegate that on its OU", r.app.bind, "userAccountControl")}
	if r.app.dialect == activeDirectory {
		if e.first("adminCount") == "1" {
			c.hint += "; AdminSDHolder protects this one (adminCount is 1): what is delegated on an OU does not hold here, so that a domain administrator must do it"
		}
		return c, c.setDisabled(e, !enabled)
	}
	c.hint = fmt.Sprintf("the account %s may not write pwdAccountLockedTime of this account: grant that in the server's access rules", r.app.bind)
	if !r.root.policy {
		return nil, fmt.Errorf("%w, %w", errNoPolicy, connectors.ErrForbidden)
	}
	return c, c.setLocked(e, before, !enabled)
}

// setDisabled replaces the value as read just now by one that differs in one bit.
func (c *change) setDisabled(e entry, disabled bool) error {
	if !e.has("userAccountControl") {
		return fmt.Errorf("userAccountControl cannot be read, so that it cannot be changed by one bit alone: %w", connectors.ErrForbidden)
	}
	uac, err := parseUAC(e.first("userAccountControl"))
	if err != nil || uac&accountDisabled != 0 == disabled {
		return err
	}
	c.delete("userAccountControl", e.first("userAccountControl"))
	c.add("userAccountControl", (uac ^ accountDisabled).String())
	return nil
}

// setLocked locks for good, or unlocks what is so.
func (c *change) setLocked(e entry, before connectors.Account, locked bool) error {
	now := e.first("pwdAccountLockedTime")
	if (now == lockedForGood) == locked {
		return nil
	}
	if now != "" {
		c.delete("pwdAccountLockedTime", now)
	}
	if locked {
		c.add("pwdAccountLockedTime", lockedForGood)
		return nil
	}
	st, err := readState(before)
	if err == nil && st.Locked != "" && st.Locked != lockedForGood {
		c.add("pwdAccountLockedTime", st.Locked)
	}
	return err
}
