package slackdesk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"rollcall/connectors"
	"rollcall/remediate"
)

// How long what is done about a press may take. Taking back changes apps and looks at them again; a scan reads everything,
// and ends with the daemon.
const (
	pressLimit = time.Minute
	undoLimit  = 10 * time.Minute
	scanLimit  = 24 * time.Hour
)

// readPress takes from an interaction what is judged; nothing of it is believed.
func readPress(ic *slack.InteractionCallback) *press {
	p := &press{Kind: string(ic.Type), App: ic.APIAppID, Team: ic.Team.ID, User: ic.User.ID, UserTeam: ic.User.TeamID, Trigger: ic.TriggerID}
	switch ic.Type {
	case slack.InteractionTypeBlockActions:
		p.Channel, p.TS = ic.Channel.ID, ic.Message.Timestamp
		if c := ic.Container; c.ChannelID != "" && c.ChannelID != p.Channel || c.MessageTs != "" && c.MessageTs != p.TS {
			p.Channel, p.TS = "", "" // it contradicts itself
		}
		p.Actions = len(ic.ActionCallback.BlockActions) + len(ic.ActionCallback.AttachmentActions)
		if len(ic.ActionCallback.BlockActions) == 1 {
			a := ic.ActionCallback.BlockActions[0]
			p.Action, p.Block, p.Token = a.ActionID, a.BlockID, a.Value
		}
	case slack.InteractionTypeViewSubmission:
		p.Form, p.Token, p.Fields = ic.View.CallbackID, ic.View.PrivateMetadata, map[string]string{}
		if ic.View.State != nil {
			for _, block := range ic.View.State.Values {
				for id, a := range block {
					p.Fields[id] = a.Value + a.SelectedDate + a.SelectedOption.Value
				}
			}
		}
	}
	return p
}

// interaction takes a button or a form. answer is what Slack gets at once; a button needs none, and is worked on later.
func (d *Desk) interaction(ctx context.Context, ic *slack.InteractionCallback) (answer any) {
	p := readPress(ic)
	app, team, err := d.self(ctx)
	if err != nil {
		d.deps.Log.Error("slack: an interaction is not taken: which app this is is not known", "error", err)
		return nil
	}
	if r := p.shape(app, team); r != nil {
		d.refuse(p, r)
		return nil
	}
	d.took()
	if p.Kind == "view_submission" {
		return d.form(ctx, p)
	}
	limit := pressLimit
	if p.Action == actUndo {
		limit = undoLimit
	}
	d.later(limit, func(ctx context.Context) { d.button(ctx, p) })
	return nil
}

// button does what a button says.
func (d *Desk) button(ctx context.Context, p *press) {
	s, people, err := d.scene(ctx, p, "")
	if err != nil {
		d.fails(ctx, p, err)
		return
	}
	if p.Action == actRemoveAll {
		d.removeAll(ctx, p, s, people)
		return
	}
	if r := judge(p, s, d.deps.Now()); r != nil {
		d.tellRefused(ctx, p, s, r)
		return
	}
	if err := d.adopt(s.Card, p); err != nil {
		d.fails(ctx, p, err)
		return
	}
	switch p.Action {
	case actKeep, actWrong:
		err = d.openForm(ctx, p, s)
	case actRemove:
		_, err = d.decide(ctx, p, s, remediate.Verdict{Remove: true, Why: removing(s.Case)})
	case actNotMine:
		err = d.passOn(ctx, p, s, false, "")
	case actUndo:
		err = d.undo(ctx, p, s)
	}
	if err != nil {
		d.fails(ctx, p, err)
	}
}

// removing is the reason that is recorded for a removal: who presses the button agrees with what the card says.
func removing(c *remediate.Case) string {
	return "Remove access, pressed in Slack on the card that said: " + plain(c.Item.Why, 300)
}

