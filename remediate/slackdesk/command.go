package slackdesk

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"rollcall/connectors"
	"rollcall/remediate"
)

// reply is what a command is answered with; only who gave it sees it.
func reply(text string) any {
	return map[string]any{"response_type": "ephemeral", "text": "rollcall", "mrkdwn": false, "blocks": []slack.Block{slack.NewSectionBlock(words(text), nil, nil)}}
}

// mention is how Slack writes a person in a command: <@U012ABC|name>.
var mention = regexp.MustCompile(`^<@([A-Z0-9]+)(\|[^>]*)?>$`)

// command takes a slash command. Each says for itself who may give it.
func (d *Desk) command(ctx context.Context, cmd *slack.SlashCommand) any {
	p := &press{Kind: "command", App: cmd.APIAppID, Team: cmd.TeamID, User: cmd.UserID, UserTeam: cmd.TeamID, Channel: cmd.ChannelID, Trigger: cmd.TriggerID}
	app, team, err := d.self(ctx)
	if err != nil {
		d.deps.Log.Error("slack: a command is not taken: which app this is is not known", "error", err)
		return nil
	}
	if r := p.shape(app, team); r != nil || cmd.Command != d.set.Command {
		d.refuse(p, &refusal{Code: refMalformed})
		return nil
	}
	d.took()
	people, err := d.deps.People()
	if err != nil {
		return reply("Who you are cannot be told just now: there is no run to go by.")
	}
	s, err := d.speaker(ctx, p.User, people)
	if err != nil {
		d.deps.Log.Error("slack: a command could not be worked on", "error", plain(err.Error(), 300))
		return reply("That did not work just now. Try again in a moment.")
	}
	if r := s.stands(team); r != nil {
		d.refuse(p, r)
		return reply(r.Say)
	}
	args := strings.Fields(cmd.Text)
	if len(args) == 0 {
		args = []string{"help"}
	}
	p.Action = args[0]
	switch {
	case args[0] == "pending" && len(args) == 1:
		return d.pending(ctx, p, &s, people)
	case args[0] == "scan" && len(args) <= 2:
		return d.scan(p, &s, people, args[1:])
	case args[0] == "offboard" && len(args) == 2:
		return d.offboard(ctx, p, &s, people, args[1])
	case args[0] == "status" && len(args) == 1:
		return d.status(ctx, p, &s, people)
	case args[0] == "deputy" && len(args) == 4:
		return d.deputise(ctx, p, &s, people, args[1:])
	}
	c := d.set.Command
	return reply(c + " pending: what waits for you\n" + c + " scan [app]: start a run, and tell what it finds in the app\n" + c + " offboard @person: close all of somebody's access\n" + c +
		" status: how things stand\n" + c + " deputy @person YYYY-MM-DD YYYY-MM-DD: who decides in your place, from one day to another")
}

// among tells whether somebody is one of a list; an empty list is nobody.
func among(list []connectors.PersonID, id connectors.PersonID, people People) bool {
	return id != "" && slices.ContainsFunc(list, func(l connectors.PersonID) bool { return people.Same(l) == id })
}

func (d *Desk) mayNot(p *press) any {
	d.refuse(p, &refusal{Code: refRole})
	return reply("That is not for you to do.")
}

func (d *Desk) scan(p *press, s *speaker, people People, args []string) any {
	if !among(d.set.Scanners, s.Person, people) || d.deps.Program == nil {
		return d.mayNot(p)
	}
	app := connectors.AppID(strings.Join(args, ""))
	run, err := d.deps.Program.Scan(app, s.identity())
	if err != nil {
		return reply("No scan was started: " + plain(err.Error(), 300))
	}
	user := p.User
	d.later(scanLimit, func(ctx context.Context) { d.tell(ctx, user, "", run(ctx)) })
	if app != "" {
		return reply("A scan has started, of everything. What it finds in " + plain(string(app), 60) + " you are told in a direct message.")
	}
	return reply("A scan has started. What it finds is asked about as usual; you are told in a direct message when it is done.")
}

// status is for whoever may decide something beyond their own reports, or run something.
func (d *Desk) status(ctx context.Context, p *press, s *speaker, people People) any {
	if !among(slices.Concat(d.set.Scanners, d.set.Offboarders, people.Approvers()), s.Person, people) {
		return d.mayNot(p)
	}
	f := d.Figures()
	text := fmt.Sprintf("%s wait for an answer; of %d nobody can be asked.", count(f.Waiting), f.Unrouted)
	if f.Connections > 1 {
		text += fmt.Sprintf("\nThe app is connected to Slack %d times: presses may get lost.", f.Connections)
	}
	if d.deps.Program != nil {
		more, err := d.deps.Program.Status(ctx)
		if err != nil {
			return reply("How things stand cannot be told just now: " + plain(err.Error(), 300))
		}
		for line := range strings.Lines(more) {
			text += "\n" + plain(line, 300)
		}
	}
	return reply(text)
}

