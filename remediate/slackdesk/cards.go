package slackdesk

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"rollcall/connectors"
	"rollcall/remediate"
)

// buttonFor is how long a button can be pressed. Reminders bring fresh ones.
const buttonFor = 14 * 24 * time.Hour

// card gives a copy of a card; nil where there is none.
func (d *Desk) card(id string) *remediate.Card {
	d.mu.Lock()
	defer d.mu.Unlock()
	return copied(d.cards[id])
}

func copied(c *remediate.Card) *remediate.Card {
	if c == nil {
		return nil
	}
	n := *c
	n.Items = slices.Clone(c.Items)
	return &n
}

// shown gives copies of the cards for which keep holds, the oldest first.
func (d *Desk) shown(keep func(*remediate.Card) bool) (list []*remediate.Card) {
	d.mu.Lock()
	for _, c := range d.cards {
		if keep(c) {
			list = append(list, copied(c))
		}
	}
	d.mu.Unlock()
	slices.SortFunc(list, func(a, b *remediate.Card) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return list
}

// keep records a card that is new, or that its lock is held of, with its new buttons.
func (d *Desk) keep(c *remediate.Card, buttons map[string]remediate.Button) error {
	if err := d.deps.Memory.PutCard(*c, buttons); err != nil {
		return err
	}
	d.mu.Lock()
	d.cards[c.ID] = copied(c)
	d.mu.Unlock()
	return nil
}

// locks is a lock for each card, so that of two who change one the later sees what the earlier did.
type locks struct {
	mu  sync.Mutex
	all map[string]*sync.Mutex
}

func (l *locks) of(id string) *sync.Mutex {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = map[string]*sync.Mutex{}
	}
	if l.all[id] == nil {
		l.all[id] = &sync.Mutex{}
	}
	return l.all[id]
}

// change changes a card as it is now.
func (d *Desk) change(id string, buttons map[string]remediate.Button, how func(*remediate.Card)) error {
	lock := d.locks.of(id)
	lock.Lock()
	defer lock.Unlock()
	c := d.card(id)
	if c == nil {
		return nil
	}
	how(c)
	return d.keep(c, buttons)
}

// refreshCards has every card that shows a case tell what is true of it now.
func (d *Desk) refreshCards(ctx context.Context, c *remediate.Case) {
	if c == nil {
		return
	}
	for _, card := range d.shown(func(k *remediate.Card) bool { return shows(k, c.ID) }) {
		if err := d.show(ctx, card.ID, nil); err != nil {
			d.deps.Log.Warn("slack: a card could not be brought up to date; it is tried again", "card", card.ID, "error", plain(err.Error(), 300))
		}
	}
}

func shows(k *remediate.Card, id string) bool {
	return slices.ContainsFunc(k.Items, func(it remediate.CardItem) bool { return it.Case == id })
}

// show brings one card up to date; where it shows the truth already, Slack is not asked. known are cases that were read just
// now; nil: each is read.
func (d *Desk) show(ctx context.Context, id string, known map[string]*remediate.Case) error {
	lock := d.locks.of(id)
	lock.Lock()
	defer lock.Unlock()
	c := d.card(id)
	if c == nil || c.Gone || c.TS == "" {
		return nil
	}
	v, err := d.view(c, known)
	if err != nil {
		return err
	}
	over := v.close(c)
	hash, err := v.hash(c)
	if err != nil {
		return err
	}
	if hash == c.Shown {
		if over {
			return d.keep(c, nil)
		}
		return nil
	}
	if d.waits("chat.update") {
		return nil
	}
	blocks, buttons, err := d.draw(c, v)
	if err != nil {
		return err
	}
	if err := d.keep(c, buttons); err != nil {
		return err
	}
	_, _, _, err = d.api.UpdateMessageContext(ctx, c.Channel, c.TS, message(c, blocks)...)
	if err != nil {
		err = d.safe("chat.update", err)
		if refused(err, "message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found", "is_inactive", "is_archived") {
			d.deps.Log.Warn("slack: a card cannot be changed any more; what it was about is recorded all the same", "card", c.ID, "error", err)
			c.Gone = true
			return d.keep(c, nil)
		}
		return err
	}
	c.Shown = hash
	return d.keep(c, nil)
}

