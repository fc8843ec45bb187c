package remediate

import (
	"cmp"
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

// errLeft says that an app did not let something be taken back.
var errLeft = errors.New("not taken back")

// Undo restores what a case changed, the last step first, from the accounts as they were journalled before each. Whose word
// it is stands in the journal before anything is taken back. What cannot be taken back is said, and left. A case of which
// only a part was done can be undone too, wherever it stands. Done again after an interruption, it goes on,
// however late: the word was given in time. It is refused from whose access would come back: nobody judges their own. An
// account that is somebody else's by now is left as it is. Whose owner has left gets nothing back: ErrOwnerLeft; see
// UndoAlthoughLeft. Which guards stop it is said at CheckUndo: it asks none itself.
func (a *Applier) Undo(ctx context.Context, id string, by Identity, why string) (*Case, []string, error) {
	return a.undo(ctx, id, by, why, false)
}

// UndoAlthoughLeft is Undo that also gives back to somebody who has left, which takes the words of two people. The first is
// noted: the case is given with its Words, and is not being taken back yet.
func (a *Applier) UndoAlthoughLeft(ctx context.Context, id string, by Identity, why string) (*Case, []string, error) {
	return a.undo(ctx, id, by, why, true)
}

func (a *Applier) undo(ctx context.Context, id string, by Identity, why string, although bool) (*Case, []string, error) {
	c, err := a.Journal.Case(id)
	if err != nil {
		return nil, nil, err
	}
	if err := a.mayUndo(c, by); err != nil {
		return c, nil, err
	}
	if c.Undo == nil {
		n := c.clone()
		what := "to be taken back: "
		word := Decision{By: by, Why: why, At: a.Now().UTC(), Item: c.ItemHash}
		enough, err := a.suffices(n, word, although)
		if err != nil {
			return c, nil, err
		}
		if n.Rev++; enough {
			n.Undo = &word
		} else {
			what = "one of two people said that it is to be taken back: "
		}
		if err := a.put(n, c.Rev, by, what+why); err != nil || !enough {
			return n, nil, err
		}
		c = n
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

// suffices tells whether somebody's word is enough to take a case back. Of whoever has left it takes two people's.
func (a *Applier) suffices(c *Case, word Decision, although bool) (bool, error) {
	says, err := a.left(c.Item.Person)
	switch {
	case err != nil || says == "":
		return err == nil, err
	case !although:
		return false, fmt.Errorf("case %s: %w: %s; if HR's record is wrong, mend it and scan; if it is to come back all the same, two people say so: rollcall undo %s --although-left", c.ID, ErrOwnerLeft, says, c.ID)
	case !word.By.Somebody():
		return false, fmt.Errorf("case %s: %w: it is not known who you are, and %s", c.ID, ErrMayNot, says)
	}
	c.Words = append(slices.DeleteFunc(c.Words, func(d Decision) bool { return d.Item != word.Item || a.Same.is(d.By.Person, word.By.Person) }), word)
	return len(c.Words) > 1, nil
}

func (a *Applier) left(id connectors.PersonID) (string, error) {
	if a.Left == nil || id == "" {
		return "", nil
	}
	return a.Left(id)
}

func (a *Applier) mayUndo(c *Case, by Identity) error {
	if c.State == Undone || c.Undo == nil && !c.Touched() {
		return fmt.Errorf("case %s is %s: %w: there is nothing to take back", c.ID, c.State, ErrMove)
	}
	if a.Same.is(by.Person, c.Item.Person) {
		return fmt.Errorf("case %s: %w: it is about your own access", c.ID, ErrMayNot)
	}
	if says, err := a.left(by.Person); err != nil || says != "" {
		return cmp.Or(err, fmt.Errorf("case %s: %w: %s", c.ID, ErrMayNot, says))
	}
	if age := a.Now().Sub(c.At); c.Undo == nil && age > UndoWindow {
		return fmt.Errorf("case %s: it ended %d days ago, and can be taken back for %d: give the access anew instead", c.ID, int(age.Hours()/24), int(UndoWindow.Hours()/24))
	}
	return nil
}

// restore takes one step back. left says what stays as it is.
func (a *Applier) restore(ctx context.Context, c *Case, i int, by Identity) (n *Case, left string, err error) {
	s := c.Steps[i]
	if !s.touched() {
		return c, "", nil
	}
	if s.Action.Undo != Exact {
		return c, fmt.Sprintf("%s on %s in %s cannot be taken back", s.Action.Verb, s.Action.Account, s.Action.App), nil
	}
	var before connectors.Account
	if err := json.Unmarshal(s.Before, &before); err != nil {
		return c, "", fmt.Errorf("case %s: the account as it was cannot be read from the journal: %w", c.ID, err)
	}
	why, err := a.others(ctx, c, &s.Action, &before)
	if err != nil || why != "" {
		return c, why, err
	}
	a.boundary("before undo")
	receipt, err := a.back(ctx, &s.Action, before)
	a.boundary("after undo")
	if err != nil {
		return c, "", fmt.Errorf("case %s: taking back %s on %s in %s: %w: %w", c.ID, s.Action.Verb, s.Action.Account, s.Action.App, errLeft, err)
	}
	if err := a.isBack(ctx, c, &s.Action, &before); err != nil {
		return c, "", err
	}
	n = c.clone()
	n.Steps[i].Progress, n.Steps[i].Receipt = Back, receipt
	n.Rev++
	return n, "", a.put(n, c.Rev, by, fmt.Sprintf("taken back: %s", s.Action.Verb))
}

// others reads an account before anything of it is given back, and says why it is somebody else's now: then nothing of what
// its owner had is theirs. An address may have changed, of a person who is called otherwise; who they are does not.
func (a *Applier) others(ctx context.Context, c *Case, do *Action, before *connectors.Account) (why string, err error) {
	if done(do, before) {
		return "", nil // there is nothing to give
	}
	now, err := a.read(ctx, do.App, do.Account)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", fmt.Errorf("case %s: %s in %s cannot be read before it is given back: %w: %w", c.ID, do.Account, do.App, errLeft, err)
	case changed(before.EmployeeID, now.EmployeeID) || changed(before.OwnerRef, now.OwnerRef) || before.Class != now.Class:
		return fmt.Sprintf("%s on %s in %s: the account is somebody else's now, or something else; give by hand what is still wanted", do.Verb, c.Item.Login(do), do.App), nil
	}
	return "", nil
}

// changed tells whether a name that was known is another one now.
func changed(was, is string) bool { return was != "" && is != "" && was != is }

// isBack looks at the account until it shows that a step was taken back, or patience ends.
func (a *Applier) isBack(ctx context.Context, c *Case, do *Action, before *connectors.Account) error {
	deadline := a.Now().Add(a.Patience)
	for {
		now, err := a.read(ctx, do.App, do.Account)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && (!done(do, now) || done(do, before)):
			return nil
		case a.Now().Before(deadline):
		case err != nil:
			return fmt.Errorf("case %s: %s in %s cannot be read back: %w: %w", c.ID, do.Account, do.App, errLeft, err)
		default:
			return fmt.Errorf("case %s: %w: %s said that %s on %s was taken back, and a fresh read does not show it: try again", c.ID, errLeft, do.App, do.Verb, do.Account)
		}
		if err := a.Wait(ctx, a.Look); err != nil {
			return err
		}
	}
}

// back changes the world too: into what it was.
func (a *Applier) back(ctx context.Context, do *Action, before connectors.Account) (_ connectors.Receipt, err error) {
	if done(do, &before) {
		return connectors.Receipt{}, nil // it was so before the case touched it
	}
	ctx, end := a.trace(ctx, do, true)
	defer func() { end(err) }()
	return Restore(ctx, a.Apps[do.App], do, before)
}

// Restore takes one change of one account back, as Change makes one, and for the same callers.
func Restore(ctx context.Context, app connectors.App, do *Action, before connectors.Account) (connectors.Receipt, error) {
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
	return connectors.Receipt{}, fmt.Errorf("%s cannot do that, or may not be written to", do.App)
}