// pending sends whoever asks what they may decide, with fresh buttons.
func (d *Desk) pending(ctx context.Context, p *press, s *speaker, people People) any {
	delegated, err := d.deps.Memory.Delegations()
	if err != nil {
		return reply("That did not work just now. Try again in a moment.")
	}
	now := d.deps.Now()
	mine, err := d.deps.Cases.Cases(func(c *remediate.Case) bool {
		own := d.owning(&c.Item, people)
		return undecided(c) && !slices.Contains(own, s.Person) && len(roles(&c.Item, s.Person, people, d.day(now), delegated, own)) > 0
	})
	if err != nil {
		return reply("That did not work just now. Try again in a moment.")
	}
	if len(mine) == 0 {
		return reply("Nothing waits for you.")
	}
	slices.SortFunc(mine, riskiest)
	user, person := p.User, s.Person
	d.later(pressLimit, func(ctx context.Context) {
		if err := d.sendPending(ctx, user, person, mine); err != nil {
			d.deps.Log.Warn("slack: what waits could not be sent", "user", user, "error", plain(err.Error(), 300))
		}
	})
	return reply(count(len(mine)) + " you may decide. They come as a direct message, the riskiest first.")
}

func (d *Desk) sendPending(ctx context.Context, user string, person connectors.PersonID, mine []*remediate.Case) error {
	c, err := d.newCard(kindPending, d.deps.Now())
	if err != nil {
		return err
	}
	if c.Channel, err = d.room(ctx, user); err != nil || c.Channel == "" {
		return err
	}
	c.User, c.Person, c.More = user, person, max(0, len(mine)-mostItems)
	for _, k := range byApp(mine[:min(mostItems, len(mine))]) {
		c.Items = append(c.Items, remediate.CardItem{Case: k.ID, Item: k.ItemHash})
	}
	_, err = d.post(ctx, c)
	return err
}

// deputise has somebody decide in the speaker's place. Who may decide on their deputy's access cannot make that good: what a
// deputy may not decide, because it is their own or the delegator's, stays so.
func (d *Desk) deputise(ctx context.Context, p *press, s *speaker, people People, args []string) any {
	to, why := d.mentioned(ctx, args[0], people)
	if why != "" {
		return reply(why)
	}
	first, err := connectors.ParseDate(args[1])
	last, err2 := connectors.ParseDate(args[2])
	today := d.day(d.deps.Now())
	switch {
	case err != nil || err2 != nil || last < first || last < today || last-first > 92:
		return reply("Say from which day to which, as YYYY-MM-DD, at most three months.")
	case to == s.Person:
		return reply("You are that yourself.")
	}
	if who, ok := people.Who(to); !ok || !who.Works {
		return reply("By the roster they do not work here.")
	}
	if err := d.deps.Memory.Delegate(remediate.Delegation{Of: s.Person, To: to, First: first, Last: last, At: d.deps.Now()}, s.identity()); err != nil {
		d.deps.Log.Error("slack: a delegation could not be recorded", "error", plain(err.Error(), 300))
		return reply("That could not be recorded just now.")
	}
	return reply(fmt.Sprintf("From %s to %s %s decides in your place.", first, last, plain(string(to), 100)))
}

// mentioned is the person whom a command names; why says why there is none.
func (d *Desk) mentioned(ctx context.Context, arg string, people People) (id connectors.PersonID, why string) {
	m := mention.FindStringSubmatch(arg)
	if m == nil {
		return "", "Name the person by their Slack account, as in @name."
	}
	s, err := d.speaker(ctx, m[1], people)
	if err != nil || s.Person == "" || s.Several {
		return "", "That account is not tied to anybody here: it has to be bound first."
	}
	return s.Person, ""
}

