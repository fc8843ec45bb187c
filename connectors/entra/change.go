package entra

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// RemoveEntitlement implements connectors.EntitlementRemover: the account is taken out of a group, or a directory role or an
// app role of its own is taken away.
func (r remover) RemoveEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	receipt, err := r.app.change(ctx, before, e, false)
	if err != nil {
		return receipt, fmt.Errorf("entra: remove %q from account %q: %w", e, before.ID, err)
	}
	return receipt, nil
}

// AddEntitlement implements connectors.EntitlementRemover: what was removed is given back. An app role that is given back has
// a new grant date.
func (r remover) AddEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	receipt, err := r.app.change(ctx, before, e, true)
	if err != nil {
		return receipt, fmt.Errorf("entra: add %q to account %q: %w", e, before.ID, err)
	}
	return receipt, nil
}

// object is where the account is found.
func (a *App) object(id oid) string {
	if a.services {
		return "/servicePrincipals/" + id.String()
	}
	return "/users/" + id.String()
}

// change makes the account hold something itself or not, unless it is so.
func (a *App) change(ctx context.Context, before connectors.Account, e connectors.EntitlementID, want bool) (connectors.Receipt, error) {
	var none connectors.Receipt
	id, err := accountOID(before.ID)
	if err != nil {
		return none, err
	}
	now, _, err := one[member](ctx, a, a.object(id)+"?$select=id")
	switch {
	case err != nil:
		return none, err
	case now.ID != id:
		return none, fmt.Errorf("asked for account %s, the service answered with %s", id, now.ID)
	}
	what, err := find(before, e, want)
	if err != nil || what == nil {
		return none, err
	}
	return a.settle(ctx, id, what, want)
}

// find is what an entitlement is; nil when the account did not hold it, so that nothing is to be removed.
func find(before connectors.Account, e connectors.EntitlementID, want bool) (*ref, error) {
	s, err := readState(before)
	if err != nil {
		return nil, err
	}
	what, held := s.Held[e]
	switch {
	case held && what.Kind == eligibleKind:
		return nil, fmt.Errorf("%w: the role is not held but may be activated: end that in Privileged Identity Management", connectors.ErrForbidden)
	case held:
		return &what, nil
	case want:
		return nil, fmt.Errorf("%w: only what the account held itself when it was read can be given back", connectors.ErrForbidden)
	}
	for _, h := range before.Entitlements {
		switch {
		case h.ID != e:
		case h.Inherited != "":
			return nil, fmt.Errorf("%w: it comes through the group %q: remove that one", connectors.ErrForbidden, h.Inherited)
		case strings.HasPrefix(string(e), licencePrefix):
			return nil, fmt.Errorf("%w: a licence is taken away by hand, since data is deleted some days after it (a mailbox after 30)", connectors.ErrForbidden)
		default:
			return nil, fmt.Errorf("%w: the account was not read to be changed: its state does not say what this is", connectors.ErrForbidden)
		}
	}
	return nil, nil
}

// changer is how one kind of thing is read, given and taken.
type changer interface {
	// holds tells whether the account holds it now, itself.
	holds(ctx context.Context) (bool, *httpx.Response, error)
	// write is the request that gives or takes it; an error refuses.
	write(ctx context.Context, want bool) (httpx.Write, error)
	// advice is what to do about a refusal.
	advice() string
}

func (a *App) changer(id oid, what *ref) (changer, error) {
	switch what.Kind {
	case groupKind:
		g, ok := parseOID(what.ID)
		if !ok {
			return nil, fmt.Errorf("the account's state names the group %q, which is no object id", what.ID)
		}
		return &membership{a, id, g}, nil
	case roleKind:
		return &directoryRole{app: a, account: id, role: what.ID, scope: what.Sub}, nil
	case appRoleKind:
		r, ok := parseOID(what.ID)
		if !ok {
			return nil, fmt.Errorf("the account's state names the app %q, which is no object id", what.ID)
		}
		return &ownAppRole{app: a, account: id, resource: r, role: what.Sub}, nil
	}
	return nil, fmt.Errorf("the account's state names a %q, which this connector does not know", what.Kind)
}

// settle reads, asks for the change, and looks again where the answer leaves open what was done: services differ in how they
// answer to the removal of what is not there (404, 400), and to the addition of what is (400, 409).
func (a *App) settle(ctx context.Context, id oid, what *ref, want bool) (connectors.Receipt, error) {
	var none connectors.Receipt
	c, err := a.changer(id, what)
	if err != nil {
		return none, err
	}
	holds, read, err := c.holds(ctx)
	switch {
	case err != nil:
		return none, err
	case holds == want:
		return read.Receipt(false), nil
	}
	w, err := c.write(ctx, want)
	if err != nil {
		return none, err
	}
	res, err := a.client.Send(ctx, w)
	if err == nil {
		return res.Receipt(true), nil
	}
	if ctx.Err() == nil {
		if holds, read, again := c.holds(ctx); again == nil && holds == want {
			return read.Receipt(true), nil // a try whose answer was lost, or somebody else just now
		}
	}
	if errors.Is(err, connectors.ErrNotFound) { // what is not found is not the account: it was there just now
		err = fmt.Errorf("the service refuses: %w: %v", connectors.ErrForbidden, err)
	}
	return none, explain(refusal(err), c.advice())
}

// removal may follow a lost answer: what is gone is not removed a second time.
func removal(ref string) httpx.Write {
	return httpx.Write{Method: http.MethodDelete, Ref: ref, Repeat: httpx.Always}
}

// addition may not: it is sent again only where it cannot have been done.
func addition(ref string, body []byte) httpx.Write {
	return httpx.Write{Method: http.MethodPost, Ref: ref, ContentType: contentType, Body: body, Repeat: httpx.IfNotDone}
}
