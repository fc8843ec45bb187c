package google

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"rollcall/connectors"
	"rollcall/connectors/httpx"
)

var _ connectors.Preflighter = (*App)(nil)

// probe is one thing to be proved: that a scope is delegated, and that the administrator may do with it what a pull does.
type probe struct {
	scope   string
	ref     string
	reads   string // what
	writing bool
}

// Preflight implements connectors.Preflighter. Each scope is tried by itself, since Google refuses a token for several of
// which one is missing without saying which. That the administrator may write cannot be tried without writing.
func (a *App) Preflight(ctx context.Context) (connectors.Preflight, error) {
	var p connectors.Preflight
	me, err := a.whoAmI(ctx, &p)
	if err != nil || me.ID == "" {
		return p, wrapped(err)
	}
	list := a.customerQuery("1")
	probes := []probe{
		{scope: readUsers, ref: usersPath + "?" + list, reads: "users"},
		{scope: readRoles, ref: a.customerPath("/roles?maxResults=1"), reads: "administrator roles"},
		{scope: readRoles, ref: a.customerPath("/roleassignments?maxResults=1"), reads: "who has administrator roles"},
		{scope: readGroups, ref: groupsPath + "?" + list, reads: "groups"},
		{scope: scopeUser, ref: userPath(me.ID) + "?fields=id", reads: "users, with the scope that suspends them", writing: true},
		{scope: scopeRoles, ref: a.customerPath("/roles?maxResults=1"), reads: "administrator roles, with the scope that takes them", writing: true},
	}
	if a.withCredentials {
		probes = append(probes, probe{scope: scopeSecurity, ref: userPath(me.ID) + "/tokens", reads: "OAuth grants"},
			probe{scope: scopeSecurity, ref: userPath(me.ID) + "/asps", reads: "app passwords"})
	} else {
		probes = append(probes, probe{scope: scopeSecurity, ref: userPath(me.ID) + "/tokens", reads: "OAuth grants, with the scope that signs out", writing: true})
	}
	for _, q := range probes {
		res, err := a.prove(ctx, &p, q)
		if err != nil {
			return p, wrapped(err)
		}
		if q.reads != "groups" || res == nil {
			continue
		}
		if err := a.proveMembers(ctx, &p, res); err != nil {
			return p, wrapped(err)
		}
	}
	if me.IsAdmin {
		p.Excess = append(p.Excess, connectors.Excess{Has: "the role of super administrator, of " + a.subject, So: "with a scope for it, everything in the customer could be changed", Writing: true,
			Fix: "let an administrator be the subject who may only read users, groups and roles"})
	}
	if !me.IsAdmin {
		p.Problems = append(p.Problems, connectors.Problem{Lacks: a.subject + " is no super administrator",
			So: "accounts of other administrators cannot be changed", Fix: "let a super administrator be the subject, or leave those accounts to people", Writing: true})
	}
	return p, nil
}

func wrapped(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("google: preflight: %w", err)
}

func (a *App) customerQuery(most string) string {
	return url.Values{"customer": {a.customer}, "maxResults": {most}}.Encode()
}

// whoAmI reads the administrator. Without that nothing else can be tried: the user then has no id.
func (a *App) whoAmI(ctx context.Context, p *connectors.Preflight) (user, error) {
	res, err := a.prove(ctx, p, probe{scope: readUsers, ref: userPath(a.subject) + "?fields=id,primaryEmail,aliases,customerId,isAdmin,isDelegatedAdmin", reads: "the administrator " + a.subject})
	if err != nil || res == nil {
		return user{}, err
	}
	u, err := parseUser(res.Body)
	if err != nil {
		return user{}, notGoogle(res, err)
	}
	kind := "no administrator"
	switch {
	case u.IsAdmin:
		kind = "super administrator"
	case u.IsDelegatedAdmin:
		kind = "delegated administrator"
	}
	p.Identity = fmt.Sprintf("%s (%s), customer %s", u.PrimaryEmail, kind, u.CustomerID)
	if a.customer != "my_customer" && a.customer != u.CustomerID {
		p.Problems = append(p.Problems, connectors.Problem{Lacks: fmt.Sprintf("the customer %s is not that of %s, which is %s", a.customer, a.subject, u.CustomerID),
			So: "another customer's accounts would be read, or none", Fix: "take customer out of the configuration, or name an administrator of it"})
	}
	return u, nil
}

// proveMembers tries to read who is in a group: any one.
func (a *App) proveMembers(ctx context.Context, p *connectors.Preflight, groups *httpx.Response) error {
	page, err := parsePage(groups, "groups")
	if err != nil || len(page.rows) == 0 {
		return err
	}
	g, err := parseGroup(page.rows[0])
	if err != nil {
		return err
	}
	for _, q := range []probe{
		{scope: readMembers, ref: groupPath(g.ID) + "/members?maxResults=1", reads: "who is in groups"},
		{scope: scopeMember, ref: groupPath(g.ID) + "/members?maxResults=1", reads: "who is in groups, with the scope that removes them", writing: true},
	} {
		if _, err := a.prove(ctx, p, q); err != nil {
			return err
		}
	}
	return nil
}

// prove makes the call. An answer proves it; a refusal is a problem, and there is no answer then.
func (a *App) prove(ctx context.Context, p *connectors.Preflight, q probe) (*httpx.Response, error) {
	c, err := a.alone[q.scope]()
	if err != nil {
		return nil, err
	}
	res, err := c.Get(ctx, q.ref)
	if err == nil {
		p.Proved = append(p.Proved, fmt.Sprintf("may read %s (%s)", q.reads, q.scope))
		if q.writing {
			p.Excess = append(p.Excess, connectors.Excess{Has: "the scope " + scopeBase + q.scope, Writing: true,
				Fix: "Admin console > Security > Access and data control > API controls > Domain-wide delegation: take the scope from the client id of the service account"})
		}
		return res, nil
	}
	var e *httpx.Error
	if !errors.Is(err, connectors.ErrForbidden) && !errors.Is(err, connectors.ErrNotFound) || !errors.As(err, &e) {
		return nil, err
	}
	problem := connectors.Problem{Writing: q.writing, So: fmt.Sprintf("%s could not be read", q.reads)}
	switch reason := reasonOf(e); {
	case reason == "":
		problem.Lacks = "a token for the scope " + scopeBase + q.scope + " (" + e.Error() + ")"
		problem.Fix = "Admin console > Security > Access and data control > API controls > Domain-wide delegation: add the scope to the client id of the service account; check that subject is an administrator who is not suspended"
	case slices.Contains([]string{"accessNotConfigured", "SERVICE_DISABLED"}, reason):
		problem.Lacks = "the Admin SDK API in the service account's project"
		problem.Fix = "Google Cloud console > APIs & Services > Library > Admin SDK API > Enable"
	default:
		problem.Lacks = fmt.Sprintf("%s may not (%s)", a.subject, reason)
		problem.Fix = "Admin console > Account > Admin roles: give the administrator a role with the privilege to read " + q.reads
	}
	p.Problems = append(p.Problems, problem)
	return nil, nil
}

// reasonOf is the word for programs in Google's refusal; empty: it was not the API that refused.
func reasonOf(e *httpx.Error) string {
	var said struct {
		Error struct{ Errors []struct{ Reason string } }
	}
	if json.Unmarshal(e.Body, &said) != nil || len(said.Error.Errors) == 0 {
		return ""
	}
	return said.Error.Errors[0].Reason
}
