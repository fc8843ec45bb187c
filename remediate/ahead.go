package remediate

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/scanner"
)

// leaverAhead begins the group of a case that closes all of a future leaver's access at a cut-off on their last day, because
// somebody approved it ahead.
const leaverAhead = "leaver-ahead:"

// AheadGroup is the group of a person's plan that is approved ahead.
func AheadGroup(id connectors.PersonID) string { return leaverAhead + string(id) }

// IsAhead tells whether a case was approved ahead, or is to be.
func (c *Case) IsAhead() bool { return strings.HasPrefix(c.Item.Group, leaverAhead) }

// IsClosing tells whether a case closes all of a person's access because somebody said so: now, or ahead.
func (c *Case) IsClosing() bool { return strings.HasPrefix(c.Item.Group, offboarding) || c.IsAhead() }

// Exit is what a run says of when somebody goes.
type Exit struct {
	Last connectors.Date `json:"last,omitempty"` // their last day; unknown: HR names none
	Gone bool            `json:"gone,omitempty"` // it has passed, or HR says that they have left
}

// by tells whether the exit is still shown, on a day or earlier.
func (e Exit) by(day connectors.Date) bool { return e.Gone || e.Last.Known() && e.Last <= day }

// Ahead is the plan that closes every enabled account of somebody who will leave, as Offboard does of who leaves now.
func Ahead(id connectors.PersonID, name string, last connectors.Date, accounts map[scanner.Related]*Subject, src Sources) *Plan {
	return closing(Item{Group: AheadGroup(id), Person: id, LastDay: last,
		Why: fmt.Sprintf("All access of %s (%s) is closed at the end of their employment: the last day is %s.", name, id, last)}, accounts, src)
}

// OpenAhead gives the case of a plan that somebody is to approve ahead, carried out not before the cut-off. The person's earlier
// one is it where it says the same, and makes way where it does not and has not begun. It is refused from whom Decide would
// refuse: nobody else makes what was approved give way.
func (d *Desk) OpenAhead(it *Item, run string, by Identity, cutOff, now time.Time) (*Case, error) {
	if err := d.mayDecide(by, &Case{ID: "of " + it.Group, Item: *it}); err != nil {
		return nil, err
	}
	cutOff = cutOff.UTC()
	next, err := d.newCase(it, run+"/"+now.UTC().Format(time.RFC3339Nano)+"/"+cutOff.Format(time.RFC3339), now, "", cutOff)
	if err != nil {
		return nil, err
	}
	live, err := d.Journal.Live(it.Group)
	switch {
	case err != nil:
		return nil, err
	case live == nil:
		return next, d.Journal.Put(next, 0, Policy, "case opened", now)
	case live.Undo != nil || live.State == Intent || live.State == Applied || live.State == Failed:
		return nil, fmt.Errorf("case %s is %s: %w", live.ID, live.State, ErrMove)
	case live.State != Drifted && live.State != Keep && live.ItemHash == it.Hash() && live.Item.LastDay == it.LastDay && live.NotBefore.Equal(cutOff):
		return live, nil
	}
	return next, d.replace(live, next, "it is approved anew", now)
}

// Newest is what the newest run says of people whose exit was approved ahead.
type Newest struct {
	Run   string
	Read  time.Time // when its reading began
	Exits map[connectors.PersonID]Exit
	Items map[connectors.PersonID]*Item // what would be done now; nil: they have no account that works. Of those alone that the run looked at
	// Judged tells whether the run saw all that an item acts upon.
	Judged func(*Item) bool
}

