package remediate

import (
	"fmt"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/scanner"
)

// retiring begins the group of a case that asks what becomes of an account whose retention is over. No run's silence ends
// it: runs find nothing wrong with an account that is disabled.
const retiring = "retire:"

// RetireGroup is the group of the case that asks what becomes of an account that a step of a case disabled.
func RetireGroup(c *Case, s *Step) string {
	return fmt.Sprintf("%s%s/%s/%s", retiring, c.ID, s.Action.App, s.Action.Account)
}

// Retire is what is asked once an account has been disabled for the retention period: whether it is put away, or deleted.
// That cannot be taken back, so two people decide, and never a policy. prefer is the verb that the company prefers, Archive
// or Delete; an app that cannot gets a ticket. now is the account as it was read just now: it must be disabled still.
func Retire(c *Case, s *Step, now *connectors.Account, can connectors.Abilities, prefer Verb, retention time.Duration) (Item, bool) {
	if now.Enabled != connectors.No || !s.Retained() {
		return Item{}, false
	}
	login := c.Item.Login(&s.Action)
	it := Item{Group: RetireGroup(c, s), Mode: scanner.ModeAsk, Person: c.Item.Person, Kinds: []scanner.Kind{scanner.OrphanedAccount}, Severity: scanner.Low, TwoPeople: true,
		Why:     fmt.Sprintf("%s in %s has been disabled since %s (case %s); the %d days that it was to be kept are over.", login, s.Action.App, s.SeenAt.UTC().Format(time.DateOnly), c.ID, int(retention.Hours()/24)),
		Targets: []Target{{App: s.Action.App, Account: s.Action.Account, Login: login, Fingerprint: Fingerprint(now), Class: classOf(c, s), Exact: true}}}
	a := Action{Verb: Ticket, App: s.Action.App, Account: s.Action.Account, Undo: None,
		Task: fmt.Sprintf("archive or delete the account %s, which has been disabled since %s", login, s.SeenAt.UTC().Format(time.DateOnly))}
	for _, v := range []Verb{prefer, Archive, Delete} {
		if v.needs() != 0 && can.Has(v.needs()) {
			a = Action{Verb: v, App: s.Action.App, Account: s.Action.Account, Undo: v.undo()}
			break
		}
	}
	it.Actions = []Action{a}
	return it, true
}

// Retained tells whether the step disabled an account of which it is still to be asked what becomes of it.
func (s *Step) Retained() bool {
	return s.Action.Verb == Disable && s.Progress == Seen && s.Over == ""
}

// Over notes of a step's account that nobody is to be asked any more what becomes of it, and why. When the case was changed
// last stays as it was.
func (d *Desk) Over(c *Case, step int, why string, now time.Time) error {
	n := c.clone()
	n.Steps[step].Over = why
	n.Rev++
	return d.keep(c, n, "what becomes of an account: "+why, now)
}

// lookAgain is how long it takes until what makes a question needless is believed: an app that answers wrongly for a night must
// not have an account forgotten.
const lookAgain = 7 * 24 * time.Hour

// Waits tells whether a step's account needs not be looked at yet: it was, and there was nothing to ask.
func (s *Step) Waits(now time.Time) bool {
	return !s.LookedAt.IsZero() && now.Sub(s.LookedAt) < lookAgain
}

// Needless notes that a step's account was looked at and there is nothing to ask, and why; seen so again after a week, it is
// over.
func (d *Desk) Needless(c *Case, step int, why string, now time.Time) error {
	if !c.Steps[step].LookedAt.IsZero() {
		return d.Over(c, step, why, now)
	}
	n := c.clone()
	n.Steps[step].LookedAt = now.UTC()
	n.Rev++
	return d.keep(c, n, "what becomes of an account is looked at again in a week: "+why, now)
}

func classOf(c *Case, s *Step) string {
	for _, t := range c.Item.Targets {
		if t.App == s.Action.App && t.Account == s.Action.Account {
			return t.Class
		}
	}
	return ""
}

// apart tells whether a group is not of any run's findings, so that no run's silence ends its case.
func apart(group string) bool {
	return strings.HasPrefix(group, offboarding) || strings.HasPrefix(group, leaverAhead) || strings.HasPrefix(group, retiring)
}
