package remediate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/scanner"
)

// Desk opens cases, takes decisions and lets deadlines pass. It changes nothing in any app.
type Desk struct {
	Journal Journal
	// MayDecide says who may decide on a case, beside that nobody judges their own access; nil: any proven person.
	MayDecide func(Identity, *Case) error
	// Owners gives everybody an account of the item is, or could be, of: those who must not decide. nil: the item's person.
	Owners func(*Item) []connectors.PersonID
	// Bound gives which chat account is whose, and who tied it: one person who can speak as two is one; nil: nobody speaks
	// through a chat.
	Bound func() ([]Binding, error)
	// Two says of which cases also the keeping takes the words of two people, and the removing where the item does not say so
	// itself; nil: none.
	Two func(*Case) bool
	// Same gives the id that somebody goes by who has several; nil: everybody has one. Two words of one person are one, and
	// nobody judges their own access, under whichever of their ids.
	Same Same
	// Answer is how long an answer may take.
	Answer time.Duration
	// LongestKeep bounds how long a keep may hold.
	LongestKeep int // days
}

// Ask notes that somebody was asked about a case of that revision, and by when an answer is wanted. One that was changed
// meanwhile is ErrStale: telling takes its time, and who decides in that time is not asked again. Revision 0 is whatever the
// case is now.
func (d *Desk) Ask(id string, rev int, whom string, now time.Time) (*Case, error) {
	return d.change(id, rev, Policy, "asked "+whom, now, func(c *Case) error {
		if c.State != Open && c.State != Expired {
			c.Votes = nil // those were given on another question
		}
		c.Due, c.Decision = now.Add(d.Answer).UTC(), nil
		return c.to(Asked, now, "")
	})
}

// Verdict is what somebody says of a case.
type Verdict struct {
	Remove bool
	By     Identity
	Why    string
	Until  connectors.Date // of a keep
	Rev    int             // of the case they saw; 0 = whatever it is now
	Item   string          // hash of the item they saw; empty = whatever it is now
}

// Decide takes a verdict. It is refused from nobody, from whose access it is, without a reason, and on anything else than
// what was seen. A keep needs an end.
func (d *Desk) Decide(id string, v Verdict, now time.Time) (*Case, error) {
	state, what := Keep, "decided: keep"
	if v.Remove {
		state, what = Remove, "decided: remove"
	}
	return d.change(id, v.Rev, v.By, what, now, func(c *Case) error {
		if err := d.mayDecide(v.By, c); err != nil {
			return err
		}
		if strings.TrimSpace(v.Why) == "" {
			return fmt.Errorf("case %s: a decision needs a reason", id)
		}
		if v.Item != "" && v.Item != c.ItemHash {
			return fmt.Errorf("case %s: %w: it is about something else now", id, ErrStale)
		}
		if err := d.end(v, now); err != nil {
			return fmt.Errorf("case %s: %w", id, err)
		}
		if v.Remove && c.Item.TwoPeople || d.Two != nil && d.Two(c) {
			if err := d.counted(c, v.By); err != nil {
				return err
			}
			if !c.seconded(v, d.Same, now) {
				return c.noted(state, now)
			}
			v.Until = c.soonest()
		}
		if v.Remove {
			c.begin()
		}
		if !v.Remove && (d.Two == nil || !d.Two(c)) {
			c.Votes = nil
		}
		c.Decision = &Decision{By: v.By, Why: strings.TrimSpace(v.Why), At: now.UTC(), Until: v.Until, Item: c.ItemHash}
		return c.to(state, now, "")
	})
}

// end checks how long a keep is to hold.
func (d *Desk) end(v Verdict, now time.Time) error {
	today := connectors.DateOf(now, time.UTC)
	switch {
	case v.Remove && v.Until.Known():
		return errors.New("what is removed needs no end")
	case v.Remove:
		return nil
	case !v.Until.Known():
		return errors.New("keeping it is accepting a risk: say until which day")
	case v.Until <= today:
		return fmt.Errorf("keeping it until %s: that day has passed", v.Until)
	case d.LongestKeep > 0 && int(v.Until-today) > d.LongestKeep:
		return fmt.Errorf("keeping it until %s: at most %d days are allowed", v.Until, d.LongestKeep)
	}
	return nil
}

func steps(it *Item) []Step {
	list := make([]Step, len(it.Actions))
	for i, a := range it.Actions {
		list[i] = Step{Action: a, Progress: Pending}
	}
	return list
}