// scene gathers what a press is judged against. of names the case, where a button stands for several.
func (d *Desk) scene(ctx context.Context, p *press, of string) (*scene, People, error) {
	people, err := d.deps.People()
	if err != nil {
		return nil, nil, fmt.Errorf("slack: who may decide is not known: %w", err)
	}
	s := &scene{}
	if _, s.Team, err = d.self(ctx); err != nil {
		return nil, nil, err
	}
	if s.Button, err = d.deps.Memory.Button(hashOf(p.Token)); err != nil {
		return nil, nil, err
	}
	if s.Button == nil {
		return s, people, nil
	}
	if s.Card = d.card(s.Button.Card); s.Card == nil {
		return s, people, nil
	}
	if s.Speaker, err = d.speaker(ctx, p.User, people); err != nil {
		return nil, nil, err
	}
	if of == "" && len(s.Button.Cases) == 1 {
		for id := range s.Button.Cases {
			of = id
		}
	}
	s.Item = s.Button.Cases[of]
	return s, people, d.about(s, people, of)
}

// about adds a case to a scene, and what the speaker is to it.
func (d *Desk) about(s *scene, people People, id string) error {
	if id == "" {
		return nil
	}
	c, err := d.deps.Cases.Case(id)
	if errors.Is(err, connectors.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	delegated, err := d.deps.Memory.Delegations()
	if err != nil {
		return err
	}
	s.Case, s.Own = c, d.owning(&c.Item, people)
	if s.Speaker.Person != "" {
		s.Roles = roles(&c.Item, s.Speaker.Person, people, d.day(d.deps.Now()), delegated, s.Own)
	}
	return nil
}

// adopt notes where a card is whose posting was never answered: whoever has its token has seen it there.
func (d *Desk) adopt(c *remediate.Card, p *press) error {
	if c.TS != "" || p.TS == "" {
		return nil
	}
	return d.change(c.ID, nil, func(now *remediate.Card) {
		if now.TS == "" {
			now.TS = p.TS
		}
		*c = *now
	})
}

// tellRefused tells whoever pressed a button why nothing follows. Somebody who presses twice, having decided, is told nothing.
func (d *Desk) tellRefused(ctx context.Context, p *press, s *scene, r *refusal) {
	d.refuse(p, r)
	if r.Code == refDecided || r.Code == refChanged {
		d.refreshCards(ctx, s.Case)
		if again(p, s) {
			return
		}
	}
	if r.Say != "" && (s.Card == nil || p.Channel == s.Card.Channel) {
		d.whisper(ctx, p.Channel, p.User, r.Say)
	}
}

// again tells whether a press says once more what its speaker has decided.
func again(p *press, s *scene) bool {
	if s.Case == nil || s.Case.Decision == nil || s.Case.Decision.By.Person != s.Speaker.Person {
		return false
	}
	return p.Action == actRemove && !s.Case.Decision.Until.Known()
}

// whisper tells one person something that nobody else sees.
func (d *Desk) whisper(ctx context.Context, channel, user, text string) {
	if channel == "" || d.waits("chat.postEphemeral") {
		return
	}
	_, err := d.api.PostEphemeralContext(ctx, channel, user, slack.MsgOptionText("rollcall", false), slack.MsgOptionDisableMarkdown(),
		slack.MsgOptionBlocks(slack.NewSectionBlock(words(text), nil, nil)))
	if err != nil {
		d.deps.Log.Warn("slack: somebody could not be answered", "user", user, "error", d.safe("chat.postEphemeral", err))
	}
}

// fails logs what went wrong here, and says that nothing was decided.
func (d *Desk) fails(ctx context.Context, p *press, err error) {
	d.deps.Log.Error("slack: a press could not be worked on", "user", p.User, "action", p.Action+p.Form, "error", plain(err.Error(), 500))
	d.whisper(ctx, p.Channel, p.User, "That could not be recorded just now, and nothing was decided. Press again in a moment.")
}

// decide has the desk record a verdict: after a fresh read, and by compare-and-set. Who was not quick enough is told who was.
func (d *Desk) decide(ctx context.Context, p *press, s *scene, v remediate.Verdict) (decided bool, err error) {
	v.By, v.Item = s.Speaker.identity(), s.Item
	if gone, err := d.changed(ctx, p, s); err != nil || gone {
		return false, err
	}
	c, err := d.record(ctx, p, s, func(rev int) (*remediate.Case, error) {
		v.Rev = rev
		return d.deps.Cases.Decide(s.Case.ID, v, d.deps.Now())
	})
	if err != nil || c == nil {
		return false, err
	}
	d.deps.Log.Info("slack: decided", "case", c.ID, "state", string(c.State), "by", v.By.String())
	d.refreshCards(ctx, c)
	if undecided(c) {
		d.whisper(ctx, p.Channel, p.User, "Noted. This takes two people: somebody else has to say the same before anything is done.")
		return false, nil
	}
	if d.deps.Decided != nil {
		d.deps.Decided()
	}
	return true, nil
}

// record has the desk record somebody's word on the case as it was judged, by its revision. A case that was only asked meanwhile
// is judged once more. nil: nothing was recorded, and whoever pressed was told why.
func (d *Desk) record(ctx context.Context, p *press, s *scene, word func(rev int) (*remediate.Case, error)) (*remediate.Case, error) {
	for range 3 {
		c, err := word(s.Case.Rev)
		if err == nil {
			return c, nil
		}
		if errors.Is(err, remediate.ErrMayNot) { // which says what no press alone shows
			d.tellRefused(ctx, p, s, &refusal{refOneVoice, "Nothing was recorded. " + plain(err.Error(), 300)})
			return nil, nil
		}
		now, readErr := d.deps.Cases.Case(s.Case.ID)
		if readErr != nil || !errors.Is(err, remediate.ErrStale) && !errors.Is(err, remediate.ErrMove) {
			return nil, err
		}
		s.Case = now
		if r := current(p, s); r != nil {
			d.tellRefused(ctx, p, s, r)
			return nil, nil
		}
	}
	return nil, fmt.Errorf("case %s: %w", s.Case.ID, remediate.ErrStale)
}

// changed reads a case's accounts afresh, and tells whoever pressed where it is about something else by now.
func (d *Desk) changed(ctx context.Context, p *press, s *scene) (bool, error) {
	gone, err := d.outdated(ctx, s.Case)
	if err == nil && gone {
		d.tellRefused(ctx, p, s, &refusal{refChanged, "What this was about has changed since. Nothing was decided; what is still wrong is asked anew."})
	}
	return gone, err
}

// outdated reads the accounts afresh. Of a case that is about something else by now nothing is decided.
func (d *Desk) outdated(ctx context.Context, c *remediate.Case) (bool, error) {
	if d.deps.Look == nil {
		return false, nil
	}
	why, err := d.deps.Look(ctx, c)
	if err != nil { // what cannot be read now is read once more before it is carried out
		d.deps.Log.Warn("slack: an account could not be read before the decision", "case", c.ID, "error", plain(err.Error(), 300))
		return false, nil
	}
	if why == "" {
		return false, nil
	}
	n, err := d.deps.Cases.Outdated(c.ID, c.Rev, why, d.deps.Now())
	if errors.Is(err, remediate.ErrStale) {
		return false, nil // it is looked at again below
	}
	if err == nil {
		*c = *n
	}
	return err == nil, err
}

// passOn notes that somebody will not decide; the next one is asked.
func (d *Desk) passOn(ctx context.Context, p *press, s *scene, wrong bool, why string) error {
	by := s.Speaker.identity()
	err := d.deps.Memory.PassOn(remediate.PassedOn{Case: s.Case.ID, Item: s.Item, Person: by.Person, Wrong: wrong, Why: strings.TrimSpace(why), At: d.deps.Now()}, by)
	if err != nil {
		return err
	}
	d.refreshCards(ctx, s.Case)
	return nil
}

// undo takes back what a case did.
func (d *Desk) undo(ctx context.Context, p *press, s *scene) error {
	if d.deps.Now().Sub(s.Case.At) > remediate.UndoWindow && s.Case.Undo == nil {
		d.whisper(ctx, p.Channel, p.User, "The time in which this could be taken back is over. Give the access anew instead.")
		return nil
	}
	left, err := d.deps.Cases.Undo(ctx, s.Case.ID, s.Speaker.identity(), "Undo, pressed in Slack")
	if errors.Is(err, remediate.ErrMove) || errors.Is(err, remediate.ErrStale) || errors.Is(err, remediate.ErrMayNot) {
		d.whisper(ctx, p.Channel, p.User, "That cannot be taken back any more: "+plain(err.Error(), 300))
		return nil
	}
	if err != nil {
		return err
	}
	if len(left) > 0 {
		d.whisper(ctx, p.Channel, p.User, "Taken back, but for: "+plain(strings.Join(left, "; "), 1000))
	}
	c, err := d.deps.Cases.Case(s.Case.ID)
	if err == nil {
		d.refreshCards(ctx, c)
	}
	return err
}