// FollowAhead holds what was approved ahead, and has not begun, against the newest run. An exit that was rescinded or moved to
// a later day cancels it. Where the accounts are not what was approved any more, that is asked anew, with the same cut-off.
// Whom the run does not know, of them nothing is changed, and nothing is carried out either: see GuardExit. Of whatever closes
// somebody's access, it confirms what people did by hand.
func (d *Desk) FollowAhead(n *Newest, now time.Time) (asked, cancelled []*Case, err error) {
	cases, err := d.Journal.LiveCases(func(c *Case) bool { return c.IsClosing() && !c.State.Ended() && c.Undo == nil })
	for _, c := range cases {
		e, known := n.Exits[c.Item.Person]
		it, looked := n.Items[c.Item.Person]
		switch {
		case c.State == Applied && c.byHand() && looked && n.Read.After(c.At) && n.Judged(&c.Item) && !c.toDo(it):
			err = d.seenByHand(c, now)
		case !c.IsAhead():
			continue
		case !known || c.State == Intent || c.State == Applied || c.State == Failed:
			continue
		case !e.by(c.Item.LastDay):
			if err = d.move(c, Superseded, rescinded(&c.Item, e), "cancelled: the exit was rescinded or moved", now); err == nil {
				cancelled = append(cancelled, c)
			}
		case c.State == Keep || !looked || !n.Judged(&c.Item):
			continue
		case it == nil:
			if err = d.move(c, Superseded, "no account of theirs works any more", "case superseded", now); err == nil {
				cancelled = append(cancelled, c)
			}
		default:
			var again *Case
			if again, err = d.aheadAgain(c, it, n, now); again != nil {
				asked = append(asked, again)
			}
		}
		if errors.Is(err, ErrStale) {
			err = nil // somebody was quicker; the next time looks again
		}
		if err != nil {
			return asked, cancelled, err
		}
	}
	return asked, cancelled, err
}

// aheadAgain asks anew about what has changed since it was approved, or had when it was to be carried out; nil where nothing
// has.
func (d *Desk) aheadAgain(c *Case, it *Item, n *Newest, now time.Time) (*Case, error) {
	drifted := c.State == Drifted && n.Read.After(c.At) // it was read since: this is how it is now
	if it.Hash() == c.ItemHash && !drifted || c.State == Drifted && !n.Read.After(c.At) {
		return nil, nil
	}
	why := cmp.Or(differs(&c.Item, it), "what it was about has changed")
	if drifted {
		why = c.Why
	}
	next, err := d.newCase(it, n.Run, now, "approved ahead, and asked anew: "+why, c.NotBefore)
	if err != nil {
		return nil, err
	}
	if err := d.replace(c, next, why, now); err != nil {
		return nil, err
	}
	return next, nil
}

// toDo tells whether something of a case that people have to do by hand is still there, in what would be done now.
func (c *Case) toDo(now *Item) bool {
	return now != nil && slices.ContainsFunc(c.Steps, func(s Step) bool {
		return s.Action.Verb == Ticket && now.target(s.Action.App, s.Action.Account) != nil
	})
}

func rescinded(it *Item, e Exit) string {
	if !e.Last.Known() {
		return fmt.Sprintf("%s was to leave on %s, and HR names no last day any more: nothing is closed", it.Person, it.LastDay)
	}
	return fmt.Sprintf("the last day of %s was %s and is %s now: nothing is closed; approve it anew", it.Person, it.LastDay, e.Last)
}

// differs names the first account that is not as it was.
func differs(was, is *Item) string {
	for _, t := range is.Targets {
		switch o := was.target(t.App, t.Account); {
		case o == nil:
			return fmt.Sprintf("%s in %s has come since", t.Login, t.App)
		case *o != t:
			return fmt.Sprintf("%s in %s has changed since", t.Login, t.App)
		}
	}
	for _, t := range was.Targets {
		if is.target(t.App, t.Account) == nil {
			return fmt.Sprintf("%s in %s does not work any more", t.Login, t.App)
		}
	}
	return ""
}

func (it *Item) target(app connectors.AppID, account connectors.AccountID) *Target {
	for i := range it.Targets {
		if t := &it.Targets[i]; t.App == app && t.Account == account {
			return t
		}
	}
	return nil
}

// exits stops what was approved ahead of whom the newest run does not show to leave by then.
func (c *checker) exits() {
	for i := range c.batch {
		it := &c.batch[i]
		if !strings.HasPrefix(it.Group, leaverAhead) {
			continue
		}
		e, known := c.st.Exits[it.Person]
		if known && e.by(it.LastDay) {
			continue
		}
		says := fmt.Sprintf("%s is not on the newest roster, or their row cannot be read: whether they still leave on %s is not known", it.Person, it.LastDay)
		if known {
			says = rescinded(it, e)
		}
		c.trip(Trip{Guard: GuardExit, Group: it.Group, Says: says})
	}
}
