package remediate

import (
	"encoding/json"
	"fmt"
	"slices"

	"rollcall/connectors"
	"rollcall/scanner"
)

// changes tells whether the item does anything to an account itself, rather than have a person do it.
func (it *Item) changes(app connectors.AppID, account connectors.AccountID) bool {
	return slices.ContainsFunc(it.Actions, func(a Action) bool { return a.Verb != Ticket && a.App == app && a.Account == account })
}

// firstTouch is the first step of the case that changed an account, or may have; nil where none did.
func (c *Case) firstTouch(app connectors.AppID, account connectors.AccountID) *Step {
	for i := range c.Steps {
		if s := &c.Steps[i]; s.touched() && s.Action.App == app && s.Action.Account == account {
			return s
		}
	}
	return nil
}

// stray says why an account is not to be touched, or touched further; empty where it may be. Before the case has touched it,
// it must be to the letter what was decided about. After that, it must still be the same one's, and must not have been
// given anything: what the case and the app took away with it is no drift.
func (c *Case) stray(do *Action, now *connectors.Account) (string, error) {
	if c.gone(do) {
		return fmt.Sprintf("the newest run finds nothing wrong with %s in %s any more", c.Item.Login(do), do.App), nil
	}
	first := c.firstTouch(do.App, do.Account)
	if first == nil {
		for _, t := range c.Item.Targets {
			if t.App == do.App && t.Account == do.Account && t.Fingerprint != Fingerprint(now) {
				return fmt.Sprintf("%s in %s has changed since it was decided about", t.Login, t.App), nil
			}
		}
		return "", nil
	}
	var before connectors.Account
	if err := json.Unmarshal(first.Before, &before); err != nil {
		return "", fmt.Errorf("case %s: the account as it was cannot be read from the journal: %w", c.ID, err)
	}
	switch {
	case before.EmployeeID != now.EmployeeID || before.OwnerRef != now.OwnerRef || before.Email != now.Email || before.Class != now.Class:
		return fmt.Sprintf("%s in %s is somebody else's now, or something else", c.Item.Login(do), do.App), nil
	case grown(&before, now):
		return fmt.Sprintf("%s in %s was given something since the case began", c.Item.Login(do), do.App), nil
	}
	return "", nil
}

// grown tells whether an account holds something that it did not.
func grown(before, now *connectors.Account) bool {
	for i := range now.Entitlements {
		if !slices.ContainsFunc(before.Entitlements, func(e connectors.Entitlement) bool { return e.ID == now.Entitlements[i].ID }) {
			return true
		}
	}
	for i := range now.Credentials {
		if !slices.ContainsFunc(before.Credentials, func(k connectors.Credential) bool { return k.ID == now.Credentials[i].ID }) {
			return true
		}
	}
	return false
}

// gone tells whether the newest run finds nothing wrong with an account that the case has not changed yet. What it has
// changed is not found any more because of that, and what belongs to it is finished.
func (c *Case) gone(do *Action) bool {
	if !slices.ContainsFunc(c.Gone, func(r scanner.Related) bool { return r.App == do.App && r.Account == do.Account }) {
		return false
	}
	return !slices.ContainsFunc(c.Steps, func(s Step) bool {
		return s.Action.Verb != Ticket && (s.Progress == Done || s.Progress == Seen) && s.Action.App == do.App && s.Action.Account == do.Account
	})
}