// offboard asks for a reason, and for the person's id to be typed: a habit of pressing buttons is no decision.
func (d *Desk) offboard(ctx context.Context, p *press, s *speaker, people People, arg string) any {
	if !among(d.set.Offboarders, s.Person, people) || d.deps.Program == nil {
		return d.mayNot(p)
	}
	id, why := d.mentioned(ctx, arg, people)
	if why != "" {
		return reply(why)
	}
	if id == s.Person {
		d.refuse(p, &refusal{Code: refOwn})
		return reply("Nobody closes their own access: somebody else has to.")
	}
	token, err := newToken(d.deps.Random)
	if err != nil {
		return reply("That did not work just now.")
	}
	c, err := d.newCard(viewOffboard, d.deps.Now())
	if err != nil {
		return reply("That did not work just now.")
	}
	// No message goes with it: the card only holds what the form is about.
	c.Gone, c.User, c.Person, c.Items = true, p.User, s.Person, []remediate.CardItem{{Case: string(id), Done: true}}
	button := remediate.Button{Card: c.ID, Verb: viewOffboard, Cases: map[string]string{string(id): ""}, User: p.User, Expires: d.deps.Now().Add(formFor).UTC()}
	if err := d.keep(c, map[string]remediate.Button{hashOf(token): button}); err != nil {
		return reply("That did not work just now.")
	}
	name := string(id)
	if who, ok := people.Who(id); ok {
		name = who.String()
	}
	view := modal("Close all access", token, viewOffboard,
		slack.NewSectionBlock(words("Every account of "+plain(name, 200)+" in every app is closed, under all guards. What can be taken back can be undone."), nil, nil),
		slack.NewInputBlock(fieldWhy, label("Why?", 200), label("The auditor reads this.", 200), textField(fieldWhy)),
		slack.NewInputBlock(fieldTyped, label("Type the person's id", 200), nil, slack.NewPlainTextInputBlockElement(nil, fieldTyped)))
	if _, err := d.api.OpenViewContext(ctx, p.Trigger, view); err != nil {
		d.deps.Log.Warn("slack: a form could not be opened", "user", p.User, "error", d.safe("views.open", err))
		return reply("The form could not be opened. Try again.")
	}
	return nil
}

// offboardForm takes the form; who sends it is judged again.
func (d *Desk) offboardForm(ctx context.Context, p *press) any {
	s, people, err := d.scene(ctx, p, "")
	if err != nil {
		return wrong(fieldWhy, "That did not work just now. Send it again in a moment.")
	}
	r := p.place(s, d.deps.Now())
	if r == nil {
		r = s.Speaker.stands(s.Team)
	}
	if r == nil && (!among(d.set.Offboarders, s.Speaker.Person, people) || d.deps.Program == nil) {
		r = &refusal{refRole, "That is not for you to do."}
	}
	if r != nil {
		d.refuse(p, r)
		return wrong(fieldWhy, r.Say)
	}
	id := connectors.PersonID(s.Card.Items[0].Case)
	why := strings.TrimSpace(p.Fields[fieldWhy])
	switch {
	case id == s.Speaker.Person:
		d.refuse(p, &refusal{Code: refOwn})
		return wrong(fieldTyped, "Nobody closes their own access.")
	case len([]rune(why)) < shortestWhy:
		return wrong(fieldWhy, "Say why, in a few words.")
	case strings.TrimSpace(p.Fields[fieldTyped]) != string(id):
		return wrong(fieldTyped, "That is not the person's id. Nothing was done.")
	}
	first := false
	if err := d.change(s.Card.ID, nil, func(c *remediate.Card) {
		first = c.Items[0].Told == ""
		c.Items[0].Told = remediate.Intent
	}); err != nil {
		return wrong(fieldWhy, "That did not work just now. Send it again in a moment.")
	}
	if !first {
		d.refuse(p, &refusal{Code: refDecided})
		return wrong(fieldTyped, "This was sent already; what came of it you are told in a direct message.")
	}
	user, by := p.User, s.Speaker.identity()
	d.later(undoLimit, func(ctx context.Context) {
		said, err := d.deps.Program.Offboard(ctx, id, by, clip(why, 1000))
		if err != nil {
			said = "It did not go through: " + err.Error()
		}
		d.tell(ctx, user, "Offboarding of "+string(id)+":\n", said)
	})
	return nil
}

// tell sends somebody a direct message of several lines.
func (d *Desk) tell(ctx context.Context, user, first, rest string) {
	for line := range strings.Lines(rest) {
		first += plain(line, 300) + "\n"
	}
	room, err := d.room(ctx, user)
	if err == nil && room != "" {
		if _, _, err = d.api.PostMessageContext(ctx, room, slack.MsgOptionText("rollcall", false), slack.MsgOptionDisableMarkdown(),
			slack.MsgOptionBlocks(slack.NewSectionBlock(words(first), nil, nil))); err != nil {
			err = d.safe("chat.postMessage", err)
		}
	}
	if err != nil {
		d.deps.Log.Warn("slack: somebody could not be told", "user", user, "error", err)
	}
}
