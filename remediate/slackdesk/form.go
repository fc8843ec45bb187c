package slackdesk

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"rollcall/connectors"
	"rollcall/remediate"
)

// What the fields of a form are called: the block, and in it the action, by the same name.
const (
	fieldWhy     = "why"
	fieldUntil   = "until"
	fieldTyped   = "typed"
	fieldBecause = "because"
)

const (
	formFor     = time.Hour // a form that is sent later is too old
	shortestWhy = 5         // characters of a reason
)

// form takes a form that was sent. What is wrong with it is said in the form; what is right is recorded after Slack has its
// answer.
func (d *Desk) form(ctx context.Context, p *press) any {
	if p.Form == viewOffboard {
		return d.offboardForm(ctx, p)
	}
	s, _, err := d.scene(ctx, p, "")
	if err != nil {
		d.deps.Log.Error("slack: a form could not be worked on", "user", p.User, "error", plain(err.Error(), 500))
		return wrong(fieldWhy, "That could not be recorded just now. Send it again in a moment.")
	}
	if r := judge(p, s, d.deps.Now()); r != nil {
		d.refuse(p, r)
		return wrong(fieldWhy, r.Say)
	}
	p.Channel, p.TS = s.Card.Channel, s.Card.TS // where an answer goes
	why := strings.TrimSpace(p.Fields[fieldWhy])
	if len([]rune(why)) < shortestWhy {
		return wrong(fieldWhy, "Say why, in a few words.")
	}
	if p.Form == viewWrong {
		because := causeOf(p.Fields[fieldBecause])
		if because == nil {
			return wrong(fieldBecause, "Choose what is wrong.")
		}
		d.later(pressLimit, func(ctx context.Context) {
			if err := d.saysWrong(ctx, p, s, because, clip(why, 1000)); err != nil {
				d.fails(ctx, p, err)
			}
		})
		return nil
	}
	until, err := connectors.ParseDate(p.Fields[fieldUntil])
	if say := d.until(until, err); say != "" {
		return wrong(fieldUntil, say)
	}
	d.later(pressLimit, func(ctx context.Context) {
		if _, err := d.decide(ctx, p, s, remediate.Verdict{Why: clip(why, 1000), Until: until}); err != nil {
			d.fails(ctx, p, err)
		}
	})
	return nil
}

// until says what is wrong with the last day of a keep.
func (d *Desk) until(day connectors.Date, err error) string {
	today := connectors.DateOf(d.deps.Now(), time.UTC)
	switch {
	case err != nil:
		return "Say until which day."
	case day <= today:
		return "That day has passed."
	case d.set.Longest > 0 && int(day-today) > d.set.Longest:
		return fmt.Sprintf("At most %d days are allowed.", d.set.Longest)
	}
	return ""
}

// wrong has a form show what is wrong with a field.
func wrong(field, say string) any {
	if say == "" {
		say = generic
	}
	return slack.NewErrorsViewSubmissionResponse(map[string]string{field: say})
}

// openForm asks for what a button alone does not say. It is opened before anything slow: what Slack gives for it is good for
// three seconds, once.
func (d *Desk) openForm(ctx context.Context, p *press, s *scene) error {
	verb := viewKeep
	if p.Action == actWrong {
		verb = viewWrong
	}
	token, err := newToken(d.deps.Random)
	if err != nil {
		return err
	}
	now := d.deps.Now()
	button := remediate.Button{Card: s.Card.ID, Verb: verb, Cases: s.Button.Cases, User: p.User, Expires: now.Add(formFor).UTC()}
	if err := d.change(s.Card.ID, map[string]remediate.Button{hashOf(token): button}, func(*remediate.Card) {}); err != nil {
		return err
	}
	view := wrongForm(token, s.Case)
	if verb == viewKeep {
		view = keepForm(token, s.Case, d.set.Longest, now)
	}
	if _, err := d.api.OpenViewContext(ctx, p.Trigger, view); err != nil {
		d.deps.Log.Warn("slack: a form could not be opened", "user", p.User, "error", d.safe("views.open", err))
		d.whisper(ctx, p.Channel, p.User, "The form could not be opened. Press again.")
	}
	return nil
}

func modal(title, token, callback string, blocks ...slack.Block) slack.ModalViewRequest {
	return slack.ModalViewRequest{Type: slack.VTModal, Title: label(title, 24), Submit: label("Send", 24), Close: label("Cancel", 24),
		CallbackID: callback, PrivateMetadata: token, Blocks: slack.Blocks{BlockSet: blocks}}
}

// keepForm asks why, and until when, access stays.
func keepForm(token string, c *remediate.Case, longest int, now time.Time) slack.ModalViewRequest {
	until := slack.NewDatePickerBlockElement(fieldUntil)
	days := 90
	if longest > 0 {
		days = min(days, longest)
	}
	until.InitialDate = (connectors.DateOf(now, time.UTC) + connectors.Date(days)).String()
	return modal("Keep access", token, viewKeep,
		slack.NewSectionBlock(words(plain(c.Item.Why, 1500)), nil, nil),
		slack.NewInputBlock(fieldWhy, label("Why does it have to stay?", 200), label("The auditor reads this.", 200), textField(fieldWhy)),
		slack.NewInputBlock(fieldUntil, label("Until which day, included?", 200), nil, until))
}

func textField(id string) *slack.PlainTextInputBlockElement {
	e := slack.NewPlainTextInputBlockElement(nil, id)
	e.Multiline, e.MaxLength = true, 1000
	return e
}
