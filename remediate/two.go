package remediate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
)

// seconded notes what somebody says of a case that takes two people, and tells whether another said the same before, of the
// same thing. One person's word twice is one word, whichever of their ids they said it under.
func (c *Case) seconded(v Verdict, same Same, now time.Time) bool {
	agrees := func(d Decision) bool { return d.Item == c.ItemHash && d.Until.Known() != v.Remove }
	c.Votes = slices.DeleteFunc(c.Votes, func(d Decision) bool { return !agrees(d) || same.is(d.By.Person, v.By.Person) })
	c.Votes = append(c.Votes, Decision{By: v.By, Why: strings.TrimSpace(v.Why), At: now.UTC(), Until: v.Until, Item: c.ItemHash})
	return len(c.Votes) > 1
}

// Deciders are those whose word counts: of a removal that takes two people, both, or the one who has spoken so far.
func (c *Case) Deciders() []Decision {
	if len(c.Votes) > 0 {
		return c.Votes
	}
	return deref(c.Decision)
}

// soonest is until when all who spoke would keep it; unknown where they would remove it.
func (c *Case) soonest() connectors.Date {
	until := c.Votes[0].Until
	for _, d := range c.Votes {
		until = min(until, d.Until)
	}
	return until
}

// noted keeps a case where it stands: one of two has spoken.
func (c *Case) noted(said State, now time.Time) error {
	if !slices.Contains(moves[c.State], said) {
		return c.to(said, now, "") // the move's own error
	}
	c.At, c.Why = now.UTC(), fmt.Sprintf("one of two people said %s; it takes another", said)
	c.Rev++
	return nil
}