// Outdated ends a case of which a fresh read shows that it is about something else by now. Nothing is decided by it; what a
// later run finds is asked anew.
func (d *Desk) Outdated(id string, rev int, why string, now time.Time) (*Case, error) {
	return d.change(id, rev, Policy, "superseded", now, func(c *Case) error { return c.to(Superseded, now, why) })
}

func (d *Desk) mayDecide(by Identity, c *Case) error {
	if !by.Somebody() {
		return fmt.Errorf("case %s: %w: it is not known who you are", c.ID, ErrMayNot)
	}
	if err := d.Own(by, c); err != nil {
		return err
	}
	if d.MayDecide == nil {
		return nil
	}
	if err := d.MayDecide(by, c); err != nil {
		return fmt.Errorf("case %s: %w: %w", c.ID, ErrMayNot, err)
	}
	return nil
}

// Hold makes an automatic case a person's to decide, for good: what was suspicious once is not harmless for having waited.
func (d *Desk) Hold(id, why string, now time.Time) (*Case, error) {
	return d.change(id, 0, Policy, "held", now, func(c *Case) error {
		if c.State != Open {
			return fmt.Errorf("case %s is %s: %w", id, c.State, ErrMove)
		}
		c.Held, c.Due = why, now.Add(d.Answer).UTC()
		return c.to(Asked, now, why)
	})
}

// Release lets the policy carry out an item that it calls automatic, without asking.
func (d *Desk) Release(id string, now time.Time) (*Case, error) {
	return d.change(id, 0, Policy, "released by policy", now, func(c *Case) error {
		if c.Item.Mode != scanner.ModeAuto || c.State != Open || c.Held != "" {
			return fmt.Errorf("case %s: %s and %s %s: %w", id, c.Item.Mode, c.State, c.Held, ErrMove)
		}
		c.begin()
		return c.to(Remove, now, "")
	})
}

// Deadlines lets deadlines pass: an automatic leaver that was asked about lapses, which carries it out in the policy's
// name; all else expires, undecided, which is never a keep. A keep whose end has come is asked again.
func (d *Desk) Deadlines(now time.Time) (passed []*Case, err error) {
	due, err := d.Journal.LiveCases(func(c *Case) bool {
		return c.Undo == nil && c.State == Asked && !c.Due.IsZero() && !now.Before(c.Due) ||
			c.Undo == nil && c.State == Keep && c.Decision != nil && c.Decision.Until < connectors.DateOf(now, time.UTC)
	})
	if err != nil {
		return nil, err
	}
	for _, c := range due {
		state, what, why := Expired, "expired undecided", "nobody answered in time; nothing follows from that"
		switch {
		case c.State == Keep:
			state, what, why = Asked, "asked again", "what was kept was kept until "+c.Decision.Until.String()
		case c.lapses():
			state, what, why = Lapsed, "lapsed", "nobody answered in time, and HR says that its owner has left"
		}
		n, err := d.change(c.ID, c.Rev, Policy, what, now, func(c *Case) error {
			if state == Asked {
				c.Due, c.Decision, c.Votes = now.Add(d.Answer).UTC(), nil, nil
			}
			if state == Lapsed {
				c.begin()
			}
			return c.to(state, now, why)
		})
		if errors.Is(err, ErrStale) {
			continue // somebody was quicker
		}
		if err != nil {
			return passed, err
		}
		passed = append(passed, n)
	}
	return passed, nil
}

// lapses tells whether silence may be followed by removal: of a leaver alone that the policy would have taken unasked, and
// never of what somebody kept or took back.
func (c *Case) lapses() bool {
	return c.Item.Mode == scanner.ModeAuto && c.Held == "" && slices.Contains(c.Item.Kinds, scanner.OrphanedAccount)
}

// change is compare-and-set: rev 0 takes the case as it is.
func (d *Desk) change(id string, rev int, by Identity, what string, now time.Time, how func(*Case) error) (*Case, error) {
	c, err := d.Journal.Case(id)
	if err != nil {
		return nil, err
	}
	if rev != 0 && rev != c.Rev {
		return nil, fmt.Errorf("case %s: %w: look at it again", id, ErrStale)
	}
	if c.Undo != nil {
		return nil, fmt.Errorf("case %s: %w: it is being taken back, or was", id, ErrMove)
	}
	n := c.clone()
	if err := how(n); err != nil {
		return nil, err
	}
	return n, d.Journal.Put(n, c.Rev, by, what, now)
}
