package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"rollcall/connectors"
)

// change is what is to be changed of one entry.
type change struct {
	entry entry
	id    string // immutable, of the entry
	mods  []ldap.Change
	hint  string // what to do where it is not allowed
}

func (c *change) add(attribute, value string)    { c.mod(ldap.AddAttribute, attribute, value) }
func (c *change) delete(attribute, value string) { c.mod(ldap.DeleteAttribute, attribute, value) }

func (c *change) mod(op uint, attribute, value string) {
	c.mods = append(c.mods, ldap.Change{Operation: op, Modification: ldap.PartialAttribute{Type: attribute, Vals: []string{value}}})
}

// tries is how often a change is begun anew against others who change the same entry, and after lost answers.
const tries = 3

// carry reads what there is by means of plan, and makes the change that this finds wanting; none, if it is so already. Every
// change names the value it takes away, so that the server refuses what another overtook, and whoever it was reads again. An
// answer that is lost is made up for by another reading.
func (a *App) carry(ctx context.Context, plan func(*reader) (*change, error)) (connectors.Receipt, error) {
	sent := false // a change whose answer was lost
	for n := 1; ; n++ {
		receipt, err := a.carryOnce(ctx, plan)
		if err == nil {
			receipt.Changed = receipt.Changed || sent
			return receipt, nil
		}
		gone, raced := errors.As(err, new(unanswered)), errors.As(err, new(refused)) && overtaken(err)
		switch {
		case ctx.Err() != nil:
			return receipt, err
		case n < tries && (gone || raced):
			sent = sent || gone
		case sent || gone:
			return receipt, fmt.Errorf("whether the change was made is not known: %v", err) // no class: it may have been
		default:
			return receipt, refusal(err)
		}
	}
}

// A change that was sent came to nothing in one of two ways: no answer came, or a no.
type (
	unanswered struct{ error }
	refused    struct{ error }
)

func (u unanswered) Unwrap() error { return u.error }
func (r refused) Unwrap() error    { return r.error }

func (a *App) carryOnce(ctx context.Context, plan func(*reader) (*change, error)) (connectors.Receipt, error) {
	r, err := a.read(ctx, unheard{})
	if err != nil {
		return connectors.Receipt{}, err
	}
	defer func() { r.close() }()
	receipt := connectors.Receipt{At: r.root.now}
	c, err := plan(r)
	if err != nil || c == nil || len(c.mods) == 0 {
		return receipt, err
	}
	if err := r.modify(c); err != nil {
		return receipt, err
	}
	receipt.Changed = true
	return receipt, nil
}

// modify changes the entry that has the id, and no other that has its name by now: Active Directory is given the id as the
// name; others, where they can, are made to look whether it is still that entry (RFC 4528).
func (s *session) modify(c *change) error {
	req := &ldap.ModifyRequest{DN: c.entry.DN, Changes: c.mods}
	if s.app.dialect == activeDirectory {
		req.DN = guidDN(c.id)
	} else if s.root.asserts {
		is, err := ldap.CompileFilter("(entryUUID=" + c.id + ")")
		if err != nil {
			return err
		}
		req.Controls = []ldap.Control{ldap.NewControlString(oidAssertion, true, string(is.Bytes()))}
	}
	err := s.conn.Modify(req)
	if err == nil {
		return nil
	}
	failed := s.app.broken(s.ctx, "change "+c.entry.DN, err)
	if lost(failed) {
		return unanswered{failed}
	}
	if errors.Is(failed, connectors.ErrForbidden) {
		failed = fmt.Errorf("%w; %s", failed, c.hint)
	}
	return refused{failed}
}

// overtaken results say that the entry is not as it was when it was read. Active Directory answers to the removal of who is
// no member by unwillingToPerform, and to the addition of who is one by entryAlreadyExists.
func overtaken(err error) bool {
	return slices.Contains([]uint16{ldap.LDAPResultNoSuchAttribute, ldap.LDAPResultAttributeOrValueExists, ldap.LDAPResultEntryAlreadyExists,
		ldap.LDAPResultAssertionFailed, ldap.LDAPResultNoSuchObject, ldap.LDAPResultUnwillingToPerform}, codeOf(err))
}

// refusal gives a server's no its class, where it is known that nothing was changed.
func refusal(err error) error {
	switch {
	case errors.Is(err, connectors.ErrForbidden) || errors.Is(err, connectors.ErrTransient) || errors.Is(err, connectors.ErrNotFound):
		return err
	case slices.Contains(refusing, codeOf(err)):
		return fmt.Errorf("the server refuses, and nothing was changed: %w: %w", connectors.ErrForbidden, err)
	case overtaken(err):
		return fmt.Errorf("others change it at the same time, and nothing was done: %w: %w", connectors.ErrTransient, err)
	}
	return err
}

// refusing results say that the server will not do it, now or later. The first is also how Active Directory says that it is
// so already: it is taken for a no when it stays one.
var refusing = []uint16{ldap.LDAPResultUnwillingToPerform, ldap.LDAPResultReferral, ldap.LDAPResultConstraintViolation,
	ldap.LDAPResultObjectClassViolation, ldap.LDAPResultUndefinedAttributeType}
