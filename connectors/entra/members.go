package entra

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rollcall/connectors"
)

// member is one entry of a list of members or memberships.
type member struct {
	Type string `json:"@odata.type"`
	ID   oid
}

// readMembers reads who is in which group: all groups, one by one.
func (r *rights) readMembers(ctx context.Context, a *App, t connectors.Trace) error {
	hidden, gone := 0, 0
	for n := range r.groups {
		g := &r.groups[n]
		members := 0
		err := each(ctx, a, t, connectors.Groups, "/groups/"+g.ID.String()+"/members?$select=id&$top=999", func(m *member) error {
			members++
			if m.ID == (oid{}) {
				return fmt.Errorf("group %s has a member without an id", g.ID)
			}
			switch m.Type {
			case "#microsoft.graph.device", "#microsoft.graph.orgContact": // no accounts
			default:
				r.join(m.ID, int32(n))
			}
			return nil
		})
		switch {
		case isNotFound(err) && a.isGone(ctx, "/groups/"+g.ID.String()):
			gone++
		case err != nil:
			return err
		case members == 0 && g.Visibility == "HiddenMembership":
			hidden++
		}
	}
	if gone > 0 {
		t.Note(connectors.Groups, fmt.Sprintf("%d groups were deleted while they were read", gone))
	}
	if hidden > 0 {
		t.Note(connectors.Groups, fmt.Sprintf("%d groups with hidden membership show no member: who is in them is told only to the permission Member.Read.Hidden", hidden))
	}
	return nil
}

// isGone asks once more, so that one wrong answer does not make a group an empty one.
func (a *App) isGone(ctx context.Context, path string) bool {
	_, _, err := one[member](ctx, a, path+"?$select=id")
	return isNotFound(err)
}

// readMemberOf reads which groups one account is in, and which groups those are in. walked are groups from which it
// went up before.
func (r *rights) readMemberOf(ctx context.Context, a *App, t connectors.Trace, path string, id oid, walked map[int32]bool) error {
	var todo []int32
	read := func(path string, of oid) error {
		return each(ctx, a, t, connectors.Groups, path+"/memberOf?$select=id&$top=999", func(m *member) error {
			n, found := r.index[m.ID]
			switch {
			case m.Type != "" && m.Type != "#microsoft.graph.group": // a directory role or an administrative unit
			case !found && m.Type == "":
			case !found:
				return fmt.Errorf("%w: %s", errUnlisted, m.ID)
			default:
				r.join(of, n)
				todo = append(todo, n)
			}
			return nil
		})
	}
	if err := read(path, id); err != nil {
		return err
	}
	for len(todo) > 0 {
		n := todo[0]
		todo = todo[1:]
		if walked[n] {
			continue
		}
		walked[n] = true
		if err := read("/groups/"+r.groups[n].ID.String(), r.groups[n].ID); err != nil {
			return err
		}
	}
	return nil
}

// errUnlisted says that a group is newer than the catalogue.
var errUnlisted = fmt.Errorf("%w: it is in a group that is not in the list of groups yet", connectors.ErrTransient)

// is tells whether a group is of a type.
func (g *group) is(groupType string) bool {
	return slices.ContainsFunc(g.GroupTypes, func(t string) bool { return strings.EqualFold(t, groupType) })
}
