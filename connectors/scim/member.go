package scim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

// RemoveEntitlement implements connectors.EntitlementRemover: the user is taken out of one group.
func (r remover) RemoveEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	receipt, err := r.app.setMember(ctx, before, e, false)
	if err != nil {
		return receipt, fmt.Errorf("scim: remove %q from account %q: %w", e, before.ID, err)
	}
	return receipt, nil
}

// AddEntitlement implements connectors.EntitlementRemover: the user is put back into one group.
func (r remover) AddEntitlement(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (connectors.Receipt, error) {
	receipt, err := r.app.setMember(ctx, before, e, true)
	if err != nil {
		return receipt, fmt.Errorf("scim: add %q to account %q: %w", e, before.ID, err)
	}
	return receipt, nil
}

// setMember makes a user a member of a group or not, unless it is so.
func (a *App) setMember(ctx context.Context, before connectors.Account, e connectors.EntitlementID, want bool) (connectors.Receipt, error) {
	var none connectors.Receipt
	user := string(before.ID)
	if user == "" {
		return none, fmt.Errorf("the id is empty: %w", connectors.ErrNotFound)
	}
	srv, err := a.discover(ctx, unheard{})
	if err != nil {
		return none, err
	}
	if _, err := srv.read(ctx, "/Users/"+url.PathEscape(user), user); err != nil {
		return none, err
	}
	id, err := srv.groupOf(ctx, before, e)
	switch {
	case err != nil:
		return none, err
	case id == "" && want:
		return none, fmt.Errorf("there is no such group any more: %w", connectors.ErrForbidden)
	case id == "":
		return none, nil // nobody is in a group that is not there
	case srv.patch == connectors.No:
		return none, fmt.Errorf("%w: the service has no PATCH, and to write a whole group anew could lose members that others add meanwhile; change %q there", connectors.ErrForbidden, e)
	}
	return srv.join(ctx, id, user, want)
}

// groupOf is the id of the group that an entitlement is; empty when there is none of that name. The account's state knows
// it, however the group is called by now.
func (s *server) groupOf(ctx context.Context, before connectors.Account, e connectors.EntitlementID) (string, error) {
	st, err := readState(before)
	if err != nil {
		return "", err
	}
	if id := st.Groups[e]; id != "" {
		return id, nil
	}
	for _, h := range before.Entitlements {
		if h.ID == e && h.Inherited != "" {
			return "", fmt.Errorf("%w: it comes through the group %q: remove that one, or that group from %q", connectors.ErrForbidden, h.Inherited, e)
		}
	}
	m, err := s.readGroups(ctx, unheard{})
	if err != nil {
		return "", err
	}
	id := m.idOf(e)
	if id == "" && (strings.HasPrefix(string(e), rolePrefix) || strings.HasPrefix(string(e), entitlementPrefix)) {
		return "", fmt.Errorf("%w: it is no group but a value that the user itself has, which each app means in its own way (RFC 7643 §4.1.2); change it there", connectors.ErrForbidden)
	}
	return id, nil
}

// join reads the group, asks for the change, and looks again where the service said that the group was not as it was read.
func (s *server) join(ctx context.Context, id, user string, want bool) (connectors.Receipt, error) {
	const most = 3 // tries against others who change the same group
	var refused error
	for n := range most {
		g, err := s.read(ctx, "/Groups/"+url.PathEscape(id), id)
		switch {
		case errors.Is(err, connectors.ErrNotFound) && want:
			return connectors.Receipt{}, fmt.Errorf("the group %q is gone: %w: %v", id, connectors.ErrForbidden, err) // the account is not
		case errors.Is(err, connectors.ErrNotFound):
			return connectors.Receipt{}, nil
		case err != nil:
			return connectors.Receipt{}, err
		}
		if g.members != nil && g.has(user) == want {
			return g.res.Receipt(n > 0), nil // n > 0: a try whose answer was lost, or that another overtook
		}
		if status, tries := statusOf(refused); n > 0 && tries == 1 && !overtaken(status) {
			break // it is as it was, and refused
		}
		res, err := s.app.client.Send(ctx, s.membership(g, user, want))
		if err == nil {
			return res.Receipt(true), g.unharmed(res, user)
		}
		if refused = err; !lookAgain(err) {
			break
		}
	}
	if errors.Is(refused, connectors.ErrNotFound) { // a member that is not found is not the account
		return connectors.Receipt{}, fmt.Errorf("the service refuses: %w: %v", connectors.ErrForbidden, refused)
	}
	return connectors.Receipt{}, refusal(refused)
}

// lookAgain tells whether an answer was lost, or a refusal can mean that it is so already, or that the group has changed:
// services differ in how they answer to the removal of who is no member (400 noTarget, 404) and the addition of who is one
// (409).
func lookAgain(err error) bool {
	status, _ := statusOf(err)
	return mayBeDone(err) || overtaken(status) || status == http.StatusBadRequest || status == http.StatusNotFound
}

// membership is the request for the change.
//
// To remove, the member is named in the path. A value beside the path "members" must not be sent: RFC 7644 §3.5.2.2 lets a
// service ignore it, and then all members are removed. Named in the path, it may follow a lost answer: it removes nobody
// else the second time. An addition may not: not every service keeps a second one from standing there twice
// (RFC 7644 §3.5.2.1 asks for it, and the next reading here sees to it).
func (s *server) membership(g stored, user string, want bool) httpx.Write {
	v := s.app.vendor
	value := append(connectors.AppendJSON([]byte(`[{"value":`), user), `}]`...)
	switch {
	case want:
		return g.patched(operation{Op: v.op("add"), Path: "members", Value: value}, httpx.IfNotDone)
	case v.removeByValue:
		return g.patched(operation{Op: v.op("remove"), Path: "members", Value: value}, httpx.Always)
	}
	return g.patched(operation{Op: v.op("remove"), Path: memberPath(user)}, httpx.Always)
}

// memberPath is the path of one member: a string in a filter is written as in JSON (RFC 7644 §3.4.2.2).
func memberPath(user string) string {
	return string(append(connectors.AppendJSON([]byte("members[value eq "), user), ']'))
}

func (r stored) has(user string) bool {
	return slices.ContainsFunc(*r.members, func(v value) bool { return v.member() == user })
}

// unharmed looks at a group that a service answered with: all the others must still be there.
func (r stored) unharmed(res *httpx.Response, user string) error {
	left, err := answer(res, r.id)
	if err != nil || left == nil || r.members == nil {
		return err
	}
	there := map[string]bool{user: true}
	for _, v := range *left {
		there[v.member()] = true
	}
	var lost []string
	for _, v := range *r.members {
		if id := v.member(); !there[id] {
			there[id] = true
			lost = append(lost, id)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	named, err := json.Marshal(lost[:min(len(lost), 20)])
	if err != nil {
		return err
	}
	return fmt.Errorf("DAMAGE: the service's answer lacks %d other members of the group %q, who were in it just before and whom nobody asked to remove: %s; "+
		"look at the group at once and put them back (request id %q)", len(lost), r.id, named, res.RequestID)
}
