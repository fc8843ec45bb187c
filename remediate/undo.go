package remediate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"rollcall/connectors"
)

// UndoWindow is how long after its last change a case can be taken back: later, too much may rest on its being gone.
const UndoWindow = 30 * 24 * time.Hour

// Undo restores what a case changed, the last step first, from the accounts as they were journalled before each. What
// cannot be taken back is said, and left. A case of which only a part was done can be undone too. Done again after an
// interruption, it goes on.
func (a *Applier) Undo(ctx context.Context, id string, by Identity, why string) (*Case, []string, error) {
	c, err := a.Journal.Case(id)
	if err != nil {
		return nil, nil, err
	}
	if c.State != Confirmed && c.State != Failed {
		return c, nil, fmt.Errorf("case %s is %s: %w: there is nothing to take back", id, c.State, ErrMove)
	}
	if age := a.Now().Sub(c.At); age > UndoWindow {
		return c, nil, fmt.Errorf("case %s: it ended %d days ago, and can be taken back for %d: give the access anew instead", id, int(age.Hours()/24), int(UndoWindow.Hours()/24))
	}
	var left []string
	for i := len(c.Steps) - 1; i >= 0; i-- {
		n, said, err := a.restore(ctx, c, i, by)
		if err != nil {
			return c, left, err
		}
		if c = n; said != "" {
			left = append(left, said)
		}
	}
	n := c.clone()
	if err := n.to(Undone, a.Now(), why); err != nil {
		return c, left, err
	}
	slices.Reverse(left)
	return n, left, a.put(n, c.Rev, by, "undone")
}

// restore takes one step back. left says what stays as it is.
func (a *Applier) restore(ctx context.Context, c *Case, i int, by Identity) (n *Case, left string, err error) {
	s := c.Steps[i]
	if s.Progress != Meant && s.Progress != Done && s.Progress != Seen || s.Action.Verb == Ticket {
		return c, "", nil
	}
	if s.Action.Undo != Exact {
		return c, fmt.Sprintf("%s on %s in %s cannot be taken back", s.Action.Verb, s.Action.Account, s.Action.App), nil
	}
	var before connectors.Account
	if err := json.Unmarshal(s.Before, &before); err != nil {
		return c, "", fmt.Errorf("case %s: the account as it was cannot be read from the journal: %w", c.ID, err)
	}
	a.boundary("before undo")
	receipt, err := a.back(ctx, &s.Action, before)
	a.boundary("after undo")
	if err != nil {
		return c, "", fmt.Errorf("case %s: taking back %s on %s in %s: %w", c.ID, s.Action.Verb, s.Action.Account, s.Action.App, err)
	}
	now, err := a.read(ctx, s.Action.App, s.Action.Account)
	if err != nil {
		return c, "", fmt.Errorf("case %s: %s in %s cannot be read back: %w", c.ID, s.Action.Account, s.Action.App, err)
	}
	if done(&s.Action, now) && !done(&s.Action, &before) {
		return c, "", fmt.Errorf("case %s: %s said that %s on %s was taken back, and a fresh read does not show it: try again", c.ID, s.Action.App, s.Action.Verb, s.Action.Account)
	}
	n = c.clone()
	n.Steps[i].Progress, n.Steps[i].Receipt = Back, receipt
	n.Rev++
	return n, "", a.put(n, c.Rev, by, fmt.Sprintf("taken back: %s", s.Action.Verb))
}

// back changes the world too: into what it was.
func (a *Applier) back(ctx context.Context, do *Action, before connectors.Account) (connectors.Receipt, error) {
	if done(do, &before) {
		return connectors.Receipt{}, nil // it was so before the case touched it
	}
	app := a.Apps[do.App]
	switch do.Verb {
	case Disable:
		if w, ok := app.(connectors.Disabler); ok {
			return w.Enable(ctx, before)
		}
	case RemoveEntitlement:
		if w, ok := app.(connectors.EntitlementRemover); ok {
			return w.AddEntitlement(ctx, before, do.Entitlement)
		}
	}
	return connectors.Receipt{}, errors.New("the app cannot do that")
}
