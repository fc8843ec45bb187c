package remediate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"rollcall/connectors"
)

// Applier carries out what was decided. It is the only place in rollcall that changes anything in an app (a test reads the
// source to keep it so).
//
// Each step is written down before it is done (intent, with the account as it was), then done, then its answer is written
// down, and in the end a fresh read must show it. Killed between any two of these, the next start finds what it meant to
// do and reads what became of it before it does anything again; since every ability is idempotent, doing it again is
// harmless.
type Applier struct {
	Journal Journal
	Apps    map[connectors.AppID]connectors.App // those that may be written to
	Now     func() time.Time
	// Same is Desk.Same.
	Same Same
	// Left says in words that somebody has left, by the newest roster; empty: it does not say so. nil: nobody is known to have.
	Left func(connectors.PersonID) (string, error)
	// Wait lets time pass between two looks at an account; it returns early with the context's error.
	Wait func(context.Context, time.Duration) error
	// Patience is how long a change may take to show; Look is the time between two looks.
	Patience, Look time.Duration
	// Fit says why nothing is to be read or changed of an account now; nil, or a nil answer: nothing stands against it. It is
	// asked before each reading, and no change comes without one.
	Fit func(context.Context, connectors.AppID, connectors.AccountID) error
	// ForgetUse keeps out of the journal when an account was used.
	ForgetUse bool
	// At is called at every boundary between two steps; a test kills the program there. nil: not.
	At func(step string)
	// Trace hears of every call that changes something, with whether it takes something back, before it is made; the function
	// it returns hears how it ended. nil: nobody wants to.
	Trace func(ctx context.Context, do *Action, back bool) (context.Context, func(error))
}

func (a *Applier) trace(ctx context.Context, do *Action, back bool) (context.Context, func(error)) {
	if a.Trace == nil {
		return ctx, func(error) {}
	}
	return a.Trace(ctx, do, back)
}

// Case carries out one decided case, or goes on with one that was interrupted. The error is about the journal or the
// context alone: what an app refuses is in the case.
func (a *Applier) Case(ctx context.Context, id string, by Identity) (*Case, error) {
	c, err := a.Journal.Case(id)
	if err != nil {
		return nil, err
	}
	if c.Undo != nil && c.State != Undone { // taking it back was interrupted
		n, _, err := a.Undo(ctx, id, c.Undo.By, c.Undo.Why)
		if errors.Is(err, errLeft) {
			err = nil
		}
		return n, err
	}
	switch c.State {
	case Remove, Lapsed, Failed:
		if a.Now().Before(c.NotBefore) {
			return c, fmt.Errorf("case %s is not to be carried out before %s: %w", id, c.NotBefore.Format(time.RFC3339), ErrMove)
		}
		if c, err = a.begin(ctx, c, by); err != nil || c.State != Intent {
			return c, err
		}
	case Intent, Applied:
	default:
		return c, fmt.Errorf("case %s is %s: %w", id, c.State, ErrMove)
	}
	if c.State == Intent {
		if c, err = a.steps(ctx, c, by); err != nil || c.State != Applied {
			return c, err
		}
	}
	return a.confirm(ctx, c, by)
}

func (a *Applier) boundary(step string) {
	if a.At != nil {
		a.At(step)
	}
}

// put records a changed case.
func (a *Applier) put(c *Case, before int, by Identity, what string) error {
	a.boundary("before " + what)
	err := a.Journal.Put(c, before, by, what, a.Now())
	a.boundary("after " + what)
	return err
}

