package slackdesk

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"rollcall/connectors"
	"rollcall/remediate"
	"rollcall/scanner"
)

// cause is what can be wrong with a case, as `rollcall findings wrong` knows causes.
type cause struct {
	word string // in the form, and of the ruling
	says string // in words
	aims bool   // that word alone sets the findings aside
}

// becauseElse is a cause that no ruling has: somebody has to look.
const becauseElse = "else"

var causes = []cause{
	{scanner.BecauseHRData, "HR's data are wrong", true},
	{scanner.BecauseOwner, "it is somebody else's account", false},
	{scanner.BecauseClass, "it is not that kind of account", false},
	{scanner.BecausePolicy, "the policy is wrong", true},
	{becauseElse, "something else is wrong", false},
}

// causeOf is the cause with a word; nil: there is none.
func causeOf(word string) *cause {
	i := slices.IndexFunc(causes, func(c cause) bool { return c.word == word })
	if i < 0 {
		return nil
	}
	return &causes[i]
}

// wrongForm asks what is wrong.
func wrongForm(token string, c *remediate.Case) slack.ModalViewRequest {
	var options []*slack.OptionBlockObject
	for _, k := range causes {
		options = append(options, slack.NewOptionBlockObject(k.word, label(strings.ToUpper(k.says[:1])+k.says[1:], 75), nil))
	}
	follows := "If HR's data or the policy are wrong, it is set aside for 30 days, or until what it rests on changes. All else goes to whoever runs rollcall, and nothing is decided by it."
	if !alone(c) {
		follows = "It goes to whoever runs rollcall, and nothing is decided by it."
	}
	return modal("What is wrong?", token, viewWrong,
		slack.NewSectionBlock(words(plain(c.Item.Why, 1500)), nil, nil),
		slack.NewInputBlock(fieldBecause, label("What is wrong?", 200), nil, slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, label("Choose", 150), fieldBecause, options...)),
		slack.NewInputBlock(fieldWhy, label("Say more: what does rollcall get wrong here?", 200), label(follows, 200), textField(fieldWhy)))
}

// alone tells whether one person's word can set a case aside: not what takes two, and not what goes by no finding.
func alone(c *remediate.Case) bool { return !Two(c) && len(c.Item.Findings) > 0 }

// saysWrong records what somebody says is wrong. HR's data or the policy set the findings aside, as `rollcall findings wrong`
// does; all else, and what takes two people, only goes to whoever runs rollcall.
func (d *Desk) saysWrong(ctx context.Context, p *press, s *scene, because *cause, why string) error {
	if !because.aims || !alone(s.Case) {
		return d.passOn(ctx, p, s, true, because.says+": "+why)
	}
	if gone, err := d.changed(ctx, p, s); err != nil || gone {
		return err
	}
	v := remediate.Verdict{By: s.Speaker.identity(), Item: s.Item, Why: why}
	c, err := d.record(ctx, p, s, func(rev int) (*remediate.Case, error) {
		v.Rev = rev
		return d.deps.Cases.Wrong(s.Case.ID, v, because.word, d.deps.Now())
	})
	switch {
	case errors.Is(err, connectors.ErrNotFound): // what the findings rest on cannot be read any more
		d.deps.Log.Warn("slack: what is said to be wrong cannot be set aside, and is passed on", "case", s.Case.ID, "error", plain(err.Error(), 300))
		return d.passOn(ctx, p, s, true, because.says+": "+why)
	case err != nil || c == nil:
		return err
	}
	d.deps.Log.Info("slack: said to be wrong, and set aside", "case", c.ID, "because", because.word, "by", v.By.String())
	d.refreshCards(ctx, c)
	return nil
}

// setAside is whose word ended a case, and what follows, for a card.
func (v *view) setAside(w *remediate.Wrong) string {
	return "SAID TO BE WRONG by " + v.name(w.By.Person) + " on " + v.at(w.At) + ", since " + because(w) + ": " + plain(w.Why, 200) +
		" It is set aside until " + w.Until.String() + ", or until what it rests on changes; what is still wrong then is asked anew."
}

func because(w *remediate.Wrong) string {
	if c := causeOf(w.Because); c != nil {
		return c.says
	}
	return plain(w.Because, 60)
}

// notes tells the channel of each case that somebody's word set aside here: one person's word, that others can see. Each is
// told once; what Slack does not take now goes with the next Refresh.
func (d *Desk) notes(ctx context.Context, known map[string]*remediate.Case) (err error) {
	if d.set.Channel == "" {
		return nil
	}
	told := map[string]bool{}
	for _, c := range d.shown(func(c *remediate.Card) bool { return c.Kind == kindNote && !(c.Gone && c.TS == "") }) {
		for _, it := range c.Items {
			told[it.Case] = true
		}
	}
	now, sent := d.deps.Now(), 0
	for _, k := range inOrder(known) {
		if k.Wrong == nil || told[k.ID] || now.Sub(k.Wrong.At) > forgetsAfter/2 || sent == cardsAtOnce {
			continue
		}
		c, newErr := d.newCard(kindNote, now)
		if newErr != nil {
			return newErr
		}
		c.Channel, c.Items = d.set.Channel, []remediate.CardItem{{Case: k.ID, Item: k.ItemHash, Done: true}}
		posted, postErr := d.post(ctx, c)
		if err = errors.Join(err, postErr); !posted {
			return err
		}
		sent++
	}
	return err
}

// inOrder are cases in the order in which they last changed.
func inOrder(known map[string]*remediate.Case) (list []*remediate.Case) {
	for _, k := range known {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b *remediate.Case) int {
		if n := a.At.Compare(b.At); n != 0 {
			return n
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list
}
