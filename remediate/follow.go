package remediate

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"rollcall/connectors"
	"rollcall/scanner"
)

// Follow brings the cases up to date with a plan: new items become cases, changed ones are asked anew, and the cases of
// findings that are gone end. judged tells whether the run could have found a group at all: what was not looked for stays.
// A plan followed twice opens nothing twice, also where a case of it has ended meanwhile. What somebody kept or took back
// is asked about when it comes again, also where the policy would not ask: a person's word is not overruled by a schedule.
func (d *Desk) Follow(p *Plan, run string, now time.Time, judged func(*Item) bool) (opened []*Case, err error) {
	planned := map[string]*Item{}
	for i := range p.Items {
		planned[p.Items[i].Group] = &p.Items[i]
	}
	live, err := d.Journal.LiveCases(nil)
	if err != nil {
		return nil, err
	}
	for _, c := range live {
		if c.State.Ended() {
			continue // being taken back
		}
		if c.Run > run { // a newer reading opened it, of which this plan knows nothing
			delete(planned, c.Item.Group)
			continue
		}
		it := planned[c.Item.Group]
		delete(planned, c.Item.Group)
		if err := d.followOne(c, it, now, judged); errors.Is(err, ErrStale) {
			continue // somebody was quicker; the next run follows
		} else if err != nil {
			return nil, err
		}
		if c.State == Superseded && it != nil {
			planned[it.Group] = it
		}
	}
	for i := range p.Items {
		it := &p.Items[i]
		if planned[it.Group] == nil || it.Mode == scanner.ModeReport {
			continue
		}
		// A case of this very plan is known where it ended meanwhile: what a run said once is not asked about twice.
		if _, err := d.Journal.Case(caseID(it.Group, run, it.Hash())); !errors.Is(err, connectors.ErrNotFound) {
			if err != nil {
				return opened, err
			}
			continue
		}
		last, err := d.Journal.LastEnded(it.Group)
		if err != nil {
			return opened, err
		}
		if last != nil && last.ItemHash == it.Hash() && last.Wrong.answers(run) {
			continue
		}
		c, err := d.open(it, run, now, held(last))
		if err != nil {
			return opened, err
		}
		opened = append(opened, c)
	}
	return opened, nil
}

// held says why a group's next case is a person's to decide, from its last one.
func held(last *Case) string {
	switch {
	case last == nil:
		return ""
	case last.State == Undone && last.Undo != nil:
		return fmt.Sprintf("it was taken back by %s on %s: %s", last.Undo.By, last.Undo.At.Format(time.DateOnly), last.Undo.Why)
	case last.State == Superseded && last.Wrong != nil:
		return fmt.Sprintf("%s said on %s that it is wrong: %s", last.Wrong.By, last.Wrong.At.Format(time.DateOnly), last.Wrong.Why)
	case last.State == Superseded && last.Decision != nil && last.Decision.Until.Known():
		return fmt.Sprintf("%s kept it until %s, as it was then: %s", last.Decision.By, last.Decision.Until, last.Decision.Why)
	case last.State == Superseded:
		return last.Held
	}
	return ""
}

// Open makes the case of an item that no plan has: run says what it goes by, and tells it from others of its kind.
func (d *Desk) Open(it *Item, run string, now time.Time) (*Case, error) {
	return d.open(it, run, now, "")
}

// open makes a case; one that is a person's to decide is asked at once, so that no policy carries it out.
func (d *Desk) open(it *Item, run string, now time.Time, held string) (*Case, error) {
	c, err := d.newCase(it, run, now, held, time.Time{})
	if err != nil {
		return nil, err
	}
	return c, d.Journal.Put(c, 0, Policy, "case opened", now)
}