// message is what is sent for a card. Its text, which notifications show, holds no names.
func message(c *remediate.Card, blocks []slack.Block) []slack.MsgOption {
	options := []slack.MsgOption{slack.MsgOptionText(title(c), false), slack.MsgOptionBlocks(blocks...), slack.MsgOptionDisableMarkdown(),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl()}
	if c.Thread != "" {
		options = append(options, slack.MsgOptionTS(c.Thread))
	}
	return options
}

// post sends a new card. What its buttons stand for is recorded before, so that one that is pressed is known, whatever
// becomes of the answer. sent tells whether Slack has said that the card is there.
func (d *Desk) post(ctx context.Context, c *remediate.Card) (sent bool, err error) {
	if d.waits("chat.postMessage") {
		return false, nil
	}
	lock := d.locks.of(c.ID)
	lock.Lock()
	defer lock.Unlock()
	v, err := d.view(c, nil)
	if err != nil {
		return false, err
	}
	hash, err := v.hash(c)
	if err != nil {
		return false, err
	}
	blocks, buttons, err := d.draw(c, v)
	if err != nil {
		return false, err
	}
	if err := d.keep(c, buttons); err != nil {
		return false, err
	}
	channel, ts, err := d.api.PostMessageContext(ctx, c.Channel, message(c, blocks)...)
	if err != nil {
		err = d.safe("chat.postMessage", err)
		if undone(err) { // else it may be there: whoever presses one of its buttons proves it
			c.Gone = true
			err = errors.Join(err, d.keep(c, nil))
		}
		return false, err
	}
	now := d.card(c.ID) // a press may have come before the answer
	now.Channel, now.TS, now.Shown = channel, ts, hash
	*c = *now
	return true, d.keep(now, nil)
}

// draw makes a card's blocks with buttons that work, and what each of these stands for.
func (d *Desk) draw(c *remediate.Card, v *view) ([]slack.Block, map[string]remediate.Button, error) {
	buttons, expires := map[string]remediate.Button{}, d.deps.Now().Add(buttonFor).UTC()
	var failed error
	blocks := v.blocks(c, func(block, verb string, cases map[string]string) string {
		token, err := newToken(d.deps.Random)
		failed = errors.Join(failed, err)
		buttons[hashOf(token)] = remediate.Button{Card: c.ID, Block: block, Verb: verb, Cases: cases, Expires: expires}
		return token
	})
	return blocks, buttons, failed
}

// hash is of what a card says, but for the tokens of its buttons.
func (v *view) hash(c *remediate.Card) (string, error) {
	b, err := json.Marshal(v.blocks(c, func(_, verb string, _ map[string]string) string { return verb }))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// view gathers what a card shows.
func (d *Desk) view(c *remediate.Card, known map[string]*remediate.Case) (*view, error) {
	people, err := d.deps.People()
	if err != nil {
		return nil, err
	}
	v := &view{zone: d.set.Zone, now: d.deps.Now(), command: d.set.Command, name: func(id connectors.PersonID) string {
		if who, ok := people.Who(people.Same(id)); ok {
			return who.String()
		}
		return plain(string(id), 120)
	}}
	for n, it := range c.Items {
		k, ok := known[it.Case]
		if !ok {
			if k, err = d.deps.Cases.Case(it.Case); err != nil && !errors.Is(err, connectors.ErrNotFound) {
				return nil, err
			}
		}
		e := entry{n: n + 1, item: it, c: k}
		if k != nil {
			if d.deps.Facts != nil {
				e.facts = d.deps.Facts(k)
			}
			if e.passed, err = d.passed(c, &e); err != nil {
				return nil, err
			}
		}
		v.entries = append(v.entries, e)
	}
	return v, nil
}

// passed tells whether who a card was sent to has passed a case of it on; nil: they have not, or it does not matter any more.
func (d *Desk) passed(c *remediate.Card, e *entry) (*remediate.PassedOn, error) {
	if c.Person == "" || !e.waits() {
		return nil, nil
	}
	list, err := d.deps.Memory.Passes(e.c.ID)
	for i := range list {
		if list[i].Item == e.c.ItemHash && list[i].Person == c.Person {
			return &list[i], err
		}
	}
	return nil, err
}
