package google

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"rollcall/connectors"
)

// member is what is read of a member of a group. Google keeps the delivery of mail to itself in lists, and tells it of single
// members alone.
type member struct {
	ID       string `json:"id,omitempty"`
	Email    string `json:"email,omitempty"`
	Role     string `json:"role,omitempty"` // OWNER, MANAGER or MEMBER
	Type     string `json:"type,omitempty"` // USER, GROUP, CUSTOMER, or EXTERNAL, which has no id
	Delivery string `json:"delivery_settings,omitempty"`
}

const (
	groupFields  = "kind,nextPageToken,groups(id,email)"
	memberFields = "kind,nextPageToken,members(id,type)"
)

func (a *App) groupsQuery() url.Values {
	return url.Values{"customer": {a.customer}, "maxResults": {"200"}, "fields": {groupFields}}
}

// readGroups reads every group and who is in it. Whatever cannot be read ends the pull: a group left out would be
// entitlements lost without a trace.
func (a *App) readGroups(ctx context.Context, t connectors.Trace) (*membership, error) {
	m := newMembership()
	var batch []group
	flush := func() error {
		read, err := each(ctx, a.atOnce, batch, a.membersOf)
		if err != nil {
			return err
		}
		for i, r := range read {
			for _, p := range r.pages {
				t.Page(connectors.Groups, p)
			}
			if r.gone {
				t.Note(connectors.Groups, "groups were deleted while they were read: nobody is in them any more")
				continue
			}
			m.fill(m.add(batch[i]), r)
		}
		batch = batch[:0]
		return nil
	}
	for r, err := range a.list(ctx, t, connectors.Groups, groupsPath, "groups", a.groupsQuery()) {
		if err != nil {
			return nil, err
		}
		g, err := parseGroup(r.raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.where, err)
		}
		if batch = append(batch, g); len(batch) == 8*a.atOnce {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	m.note(t)
	return m, nil
}

func parseGroup(raw []byte) (group, error) {
	var g group
	if err := json.Unmarshal(raw, &g); err != nil || g.ID == "" {
		return g, fmt.Errorf("not a group: %s", short(raw))
	}
	return g, nil
}

// members are those of one group, as a list has them.
type members struct {
	ids      []string
	everyone bool // all of the customer
	noID     int  // people outside, and whatever else is not in the directory
	gone     bool
	pages    []connectors.Page
}

// membersOf reads who is in a group. A group that is not found is gone only if it is not found by itself either: an error is
// never taken for a group without members.
func (a *App) membersOf(ctx context.Context, g group) (members, error) {
	var out members
	for p, err := range a.pages(ctx, groupPath(g.ID)+"/members", "members", url.Values{"maxResults": {"200"}, "fields": {memberFields}}) {
		if errors.Is(err, connectors.ErrNotFound) {
			if _, again := a.read.Get(ctx, groupPath(g.ID)+"?fields=id"); errors.Is(again, connectors.ErrNotFound) {
				return members{gone: true, pages: out.pages}, nil
			}
		}
		if err != nil {
			return members{}, fmt.Errorf("members of the group %s: %w", g.entitlement(), err)
		}
		out.pages = append(out.pages, p.page)
		for _, raw := range p.rows {
			var v member
			if err := json.Unmarshal(raw, &v); err != nil {
				return members{}, fmt.Errorf("members of the group %s: not a member: %s", g.entitlement(), short(raw))
			}
			switch {
			case strings.EqualFold(v.Type, "CUSTOMER"):
				out.everyone = true
			case v.ID == "":
				out.noID++
			default:
				out.ids = append(out.ids, v.ID)
			}
		}
	}
	return out, nil
}

func (m *membership) fill(n int32, r members) {
	for _, id := range r.ids {
		m.direct[id] = append(m.direct[id], n)
	}
	if r.everyone {
		m.all = append(m.all, n)
	}
	m.unknown += r.noID
}

// note says what of the groups stands at no account.
func (m *membership) note(t connectors.Trace) {
	if len(m.all) > 0 {
		const most = 5
		var names []string
		for _, n := range m.all[:min(len(m.all), most)] {
			names = append(names, string(m.groups[n].entitlement()))
		}
		t.Note(connectors.Groups, fmt.Sprintf("%d groups have everybody of the customer as their member (%s): what all have is not counted at each account",
			len(m.all), strings.Join(names, ", ")))
	}
	if m.unknown > 0 {
		t.Note(connectors.Groups, fmt.Sprintf("%d members of groups are outside of the directory: they have access and no account here", m.unknown))
	}
}

// noteLost says how many members are neither among the users nor among the groups. seen are the ids of the users.
func (m *membership) noteLost(t connectors.Trace, seen map[string]bool) {
	lost := 0
	for id := range m.direct {
		if _, isGroup := m.number[id]; !isGroup && !seen[id] {
			lost++
		}
	}
	if lost > 0 {
		t.Note(connectors.Groups, fmt.Sprintf("%d members of groups are not among the users and groups listed: people of other companies, or accounts made within the last day", lost))
	}
}
