package slackdesk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"rollcall/connectors"
	"rollcall/remediate"
)

// Checked is one thing that was looked at.
type Checked struct {
	What string
	Bad  string // what is wrong, and what to do; empty: nothing
	Says string // what was found
}

// Check tries the tokens, their scopes and the channel. It posts nothing.
func (d *Desk) Check(ctx context.Context) []Checked {
	list := []Checked{d.checkBot(ctx)}
	if list[0].Bad != "" {
		return list
	}
	if d.set.AppToken != "" {
		c := Checked{What: "app-level token", Says: "Socket Mode can be opened"}
		if _, _, err := d.api.StartSocketModeContext(ctx); err != nil {
			c.Bad = fmt.Sprintf("%v: make one with the scope connections:write (Basic Information, App-Level Tokens), and switch Socket Mode on", d.safe("apps.connections.open", err))
		}
		list = append(list, c)
	} else {
		list = append(list, Checked{What: "signing secret", Says: "interactions come by HTTP; whether the secret is right shows the first of them"})
	}
	return append(list, d.checkChannel(ctx))
}

func (d *Desk) checkBot(ctx context.Context) Checked {
	c := Checked{What: "bot token"}
	auth, err := d.api.AuthTestContext(ctx)
	if err != nil {
		c.Bad = fmt.Sprintf("%v: copy the Bot User OAuth Token (xoxb-…) anew, from OAuth & Permissions", d.safe("auth.test", err))
		return c
	}
	has := strings.FieldsFunc(auth.Header.Get("X-OAuth-Scopes"), func(r rune) bool { return r == ',' || r == ' ' })
	var missing, spare []string
	for _, s := range scopes {
		if !slices.Contains(has, s) {
			missing = append(missing, s)
		}
	}
	for _, s := range has {
		if !slices.Contains(scopes, s) {
			spare = append(spare, plain(s, 60))
		}
	}
	if len(missing) > 0 {
		c.Bad = "the token lacks " + strings.Join(missing, ", ") + ": add them under OAuth & Permissions, and install the app again"
		return c
	}
	app, team, err := d.self(ctx)
	if err != nil {
		c.Bad = err.Error()
		return c
	}
	c.Says = fmt.Sprintf("app %s in workspace %s (%s)", app, team, plain(auth.Team, 80))
	if len(spare) > 0 {
		c.Says += "; it may do more than it needs: " + strings.Join(spare, ", ")
	}
	return c
}

// checkChannel refuses a channel in which others than this workspace's own people could press, or just read.
func (d *Desk) checkChannel(ctx context.Context) Checked {
	c := Checked{What: "channel"}
	if d.set.Channel == "" {
		c.Says = "none: what nobody decides is not passed on; name a private one in [slack] channel"
		return c
	}
	ch, err := d.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: d.set.Channel})
	if err != nil {
		c.Bad = fmt.Sprintf("%v: name the id of a private channel that the app was invited to", d.safe("conversations.info", err))
		return c
	}
	switch {
	case ch.IsExtShared || ch.IsPendingExtShared || ch.IsOrgShared || ch.IsShared:
		c.Bad = "it is shared with another workspace (Slack Connect): its members could read personal data and press buttons; name one of this workspace alone"
	case !ch.IsPrivate:
		c.Bad = "it is public: cards hold personal data; name a private one"
	case ch.IsArchived:
		c.Bad = "it is archived"
	case !ch.IsMember:
		c.Bad = "the app is not in it: write /invite @rollcall there"
	default:
		c.Says = "private, of this workspace alone: " + plain(ch.Name, 80)
	}
	return c
}

// Proposal is a binding that an address speaks for. An admin confirms it.
type Proposal struct {
	Who  Who
	User string // Slack account; empty: none
	Team string
	Name string // as Slack has it
	Why  string // why there is none
}

// Propose looks for the Slack accounts of people by their work addresses. Who is bound already, and accounts that are bound,
// are left out.
func (d *Desk) Propose(ctx context.Context, whom []Who) ([]Proposal, error) {
	_, team, err := d.self(ctx)
	if err != nil {
		return nil, err
	}
	bound, err := d.deps.Memory.Bindings()
	if err != nil {
		return nil, err
	}
	users, persons := map[string]bool{}, map[connectors.PersonID]bool{}
	for _, b := range bound {
		users[b.User], persons[b.Person] = true, true
	}
	var list []Proposal
	for _, w := range whom {
		if persons[w.ID] {
			continue
		}
		p := Proposal{Who: w, Team: team}
		if p.Why, err = d.propose(ctx, &p, users); err != nil {
			return list, err
		}
		if p.Why != "" {
			p.User = ""
		} else {
			users[p.User] = true
		}
		list = append(list, p)
	}
	return list, nil
}

func (d *Desk) propose(ctx context.Context, p *Proposal, taken map[string]bool) (why string, err error) {
	if p.Who.Address == "" {
		return "the roster has no work address", nil
	}
	m, err := d.lookup(ctx, p.Who.Address)
	if refused(err, "users_not_found") {
		return "no active account has that address", nil
	}
	if err != nil {
		return "", err
	}
	p.User, p.Name = m.ID, plain(m.Name, 80)
	switch {
	case !strings.EqualFold(m.Address, p.Who.Address):
		return "the account that Slack gives has another address", nil
	case m.Deleted || m.Bot || m.Guest || m.Stranger || m.Team != p.Team:
		return "the account is no full member's of this workspace", nil
	case taken[p.User]:
		return "the account is another person's already", nil
	}
	return "", nil
}

// Still says what speaks against an account being its person's, who has a work address; empty: nothing does.
func (d *Desk) Still(ctx context.Context, b *remediate.Binding, address string) (why string, err error) {
	_, team, err := d.self(ctx)
	if err != nil {
		return "", err
	}
	m, err := d.member(ctx, b.User)
	switch {
	case refused(err, "user_not_found"):
		return "there is no such account", nil
	case err != nil:
		return "", err
	case m.Deleted || m.Bot || m.Guest || m.Stranger || m.Team != team || b.Team != team:
		return "the account is no full member's of this workspace", nil
	case address == "":
		return "the roster has no work address", nil
	case !strings.EqualFold(m.Address, address):
		return "the account has another address than the roster", nil
	}
	return "", nil
}

// lookup finds an account by an address, as patiently as Slack wants it.
func (d *Desk) lookup(ctx context.Context, address string) (*member, error) {
	for {
		d.mu.Lock()
		wait := d.limited["users.lookupByEmail"].Sub(d.deps.Now())
		d.mu.Unlock()
		if wait > 0 {
			if err := d.deps.Wait(ctx, wait); err != nil {
				return nil, err
			}
		}
		u, err := d.api.GetUserByEmailContext(ctx, address)
		if err == nil {
			return memberOf(u), nil
		}
		err = d.safe("users.lookupByEmail", err)
		if e, ok := err.(*apiError); !ok || !e.limited {
			return nil, err
		}
	}
}
