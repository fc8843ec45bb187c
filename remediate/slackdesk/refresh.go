package slackdesk

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"rollcall/connectors"
	"rollcall/remediate"
)

const (
	nudgeEvery   = 4 * time.Hour // nobody is reminded, or passed something on, more often
	cardsAtOnce  = 3             // to one place, in one Refresh: Slack takes about one message a second
	forgetsAfter = 60 * 24 * time.Hour
)

// batch is what one place is told in one card.
type batch struct {
	kind  string
	route route
	cases []*remediate.Case
	notes map[string][]string
	roles map[string]bool
}

// Refresh brings Slack up to date with the cases, as of now: who is to be asked is asked, once a day but for people who left;
// who did not answer is reminded, and then the next one asked; cards tell what is true; what was carried out is told. It
// waits for nothing: what Slack does not take now goes with the next Refresh, which may come as often as once a minute.
func (d *Desk) Refresh(ctx context.Context, now time.Time) error {
	return d.guarded(func() error { return d.refresh(ctx, now) })
}

func (d *Desk) refresh(ctx context.Context, now time.Time) error {
	d.routing.Lock()
	defer d.routing.Unlock()
	if _, _, err := d.self(ctx); err != nil {
		return err
	}
	r, err := d.router(now)
	if err != nil {
		return err
	}
	waiting, err := d.deps.Cases.Cases(undecided)
	if err != nil {
		return err
	}
	slices.SortFunc(waiting, riskiest)
	batches, err := d.batches(ctx, r, waiting)
	for _, b := range batches {
		err = errors.Join(err, d.ask(ctx, r, b))
	}
	err = errors.Join(err, d.bringUpToDate(ctx))
	if now.Sub(d.swept) > 24*time.Hour {
		d.swept = now
		err = errors.Join(err, d.sweep(now))
	}
	return err
}

