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
	if now.Enabled != connectors.No || s.Action.Verb != Disable || s.Progress != Seen {
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
