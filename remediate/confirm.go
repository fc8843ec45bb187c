package remediate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"rollcall/connectors"
)

// done tells whether an account shows that an action was carried out. Sessions cannot be seen: there the app's word counts.
func done(a *Action, now *connectors.Account) bool {
	switch a.Verb {
	case Disable, Archive:
		return now.Enabled == connectors.No
	case RemoveEntitlement:
		for i := range now.Entitlements {
			if now.Entitlements[i].ID == a.Entitlement {
				return false
			}
		}
		return true
	case RevokeCredential:
		for i := range now.Credentials {
			if now.Credentials[i].ID == a.Credential {
				return false
			}
		}
		return true
	}
	return false
}

// putsAway tells whether an account may be gone after the action. That it is disabled says nothing of it: it was before.
func (a *Action) putsAway() bool { return a.Verb == Archive || a.Verb == Delete }

// confirm looks at the accounts until they show what was done, or patience ends: then the app said that it did what it did
// not, and the case has failed. Tickets are left to people: a later run sees what they did.
func (a *Applier) confirm(ctx context.Context, c *Case, by Identity) (*Case, error) {
	deadline := a.Now().Add(a.Patience)
	for {
		n := c.clone()
		missing, err := a.look(ctx, n)
		if err != nil {
			return c, err
		}
		switch {
		case missing == "" && c.byHand(): // people have still to do their part; see Desk.Follow
			if slices.EqualFunc(c.Steps, n.Steps, func(x, y Step) bool { return x.Progress == y.Progress }) {
				return c, nil
			}
			n.Rev, n.At = n.Rev+1, a.Now().UTC()
			return n, a.put(n, c.Rev, by, "seen, but for what people have to do")
		case missing == "":
			if err := n.to(Confirmed, a.Now(), ""); err != nil {
				return c, err
			}
			return n, a.put(n, c.Rev, by, "confirmed")
		case !a.Now().Before(deadline):
			if err := n.to(Failed, a.Now(), missing); err != nil {
				return c, err
			}
			return n, a.put(n, c.Rev, by, "failed")
		}
		if err := a.Wait(ctx, a.Look); err != nil {
			return c, err
		}
	}
}

// byHand tells whether something is left that a person has to do.
func (c *Case) byHand() bool {
	return slices.ContainsFunc(c.Steps, func(s Step) bool { return s.Action.Verb == Ticket && s.Progress != Seen })
}

// look notes which steps a fresh read shows, and says what it does not show yet.
func (a *Applier) look(ctx context.Context, c *Case) (missing string, err error) {
	for i := range c.Steps {
		s := &c.Steps[i]
		if s.Action.Verb == Ticket || s.Progress == Seen {
			continue
		}
		now, err := a.read(ctx, s.Action.App, s.Action.Account)
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case errors.Is(err, connectors.ErrNotFound) && s.Action.putsAway(), s.Action.Verb == EndSessions, err == nil && done(&s.Action, now):
			s.Progress, s.SeenAt, s.Problem = Seen, a.Now().UTC(), ""
		case err != nil:
			missing = fmt.Sprintf("%s in %s cannot be read back: %v", s.Action.Account, s.Action.App, err)
		default:
			missing = fmt.Sprintf("%s in %s said that it was done (%s), and a fresh read does not show it", s.Action.Account, s.Action.App, s.Action.Verb)
			s.Progress, s.Problem = Meant, missing // tried again, it is done again
		}
	}
	return missing, nil
}
