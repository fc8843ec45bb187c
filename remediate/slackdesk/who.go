package slackdesk

import (
	"context"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"rollcall/connectors"
	"rollcall/remediate"
)

// ByAddress ends the proof of somebody whose Slack account nobody bound: its address alone says whose it is.
const ByAddress = " by address"

// memberFor is how long what Slack said of an account is believed.
const memberFor = 10 * time.Minute

type cachedMember struct {
	member *member
	at     time.Time
}

// member asks Slack about an account.
func (d *Desk) member(ctx context.Context, user string) (*member, error) {
	now := d.deps.Now()
	d.mu.Lock()
	known, ok := d.members[user]
	d.mu.Unlock()
	if age := now.Sub(known.at); ok && age >= 0 && age < memberFor {
		return known.member, nil
	}
	if d.waits("users.info") {
		return nil, &apiError{method: "users.info", text: "Slack asked for patience", limited: true}
	}
	u, err := d.api.GetUserInfoContext(ctx, user)
	if err != nil {
		return nil, d.safe("users.info", err)
	}
	m := memberOf(u)
	d.mu.Lock()
	d.members[user] = cachedMember{m, now}
	d.mu.Unlock()
	return m, nil
}

func memberOf(u *slack.User) *member {
	m := &member{ID: u.ID, Team: u.TeamID, Name: u.RealName, Address: u.Profile.Email, Deleted: u.Deleted,
		Bot: u.IsBot || u.IsAppUser || u.IsConnectorBot || u.IsWorkflowBot, Guest: u.IsRestricted || u.IsUltraRestricted, Stranger: u.IsStranger}
	if zone, err := time.LoadLocation(u.TZ); err == nil && u.TZ != "" && u.TZ != "Local" {
		m.Zone = zone
	}
	return m
}

// speaker finds who is behind an account: the person it is bound to, or, where that is allowed, whose address it has. What
// is not proven stays empty.
func (d *Desk) speaker(ctx context.Context, user string, p People) (speaker, error) {
	s := speaker{}
	m, err := d.member(ctx, user)
	if err != nil {
		d.deps.Log.Warn("slack: an account could not be checked", "user", user, "error", err)
		return s, nil
	}
	s.Member = m
	bound, err := d.deps.Memory.Bindings()
	if err != nil {
		return s, err
	}
	for _, b := range bound {
		if b.User != user || b.Team != m.Team {
			continue
		}
		s.Several = s.Several || s.Person != "" && s.Person != p.Same(b.Person)
		s.Person, s.Proof = p.Same(b.Person), remediate.ProofOfChat(user)
	}
	if s.Person == "" && d.set.ByEmail && m.Address != "" {
		var ids []connectors.PersonID
		for _, id := range p.ByAddress(strings.ToLower(m.Address)) {
			taken := false
			for _, b := range bound {
				taken = taken || p.Same(b.Person) == p.Same(id)
			}
			if !taken { // who has a bound account speaks through that one alone
				ids = append(ids, p.Same(id))
			}
		}
		s.Several = len(ids) > 1
		if len(ids) == 1 {
			s.Person, s.Proof = ids[0], remediate.ProofOfChat(user)+ByAddress
		}
	}
	s.Who, s.Known = p.Who(s.Person)
	return s, nil
}

// account is the Slack account by which a person can be asked, and why there is none.
func (d *Desk) account(ctx context.Context, id connectors.PersonID, p People) (m *member, why string, err error) {
	bound, err := d.deps.Memory.Bindings()
	if err != nil {
		return nil, "", err
	}
	user := ""
	for _, b := range bound {
		if p.Same(b.Person) == id {
			user = b.User
		}
	}
	if user == "" {
		if user, why, err = d.byAddress(ctx, id, p); user == "" {
			return nil, why, err
		}
	}
	m, err = d.member(ctx, user)
	if err != nil {
		return nil, "", err
	}
	_, team, err := d.self(ctx)
	if err != nil {
		return nil, "", err
	}
	switch {
	case m.Deleted:
		return nil, "has a deactivated Slack account", nil
	case m.Bot || m.Guest || m.Stranger || m.Team != team:
		return nil, "has no full Slack account in this workspace", nil
	}
	return m, "", nil
}

// byAddress looks for the account of somebody whom nobody bound, where that is allowed.
func (d *Desk) byAddress(ctx context.Context, id connectors.PersonID, p People) (user, why string, err error) {
	who, ok := p.Who(id)
	if !d.set.ByEmail || !ok || who.Address == "" {
		return "", "has no Slack account that is bound", nil
	}
	d.mu.Lock()
	known, cached := d.members["address "+who.Address]
	d.mu.Unlock()
	if cached && d.deps.Now().Sub(known.at) < memberFor {
		if known.member == nil {
			return "", "has no Slack account by their address", nil
		}
		return known.member.ID, "", nil
	}
	if d.waits("users.lookupByEmail") {
		return "", "", &apiError{method: "users.lookupByEmail", text: "Slack asked for patience", limited: true}
	}
	u, err := d.api.GetUserByEmailContext(ctx, who.Address)
	if err != nil {
		if err = d.safe("users.lookupByEmail", err); !refused(err, "users_not_found") {
			return "", "", err
		}
		d.mu.Lock()
		d.members["address "+who.Address] = cachedMember{nil, d.deps.Now()}
		d.mu.Unlock()
		return "", "has no Slack account by their address", nil
	}
	d.mu.Lock()
	d.members["address "+who.Address] = cachedMember{memberOf(u), d.deps.Now()}
	d.mu.Unlock()
	return u.ID, "", nil
}
