package google

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rollcall/connectors"
)

// detail is what a pull reads of one user by itself.
type detail struct {
	held
	login *string // lastLoginTime, where the list says never
	gone  bool    // the user was deleted since it was listed
	pages []pageOf
}

type pageOf struct {
	of connectors.Collection
	connectors.Page
}

// detail reads what the list does not tell, or tells badly.
func (p *pull) detail(ctx context.Context, r row) (d detail, err error) {
	if r.err == nil && p.reports.signIn && r.signedInNever() {
		err = p.confirmLogin(ctx, &d, r.ID)
	}
	if r.err == nil && err == nil && p.withCredentials {
		d.held, err = p.credentials(ctx, r.ID)
		for _, page := range d.held.pages {
			d.pages = append(d.pages, pageOf{connectors.Credentials, page})
		}
	}
	if errors.Is(err, connectors.ErrNotFound) { // the one case in which that is no failure, and it must be seen again
		if _, again := p.get(ctx, r.ID, "id"); errors.Is(again, connectors.ErrNotFound) {
			return detail{gone: true, pages: d.pages}, nil
		}
	}
	if err != nil {
		return detail{}, fmt.Errorf("user %q: %w", r.ID, err)
	}
	return d, nil
}

// confirmLogin reads of a user by itself when it last signed in: the list now and then says never of somebody who did.
func (p *pull) confirmLogin(ctx context.Context, d *detail, id string) error {
	res, err := p.get(ctx, id, "id,lastLoginTime")
	if err != nil {
		return err
	}
	d.pages = append(d.pages, pageOf{connectors.Accounts, res.Page})
	u, err := parseUser(res.Body)
	if err != nil {
		return err
	}
	d.login = u.LastLoginTime
	return nil
}

// end is reached when the last page was read. A list that lacks somebody who must be on it is not believed, and neither is
// one without anybody: Google was seen to answer with users missing.
func (p *pull) end(n int) error {
	switch {
	case n == 0:
		return fmt.Errorf("%s: no user is listed, not even %s, who asks: the list is not believed", p.base+usersPath, p.subject)
	case !p.self:
		return fmt.Errorf("%s: %d users are listed, and %s, who asks, is not among them: the list is not whole, or it is another customer's",
			p.base+usersPath, n, p.subject)
	}
	p.notes()
	if p.withCredentials {
		p.trace.End(connectors.Credentials)
	}
	p.trace.End(connectors.Accounts)
	return nil
}

// notes say what a reader should know and no account shows.
func (p *pull) notes() {
	p.groups.noteLost(p.trace, p.seen)
	if p.late > 0 {
		p.trace.Note(connectors.Accounts, fmt.Sprintf("%d accounts had never signed in by Google's list, and had by themselves", p.late))
	}
	if len(p.reasons) > 0 {
		var why []string
		total := 0
		for reason, n := range p.reasons {
			why = append(why, fmt.Sprintf("%s: %d", reason, n))
			total += n
		}
		slices.Sort(why)
		p.trace.Note(connectors.Accounts, fmt.Sprintf("%d accounts were suspended by Google itself, not by an administrator (%s): find out why", total, strings.Join(why, ", ")))
	}
	for _, n := range p.groups.all {
		for _, g := range append([]int32{n}, p.groups.Above(n)...) {
			for _, v := range p.roles.assigned[p.groups.groups[g].ID] {
				p.trace.Note(connectors.Entitlements, fmt.Sprintf("everybody of the customer holds %s through the group %s: this stands at no account",
					p.roles.entitlement(v), p.groups.groups[g].entitlement()))
			}
		}
	}
	orphans := 0
	for id := range p.roles.assigned {
		if _, isGroup := p.groups.number[id]; !isGroup && !p.seen[id] {
			orphans++
		}
	}
	if orphans > 0 {
		p.trace.Note(connectors.Entitlements, fmt.Sprintf("%d holders of administrator roles are not among the users and groups listed: service accounts, for instance", orphans))
	}
}