// newCase is the case of an item, not to be carried out before a moment, and recorded nowhere yet.
func (d *Desk) newCase(it *Item, run string, now time.Time, held string, notBefore time.Time) (*Case, error) {
	c := &Case{ID: caseID(it.Group, run, it.Hash()), Rev: 1, State: Open, Item: *it, ItemHash: it.Hash(), Run: run, Opened: now.UTC(), At: now.UTC(), Held: held, NotBefore: notBefore}
	if held == "" {
		return c, nil
	}
	c.Due = now.Add(d.Answer).UTC()
	return c, c.to(Asked, now, held)
}

// replace ends a case and puts a new one of its group in its place, in one: what was decided ahead must not be lost between
// the two.
func (d *Desk) replace(old, next *Case, why string, now time.Time) error {
	n := old.clone()
	if err := n.to(Superseded, now, why); err != nil {
		return err
	}
	if err := d.Journal.Replace(n, old.Rev, next, Policy, "case superseded", now); err != nil {
		return err
	}
	*old = *n
	return nil
}

// caseID is the same for the same group, run and content: opening twice after a crash opens once.
func caseID(group, run, item string) string {
	sum := sha256.Sum256([]byte(strconv.Itoa(len(group)) + ":" + group + item + run))
	return "c-" + hex.EncodeToString(sum[:6])
}

// followOne ends a case whose finding is gone, and takes back what was asked or decided about something that has changed
// since. Of what is being carried out it notes which accounts the run finds nothing wrong with any more.
func (d *Desk) followOne(c *Case, it *Item, now time.Time, judged func(*Item) bool) error {
	switch {
	case !judged(&c.Item) || apart(c.Item.Group):
		return nil
	case c.State == Applied && c.byHand() && it == nil:
		return d.seenByHand(c, now)
	case c.State == Applied:
		return nil
	case c.State == Intent:
		return d.noteGone(c, it, now)
	case it != nil && it.Hash() == c.ItemHash && c.State != Drifted: // what drifted and is found again is another thing
		return nil
	}
	why := "the run no longer finds it"
	if it != nil {
		why = "what it was about has changed; it is asked anew"
	}
	return d.move(c, Superseded, why, "case superseded", now)
}

// noteGone keeps what was interrupted from going on against accounts that there is no reason for any more: a record that HR
// mended while the program was down. Where nothing was changed yet the case is over.
func (d *Desk) noteGone(c *Case, it *Item, now time.Time) error {
	var gone []scanner.Related
	for _, t := range c.Item.Targets {
		if it == nil || !slices.ContainsFunc(it.Targets, func(n Target) bool { return n.App == t.App && n.Account == t.Account }) {
			gone = append(gone, scanner.Related{App: t.App, Account: t.Account})
		}
	}
	if slices.Equal(gone, c.Gone) {
		return nil
	}
	if len(gone) > 0 && !c.Touched() {
		return d.move(c, Drifted, "the run no longer finds it", "drifted", now)
	}
	n := c.clone()
	n.Gone, n.Rev = gone, n.Rev+1
	return d.keep(c, n, "what the run no longer finds is noted", now)
}

// seenByHand closes a case whose tickets were done: the run looked, and no longer finds what they were about. What the
// program did itself has been seen by then, or is still looked for.
func (d *Desk) seenByHand(c *Case, now time.Time) error {
	n := c.clone()
	for i := range n.Steps {
		switch s := &n.Steps[i]; {
		case s.Action.Verb == Ticket:
			s.Progress, s.SeenAt = Seen, now.UTC()
		case s.Progress != Seen:
			return nil
		}
	}
	if err := n.to(Confirmed, now, "a later run no longer finds it"); err != nil {
		return err
	}
	return d.keep(c, n, "confirmed by a later run", now)
}

func (d *Desk) move(c *Case, to State, why, what string, now time.Time) error {
	n := c.clone()
	if err := n.to(to, now, why); err != nil {
		return err
	}
	return d.keep(c, n, what, now)
}

// keep records a changed case, and lets who holds the old one see it.
func (d *Desk) keep(c, n *Case, what string, now time.Time) error {
	if err := d.Journal.Put(n, c.Rev, Policy, what, now); err != nil {
		return err
	}
	*c = *n
	return nil
}
