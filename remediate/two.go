package remediate

import (
	"slices"
	"strings"
	"time"
)

// seconded notes what somebody says of a case that takes two people, and tells whether another said the same before, of the
// same thing. One person's word twice is one word.
func (c *Case) seconded(v Verdict, now time.Time) bool {
	same := func(d Decision) bool { return d.Item == c.ItemHash }
	c.Votes = slices.DeleteFunc(c.Votes, func(d Decision) bool { return !same(d) || d.By.Person == v.By.Person })
	c.Votes = append(c.Votes, Decision{By: v.By, Why: strings.TrimSpace(v.Why), At: now.UTC(), Item: c.ItemHash})
	return len(c.Votes) > 1
}

// Deciders are those whose word counts: of a removal that takes two people, both, or the one who has spoken so far.
func (c *Case) Deciders() []Decision {
	if len(c.Votes) > 0 {
		return c.Votes
	}
	return deref(c.Decision)
}

// noted keeps a case where it stands: one of two has spoken.
func (c *Case) noted(now time.Time) error {
	if !slices.Contains(moves[c.State], Remove) {
		return c.to(Remove, now, "") // the move's own error
	}
	c.At, c.Why = now.UTC(), "one of two people said remove; it takes another"
	c.Rev++
	return nil
}