// begin reads every account the case acts upon and compares it with what was decided about. Drift refuses: what was
// decided about is no more.
func (a *Applier) begin(ctx context.Context, c *Case, by Identity) (*Case, error) {
	n := c.clone()
	for _, t := range c.Item.Targets {
		// A ticket changes nothing, in apps that mostly cannot be read account by account; and what this case itself has
		// touched is no longer what it was, because of what was decided (see stray).
		if !c.Item.changes(t.App, t.Account) || c.firstTouch(t.App, t.Account) != nil {
			continue
		}
		now, err := a.read(ctx, t.App, t.Account)
		why := ""
		switch {
		case errors.Is(err, connectors.ErrNotFound):
			why = fmt.Sprintf("%s in %s is not there any more", t.Login, t.App)
		case err != nil && ctx.Err() != nil:
			return c, ctx.Err()
		case err != nil:
			return a.fail(n, c.Rev, by, fmt.Sprintf("%s in %s cannot be read: %v", t.Login, t.App, err))
		case Fingerprint(now) != t.Fingerprint:
			why = fmt.Sprintf("%s in %s has changed since it was decided about", t.Login, t.App)
		}
		if why != "" {
			if err := n.to(Drifted, a.Now(), why); err != nil {
				return c, err
			}
			return n, a.put(n, c.Rev, by, "drifted")
		}
	}
	if err := n.to(Intent, a.Now(), ""); err != nil {
		return c, err
	}
	return n, a.put(n, c.Rev, by, "started")
}

// fail says that a decided case cannot be begun; it stays decided where it may, so that it is tried again.
func (a *Applier) fail(n *Case, rev int, by Identity, why string) (*Case, error) {
	n.Why, n.At = why, a.Now().UTC()
	n.Rev++
	return n, a.put(n, rev, by, "not started")
}

func (a *Applier) read(ctx context.Context, app connectors.AppID, id connectors.AccountID) (*connectors.Account, error) {
	g, ok := a.Apps[app].(connectors.Getter)
	if !ok {
		return nil, fmt.Errorf("%s cannot be read account by account, or may not be written to", app)
	}
	if a.Fit != nil {
		if err := a.Fit(ctx, app, id); err != nil {
			return nil, err
		}
	}
	acc, err := g.Account(ctx, id)
	if err != nil {
		return nil, err
	}
	if a.ForgetUse {
		connectors.ForgetUse(&acc)
	}
	return &acc, nil
}

// steps carries out what is not done yet, in order. What one account's app refuses stops the case: the rest of its steps
// rest on it.
func (a *Applier) steps(ctx context.Context, c *Case, by Identity) (*Case, error) {
	for i := range c.Steps {
		if c.Steps[i].Action.Verb == Ticket {
			continue // closed when a later run sees it done
		}
		fresh := false // the intent was written just now, so that no call can have been made under it
		for c.Steps[i].Progress == Pending || c.Steps[i].Progress == Meant || c.Steps[i].Progress == Refused {
			n, err := a.step(ctx, c, i, fresh, by)
			if err != nil {
				return c, err
			}
			if c = n; c.State != Intent {
				return c, nil
			}
			fresh = true
		}
	}
	n := c.clone()
	if err := n.to(Applied, a.Now(), ""); err != nil {
		return c, err
	}
	return n, a.put(n, c.Rev, by, "applied")
}