func riskiest(a, b *remediate.Case) int {
	first := func(x, y bool) int {
		switch {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	}
	return cmp.Or(-cmp.Compare(a.Item.Severity, b.Item.Severity), first(a.Item.Privileged, b.Item.Privileged), a.Opened.Compare(b.Opened), cmp.Compare(a.ID, b.ID))
}

// batches are the cards that are due, by place and kind, in a fixed order.
func (d *Desk) batches(ctx context.Context, r *router, waiting []*remediate.Case) (list []*batch, err error) {
	nowhere, by := map[string]string{}, map[string]*batch{}
	for _, k := range waiting {
		to, routeErr := r.route(ctx, k)
		if routeErr != nil { // Slack could not be asked about somebody: the next Refresh tries again
			err = errors.Join(err, routeErr)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			continue
		}
		if to.Nowhere != "" {
			nowhere[k.ID] = to.Nowhere
			continue
		}
		kind := d.due(r, k, &to)
		if kind == "" {
			continue
		}
		key := to.Key + " " + kind
		b := by[key]
		if b == nil {
			b = &batch{kind: kind, route: to, notes: map[string][]string{}, roles: map[string]bool{}}
			by[key] = b
			list = append(list, b)
		}
		b.cases, b.notes[k.ID], b.roles[to.To.Role] = append(b.cases, k), to.Notes, true
	}
	d.mu.Lock()
	d.fig.Waiting, d.fig.Unrouted, d.fig.Unrouting = len(waiting), len(nowhere), nowhere
	d.mu.Unlock()
	return list, err
}

// due says what kind of card is due for a case now; empty: none.
func (d *Desk) due(r *router, k *remediate.Case, to *route) string {
	zone := d.zone(to.Member)
	open := d.set.Calendar.open(r.now, zone)
	switch {
	case !to.Asked.First.IsZero():
		n := to.Asked.Reminders
		if n >= len(d.set.Remind) || !open || r.now.Before(d.set.Calendar.next(to.Asked.First.Add(d.set.Remind[n]), zone)) || r.now.Sub(d.last(to.Key, "")) < nudgeEvery {
			return ""
		}
		return kindReminder
	case left(&k.Item):
		return kindLeavers
	case !open:
		return ""
	case to.Key == toChannel || len(to.Notes) > 0:
		if last := d.last(to.Key, kindEscalation); !last.IsZero() && r.now.Sub(last) < nudgeEvery {
			return ""
		}
		return kindEscalation
	}
	if last := d.last(to.Key, kindDigest); !last.IsZero() && connectors.DateOf(last, zone) == connectors.DateOf(r.now, zone) {
		return ""
	}
	return kindDigest
}

// last is when a place was last sent a card, of a kind where one is named.
func (d *Desk) last(key, kind string) (at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.cards {
		if c.TS != "" && c.Kind != kindOutcome && c.Kind != kindNote && c.Kind != kindPending && (kind == "" || c.Kind == kind) && keyOf(c) == key && c.At.After(at) {
			at = c.At
		}
	}
	return at
}

// ask sends a batch, in as many cards as it may take now.
func (d *Desk) ask(ctx context.Context, r *router, b *batch) error {
	cards := cardsAtOnce
	if b.kind == kindDigest || b.kind == kindReminder {
		cards = 1 // a day, or a few hours
	}
	rest := b.cases
	for range cards {
		if len(rest) == 0 {
			return nil
		}
		n := min(mostItems, len(rest))
		sent, err := d.askOne(ctx, r, b, rest[:n], len(rest)-n)
		if err != nil || !sent {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

func (d *Desk) askOne(ctx context.Context, r *router, b *batch, cases []*remediate.Case, more int) (bool, error) {
	c, err := d.newCard(b.kind, r.now)
	if err != nil {
		return false, err
	}
	if c.Channel = d.set.Channel; b.route.Member != nil {
		c.User, c.Person = b.route.Member.ID, b.route.To.Person
		if c.Channel, err = d.room(ctx, c.User); err != nil || c.Channel == "" {
			return false, err
		}
	}
	c.Role = b.route.To.Role
	if len(b.roles) > 1 {
		c.Role = "whoever is responsible: line manager, owner of the app, or their deputy"
	}
	if c.More = more; b.kind != kindDigest {
		c.More = 0
	}
	for _, k := range byApp(cases) {
		c.Items = append(c.Items, remediate.CardItem{Case: k.ID, Item: k.ItemHash, Notes: b.notes[k.ID]})
	}
	sent, err := d.post(ctx, c)
	if err != nil || !sent {
		return sent, err
	}
	whom := "in Slack: the channel " + c.Channel
	if c.Person != "" {
		whom = "in Slack: " + remediate.Identity{Person: c.Person, Proof: remediate.ProofOfChat(c.User)}.String()
	}
	for _, k := range cases {
		if k.State != remediate.Open {
			continue
		}
		if _, err := d.deps.Cases.Ask(k.ID, k.Rev, whom, r.now); err != nil && !errors.Is(err, remediate.ErrMove) && !errors.Is(err, remediate.ErrStale) {
			return true, err // somebody who was quicker than that is no error
		}
	}
	return true, nil
}

func (d *Desk) newCard(kind string, now time.Time) (*remediate.Card, error) {
	var id [12]byte
	if _, err := io.ReadFull(d.deps.Random, id[:]); err != nil {
		return nil, err
	}
	return &remediate.Card{ID: hex.EncodeToString(id[:]), Kind: kind, At: now.UTC()}, nil
}

// byApp puts the cases of one app together, the app with the riskiest first.
func byApp(cases []*remediate.Case) []*remediate.Case {
	place := map[string]int{}
	app := func(k *remediate.Case) string { return (&entry{c: k}).app() }
	for i, k := range cases {
		if _, ok := place[app(k)]; !ok {
			place[app(k)] = i
		}
	}
	list := slices.Clone(cases)
	slices.SortStableFunc(list, func(a, b *remediate.Case) int { return place[app(a)] - place[app(b)] })
	return list
}

// room is the direct message channel of an account; empty: Slack asks for patience.
func (d *Desk) room(ctx context.Context, user string) (string, error) {
	d.mu.Lock()
	id := d.rooms[user]
	d.mu.Unlock()
	if id != "" || d.waits("conversations.open") {
		return id, nil
	}
	ch, _, _, err := d.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{user}})
	if err != nil {
		return "", d.safe("conversations.open", err)
	}
	d.mu.Lock()
	d.rooms[user] = ch.ID
	d.mu.Unlock()
	return ch.ID, nil
}

// bringUpToDate has every card tell the truth, and tells what came of what was decided.
func (d *Desk) bringUpToDate(ctx context.Context) error {
	all, err := d.deps.Cases.Cases(nil)
	if err != nil {
		return err
	}
	known := make(map[string]*remediate.Case, len(all))
	for _, k := range all {
		known[k.ID] = k
	}
	for _, c := range d.shown(func(c *remediate.Card) bool { return !c.Gone && c.TS != "" }) {
		if showErr := d.show(ctx, c.ID, known); showErr != nil {
			err = errors.Join(err, showErr)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return errors.Join(err, d.notes(ctx, known), d.outcomes(ctx, known))
}

// outcomes answers in a card's thread what came of each of its cases, each once for each end it came to.
func (d *Desk) outcomes(ctx context.Context, known map[string]*remediate.Case) (err error) {
	told, sent := map[string]bool{}, map[string]int{}
	cards := d.shown(func(c *remediate.Card) bool { return c.TS != "" && c.Kind != kindOutcome && c.Kind != kindNote })
	for _, c := range cards {
		for _, it := range c.Items {
			if k := known[it.Case]; k != nil && it.Told == k.State {
				told[it.Case] = true
			}
		}
	}
	for _, c := range slices.Backward(cards) { // the newest card that shows it
		for i, it := range c.Items {
			k := known[it.Case]
			if k == nil || !it.Done || it.Item != k.ItemHash || told[it.Case] || c.Gone || !ended(k) || sent[c.Channel] >= cardsAtOnce || d.waits("chat.postMessage") {
				continue
			}
			reply, newErr := d.newCard(kindOutcome, d.deps.Now())
			if newErr != nil {
				return newErr
			}
			reply.Channel, reply.Thread, reply.User, reply.Person = c.Channel, c.TS, c.User, c.Person
			reply.Items = []remediate.CardItem{{Case: k.ID, Item: k.ItemHash, Done: true}}
			posted, postErr := d.post(ctx, reply)
			err = errors.Join(err, postErr)
			if !posted {
				continue
			}
			told[it.Case] = true
			sent[c.Channel]++
			err = errors.Join(err, d.change(c.ID, nil, func(now *remediate.Card) { now.Items[i].Told = k.State }))
		}
	}
	return err
}

// ended tells whether there is something to be told of a case: how its removal went.
func ended(k *remediate.Case) bool {
	return (k.State == remediate.Confirmed || k.State == remediate.Failed || k.State == remediate.Drifted) && len(k.Steps) > 0
}

// sweep forgets what no press can be about any more.
func (d *Desk) sweep(now time.Time) error {
	before := now.Add(-forgetsAfter)
	if err := d.deps.Memory.Sweep(before); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for id, c := range d.cards {
		if c.At.Before(before) {
			delete(d.cards, id)
		}
	}
	return nil
}