// step brings one step one progress further: the intent is written; or it is done, unless a fresh read shows that it was.
// However long ago the case began: what is no longer the account that was decided about is left alone.
func (a *Applier) step(ctx context.Context, c *Case, i int, fresh bool, by Identity) (*Case, error) {
	n := c.clone()
	s := &n.Steps[i]
	now, err := a.read(ctx, s.Action.App, s.Action.Account)
	if errors.Is(err, connectors.ErrNotFound) && s.Progress == Meant && s.Action.putsAway() { // before it was interrupted
		return a.answered(n, c.Rev, i, by, connectors.Receipt{Changed: false})
	}
	if err != nil {
		return a.refused(ctx, c, n, i, by, err, s.Progress != Meant)
	}
	if s.Progress != Meant || !done(&s.Action, now) {
		why, err := c.stray(&s.Action, now)
		if err != nil {
			return c, err
		}
		if why != "" {
			if err := n.to(Drifted, a.Now(), why); err != nil {
				return c, err
			}
			return n, a.put(n, c.Rev, by, "drifted")
		}
	}
	if s.Progress != Meant {
		before, err := json.Marshal(now)
		if err != nil {
			return c, err
		}
		s.Before, s.Progress, s.Problem, s.MeantAt = before, Meant, "", a.Now().UTC()
		n.Rev++
		return n, a.put(n, c.Rev, by, fmt.Sprintf("intent: %s", s.Action.Verb))
	}
	if done(&s.Action, now) && !s.Action.putsAway() { // before it was interrupted, or by somebody else
		return a.answered(n, c.Rev, i, by, connectors.Receipt{Changed: false})
	}
	a.boundary("before call")
	receipt, err := a.call(ctx, &s.Action, *now)
	a.boundary("after call")
	if err != nil {
		return a.refused(ctx, c, n, i, by, err, fresh && (errors.Is(err, connectors.ErrForbidden) || errors.Is(err, connectors.ErrNotFound)))
	}
	return a.answered(n, c.Rev, i, by, receipt)
}

func (a *Applier) answered(n *Case, rev, i int, by Identity, r connectors.Receipt) (*Case, error) {
	s := &n.Steps[i]
	s.Progress, s.Receipt, s.Problem, s.DoneAt = Done, r, "", a.Now().UTC()
	n.Rev++
	return n, a.put(n, rev, by, fmt.Sprintf("done: %s", s.Action.Verb))
}

// refused notes why a step could not be done. A context that ended says nothing about it: the intent stands, and the next
// start reads what became of it. So it does after an answer that was lost: the step stays meant, and so what an undo takes
// back, whatever the app says later. surely: it is certain that nothing was done.
func (a *Applier) refused(ctx context.Context, c, n *Case, i int, by Identity, err error, surely bool) (*Case, error) {
	if ctx.Err() != nil {
		return c, ctx.Err()
	}
	s := &n.Steps[i]
	s.Problem = err.Error()
	if surely {
		s.Progress = Refused
	}
	if err := n.to(Failed, a.Now(), fmt.Sprintf("%s on %s in %s: %v", s.Action.Verb, s.Action.Account, s.Action.App, err)); err != nil {
		return c, err
	}
	return n, a.put(n, c.Rev, by, "failed")
}

// call is where rollcall changes the world.
func (a *Applier) call(ctx context.Context, do *Action, before connectors.Account) (_ connectors.Receipt, err error) {
	ctx, end := a.trace(ctx, do, false)
	defer func() { end(err) }()
	return Change(ctx, a.Apps[do.App], do, before)
}

// Change makes one change to one account, and keeps no record of it. Only the Applier may call it, and a process that acts in
// the Applier's stead, which has the secrets that the Applier's has not.
func Change(ctx context.Context, app connectors.App, do *Action, before connectors.Account) (connectors.Receipt, error) {
	switch do.Verb {
	case Disable:
		if w, ok := app.(connectors.Disabler); ok {
			return w.Disable(ctx, before)
		}
	case EndSessions:
		if w, ok := app.(connectors.SessionRevoker); ok {
			return w.RevokeSessions(ctx, before)
		}
	case RemoveEntitlement:
		if w, ok := app.(connectors.EntitlementRemover); ok {
			return w.RemoveEntitlement(ctx, before, do.Entitlement)
		}
	case RevokeCredential:
		if w, ok := app.(connectors.CredentialRevoker); ok {
			return w.RevokeCredential(ctx, before, do.Credential)
		}
	case Archive:
		if w, ok := app.(connectors.Archiver); ok {
			return w.Archive(ctx, before)
		}
	case Delete:
		if w, ok := app.(connectors.Deleter); ok {
			return w.Delete(ctx, before)
		}
	}
	return connectors.Receipt{}, fmt.Errorf("%s cannot %s: %w", do.App, do.Verb, connectors.ErrForbidden)
}
